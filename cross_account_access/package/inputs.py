"""The settings of a stack file as the inputs of the component, for the schema of the package.

Types and descriptions only: what is allowed is read and checked by `settings`, in one place.
"""

from typing import NotRequired, TypedDict


class AccessLog(TypedDict):
    """Where S3 writes the server access log of a bucket."""

    bucket: str
    """Name of an existing bucket of the Production account that lets S3 deliver logs."""
    prefix: NotRequired[str]
    """Beginning of the keys of the log."""


class Bucket(TypedDict):
    """A Production bucket that grants refer to by its name."""

    name: str
    """Globally unique."""
    protect: NotRequired[bool]
    """True unless said: it refuses deletion. False: destroy empties and deletes it."""
    staging_may_list: NotRequired[bool]
    """Whether the bucket policy lets the Staging account, as a whole, list the bucket."""
    noncurrent_days: NotRequired[int]
    """Days that versions are kept which were overwritten or deleted; 90 unless said."""
    access_log: NotRequired[AccessLog]
    """Where S3 writes the bucket's server access log."""
    encryption: NotRequired[str]
    """s3 unless said; kms: with a key that is made for the bucket."""


class Topic(TypedDict):
    """A Production SNS topic, a standard one, that grants refer to by its name."""

    name: str
    """The topic's name."""
    protect: NotRequired[bool]
    """True unless said: it refuses deletion."""


class Queue(TypedDict):
    """A Production SQS queue, a standard one, that grants refer to by its name."""

    name: str
    """The queue's name."""
    protect: NotRequired[bool]
    """True unless said: it refuses deletion."""


class User(TypedDict):
    """An IAM user of the Staging account."""

    name: str
    """The user's name."""
    path: NotRequired[str]
    """The user's path, as in /people/; / unless said."""
    adopt: NotRequired[bool]
    """Whether the user exists already and only gains one inline policy."""
    permissions_boundary: NotRequired[str]
    """ARN of a managed policy."""


class InstanceRole(TypedDict):
    """The role that instances of the Staging account have."""

    name: str
    """The role's name."""
    path: NotRequired[str]
    """The role's path; / unless said."""
    permissions_boundary: NotRequired[str]
    """ARN of a managed policy."""


class Instances(TypedDict):
    """EC2 instances of the Staging account, by the role of their instance profile."""

    role: InstanceRole
    """Their role in Staging, which the component makes."""
    instance_profile: NotRequired[str]
    """Name of the instance profile; the role's name unless said."""


class ThirdParty(TypedDict):
    """A service provider that calls from an account of its own, with an external ID."""

    account_id: str
    """The provider's account: 12 digits."""


class WebIdentities(TypedDict):
    """Jobs elsewhere that prove themselves with a token of an OpenID Connect issuer, as in CI."""

    issuer: str
    """URL of the issuer, as in https://token.actions.githubusercontent.com."""
    audience: str
    """Whom the token must be for, as in sts.amazonaws.com."""
    subjects: list[str]
    """Which jobs: the token's subject, in the issuer's own form."""
    provider: NotRequired[str]
    """create (unless said) makes the account's identity provider; existing uses the one that is."""
    allow_wildcard_subjects: NotRequired[bool]
    """Whether subjects may have * and ?."""


class Principals(TypedDict):
    """Users and roles of the Staging account by ARN pattern, SSO permission sets among them."""

    arns: list[str]
    """ARNs, with * and ? in the part after user/ or role/."""


class Organization(TypedDict):
    """Everybody in an organization of AWS Organizations, or in units of it."""

    id: str
    """As in o-a1b2c3d4e5."""
    paths: NotRequired[list[str]]
    """Units, as in o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*; the whole organization unless said."""


class Role(TypedDict):
    """The IAM role of the Production account that the consumer assumes."""

    name: str
    """The role's name."""
    path: NotRequired[str]
    """The role's path; / unless said."""
    policy: NotRequired[str]
    """managed unless said; inline makes the access policy part of the role."""
    policy_name: NotRequired[str]
    """Name of the role's access policy; the role's name and Access unless said."""
    max_session_duration: NotRequired[int]
    """Seconds, 3600 to 43200; 3600 unless said."""
    permissions_boundary: NotRequired[str]
    """ARN of a managed policy."""
    tags: NotRequired[dict[str, str]]
    """Tags of the role alone."""


