"""What AWS refuses and the emulated services do not: refused in front of them, and only there."""

import functools
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.config import Config

from cross_account_access.dev.sandbox import front
from cross_account_access.dev.sandbox.box import REGION
from tests.integration.sandbox.emulated import (
    PRODUCTION,
    STAGING,
    Accounts,
    acting,
    code_of,
    root_of,
)

UNDER_TEST = front
HERE = {"CreateBucketConfiguration": {"LocationConstraint": REGION}}
ROOT = {"AWS": f"arn:aws:iam::{STAGING}:root"}
OWNER = {"AWS": f"arn:aws:iam::{PRODUCTION}:root"}
GOVCLOUD = "us-gov-west-1"
# The models of botocore hold the least length of a value; what is too short is to reach the server.
UNCHECKED = Config(parameter_validation=False)


def client(
    accounts: Accounts, service: str, account: str = PRODUCTION, region: str = REGION
) -> Any:
    """Acts as the root of an account."""
    return acting(root_of(account, accounts.emulator.secret), service, UNCHECKED, region)


def document(**statement: Any) -> str:
    """A policy of one statement, without the elements that are None."""
    filled = {"Effect": "Allow", "Action": "sts:AssumeRole"} | statement
    return with_statements({name: value for name, value in filled.items() if value is not None})


def with_statements(*statements: object, **more: object) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements), **more})


def identity(**statement: Any) -> str:
    return document(**{"Action": "s3:GetObject", "Resource": "*"} | statement)


def trust(**statement: Any) -> str:
    return document(**{"Principal": ROOT} | statement)


def on(service: str, **statement: Any) -> str:
    actions = {"s3": "s3:ListBucket", "sns": "SNS:Publish", "sqs": "sqs:SendMessage"}
    resources = {"s3": "arn:aws:s3:::records", "sns": "*", "sqs": "*"}
    filled = {"Action": actions[service], "Resource": resources[service], "Principal": ROOT}
    return document(**filled | statement)


IDENTITY = {
    "no JSON": "{",
    "a list": "[]",
    "no statement": with_statements(),
    "an unknown element": json.dumps({"Statement": [], "Sid": "a"}),
    "an unknown element of a statement": identity(Actions="s3:GetObject"),
    "an unknown version": json.dumps({**json.loads(identity()), "Version": "2012-10-18"}),
    "a space in a Sid": identity(Sid="a b"),
    "the same Sid twice": with_statements(
        *[{"Sid": "a", "Effect": "Allow", "Action": "s3:*", "Resource": "*"}] * 2
    ),
    "a principal": identity(Principal="*"),
    "no effect": identity(Effect=None),
    "no action": identity(Action=None),
    "action and its opposite": identity(NotAction="s3:*"),
    "an action without a service": identity(Action="GetObject"),
    "no resource": identity(Resource=None),
    "a resource that is no ARN": identity(Resource="records"),
    "a resource of another partition": identity(Resource="arn:aws-us-gov:s3:::records"),
    "an unknown operator": identity(Condition={"StringIs": {"aws:PrincipalArn": "a"}}),
    "a condition without a key": identity(Condition={"Bool": "true"}),
    "a key without a service": identity(Condition={"Bool": {"SecureTransport": "true"}}),
    "a character beyond Latin-1": identity(Resource="arn:aws:s3:::records/\N{SNOWMAN}").replace(
        "\\u2603", "\N{SNOWMAN}"
    ),
}
TRUST = {
    "a resource": trust(Resource="*"),
    "no principal": trust(Principal=None),
    "an action of another service": trust(Action="s3:GetObject"),
    "a user that is not there": trust(Principal={"AWS": f"arn:aws:iam::{STAGING}:user/Nobody"}),
    "a role that is not there": trust(Principal={"AWS": f"arn:aws:iam::{STAGING}:role/a/Nobody"}),
    "a pattern of users": trust(Principal={"AWS": f"arn:aws:iam::{STAGING}:user/*"}),
    "a group": trust(Principal={"AWS": f"arn:aws:iam::{STAGING}:group/admins"}),
    "an ID of nobody": trust(Principal={"AWS": "AIDAAAAAAAAAAAAAAAAAA"}),
    "a principal of another partition": trust(
        Principal={"AWS": f"arn:aws-us-gov:iam::{STAGING}:root"}
    ),
    "a kind of principal that is none": trust(Principal={"Account": STAGING}),
    "an identity provider that is none": trust(
        Action="sts:AssumeRoleWithWebIdentity",
        Principal={"Federated": f"arn:aws:iam::{PRODUCTION}:provider/tokens.example"},
    ),
}
BUCKET = {
    "no JSON": "{",
    "an action of another service": on("s3", Action="sns:Publish"),
    "an action that is none": on("s3", Action="s3:ReadObject"),
    "another bucket": on("s3", Resource="arn:aws:s3:::letters"),
    "an action on what it is not about": on("s3", Resource="arn:aws:s3:::records/*"),
    "a user that is not there": on("s3", Principal={"AWS": f"arn:aws:iam::{STAGING}:user/Nobody"}),
    "no principal": on("s3", Principal=None),
    "more than 20 KB": on("s3", Sid="a" * 20_480),
}


