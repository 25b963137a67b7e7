"""Whom and what statements mean, and what conditions are told: wrong as shipped, right with us."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cross_account_access.dev.sandbox import corrections
from cross_account_access.dev.sandbox.box import REGION
from tests.integration.sandbox.emulated import (
    ANYTHING,
    HERE,
    PRODUCTION,
    ROLE,
    STAGING,
    Accounts,
    acting,
    code_of,
    nobody,
    of,
    policy,
    reads,
)

UNDER_TEST = corrections
READS = {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::records/*"}
EVERYBODY = {"Principal": "*"}
GUEST, VISITOR = f"arn:aws:iam::{STAGING}:user/Guest", f"arn:aws:iam::{STAGING}:role/in/Visitor"
SESSION = f"arn:aws:sts::{STAGING}:assumed-role/Visitor/test"
ACCOUNT = f"arn:aws:iam::{STAGING}:root"


def opened(accounts: Accounts, *statements: dict[str, Any], **document: Any) -> Any:
    """Makes a bucket with the objects `a` and `Guest/a`; returns the owner's S3."""
    s3 = of(accounts, PRODUCTION, "s3")
    s3.create_bucket(Bucket="records", **HERE)
    s3.delete_public_access_block(Bucket="records")
    for key in ("a", "Guest/a"):
        s3.put_object(Bucket="records", Key=key, Body=b"")
    whole = {**json.loads(policy(*statements)), **document}
    s3.put_bucket_policy(
        Bucket="records",
        Policy=json.dumps({name: value for name, value in whole.items() if value is not None}),
    )
    return s3


def guest(accounts: Accounts) -> Any:
    return acting(accounts.user("Guest", ANYTHING), "s3")


def limited(accounts: Accounts, account: str, user: str) -> None:
    """Gives a user a permissions boundary that allows IAM alone."""
    iam = of(accounts, account, "iam")
    document = policy({"Action": ["iam:*", "s3:ListBucket"], "Resource": "*"})
    arn = iam.create_policy(PolicyName="limit", PolicyDocument=document)["Policy"]["Arn"]
    iam.put_user_permissions_boundary(UserName=user, PermissionsBoundary=arn)


@pytest.mark.parametrize(
    ("listed", "by_user", "by_session"),
    [
        ([GUEST, ACCOUNT], True, False),
        ([SESSION, VISITOR, ACCOUNT], False, True),
        ([f"arn:aws:iam::{PRODUCTION}:root"], False, False),
    ],
    ids=["the user", "the session", "another account"],
)
def test_all_but_these_are_denied(
    accounts: Accounts, listed: list[str], by_user: bool, by_session: bool
) -> None:
    key = accounts.user("Guest", ANYTHING)
    accounts.role("Visitor", STAGING, "/in/")
    of(accounts, STAGING, "iam").put_role_policy(
        RoleName="Visitor", PolicyName="own", PolicyDocument=policy(ANYTHING)
    )
    session = accounts.assumes(key, VISITOR)
    opened(
        accounts,
        {**READS, **EVERYBODY},
        {**READS, "Effect": "Deny", "NotPrincipal": {"AWS": listed}},
    )
    shipped = not accounts.mended
    assert reads(acting(key, "s3")) == (by_user or shipped)
    assert reads(acting(session, "s3")) == (by_session or shipped)
    assert reads(nobody()) == shipped


def test_a_list_of_exceptions_does_not_hold_for_who_has_a_boundary(accounts: Accounts) -> None:
    s3 = guest(accounts)
    excepted = {"NotPrincipal": {"AWS": [GUEST, ACCOUNT]}}
    opened(accounts, {**READS, **EVERYBODY}, {**READS, "Effect": "Deny", **excepted})
    assert reads(s3)
    iam = of(accounts, STAGING, "iam")
    arn = iam.create_policy(PolicyName="all", PolicyDocument=policy(ANYTHING))["Policy"]["Arn"]
    iam.put_user_permissions_boundary(UserName="Guest", PermissionsBoundary=arn)
    assert reads(s3) != accounts.mended


