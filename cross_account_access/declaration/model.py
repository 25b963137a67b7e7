"""What a stack declares, in the terms of IAM: plain data, from settings to components.

Account IDs are strings of 12 digits, since some begin with a zero. Names are
physical AWS names except `Consumer.name`, which is ours: it names the
consumer's resources in the state file and its values in the outputs.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Final, NamedTuple

CHAINED_SESSION_SECONDS: Final = 3600
"""The longest session of a role that is assumed from another role ("Methods to assume a role")."""

ConditionBlock = Mapping[str, Mapping[str, Sequence[str]]]
"""The values of a policy statement's `Condition`, by operator and by key."""


class Level(StrEnum):
    """What a grant allows; levels compose and none implies another."""

    LIST = "list"
    READ = "read"
    WRITE = "write"
    DELETE = "delete"
    PUBLISH = "publish"
    SUBSCRIBE = "subscribe"
    SEND = "send"
    RECEIVE = "receive"


class Via(StrEnum):
    """The way that a grant takes ("How IAM roles differ from resource-based policies")."""

    ROLE = "role"
    """The consumer assumes its role, and gives up its own permissions meanwhile."""
    RESOURCE = "resource"
    """The resource's own policy lets the consumer in as itself: no role, no session."""


@dataclass(frozen=True, kw_only=True)
class Account:
    """One side of the access: the account, the region, and the profile that deploys to it."""

    account_id: str
    profile: str
    region: str
    partition: str = "aws"
    """`aws`, `aws-cn`, `aws-us-gov`, ...: the first field of every ARN of the account."""

    @property
    def root_arn(self) -> str:
        """`arn:PARTITION:iam::ACCOUNT:root`: the account itself as a principal."""
        return self._iam_arn("root")

    @property
    def dns_suffix(self) -> str:
        """`amazonaws.com`, and what it is in China ("Endpoints and ARNs for AWS China")."""
        return f"amazonaws.com{'.cn' if self.partition == 'aws-cn' else ''}"

    @property
    def ec2_service(self) -> str:
        """EC2 as a principal ("AWS services that work with IAM", "Service principals")."""
        return f"ec2.{self.dns_suffix}"

    def user_arn(self, user: "User") -> str:
        """`arn:PARTITION:iam::ACCOUNT:user/PATH/NAME`."""
        return self._iam_arn(f"user{user.path}{user.name}")

    def role_arn(self, role: "Role | InstanceRole") -> str:
        """`arn:PARTITION:iam::ACCOUNT:role/PATH/NAME`."""
        return self._iam_arn(f"role{role.path}{role.name}")

    def identity_provider_arn(self, issuer: str) -> str:
        """`arn:PARTITION:iam::ACCOUNT:oidc-provider/ISSUER`, the issuer without its `https://`."""
        return self._iam_arn(f"oidc-provider/{issuer}")

    def regional_arn(self, service: str, resource: str) -> str:
        """`arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account_id}:{resource}"

    def _iam_arn(self, resource: str) -> str:
        return f"arn:{self.partition}:iam::{self.account_id}:{resource}"


@dataclass(frozen=True, kw_only=True)
class Accounts:
    """Both sides."""

    trusting: Account
    """Production: it owns what is shared, and the roles."""
    trusted: Account
    """Staging: its principals are let in."""


@dataclass(frozen=True, kw_only=True)
class AccessLog:
    """Where S3 writes the server access log of a bucket."""

    bucket: str
    """Name of an existing bucket of the Production account that lets S3 deliver logs."""
    prefix: str = ""


class LevelActions(NamedTuple):
    """The actions of one level, by what AWS matches them against."""

    on_it: tuple[str, ...] = ()
    """Actions on the resource itself."""
    on_objects: tuple[str, ...] = ()
    """Actions on what lies in it."""


@dataclass(frozen=True, kw_only=True)
class Resource(ABC):
    """What Production shares; grants refer to it by its kind and its name."""

    kind: ClassVar[str]
    """The kind's word in a grant; the stack file lists the kind under its plural."""
    levels: ClassVar[Mapping[Level, LevelActions]]
    """What each level means that makes sense here."""
    every_action: ClassVar[tuple[str, ...]]
    """All actions that a policy of its own may name."""

    name: str
    protect: bool = True
    """Whether it refuses deletion."""

    @abstractmethod
    def arn(self, owner: Account) -> str:
        """Its ARN."""

    def arns(self, owner: Account) -> tuple[str, ...]:
        """Its ARN, and a pattern for what lies in it."""
        return (self.arn(owner),)


