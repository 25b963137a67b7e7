"""The KMS key of one bucket."""

from collections.abc import Sequence

import pulumi
from pulumi import ResourceOptions
from pulumi_aws import Provider, kms

from cross_account_access.declaration.accounts import Accounts
from cross_account_access.declaration.kinds import Bucket
from cross_account_access.declaration.model import Grant
from cross_account_access.declaration.policies.documents import key_policy

_DELETION_WINDOW_DAYS = 30
"""The longest that KMS offers: a key that is gone takes all objects with it."""


class BucketKey(pulumi.ComponentResource):
    """A symmetric key that is rotated every year, with an alias named as the bucket."""

    def __init__(  # noqa: PLR0913 - each is a thing that it is made of
        self,
        name: str,
        *,
        bucket: Bucket,
        grants: Sequence[Grant],
        accounts: Accounts,
        provider: Provider,
        opts: ResourceOptions,
    ) -> None:
        super().__init__("cross-account-access:index:BucketKey", name, None, opts)
        key = kms.Key(
            name,
            description=f"Objects of the bucket {bucket.name}",
            deletion_window_in_days=_DELETION_WINDOW_DAYS,
            enable_key_rotation=True,
            policy=key_policy(bucket, grants, accounts),
            opts=ResourceOptions(parent=self, provider=provider, depends_on=opts.depends_on),
        )
        kms.Alias(
            name,
            name=bucket.key_alias,
            target_key_id=key.key_id,
            opts=ResourceOptions(parent=self, provider=provider),
        )
        self.arn = key.arn
        """`arn:PARTITION:kms:REGION:ACCOUNT:key/ID`"""
        self.register_outputs({"arn": self.arn})
