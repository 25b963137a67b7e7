"""The documents of the role by which S3 replicates a bucket."""

from collections.abc import Iterator, Sequence

from cross_account_access.declaration.accounts import Account
from cross_account_access.declaration.kinds import Bucket
from cross_account_access.declaration.model import S3_SERVICE
from cross_account_access.declaration.statements import ConditionBlock, Statement, allow, render


def replication_trust_policy(bucket: Bucket, owner: Account) -> str:
    """Lets S3 have the role for this bucket of this account, and nobody else.

    Source: "The confused deputy problem",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html.
    """
    return render(
        [
            allow(
                "TrustReplication",
                ["sts:AssumeRole"],
                {
                    "ArnEquals": {"aws:SourceArn": [bucket.arn(owner)]},
                    "StringEquals": {"aws:SourceAccount": [owner.account_id]},
                },
                principal={"Service": [S3_SERVICE]},
            )
        ]
    )


def replication_policy(bucket: Bucket, owner: Account, *, is_ours: bool) -> str:
    """What S3 needs to copy a bucket: to read it, and to write copies into the other one.

    Source: "Setting up permissions for live replication",
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html.

    Args:
        bucket: which is replicated.
        owner: of both buckets.
        is_ours: whether the stack makes the other one as well.
    """
    return render(_statements(bucket, owner, is_ours=is_ours))


def _statements(bucket: Bucket, owner: Account, *, is_ours: bool) -> Iterator[Statement]:
    replication = bucket.replication
    if replication is None:
        return
    arn, copies = bucket.arn(owner), f"arn:{owner.partition}:s3:::{replication.bucket}"
    keys = [f"{prefix}*" for prefix in sorted(replication.prefixes) or [""]]
    yield allow("Bucket", ["s3:GetReplicationConfiguration", "s3:ListBucket"], resources=[arn])
    locks = ("s3:GetObjectLegalHold", "s3:GetObjectRetention") if bucket.object_lock else ()
    reading = (
        *("s3:GetObjectVersionAcl", "s3:GetObjectVersionForReplication"),
        *("s3:GetObjectVersionTagging", *locks),
    )
    yield allow("Objects", reading, resources=[f"{arn}/{key}" for key in keys])
    deleting = ["s3:ReplicateDelete"] if replication.delete_markers else []
    yield allow(
        "Copies",
        ["s3:ReplicateObject", "s3:ReplicateTags", *deleting],
        resources=[f"{copies}/{key}" for key in keys],
    )
    if not bucket.has_own_key:
        return
    # A key has no name before it is made.
    made = owner.regional_arn("kms", "key/*")
    key = replication.kms_key_arn or made
    yield allow("Decrypt", ["kms:Decrypt"], _for([arn], made, owner), resources=[made])
    # Whether the other bucket has a bucket key is known of one of the stack alone.
    about = [copies] if is_ours else [copies, f"{copies}/*"]
    writing = ["kms:Encrypt", "kms:GenerateDataKey"]
    yield allow("Encrypt", writing, _for(about, key, owner), resources=[key])


def _for(arns: Sequence[str], key: str, owner: Account) -> ConditionBlock:
    """S3 asks for a key, in the region of the key, for a bucket or what is in it.

    Source: "Replicating encrypted objects (SSE-S3, SSE-KMS, DSSE-KMS, SSE-C)",
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html.
    """
    return {
        "StringEquals": {"kms:ViaService": [f"s3.{key.split(':')[3]}.{owner.dns_suffix}"]},
        "StringLike": {"kms:EncryptionContext:aws:s3:arn": arns},
    }
