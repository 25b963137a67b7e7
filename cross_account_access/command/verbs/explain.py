"""`access explain`: one question, its answer, and the statements that decide it on both sides."""

import argparse
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from cross_account_access.command import sources
from cross_account_access.command.denials.evaluations import evaluations_of, referred
from cross_account_access.command.denials.judging import compared
from cross_account_access.command.denials.report import tell
from cross_account_access.command.inventory import judged
from cross_account_access.command.names import Named
from cross_account_access.command.proof.declared import declared
from cross_account_access.command.proof.report import USUALLY_ABSENT
from cross_account_access.command.questions import (
    Asked,
    about_action,
    add_options,
    read,
    spelled,
)
from cross_account_access.command.verification.owners import Refusal, refusals, with_others
from cross_account_access.credentials.contract import told_of_renewal
from cross_account_access.errors import Status, UsageError
from cross_account_access.iam.documents import PolicyKind
from cross_account_access.iam.documents import read as read_document
from cross_account_access.iam.engine import (
    Citation,
    Context,
    Decision,
    IdentityDocuments,
    Outcome,
    QuestionError,
    Request,
    parse_principal,
)
from cross_account_access.iam.inventory import Inventory
from cross_account_access.iam.patterns import matches
from cross_account_access.iam.routes import Route, routes
from cross_account_access.iam.services import policy_resource
from cross_account_access.presentation import BAD, DOUBTFUL, GOOD, QUIET, TITLE, Page
from cross_account_access.stack import stack_of

_DESCRIPTION: Final = """\
Says whether PRINCIPAL may do ACTION on RESOURCE, through which role if not by itself, and shows
the statements of both sides that decide it, or what is missing.

The request is taken to come now, over TLS and without MFA; say otherwise with --at and --context.
A consumer is taken to come as it is declared, with its external ID and the like. Whatever else the
answer depends on and nobody has said makes it unknown."""
_EPILOG: Final = """\
examples:
  access explain stage-admin s3:GetObject s3://production-test-bucket-101/Sunset.jpg
  access explain --denied EXAMPLE1a2b3c4d5e       AWS's own word on a refusal
  access explain arn:aws:iam::444455556666:user/StageAdmin sts:AssumeRole production:role/StageRole
  access explain staging:user/StageAdmin s3:ListBucket production-test-bucket-101 --from preview \\
      --context s3:prefix=reports/

exit status: 0 allowed, 1 denied, 2 wrong usage, 3 unknown or could not be checked; with --denied
0 the engine agrees with AWS, 1 it does not"""

_VARIABLE: Final = re.compile(r"\$\{[^}]*\}")
_OWNER: Final = "production"
"""The account that is asked last: who is refused is most often of the other one."""
_TLS: Final = "aws:SecureTransport"
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
        "principal", metavar="PRINCIPAL", nargs="?", help="consumer, staging:user/NAME, ARN"
    )
    parser.add_argument("action", metavar="ACTION", nargs="?", help="one action, like s3:GetObject")
    parser.add_argument(
        "resource",
        nargs="?",
        metavar="RESOURCE",
        help="BUCKET/KEY, s3://BUCKET/KEY, name of what is shared, production:sns:TOPIC, ARN; * for"
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
        "--denied",
        metavar="ID",
        help="ask AWS about a refusal, by the authorization ID in its message or by the whole"
        " message, and say whether the engine agrees",
    )
    parser.add_argument(
        "--case",
        metavar="FILE",
        type=Path,
        help="with --denied: where a case goes that the engine decides otherwise (denied-ID.yaml)",
    )
    add_options(parser)


@dataclass(frozen=True, kw_only=True)
class _Answer:
    """The question with all that is told about it."""

    asked: Asked
    source: str
    request: Request
    best: Route
    shown: tuple[Route, ...]
    notes: tuple[str, ...]


@judged()
def run(arguments: argparse.Namespace) -> int:
    """Answer one question, or ask AWS about a refusal."""
    words = (arguments.principal, arguments.action, arguments.resource)
    if any(words) if arguments.denied is not None else None in words:
        msg = "give PRINCIPAL, ACTION and RESOURCE, or --denied ID alone"
        raise UsageError(msg)
    if arguments.denied is not None:
        return _denied(arguments)
    stated = _stated(arguments.context)
    asked = read(arguments, arguments.principal)
    who = asked.principal
    asked = replace(asked, inventory=who.within(asked.inventory))
    refused: Sequence[Refusal] = ()
    if arguments.source == sources.LIVE and "declaration" in asked.inventory.outputs:
        contract = declared(asked.inventory)
        asked = replace(asked, inventory=with_others(contract, asked.inventory))
        refused = refusals(contract, asked.inventory)
    notes = (*asked.about_principal(arguments.source), *_declared(who))
    resource = asked.resource(arguments.resource, arguments.action)
    about = [each.told() for each in refused if each.policy_of == policy_resource(resource)]
    notes = (*notes, *about)
    context = _context({**asked.states, **stated}, arguments.absent, asked.moment)
    try:
        request = Request(parse_principal(who.arn), spelled(arguments.action), resource, context)
    except QuestionError as error:
        raise UsageError(str(error)) from error
    found = [
        route for route in routes(asked.inventory, request) if _concerns(asked.inventory, route)
    ]
    best = _best(found)
    answer = _Answer(
        asked=asked,
        source=arguments.source,
        request=request,
        best=best,
        shown=(best, *(each for each in found if each is not best and _explains(each, best))),
        notes=(
            *about_action(arguments.action),
            *asked.inventory.gaps,
            *notes,
            *_renewal(asked, {who.arn, resource, best.role}),
        ),
    )
    if arguments.json:
        Page().json(_as_json(answer))
    else:
        _print(Page(), answer)
    return _STATUS[best.outcome]


