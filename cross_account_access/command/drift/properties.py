"""What a change of each property that the program writes does to access, and which calls make it.

The names of calls are those of CloudTrail's events ("Logging IAM and AWS STS API calls with AWS
CloudTrail", https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cross_account_access.command.drift.findings import Effect

BY_DOCUMENTS: Final = "by documents"
"""The comparison of documents decides."""

Decide = Effect | str | Callable[[Any, Any], Effect]
"""An effect, `BY_DOCUMENTS`, or a function of the value found and the value wanted."""


@dataclass(frozen=True)
class Property:
    """One property of a resource type."""

    effect: Decide
    events: tuple[str, ...]
    parts: tuple[str, ...] = ()
    """Which documents of its holder it decides, as `Documents.changes` takes them."""


def _more_is_wider(found: Any, wanted: Any) -> Effect:  # noqa: ANN401 - of a property
    try:
        return Effect.WIDENING if float(found) > float(wanted) else Effect.NARROWING
    except (TypeError, ValueError):
        return Effect.WIDENING


def _off_is_narrower(found: Any, wanted: Any) -> Effect:  # noqa: ANN401
    return Effect.NARROWING if wanted and not found else Effect.WIDENING


def _protection(*events: str) -> Property:
    return Property(Effect.WIDENING, events)


def _policies(*events: str) -> Property:
    return Property(BY_DOCUMENTS, events, ("policies",))


def _policy(*events: str) -> Property:
    return Property(BY_DOCUMENTS, events, ("policy",))


_IDENTITY: Final = Property(Effect.NARROWING, ())
"""Names a thing: AWS changes it by making another one, so that what was there is gone."""
_OURS: Final = Property(Effect.COSMETIC, ())
"""Says how the provider acts; nothing of it lies in the cloud."""
_TAGS: Final = Property(
    Effect.COSMETIC,
    (
        *("TagRole", "UntagRole", "TagUser", "UntagUser", "TagPolicy", "UntagPolicy"),
        *("TagResource", "UntagResource", "PutBucketTagging", "DeleteBucketTagging"),
        *("TagInstanceProfile", "UntagInstanceProfile", "TagQueue", "UntagQueue"),
        *("TagOpenIDConnectProvider", "UntagOpenIDConnectProvider"),
    ),
)
_BOUNDARY: Final = Property(
    BY_DOCUMENTS,
    (
        *("PutRolePermissionsBoundary", "DeleteRolePermissionsBoundary"),
        *("PutUserPermissionsBoundary", "DeleteUserPermissionsBoundary"),
    ),
    ("boundary",),
)

_ASSOCIATION: Final = Property(
    Effect.NARROWING, ("UpdatePodIdentityAssociation", "DeletePodIdentityAssociation")
)
"""With other roles, or without session tags, the trust policies let nobody in."""

PROPERTIES: Final[Mapping[str, Mapping[str, Property]]] = {
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": {
        "clusterName": _IDENTITY,
        "disableSessionTags": _ASSOCIATION,
        "namespace": _IDENTITY,
        "roleArn": _ASSOCIATION,
        "serviceAccount": _IDENTITY,
        "tags": _TAGS,
        "targetRoleArn": _ASSOCIATION,
    },
    "aws:iam/instanceProfile:InstanceProfile": {
        "name": _IDENTITY,
        "path": _IDENTITY,
        "role": Property(
            _off_is_narrower, ("AddRoleToInstanceProfile", "RemoveRoleFromInstanceProfile")
        ),
        "tags": _TAGS,
    },
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": {
        "clientIdLists": Property(
            Effect.WIDENING,
            ("AddClientIDToOpenIDConnectProvider", "RemoveClientIDFromOpenIDConnectProvider"),
        ),
        "tags": _TAGS,
        "url": _IDENTITY,
    },
    "aws:iam/policy:Policy": {
        "name": _IDENTITY,
        "path": _IDENTITY,
        "policy": _policies("CreatePolicyVersion", "SetDefaultPolicyVersion", "DeletePolicy"),
        "tags": _TAGS,
    },
    "aws:iam/role:Role": {
        "assumeRolePolicy": Property(BY_DOCUMENTS, ("UpdateAssumeRolePolicy",), ("trust",)),
        "description": Property(Effect.COSMETIC, ("UpdateRole", "UpdateRoleDescription")),
        "forceDetachPolicies": _OURS,
        "maxSessionDuration": Property(_more_is_wider, ("UpdateRole",)),
        "name": Property(Effect.NARROWING, ("DeleteRole",)),
        "path": _IDENTITY,
        "permissionsBoundary": _BOUNDARY,
        "tags": _TAGS,
    },
    "aws:iam/rolePoliciesExclusive:RolePoliciesExclusive": {
        "policyNames": _policies("PutRolePolicy", "DeleteRolePolicy"),
        "roleName": _IDENTITY,
    },
    "aws:iam/rolePolicy:RolePolicy": {
        "name": _IDENTITY,
        "policy": _policies("PutRolePolicy", "DeleteRolePolicy"),
        "role": _IDENTITY,
    },
    "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive": {
        "policyArns": _policies("AttachRolePolicy", "DetachRolePolicy"),
        "roleName": _IDENTITY,
    },
    "aws:iam/user:User": {
        "forceDestroy": _OURS,
        "name": Property(Effect.NARROWING, ("DeleteUser", "UpdateUser")),
        "path": Property(Effect.NARROWING, ("UpdateUser",)),
        "permissionsBoundary": _BOUNDARY,
        "tags": _TAGS,
    },
    "aws:iam/userPoliciesExclusive:UserPoliciesExclusive": {
        "policyNames": _policies("PutUserPolicy", "DeleteUserPolicy"),
        "userName": _IDENTITY,
    },
    "aws:iam/userPolicy:UserPolicy": {
        "name": _IDENTITY,
        "policy": _policies("PutUserPolicy", "DeleteUserPolicy"),
        "user": _IDENTITY,
    },
    "aws:iam/userPolicyAttachmentsExclusive:UserPolicyAttachmentsExclusive": {
        "policyArns": _policies("AttachUserPolicy", "DetachUserPolicy"),
        "userName": _IDENTITY,
    },
    "aws:kms/alias:Alias": {
        "name": Property(Effect.NARROWING, ("DeleteAlias",)),
        "targetKeyId": Property(Effect.NARROWING, ("UpdateAlias",)),
    },
    "aws:kms/key:Key": {
        "deletionWindowInDays": _OURS,
        "description": Property(Effect.COSMETIC, ("UpdateKeyDescription",)),
        "enableKeyRotation": _protection("DisableKeyRotation", "EnableKeyRotation"),
        "isEnabled": Property(_off_is_narrower, ("DisableKey", "EnableKey", "ScheduleKeyDeletion")),
        "policy": _policy("PutKeyPolicy"),
        "rotationPeriodInDays": Property(Effect.COSMETIC, ("EnableKeyRotation",)),
        "tags": _TAGS,
    },
    "aws:s3/bucket:Bucket": {
        "bucket": Property(Effect.NARROWING, ("DeleteBucket",)),
        "forceDestroy": _OURS,
        "tags": _TAGS,
    },
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": {
        "bucket": _IDENTITY,
        "rules": _protection("PutBucketLifecycle", "DeleteBucketLifecycle"),
        "transitionDefaultMinimumObjectSize": Property(Effect.COSMETIC, ("PutBucketLifecycle",)),
    },
    "aws:s3/bucketLogging:BucketLogging": {
        "bucket": _IDENTITY,
        "targetBucket": _protection("PutBucketLogging"),
        "targetPrefix": Property(Effect.COSMETIC, ("PutBucketLogging",)),
    },
    "aws:s3/bucketNotification:BucketNotification": {
        "bucket": _IDENTITY,
        **dict.fromkeys(
            ("eventbridge", "lambdaFunctions", "queues", "topics"),
            _protection("PutBucketNotification"),
        ),
    },
    "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": {
        "bucket": _IDENTITY,
        "objectLockEnabled": _IDENTITY,
        "rule": _protection("PutBucketObjectLockConfiguration"),
    },
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": {
        "bucket": _IDENTITY,
        **dict.fromkeys(
            ("role", "rules"), _protection("PutBucketReplication", "DeleteBucketReplication")
        ),
    },
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": {
        "bucket": _IDENTITY,
        "rule": _protection("PutBucketOwnershipControls", "DeleteBucketOwnershipControls"),
    },
    "aws:s3/bucketPolicy:BucketPolicy": {
        "bucket": _IDENTITY,
        "policy": _policy("PutBucketPolicy", "DeleteBucketPolicy"),
    },
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": {
        "bucket": _IDENTITY,
        "skipDestroy": _OURS,
        **dict.fromkeys(
            ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"),
            _protection("PutBucketPublicAccessBlock", "DeleteBucketPublicAccessBlock"),
        ),
    },
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": {
        "bucket": _IDENTITY,
        "rules": _protection("PutBucketEncryption", "DeleteBucketEncryption"),
    },
    "aws:s3/bucketVersioning:BucketVersioning": {
        "bucket": _IDENTITY,
        "versioningConfiguration": _protection("PutBucketVersioning"),
    },
    "aws:sns/topic:Topic": {
        "name": Property(Effect.NARROWING, ("DeleteTopic",)),
        "policy": _OURS,
        "tags": _TAGS,
    },
    "aws:sns/topicPolicy:TopicPolicy": {
        "arn": _IDENTITY,
        "policy": _policy("SetTopicAttributes", "AddPermission", "RemovePermission"),
    },
    "aws:sqs/queue:Queue": {
        "messageRetentionSeconds": Property(Effect.COSMETIC, ("SetQueueAttributes",)),
        "name": Property(Effect.NARROWING, ("DeleteQueue",)),
        "policy": _OURS,
        "sqsManagedSseEnabled": _protection("SetQueueAttributes"),
        "tags": _TAGS,
        "visibilityTimeoutSeconds": Property(Effect.COSMETIC, ("SetQueueAttributes",)),
    },
    "aws:sqs/queuePolicy:QueuePolicy": {
        "policy": _policy("SetQueueAttributes", "AddPermission", "RemovePermission"),
        "queueUrl": _IDENTITY,
    },
}
"""By type token and by name of the property."""