@pytest.mark.parametrize("everybody", [True, False])
def test_what_everybody_may_is_not_limited_within_the_account(
    accounts: Accounts, everybody: bool
) -> None:
    iam = of(accounts, PRODUCTION, "iam")
    iam.create_user(UserName="Owner")
    key = iam.create_access_key(UserName="Owner")["AccessKey"]
    limited(accounts, PRODUCTION, "Owner")
    root = {"AWS": f"arn:aws:iam::{PRODUCTION}:root"}
    opened(accounts, {**READS, "Principal": "*" if everybody else root})
    assert reads(acting(key, "s3")) == (everybody and accounts.mended)


@pytest.mark.parametrize(
    ("named", "needs_none"),
    [
        ({"AWS": f"arn:aws:iam::{PRODUCTION}:user/Owner"}, True),
        ("*", True),
        ({"AWS": f"arn:aws:iam::{PRODUCTION}:root"}, False),
        ({"AWS": f"arn:aws:iam::{PRODUCTION}:user/Other"}, False),
    ],
    ids=["itself", "everybody", "its account", "another"],
)
def test_who_is_named_by_a_role_of_its_account_needs_no_policy(
    accounts: Accounts, named: Any, needs_none: bool
) -> None:
    iam = of(accounts, PRODUCTION, "iam")
    for name in ("Owner", "Other"):
        iam.create_user(UserName=name)
    key = iam.create_access_key(UserName="Owner")["AccessKey"]
    accounts.role("Target", PRODUCTION, Principal=named)
    assert bool(accounts.assumes(key)) == (needs_none and accounts.mended)
    never = policy({"Effect": "Deny", "Resource": ROLE})
    iam.put_user_policy(UserName="Owner", PolicyName="never", PolicyDocument=never)
    assert not accounts.assumes(key)


def test_a_caller_of_another_account_needs_one_all_the_same(accounts: Accounts) -> None:
    key = accounts.user("Guest", {"Action": "iam:*", "Resource": "*"})
    accounts.role("Target", PRODUCTION, Principal={"AWS": GUEST})
    assert not accounts.assumes(key)


@pytest.mark.parametrize("version", ["2008-10-17", None])
def test_what_looks_like_a_variable_is_text_in_older_documents(
    accounts: Accounts, version: str | None
) -> None:
    s3 = guest(accounts)
    name = "arn:aws:s3:::records/${aws:username}/a"
    owner = opened(accounts, {**READS, **EVERYBODY, "Resource": name}, Version=version)
    owner.put_object(Bucket="records", Key="${aws:username}/a", Body=b"")
    assert not reads(s3, "Guest/a")
    assert reads(s3, "${aws:username}/a")
    asks = {"StringEquals": {"aws:username": "${aws:username}"}}
    whole = {**json.loads(policy({**READS, **EVERYBODY, "Condition": asks})), "Version": version}
    document = {name: value for name, value in whole.items() if value is not None}
    owner.put_bucket_policy(Bucket="records", Policy=json.dumps(document))
    assert not reads(s3)


def test_a_character_may_stand_for_itself(accounts: Accounts) -> None:
    s3 = guest(accounts)
    stars = {**READS, **EVERYBODY, "Resource": "arn:aws:s3:::records/${*}"}
    owner = opened(accounts, stars)
    owner.put_object(Bucket="records", Key="*", Body=b"")
    assert reads(s3, "*") == accounts.mended
    assert not reads(s3)
    asks = {"StringLike": {"aws:username": "G${?}est"}}
    owner.put_bucket_policy(
        Bucket="records", Policy=policy({**READS, **EVERYBODY, "Condition": asks})
    )
    assert not reads(s3)


