"""What follows from who asks and whose the resource is: it decides, and so is told apart."""

from __future__ import annotations

from typing import Any, Final

import pytest

from cross_account_access.iam.comparing.comparison import Change, compare
from cross_account_access.iam.inventory import Inventory
from tests.support.states import allow, deny, policy

PRODUCTION, STAGING = "111122223333", "444455556666"
ROLE: Final = f"arn:aws:iam::{PRODUCTION}:role/StageRole"
USER: Final = f"arn:aws:iam::{STAGING}:user/Ann"
BUCKET: Final = "arn:aws:s3:::reports"
READ: Final = allow("s3:GetObject", f"{BUCKET}/*")
DELETE: Final = "s3:DeleteObject"


def inventory(of_role: Any = READ, of_user: Any = READ, of_bucket: Any = None) -> Inventory:
    """A bucket of Production, with a role beside it and a user of the other account."""
    trusted = {"Effect": "Allow", "Principal": {"AWS": USER}, "Action": "sts:AssumeRole"}
    return Inventory(
        accounts=(),
        users={USER: {"policies": {"own": policy(READ, of_user)}}},
        roles={ROLE: {"trust": policy(trusted), "policies": {"own": policy(READ, of_role)}}},
        resources={
            BUCKET: {"account": PRODUCTION, "policy": of_bucket and policy(of_bucket)},
        },
    )


def widened(**documents: Any) -> list[Change]:
    return [c for c in compare(inventory(), inventory(**documents)) if c.effect.is_widening]


@pytest.mark.parametrize("holder", ["of_role", "of_user"])
@pytest.mark.parametrize(
    "resource",
    [
        "arn:aws:s3:::logs-${aws:PrincipalAccount}/*",
        "arn:aws:s3:::logs-${aws:ResourceAccount}/*",
        "arn:aws:s3:::logs-${s3:ResourceAccount}/*",
        "arn:aws:s3:::logs/${aws:PrincipalArn}/*",
        "arn:aws:s3:::logs/${aws:PrincipalType}/*",
        "arn:aws:s3:::logs/of-service-${aws:PrincipalIsAWSService}/*",
        "arn:aws:s3:::*/home/${aws:userid}/*",
        "arn:aws:s3:::*/home/all/*",
    ],
)
def test_a_resource_named_by_what_follows_is_reached(holder: str, resource: str) -> None:
    assert widened(**{holder: allow(DELETE, resource)})


def test_a_username_is_the_callers_own() -> None:
    resource = "arn:aws:s3:::logs/${aws:username}/*"
    assert widened(of_user=allow(DELETE, resource))
    assert not widened(of_role=allow(DELETE, resource))


@pytest.mark.parametrize("variable", ["username", "PrincipalAccount", "PrincipalType"])
def test_a_policy_of_the_bucket_means_each_of_another_account(variable: str) -> None:
    let_in = allow(DELETE, f"{BUCKET}/${{aws:{variable}}}/*", Principal={"AWS": "999988887777"})
    assert any("999988887777" in change.principal for change in widened(of_bucket=let_in))


@pytest.mark.parametrize("key", ["aws:ResourceAccount", "s3:ResourceAccount"])
@pytest.mark.parametrize(
    ("condition", "owner"),
    [
        ({"StringEquals": STAGING}, f"account {STAGING}"),
        ({"StringEquals": "${aws:PrincipalAccount}"}, f"account {STAGING}"),
        ({"StringLike": "77*9"}, "account 779999999999"),
        ({"StringNotEquals": [STAGING, PRODUCTION]}, "any other account"),
    ],
)
def test_resources_are_told_apart_by_their_owner(key: str, condition: Any, owner: str) -> None:
    element = {operator: {key: value} for operator, value in condition.items()}
    found = widened(of_user=allow(DELETE, "*", Condition=element))
    assert [change.resource for change in found if change.resource.endswith(f" of {owner}")]


def test_what_has_its_account_in_its_arn_is_told_apart_by_it() -> None:
    element = {"StringEquals": {"aws:ResourceAccount": STAGING}}
    found = widened(of_user=allow("sqs:SendMessage", "*", Condition=element))
    assert {change.resource for change in found} == {f"{STAGING}:sqs:*"}


@pytest.mark.parametrize("key", ["aws:ResourceAccount", "s3:ResourceAccount"])
@pytest.mark.parametrize("account", [PRODUCTION, "${aws:PrincipalAccount}"])
def test_a_refusal_of_what_is_of_others_takes_nothing_away(key: str, account: str) -> None:
    refused = deny("s3:*", "*", Condition={"StringNotEquals": {key: account}})
    assert compare(inventory(), inventory(of_role=refused)) == []


def test_a_tag_may_be_compared_with_the_owner_of_the_resource() -> None:
    element = {"StringEquals": {"aws:PrincipalTag/of": "${aws:ResourceAccount}"}}
    told = {
        change.when for change in widened(of_role=allow(DELETE, f"{BUCKET}/*", Condition=element))
    }
    assert any(f"aws:PrincipalTag/of={PRODUCTION}" in when for when in told)


@pytest.mark.parametrize(
    "element",
    [
        {"StringEquals": {"aws:PrincipalAccount": "${aws:PrincipalTag/of}"}},
        {"StringEquals": {"aws:ResourceAccount": "${aws:PrincipalTag/of}"}},
        {"StringEquals": {"aws:PrincipalType": "${aws:PrincipalTag/of}"}},
        {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:*/${aws:PrincipalTag/of}"}},
    ],
)
def test_what_follows_may_be_compared_with_a_tag(element: Any) -> None:
    found = widened(of_role=allow(DELETE, f"{BUCKET}/*", Condition=element))
    assert any("aws:principaltag/of=" in change.when for change in found)


def test_who_uses_a_key_cannot_choose_the_account_of_the_caller() -> None:
    key = f"arn:aws:kms:us-west-2:{PRODUCTION}:key/1"
    element = {"StringEquals": {"kms:CallerAccount": PRODUCTION}}

    def of_key(*more: Any) -> Inventory:
        document = policy(allow("kms:PutKeyPolicy", "*", Principal={"AWS": PRODUCTION}), *more)
        resource: Any = {"account": PRODUCTION, "policy": document}
        return Inventory(accounts=(), users={}, roles={}, resources={key: resource})

    let_in = allow("kms:Decrypt", "*", Principal={"AWS": "*"}, Condition=element)
    found = compare(of_key(), of_key(let_in))
    assert {change.principal for change in found} == {f"anybody of account {PRODUCTION}"}