@dataclass(frozen=True, kw_only=True)
class Bucket(Resource):
    """An S3 bucket. An unprotected one is emptied when it is destroyed.

    Bucket and object actions never share a statement: S3 matches the former
    against the bucket's ARN and the latter against object ARNs ("Actions,
    resources, and condition keys for Amazon S3"). `write` reads too and takes
    part in multipart uploads; it does not delete. `delete` removes the current
    version; older ones are left to the bucket's versioning.
    """

    kind = "bucket"
    levels: ClassVar[Mapping[Level, LevelActions]] = {
        Level.LIST: LevelActions(on_it=("s3:GetBucketLocation", "s3:ListBucket")),
        Level.READ: LevelActions(on_objects=("s3:GetObject",)),
        Level.WRITE: LevelActions(
            on_it=("s3:ListBucketMultipartUploads",),
            on_objects=(
                "s3:AbortMultipartUpload",
                "s3:GetObject",
                "s3:ListMultipartUploadParts",
                "s3:PutObject",
            ),
        ),
        Level.DELETE: LevelActions(on_objects=("s3:DeleteObject",)),
    }
    every_action = ("s3:*",)

    staging_may_list: bool = False
    """Whether the bucket policy lets the Staging account, as a whole, list the bucket."""
    noncurrent_days: int = 90
    """Days after which a version that was overwritten or deleted is gone for good."""
    access_log: AccessLog | None = None
    own_key: bool = False
    """Whether objects are encrypted with a KMS key that the stack makes for this bucket."""

    @property
    def key_alias(self) -> str:
        """`alias/NAME`; an alias has no dots ("CreateAlias", AWS KMS API reference).

        Bucket names have no underscores, so that no two share an alias.
        """
        return f"alias/{self.name.replace('.', '_')}"

    def arn(self, owner: Account) -> str:
        """`arn:PARTITION:s3:::NAME`: bucket ARNs carry neither region nor account."""
        return f"arn:{owner.partition}:s3:::{self.name}"

    def arns(self, owner: Account) -> tuple[str, ...]:
        """The bucket's and that of its objects."""
        return (self.arn(owner), f"{self.arn(owner)}/*")


@dataclass(frozen=True, kw_only=True)
class Topic(Resource):
    """A standard SNS topic."""

    kind = "topic"
    levels: ClassVar[Mapping[Level, LevelActions]] = {
        Level.PUBLISH: LevelActions(on_it=("sns:Publish",)),
        Level.SUBSCRIBE: LevelActions(on_it=("sns:Subscribe",)),
    }
    # SNS takes no `sns:*` here ("Amazon SNS API permissions: Actions and resources reference").
    every_action = (
        "sns:AddPermission",
        "sns:DeleteTopic",
        "sns:GetDataProtectionPolicy",
        "sns:GetTopicAttributes",
        "sns:ListSubscriptionsByTopic",
        "sns:ListTagsForResource",
        "sns:Publish",
        "sns:PutDataProtectionPolicy",
        "sns:RemovePermission",
        "sns:SetTopicAttributes",
        "sns:Subscribe",
    )

    def arn(self, owner: Account) -> str:
        """`arn:PARTITION:sns:REGION:ACCOUNT:NAME`."""
        return owner.regional_arn("sns", self.name)


