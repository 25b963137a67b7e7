"""Changes of live documents that no row of `access verify` tries, and what they allow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.integration.breakages import DIRECT, JOBS, ORDERS, PREFIXES
from tests.support.live_policies import (
    PRODUCTION,
    access_policy,
    adding,
    attached,
    bucket_policy,
    group_of,
    inline,
    inline_of_user,
    key_policy,
    queue_policy,
    topic_policy,
    trust,
)

STAGING = "444455556666"
SERVER, RECORDS = "ImageServerAccess", "example-kms.records-101"
IMAGES = f"arn:aws:s3:::{PREFIXES}"
OF_STAGING = {"AWS": f"arn:aws:iam::{STAGING}:root"}


def _role_may(action: str, resource: str) -> Callable[[], Any]:
    return lambda: access_policy(SERVER, adding(Action=action, Resource=resource))


UNSEEN: list[tuple[str, str, Callable[[], Any], str]] = [
    (
        "prefixes",
        "a prefix that nobody has",
        _role_may("s3:GetObject", f"{IMAGES}/zzz-hidden/*"),
        "s3:GetObject",
    ),
    (
        "prefixes",
        "old versions",
        _role_may("s3:GetObjectVersion", f"{IMAGES}/images/*"),
        "s3:GetObjectVersion",
    ),
    (
        "prefixes",
        "the bucket's own policy",
        _role_may("s3:PutBucketPolicy", IMAGES),
        "s3:PutBucketPolicy",
    ),
    (
        "prefixes",
        "deleting versions",
        _role_may("s3:DeleteObjectVersion", f"{IMAGES}/*"),
        "s3:DeleteObjectVersion",
    ),
    (
        "prefixes",
        "the ACL of an object",
        _role_may("s3:PutObjectAcl", f"{IMAGES}/images/*"),
        "s3:PutObjectAcl",
    ),
    (
        "prefixes",
        "tags of an object",
        _role_may("s3:GetObjectTagging", f"{IMAGES}/images/*"),
        "s3:GetObjectTagging",
    ),
    (
        "prefixes",
        "an inline policy of the role",
        lambda: inline(SERVER, Action="s3:PutLifecycleConfiguration", Resource=IMAGES),
        "s3:PutLifecycleConfiguration",
    ),
    (
        "prefixes",
        "a policy of AWS attached to the role",
        lambda: attached(SERVER, "arn:aws:iam::aws:policy/IAMReadOnlyAccess"),
        "iam:GetRole",
    ),
    (
        "prefixes",
        "a role that one goes on to",
        lambda: inline(
            SERVER, Action="sts:AssumeRole", Resource=f"arn:aws:iam::{PRODUCTION}:role/Other"
        ),
        "sts:AssumeRole",
    ),
    (
        "prefixes",
        "tags for the session",
        lambda: trust(SERVER, adding(Action="sts:TagSession", Principal=OF_STAGING)),
        "sts:TagSession",
    ),
    (
        "prefixes",
        "a policy of the user's own",
        lambda: inline_of_user("ImageServer", Action="sns:Publish", Resource="*"),
        "sns:Publish",
    ),
    (
        "prefixes",
        "a group of the user",
        lambda: group_of("ImageServer", Action="sqs:ReceiveMessage", Resource="*"),
        "sqs:ReceiveMessage",
    ),
    (
        "prefixes",
        "the bucket's policy lets Staging read tags",
        lambda: bucket_policy(
            PREFIXES, adding(Action="s3:GetBucketTagging", Principal=OF_STAGING, Resource=IMAGES)
        ),
        "s3:GetBucketTagging",
    ),
    (
        "kms",
        "the key's policy lets Staging make grants",
        lambda: key_policy(
            RECORDS, adding(Action="kms:CreateGrant", Principal=OF_STAGING, Resource="*")
        ),
        "kms:CreateGrant",
    ),
    (
        "topics-queues",
        "the topic's policy",
        lambda: topic_policy(
            ORDERS, adding(Action="sns:GetTopicAttributes", Principal=OF_STAGING, Resource="*")
        ),
        "sns:GetTopicAttributes",
    ),
    (
        "topics-queues",
        "the queue's policy",
        lambda: queue_policy(
            JOBS, adding(Action="sqs:PurgeQueue", Principal=OF_STAGING, Resource="*")
        ),
        "sqs:PurgeQueue",
    ),
    (
        "via-resource",
        "old versions by the bucket's policy",
        lambda: bucket_policy(
            DIRECT,
            adding(
                Action="s3:GetObjectVersion",
                Principal=OF_STAGING,
                Resource=f"arn:aws:s3:::{DIRECT}/*",
            ),
        ),
        "s3:GetObjectVersion",
    ),
]
