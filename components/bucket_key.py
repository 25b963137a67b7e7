"""The KMS key of one bucket."""

from pulumi import ResourceOptions
from pulumi_aws import kms

from components.sharing import Part, Sharing
from cross_account_access.declaration.kinds import Bucket
from cross_account_access.declaration.policies.documents import key_policy

_DELETION_WINDOW_DAYS = 30
"""The longest that KMS offers: a key that is gone takes all objects with it."""
_ROTATION_DAYS = 365


class BucketKey(Part):
    """A symmetric key that is rotated every year, with an alias named as the bucket."""

    def __init__(self, name: str, bucket: Bucket, sharing: Sharing, opts: ResourceOptions) -> None:
        super().__init__("BucketKey", name, sharing.provider, opts)
        key = kms.Key(
            name,
            description=f"Objects of the bucket {bucket.name}",
            deletion_window_in_days=_DELETION_WINDOW_DAYS,
            enable_key_rotation=True,
            rotation_period_in_days=_ROTATION_DAYS,
            policy=key_policy(bucket, sharing.grants, sharing.accounts),
            opts=self.first,
        )
        kms.Alias(name, name=bucket.key_alias, target_key_id=key.key_id, opts=self.after())
        self.arn = key.arn
        """`arn:PARTITION:kms:REGION:ACCOUNT:key/ID`"""
        self.register_outputs({"arn": self.arn})
