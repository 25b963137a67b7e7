"""Whoever a statement lets in, by whatever says so, a comparison tells it."""

from __future__ import annotations

from typing import Any

import pytest

from cross_account_access.iam.comparing.comparison import Change, compare
from cross_account_access.iam.engine import PrincipalKind
from cross_account_access.iam.inventory import Inventory
from tests.support.states import allow, deny, policy

PRODUCTION, STAGING = "111122223333", "444455556666"
TOPIC = f"arn:aws:sns:us-west-2:{PRODUCTION}:example-orders"
BUCKET = "arn:aws:s3:::production-test-bucket-101"
ROLE = f"arn:aws:iam::{PRODUCTION}:role/StageRole"
PUBLISH = "sns:Publish"
ORIGIN = "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1ABCDEF"

WHO = {
    "a user by name": ("aws:username", "Mallory"),
    "users by pattern": ("aws:username", "Mal*"),
    "a user by ARN without its beginning": ("aws:PrincipalArn", "*:user/team/Mallory"),
    "users of accounts by pattern": ("aws:PrincipalArn", "arn:aws:iam::99*:user/Mallory"),
    "root users": ("aws:PrincipalArn", "arn:aws:iam::*:root"),
    "federated users": ("aws:PrincipalArn", "arn:aws:sts::*:federated-user/*"),
    "accounts by pattern": ("aws:PrincipalAccount", "99998888*"),
    "accounts by a pattern of single digits": ("aws:PrincipalAccount", "????88887777"),
    "root users by kind": ("aws:PrincipalType", "Account"),
    "federated users by kind": ("aws:PrincipalType", "Federated*"),
    "a variable": ("aws:PrincipalArn", "arn:aws:iam::*:user/${aws:username}"),
}


def inventory(*statements: dict[str, Any], at: str = TOPIC, **more: Any) -> Inventory:
    document = policy(deny("sns:RemovePermission", at, Principal="*"), *statements)
    resource: Any = {"account": PRODUCTION, "policy": document}
    return Inventory(accounts=(), users={}, roles=more.get("roles", {}), resources={at: resource})


def widening(before: Inventory, after: Inventory) -> list[Change]:
    return [each for each in compare(before, after) if each.effect.is_widening]


@pytest.mark.parametrize("name", WHO)
@pytest.mark.parametrize("operator", ["StringLike", "StringLikeIfExists"])
def test_whom_a_condition_lets_in_is_told(name: str, operator: str) -> None:
    key, value = WHO[name]
    opened = allow(PUBLISH, TOPIC, Principal={"AWS": "*"}, Condition={operator: {key: value}})
    assert widening(inventory(), inventory(opened))


@pytest.mark.parametrize("name", WHO)
def test_whom_no_condition_refuses_any_more_is_told(name: str) -> None:
    key, value = WHO[name]
    everybody = allow(PUBLISH, TOPIC, Principal={"AWS": "*"})
    but = deny(PUBLISH, TOPIC, Principal={"AWS": "*"}, Condition={"StringLike": {key: value}})
    assert widening(inventory(everybody, but), inventory(everybody))
    assert not widening(inventory(everybody), inventory(everybody, but))


def test_several_accounts_by_pattern_are_told_apart() -> None:
    """Of two patterns, somebody meets both, and each alone."""

    def to(*accounts: str) -> dict[str, Any]:
        like = {"StringLike": {"aws:PrincipalAccount": list(accounts)}}
        return allow(PUBLISH, TOPIC, Principal={"AWS": "*"}, Condition=like)

    def but(account: str) -> dict[str, Any]:
        like = {"StringLike": {"aws:PrincipalAccount": account}}
        return deny(PUBLISH, TOPIC, Principal={"AWS": "*"}, Condition=like)

    assert widening(inventory(to("99*"), but("*77")), inventory(to("99*")))
    assert widening(inventory(to("99*"), but("*77")), inventory(to("99*", "88*"), but("*77")))
    assert not widening(inventory(to("99*"), but("*77")), inventory(to("99*"), but("*77")))


@pytest.mark.parametrize(
    "principal",
    [
        f"arn:aws:sts::{STAGING}:federated-user/bob",
        f"arn:aws:sts::{STAGING}:assumed-role/Other/bob",
        ORIGIN,
    ],
)
def test_sessions_and_identities_that_are_named_are_told(principal: str) -> None:
    opened = allow("s3:GetObject", f"{BUCKET}/*", Principal={"AWS": principal})
    found = widening(inventory(at=BUCKET), inventory(opened, at=BUCKET))
    assert principal.rsplit("/", 1)[-1] in {each.principal.rsplit("/", 1)[-1] for each in found}


def test_the_example_of_a_federated_user_is_one() -> None:
    opened = allow(
        PUBLISH,
        TOPIC,
        Principal={"AWS": f"arn:aws:iam::{STAGING}:root"},
        Condition={"StringEquals": {"aws:PrincipalType": "FederatedUser"}},
    )
    (change,) = widening(inventory(), inventory(opened))
    assert change.example is not None
    assert change.example.principal.kind is PrincipalKind.FEDERATED_USER


def test_the_root_user_of_the_owner_is_no_news() -> None:
    """It may do all in its account whatever a policy says."""
    root = {"StringEquals": {"aws:PrincipalArn": f"arn:aws:iam::{PRODUCTION}:root"}}
    opened = allow(PUBLISH, TOPIC, Principal={"AWS": "*"}, Condition=root)
    assert compare(inventory(), inventory(opened)) == []


def test_a_role_that_may_assume_itself_is_told() -> None:
    """Its sessions are renewed then without whatever the first one took."""

    def trusting(*principals: str) -> Inventory:
        trust = policy(allow("sts:AssumeRole", None, Principal={"AWS": list(principals)}))
        return inventory(roles={ROLE: {"trust": trust, "policies": {}}})

    user = f"arn:aws:iam::{STAGING}:user/StageAdmin"
    told = widening(trusting(user), trusting(user, ROLE))
    assert [(each.principal, each.actions) for each in told] == [
        (f"{PRODUCTION}:role/StageRole", ("sts:AssumeRole",))
    ]


@pytest.mark.parametrize(
    "certain",
    ["*", {"AWS": "*", "Service": "s3.amazonaws.com"}],
    ids=["everybody", "the service by name"],
)
def test_a_denial_that_may_leave_out_a_service_is_told(certain: object) -> None:
    """Whether `AWS: *` means services is open."""
    served = allow(PUBLISH, TOPIC, Principal={"Service": "s3.amazonaws.com"})

    def refusing(principal: object) -> Inventory:
        plain = {"Bool": {"aws:SecureTransport": "false"}}
        return inventory(served, deny(PUBLISH, TOPIC, Principal=principal, Condition=plain))

    assert widening(refusing(certain), refusing({"AWS": "*"}))
    assert not widening(refusing("*"), refusing(certain))