@pytest.mark.parametrize(
    ("condition", "allowed", "shipped"),
    [
        ({"Bool": {"aws:PrincipalIsAWSService": "false"}}, True, False),
        ({"Null": {"aws:ViaAWSService": "true"}}, False, True),
        ({"StringLike": {"aws:UserAgent": "Boto3/*"}}, True, False),
    ],
    ids=["no service", "not via a service", "user agent"],
)
def test_conditions_are_told_of_every_request(
    accounts: Accounts, condition: dict[str, Any], allowed: bool, shipped: bool
) -> None:
    s3 = guest(accounts)
    opened(accounts, {**READS, **EVERYBODY, "Condition": condition})
    assert reads(s3) == (allowed if accounts.mended else shipped)


@pytest.mark.parametrize(
    "condition",
    [
        {"Null": {"aws:PrincipalArn": "true"}},
        {"StringEquals": {"aws:PrincipalAccount": "anonymous"}},
        {"StringEquals": {"aws:userid": "anonymous"}},
    ],
    ids=["no ARN", "account", "user ID"],
)
def test_who_does_not_sign_is_anonymous(accounts: Accounts, condition: dict[str, Any]) -> None:
    s3 = guest(accounts)
    opened(accounts, {**READS, **EVERYBODY, "Condition": condition})
    assert reads(nobody()) == accounts.mended
    assert not reads(s3)


def test_conditions_are_told_of_the_tags_that_an_object_gets(accounts: Accounts) -> None:
    s3 = guest(accounts)
    writes = {"Action": ["s3:PutObject", "s3:PutObjectTagging"], "Resource": READS["Resource"]}
    asks = {
        "ForAnyValue:StringEquals": {"s3:RequestObjectTagKeys": "team"},
        "StringEquals": {"s3:RequestObjectTag/team": "red"},
    }
    opened(accounts, {**writes, **EVERYBODY, "Condition": asks})

    def tags(value: str) -> list[str | None]:
        whole = {"TagSet": [{"Key": "team", "Value": value}, {"Key": "to", "Value": "-"}]}
        return [
            code_of(lambda: s3.put_object_tagging(Bucket="records", Key="a", Tagging=whole)),
            code_of(
                lambda: s3.put_object(
                    Bucket="records", Key="b", Body=b"", Tagging=f"team={value}&to=-"
                )
            ),
        ]

    assert tags("red") == ([None] * 2 if accounts.mended else ["AccessDenied"] * 2)
    assert tags("blue") == ["AccessDenied"] * 2


@pytest.mark.parametrize("own", [True, False])
def test_conditions_are_told_of_the_endpoint_of_a_subscription(
    accounts: Accounts, own: bool
) -> None:
    sns = of(accounts, PRODUCTION, "sns")
    arn = sns.create_topic(Name="news")["TopicArn"]
    ours = {"StringLike": {"sns:Endpoint": f"arn:aws:sqs:*:{STAGING}:*"}}
    subscribes = {"Action": "sns:Subscribe", "Resource": arn}
    on_topic = {**subscribes, "Principal": {"AWS": STAGING}}
    document = policy(on_topic if own else {**on_topic, "Condition": ours})
    sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=document)
    asked = {**subscribes, "Condition": ours} if own else subscribes
    acts = acting(accounts.user("Guest", asked), "sns")

    def subscribed(account: str) -> bool:
        endpoint = f"arn:aws:sqs:{REGION}:{account}:inbox"
        return not code_of(lambda: acts.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=endpoint))

    assert subscribed(STAGING) == accounts.mended
    assert not subscribed(PRODUCTION)


def test_a_refusal_by_the_trust_policy_blames_no_policy_of_the_caller(accounts: Accounts) -> None:
    key = accounts.user("Guest", ANYTHING)
    accounts.role("Target", PRODUCTION, Principal={"AWS": f"arn:aws:iam::{PRODUCTION}:root"})
    with pytest.raises(ClientError) as refused:
        acting(key, "sts").assume_role(RoleArn=ROLE, RoleSessionName="test")
    assert refused.value.response["Error"]["Message"].endswith(f"on resource: {ROLE}")
