"""A Production bucket as a careful engineer would make it."""

from collections.abc import Sequence

import pulumi
from pulumi import ResourceOptions
from pulumi_aws import s3

from components.bucket_key import BucketKey
from components.sharing import Shared, Sharing
from cross_account_access.declaration.kinds import Bucket
from cross_account_access.declaration.policies.documents import resource_policy

_ABORT_UPLOADS_AFTER_DAYS = 7
_BLOCKED_ENCRYPTION = ["SSE-C"]
"""What nobody but the writer could ever decrypt. S3 blocks it in new buckets by itself since April
2026 ("Blocking or unblocking SSE-C for a general purpose bucket",
https://docs.aws.amazon.com/AmazonS3/latest/userguide/blocking-unblocking-s3-c-encryption-gpb.html);
undeclared, the provider would take whatever it finds."""


class SharedBucket(Shared):
    """A private, versioned, encrypted bucket that answers over TLS only, with its bucket policy.

    Its parts are made one after the other: S3 answers 409 OperationAborted when two changes of one
    bucket meet ("PutBucketPolicy", Amazon S3 API reference,
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html). Each states what S3
    also does by default for new buckets, so that a change behind our back shows as drift.
    """

    def __init__(self, name: str, bucket: Bucket, sharing: Sharing, opts: ResourceOptions) -> None:
        super().__init__("SharedBucket", name, sharing.provider, opts)
        self._name, self._bucket = name, bucket
        key = None
        if bucket.has_own_key:
            key_opts = ResourceOptions(parent=self, depends_on=opts.depends_on)
            key = BucketKey(name, bucket, sharing, key_opts)
            self.key_arn = key.arn
        self._made = made = s3.Bucket(
            name,
            bucket=bucket.name,
            # What is locked is nobody's to empty, and a destroy is not asked twice.
            force_destroy=not (bucket.protect or bucket.object_lock),
            # A destroy that the bucket refuses leaves the key with which its objects are read.
            opts=self.after(key) if key else self.first,
        )
        ownership = s3.BucketOwnershipControls(
            name,
            bucket=made.bucket,
            rule={"object_ownership": "BucketOwnerEnforced"},
            opts=self.after(made),
        )
        public_access = s3.BucketPublicAccessBlock(
            name,
            bucket=made.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self.after(ownership),
        )
        default: s3.BucketServerSideEncryptionConfigurationRuleArgsDict = {
            "apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"},
            "bucket_key_enabled": False,
            "blocked_encryption_types": _BLOCKED_ENCRYPTION,
        }
        if key:
            default = {
                "apply_server_side_encryption_by_default": {
                    "sse_algorithm": "aws:kms",
                    "kms_master_key_id": key.arn,
                },
                "bucket_key_enabled": True,
                "blocked_encryption_types": _BLOCKED_ENCRYPTION,
            }
        encryption = s3.BucketServerSideEncryptionConfiguration(
            name, bucket=made.bucket, rules=[default], opts=self.after(public_access)
        )
        versioning = s3.BucketVersioning(
            name,
            bucket=made.bucket,
            versioning_configuration={"status": "Enabled"},
            opts=self.after(encryption),
        )
        self.guarded = s3.BucketPolicy(
            name,
            bucket=made.bucket,
            policy=resource_policy(bucket, sharing.grants, sharing.accounts),
            opts=self.after(versioning),
        )
        self.arn = made.arn
        """`arn:PARTITION:s3:::NAME`"""
        self.register_outputs({"arn": self.arn, "protect": bucket.protect})

    def complete(self, after: Sequence[pulumi.Resource]) -> None:
        """Make what says nothing of access: what expires, what stays, where a log is written."""
        bucket = self._bucket
        self.last = s3.BucketLifecycleConfiguration(
            self._name,
            bucket=self._made.bucket,
            rules=[
                {
                    "id": "expire-noncurrent-versions",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "noncurrent_version_expiration": {"noncurrent_days": bucket.noncurrent_days},
                },
                {
                    "id": "abort-unfinished-uploads",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "abort_incomplete_multipart_upload": {
                        "days_after_initiation": _ABORT_UPLOADS_AFTER_DAYS
                    },
                },
            ],
            opts=self.after(self.guarded, *after),
        )
        if lock := bucket.object_lock:
            self.last = s3.BucketObjectLockConfiguration(
                self._name,
                bucket=self._made.bucket,
                rule={
                    "default_retention": {
                        "mode": lock.mode.upper(),
                        "days": lock.days,
                        "years": lock.years,
                    }
                },
                opts=self.after(self.last),
            )
        if bucket.access_log:
            self.last = s3.BucketLogging(
                self._name,
                bucket=self._made.bucket,
                target_bucket=bucket.access_log.bucket,
                target_prefix=bucket.access_log.prefix,
                opts=self.after(self.last),
            )
