"""What permissions boundaries do to access, as a comparison tells it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cross_account_access.command.inventory import inventory_of
from cross_account_access.iam.comparing.comparison import Effect, compare
from cross_account_access.iam.engine import RoleDocuments
from cross_account_access.iam.inventory import Inventory
from cross_account_access.stack import resources_of_state
from tests.support.states import (
    ASSUME,
    READ,
    STAGING,
    allow,
    export,
    policy,
    walkthrough,
)

Json = dict[str, Any]

ANA = f"arn:aws:iam::{STAGING}:user/Ana"


@pytest.mark.parametrize(("other", "expected"), [("Limit", set()), ("Wide", {Effect.MAY_WIDEN})])
def test_one_boundary_in_place_of_another(other: str, expected: set[Effect]) -> None:
    def limited(name: str) -> Inventory:
        stack = walkthrough()
        role = next(each for each in stack if each["type"] == "aws:iam/role:Role")
        boundary = f"arn:aws:iam::111122223333:policy/{name}"
        role["inputs"] = {**role["inputs"], "permissionsBoundary": boundary}
        return inventory_of(resources_of_state(export(stack)))

    changes = compare(limited("Limit"), limited(other))
    assert {change.effect for change in changes} == expected


def ana(own: list[Json], boundary: Json | None) -> Inventory:
    limited = {} if boundary is None else {"boundary": boundary}
    user: Any = {"policies": {"own": policy(*own)}, **limited}
    return Inventory(accounts=(), users={ANA: user}, roles={}, resources={})


@pytest.mark.parametrize("boundary", [policy(), policy(allow("sqs:*", "*"))])
def test_a_boundary_that_goes_widens_what_it_never_named(boundary: Json) -> None:
    """A boundary denies what it does not allow, so that no statement of it need be about it."""
    limited, free = (ana([READ], each) for each in (boundary, None))
    assert {change.effect for change in compare(limited, free)} == {Effect.WIDENS}
    assert {change.effect for change in compare(free, limited)} == {Effect.NARROWS}


def test_what_a_boundary_allows_is_granted_by_the_policy_that_says_the_same() -> None:
    boundary = policy(READ)
    changes = compare(ana([ASSUME], boundary), ana([ASSUME, READ], boundary))
    assert {change.effect for change in changes} == {Effect.WIDENS}


def test_a_boundary_that_repeats_a_part_of_the_policy_narrows() -> None:
    free = inventory_of(resources_of_state(export(walkthrough())))
    (role,) = free.roles
    limited: RoleDocuments = {**free.roles[role], "boundary": policy(READ)}
    changes = compare(free, replace(free, roles={role: limited}))
    assert {change.effect for change in changes} == {Effect.NARROWS}
    assert "s3:ListBucket" in changes[0].actions
