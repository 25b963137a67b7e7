"""`access explain`: one question, its answer, and the statements that decide it on both sides."""

import argparse
import difflib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cross_account_access.command import sources
from cross_account_access.command.inventory import judged
from cross_account_access.command.layers import add_layers_option, what_was_seen, with_layers
from cross_account_access.errors import Status, UsageError
from cross_account_access.facts.service_reference import action as known_action
from cross_account_access.facts.service_reference import authorized_by, nearest, source
from cross_account_access.iam.engine import (
    Citation,
    Context,
    Decision,
    Outcome,
    Principal,
    PrincipalKind,
    QuestionError,
    Request,
    parse_principal,
)
from cross_account_access.iam.inventory import Inventory
from cross_account_access.iam.routes import Route, routes
from cross_account_access.presentation import BAD, DOUBTFUL, GOOD, QUIET, TITLE, Page
from cross_account_access.stack import add_stack_options, stack_of

_DESCRIPTION: Final = """\
Says whether PRINCIPAL may do ACTION on RESOURCE, through which role if not by itself, and shows
the statements of both sides that decide it, or what is missing.

The request is taken to come over TLS and without MFA; say otherwise with --context. Whatever else
the answer depends on and nobody has said makes it unknown."""
_EPILOG: Final = """\
examples:
  access explain staging:user/StageAdmin s3:GetObject production-test-bucket-101/Sunset.jpg
  access explain arn:aws:iam::444455556666:user/StageAdmin sts:AssumeRole production:role/StageRole
  access explain staging:user/StageAdmin s3:ListBucket production-test-bucket-101 --from preview \\
      --context s3:prefix=reports/

exit status: 0 allowed, 1 denied, 2 wrong usage, 3 unknown or could not be checked"""

_TLS: Final = "aws:SecureTransport"
_MFA: Final = "aws:MultiFactorAuthPresent"
_STATUS: Final = {
    Outcome.ALLOWED: Status.AS_INTENDED,
    Outcome.DENIED: Status.NOT_AS_INTENDED,
    Outcome.UNKNOWN: Status.UNCHECKED,
}
_VERB: Final = {
    Outcome.ALLOWED: "may",
    Outcome.DENIED: "may not",
    Outcome.UNKNOWN: "may or may not",
}
_STYLE: Final = {Outcome.ALLOWED: GOOD, Outcome.DENIED: BAD, Outcome.UNKNOWN: DOUBTFUL}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the question and where its answer comes from."""
    parser.description, parser.epilog = _DESCRIPTION, _EPILOG
    parser.add_argument(
        "principal", metavar="PRINCIPAL", help="ARN, or short: staging:user/StageAdmin"
    )
    parser.add_argument("action", metavar="ACTION", help="one action, like s3:GetObject")
    parser.add_argument(
        "resource",
        metavar="RESOURCE",
        help="ARN, or short: BUCKET, BUCKET/KEY, production:sns:TOPIC, production:sqs:QUEUE; * for"
        " none",
    )
    parser.add_argument(
        "--context",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="a circumstance of the request, like sts:ExternalId=example-1; more than once, and"
        " more than once for a key with several values",
    )
    parser.add_argument(
        "--absent",
        metavar="KEY",
        action="append",
        default=[],
        help="a key that the request does not carry, like sts:ExternalId",
    )
    parser.add_argument(
        "--from",
        dest="source",
        metavar="SOURCE",
        default=sources.LIVE,
        help="which documents are judged: live (default), state, preview, git:REVISION or a file",
    )
    add_layers_option(parser)
    add_stack_options(parser)


@dataclass(frozen=True)
class _Answer:
    """The question with all that is told about it."""

    inventory: Inventory
    source: str
    request: Request
    best: Route
    shown: tuple[Route, ...]
    notes: tuple[str, ...]


@judged()
def run(arguments: argparse.Namespace) -> int:
    """Answer one question."""
    context = _context(_stated(arguments.context), arguments.absent)
    inventory = with_layers(
        sources.read(arguments.source, stack_of(arguments), principal=arguments.principal),
        arguments.layers,
    )
    principal, notes = _principal(inventory, arguments.principal, arguments.source)
    resource = _resource(inventory, arguments.resource, arguments.action)
    try:
        request = Request(principal, _spelled(arguments.action), resource, context)
    except QuestionError as error:
        raise UsageError(str(error)) from error
    notes = (*_about_action(arguments.action), *notes)
    found = tuple(routes(inventory, request))
    best = _best(found)
    shown = (best, *(route for route in found if route is not best and _explains(route, best)))
    answer = _Answer(inventory, arguments.source, request, best, shown, notes)
    if arguments.json:
        Page().json(_as_json(answer))
    else:
        _print(Page(), answer)
    return _STATUS[best.outcome]


def _stated(pairs: Iterable[str]) -> dict[str, Any]:
    """Read `--context`; a key that is given twice has a list of values."""
    values: dict[str, list[str]] = {}
    for pair in pairs:
        key, separator, value = pair.partition("=")
        if not separator or not key:
            msg = f"--context {pair!r}: write it like sts:ExternalId=example-1"
            raise UsageError(msg)
        values.setdefault(key, []).append(value)
    return {key: each[0] if len(each) == 1 else each for key, each in values.items()}


def _context(stated: Mapping[str, Any], absent: Iterable[str]) -> Context:
    """Add TLS and the lack of MFA; a request with a user's access key has no MFA key at all.

    Source: AWS, "AWS global condition context keys", aws:MultiFactorAuthPresent.
    """
    missing = list(absent)
    said = {key.lower() for key in (*stated, *missing)}
    values = dict(stated) if _TLS.lower() in said else {_TLS: "true", **stated}
    if _MFA.lower() not in said:
        missing.append(_MFA)
    try:
        return Context(values, missing)
    except QuestionError as error:
        raise UsageError(str(error)) from error


def _about_action(action: str) -> Iterator[str]:
    """Say what is to be known of an action that AWS's service reference does not know."""
    if known_action(action) is not None:
        return
    needed, near = authorized_by(action), nearest(action)
    told = f"{action!r} is no action that AWS's service reference of {source().date} knows"
    if needed:
        yield f"{told}; the operation needs {' and '.join(needed)}"
    else:
        yield f"{told}; did you mean {near}?" if near else told


