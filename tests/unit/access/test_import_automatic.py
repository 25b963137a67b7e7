"""What S3 does by itself with a bucket that exists already: told before it is imported."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from tests.support.states import resource
from tests.unit.access.test_import import BUCKET, PROVIDER, inside, look, setting

OURS, THEIRS = (
    "arn:aws:sqs:us-west-2:123456789012:ours",
    "arn:aws:sns:us-west-2:123456789012:theirs",
)
PLANNED = [
    PROVIDER,
    *map(
        inside,
        (
            resource("aws:s3/bucket:Bucket", "b", bucket=BUCKET),
            setting("Notification", queues=[{"queueArn": OURS}], topics=[]),
            setting(
                "ReplicationConfig", rules=[{"destination": {"bucket": "arn:aws:s3:::copies"}}]
            ),
            setting(
                "ObjectLockConfiguration",
                rule={"defaultRetention": {"mode": "GOVERNANCE", "days": 30.0}},
            ),
        ),
    ),
]


@pytest.fixture
def s3(empty_account: boto3.Session) -> Any:
    client = empty_account.client("s3")
    client.create_bucket(
        Bucket=BUCKET,
        CreateBucketConfiguration={"LocationConstraint": "us-west-2"},
        ObjectLockEnabledForBucket=True,
    )
    return client


def told() -> dict[str, tuple[str | None, tuple[str, ...], tuple[str, ...]]]:
    found = {name: each.found for name, each in look(PLANNED).items() if name != "Bucket"}
    return {name: (each.import_id, each.changes, each.warnings) for name, each in found.items()}


def test_what_a_bucket_does_not_do_yet_is_told_as_a_change(s3: Any) -> None:
    assert s3
    assert told() == {
        "BucketNotification": (None, (f"tells {OURS} of events",), ()),
        "BucketReplicationConfig": (None, ("replicates to arn:aws:s3:::copies",), ()),
        "BucketObjectLockConfiguration": (
            BUCKET,
            ("object lock: none becomes GOVERNANCE (days: 30)",),
            (),
        ),
    }


def test_what_a_bucket_does_and_is_not_to_do_is_told_as_a_loss(s3: Any) -> None:
    s3.put_bucket_notification_configuration(
        Bucket=BUCKET,
        NotificationConfiguration={
            "TopicConfigurations": [{"TopicArn": THEIRS, "Events": ["s3:ObjectCreated:*"]}]
        },
    )
    s3.put_bucket_replication(
        Bucket=BUCKET,
        ReplicationConfiguration={
            "Role": "arn:aws:iam::123456789012:role/replicator",
            "Rules": [
                {
                    "ID": name,
                    "Status": "Enabled",
                    "Priority": number,
                    "Filter": {"Prefix": name},
                    "DeleteMarkerReplication": {"Status": "Disabled"},
                    "Destination": {"Bucket": f"arn:aws:s3:::{name}"},
                }
                for number, name in enumerate(("copies", "elsewhere"), start=1)
            ],
        },
    )
    lock: Any = {"Mode": "COMPLIANCE", "Years": 1}
    s3.put_object_lock_configuration(
        Bucket=BUCKET,
        ObjectLockConfiguration={
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": lock},
        },
    )
    assert told() == {
        "BucketNotification": (
            BUCKET,
            (f"tells {OURS} of events",),
            (f"no longer tells {THEIRS} of events",),
        ),
        "BucketReplicationConfig": (
            BUCKET,
            (),
            ("no longer replicates to arn:aws:s3:::elsewhere",),
        ),
        "BucketObjectLockConfiguration": (
            BUCKET,
            ("object lock: COMPLIANCE (years: 1) becomes GOVERNANCE (days: 30)",),
            (),
        ),
    }
