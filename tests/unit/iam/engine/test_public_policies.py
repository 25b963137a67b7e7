"""The meaning of "public", by AWS's page."""

from __future__ import annotations

from typing import Any

import pytest

from cross_account_access.iam.documents import PolicyKind, read
from cross_account_access.iam.engine.public_policies import is_public, public_statement
from cross_account_access.iam.inventory import unknown_document
from tests.unit.iam.engine.accounts import BUCKET, TRUSTED, USER, allow, deny, policy, root_of

EVERYBODY: Any = "*"


def answer(principal: Any, **condition: Any) -> bool | None:
    more = {"Condition": condition} if condition else {}
    statement = allow("s3:GetObject", f"{BUCKET}/*", Principal=principal, **more)
    return is_public(read(policy(statement), PolicyKind.RESOURCE, "policy"))


@pytest.mark.parametrize(
    ("principal", "expected"),
    [
        ("*", True),
        ({"AWS": "*"}, True),
        ({"AWS": [USER, "*"]}, True),
        ({"AWS": USER}, False),
        ({"AWS": [TRUSTED, root_of(TRUSTED)]}, False),
        ({"Service": "cloudtrail.amazonaws.com"}, False),
    ],
)
def test_a_principal_is_fixed_or_everybody(principal: Any, expected: bool) -> None:
    assert answer(principal) is expected


@pytest.mark.parametrize(
    ("operator", "key", "value", "expected"),
    [
        ("StringEquals", "aws:PrincipalOrgID", "o-1234567890", False),
        ("StringLike", "aws:PrincipalOrgID", "o-*", True),
        ("StringEquals", "aws:SourceVpce", "vpce-0123456789abcdef0", False),
        ("StringLike", "aws:SourceVpc", "vpc-*", True),
        ("StringEquals", "aws:SourceAccount", [TRUSTED, "222233334444"], False),
        ("ArnLike", "aws:SourceArn", "arn:aws:sns:us-west-2:111122223333:topic", False),
        ("ArnLike", "aws:SourceArn", "arn:aws:sns:us-west-2:111122223333:*", True),
        ("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/Reader", True),
        ("ArnEquals", "aws:PrincipalArn", USER, False),
        ("StringEquals", "aws:userid", "AROAEXAMPLE1234567890:session", False),
        ("StringLike", "aws:userid", "AROAEXAMPLE1234567890:*", True),
        ("StringEquals", "aws:userid", "${aws:username}", True),
        (
            "ArnLike",
            "s3:DataAccessPointArn",
            f"arn:aws:s3:us-west-2:{TRUSTED}:accesspoint/*",
            False,
        ),
        ("ArnLike", "s3:DataAccessPointArn", "arn:aws:s3:us-west-2:*:accesspoint/*", True),
        ("StringEquals", "s3:DataAccessPointAccount", TRUSTED, False),
        ("StringNotEquals", "aws:SourceVpce", "vpce-0123456789abcdef0", True),
        ("StringEqualsIfExists", "aws:SourceVpce", "vpce-0123456789abcdef0", True),
        ("ForAllValues:StringEquals", "aws:PrincipalOrgPaths", "o-1/r-1/", True),
        ("ForAnyValue:StringEquals", "aws:PrincipalOrgPaths", "o-1/r-1/", False),
        ("StringEquals", "s3:x-amz-acl", "bucket-owner-full-control", True),
        ("Bool", "aws:SecureTransport", "true", True),
        ("Null", "aws:SourceVpce", "false", True),
        ("IpAddress", "aws:SourceIp", "203.0.113.0/24", False),
        ("IpAddress", "aws:SourceIp", "203.0.113.7/24", False),
        ("IpAddress", "aws:SourceIp", "anywhere", True),
        ("IpAddress", "aws:SourceIp", "10.0.0.0/8", False),
        ("IpAddress", "aws:SourceIp", "8.0.0.0/7", True),
        ("IpAddress", "aws:SourceIp", ["203.0.113.0/24", "0.0.0.0/1"], True),
        ("IpAddress", "aws:SourceIp", "0.0.0.0/0", True),
        ("IpAddress", "aws:SourceIp", "2001:db8::/32", False),
        ("IpAddress", "aws:SourceIp", "2001:db8::/31", True),
        ("NotIpAddress", "aws:SourceIp", "203.0.113.0/24", True),
    ],
)
def test_a_condition_leaves_fixed_values_or_not(
    operator: str, key: str, value: Any, expected: bool
) -> None:
    assert answer(EVERYBODY, **{operator: {key: value}}) is expected


def test_one_of_several_conditions_is_enough_and_one_of_several_statements_makes_it_public() -> (
    None
):
    fixed = {"StringEquals": {"aws:PrincipalOrgID": "o-1234567890", "s3:prefix": "a/*"}}
    assert answer(EVERYBODY, **fixed) is False
    both = policy(
        allow(Principal={"AWS": USER}), allow(Principal="*", Sid="Open"), deny(Principal="*")
    )
    document = read(both, PolicyKind.RESOURCE, "policy")
    assert is_public(document) is True
    found = public_statement(document)
    assert found is not None
    assert found.sid == "Open"


def test_a_deny_is_not_public_and_all_but_some_is() -> None:
    for statement, expected in (
        (deny(Principal="*"), False),
        (allow(NotPrincipal={"AWS": USER}), True),
    ):
        document = read(policy(statement), PolicyKind.RESOURCE, "policy")
        assert is_public(document) is expected


def test_nothing_is_said_of_a_policy_that_is_not_known() -> None:
    unknown = unknown_document("later", PolicyKind.RESOURCE)
    assert is_public(read(unknown, PolicyKind.RESOURCE, "policy")) is None