@dataclass(frozen=True, kw_only=True)
class Queue(Resource):
    """A standard SQS queue.

    Who receives must delete what it has dealt with, and may ask for more time.
    """

    kind = "queue"
    levels: ClassVar[Mapping[Level, LevelActions]] = {
        Level.SEND: LevelActions(on_it=("sqs:GetQueueUrl", "sqs:SendMessage")),
        Level.RECEIVE: LevelActions(
            on_it=(
                "sqs:ChangeMessageVisibility",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:GetQueueUrl",
                "sqs:ReceiveMessage",
            )
        ),
    }
    every_action = ("sqs:*",)

    def arn(self, owner: Account) -> str:
        """`arn:PARTITION:sqs:REGION:ACCOUNT:NAME`."""
        return owner.regional_arn("sqs", self.name)


@dataclass(frozen=True, kw_only=True)
class Trust:
    """Whom a trust or resource policy names, and what narrows that down."""

    sid: str
    principal: Mapping[str, Sequence[str]]
    """The `Principal` element."""
    action: str = "sts:AssumeRole"
    conditions: ConditionBlock = field(default_factory=dict)


class Who(ABC):
    """The kind of a consumer: who calls, from where, and how policies recognise them.

    No kind names a user or role as the `Principal` itself: IAM turns such a
    name into the principal's unique ID, so that the trust would be dead once
    the principal is made anew, and could not be saved before it exists ("AWS
    JSON policy elements: Principal"). The account is named, and narrowed.
    """

    kind: ClassVar[str]
    """The kind's word in the stack file and in the outputs."""
    is_machine: ClassVar[bool] = False
    """Whether nobody is there to sign in to the console or to type the code of an MFA device."""
    only_by_role: ClassVar[str] = ""
    """Why no resource policy could let the callers in; empty where one can."""

    @property
    def chains(self) -> bool:
        """Whether the caller holds a role already, which caps its session at one hour."""
        return False

    @abstractmethod
    def principal_arns(self, accounts: Accounts) -> tuple[str, ...]:
        """Who is let in, as far as ARNs can say it; patterns where the kind takes patterns."""

    @abstractmethod
    def trust(self, accounts: Accounts) -> Trust:
        """How policies recognise them."""

    def home_account(self, accounts: Accounts) -> str | None:
        """The account that all callers belong to; None where there is no such account."""
        return accounts.trusted.account_id


@dataclass(frozen=True, kw_only=True)
class User(Who):
    """An IAM user of the Staging account."""

    kind = "user"

    name: str
    path: str = "/"
    adopt: bool = False
    """Whether the user exists already and stays somebody else's: it only gains one inline policy.
    Its path must be the one that it has."""
    permissions_boundary: str | None = None
    """ARN of a managed policy."""

    def principal_arns(self, accounts: Accounts) -> tuple[str, ...]:
        """The user's."""
        return (accounts.trusted.user_arn(self),)

    def trust(self, accounts: Accounts) -> Trust:
        """By the account, narrowed to the user."""
        return _narrowed(accounts, "TrustOnePrincipal", "ArnEquals", self.principal_arns(accounts))


@dataclass(frozen=True, kw_only=True)
class InstanceRole:
    """The role that instances of the Staging account have."""

    name: str
    path: str = "/"
    permissions_boundary: str | None = None
    """ARN of a managed policy."""


@dataclass(frozen=True, kw_only=True)
class Instances(Who):
    """EC2 instances of the Staging account, by the role of their instance profile."""

    kind = "ec2"
    is_machine = True

    role: InstanceRole
    instance_profile: str

    @property
    def chains(self) -> bool:
        """Always: what an instance has are a role's credentials."""
        return True

    def principal_arns(self, accounts: Accounts) -> tuple[str, ...]:
        """The Staging role's."""
        return (accounts.trusted.role_arn(self.role),)

    def trust(self, accounts: Accounts) -> Trust:
        """By the account, narrowed to the instances' role."""
        return _narrowed(accounts, "TrustInstances", "ArnEquals", self.principal_arns(accounts))


