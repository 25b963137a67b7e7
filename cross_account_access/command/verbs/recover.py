"""`access recover`: what an update that was killed left in the state, and what ends it."""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from cross_account_access.aws import CLIENT_CONFIG, explained_failures, session_of
from cross_account_access.errors import Status, UncheckedError, UsageError
from cross_account_access.files import write_private
from cross_account_access.presentation import DOUBTFUL, GOOD, Page
from cross_account_access.stack import (
    Stack,
    accounts_of,
    add_stack_options,
    resources_of_state,
    stack_of,
)

_DESCRIPTION: Final = """\
Says which operations an update has begun and not recorded as done, because it was killed or lost
an answer, and which keys it made that nobody knows. With --apply they are taken out of the state,
which is saved to a file first. Nothing in the accounts is changed; what exists already is then
taken over by `access import`.

A lock is never removed: where no update runs any more, `pulumi cancel` does."""
_EPILOG: Final = """\
examples:
  access recover --stack prod
  access recover --stack prod --apply

exit status: 0 nothing is pending, or it was let go of, 1 operations are pending, 2 wrong usage,
3 could not be done"""
_PENDING: Final = "pending_operations"
_KEY: Final = "aws:kms/key:Key"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add whether it is done."""
    parser.description, parser.epilog = _DESCRIPTION, _EPILOG
    parser.add_argument("--apply", action="store_true", help="take them out of the state")
    add_stack_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Tell, and let go."""
    stack = stack_of(arguments)
    state = stack.exported()
    deployment = state.get("deployment") or {}
    pending: list[dict[str, Any]] = deployment.get(_PENDING) or []
    name = arguments.stack or stack.selected()
    saved = None
    keys = list(_unknown_keys(state, pending))
    if pending and arguments.apply:
        saved = _let_go(
            stack, state, stack.folder / f"{name.replace('/', '.')}.before-recover.json"
        )
    told = {
        "pending": [{"operation": each["type"], "urn": _urn(each)} for each in pending],
        "keys": keys,
        "saved": str(saved) if saved else None,
    }
    if arguments.json:
        Page().json(told)
    else:
        _print(Page(), told, name)
    return Status.NOT_AS_INTENDED if pending and saved is None else Status.AS_INTENDED


def _let_go(stack: Stack, state: Mapping[str, Any], saved: Path) -> Path:
    """Save the state, and put it back without what is pending."""
    if saved.exists():
        message = f"{saved} is there already; move it away, so that no saved state is lost"
        raise UsageError(message)
    deployment = {key: each for key, each in state["deployment"].items() if key != _PENDING}
    fresh = saved.with_suffix(".new")
    try:
        write_private(saved, json.dumps(state, indent=2))
        write_private(fresh, json.dumps({**state, "deployment": deployment}))
    except OSError as error:
        message = f"{saved}: {error.strerror}"
        raise UncheckedError(message) from error
    try:
        stack.replace_state(fresh)
    except UncheckedError:
        saved.unlink()
        raise
    finally:
        fresh.unlink()
    return saved


def _unknown_keys(
    state: Mapping[str, Any], pending: Sequence[Mapping[str, Any]]
) -> Iterator[dict[str, str]]:
    """Find keys that a pending operation may have made: of its words, without alias or state."""
    wanted = [each["resource"] for each in pending if each["resource"]["type"] == _KEY]
    resources = resources_of_state(state)
    accounts = accounts_of(resources)
    known = {each.outputs.get("keyId") for each in resources if each.type == _KEY}
    for resource in wanted:
        account = accounts.get(str(resource.get("provider")).rsplit("::", 1)[0])
        if account is None:
            continue
        words = (resource.get("inputs") or {}).get("description")
        with explained_failures(account.profile, account.label):
            kms: Any = session_of(account).client("kms", config=CLIENT_CONFIG)
            named = {
                alias.get("TargetKeyId")
                for page in kms.get_paginator("list_aliases").paginate()
                for alias in page["Aliases"]
            }
            for page in kms.get_paginator("list_keys").paginate():
                for key in page["Keys"]:
                    if key["KeyId"] in named | known:
                        continue
                    found = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
                    if found.get("Description") == words and found["KeyState"] == "Enabled":
                        yield {
                            "key": key["KeyId"],
                            "remedy": f"aws kms schedule-key-deletion --key-id {key['KeyId']}"
                            f" --region {account.region} --profile {account.profile}",
                        }


def _print(page: Page, told: Mapping[str, Any], name: str) -> None:
    for each in told["pending"]:
        page.line(
            (each["operation"], DOUBTFUL),
            f": {each['urn'].rsplit('$', 1)[-1].replace('::', ' ')}",
        )
    for each in told["keys"]:
        page.line(("a key that nobody knows: ", DOUBTFUL), each["key"])
        page.line(f"    {each['remedy']}")
    if not told["pending"]:
        page.line(("nothing is pending", GOOD))
        return
    if told["saved"] is None:
        page.line(f"access recover --stack {name} --apply lets go of these")
        return
    page.line(("let go", GOOD), f"; the state before is in {told['saved']}")
    page.line(f"now access import --stack {name} --apply, which takes over what exists already,")
    page.line(f"and pulumi up --stack {name}")


def _urn(operation: Mapping[str, Any]) -> str:
    return str(operation["resource"]["urn"])
