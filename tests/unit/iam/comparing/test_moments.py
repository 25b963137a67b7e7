"""A moment between two others: what it allows beyond both, what it refuses though both allow."""

from typing import Any

import pytest

from cross_account_access.command.inventory import inventory_of
from cross_account_access.iam.comparing.comparison import Effect
from cross_account_access.iam.comparing.moments import departures
from cross_account_access.iam.inventory import Inventory
from cross_account_access.stack import resources_of_state
from tests.support.moments import Account
from tests.support.states import (
    BUCKET,
    LIST,
    PRODUCTION,
    READ,
    STAGING,
    TRUST,
    Json,
    allow,
    export,
    policy,
    walkthrough,
)

WRITE = allow("s3:PutObject", f"{BUCKET}/*")
OTHERS = TRUST | {
    "Condition": {"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{STAGING}:user/B"}}
}


def world(role: Any, trust: Any = None, **more: Any) -> Inventory:
    return inventory_of(resources_of_state(export(walkthrough(role=role, trust=trust, **more))))


def told(before: Inventory, after: Inventory, moment: Inventory) -> list[tuple[Any, ...]]:
    return [
        (each.effect, each.principal, each.through, each.actions)
        for each in departures(before, after, moment)
    ]


def test_what_is_as_before_or_as_after_is_no_departure() -> None:
    before, after = world(policy(READ, LIST)), world(policy(READ, WRITE))
    both = world(policy(READ, LIST, WRITE))
    for moment in (before, after, both, world(policy(READ))):
        assert told(before, after, moment) == []


def test_what_neither_allows_is_wider() -> None:
    before, after = world(policy(READ)), world(policy(READ, LIST))
    assert told(before, after, world(policy(READ, WRITE))) == [
        (Effect.WIDENS, "production:role/StageRole", None, ("s3:PutObject",))
    ]
    # Over plain HTTP, before the bucket's policy refuses it.
    listing = LIST | {"Principal": {"AWS": f"arn:aws:iam::{STAGING}:root"}}
    unprotected = world(policy(READ, LIST), bucket=policy(listing))
    whens = {(each.effect, each.when) for each in departures(before, after, unprotected)}
    assert whens == {(Effect.WIDENS, "over plain HTTP")}


def test_what_both_allow_and_the_moment_does_not_is_narrower() -> None:
    before, after = world(policy(READ, LIST)), world(policy(READ, WRITE))
    assert told(before, after, world(policy(LIST))) == [
        (Effect.NARROWS, "production:role/StageRole", None, ("s3:GetObject",))
    ]


@pytest.mark.parametrize(
    ("role", "trust", "who", "actions"),
    [
        (policy(READ), policy(OTHERS), "staging:user/B", "s3:GetObject"),
        (policy(WRITE), policy(TRUST), "staging:user/StageAdmin", "s3:PutObject"),
    ],
)
def test_the_principals_of_one_side_with_the_grants_of_the_other_are_wider(
    role: Any, trust: Any, who: str, actions: str
) -> None:
    before, after = world(policy(READ)), world(policy(WRITE), policy(OTHERS))
    assert told(before, after, world(role, trust)) == [
        (Effect.WIDENS, who, "production:role/StageRole", (actions,))
    ]
    # With no grant, or nobody to use it, nothing is.
    assert all(not each[0].is_widening for each in told(before, after, world(policy(), trust)))


def pods(claims: str, *grants: Any) -> Inventory:
    """Pods that say something get one role, and assume with it another one that has grants."""
    machines, shop = (
        f"arn:aws:iam::{account}:role/{name}"
        for account, name in ((STAGING, "Pods"), (PRODUCTION, "Shop"))
    )
    service: Json = {"Principal": {"Service": "pods.eks.amazonaws.com"}}
    said: Json = {"Condition": {"StringEquals": {"aws:SourceArn": claims}}}
    itself: Json = {"Condition": {"ArnEquals": {"aws:PrincipalArn": machines}}}
    staging: Json = {"Principal": {"AWS": f"arn:aws:iam::{STAGING}:root"}}
    return Inventory(
        accounts=(Account(PRODUCTION, "production"), Account(STAGING, "staging")),
        users={},
        roles={
            machines: {
                "trust": policy(allow("sts:AssumeRole", **service, **said)),
                "policies": {"own": policy(allow("sts:AssumeRole", shop))},
                "boundary": None,
            },
            shop: {
                "trust": policy(allow("sts:AssumeRole", **staging, **itself)),
                "policies": {"access": policy(*grants)},
                "boundary": None,
            },
        },
        resources={BUCKET: {"account": PRODUCTION, "policy": None}},
    )


@pytest.mark.parametrize(("claims", "grant"), [("web", WRITE), ("others", READ)])
def test_a_role_that_is_assumed_from_another_one_is_a_step_more(claims: str, grant: Any) -> None:
    before, after = pods("web", READ), pods("others", WRITE)
    (found,) = departures(before, after, pods(claims, grant))
    assert (found.effect, found.through) == (Effect.WIDENS, "staging:role/Pods")
    assert found.actions == (grant["Action"],)
    assert told(before, after, pods(claims)) == []