@dataclass(frozen=True, kw_only=True)
class ThirdParty(Who):
    """A service provider that calls from an account of its own, with an external ID."""

    kind = "third_party"
    is_machine = True
    only_by_role = "no resource policy can ask for its external ID"

    account_id: str

    def principal_arns(self, accounts: Accounts) -> tuple[str, ...]:
        """The root of the provider's account, which stands for all of it."""
        return (f"arn:{accounts.trusting.partition}:iam::{self.account_id}:root",)

    def home_account(self, accounts: Accounts) -> str | None:  # noqa: ARG002
        """The provider's."""
        return self.account_id

    def trust(self, accounts: Accounts) -> Trust:
        """By the provider's account; the consumer's external ID narrows it."""
        arns = self.principal_arns(accounts)
        return Trust(sid="TrustThirdParty", principal={"AWS": arns})


@dataclass(frozen=True, kw_only=True)
class WebIdentities(Who):
    """Jobs elsewhere that prove themselves with a token of an OpenID Connect issuer, as in CI."""

    kind = "oidc"
    is_machine = True
    only_by_role = "a token makes nobody known to AWS but by a role"

    issuer: str
    """Without its `https://`, which is how IAM names the provider and its condition keys."""
    audience: str
    subjects: tuple[str, ...]
    """Which jobs: the token's `sub`, in the issuer's own form; `*` and `?` are wildcards."""
    create_provider: bool = True
    """Whether the Production account has no identity provider for the issuer yet."""

    def home_account(self, accounts: Accounts) -> str | None:  # noqa: ARG002
        """None: the jobs run outside of AWS."""
        return None

    def principal_arns(self, accounts: Accounts) -> tuple[str, ...]:
        """The identity provider's, in Production."""
        return (accounts.trusting.identity_provider_arn(self.issuer),)

    def trust(self, accounts: Accounts) -> Trust:
        """By the identity provider, narrowed to an audience and to subjects.

        The provider alone would let in every customer of a public issuer
        ("Create a role for OpenID Connect federation").
        """
        subject, audience = f"{self.issuer}:sub", f"{self.issuer}:aud"
        has_wildcards = any(char in text for text in self.subjects for char in "*?")
        exactly: dict[str, Sequence[str]] = {audience: [self.audience]}
        conditions: ConditionBlock = (
            {"StringEquals": exactly, "StringLike": {subject: sorted(self.subjects)}}
            if has_wildcards
            else {"StringEquals": {**exactly, subject: sorted(self.subjects)}}
        )
        return Trust(
            sid="TrustWebIdentities",
            principal={"Federated": self.principal_arns(accounts)},
            action="sts:AssumeRoleWithWebIdentity",
            conditions=conditions,
        )


@dataclass(frozen=True, kw_only=True)
class Principals(Who):
    """Users and roles of the Staging account by ARN pattern, SSO permission sets among them."""

    kind = "principals"

    arns: tuple[str, ...]
    """`*` and `?` are wildcards, in the part after `user/` or `role/`."""

    @property
    def chains(self) -> bool:
        """Where a role is among them."""
        return any(":role/" in arn for arn in self.arns)

    def principal_arns(self, accounts: Accounts) -> tuple[str, ...]:  # noqa: ARG002
        """The patterns."""
        return self.arns

    def trust(self, accounts: Accounts) -> Trust:
        """By the account, narrowed to the patterns."""
        return _narrowed(accounts, "TrustPrincipals", "ArnLike", sorted(self.arns))


