"""Replication of a bucket to another one, by a role that S3 alone may have."""

import pulumi
from pulumi import ResourceOptions
from pulumi_aws import iam, s3

from components.sharing import Part, Shared, Sharing
from cross_account_access.declaration.kinds import Bucket
from cross_account_access.declaration.kinds.bucket_settings import Replication as Declared
from cross_account_access.declaration.policies.replication import (
    replication_policy,
    replication_trust_policy,
)

_POLICY = "Replication"


class Replication(Part):
    """The rules of a bucket, one a prefix, and the role by which S3 follows them.

    What others give the role shows as drift, as of the roles of consumers.
    """

    def __init__(  # noqa: PLR0913, PLR0917 - both buckets, declared and made
        self,
        name: str,
        bucket: Bucket,
        declared: Declared,
        other: Shared | None,
        sharing: Sharing,
        opts: ResourceOptions,
    ) -> None:
        super().__init__("Replication", name, sharing.provider, opts)
        owner = sharing.accounts.trusting
        # The plain name is a consumer's, whose role this is not.
        item = f"{name}.replication"
        stack = f"{pulumi.get_project()}/{pulumi.get_stack()}"
        role = iam.Role(
            item,
            name=bucket.replication_role_name,
            path="/",
            description=f"S3 replicates {bucket.name} by it, in the Pulumi stack {stack}",
            assume_role_policy=replication_trust_policy(bucket, owner),
            force_detach_policies=True,
            opts=self.first,
        )
        policy = iam.RolePolicy(
            item,
            role=role.name,
            name=_POLICY,
            policy=replication_policy(bucket, owner, is_ours=other is not None),
            opts=self.after(),
        )
        attached = iam.RolePolicyAttachmentsExclusive(
            item, role_name=role.name, policy_arns=[], opts=self.after(policy)
        )
        exclusive = iam.RolePoliciesExclusive(
            item, role_name=role.name, policy_names=[policy.name], opts=self.after(attached)
        )
        destination_arn = f"arn:{owner.partition}:s3:::{declared.bucket}"
        # Where one bucket has a key, so has the other.
        key = declared.kms_key_arn or (other.key_arn if other else None)
        s3.BucketReplicationConfig(
            name,
            bucket=bucket.name,
            role=role.arn,
            rules=[
                _rule(number, prefix, destination_arn, key, declared)
                for number, prefix in enumerate(sorted(declared.prefixes) or [""], start=1)
            ],
            opts=self.after(exclusive),
        )
        self.register_outputs({})


def _rule(
    number: int,
    prefix: str,
    destination_arn: str,
    key: pulumi.Input[str] | None,
    declared: Declared,
) -> s3.BucketReplicationConfigRuleArgsDict:
    markers = "Enabled" if declared.delete_markers else "Disabled"
    rule: s3.BucketReplicationConfigRuleArgsDict = {
        "id": f"copy-{number}",
        "status": "Enabled",
        "priority": number,
        "filter": {"prefix": prefix},
        "destination": {"bucket": destination_arn},
        "delete_marker_replication": {"status": markers},
    }
    if key is not None:
        rule["source_selection_criteria"] = {"sse_kms_encrypted_objects": {"status": "Enabled"}}
        rule["destination"] = {
            "bucket": destination_arn,
            "encryption_configuration": {"replica_kms_key_id": key},
        }
    return rule
