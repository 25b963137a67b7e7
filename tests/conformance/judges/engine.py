"""Our own engine as judge: every case, by its public surface."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any, Final

from cross_account_access.iam import (
    AccountLayers,
    Context,
    Decision,
    DocumentError,
    Endpoint,
    Layers,
    Level,
    PolicyKind,
    Request,
    World,
    assume,
    compile_policy,
    decide,
    parse_principal,
    read,
)
from tests.conformance.cases import Case
from tests.conformance.judges import Judge

NAME: Final = "the access engine"
_ASSUMES: Final = "sts:AssumeRole"


@contextlib.contextmanager
def judging() -> Iterator[Judge]:
    """Yield what answers a case; there is nothing to make ready."""
    yield _answer


def _answer(case: Case) -> str:
    if case.kind is not None:
        return _verdict(case)
    world = World(
        users=case.users, roles=case.roles, resources=case.resources, layers=_layers(case)
    )
    assert case.who is not None
    assert case.action is not None
    assert case.resource is not None
    principal = parse_principal(case.who)
    context = _context(case)
    if case.action == _ASSUMES and case.session_name is not None:
        step = assume(world, principal, case.resource, context, session_name=case.session_name)
        return step.decision.outcome.value
    passed = tuple(
        compile_policy(document, PolicyKind.SESSION, "session policy")
        for document in case.session_policies
    )
    if case.through is None:
        request = Request(principal, case.action, case.resource, context, passed)
        return decide(world, request).outcome.value
    step = assume(world, principal, case.through, context, session_name=case.session_name)
    request = Request(step.session, case.action, case.resource, step.context, passed)
    return _together(step.decision, decide(world, request))


def _layers(case: Case) -> Layers:
    service, resource, blocks = (
        case.layers.get(each, {})
        for each in ("service_control", "resource_control", "block_public_access")
    )
    endpoints = case.layers.get("endpoints", {})
    return Layers(
        accounts={
            account: AccountLayers(
                service_control=_levels(service.get(account)),
                resource_control=_levels(resource.get(account)),
                restricts_public_buckets=blocks.get(account),
            )
            for account in {*service, *resource, *blocks}
            if ":" not in account
        },
        endpoints={name: Endpoint(**each) for name, each in endpoints.items()},
        buckets={name: each for name, each in blocks.items() if ":" in name},
    )


def _levels(listed: list[Any] | None) -> tuple[Level, ...] | None:
    if listed is None:
        return None
    return tuple(Level(name=str(n), policies=each) for n, each in enumerate(listed))


def _context(case: Case) -> Context:
    stated = {key: value for key, value in case.context.items() if value is not None}
    return Context(stated, absent=[key for key in case.context if key not in stated])


def _together(*steps: Decision) -> str:
    outcomes = {step.outcome.value for step in steps}
    return next(each for each in ("denied", "unknown", "allowed") if each in outcomes)


def _verdict(case: Case) -> str:
    kind = PolicyKind(case.kind)
    try:
        compile_policy(case.document, kind, "policy")
    except DocumentError:
        return "refused"
    statements = read(case.document, kind, "policy").statements
    is_open = any(True for each in statements for _ in each.may_be_refused)
    return "unknown" if is_open else "accepted"
