"""The comparison and the second prover, which shares no code with it, say the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from cross_account_access.iam import (
    Context,
    Inventory,
    Outcome,
    PolicyKind,
    PrincipalKind,
    Request,
    compare,
    compile_policy,
    decide,
    parse_principal,
)
from cross_account_access.iam.comparing.comparison import Effect
from tests.second_prover.callers import ANYBODY, ELSEWHERE, Example
from tests.second_prover.proving import Prover
from tests.second_prover.reading import UndecidedError, small_world
from tests.second_prover.worlds import random_pair

Json = dict[str, Any]

CERTAIN = {Effect.WIDENS, Effect.NARROWS}


def inventory(world: Json) -> Inventory:
    return Inventory(accounts=(), **world)


def difference(before: Json, after: Json) -> Example | None:
    return Prover(small_world(**before), small_world(**after)).difference()


def is_found(before: Json, after: Json) -> bool:
    changes = compare(inventory(before), inventory(after))
    return any(change.effect in CERTAIN for change in changes)


def answer(world: Json, example: Example) -> Outcome:
    """Ask the engine, in a world with those outside of it: what is theirs to allow they allow."""
    users, roles, resources = (dict(world[part]) for part in ("users", "roles", "resources"))
    known = {*users, *roles, *resources}
    caller, holder = parse_principal(example.principal), example.resource
    # The policy about an object is that of its bucket or of its access point.
    if ":s3:" in holder:
        kept = 2 if ":accesspoint/" in holder else 1 if ":s3:::" in holder else None
        holder = "/".join(holder.split("/")[:kept])
    roots = {"AWS": [f"arn:aws:iam::{arn.split(':')[4]}:root" for arn in {*users, *roles}]}
    if example.principal not in {*known, ANYBODY}:
        guarded = [arn for arn, each in resources.items() if each["account"] == caller.account]
        guarded = [arn for arn in guarded if ":kms:" not in arn]
        own = {"NotResource": [*guarded, *(f"{arn}/*" for arn in guarded), "arn:aws:x:::x"]}
        identity: Json = {"policies": {"all": policy({"Action": "*", **own})}}
        if caller.kind is PrincipalKind.FEDERATED_USER:
            behind = f"arn:aws:iam::{caller.account}:user/{caller.name}"
            users = {arn: each for arn, each in users.items() if arn.split("/")[-1] != caller.name}
            users[behind] = identity
        elif caller.kind is PrincipalKind.USER:
            users[example.principal] = identity
        elif caller.kind is PrincipalKind.ROLE:
            roles[example.principal] = {**identity, "trust": policy()}
    if holder not in {*known, "*"}:
        if ":role/" in holder:
            roles[holder] = {"trust": policy({"Action": "*", "Principal": roots})}
        elif ":iam:" not in holder and ":sts:" not in holder:
            shared = policy({"Action": "*", "Resource": "*", "Principal": roots})
            account = holder.split(":")[4] or ELSEWHERE
            resources[holder] = {"account": account, "policy": shared}
    context = Context(dict(example.values), example.absent)
    session = (ANY_SESSION,) if caller.kind is PrincipalKind.FEDERATED_USER else ()
    request = Request(caller, example.action, example.resource, context, session)
    whole = Inventory(accounts=(), users=users, roles=roles, resources=resources)
    return decide(whole.world(), request).outcome


def policy(*statements: Json) -> Json:
    allowing = [{"Effect": "Allow", **each} for each in statements]
    return {"Version": "2012-10-17", "Statement": allowing}


ANY_SESSION = compile_policy(
    policy({"Action": "*", "Resource": "*"}), PolicyKind.SESSION, "session policy"
)


def check(before: Json, after: Json) -> str:
    """Hold the comparison to the second prover, and say what both say of the two worlds."""
    try:
        example = difference(before, after)
    except UndecidedError as reason:
        return f"undecided: {reason}"
    assert is_found(before, after) is (example is not None), example
    if example is None:
        return "the same"
    answers = answer(before, example), answer(after, example)
    expected = (Outcome.DENIED, Outcome.ALLOWED)
    assert answers == (expected if example.becomes_allowed else expected[::-1]), example
    return "different"


WORLDS = 2_200
SAMPLE = (*range(12), 892, 984, 1078, 1199, 1307, 1547)
"""Of all worlds; the last are those in which the comparison once missed what changed."""
SHARE = 100
"""How many worlds are one test."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Share the worlds out, so that no test takes minutes."""
    is_full = metafunc.config.getoption("--full", default=False)
    if "numbers" in metafunc.fixturenames:
        worlds = range(WORLDS) if is_full else SAMPLE
        shares = [worlds[first : first + SHARE] for first in range(0, len(worlds), SHARE)]
        metafunc.parametrize("numbers", shares, ids=lambda share: f"from {share[0]}")
    else:
        metafunc.parametrize("first", range(0, 300, SHARE))


def test_comparison_and_second_prover_agree(numbers: Sequence[int]) -> None:
    """Of every world, unless AWS's pages leave it open: of 100 at most a few."""
    hold(random_pair(number) for number in numbers)


def test_they_agree_about_who_asks(pytestconfig: pytest.Config, first: int) -> None:
    is_full = pytestconfig.getoption("--full", default=False)
    numbers = range(first, first + (SHARE if is_full else 4))
    hold(random_pair(number, is_about_callers=True) for number in numbers)


def hold(pairs: Iterable[tuple[Json, Json]]) -> None:
    output = Counter(check(*pair) for pair in pairs)
    decided = output["the same"] + output["different"]
    assert decided >= output.total() * 0.87, output
    if decided > SHARE / 2:
        assert min(output["the same"], output["different"]) > decided / 4
