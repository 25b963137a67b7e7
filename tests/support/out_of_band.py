"""Changes that somebody makes behind the program's back: one for each property that it writes.

`CATALOGUE` has, by type and property, how boto3 makes such a change, or why nobody can; `GONE`
stands for the whole thing. What opens beside the resources is in `tests/support/doors.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

GONE: Final = "(gone)"
ADMINISTRATOR: Final = "arn:aws:iam::aws:policy/AdministratorAccess"
STRANGER: Final = "444455556666"
FOREIGN: Final = "999999999999"

Aws = Callable[[str], Any]
"""A client of the account that the resource is in."""
It = Mapping[str, Any]
"""The outputs of the resource."""
Make = Callable[[Aws, It], object]


@dataclass(frozen=True)
class Seen:
    """A change that a plain preview sees and `up` heals."""

    make: Make
    alone: bool = False
    """Whether it goes with no other change of the same thing."""
    writes: Callable[[Aws, It, str], object] | None = None
    """Of a document: how any text of it is written."""


@dataclass(frozen=True)
class Unchangeable:
    """A property that nobody can change from outside."""

    why: str


@dataclass(frozen=True)
class NotEmulated:
    """A change that a preview sees on AWS, and that the emulated AWS has no call for."""

    call: str


FIXED: Final = Unchangeable("AWS has no call that changes it; another one is another thing")
OWNER: Final = Unchangeable("says whose it is; without it, it is gone")
FIRST: Final = Unchangeable("given when it is made, then ignored: a resource of its own has it")
LOCAL: Final = Unchangeable("says how the provider acts; nothing of it lies in the cloud")


def wider(document: str) -> str:
    """The document for everything else too; it is no longer than before where it may be full."""
    value = json.loads(document)
    first = dict(value["Statement"][0])
    if "Principal" not in first:
        value["Statement"][0] = {**first, "Resource": "*"}
        return json.dumps(value)
    first |= {"Sid": "Added", "Effect": "Allow"}
    first["Principal"] = {"AWS": f"arn:aws:iam::{STRANGER}:root"}
    first.pop("Condition", None)
    value["Statement"] = [*value["Statement"], first]
    return json.dumps(value)


def rewritten(document: str) -> str:
    """The document in other words: keys in another order, a list of one as its only item."""
    value = json.loads(document)
    return json.dumps(_plain(dict(reversed(value.items()))), indent=1)


def _plain(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _plain(each, name) for name, each in reversed(value.items())}
    if isinstance(value, list):
        if len(value) == 1 and key != "Statement":
            return value[0]
        return [_plain(each) for each in value]
    return value


def document(key: str, write: Callable[[Aws, It, str], object]) -> Seen:
    """A change of a document, by how its text is written."""
    return Seen(lambda aws, it: write(aws, it, wider(it[key])), writes=write)


def tags(client: str, operation: str, of: str, key: str, *, as_map: bool = False) -> Seen:
    """A tag that is changed by hand."""

    def make(aws: Aws, it: It) -> object:
        new: Any = [{"Key": "stack", "Value": "mine"}]
        parameter = "Tags"
        if client == "kms":
            new = [{"TagKey": "stack", "TagValue": "mine"}]
        if as_map:
            new = {"stack": "mine"}
        return getattr(aws(client), operation)(**{of: it[key], parameter: new})

    return Seen(make)


def _managed(aws: Aws, it: It, text: str) -> object:
    return aws("iam").create_policy_version(
        PolicyArn=it["arn"], PolicyDocument=text, SetAsDefault=True
    )


def _queue(**attributes: str) -> Seen:
    return Seen(
        lambda aws, it: aws("sqs").set_queue_attributes(QueueUrl=it["url"], Attributes=attributes)
    )


def _s3(operation: str, *, alone: bool = False, **arguments: Any) -> Seen:
    return Seen(
        lambda aws, it: getattr(aws("s3"), operation)(Bucket=it["bucket"], **arguments), alone=alone
    )


def _another_key(aws: Aws, it: It) -> object:
    other = aws("kms").create_key()["KeyMetadata"]["KeyId"]
    return aws("kms").update_alias(AliasName=it["name"], TargetKeyId=other)


def _delete_policy(aws: Aws, it: It) -> object:
    iam = aws("iam")
    for role in iam.list_entities_for_policy(PolicyArn=it["arn"])["PolicyRoles"]:
        iam.detach_role_policy(RoleName=role["RoleName"], PolicyArn=it["arn"])
    for version in iam.list_policy_versions(PolicyArn=it["arn"])["Versions"]:
        if not version["IsDefaultVersion"]:
            iam.delete_policy_version(PolicyArn=it["arn"], VersionId=version["VersionId"])
    return iam.delete_policy(PolicyArn=it["arn"])


def _delete_role(aws: Aws, it: It) -> object:
    iam, role = aws("iam"), {"RoleName": it["name"]}
    for profile in iam.list_instance_profiles_for_role(**role)["InstanceProfiles"]:
        iam.remove_role_from_instance_profile(
            InstanceProfileName=profile["InstanceProfileName"], **role
        )
    for policy in iam.list_attached_role_policies(**role)["AttachedPolicies"]:
        iam.detach_role_policy(PolicyArn=policy["PolicyArn"], **role)
    for name in iam.list_role_policies(**role)["PolicyNames"]:
        iam.delete_role_policy(PolicyName=name, **role)
    return iam.delete_role(**role)


def _delete_user(aws: Aws, it: It) -> object:
    iam, user = aws("iam"), {"UserName": it["name"]}
    for name in iam.list_user_policies(**user)["PolicyNames"]:
        iam.delete_user_policy(PolicyName=name, **user)
    return iam.delete_user(**user)


def _delete_profile(aws: Aws, it: It) -> object:
    iam, profile = aws("iam"), {"InstanceProfileName": it["name"]}
    iam.remove_role_from_instance_profile(RoleName=it["role"], **profile)
    return iam.delete_instance_profile(**profile)


EXTRA: Final = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
    }
)
OPEN: Final = dict.fromkeys(
    ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), False
)
_UNBLOCKED: Final = _s3("put_public_access_block", PublicAccessBlockConfiguration=OPEN)
_LOG: Final = Seen(
    lambda aws, it: aws("s3").put_bucket_logging(
        Bucket=it["bucket"],
        BucketLoggingStatus={
            "LoggingEnabled": {"TargetBucket": it["bucket"], "TargetPrefix": "elsewhere/"}
        },
    )
)
_ROTATED: Final = Seen(
    lambda aws, it: aws("kms").enable_key_rotation(KeyId=it["keyId"], RotationPeriodInDays=2560)
)


def _association(**changes: Any) -> Seen:
    return Seen(
        lambda aws, it: aws("eks").update_pod_identity_association(
            clusterName=it["clusterName"], associationId=it["associationId"], **changes
        )
    )


_UNTOLD: Final = _s3(
    "put_bucket_notification_configuration",
    NotificationConfiguration={"EventBridgeConfiguration": {}},
)
# S3 takes both of a bucket that keeps versions only, which another change ends.
_LOCKED: Final = _s3(
    "put_object_lock_configuration",
    alone=True,
    ObjectLockConfiguration={
        "ObjectLockEnabled": "Enabled",
        "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 2}},
    },
)
_REPLICATED: Final = _s3(
    "put_bucket_replication",
    alone=True,
    ReplicationConfiguration={
        "Role": f"arn:aws:iam::{FOREIGN}:role/replicator",
        "Rules": [
            {
                "ID": "away",
                "Status": "Enabled",
                "Priority": 1,
                "Filter": {"Prefix": ""},
                "DeleteMarkerReplication": {"Status": "Disabled"},
                "Destination": {"Bucket": "arn:aws:s3:::theirs"},
            }
        ],
    },
)

CATALOGUE: Final[Mapping[str, Mapping[str, Seen | Unchangeable | NotEmulated]]] = {
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": {
        "clusterName": FIXED,
        "disableSessionTags": _association(disableSessionTags=True),
        "namespace": FIXED,
        "roleArn": _association(roleArn=f"arn:aws:iam::{STRANGER}:role/Another"),
        "serviceAccount": FIXED,
        "tags": NotEmulated("TagResource"),
        "targetRoleArn": _association(targetRoleArn=f"arn:aws:iam::{FOREIGN}:role/Another"),
        GONE: Seen(
            lambda aws, it: aws("eks").delete_pod_identity_association(
                clusterName=it["clusterName"], associationId=it["associationId"]
            )
        ),
    },
    "aws:iam/instanceProfile:InstanceProfile": {
        "name": FIXED,
        "path": FIXED,
        "role": Seen(
            lambda aws, it: aws("iam").remove_role_from_instance_profile(
                InstanceProfileName=it["name"], RoleName=it["role"]
            )
        ),
        "tags": tags("iam", "tag_instance_profile", "InstanceProfileName", "name"),
        GONE: Seen(_delete_profile),
    },
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": {
        "clientIdLists": NotEmulated("AddClientIDToOpenIDConnectProvider"),
        "tags": NotEmulated("TagOpenIDConnectProvider"),
        "url": FIXED,
        GONE: Seen(
            lambda aws, it: aws("iam").delete_open_id_connect_provider(
                OpenIDConnectProviderArn=it["arn"]
            )
        ),
    },
    "aws:iam/policy:Policy": {
        "name": FIXED,
        "path": FIXED,
        "policy": document("policy", _managed),
        "tags": tags("iam", "tag_policy", "PolicyArn", "arn"),
        GONE: Seen(_delete_policy),
    },
    "aws:iam/role:Role": {
        "assumeRolePolicy": document(
            "assumeRolePolicy",
            lambda aws, it, text: aws("iam").update_assume_role_policy(
                RoleName=it["name"], PolicyDocument=text
            ),
        ),
        "description": Seen(
            lambda aws, it: aws("iam").update_role_description(
                RoleName=it["name"], Description="by hand"
            )
        ),
        "forceDetachPolicies": LOCAL,
        "maxSessionDuration": Seen(
            lambda aws, it: aws("iam").update_role(RoleName=it["name"], MaxSessionDuration=43200)
        ),
        "name": FIXED,
        "path": FIXED,
        "permissionsBoundary": Seen(
            lambda aws, it: aws("iam").put_role_permissions_boundary(
                RoleName=it["name"], PermissionsBoundary=ADMINISTRATOR
            )
        ),
        "tags": tags("iam", "tag_role", "RoleName", "name"),
        GONE: Seen(_delete_role),
    },
    "aws:iam/rolePoliciesExclusive:RolePoliciesExclusive": {
        "policyNames": Seen(
            lambda aws, it: aws("iam").put_role_policy(
                RoleName=it["roleName"], PolicyName="extra", PolicyDocument=EXTRA
            )
        ),
        "roleName": OWNER,
    },
    "aws:iam/rolePolicy:RolePolicy": {
        "name": FIXED,
        "policy": document(
            "policy",
            lambda aws, it, text: aws("iam").put_role_policy(
                RoleName=it["role"], PolicyName=it["name"], PolicyDocument=text
            ),
        ),
        "role": OWNER,
        GONE: Seen(
            lambda aws, it: aws("iam").delete_role_policy(
                RoleName=it["role"], PolicyName=it["name"]
            )
        ),
    },
    "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive": {
        "policyArns": Seen(
            lambda aws, it: aws("iam").attach_role_policy(
                RoleName=it["roleName"], PolicyArn=ADMINISTRATOR
            )
        ),
        "roleName": OWNER,
    },
    "aws:iam/user:User": {
        "forceDestroy": LOCAL,
        "name": FIXED,
        "path": NotEmulated("UpdateUser"),
        "permissionsBoundary": Seen(
            lambda aws, it: aws("iam").put_user_permissions_boundary(
                UserName=it["name"], PermissionsBoundary=ADMINISTRATOR
            )
        ),
        "tags": tags("iam", "tag_user", "UserName", "name"),
        GONE: Seen(_delete_user),
    },
    "aws:iam/userPoliciesExclusive:UserPoliciesExclusive": {
        "policyNames": Seen(
            lambda aws, it: aws("iam").put_user_policy(
                UserName=it["userName"], PolicyName="extra", PolicyDocument=EXTRA
            )
        ),
        "userName": OWNER,
    },
    "aws:iam/userPolicy:UserPolicy": {
        "name": FIXED,
        "policy": document(
            "policy",
            lambda aws, it, text: aws("iam").put_user_policy(
                UserName=it["user"], PolicyName=it["name"], PolicyDocument=text
            ),
        ),
        "user": OWNER,
        GONE: Seen(
            lambda aws, it: aws("iam").delete_user_policy(
                UserName=it["user"], PolicyName=it["name"]
            )
        ),
    },
    "aws:iam/userPolicyAttachmentsExclusive:UserPolicyAttachmentsExclusive": {
        "policyArns": Seen(
            lambda aws, it: aws("iam").attach_user_policy(
                UserName=it["userName"], PolicyArn=ADMINISTRATOR
            )
        ),
        "userName": OWNER,
    },
    "aws:kms/alias:Alias": {
        "name": FIXED,
        "targetKeyId": Seen(_another_key),
        GONE: Seen(lambda aws, it: aws("kms").delete_alias(AliasName=it["name"])),
    },
    "aws:kms/key:Key": {
        "deletionWindowInDays": LOCAL,
        "description": Seen(
            lambda aws, it: aws("kms").update_key_description(
                KeyId=it["keyId"], Description="by hand"
            )
        ),
        "enableKeyRotation": Seen(
            lambda aws, it: aws("kms").disable_key_rotation(KeyId=it["keyId"]), alone=True
        ),
        "isEnabled": Seen(lambda aws, it: aws("kms").disable_key(KeyId=it["keyId"]), alone=True),
        "policy": document(
            "policy",
            lambda aws, it, text: aws("kms").put_key_policy(
                KeyId=it["keyId"], PolicyName="default", Policy=text
            ),
        ),
        "rotationPeriodInDays": _ROTATED,
        "tags": tags("kms", "tag_resource", "KeyId", "keyId"),
    },
    "aws:s3/bucket:Bucket": {
        "bucket": FIXED,
        "forceDestroy": LOCAL,
        "tags": _s3(
            "put_bucket_tagging",
            Tagging={"TagSet": [{"Key": "stack", "Value": "mine"}]},
        ),
        GONE: _s3("delete_bucket"),
    },
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": {
        "bucket": OWNER,
        "rules": _s3(
            "put_bucket_lifecycle_configuration",
            LifecycleConfiguration={
                "Rules": [
                    {
                        "ID": "expire-noncurrent-versions",
                        "Status": "Enabled",
                        "Filter": {"Prefix": ""},
                        "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
                    }
                ]
            },
        ),
        "transitionDefaultMinimumObjectSize": Unchangeable(
            "the provider's own default; it is written with the rules, and decides nothing here,"
            " where no rule moves objects to another class"
        ),
        GONE: _s3("delete_bucket_lifecycle"),
    },
    "aws:s3/bucketLogging:BucketLogging": {
        "bucket": OWNER,
        "targetBucket": _LOG,
        "targetPrefix": _LOG,
        GONE: _s3("put_bucket_logging", BucketLoggingStatus={}),
    },
    "aws:s3/bucketNotification:BucketNotification": {
        "bucket": OWNER,
        "queues": _UNTOLD,
        "topics": _UNTOLD,
        GONE: _s3("put_bucket_notification_configuration", NotificationConfiguration={}),
    },
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": {
        "bucket": OWNER,
        "rule": _LOCKED,
    },
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": {
        "bucket": OWNER,
        "role": _REPLICATED,
        "rules": _REPLICATED,
        GONE: _s3("delete_bucket_replication"),
    },
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": {
        "bucket": OWNER,
        "rule": _s3(
            "put_bucket_ownership_controls",
            OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]},
        ),
        GONE: _s3("delete_bucket_ownership_controls"),
    },
    "aws:s3/bucketPolicy:BucketPolicy": {
        "bucket": OWNER,
        "policy": document(
            "policy",
            lambda aws, it, text: aws("s3").put_bucket_policy(Bucket=it["bucket"], Policy=text),
        ),
        GONE: _s3("delete_bucket_policy"),
    },
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": {
        "bucket": OWNER,
        "skipDestroy": LOCAL,
        "blockPublicAcls": _UNBLOCKED,
        "blockPublicPolicy": _UNBLOCKED,
        "ignorePublicAcls": _UNBLOCKED,
        "restrictPublicBuckets": _UNBLOCKED,
        GONE: _s3("delete_public_access_block"),
    },
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": {
        "bucket": OWNER,
        "rules": _s3(
            "put_bucket_encryption",
            ServerSideEncryptionConfiguration={
                "Rules": [
                    {
                        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
                        "BlockedEncryptionTypes": {"EncryptionType": ["NONE"]},
                    }
                ]
            },
        ),
        GONE: _s3("delete_bucket_encryption"),
    },
    "aws:s3/bucketVersioning:BucketVersioning": {
        "bucket": OWNER,
        "versioningConfiguration": _s3(
            "put_bucket_versioning", VersioningConfiguration={"Status": "Suspended"}
        ),
    },
    "aws:sns/topic:Topic": {
        "name": FIXED,
        "policy": FIRST,
        "tags": tags("sns", "tag_resource", "ResourceArn", "arn"),
        GONE: Seen(lambda aws, it: aws("sns").delete_topic(TopicArn=it["arn"])),
    },
    "aws:sns/topicPolicy:TopicPolicy": {
        "arn": OWNER,
        "policy": document(
            "policy",
            lambda aws, it, text: aws("sns").set_topic_attributes(
                TopicArn=it["arn"], AttributeName="Policy", AttributeValue=text
            ),
        ),
    },
    "aws:sqs/queue:Queue": {
        "messageRetentionSeconds": _queue(MessageRetentionPeriod="60"),
        "name": FIXED,
        "policy": FIRST,
        "sqsManagedSseEnabled": _queue(SqsManagedSseEnabled="false"),
        "tags": Seen(
            lambda aws, it: aws("sqs").tag_queue(QueueUrl=it["url"], Tags={"stack": "mine"})
        ),
        "visibilityTimeoutSeconds": _queue(VisibilityTimeout="1"),
        GONE: Seen(lambda aws, it: aws("sqs").delete_queue(QueueUrl=it["url"])),
    },
    "aws:sqs/queuePolicy:QueuePolicy": {
        "policy": document(
            "policy",
            lambda aws, it, text: aws("sqs").set_queue_attributes(
                QueueUrl=it["queueUrl"], Attributes={"Policy": text}
            ),
        ),
        "queueUrl": OWNER,
    },
}
"""By type token and property."""
