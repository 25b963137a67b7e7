"""`access verify`: proves the live documents, then tries what must and must not work."""

import argparse
import difflib
import os
import re
import secrets
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Final

from cross_account_access.command.drift.examination import doors
from cross_account_access.command.drift.findings import Effect, Finding
from cross_account_access.command.external_ids import hidden
from cross_account_access.command.inventory import StackInventory, inventory_of, judged
from cross_account_access.command.layers import add_layers_option, layers_words, with_layers
from cross_account_access.command.proof.invariants_file import (
    Invariant,
    add_option,
    invariants_of,
)
from cross_account_access.command.proof.proving import Proof, prove, unproved
from cross_account_access.command.proof.report import as_json as proof_as_json
from cross_account_access.command.proof.report import show_differences, show_summary
from cross_account_access.command.reports import check_writable, write_report
from cross_account_access.command.sources import LIVE, STATE
from cross_account_access.command.verification import profiles
from cross_account_access.command.verification.attempts import Attempts
from cross_account_access.command.verification.documents import Documents
from cross_account_access.command.verification.existing import existing_principals
from cross_account_access.command.verification.explained_refusals import explanations
from cross_account_access.command.verification.findings import Result, Verdict
from cross_account_access.command.verification.foreign_bucket import foreign_bucket
from cross_account_access.command.verification.matrix import Environment, matrix
from cross_account_access.command.verification.named import named_in
from cross_account_access.command.verification.owners import of_others
from cross_account_access.command.verification.probe_objects import ProbeObjects
from cross_account_access.command.verification.probes import Actors, Probes
from cross_account_access.command.verification.report import as_json, as_junit, show
from cross_account_access.command.verification.rows import Row
from cross_account_access.credentials.contract import Consumer, Contract, ContractError, read
from cross_account_access.errors import Status, UncheckedError, UsageError
from cross_account_access.iam.engine import ResourceDocuments
from cross_account_access.iam.errors import IamError
from cross_account_access.iam.inventory import POLICIES_OF_OTHERS
from cross_account_access.presentation import BAD, QUIET, Page, notice, progress
from cross_account_access.stack import Stack, StackAccount, add_stack_options, naming, stack_of

_DESCRIPTION: Final = """\
Proves that the live documents allow what the stack declares and nothing more, for every request.
Then assumes each role as its consumer and tries on the live accounts what must succeed, and what
must be refused. Where nobody at hand can make a request, the access engine decides from the live
documents, and the row says so.

Objects are written below a prefix of its own only, and removed at the end."""
_EPILOG: Final = """\
examples:
  access verify --stack prod
  access verify --consumer vendor --profile vendor=VendorTest --other Developer --junit verify.xml

exit status:
  0  everything as intended
  1  a row is not as intended, or more or less is allowed than declared; it is named first
  2  wrong usage
  3  a row could not be checked, or a document is not known: no credentials, no network, no
     deployed stack"""

_PREFIX: Final = "access-verify-"
_PLAIN_HTTP: Final = "SANDBOX_PLAIN_HTTP_ENDPOINT"


def configure(parser: argparse.ArgumentParser) -> None:
    """Add who is checked, as whom, and how patiently."""
    parser.description, parser.epilog = _DESCRIPTION, _EPILOG
    parser.add_argument(
        "--consumer",
        dest="consumers",
        metavar="NAME",
        action="append",
        help="check this one only; more than once for several",
    )
    parser.add_argument(
        "--profile",
        dest="profiles",
        metavar="CONSUMER=PROFILE",
        type=_assignment,
        action="append",
        default=[],
        help="CLI profile of a consumer; without it, the one named as its user, or as the consumer"
        " where it is principals of Staging, if there is such a profile",
    )
    parser.add_argument(
        "--other",
        metavar="PROFILE",
        help="CLI profile of another principal of Staging, who must be refused; it should be"
        " allowed sts:AssumeRole in its own account, or its refusal says nothing",
    )
    parser.add_argument(
        "--production-profile",
        metavar="PROFILE",
        help="CLI profile of an administrator of Production, who puts and removes probe objects;"
        " without it, the one that deploys the stack, if it is there",
    )
    parser.add_argument(
        "--only-failures",
        action="store_true",
        help="show only the rows that are not as intended or could not be checked; all are counted,"
        " and all are in the JUnit file",
    )
    parser.add_argument(
        "--junit", metavar="FILE", type=Path, help="write the rows there as JUnit XML too"
    )
    parser.add_argument(
        "--probe-prefix",
        metavar="PREFIX",
        type=_probe_prefix,
        default=_PREFIX,
        help="beginning of the keys that are written, inside each granted prefix; a random part"
        " and a slash follow (%(default)s)",
    )
    parser.add_argument(
        "--patience",
        metavar="SECONDS",
        type=_seconds,
        default=60.0,
        help="how long a row may take to come to be as intended, since changes of IAM take a while"
        " (%(default).0f)",
    )
    parser.add_argument(
        "--plain-http-endpoint",
        metavar="URL",
        default=os.environ.get(_PLAIN_HTTP),
        help=f"where plain HTTP is answered, if not by AWS itself; ${_PLAIN_HTTP} without it",
    )
    add_layers_option(parser)
    add_option(parser)
    add_stack_options(parser)