def expect_refused(accounts: Accounts, code: str, codes: dict[str, str | None]) -> None:
    """In front everything is refused by AWS's code; as shipped, not everything is."""
    if accounts.mended:
        assert codes == dict.fromkeys(codes, code)
    else:
        assert None in codes.values()


def test_permissions_policies_of_wrong_form_are_refused(accounts: Accounts) -> None:
    iam = client(accounts, "iam")

    def made(text: str) -> str | None:
        return code_of(lambda: iam.create_policy(PolicyName="p", PolicyDocument=text))

    codes = {wrong: made(text) for wrong, text in IDENTITY.items()}
    expect_refused(accounts, "MalformedPolicyDocument", codes)
    if accounts.mended:
        assert made(identity()) is None


def test_trust_policies_of_wrong_form_are_refused(accounts: Accounts) -> None:
    iam = client(accounts, "iam")
    iam.create_role(RoleName="Right", AssumeRolePolicyDocument=trust())

    def made(text: str) -> str | None:
        return code_of(lambda: iam.create_role(RoleName="Made", AssumeRolePolicyDocument=text))

    def changed(text: str) -> str | None:
        stated = {"RoleName": "Right", "PolicyDocument": text}
        return code_of(lambda: iam.update_assume_role_policy(**stated))

    for saved in (changed, made):
        codes = {wrong: saved(text) for wrong, text in TRUST.items()}
        expect_refused(accounts, "MalformedPolicyDocument", codes)
    assert changed(trust()) is None


def test_bucket_policies_of_wrong_form_are_refused(accounts: Accounts) -> None:
    s3 = client(accounts, "s3")
    s3.create_bucket(Bucket="records", **HERE)

    def saved(text: str) -> str | None:
        return code_of(lambda: s3.put_bucket_policy(Bucket="records", Policy=text))

    expect_refused(
        accounts, "MalformedPolicy", {wrong: saved(text) for wrong, text in BUCKET.items()}
    )
    assert saved(on("s3")) is None


NOBODY = {"AWS": f"arn:aws:iam::{STAGING}:user/Nobody"}
MANY = [
    f"sqs:{name}" for name in ("Send", "Receive", "Delete", "Get", "List", "Purge", "Tag", "Set")
]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (on("sns", Principal=NOBODY), "InvalidParameter"),
        (on("sns", Action="SNS:*"), "InvalidParameter"),
        (on("sqs", Principal=NOBODY), "InvalidAttributeValue"),
        (on("sqs", Action=[f"{each}*" for each in MANY]), "InvalidAttributeValue"),
        (
            on("sqs", Condition={"StringLike": {f"aws:PrincipalTag/{n}": "a" for n in range(11)}}),
            "InvalidAttributeValue",
        ),
    ],
)
def test_the_policy_of_a_topic_or_queue_of_wrong_form_is_refused(
    accounts: Accounts, wrong: str, code: str
) -> None:
    if code == "InvalidParameter":
        sns = client(accounts, "sns")
        arn = sns.create_topic(Name="topic")["TopicArn"]
        # The second is in the policy that a topic has by default.
        allowed = on("sns", Resource=arn, Action=["SNS:Publish", "SNS:Receive"])
        stated = {"TopicArn": arn, "AttributeName": "Policy"}

        def saved(text: str) -> str | None:
            return code_of(lambda: sns.set_topic_attributes(**stated, AttributeValue=text))
    else:
        sqs = client(accounts, "sqs")
        url = sqs.create_queue(QueueName="queue")["QueueUrl"]
        allowed = on("sqs")

        def saved(text: str) -> str | None:
            attributes = {"Policy": text}
            return code_of(lambda: sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes))

    assert saved(allowed) is None
    assert saved(wrong) == (code if accounts.mended else None)


