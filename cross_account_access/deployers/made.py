"""What a stack makes and uses in each account, by the ARNs that its deployers need.

All of it is told by the settings, so that deployers can be made before the stack is.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from cross_account_access.declaration.accounts import Account, Accounts
from cross_account_access.declaration.kinds import Bucket, EksPods, Instances, Queue, Topic, User
from cross_account_access.declaration.kinds.web_identities import WebIdentities
from cross_account_access.declaration.machines import Machines
from cross_account_access.declaration.model import ExistingResource, OwnedResource, Role
from cross_account_access.declaration.settings import Settings

EVERY_STACK: Final = "pulumi:providers:aws"
_ROLE_PARTS: Final = (
    "aws:iam/role:Role",
    "aws:iam/rolePoliciesExclusive:RolePoliciesExclusive",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive",
)
_USER_PARTS: Final = (
    "aws:iam/user:User",
    "aws:iam/userPoliciesExclusive:UserPoliciesExclusive",
    "aws:iam/userPolicy:UserPolicy",
    "aws:iam/userPolicyAttachmentsExclusive:UserPolicyAttachmentsExclusive",
)
_BUCKET_PARTS: Final = (
    "aws:s3/bucket:Bucket",
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "aws:s3/bucketLogging:BucketLogging",
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "aws:s3/bucketVersioning:BucketVersioning",
)
_PROBES: Final = "*access-verify-*/*"
"""Keys that `access verify` writes, below any prefix."""


@dataclass(frozen=True, kw_only=True)
class Made:
    """One thing that the stack makes or uses."""

    type: str
    """As `actions` has it."""
    objects: Mapping[str, str]
    """ARNs by kind of object; a kind that is not here is not given, as all groups are not."""
    boundary: str | None = None
    """ARN of the permissions boundary that a principal is to have."""
    is_tagged: bool = False
    """Whether the tags of the stack are what tells it from others: its ARN is known too late."""


def in_production(settings: Settings) -> Iterator[Made]:
    """What is made and used in the Production account."""
    owner = settings.production
    yield _of_every_stack(owner)
    for consumer in settings.consumers:
        if consumer.role:
            yield from _role(consumer.role, owner)
        if isinstance(consumer.principal, WebIdentities):
            which = "existing oidc-provider" if consumer.principal.existing else _OIDC
            yield Made(
                type=which, objects={"oidc-provider": consumer.principal.provider_arn(owner)}
            )
    made = {each.name for each in settings.buckets if not each.existing}
    for bucket in settings.buckets:
        if bucket.replication and bucket.replication.bucket not in made:
            copies = f"arn:{owner.partition}:s3:::{bucket.replication.bucket}"
            yield Made(type="copies s3", objects={"resource": copies})
    for resource in settings.resources:
        arn = resource.arn(owner)
        service = arn.split(":")[2]
        if isinstance(resource, OwnedResource) and not resource.existing:
            yield from _owned(resource, owner)
        else:
            yield Made(type=f"existing {service}", objects={"resource": arn})
            if service == "logs":
                # Of what is in a group, which AWS asks for where a call lists its streams.
                yield Made(type="existing logs", objects={"resource": f"{arn}:*"})
            key = resource.kms_key_arn if isinstance(resource, ExistingResource) else None
            key = key or resource.used_key(owner)
            if key and f":{owner.account_id}:" in key:
                yield Made(type="existing kms", objects={"resource": key})


def in_staging(settings: Settings) -> Iterator[Made]:
    """What is made and used in the Staging account."""
    owner = settings.staging
    yield _of_every_stack(owner)
    for consumer in settings.consumers:
        match consumer.principal:
            case User() as user:
                yield from _user(user, owner)
            case Machines() as machines:
                yield from _machines(machines, settings.accounts)


_OIDC: Final = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"


def _of_every_stack(owner: Account) -> Made:
    return Made(
        type=EVERY_STACK,
        objects={
            "any": "*",
            "any-group": owner.iam_arn("group/*"),
            "any-policy": f"arn:{owner.partition}:iam::*:policy/*",
        },
    )


def _boundary(arn: str | None) -> Iterator[Made]:
    if arn is not None:
        yield Made(type="permissions boundary", objects={"policy": arn})


def _role(role: Role, owner: Account) -> Iterator[Made]:
    objects = {"role": role.arn(owner)}
    for part in _ROLE_PARTS:
        yield Made(type=part, objects=objects, boundary=role.permissions_boundary)
    yield from _boundary(role.permissions_boundary)
    if not role.inline_policy:
        # One more where the grants outgrow a policy.
        for name in (role.name_of_part(1), f"{role.policy_name}-*"):
            yield Made(
                type="aws:iam/policy:Policy", objects={"policy": owner.iam_arn(f"policy/{name}")}
            )


def _user(user: User, owner: Account) -> Iterator[Made]:
    objects = {"user": user.arn(owner), "device": owner.iam_arn(f"mfa/{user.name}"), "any": "*"}
    if user.existing:
        yield Made(type="existing user", objects=objects)
        yield Made(type="aws:iam/userPolicy:UserPolicy", objects=objects)
        return
    for part in _USER_PARTS:
        yield Made(type=part, objects=objects, boundary=user.permissions_boundary)
    yield from _boundary(user.permissions_boundary)


def _machines(machines: Machines, accounts: Accounts) -> Iterator[Made]:
    role, owner = machines.role, accounts.trusted
    (arn,) = machines.principal_arns(accounts)
    objects = {"role": arn}
    if role.existing:
        yield Made(type="existing role", objects=objects)
        yield Made(type="aws:iam/rolePolicy:RolePolicy", objects=objects)
    else:
        for part in _ROLE_PARTS:
            yield Made(type=part, objects=objects, boundary=role.permissions_boundary)
        yield from _boundary(role.permissions_boundary)
    if isinstance(machines, Instances) and not role.existing:
        profile = owner.iam_arn(f"instance-profile/{machines.instance_profile}")
        yield Made(
            type="aws:iam/instanceProfile:InstanceProfile",
            objects={**objects, "instance-profile": profile},
        )
    if isinstance(machines, EksPods):
        cluster = machines.cluster
        yield Made(
            type="aws:eks/podIdentityAssociation:PodIdentityAssociation",
            objects={
                **objects,
                "association": owner.regional_arn("eks", f"podidentityassociation/{cluster}/*"),
                "cluster": owner.regional_arn("eks", f"cluster/{cluster}"),
            },
        )


def _bucket(bucket: Bucket, owner: Account) -> Iterator[Made]:
    arn = bucket.arn(owner)
    objects = {"any": "*", "bucket": arn, "probes": f"{arn}/{_PROBES}"}
    if not bucket.protect:
        # A protected one is not emptied by a destroy.
        objects["objects"] = f"{arn}/*"
    automatic = {
        "aws:s3/bucketNotification:BucketNotification": bucket.notifications,
        "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": bucket.object_lock,
    }
    for part in (*_BUCKET_PARTS, *(part for part, wanted in automatic.items() if wanted)):
        yield Made(type=part, objects=objects)
    if bucket.replication:
        role = owner.iam_arn(f"role/{bucket.replication_role_name}")
        for part in (*_ROLE_PARTS, "aws:s3/bucketReplicationConfig:BucketReplicationConfig"):
            yield Made(type=part, objects={"bucket": arn, "role": role})
    if bucket.has_own_key:
        objects = {
            "any": "*",
            "alias": owner.regional_arn("kms", bucket.key_alias),
            "key": owner.regional_arn("kms", "key/*"),
        }
        yield Made(type="aws:kms/key:Key", objects=objects, is_tagged=True)
        yield Made(type="aws:kms/alias:Alias", objects=objects, is_tagged=True)


def _topic(topic: Topic, owner: Account) -> Iterator[Made]:
    for part in ("aws:sns/topic:Topic", "aws:sns/topicPolicy:TopicPolicy"):
        yield Made(type=part, objects={"topic": topic.arn(owner)})


def _queue(queue: Queue, owner: Account) -> Iterator[Made]:
    for part in ("aws:sqs/queue:Queue", "aws:sqs/queuePolicy:QueuePolicy"):
        yield Made(type=part, objects={"queue": queue.arn(owner)})


def _owned(resource: OwnedResource, owner: Account) -> Iterator[Made]:
    match resource:
        case Bucket():
            yield from _bucket(resource, owner)
        case Topic():
            yield from _topic(resource, owner)
        case Queue():
            yield from _queue(resource, owner)