class Mfa(TypedDict):
    """A code of an MFA device."""

    max_age: NotRequired[int]
    """Seconds since it was typed; 3600 unless said."""


class SourceIdentity(TypedDict):
    """Who is behind a session, as its caller states; CloudTrail tells it of all that follows."""

    required: NotRequired[bool]
    """True unless said; false allows it without asking for it."""
    values: NotRequired[list[str]]
    """What may be stated; anything unless said."""


class SessionTags(TypedDict):
    """Tags that the caller gives its session; no others are taken."""

    tags: dict[str, str]
    """The tags, with their values."""
    required: NotRequired[bool]
    """True unless said; false allows them without asking for them."""


class Conditions(TypedDict):
    """What must hold besides being the consumer."""

    external_id: NotRequired[str]
    """What the caller must state: 2 to 1224 characters, no secret. A third party needs one."""
    mfa: NotRequired[Mfa]
    """A code of an MFA device that was typed lately."""
    source_ips: NotRequired[list[str]]
    """CIDR ranges of public addresses, for the role and for what it then does."""
    vpc_endpoints: NotRequired[list[str]]
    """Endpoints of S3 that requests for objects come through."""
    source_identity: NotRequired[SourceIdentity]
    """Who is behind the session."""
    session_tags: NotRequired[SessionTags]
    """Tags of the session."""
    expires_at: NotRequired[str]
    """A date, or a time with its offset, from which on nothing is allowed."""


class Consumer(TypedDict):
    """Who gets access: exactly one of user, ec2, thirdParty, oidc, principals and organization."""

    name: str
    """Ours: it names the consumer's resources, and its values in the outputs."""
    user: NotRequired[User]
    """An IAM user of Staging."""
    ec2: NotRequired[Instances]
    """EC2 instances of Staging."""
    third_party: NotRequired[ThirdParty]
    """A service provider in its own account."""
    oidc: NotRequired[WebIdentities]
    """Jobs with a token, as in CI."""
    principals: NotRequired[Principals]
    """Users and roles of Staging by pattern."""
    organization: NotRequired[Organization]
    """An organization, or units of it."""
    role: NotRequired[Role]
    """The Production role of this consumer alone; none where all its grants say via: resource."""
    renamed_from: NotRequired[str]
    """Its former name, for one deployment, so that its resources are kept."""
    conditions: NotRequired[Conditions]
    """What must hold besides."""


class Grant(TypedDict):
    """What one consumer may do with one resource: exactly one of bucket, topic and queue."""

    consumer: str
    """Name of a consumer from above."""
    bucket: NotRequired[str]
    """Name of a bucket from above."""
    topic: NotRequired[str]
    """Name of a topic from above."""
    queue: NotRequired[str]
    """Name of a queue from above."""
    levels: list[str]
    """Of a bucket list, read, write, delete; of a topic publish, subscribe; of a queue send,
    receive. None implies another."""
    prefixes: NotRequired[list[str]]
    """Beginnings of keys that the grant is confined to; the whole bucket unless said."""
    via: NotRequired[str]
    """role unless said; resource: by the resource's own policy, without a role."""


class Inputs(TypedDict):
    """What a stack file declares."""

    production_account_id: str
    """Account ID of Production, which owns what is shared and trusts: 12 digits, quoted."""
    production_profile: NotRequired[str]
    """AWS CLI profile that deploys to Production."""
    production_region: str
    """Region of all that Production shares, as in us-west-2."""
    staging_account_id: str
    """Account ID of Staging, whose users and machines are let in: 12 digits, quoted."""
    staging_profile: NotRequired[str]
    """AWS CLI profile that deploys to Staging."""
    staging_region: str
    """Region of the Staging side, in the same partition as Production's."""
    buckets: NotRequired[list[Bucket]]
    """Production buckets."""
    topics: NotRequired[list[Topic]]
    """Production SNS topics, standard ones."""
    queues: NotRequired[list[Queue]]
    """Production SQS queues, standard ones."""
    consumers: list[Consumer]
    """Who gets access."""
    grants: list[Grant]
    """What they may do."""
    trust_policy_limit: NotRequired[int]
    """Characters of a role's trust policy: 2048, unless AWS raised this quota of Production."""
    tags: NotRequired[dict[str, str]]
    """Tags for every resource of both accounts, beside project and stack."""