def _spelled(action: str) -> str:
    known = known_action(action)
    return known.name if known else action


def _principal(inventory: Inventory, name: str, source: str) -> tuple[Principal, tuple[str, ...]]:
    """Return who asks, and what has to be said about it."""
    arn = inventory.long(name)
    try:
        principal = parse_principal(arn)
    except QuestionError as error:
        msg = f"{error}{_did_you_mean(inventory, name, _principals(inventory))}"
        raise UsageError(msg) from error
    if arn.startswith("arn:"):
        _check_partition(inventory, arn)
    named = (PrincipalKind.USER, PrincipalKind.ROLE)
    if principal.kind not in named or inventory.world().identity(principal) is not None:
        return principal, inventory.gaps
    is_ours = principal.account in {account.id for account in inventory.accounts}
    if is_ours and arn != name:
        problem = "does not exist" if source == sources.LIVE else "is no principal of the stack"
        hint = _did_you_mean(inventory, name, _principals(inventory))
        msg = f"{inventory.short(arn)} {problem}{hint}"
        raise UsageError(msg)
    where = "does not exist" if is_ours and source == sources.LIVE else "is outside the stack"
    note = f"{inventory.short(arn)} {where}, so its own policies are not known"
    return principal, (*inventory.gaps, note)


def _principals(inventory: Inventory) -> tuple[str, ...]:
    return (*inventory.users, *inventory.roles)


def _resource(inventory: Inventory, name: str, action: str) -> str:
    arn = inventory.long(name)
    if arn != "*" and not arn.startswith("arn:"):
        hint = _did_you_mean(inventory, name, (*inventory.resources, *inventory.roles))
        msg = f"{name!r} is no resource of the stack, and no ARN{hint}"
        raise UsageError(msg)
    if arn != "*":
        _check_partition(inventory, arn)
    meant = known_action(action)
    if meant is not None and not meant.is_about(arn):
        kinds = " or ".join(sorted(meant.resources, key=len)) or "no resource, so give *"
        msg = f"{meant.name} is about {kinds}; {arn} is not of that form"
        raise UsageError(msg)
    return arn


