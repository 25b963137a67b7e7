"""`access revoke`: ends sessions of roles at once, and keeps them ended."""

import argparse
import difflib
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from botocore.exceptions import ClientError

from cross_account_access.aws import CLIENT_CONFIG, code_and_message, explained_failures, session_of
from cross_account_access.command.stack_file import StackFileError, stack_file, with_role_setting
from cross_account_access.credentials.contract import Consumer, Contract, ContractError, read
from cross_account_access.errors import Status, UncheckedError, UsageError
from cross_account_access.facts.revocation import POLICY_NAME, denial
from cross_account_access.presentation import BAD, GOOD, QUIET, Page, notice
from cross_account_access.stack import Stack, StackAccount, accounts_of, add_stack_options, stack_of

_DESCRIPTION: Final = """\
Ends all sessions of a consumer's role that were handed out until now, at once: an inline policy of
the role denies them everything. The moment is written into the stack file too, as revoked_before of
the role, so that the next `pulumi up` keeps it. Comments stay.

It ends sessions, not access: whoever may assume the role may do so again. Long-lived access keys
and what goes by a resource policy are not touched; what ends these is told."""
_EPILOG: Final = """\
examples:
  access revoke --stack prod --consumer vendor
  access revoke --stack prod --consumer vendor --undo

exit status: 0 done, 1 done on AWS but not in the stack file, or not everywhere, 2 wrong usage,
3 not done"""
_SETTING: Final = "revoked_before"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add whose sessions."""
    parser.description, parser.epilog = _DESCRIPTION, _EPILOG
    parser.add_argument(
        "--consumer",
        dest="consumers",
        metavar="NAME",
        action="append",
        help="whose sessions; more than once for several, without it those of all consumers",
    )
    parser.add_argument("--undo", action="store_true", help="take a revocation back")
    add_stack_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Deny on AWS, then write the stack file."""
    stack = stack_of(arguments)
    contract = _contract(stack)
    consumers = _chosen(contract, arguments.consumers)
    roles = [consumer for consumer in consumers if consumer.role_arn]
    moment = None if arguments.undo else f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    refused = _on_aws(_production(stack, contract), roles, moment)
    done = [consumer for consumer in roles if consumer.name not in refused]
    path = stack_file(stack.folder, arguments.stack or stack.selected())
    unwritten = _in_file(path, done, moment)
    told = {
        "moment": moment,
        "ended": [] if arguments.undo else [consumer.name for consumer in done],
        "takenBack": [consumer.name for consumer in done] if arguments.undo else [],
        "refused": refused,
        "unwritten": unwritten,
        "notTouched": [] if arguments.undo else list(_not_touched(consumers)),
    }
    if arguments.json:
        Page().json(told)
    else:
        _print(Page(), told, path)
    return Status.NOT_AS_INTENDED if refused or unwritten else Status.AS_INTENDED


def _on_aws(
    account: StackAccount, consumers: Sequence[Consumer], moment: str | None
) -> dict[str, str]:
    """Write or remove the denial; by consumer, why that was refused."""
    iam: Any = session_of(account).client("iam", config=CLIENT_CONFIG)
    refused = {}
    for consumer in consumers:
        role = {"RoleName": str(consumer.role_arn).rsplit("/", 1)[-1], "PolicyName": POLICY_NAME}
        with explained_failures(account.profile, account.label):
            try:
                if moment is None:
                    iam.delete_role_policy(**role)
                else:
                    document = {"Version": "2012-10-17", "Statement": [denial(moment)]}
                    iam.put_role_policy(**role, PolicyDocument=json.dumps(document))
            except ClientError as error:
                code, message = code_and_message(error)
                if not (moment is None and code == "NoSuchEntity"):
                    refused[consumer.name] = f"{error.operation_name}: {code}: {message}"
    if refused and len(refused) == len(consumers):
        reasons = "; ".join(f"{name}: {why}" for name, why in refused.items())
        message = (
            f"nothing was revoked with profile {account.profile} (for {account.label}): {reasons}\n"
            "allow it iam:PutRolePolicy and iam:DeleteRolePolicy, or attach AWS's"
            " AWSRevokeOlderSessions in the console"
        )
        raise UncheckedError(message)
    return refused