@judged()
def run(arguments: argparse.Namespace) -> int:
    """Verify."""
    started = datetime.now(UTC)
    invariants = invariants_of(arguments)
    stack = stack_of(arguments)
    with progress("reading the stack"):
        contract, inventory = _contract(stack), inventory_of(stack.state())
    consumers = _chosen(contract, arguments)
    check_writable("--junit", arguments.junit)
    environment = Environment(
        probe=f"{arguments.probe_prefix}{secrets.token_hex(4)}/",
        now=started,
        made=frozenset(
            arn
            for arn, identity in {**inventory.users, **inventory.roles}.items()
            if POLICIES_OF_OTHERS not in identity.get("policies", {})
        ),
    )
    setup = _setup(contract, consumers, inventory, environment, arguments)
    environment = replace(
        environment,
        foreign_bucket=setup.foreign_bucket,
        existing=setup.existing,
        named=named_in(setup.documents.latest) if setup.documents else {},
    )
    if setup.documents is None:
        inventory = with_layers(inventory, arguments.layers)
    proof = _proof(contract, inventory, setup.documents, invariants)
    rows = matrix(contract, consumers, environment)
    with progress(f"checking {len(rows)} rows"):
        results, left = _results(setup, rows, arguments.patience)
    if setup.documents and not proof.is_proved and arguments.patience:
        # What was just changed may have been read as it was before.
        setup.documents.read_again()
        proof = _proof(contract, inventory, setup.documents, invariants)
    if setup.documents is not None:
        latest = setup.documents.latest
        for sentence in explanations(results, latest.accounts, latest):
            notice(sentence)

    beside = _beside(stack) if setup.documents else ()
    name = arguments.stack or stack.selected()
    source = LIVE if setup.documents else STATE
    if arguments.json:
        told = as_json(name, results, left, only_failures=arguments.only_failures)
        doors_told = [f"{each.subject}: {each.what}" for each in beside]
        Page().json({**told, "proof": proof_as_json(proof, source), "doors": doors_told})
    else:
        page = Page()
        options = [*naming(arguments), *layers_words(arguments)]
        show_differences(page, proof, source, options)
        show_summary(page, proof, source)
        if proof.layers:
            page.line((f"layers: {'; '.join(proof.layers)}", QUIET))
        for each in beside:
            sentence = f": {each.account.label}: {each.subject}: {each.what} (beside the rows)"
            page.line((Verdict.WRONG.value, BAD), sentence)
        show(page, results, only_failures=arguments.only_failures)
        if not proof.is_proved:
            show_summary(page, proof, source)
    junit = as_junit(name, proof, results, f"{started:%Y-%m-%dT%H:%M:%S}")
    status = Status.NOT_AS_INTENDED if beside else _status(proof, results)
    return write_report("--junit", arguments.junit, hidden(junit), status)


def _proof(
    contract: Contract,
    stack: StackInventory,
    documents: Documents | None,
    invariants: Sequence[Invariant],
) -> Proof:
    """Whether more or less is allowed than declared, by the live documents where they are read.

    It is of the whole stack, whichever consumers are checked.
    """
    with progress("proving that nothing more is allowed than declared"):
        try:
            return prove(contract, documents.of(stack) if documents else stack, invariants)
        except (IamError, UncheckedError) as error:
            return unproved(str(error))


def _beside(stack: Stack) -> tuple[Finding, ...]:
    """What gives access and is in no row, since it is beside all resources of the stack."""
    try:
        report = doors(stack)
    except UncheckedError as error:
        notice(f"what gives access beside the rows could not be checked: {error}")
        return ()
    for each in report.unchecked:
        notice(f"{each.account}: {each.what} could not be checked: {each.why}")
    return tuple(each for each in report.findings if each.effect is Effect.WIDENING)


def _status(proof: Proof, results: Sequence[Result]) -> Status:
    verdicts = {result.verdict for result in results}
    if proof.is_refuted or Verdict.WRONG in verdicts:
        return Status.NOT_AS_INTENDED
    is_known = proof.is_proved and Verdict.UNCHECKED not in verdicts
    return Status.AS_INTENDED if is_known else Status.UNCHECKED


