"""Whatever the documents: what becomes possible is told, and what stays is not."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cross_account_access.command.inventory import inventory_of
from cross_account_access.iam.comparing.comparison import Effect, compare
from cross_account_access.iam.engine import Context, Outcome, Request, decide, parse_principal
from cross_account_access.iam.inventory import Inventory
from cross_account_access.stack import resources_of_state
from tests.support.states import (
    BUCKET,
    ROLE,
    STAGING,
    USER,
    allow,
    export,
    policy,
    walkthrough,
)

Json = dict[str, Any]

ROOT = {"AWS": f"arn:aws:iam::{STAGING}:root"}
EXTERNAL_ID = {"StringEquals": {"sts:ExternalId": "example-1"}}
ORGANISATION = {"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}}
PREFIX = {"StringLike": {"s3:prefix": "reports/*"}}
ONLY_USER = {"ArnEquals": {"aws:PrincipalArn": USER}}
MFA = {"aws:MultiFactorAuthPresent": "true"}
VENDOR = "arn:aws:iam::777788889999:role/Vendor"
DECRYPT = allow(
    "kms:Decrypt",
    "arn:aws:kms:us-west-2:111122223333:key/*",
    Condition={"StringEquals": {"kms:ViaService": "s3.us-west-2.amazonaws.com"}},
)


def inventory(**documents: Any) -> Inventory:
    return inventory_of(resources_of_state(export(walkthrough(**documents))))


ACTIONS = ["s3:GetObject", "s3:PutObject", "s3:Get*", "s3:*", "*", "s3:ListBucket"]
RESOURCES = [BUCKET, f"{BUCKET}/*", f"{BUCKET}/a/*", f"{BUCKET}/*/b", f"{BUCKET}*", "*"]
CONDITIONS: list[Json] = [
    {},
    {"Bool": {"aws:SecureTransport": "true"}},
    {"StringLike": {"s3:prefix": "a*"}},
    {"StringNotEquals": {"s3:prefix": ["ab", "b"]}},
    {"StringEqualsIfExists": {"s3:prefix": "ab"}},
    {"Null": {"s3:prefix": "true"}},
    {"NumericLessThan": {"s3:max-keys": "10"}},
    {"ForAnyValue:StringEquals": {"aws:TagKeys": ["a", "b"]}},
]
STATEMENTS = st.builds(
    lambda effect, action, resource, condition: {
        "Effect": effect,
        "Action": action,
        "Resource": resource,
        **({"Condition": condition} if condition else {}),
    },
    st.sampled_from(["Allow", "Allow", "Deny"]),
    st.lists(st.sampled_from(ACTIONS), min_size=1, max_size=2),
    st.lists(st.sampled_from(RESOURCES), min_size=1, max_size=2),
    st.sampled_from(CONDITIONS),
)
DOCUMENTS = st.lists(STATEMENTS, max_size=3).map(lambda each: policy(*each))
CONTEXTS = st.builds(
    lambda tls, prefix, number, tags: Context(
        {
            "aws:SecureTransport": tls,
            **({} if prefix is None else {"s3:prefix": prefix}),
            "s3:max-keys": number,
            "aws:TagKeys": tags,
        },
        absent=["s3:prefix"] if prefix is None else [],
    ),
    st.booleans(),
    st.sampled_from([None, "a", "ab", "b", "c"]),
    st.integers(8, 12),
    st.lists(st.sampled_from(["a", "b", "c"]), max_size=2, unique=True),
)


@given(
    before=DOCUMENTS,
    after=DOCUMENTS,
    action=st.sampled_from(["s3:GetObject", "s3:PutObject", "s3:GetObjectAcl", "s3:DeleteObject"]),
    key=st.sampled_from(["a/b", "a/x", "x/b", "x", "a/x/b", "zz"]),
    context=CONTEXTS,
)
def test_whatever_becomes_possible_is_told(
    before: Json, after: Json, action: str, key: str, context: Context
) -> None:
    """Any request that is refused before and allowed after makes the comparison say widening."""
    old, new = inventory(role=before), inventory(role=after)
    request = Request(parse_principal(ROLE), action, f"{BUCKET}/{key}", context)
    was, is_now = (decide(each.world(), request).outcome for each in (old, new))
    effects = {change.effect for change in compare(old, new)}
    if was is Outcome.DENIED and is_now is Outcome.ALLOWED:
        assert Effect.WIDENS in effects
    if was is Outcome.ALLOWED and is_now is Outcome.DENIED:
        assert Effect.NARROWS in effects


@given(document=DOCUMENTS)
def test_nothing_differs_from_itself(document: Json) -> None:
    reordered = json.loads(json.dumps(document))
    reordered["Statement"].reverse()
    assert compare(inventory(role=document), inventory(role=reordered)) == []


OUTSIDERS = [
    f"arn:aws:iam::{STAGING}:user/Bob",
    f"arn:aws:iam::{STAGING}:role/app-1",
    VENDOR,
    "arn:aws:iam::999999999999:user/Eve",
]
PRINCIPALS: list[Any] = [
    "*",
    ROOT,
    {"AWS": USER},
    {"AWS": VENDOR},
    {"AWS": ["777788889999", f"arn:aws:iam::{STAGING}:user/Bob"]},
]
WHO: list[Json] = [
    {},
    ORGANISATION,
    ONLY_USER,
    EXTERNAL_ID,
    {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{STAGING}:role/app-*"}},
    {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/*"}},
    {"StringEquals": {"aws:PrincipalAccount": "777788889999"}},
    {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-1234567890"}},
    {"StringEquals": {"aws:PrincipalType": "User"}},
]


def naming(**elements: Any) -> st.SearchStrategy[Json]:
    """Documents whose statements name principals."""
    statement = st.builds(
        lambda effect, principal, condition: {
            "Effect": effect,
            "Principal": principal,
            "Condition": condition,
            **elements,
        },
        st.sampled_from(["Allow", "Allow", "Deny"]),
        st.sampled_from(PRINCIPALS),
        st.sampled_from(WHO),
    )
    return st.lists(statement, max_size=3).map(lambda each: policy(*each))


CALLERS = st.builds(
    lambda organisation, external: Context(
        {
            "aws:SecureTransport": "true",
            **({} if organisation is None else {"aws:PrincipalOrgID": organisation}),
            **({} if external is None else {"sts:ExternalId": external}),
        },
        absent=[
            *(["aws:PrincipalOrgID"] if organisation is None else []),
            *(["sts:ExternalId"] if external is None else []),
        ],
    ),
    st.sampled_from([None, "o-1234567890", "o-0987654321"]),
    st.sampled_from([None, "example-1", "example-2"]),
)


def asked(found: Inventory, principal: str, target: str, context: Context) -> Outcome:
    """Ask for one who may do all that his own account can give."""
    everything = {"policies": {"all": policy(allow("*", "*"))}}
    users, roles = dict(found.users), dict(found.roles)
    if ":user/" in principal and principal not in users:
        users[principal] = {"policies": everything["policies"]}
    if ":role/" in principal:
        roles[principal] = {"policies": everything["policies"], "trust": policy()}
    world = Inventory(accounts=(), users=users, roles=roles, resources=found.resources).world()
    action = "sts:AssumeRole" if target == ROLE else "s3:GetObject"
    return decide(world, Request(parse_principal(principal), action, target, context)).outcome


@given(
    trusts=st.tuples(*[naming(Action="sts:AssumeRole")] * 2),
    buckets=st.tuples(*[naming(Action="s3:GetObject", Resource=f"{BUCKET}/*")] * 2),
    principal=st.sampled_from([USER, *OUTSIDERS]),
    target=st.sampled_from([ROLE, f"{BUCKET}/x"]),
    context=CALLERS,
)
def test_whoever_is_let_in_is_told(
    trusts: tuple[Json, Json],
    buckets: tuple[Json, Json],
    principal: str,
    target: str,
    context: Context,
) -> None:
    """Whoever may newly ask, inside the stack or outside, makes the comparison say widening."""
    old, new = (
        inventory(trust=trust, bucket=bucket, user=policy(allow("*", "*")))
        for trust, bucket in zip(trusts, buckets, strict=True)
    )
    was, is_now = (asked(each, principal, target, context) for each in (old, new))
    effects = {change.effect for change in compare(old, new)}
    if was is Outcome.DENIED and is_now is Outcome.ALLOWED:
        assert Effect.WIDENS in effects
    if was is Outcome.ALLOWED and is_now is Outcome.DENIED:
        assert Effect.NARROWS in effects