def _in_file(path: Path, consumers: Sequence[Consumer], moment: str | None) -> dict[str, str]:
    """Write the moment into the stack file; by consumer, why that could not be done."""
    unwritten = {}
    for consumer in consumers:
        try:
            text = path.read_bytes().decode()
            changed = with_role_setting(text, consumer.name, _SETTING, moment)
            if changed != text:
                path.write_bytes(changed.encode())
        except StackFileError as error:
            unwritten[consumer.name] = f"{path.name}: {error}"
        except (OSError, UnicodeDecodeError) as error:
            unwritten[consumer.name] = f"{path.name}: {getattr(error, 'strerror', None) or error}"
    return unwritten


def _not_touched(consumers: Sequence[Consumer]) -> Iterator[str]:
    for consumer in consumers:
        if consumer.role_arn and consumer.sign_in == "profile":
            user = consumer.principal_arns[0].rsplit("/", 1)[-1]
            yield (
                f"{consumer.name}: access keys of user {user} work on, and assume the role anew;"
                f" `aws iam update-access-key --user-name {user} --status Inactive --access-key-id"
                " ID` ends them"
            )
        elif consumer.role_arn:
            yield (
                f"{consumer.name}: whoever its trust policy names may assume the role anew; remove"
                " the consumer and `pulumi up` to end that"
            )
        if any(grant.via == "resource" for grant in consumer.grants):
            yield (
                f"{consumer.name}: what it was granted `via: resource` has no session of ours;"
                " remove the grant and `pulumi up`, which ends it with the next request"
            )


def _print(page: Page, told: dict[str, Any], path: Path) -> None:
    for name in told["ended"]:
        page.line(("revoked", GOOD), f": {name}: sessions from before {told['moment']} are refused")
    for name in told["takenBack"]:
        page.line(("taken back", GOOD), f": {name}")
    for name, why in told["refused"].items():
        page.line(("not done", BAD), f": {name}: {why}")
    for name, why in told["unwritten"].items():
        page.line(("not written", BAD), f": {name}: {why}")
        moment = told["moment"]
        setting = f'add {_SETTING}: "{moment}" to' if moment else f"remove {_SETTING} from"
        page.line(f"    {setting} its role, or the next `pulumi up` undoes this")
    for sentence in told["notTouched"]:
        page.line(("not touched: ", QUIET), sentence)
    written = [*told["ended"], *told["takenBack"]]
    if len(written) > len(told["unwritten"]):
        notice(f"{path.name} has it; commit the change")


def _production(stack: Stack, contract: Contract) -> StackAccount:
    for account in accounts_of(stack.state()).values():
        if account.id == contract.production_account_id:
            return account
    message = (
        f"no provider of the stack deploys to account {contract.production_account_id}, which its"
        " outputs name; deploy it with pulumi up"
    )
    raise UncheckedError(message)


def _contract(stack: Stack) -> Contract:
    try:
        return read(stack.outputs())
    except ContractError as error:
        raise UncheckedError(str(error)) from error


def _chosen(contract: Contract, names: Sequence[str] | None) -> list[Consumer]:
    for name in names or ():
        if name not in contract.consumers:
            near = difflib.get_close_matches(name, contract.consumers, n=1)
            known = ", ".join(sorted(contract.consumers)) or "none"
            hint = f"did you mean {near[0]}?" if near else f"it has: {known}"
            message = f"--consumer: the stack has no consumer {name!r}; {hint}"
            raise UsageError(message)
    return [contract.consumers[name] for name in dict.fromkeys(names or contract.consumers)]
