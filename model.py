"""What a stack declares, in the terms of IAM: plain data, from settings to components.

Account IDs are strings of 12 digits, since some begin with a zero. Names are
physical AWS names except `Consumer.name`, which is ours: it names the
consumer's resources in the state file and its values in the outputs.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Final

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
    def ec2_service(self) -> str:
        """EC2 as a principal ("AWS services that work with IAM", "Service principals")."""
        return f"ec2.amazonaws.com{'.cn' if self.partition == 'aws-cn' else ''}"

    def user_arn(self, user: "User") -> str:
        """`arn:PARTITION:iam::ACCOUNT:user/PATH/NAME`."""
        return self._iam_arn(f"user{user.path}{user.name}")

    def role_arn(self, role: "Role | InstanceRole") -> str:
        """`arn:PARTITION:iam::ACCOUNT:role/PATH/NAME`."""
        return self._iam_arn(f"role{role.path}{role.name}")

    def identity_provider_arn(self, issuer: str) -> str:
        """`arn:PARTITION:iam::ACCOUNT:oidc-provider/ISSUER`, the issuer without its `https://`."""
        return self._iam_arn(f"oidc-provider/{issuer}")

    def bucket_arn(self, bucket_name: str) -> str:
        """`arn:PARTITION:s3:::NAME`: bucket ARNs carry neither region nor account."""
        return f"arn:{self.partition}:s3:::{bucket_name}"

    def _iam_arn(self, resource: str) -> str:
        return f"arn:{self.partition}:iam::{self.account_id}:{resource}"


@dataclass(frozen=True, kw_only=True)
class Accounts:
    """Both sides."""

    trusting: Account
    """Production: it owns the buckets and the roles."""
    trusted: Account
    """Staging: its principals are let in."""


@dataclass(frozen=True, kw_only=True)
class AccessLog:
    """Where S3 writes the server access log of a bucket."""

    bucket: str
    """Name of an existing bucket of the Production account that lets S3 deliver logs."""
    prefix: str = ""


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """A Production bucket that grants refer to by its name."""

    name: str
    protect: bool = True
    """Whether the bucket refuses deletion. An unprotected one is emptied when it is destroyed."""
    staging_may_list: bool = False
    """Whether the bucket policy lets the Staging account, as a whole, list the bucket."""
    noncurrent_days: int = 90
    """Days after which a version that was overwritten or deleted is gone for good."""
    access_log: AccessLog | None = None


@dataclass(frozen=True, kw_only=True)
class Trust:
    """Whom a role's trust policy names, and what narrows that down."""

    sid: str
    principal: Mapping[str, Sequence[str]]
    """The `Principal` element."""
    action: str = "sts:AssumeRole"
    conditions: ConditionBlock = field(default_factory=dict)


class Who(ABC):
    """The kind of a consumer: who calls, from where, and how the role recognises them.

    No kind names a user or role as the `Principal` itself: IAM turns such a
    name into the principal's unique ID, so that the trust would be dead once
    the principal is made anew, and could not be saved before it exists ("AWS
    JSON policy elements: Principal"). The account is named, and narrowed.
    """

    kind: ClassVar[str]
    """The kind's word in the stack file and in the outputs."""
    is_machine: ClassVar[bool] = False
    """Whether nobody is there to sign in to the console or to type the code of an MFA device."""

    @property
    def chains(self) -> bool:
        """Whether the caller holds a role already, which caps its session at one hour."""
        return False

    @abstractmethod
    def principal_arns(self, accounts: Accounts) -> tuple[str, ...]:
        """Who is let in, as far as ARNs can say it; patterns where the kind takes patterns."""

    @abstractmethod
    def trust(self, accounts: Accounts) -> Trust:
        """How the role recognises them."""


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

    account_id: str

    def principal_arns(self, accounts: Accounts) -> tuple[str, ...]:
        """The root of the provider's account, which stands for all of it."""
        return (f"arn:{accounts.trusting.partition}:iam::{self.account_id}:root",)

    def trust(self, accounts: Accounts) -> Trust:
        """By the provider's account; the consumer's external ID narrows it."""
        arns = self.principal_arns(accounts)
        return Trust(sid="TrustThirdParty", principal={"AWS": arns})


@dataclass(frozen=True, kw_only=True)
class WebIdentities(Who):
    """Jobs elsewhere that prove themselves with a token of an OpenID Connect issuer, as in CI."""

    kind = "oidc"
    is_machine = True

    issuer: str
    """Without its `https://`, which is how IAM names the provider and its condition keys."""
    audience: str
    subjects: tuple[str, ...]
    """Which jobs: the token's `sub`, in the issuer's own form; `*` and `?` are wildcards."""
    create_provider: bool = True
    """Whether the Production account has no identity provider for the issuer yet."""

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
    """CIDR ranges, for the role and for what it then does."""
    vpc_endpoints: tuple[str, ...] = ()
    """Endpoints of S3 that requests for objects come through. Not asked of the request for the
    role: that goes to STS, which has endpoints of its own."""
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
    """Name of the role's access policy, a managed policy."""
    max_session_duration: int = 3600
    """Seconds, 3600 to 43200."""
    permissions_boundary: str | None = None
    """ARN of a managed policy."""
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Consumer:
    """Who gets access, the role that carries it, and under which conditions."""

    name: str
    who: Who
    role: Role
    conditions: Conditions = field(default_factory=Conditions)


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What one consumer may do in one bucket."""

    consumer: str
    bucket: str
    levels: tuple[Level, ...]
    prefixes: tuple[str, ...] = ()
    """Beginnings of the keys that the grant is confined to, each with its slash at the end; none
    for the whole bucket."""


def _narrowed(accounts: Accounts, sid: str, operator: str, arns: Sequence[str]) -> Trust:
    return Trust(
        sid=sid,
        principal={"AWS": [accounts.trusted.root_arn]},
        conditions={operator: {"aws:PrincipalArn": arns}},
    )