KEYS = {"Action": "kms:*", "Resource": "*"}


@pytest.mark.parametrize(
    "wrong",
    [
        document(**KEYS, Principal=NOBODY),
        document(**KEYS, Principal=ROOT),
        document(Action="kms:Decrypt", Resource="*", Principal=OWNER),
    ],
    ids=["a principal that is not there", "without its writer", "its writer cannot write"],
)
def test_a_key_policy_without_a_keeper_is_refused(accounts: Accounts, wrong: str) -> None:
    kms = client(accounts, "kms")
    assert code_of(lambda: kms.create_key(Policy=document(**KEYS, Principal=OWNER))) is None
    code = code_of(lambda: kms.create_key(Policy=wrong))
    assert code == ("MalformedPolicyDocumentException" if accounts.mended else None)


VALUES: list[tuple[dict[str, Any], str]] = [
    ({"RoleName": "r" * 65}, "ValidationError"),
    ({"RoleName": "a b"}, "ValidationError"),
    ({"RoleName": "TARGET"}, "EntityAlreadyExists"),
    ({"Path": "/a b/"}, "ValidationError"),
    ({"MaxSessionDuration": 43_201}, "ValidationError"),
    ({"MaxSessionDuration": 3599}, "ValidationError"),
    ({"Tags": [{"Key": "aws:a", "Value": "b"}]}, "InvalidInput"),
    ({"Tags": [{"Key": "k" * 129, "Value": "b"}]}, "ValidationError"),
    ({"Tags": [{"Key": str(n), "Value": "b"} for n in range(51)]}, "ValidationError"),
    ({"AssumeRolePolicyDocument": trust(Sid="a" * 8192)}, "LimitExceeded"),
]


def test_values_that_aws_refuses_are_refused(accounts: Accounts) -> None:
    iam = client(accounts, "iam")
    right = {"RoleName": "Target", "AssumeRolePolicyDocument": trust()}
    iam.create_role(**right)
    for number, (stated, code) in enumerate(VALUES):
        asked = right | {"RoleName": f"Other{number}"} | stated
        found = code_of(functools.partial(iam.create_role, **asked))
        assert found == (code if accounts.mended else None), stated


def test_inline_policies_are_counted_together(accounts: Accounts) -> None:
    user = client(accounts, "iam")
    user.create_user(UserName="Reader")
    half = identity(Resource=["arn:aws:s3:::" + "a" * 1000])

    def put(name: str) -> str | None:
        return code_of(
            lambda: user.put_user_policy(UserName="Reader", PolicyName=name, PolicyDocument=half)
        )

    assert put("one") is None
    assert put("two") == ("LimitExceeded" if accounts.mended else None)
    assert put("one") is None


@pytest.mark.parametrize(
    ("service", "call", "code"),
    [
        ("sns", lambda sns: sns.create_topic(Name="a b"), "InvalidParameter"),
        ("sqs", lambda sqs: sqs.create_queue(QueueName="a b"), "InvalidParameterValue"),
        (
            "kms",
            lambda kms: kms.create_alias(
                AliasName="alias/aws/mine", TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"]
            ),
            "NotAuthorizedException",
        ),
        (
            "iam",
            lambda iam: iam.create_open_id_connect_provider(Url="http://tokens.example"),
            "InvalidInput",
        ),
        (
            "iam",
            lambda iam: (
                iam.create_user(UserName="Reader"),
                iam.attach_user_policy(
                    UserName="Reader", PolicyArn=f"arn:aws:iam::{PRODUCTION}:policy/none"
                ),
            ),
            "NoSuchEntity",
        ),
        (
            "s3",
            lambda s3: (
                s3.create_bucket(Bucket="records", **HERE),
                s3.put_bucket_logging(
                    Bucket="records",
                    BucketLoggingStatus={
                        "LoggingEnabled": {"TargetBucket": "none", "TargetPrefix": ""}
                    },
                ),
            ),
            "InvalidTargetBucketForLogging",
        ),
    ],
    ids=["topic", "queue", "alias", "identity provider", "managed policy", "log bucket"],
)
def test_a_name_that_aws_refuses_is_refused(
    accounts: Accounts, service: str, call: Callable[[Any], Any], code: str
) -> None:
    assert code_of(lambda: call(client(accounts, service))) == (code if accounts.mended else None)
