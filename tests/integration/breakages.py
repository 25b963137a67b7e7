"""What is broken on purpose in each example, and the row of `access verify` that must tell it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.support.live_policies import (
    PRODUCTION,
    access_policy,
    adding,
    attached,
    boundary,
    bucket_policy,
    comparing,
    each,
    group_of,
    inline,
    longest_session,
    queue_policy,
    role_of_staging,
    setting,
    topic_policy,
    trust,
    unconditionally,
    users_policy_gone,
    without,
)
from tests.support.people import REGION

STAGING, VENDOR = "444455556666", "777788889999"
ALIEN = f"arn:aws:iam::{VENDOR}:root"
FOREIGN = "another-bucket-of-production"

BUCKET = "production-test-bucket-101"
OBJECTS = f"arn:aws:s3:::{BUCKET}/*"
PREFIXES, MANY = "example-prefixes-101", "example-many-reports-101"
ORDERS, JOBS, DIRECT = "example-orders", "example-jobs", "example-direct-101"
MFA = ("aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge")
PRINCIPAL_ARN = "aws:PrincipalArn"
TOKEN = "token.actions.githubusercontent.com"
UNIT = "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111"
ANALYSTS = "arn:aws:iam::444455556666:role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_*"

BREAKAGES: list[tuple[str, str, Callable[[], Any], str]] = [
    (
        "prod",
        "trust: opened to the whole account",
        lambda: trust("StageRole", unconditionally("TrustOnePrincipal")),
        "assume StageRole as user/StageAdmin-x",
    ),
    (
        "prod",
        "trust: principal loosened by a wildcard",
        lambda: trust(
            "StageRole",
            each(
                unconditionally("TrustOnePrincipal"),
                setting(
                    "TrustOnePrincipal",
                    "Condition",
                    {"ArnLike": {PRINCIPAL_ARN: f"arn:aws:iam::{STAGING}:user/StageAdmin*"}},
                ),
            ),
        ),
        "assume StageRole as user/StageAdmin-x",
    ),
    (
        "prod",
        "trust: another account beside ours",
        lambda: trust("StageRole", adding(Action="sts:AssumeRole", Principal={"AWS": ALIEN})),
        f"assume StageRole as role/access-verify of {VENDOR}",
    ),
    (
        "prod",
        "trust: one more user",
        lambda: trust(
            "StageRole",
            comparing(
                "TrustOnePrincipal",
                "ArnEquals",
                PRINCIPAL_ARN,
                [f"arn:aws:iam::{STAGING}:user/{name}" for name in ("StageAdmin", "Mallory")],
            ),
        ),
        "assume StageRole as user/Mallory",
    ),
    (
        "prod",
        "trust: everybody",
        lambda: trust("StageRole", adding(Action="sts:AssumeRole", Principal="*")),
        "assume StageRole as a principal of another account",
    ),
    (
        "prod",
        "trust: the wrong account",
        lambda: trust("StageRole", setting("TrustOnePrincipal", "Principal", {"AWS": ALIEN})),
        "assume StageRole",
    ),
    (
        "prod",
        "the user's policy is gone",
        lambda: users_policy_gone("StageAdmin"),
        "assume StageRole",
    ),
    (
        "prod",
        "the user is in a group that may assume any role",
        lambda: group_of("StageAdmin", Action="sts:AssumeRole", Resource="*"),
        "assume any role of Production that trusts Staging",
    ),
    (
        "prod",
        "the role may assume any other",
        lambda: inline("StageRole", Action="sts:*", Resource="*"),
        "assume any role of Production that trusts Production, as StageRole",
    ),
    (
        "prod",
        "listing is gone",
        lambda: access_policy("StageRole", without("Bucket1")),
        f"list {BUCKET}",
    ),
    (
        "prod",
        "reading is gone",
        lambda: access_policy("StageRole", without("Objects1")),
        f"read {BUCKET}",
    ),
    (
        "prod",
        "a boundary without S3",
        lambda: boundary("StageRole"),
        f"read {BUCKET}",
    ),
    (
        "prod",
        "a level more: put",
        lambda: inline("StageRole", Action="s3:PutObject", Resource=OBJECTS),
        f"write to {BUCKET}",
    ),
    (
        "prod",
        "a level more: delete",
        lambda: inline("StageRole", Action="s3:DeleteObject", Resource=OBJECTS),
        f"delete in {BUCKET}",
    ),
    (
        "prod",
        "another bucket, for listing",
        lambda: access_policy("StageRole", setting("Bucket1", "Resource", "arn:aws:s3:::*")),
        f"list {FOREIGN}, which is not of the stack",
    ),
    (
        "prod",
        "another bucket, for reading",
        lambda: access_policy("StageRole", setting("Objects1", "Resource", "*")),
        f"read {FOREIGN}, which is not of the stack",
    ),
    (
        "prod",
        "administrator",
        lambda: attached("StageRole", "arn:aws:iam::aws:policy/AdministratorAccess"),
        f"write to {BUCKET}",
    ),
    (
        "prod",
        "the refusal of plain HTTP is gone",
        lambda: bucket_policy(BUCKET, without("DenyInsecureTransport")),
        f"read {BUCKET} over plain HTTP",
    ),
    (
        "prod",
        "the refusal of plain HTTP spares objects",
        lambda: bucket_policy(
            BUCKET, setting("DenyInsecureTransport", "Resource", f"arn:aws:s3:::{BUCKET}")
        ),
        f"read {BUCKET} over plain HTTP",
    ),
    (
        "prod",
        "bucket: read by another account",
        lambda: bucket_policy(
            BUCKET,
            adding(
                Action="s3:GetObject",
                Principal={"AWS": "*"},
                Resource=OBJECTS,
                Condition={"Bool": {"aws:PrincipalIsAWSService": "false"}},
            ),
            public=True,
        ),
        f"read {BUCKET} as anybody of another account",
    ),
    (
        "prod",
        "bucket: read by all of Staging",
        lambda: bucket_policy(
            BUCKET, adding(Action="s3:GetObject", Principal={"AWS": STAGING}, Resource=OBJECTS)
        ),
        f"read {BUCKET} as anybody else of Staging",
    ),
    (
        "prod",
        "bucket: public",
        lambda: bucket_policy(
            BUCKET, adding(Action="s3:GetObject", Principal="*", Resource=OBJECTS), public=True
        ),
        f"read {BUCKET} as anybody without credentials",
    ),
    (
        "prod",
        "bucket: Staging may not list any more",
        lambda: bucket_policy(BUCKET, without("GrantListToTrustedAccount")),
        f"list {BUCKET} as anybody else of Staging",
    ),
    (
        "prod",
        "bucket: a refusal of everybody",
        lambda: bucket_policy(
            BUCKET,
            adding(Effect="Deny", Action="s3:GetObject", Principal="*", Resource=OBJECTS),
        ),
        f"read {BUCKET}",
    ),
    (
        "prod",
        "sessions of half a day",
        lambda: longest_session("StageRole", 43200),
        "assume StageRole for more than 3600 seconds",
    ),
    (
        "prefixes",
        "objects of a prefix cut short",
        lambda: access_policy(
            "ImageServerAccess",
            setting("Objects1", "Resource", f"arn:aws:s3:::{PREFIXES}/images*"),
        ),
        f"read {PREFIXES}/images-",
    ),
    (
        "prefixes",
        "objects of the whole bucket",
        lambda: access_policy(
            "ImageServerAccess", setting("Objects1", "Resource", f"arn:aws:s3:::{PREFIXES}/*")
        ),
        f"read {PREFIXES}/images-",
    ),
    (
        "prefixes",
        "listing of the whole bucket",
        lambda: access_policy("ImageServerAccess", unconditionally("Listing1", "s3:prefix")),
        f"list {PREFIXES}",
    ),
    (
        "prefixes",
        "listing of a prefix cut short",
        lambda: access_policy(
            "ImageServerAccess", comparing("Listing1", "StringLike", "s3:prefix", "images*")
        ),
        f"list {PREFIXES}/images-",
    ),
    (
        "prefixes",
        "listing of the other prefix",
        lambda: access_policy(
            "ImageServerAccess",
            comparing("Listing1", "StringLike", "s3:prefix", ["images/*", "incoming/*"]),
        ),
        f"list {PREFIXES}/incoming/",
    ),
    (
        "prefixes",
        "writing where only reading is granted",
        lambda: inline(
            "ImageServerAccess",
            Action="s3:PutObject",
            Resource=f"arn:aws:s3:::{PREFIXES}/images/*",
        ),
        f"write to {PREFIXES}/images/",
    ),
    (
        "prefixes",
        "writing is gone",
        lambda: access_policy("ImageServerAccess", without("Objects2")),
        f"write to {PREFIXES}/incoming/",
    ),
    (
        "prefixes",
        "no end in the trust",
        lambda: trust("ImageServerAccess", unconditionally("TrustOnePrincipal", "aws:CurrentTime")),
        "assume ImageServerAccess after 2099-12-31T00:00:00Z",
    ),
    (
        "prefixes",
        "no end in the access policy",
        lambda: access_policy("ImageServerAccess", unconditionally("Objects1", "aws:CurrentTime")),
        f"read {PREFIXES}/images/ after 2099-12-31T00:00:00Z",
    ),
    (
        "third-party",
        "no external ID",
        lambda: trust("AuditorAccess", unconditionally("TrustThirdParty", "sts:ExternalId")),
        "assume AuditorAccess without its external ID",
    ),
    (
        "third-party",
        "any external ID",
        lambda: trust(
            "AuditorAccess", comparing("TrustThirdParty", "StringLike", "sts:ExternalId", "*")
        ),
        "assume AuditorAccess with a wrong external ID",
    ),
    (
        "third-party",
        "another external ID",
        lambda: trust(
            "AuditorAccess", comparing("TrustThirdParty", "StringEquals", "sts:ExternalId", "y")
        ),
        "assume AuditorAccess",
    ),
    (
        "third-party",
        "everybody with the external ID",
        lambda: trust("AuditorAccess", setting("TrustThirdParty", "Principal", "*")),
        "assume AuditorAccess as a principal of another account",
    ),
    (
        "many-grants",
        "any session tags",
        lambda: trust(
            "CollectorAccess",
            unconditionally("TrustOnePrincipal", "aws:RequestTag/project"),
        ),
        "assume CollectorAccess without session tags",
    ),
    (
        "many-grants",
        "no external ID in the trust, though in the user's policy",
        lambda: trust("CleanerAccess", unconditionally("TrustOnePrincipal", "sts:ExternalId")),
        "assume CleanerAccess without its external ID, whatever its own policy allows",
    ),
    (
        "many-grants",
        "another bucket of the stack",
        lambda: inline("CollectorAccess", Action="s3:ListBucket", Resource=f"arn:aws:s3:::{MANY}"),
        f"list {MANY}",
    ),
    (
        "sso-principals",
        "no MFA",
        lambda: trust(
            "OperatorsAccess",
            unconditionally("TrustPrincipals", *MFA),
        ),
        "assume OperatorsAccess without MFA",
    ),
    (
        "sso-principals",
        "MFA that access keys pass by",
        lambda: trust(
            "OperatorsAccess",
            each(
                unconditionally("TrustPrincipals", "aws:MultiFactorAuthAge"),
                comparing("TrustPrincipals", "BoolIfExists", "aws:MultiFactorAuthPresent", "true"),
            ),
        ),
        "assume OperatorsAccess without MFA",
    ),
    (
        "sso-principals",
        "MFA of any age",
        lambda: trust(
            "OperatorsAccess", unconditionally("TrustPrincipals", "aws:MultiFactorAuthAge")
        ),
        "assume OperatorsAccess with MFA of 901 seconds ago",
    ),
    (
        "sso-principals",
        "any address in the trust",
        lambda: trust("OperatorsAccess", unconditionally("TrustPrincipals", "aws:SourceIp")),
        "assume OperatorsAccess from 192.0.2.1",
    ),
    (
        "sso-principals",
        "any address in the access policy",
        lambda: access_policy("OperatorsAccess", unconditionally("Objects1", "aws:SourceIp")),
        "delete in example-principals-101 from 192.0.2.1",
    ),
    (
        "sso-principals",
        "every permission set",
        lambda: trust(
            "AnalystsAccess", comparing("TrustPrincipals", "ArnLike", PRINCIPAL_ARN, ANALYSTS)
        ),
        "assume AnalystsAccess as role/aws-reserved/sso.amazonaws.com/xAWSReservedSSO_Analysts-xx",
    ),
    (
        "sso-principals",
        "a permission set without the permission",
        lambda: role_of_staging("/aws-reserved/sso.amazonaws.com/", "AWSReservedSSO_Analysts_0a"),
        "assume AnalystsAccess",
    ),
    (
        "organization",
        "any organization",
        lambda: trust(
            "EverybodyAccess", unconditionally("TrustOrganization", "aws:PrincipalOrgID")
        ),
        "assume EverybodyAccess as a principal of another account",
    ),
    (
        "organization",
        "any unit",
        lambda: trust(
            "PublishersAccess",
            each(
                unconditionally("TrustOrganization", "aws:PrincipalOrgPaths"),
                unconditionally("StateSourceIdentity", "aws:PrincipalOrgPaths"),
            ),
        ),
        f"assume PublishersAccess with aws:PrincipalOrgPaths {UNIT}-xx",
    ),
    (
        "organization",
        "no source identity",
        lambda: trust(
            "PublishersAccess", unconditionally("TrustOrganization", "sts:SourceIdentity")
        ),
        "assume PublishersAccess without a source identity",
    ),
    (
        "oidc",
        "any branch",
        lambda: trust(
            "PublisherAccess",
            comparing(
                "TrustWebIdentities",
                "StringLike",
                f"{TOKEN}:sub",
                "repo:example-org/site:ref:refs/heads/*",
            ),
        ),
        f"assume PublisherAccess with {TOKEN}:sub repo:example-org/site:ref:refs/heads/main-x",
    ),
    (
        "oidc",
        "no branch at all",
        lambda: trust(
            "PublisherAccess",
            comparing(
                "TrustWebIdentities",
                "ForAllValues:StringEquals",
                f"{TOKEN}:sub",
                "repo:example-org/site:ref:refs/heads/main",
            ),
        ),
        f"assume PublisherAccess without {TOKEN}:sub",
    ),
    (
        "oidc",
        "any audience",
        lambda: trust("PublisherAccess", unconditionally("TrustWebIdentities", f"{TOKEN}:aud")),
        f"assume PublisherAccess with {TOKEN}:aud sts.amazonaws.com-x",
    ),
    (
        "ec2",
        "every role of Staging",
        lambda: trust("ReplicatorAccess", unconditionally("TrustInstances")),
        "assume ReplicatorAccess as role/machines/Replicator-x",
    ),
    (
        "ecs-tasks",
        "every role of Staging",
        lambda: trust("RendererAccess", unconditionally("TrustMachines")),
        "assume RendererAccess as role/tasks/Renderer-x",
    ),
    (
        "eks-pods",
        "pods of every namespace",
        lambda: trust(
            "ShopAccess",
            unconditionally("TrustMachines", "aws:RequestTag/kubernetes-namespace"),
        ),
        "assume ShopAccess without session tag kubernetes-namespace",
    ),
    (
        "topics-queues",
        "publishing is gone",
        lambda: access_policy("ShopAccess", without("Topic1")),
        f"publish to {ORDERS}",
    ),
    (
        "topics-queues",
        "receiving where only sending is granted",
        lambda: inline("ShopAccess", Action="sqs:ReceiveMessage", Resource="*"),
        f"receive from {JOBS}",
    ),
    (
        "topics-queues",
        "subscribing for anybody",
        lambda: access_policy("PartnerAccess", unconditionally("Subscribing1")),
        f"subscribe a queue of another account to {ORDERS}",
    ),
    (
        "topics-queues",
        "topic: all of Staging publishes",
        lambda: topic_policy(
            ORDERS,
            adding(
                Sid="More",
                Action="sns:Publish",
                Principal={"AWS": STAGING},
                Resource=f"arn:aws:sns:{REGION}:{PRODUCTION}:{ORDERS}",
            ),
        ),
        f"publish to {ORDERS} as anybody else of Staging",
    ),
    (
        "topics-queues",
        "queue: plain HTTP is not refused",
        lambda: queue_policy(JOBS, setting("DenyInsecureTransport", "Action", "sqs:PurgeQueue")),
        f"send to {JOBS} over plain HTTP",
    ),
    (
        "kms",
        "the key is out of reach",
        lambda: access_policy("RecordsReaderAccess", without("Key1")),
        "read example-kms.records-101/published/",
    ),
    (
        "via-resource",
        "bucket: no MFA",
        lambda: bucket_policy(DIRECT, unconditionally("Operators2Objects1", *MFA)),
        f"read {DIRECT} without MFA",
    ),
    (
        "via-resource",
        "bucket: objects of the whole bucket, though not in the user's policy",
        lambda: bucket_policy(
            DIRECT, setting("Copier1Objects1", "Resource", f"arn:aws:s3:::{DIRECT}/*")
        ),
        f"read {DIRECT}/images-",
    ),
    (
        "via-resource",
        "bucket: no end, though in the user's policy",
        lambda: bucket_policy(DIRECT, unconditionally("Copier1Listing1", "aws:CurrentTime")),
        f"list {DIRECT}/images/ after 2099-12-31T00:00:00Z",
    ),
    (
        "via-resource",
        "queue: the whole account sends",
        lambda: queue_policy("example-direct-jobs", unconditionally("Publisher2Queue1")),
        "send to example-direct-jobs as anybody else of Staging",
    ),
]
