"""Policy documents, and what `access lint` finds in them that matters.

Each has what it shows, its kind, its statements, and the rules of medium and high that find
something. Half of them are closed, or harmless otherwise, and must be passed in silence.
"""

from __future__ import annotations

from cross_account_access.iam.engine import PolicyKind
from tests.support.lint_conditions import (
    CLOSED_CONDITIONS,
    OPEN_CONDITIONS,
    ORGANIZATION,
    assuming,
    reading,
    when,
    without,
)
from tests.support.lint_tokens import CLOSED_SUBJECTS, GITHUB, OPEN_SUBJECTS
from tests.support.states import BUCKET, PRODUCTION, STAGING, Json, allow, deny

Case = tuple[str, PolicyKind, list[Json], set[str]]

TRUST, IDENTITY, RESOURCE = PolicyKind.TRUST, PolicyKind.IDENTITY, PolicyKind.RESOURCE
OBJECTS = f"{BUCKET}/*"
QUEUE = f"arn:aws:sqs:us-east-1:{PRODUCTION}:jobs"
TOPIC = f"arn:aws:sns:us-east-1:{PRODUCTION}:news"
ROOT = {"AWS": f"arn:aws:iam::{STAGING}:root"}
OWN_ROOT = {"AWS": f"arn:aws:iam::{PRODUCTION}:root"}
OPEN = {"open-principal"}
TOKEN = {"any-token"}
NONE: set[str] = set()


_OUTSIDE: Json = when("StringNotEquals", "aws:PrincipalOrgID", ORGANIZATION)


def _refuse(*actions: str, condition: Json = _OUTSIDE, resource: str = OBJECTS) -> Json:
    return deny(list(actions), resource, Principal="*", Condition=condition)


_KEY_FOR_SERVICE: Json = allow(
    ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant"],
    "*",
    Principal={"AWS": "*"},
    Condition={
        "StringEquals": {
            "kms:ViaService": "ebs.us-east-1.amazonaws.com",
            "kms:CallerAccount": PRODUCTION,
        }
    },
)
_KEY_FOR_ROOT: Json = allow("kms:*", "*", Principal=OWN_ROOT)
_OLD_TOPIC: Json = allow(
    [
        "SNS:GetTopicAttributes",
        "SNS:SetTopicAttributes",
        "SNS:AddPermission",
        "SNS:RemovePermission",
        "SNS:DeleteTopic",
        "SNS:Subscribe",
        "SNS:Publish",
    ],
    TOPIC,
    Principal={"AWS": "*"},
    Condition={"StringEquals": {"AWS:SourceOwner": PRODUCTION}},
)
_S3 = {"Service": "s3.amazonaws.com"}

