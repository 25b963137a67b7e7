"""What S3 may do by itself, as it is declared: replicate buckets, and tell of what happens in them.

Written from AWS's pages alone, as `expected`.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from cross_account_access.credentials.contract import Replication
from cross_account_access.facts.partitions import dns_suffix
from cross_account_access.iam.engine import RoleDocuments

_S3: Final = {"Service": "s3.amazonaws.com"}
_TELLING: Final = {"sns": "sns:Publish", "sqs": "sqs:SendMessage"}
"""How S3 tells, by the service of what is told ("Granting permissions to publish event notification
messages to a destination",
https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html)."""


def told_by_s3(arn: str, buckets: Sequence[str], owner: str) -> dict[str, Any]:
    """Return the statement by which S3 tells a topic or a queue of buckets of this account."""
    return {
        "Effect": "Allow",
        "Principal": _S3,
        "Action": _TELLING[arn.split(":")[2]],
        "Resource": arn,
        "Condition": _on_behalf_of(buckets, owner),
    }


def replicating_role(
    replication: Replication, *, production: str, region: str, has_key: bool, is_to_own_key: bool
) -> RoleDocuments:
    """Return the role by which S3 replicates a bucket: S3 has it, for this one, and nobody else.

    "Setting up permissions for live replication",
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html.
    "Replicating encrypted objects (SSE-S3, SSE-KMS, DSSE-KMS, SSE-C)",
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-config-for-kms-objects.html.

    Args:
        replication: as declared.
        production: the account of both buckets, 12 digits.
        region: of the bucket that is replicated.
        has_key: whether that has a KMS key of its own.
        is_to_own_key: whether the other one has a key that the stack makes.
    """
    source, copies = replication.bucket_arn, replication.destination_arn
    below = [f"/{prefix}*" for prefix in replication.prefixes or ("",)]
    reads = ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl"]
    reads.append("s3:GetObjectVersionTagging")
    if replication.keeps_locks:
        reads += ["s3:GetObjectRetention", "s3:GetObjectLegalHold"]
    writes = ["s3:ReplicateObject", "s3:ReplicateTags"]
    if replication.delete_markers:
        writes.append("s3:ReplicateDelete")
    statements = [
        _allow(["s3:GetReplicationConfiguration", "s3:ListBucket"], [source]),
        _allow(reads, [f"{source}{each}" for each in below]),
        _allow(writes, [f"{copies}{each}" for each in below]),
    ]
    if has_key:
        partition = source.split(":")[1]
        made = f"arn:{partition}:kms:{region}:{production}:key/*"
        about = [copies] if is_to_own_key else [copies, f"{copies}/*"]
        key = replication.kms_key_arn or made
        statements += [
            _with_key(["kms:Decrypt"], made, [source]),
            _with_key(["kms:Encrypt", "kms:GenerateDataKey"], key, about),
        ]
    trust = {
        "Effect": "Allow",
        "Principal": _S3,
        "Action": "sts:AssumeRole",
        "Condition": _on_behalf_of([source], production),
    }
    return {
        "trust": {"Version": "2012-10-17", "Statement": [trust]},
        "policies": {"replication": {"Version": "2012-10-17", "Statement": statements}},
    }


def _on_behalf_of(buckets: Iterable[str], owner: str) -> dict[str, Any]:
    return {
        "ArnLike": {"aws:SourceArn": list(buckets)},
        "StringEquals": {"aws:SourceAccount": owner},
    }


def _with_key(actions: list[str], key: str, about: list[str]) -> dict[str, Any]:
    """Return what S3 may ask of a key, in the region of the key and for one bucket."""
    _, partition, _, region, _ = key.split(":", 4)
    return {
        **_allow(actions, [key]),
        "Condition": {
            "StringEquals": {"kms:ViaService": f"s3.{region}.{dns_suffix(partition)}"},
            "StringLike": {"kms:EncryptionContext:aws:s3:arn": about},
        },
    }


def _allow(actions: list[str], resources: list[str]) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resources}
