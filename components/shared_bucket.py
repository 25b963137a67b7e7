"""A Production bucket as a careful engineer would make it."""

import pulumi
from pulumi import ResourceOptions
from pulumi_aws import s3

from components.bucket_key import BucketKey
from components.sharing import Shared, Sharing
from cross_account_access.declaration.kinds import Bucket
from cross_account_access.declaration.policies.documents import resource_policy

_ABORT_UPLOADS_AFTER_DAYS = 7


class SharedBucket(Shared):
    """A private, versioned, encrypted bucket that answers over TLS only, with its bucket policy.

    Its parts are made one after the other: S3 answers 409 OperationAborted when
    two changes of one bucket meet ("PutBucketPolicy", Amazon S3 API reference,
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html).
    Each states what S3 also does by default for new buckets, so that a change
    behind our back shows as drift.
    """

    def __init__(self, name: str, bucket: Bucket, sharing: Sharing, opts: ResourceOptions) -> None:
        super().__init__("cross-account-access:index:SharedBucket", name, None, opts)
        provider, accounts = sharing.provider, sharing.accounts

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
        default: s3.BucketServerSideEncryptionConfigurationRuleArgsDict = {
            "apply_server_side_encryption_by_default": {"sse_algorithm": "AES256"}
        }
        if bucket.has_own_key:
            self.key_arn = BucketKey(
                name,
                bucket=bucket,
                grants=sharing.grants,
                accounts=accounts,
                provider=provider,
                opts=ResourceOptions(parent=self, depends_on=opts.depends_on),
            ).arn
            default = {
                "apply_server_side_encryption_by_default": {
                    "sse_algorithm": "aws:kms",
                    "kms_master_key_id": self.key_arn,
                },
                "bucket_key_enabled": True,
            }
        encryption = s3.BucketServerSideEncryptionConfiguration(
            name,
            bucket=made.bucket,
            rules=[default],
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
            policy=resource_policy(bucket, sharing.grants, accounts),
            opts=after(last, *sharing.policy_after),
        )
        self.arn = made.arn
        """`arn:PARTITION:s3:::NAME`"""
        self.register_outputs({"arn": self.arn})