@dataclass(frozen=True, kw_only=True)
class _Setup:
    """Whose credentials are at hand, and what can be seen with them."""

    actors: Actors
    foreign_bucket: str | None
    not_to_be_written: frozenset[str]
    """ARNs of buckets of others, and of those where S3 would keep, copy or tell of it."""
    existing: Mapping[str, Sequence[str]]
    """By consumer, ARNs of principals that it means and that exist."""
    documents: Documents | None


def _setup(
    contract: Contract,
    consumers: Sequence[Consumer],
    inventory: StackInventory,
    environment: Environment,
    arguments: argparse.Namespace,
) -> _Setup:
    sessions = profiles.actors(contract, consumers, dict(arguments.profiles), arguments.other)
    account, production = profiles.administrator(
        _account(inventory, contract.production_account_id), arguments.production_profile
    )
    foreign = foreign_bucket(contract, consumers, environment, account, production)
    staging, its_session = profiles.administrator(
        _account(inventory, contract.staging_account_id), None
    )
    existing: Mapping[str, Sequence[str]] = {}
    documents = None
    others = [*of_others(contract), *([foreign] if foreign else [])]
    if production is not None and its_session is not None:
        existing = existing_principals(consumers, staging, its_session)
        # Policies of what the stack did not make are to be read as well.
        unread: ResourceDocuments = {"account": account.id, "policy": None}
        resources = {**dict.fromkeys(others, unread), **inventory.resources}
        seen = replace(inventory, accounts=(account, staging), resources=resources)
        seen = with_layers(seen, arguments.layers)
        for arn in chain.from_iterable(existing.values()):
            seen = seen.including(arn)
        documents = Documents(seen, contract.production_account_id)
    else:
        notice(
            "no profile of both administrators at hand, so nobody decides what only live documents"
            " can tell, and the proof is of what Pulumi last wrote, the state; they are"
            f" {account.profile} and {staging.profile}"
        )
    return _Setup(
        actors=Actors(
            sessions=sessions,
            production=production,
            region=contract.production_region,
            plain_http_endpoint=arguments.plain_http_endpoint,
        ),
        foreign_bucket=foreign,
        not_to_be_written=contract.not_to_be_written.union(others),
        existing=existing,
        documents=documents,
    )


def _results(setup: _Setup, rows: Sequence[Row], patience: float) -> tuple[list[Result], list[str]]:
    """Decide the rows, and remove what that has left, whatever happens."""
    objects = ProbeObjects(setup.actors.production, setup.not_to_be_written)
    left: list[str] = []
    with _stoppable():
        try:
            probes = Probes(setup.actors, objects)
            results = Attempts(probes, setup.documents, patience, notice).decide(rows)
        finally:
            left += objects.clean()
            for each in left:
                notice(each)
    return results, left


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let a CI system that stops the command have its clean-up too."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _contract(stack: Stack) -> Contract:
    try:
        return read(stack.outputs())
    except ContractError as error:
        raise UncheckedError(str(error)) from error


def _chosen(contract: Contract, arguments: argparse.Namespace) -> list[Consumer]:
    """The consumers that are named, or all."""
    named = [name for name, _ in arguments.profiles]
    for option, names in (("--consumer", arguments.consumers or []), ("--profile", named)):
        for name in names:
            if name not in contract.consumers:
                near = difflib.get_close_matches(name, contract.consumers, n=1)
                known = ", ".join(sorted(contract.consumers)) or "none"
                hint = f"did you mean {near[0]}?" if near else f"it has: {known}"
                message = f"{option}: the stack has no consumer {name!r}; {hint}"
                raise UsageError(message)
    chosen = dict.fromkeys(arguments.consumers or contract.consumers)
    for name in named:
        if name not in chosen:
            message = f"--profile {name}=...: {name} is not among the consumers that are checked"
            raise UsageError(message)
    return [contract.consumers[name] for name in chosen]


def _account(inventory: StackInventory, number: str) -> StackAccount:
    for account in inventory.accounts:
        if account.id == number:
            return account
    message = (
        f"no provider of the stack deploys to account {number}, which its outputs name; "
        "deploy it with pulumi up"
    )
    raise UncheckedError(message)


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if name and equals and value:
        return name, value
    message = f"{text!r} must be a consumer and its CLI profile, as CONSUMER=PROFILE"
    raise argparse.ArgumentTypeError(message)


def _probe_prefix(text: str) -> str:
    if re.fullmatch(r"[\w.-][\w./-]{0,99}", text, re.ASCII):
        return text
    message = f"{text!r} must be 1 to 100 letters, digits and ._-/ and not begin with a slash"
    raise argparse.ArgumentTypeError(message)


def _seconds(text: str) -> float:
    if re.fullmatch(r"\d{1,4}(\.\d+)?", text, re.ASCII):
        return float(text)
    message = f"{text!r} must be a number of seconds below 10000"
    raise argparse.ArgumentTypeError(message)