def _check_partition(inventory: Inventory, arn: str) -> None:
    partition = arn.split(":")[1]
    ours = {each.split(":")[1] for each in (*inventory.users, *inventory.roles)}
    if ours and partition not in ours:
        msg = (
            f"{arn} is of partition {partition}, but the stack's accounts are of"
            f" {', '.join(sorted(ours))}; no access reaches from one partition to another"
        )
        raise UsageError(msg)


def _did_you_mean(inventory: Inventory, name: str, known: Iterable[str]) -> str:
    names = [text for arn in known for text in (inventory.short(arn), arn)]
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if close:
        return f"; did you mean {close[0]}?"
    shown = ", ".join(names[::2][:5])
    return f"; the stack has {shown}" if shown else ""


def _best(found: tuple[Route, ...]) -> Route:
    """Return the way that is open, else one that may be, else the direct one."""
    for outcome in (Outcome.ALLOWED, Outcome.UNKNOWN):
        for route in found:
            if route.outcome is outcome:
                return route
    return found[0]


def _explains(route: Route, best: Route) -> bool:
    """Say whether another way is worth telling: it may be open too, or only one step is missing."""
    if best.outcome is Outcome.ALLOWED:
        return route.outcome is Outcome.ALLOWED
    return route.outcome is Outcome.UNKNOWN or route.role is None or route.is_near


def _as_json(answer: _Answer) -> dict[str, Any]:
    request, best = answer.request, answer.best
    return {
        "outcome": best.outcome.value,
        "principal": request.principal.arn,
        "action": request.action,
        "resource": request.resource,
        "from": answer.source,
        "through": best.role,
        "routes": [
            {
                "role": route.role,
                "outcome": route.outcome.value,
                "steps": [_step_as_json(step) for step in route.steps],
            }
            for route in answer.shown
        ],
        "notes": list(answer.notes),
        "layers": list(what_was_seen(answer.inventory)),
    }


def _step_as_json(step: Decision) -> dict[str, Any]:
    return {
        "principal": step.request.principal.arn,
        "action": step.request.action,
        "resource": step.request.resource,
        "outcome": step.outcome.value,
        "callerSide": [_citation_as_json(each) for each in step.caller_side],
        "resourceSide": [_citation_as_json(each) for each in step.resource_side],
        "missing": list(step.missing),
        "dependsOn": list(step.unknown),
    }


def _citation_as_json(citation: Citation) -> dict[str, Any]:
    return {
        "document": citation.source,
        "index": citation.index,
        "sid": citation.sid,
        "effect": citation.effect,
        "statement": citation.statement,
    }


def _print(page: Page, answer: _Answer) -> None:
    short, request, best = answer.inventory.short, answer.request, answer.best
    through = f" through {short(best.role)}" if best.role else ""
    page.line(
        (best.outcome.value, f"{TITLE} {_STYLE[best.outcome]}"),
        f"  {short(request.principal.arn)} {_VERB[best.outcome]} {request.action}"
        f" {short(request.resource)}{through}",
        (f"  ({answer.source})", QUIET),
    )
    for route in answer.shown:
        page.line()
        heading = f"through {short(route.role)}" if route.role else "directly"
        page.line((heading, TITLE), ": ", (route.outcome.value, _STYLE[route.outcome]))
        for step in route.steps:
            _print_step(page, answer.inventory, step)
    for note in answer.notes:
        page.line(("note: ", DOUBTFUL), note)
    page.line((f"layers: {'; '.join(what_was_seen(answer.inventory))}", QUIET))


def _print_step(page: Page, inventory: Inventory, step: Decision) -> None:
    who = inventory.short(step.request.principal.arn)
    what = inventory.short(step.request.resource)
    page.line(
        "  ",
        (step.outcome.value, _STYLE[step.outcome]),
        f"  {who} {step.request.action} {what}",
    )
    for side, citations in (("caller", step.caller_side), ("resource", step.resource_side)):
        for citation in citations:
            page.line(f"    {side} side: {citation.effect} by {citation}")
            for element, value in citation.statement.items():
                page.line((f"      {element}: {json.dumps(value)}", QUIET))
    for reason in step.missing:
        page.line(("    missing: ", BAD), reason)
    for reason in step.unknown:
        page.line(("    depends: ", DOUBTFUL), reason)
