"""A Production bucket as a careful engineer would make it."""

from collections.abc import Sequence

import pulumi
from pulumi import ResourceOptions
from pulumi_aws import Provider, s3

from components.policy_documents import bucket_policy
from model import Accounts, Bucket

_ABORT_UPLOADS_AFTER_DAYS = 7


class SharedBucket(pulumi.ComponentResource):
    """A private, versioned, encrypted bucket that answers over TLS only, with its bucket policy.

    Its parts are made one after the other: S3 answers 409 OperationAborted when
    two changes of one bucket meet ("PutBucketPolicy", Amazon S3 API reference).
    Each states what S3 also does by default for new buckets, so that a change
    behind our back shows as drift.
    """

    def __init__(  # noqa: PLR0913 - each is a thing that it is made of
        self,
        name: str,
        *,
        bucket: Bucket,
        accounts: Accounts,
        provider: Provider,
        policy_after: Sequence[pulumi.Resource],
        opts: ResourceOptions,
    ) -> None:
        super().__init__("cross-account-access:index:SharedBucket", name, None, opts)

        def after(*previous: pulumi.Resource) -> ResourceOptions:
            return ResourceOptions(parent=self, provider=provider, depends_on=previous)

        made = s3.Bucket(
            name,
            bucket=bucket.name,
            force_destroy=not bucket.protect,
            opts=ResourceOptions(parent=self, provider=provider, depends_on=opts.depends_on),
        )
        ownership = s3.BucketOwnershipControls(
            name,
            bucket=made.bucket,
            rule={"object_ownership": "BucketOwnerEnforced"},
            opts=after(made),
        )
        public_access = s3.BucketPublicAccessBlock(
            name,
            bucket=made.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=after(ownership),
        )
        encryption = s3.BucketServerSideEncryptionConfiguration(
            name,
            bucket=made.bucket,
            rules=[{"apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}}],
            opts=after(public_access),
        )
        versioning = s3.BucketVersioning(
            name,
            bucket=made.bucket,
            versioning_configuration={"status": "Enabled"},
            opts=after(encryption),
        )
        last: pulumi.Resource = s3.BucketLifecycleConfiguration(
            name,
            bucket=made.bucket,
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
            opts=after(versioning),
        )
        if bucket.access_log:
            last = s3.BucketLogging(
                name,
                bucket=made.bucket,
                target_bucket=bucket.access_log.bucket,
                target_prefix=bucket.access_log.prefix,
                opts=after(last),
            )
        s3.BucketPolicy(
            name,
            bucket=made.bucket,
            policy=bucket_policy(bucket, accounts),
            # What is made last is destroyed first: a protected bucket refuses here, before the
            # destroy has taken anything from anybody.
            opts=after(last, *policy_after),
        )
        self.arn = made.arn
        """`arn:PARTITION:s3:::NAME`"""
        self.register_outputs({"arn": self.arn})
