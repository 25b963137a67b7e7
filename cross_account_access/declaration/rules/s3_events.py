"""Events that S3 tells of, and for which keys."""

from typing import Final

from cross_account_access.declaration.nearest import did_you_mean

EVENTS: Final = (
    "s3:IntelligentTiering",
    "s3:LifecycleExpiration:*",
    "s3:LifecycleExpiration:Delete",
    "s3:LifecycleExpiration:DeleteMarkerCreated",
    "s3:LifecycleTransition",
    "s3:ObjectAcl:Put",
    "s3:ObjectAnnotation:*",
    "s3:ObjectAnnotation:Delete",
    "s3:ObjectAnnotation:Put",
    "s3:ObjectCreated:*",
    "s3:ObjectCreated:CompleteMultipartUpload",
    "s3:ObjectCreated:Copy",
    "s3:ObjectCreated:Post",
    "s3:ObjectCreated:Put",
    "s3:ObjectRemoved:*",
    "s3:ObjectRemoved:Delete",
    "s3:ObjectRemoved:DeleteMarkerCreated",
    "s3:ObjectRestore:*",
    "s3:ObjectRestore:Completed",
    "s3:ObjectRestore:Delete",
    "s3:ObjectRestore:Post",
    "s3:ObjectRetention:Put",
    "s3:ObjectTagging:*",
    "s3:ObjectTagging:Delete",
    "s3:ObjectTagging:Put",
    "s3:ReducedRedundancyLostObject",
    "s3:Replication:*",
    "s3:Replication:OperationFailedReplication",
    "s3:Replication:OperationMissedThreshold",
    "s3:Replication:OperationNotTracked",
    "s3:Replication:OperationReplicatedAfterThreshold",
)
"""Those of the API ("PutBucketNotificationConfiguration", Amazon S3 API reference,
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html)."""
_FILTER_CHARACTERS: Final = 1024


def event(value: str) -> str | None:
    """An event of S3, or all of a kind."""
    if value in EVENTS:
        return None
    kinds = [
        each
        for each in EVENTS
        if each.endswith(":*") or f"{each.rpartition(':')[0]}:*" not in EVENTS
    ]
    known = f"; write one of {', '.join(kinds)}, or one that a * stands for"
    return f"is no event of S3{did_you_mean(value, EVENTS) or known}"


def overlap(one: str, other: str) -> bool:
    """Whether something that happens is both events."""
    return one == other or any(
        all_of.endswith(":*") and some.startswith(all_of.removesuffix("*"))
        for all_of, some in ((one, other), (other, one))
    )


def filter_value(value: str) -> str | None:
    """The beginning or the end of keys.

    Source: "FilterRule", https://docs.aws.amazon.com/AmazonS3/latest/API/API_FilterRule.html.
    """
    if "*" in value:
        return "must not have *, which S3 takes literally; all keys that go on from it are meant"
    if not value.isprintable() or not 1 <= len(value) <= _FILTER_CHARACTERS:
        return f"must have 1 to {_FILTER_CHARACTERS} characters, none of them a control character"
    return None