@dataclass(frozen=True, kw_only=True)
class Organization(Who):
    """Everybody in an organization of AWS Organizations, or in units of it."""

    kind = "organization"

    id: str
    paths: tuple[str, ...] = ()
    """Of units, as in `o-.../r-.../ou-.../*`; none for the whole organization."""

    def principal_arns(self, accounts: Accounts) -> tuple[str, ...]:  # noqa: ARG002
        """None: no ARN names an organization."""
        return ()

    def home_account(self, accounts: Accounts) -> str | None:  # noqa: ARG002
        """None: there are many."""
        return None

    def trust(self, accounts: Accounts) -> Trust:  # noqa: ARG002
        """By everybody, narrowed to the organization, since no principal element can name one."""
        conditions: dict[str, Mapping[str, Sequence[str]]] = {
            "StringEquals": {"aws:PrincipalOrgID": [self.id]}
        }
        if self.paths:
            # The key has several values: an account is below each unit on its path.
            conditions["ForAnyValue:StringLike"] = {"aws:PrincipalOrgPaths": sorted(self.paths)}
        return Trust(sid="TrustOrganization", principal={"AWS": ["*"]}, conditions=conditions)


@dataclass(frozen=True, kw_only=True)
class SourceIdentity:
    """Who is behind a session, as its caller states; CloudTrail tells it of all that follows."""

    required: bool = True
    values: tuple[str, ...] = ()
    """What may be stated; anything where it is empty."""


@dataclass(frozen=True, kw_only=True)
class SessionTags:
    """Tags that the caller gives its session; no others are taken."""

    required: bool = True
    tags: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """What must hold besides being the consumer."""

    external_id: str | None = None
    """What the caller must state; AWS does not regard it as a secret ("Access to AWS accounts owned
    by third parties")."""
    mfa_max_age: int | None = None
    """Seconds since the code of an MFA device was typed; None where no code is asked for."""
    source_ips: tuple[str, ...] = ()
    """CIDR ranges, for the role and for all requests for what is shared."""
    vpc_endpoints: tuple[str, ...] = ()
    """Endpoints that requests for what is shared come through: of S3, of SNS, of SQS. Not asked of
    the request for the role: that goes to STS, which has endpoints of its own."""
    source_identity: SourceIdentity | None = None
    session_tags: SessionTags | None = None
    expires_at: str | None = None
    """`YYYY-MM-DDTHH:MM:SSZ`: the moment from which on nothing is allowed."""


@dataclass(frozen=True, kw_only=True)
class Role:
    """An IAM role of the Production account that one consumer may assume."""

    name: str
    path: str = "/"
    policy_name: str
    """Name of the role's access policy."""
    inline_policy: bool = False
    """Whether the access policy is part of the role, and not a managed policy beside it."""
    max_session_duration: int = 3600
    """Seconds, 3600 to 43200."""
    permissions_boundary: str | None = None
    """ARN of a managed policy."""
    tags: dict[str, str] = field(default_factory=dict)

    def name_of_part(self, number: int) -> str:
        """The name of one of the managed policies, from 1, where one is not enough."""
        return self.policy_name if number == 1 else f"{self.policy_name}-{number}"


@dataclass(frozen=True, kw_only=True)
class Consumer:
    """Who gets access, the role that carries it, and under which conditions."""

    name: str
    who: Who
    role: Role | None
    """None where all grants go by resource policies."""
    conditions: Conditions = field(default_factory=Conditions)
    renamed_from: str | None = None
    """The name that its resources still have in the state, where that is another."""

    @property
    def own_policy_name(self) -> str:
        """Name of the inline policy that it gets in its own account, where the stack writes one."""
        return f"assume-{self.role.name}" if self.role else "use-shared-resources"


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What one consumer may do with one resource."""

    consumer: Consumer
    resource: Resource
    levels: tuple[Level, ...]
    prefixes: tuple[str, ...] = ()
    """Beginnings of the keys of a bucket that the grant is confined to, each with its slash at the
    end; none for the whole bucket."""
    via: Via = Via.ROLE


def _narrowed(accounts: Accounts, sid: str, operator: str, arns: Sequence[str]) -> Trust:
    return Trust(
        sid=sid,
        principal={"AWS": [accounts.trusted.root_arn]},
        conditions={operator: {"aws:PrincipalArn": arns}},
    )