def _denied(arguments: argparse.Namespace) -> int:
    """Ask AWS about a refusal, and the engine about the same request."""
    reference = referred(arguments.denied)
    accounts = sources.read(sources.STATE, stack_of(arguments)).accounts
    evaluations = evaluations_of(reference, sorted(accounts, key=lambda each: each.label == _OWNER))
    who = next((each.who for each in evaluations if each.who), None)
    inventory = read(arguments, who).inventory
    return tell(
        reference,
        [compared(each, inventory) for each in evaluations],
        inventory,
        case=arguments.case or Path(f"denied-{reference.id}.yaml"),
        is_json=arguments.json,
    )


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


def _context(stated: Mapping[str, Any], absent: Iterable[str], moment: datetime) -> Context:
    """Add the moment, TLS, and the lack of MFA and of headers about encryption.

    A request with a user's access key has no MFA key at all ("AWS global condition context keys",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html).
    """
    missing = list(absent)
    named = {key.lower() for key in (*stated, *missing)}
    usual = {
        _TLS: "true",
        "aws:CurrentTime": moment.isoformat(),
        "aws:EpochTime": str(int(moment.timestamp())),
    }
    values = {key: value for key, value in usual.items() if key.lower() not in named} | dict(stated)
    missing += [key for key in USUALLY_ABSENT if key.lower() not in named]
    try:
        return Context(values, missing)
    except QuestionError as error:
        raise UsageError(str(error)) from error


def _declared(who: Named) -> Iterator[str]:
    """Say which circumstances come of a declaration."""
    if who.states:
        told = " and ".join(
            f"{key}={','.join(value) if isinstance(value, list) else value}"
            for key, value in who.states.items()
        )
        yield f"{who.name} is taken to come with {told}, as declared; --context says otherwise"


def _renewal(asked: Asked, arns: Collection[str | None]) -> Iterator[str]:
    """Say of a role that the answer is about that it trusts itself."""
    if "declaration" in asked.inventory.outputs:
        consumers = declared(asked.inventory).consumers.values()
        yield from told_of_renewal(each for each in consumers if each.role_arn in arns)


def _concerns(inventory: Inventory, route: Route) -> bool:
    """Say whether a way has to do with the question.

    A role does nothing for who wants to assume it. Where one step is missing, the other must be
    meant for it: the caller's policies name the role, or those of the role the resource.
    """
    if route.role is None or route.role == route.steps[-1].request.resource:
        return route.role is None
    assume, use = route.steps
    if assume.outcome is Outcome.DENIED:
        caller = {**inventory.users, **inventory.roles}.get(assume.request.principal.arn, {})
        return _names(caller, {route.role})
    resource = use.request.resource
    aims = {resource, policy_resource(resource)}
    return use.outcome is not Outcome.DENIED or _names(inventory.roles[route.role], aims)


def _names(documents: IdentityDocuments, aims: Collection[str]) -> bool:
    """Say whether policies allow something with one of some resources, by more than `*`."""
    patterns = [
        _VARIABLE.sub("*", pattern)
        for label, document in documents.get("policies", {}).items()
        for statement in read_document(document, PolicyKind.IDENTITY, label).statements
        if statement.allows and not statement.not_resource
        for pattern in statement.resources or ()
        if pattern.strip("*")
    ]
    return any(matches(pattern, aim) for pattern in patterns for aim in aims)


def _best(found: Sequence[Route]) -> Route:
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
        "at": answer.asked.moment.isoformat(),
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
        "layers": answer.asked.layers,
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
    short, request, best = answer.asked.inventory.short, answer.request, answer.best
    through = f" through {short(best.role)}" if best.role else ""
    page.line(
        (best.outcome.value, f"{TITLE} {_STYLE[best.outcome]}"),
        f"  {answer.asked.principal.name} {_VERB[best.outcome]} {request.action}"
        f" {short(request.resource)}{through}",
        (f"  ({answer.asked.told_source(answer.source)})", QUIET),
    )
    for route in answer.shown:
        page.line()
        heading = f"through {short(route.role)}" if route.role else "directly"
        page.line((heading, TITLE), ": ", (route.outcome.value, _STYLE[route.outcome]))
        for step in route.steps:
            _print_step(page, answer.asked.inventory, step)
    for note in answer.notes:
        page.note(note)
    page.line((f"layers: {'; '.join(answer.asked.layers)}", QUIET))


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