CASES: list[Case] = [
    *((f"everybody, {what}", RESOURCE, [reading(*each)], OPEN) for what, each in OPEN_CONDITIONS),
    *((f"everybody, {what}", RESOURCE, [reading(*each)], NONE) for what, each in CLOSED_CONDITIONS),
    *((f"token, {what}", TRUST, each, TOKEN) for what, each in OPEN_SUBJECTS),
    *((f"token, {what}", TRUST, each, NONE) for what, each in CLOSED_SUBJECTS),
    (
        "everybody but one",
        RESOURCE,
        [without(reading(), "Principal") | {"NotPrincipal": ROOT}],
        OPEN,
    ),
    ("every AWS principal", RESOURCE, [reading(principal={"AWS": "*"})], OPEN),
    ("everybody in a list", RESOURCE, [reading(principal={"AWS": [STAGING, "*"]})], OPEN),
    ("refused outside", RESOURCE, [reading(), _refuse("s3:*")], NONE),
    ("refused outside, all", RESOURCE, [reading(), _refuse("*", resource="*")], NONE),
    ("another action refused", RESOURCE, [reading(), _refuse("s3:PutObject")], OPEN),
    (
        "a part refused",
        RESOURCE,
        [reading(), _refuse("s3:*", resource=f"{BUCKET}/secret/*")],
        OPEN,
    ),
    (
        "some actions of a pattern refused",
        RESOURCE,
        [reading() | {"Action": "s3:Get*"}, _refuse("s3:GetObject")],
        OPEN,
    ),
    (
        "all actions of a pattern refused",
        RESOURCE,
        [reading() | {"Action": "s3:GetObject*"}, _refuse("s3:Get*")],
        NONE,
    ),
    (
        "refused but from a network",
        RESOURCE,
        [
            reading(),
            _refuse("s3:*", condition=when("NotIpAddress", "aws:SourceIp", "203.0.113.0/24")),
        ],
        NONE,
    ),
    (
        "refused but from everywhere",
        RESOURCE,
        [reading(), _refuse("s3:*", condition=when("NotIpAddress", "aws:SourceIp", "0.0.0.0/0"))],
        OPEN,
    ),
    (
        "all but one action",
        RESOURCE,
        [without(reading(), "Action") | {"NotAction": "s3:PutObject"}],
        {"open-principal", "not-action", "own-policy"},
    ),
    (
        "all but one resource",
        RESOURCE,
        [without(reading(), "Resource") | {"NotResource": BUCKET}],
        OPEN,
    ),
    (
        "everybody through a service",
        RESOURCE,
        [reading(when("Bool", "aws:PrincipalIsAWSService", "true"))],
        {"confused-deputy"},
    ),
    (
        "refused outside but to services",
        RESOURCE,
        [
            reading(),
            _refuse(
                "s3:*",
                condition={
                    "StringNotEqualsIfExists": {"aws:PrincipalOrgID": ORGANIZATION},
                    "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
                },
            ),
        ],
        {"confused-deputy"},
    ),
    (
        "left to access points",
        RESOURCE,
        [
            allow(
                "*",
                [BUCKET, OBJECTS],
                Principal={"AWS": "*"},
                Condition=when("StringEquals", "s3:DataAccessPointAccount", PRODUCTION),
            )
        ],
        NONE,
    ),
    (
        "all refused but some, in part",
        RESOURCE,
        [without(_refuse("s3:*"), "Principal") | {"NotPrincipal": ROOT}],
        {"not-principal"},
    ),
    (
        "all refused but some, whole",
        RESOURCE,
        [
            without(_refuse("s3:*"), "Principal")
            | {
                "NotPrincipal": {
                    "AWS": [
                        f"arn:aws:iam::{STAGING}:root",
                        f"arn:aws:iam::{STAGING}:role/a/App",
                        f"arn:aws:sts::{STAGING}:assumed-role/App/run",
                    ]
                }
            }
        ],
        NONE,
    ),
    ("all, of an endpoint", PolicyKind.ENDPOINT, [allow("*", "*", Principal="*")], NONE),
    ("all, of an organization", PolicyKind.SERVICE_CONTROL, [allow("*", "*")], NONE),
    ("all, of a boundary", PolicyKind.BOUNDARY, [allow("*", "*")], NONE),
    (
        "no such action of an organization",
        PolicyKind.SERVICE_CONTROL,
        [deny("s3:PutBuckt*", "*")],
        {"unknown-action"},
    ),
    ("SQS's own", RESOURCE, [allow("SQS:*", QUEUE, Principal=OWN_ROOT)], NONE),
    ("SNS's own", RESOURCE, [_OLD_TOPIC], NONE),
    ("KMS's own", RESOURCE, [_KEY_FOR_ROOT], NONE),
    (
        "KMS's own for EBS",
        RESOURCE,
        [_KEY_FOR_SERVICE, allow(["kms:Describe*", "kms:RevokeGrant"], "*", Principal=OWN_ROOT)],
        NONE,
    ),
    (
        "a key through a service alone",
        RESOURCE,
        [
            _KEY_FOR_ROOT,
            allow(
                "kms:Decrypt",
                "*",
                Principal={"AWS": "*"},
                Condition=when("StringEquals", "kms:ViaService", "s3.us-east-1.amazonaws.com"),
            ),
        ],
        OPEN,
    ),
    (
        "a service for all",
        RESOURCE,
        [allow("sqs:SendMessage", QUEUE, Principal=_S3)],
        {"confused-deputy"},
    ),
    (
        "a service for any bucket",
        RESOURCE,
        [
            allow(
                "sqs:SendMessage",
                QUEUE,
                Principal=_S3,
                Condition=when("ArnLike", "aws:SourceArn", "arn:aws:s3:*:*:*"),
            )
        ],
        {"confused-deputy"},
    ),
    (
        "a service, if it tells",
        RESOURCE,
        [
            allow(
                "sqs:SendMessage",
                QUEUE,
                Principal=_S3,
                Condition=when("StringEqualsIfExists", "aws:SourceAccount", STAGING),
            )
        ],
        {"confused-deputy"},
    ),
    (
        "a service for a bucket",
        RESOURCE,
        [
            allow(
                "sqs:SendMessage",
                QUEUE,
                Principal=_S3,
                Condition=when("ArnEquals", "aws:SourceArn", BUCKET),
            )
        ],
        NONE,
    ),
    (
        "a service for an account",
        RESOURCE,
        [
            allow(
                "sqs:SendMessage",
                QUEUE,
                Principal=_S3,
                Condition=when("StringEquals", "aws:SourceAccount", STAGING),
            )
        ],
        NONE,
    ),
    (
        "a service for an organization",
        RESOURCE,
        [
            allow(
                "sqs:SendMessage",
                QUEUE,
                Principal=_S3,
                Condition=when("StringEquals", "aws:SourceOrgID", ORGANIZATION),
            )
        ],
        NONE,
    ),
    (
        "a service for a log group",
        RESOURCE,
        [
            _KEY_FOR_ROOT,
            allow(
                "kms:Decrypt",
                "*",
                Principal={"Service": "logs.us-east-1.amazonaws.com"},
                Condition=when(
                    "ArnLike",
                    "kms:EncryptionContext:aws:logs:arn",
                    f"arn:aws:logs:us-east-1:{PRODUCTION}:*",
                ),
            ),
        ],
        NONE,
    ),
    ("a machine", TRUST, [assuming({"Service": "ec2.amazonaws.com"})], NONE),
    ("any account's", TRUST, [assuming({"AWS": "*"})], OPEN),
    (
        "any account's with an ID",
        TRUST,
        [assuming({"AWS": "*"}, when("StringEquals", "sts:ExternalId", "example-1"))],
        OPEN,
    ),
    (
        "an organization's",
        TRUST,
        [assuming({"AWS": "*"}, when("StringEquals", "aws:PrincipalOrgID", ORGANIZATION))],
        NONE,
    ),
    (
        "everybody of an account",
        TRUST,
        [assuming({"AWS": "*"}, when("StringEquals", "aws:PrincipalAccount", STAGING))],
        {"whole-account"},
    ),
    (
        "everybody by a token",
        TRUST,
        [
            assuming(
                "*",
                when("StringLike", f"{GITHUB}:sub", "repo:my-org/*"),
                action="sts:AssumeRoleWithWebIdentity",
            )
        ],
        NONE,
    ),
    *(
        (f"an account, {what}", TRUST, [assuming(ROOT, *each)], {"whole-account"})
        for what, each in (
            ("all", []),
            ("any role", [when("ArnLike", "aws:PrincipalArn", f"arn:aws:iam::{STAGING}:role/*")]),
            ("any", [when("StringLike", "aws:PrincipalArn", "*")]),
            (
                "but one",
                [when("ArnNotEquals", "aws:PrincipalArn", f"arn:aws:iam::{STAGING}:user/x")],
            ),
            (
                "any of SSO",
                [
                    when(
                        "ArnLike",
                        "aws:PrincipalArn",
                        f"arn:aws:iam::{STAGING}:role/aws-reserved/sso.amazonaws.com/*",
                    )
                ],
            ),
            ("from a network", [when("IpAddress", "aws:SourceIp", "203.0.113.0/24")]),
            ("of an organization", [when("StringEquals", "aws:PrincipalOrgID", ORGANIZATION)]),
        )
    ),
    *(
        (f"an account, {what}", TRUST, [assuming(ROOT, *each)], NONE)
        for what, each in (
            ("a role", [when("ArnEquals", "aws:PrincipalArn", f"arn:aws:iam::{STAGING}:role/x")]),
            ("roles", [when("ArnLike", "aws:PrincipalArn", f"arn:aws:iam::{STAGING}:role/app-*")]),
            (
                "a permission set",
                [
                    when(
                        "ArnLike",
                        "aws:PrincipalArn",
                        f"arn:aws:iam::{STAGING}:role/aws-reserved/sso.amazonaws.com/*"
                        "AWSReservedSSO_Reader_*",
                    )
                ],
            ),
            ("an ID", [when("StringEquals", "sts:ExternalId", "example-1")]),
            ("a tag", [when("StringEquals", "aws:PrincipalTag/team", "reports")]),
            ("a user ID", [when("StringLike", "aws:userid", "AROAEXAMPLEEXAMPLE123:*")]),
        )
    ),
    *(
        (
            f"external ID, {operator} {value}",
            TRUST,
            [
                assuming(
                    ROOT,
                    when("ArnLike", "aws:PrincipalArn", f"arn:aws:iam::{STAGING}:role/a"),
                    when(operator, "sts:ExternalId", value),
                )
            ],
            {"any-external-id"},
        )
        for operator, value in (
            ("StringLike", "*"),
            ("StringLike", "?*"),
            ("StringNotEquals", "x"),
            ("StringEqualsIfExists", "example-1"),
            ("ForAllValues:StringEquals", "example-1"),
        )
    ),
    (
        "MFA if any",
        TRUST,
        [
            assuming(
                ROOT,
                when("ArnLike", "aws:PrincipalArn", f"arn:aws:iam::{STAGING}:user/a"),
                when("BoolIfExists", "aws:MultiFactorAuthPresent", "true"),
            )
        ],
        {"mfa-if-exists"},
    ),
    (
        "MFA",
        TRUST,
        [
            assuming(
                ROOT,
                when("ArnLike", "aws:PrincipalArn", f"arn:aws:iam::{STAGING}:user/a"),
                when("Bool", "aws:MultiFactorAuthPresent", "true"),
            )
        ],
        NONE,
    ),
    (
        "refused without MFA",
        IDENTITY,
        [deny("s3:*", "*", Condition=when("Bool", "aws:MultiFactorAuthPresent", "false"))],
        {"mfa-if-exists"},
    ),
    (
        "refused without MFA, and with a key",
        IDENTITY,
        [
            deny("s3:*", "*", Condition=when("Bool", "aws:MultiFactorAuthPresent", "false")),
            deny("s3:*", "*", Condition=when("Null", "aws:MultiFactorAuthPresent", "true")),
        ],
        NONE,
    ),
    (
        "its own policy",
        RESOURCE,
        [allow("s3:PutBucketPolicy", BUCKET, Principal=ROOT)],
        {"own-policy"},
    ),
    (
        "its own policy, within a pattern",
        RESOURCE,
        [allow("s3:Put*", BUCKET, Principal=ROOT)],
        {"own-policy"},
    ),
    (
        "a function's own policy",
        RESOURCE,
        [
            allow(
                "lambda:AddPermission",
                f"arn:aws:lambda:us-east-1:{PRODUCTION}:function:f",
                Principal=ROOT,
            )
        ],
        {"own-policy"},
    ),
    ("policies by a policy", IDENTITY, [allow("s3:PutBucketPolicy", BUCKET)], {"own-policy"}),
    ("policies by a pattern", IDENTITY, [allow("sns:*Permission", TOPIC)], {"own-policy"}),
    (
        "a role of a replica",
        IDENTITY,
        [allow("s3:ObjectOwnerOverrideToBucketOwner", OBJECTS)],
        NONE,
    ),
    ("a reader of policies", IDENTITY, [allow("s3:GetBucketPolicy", BUCKET)], NONE),
    (
        "its own policy, of a role",
        RESOURCE,
        [allow("sqs:AddPermission", QUEUE, Principal={"AWS": f"arn:aws:iam::{STAGING}:role/a"})],
        {"own-policy"},
    ),
    (
        "its own policy, its own role",
        RESOURCE,
        [allow("sqs:AddPermission", QUEUE, Principal={"AWS": f"arn:aws:iam::{PRODUCTION}:role/a"})],
        NONE,
    ),
    (
        "a grant of a key",
        RESOURCE,
        [_KEY_FOR_ROOT, allow("kms:CreateGrant", "*", Principal=ROOT)],
        {"own-policy"},
    ),
    (
        "a grant of a key for services",
        RESOURCE,
        [
            _KEY_FOR_ROOT,
            allow(
                "kms:CreateGrant",
                "*",
                Principal=ROOT,
                Condition=when("Bool", "kms:GrantIsForAWSResource", "true"),
            ),
        ],
        NONE,
    ),
    (
        "its own policy, for an account",
        RESOURCE,
        [
            allow(
                "sqs:AddPermission",
                QUEUE,
                Principal="*",
                Condition=when("StringEquals", "aws:PrincipalAccount", STAGING),
            )
        ],
        {"own-policy"},
    ),
    (
        "its own policy, for an organization",
        RESOURCE,
        [
            allow(
                "sqs:AddPermission",
                QUEUE,
                Principal="*",
                Condition=when("StringEquals", "aws:PrincipalOrgID", ORGANIZATION),
            )
        ],
        {"own-policy"},
    ),
    (
        "its own policy, for its account",
        RESOURCE,
        [
            allow(
                "sqs:AddPermission",
                QUEUE,
                Principal="*",
                Condition=when("StringEquals", "aws:PrincipalAccount", PRODUCTION),
            )
        ],
        NONE,
    ),
    (
        "its own policy, refused",
        RESOURCE,
        [
            allow("sqs:*", QUEUE, Principal=ROOT),
            deny(
                ["sqs:AddPermission", "sqs:RemovePermission", "sqs:SetQueueAttributes"],
                QUEUE,
                Principal="*",
            ),
        ],
        {"wildcard-action"},
    ),
    ("no such action", IDENTITY, [allow("s3:GetObjct", OBJECTS)], NONE),
    ("no such action refused", IDENTITY, [deny("s3:PutObjct", "*")], {"unknown-action"}),
    ("no such actions refused", IDENTITY, [deny("s3:Putt*", "*")], {"unknown-action"}),
    ("no such service refused", IDENTITY, [deny("s4:*", "*")], {"unknown-action"}),
    ("an operation refused", IDENTITY, [deny("s3:HeadObject", "*")], {"unknown-action"}),
    ("actions refused", IDENTITY, [deny(["s3:PutObject", "s3:Delete*"], "*")], NONE),
    (
        "all but no action",
        IDENTITY,
        [{"Effect": "Allow", "NotAction": "s3:PutObjct", "Resource": BUCKET}],
        {"unknown-action", "not-action"},
    ),
    (
        "no such action in a trust",
        TRUST,
        [assuming({"Service": "ec2.amazonaws.com"}, action="sts:AssumeRol")],
        {"unknown-action"},
    ),
    (
        "another service's action in a trust",
        TRUST,
        [assuming({"Service": "ec2.amazonaws.com"}, action="s3:GetObject")],
        {"unknown-action"},
    ),
]
