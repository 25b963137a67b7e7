"""What a stack declares, in the terms of IAM: plain data, from settings to components.

Account IDs are strings of 12 digits, since some begin with a zero. Names are
physical AWS names except `Consumer.name`, which is ours: it names the
consumer's resources in the state file and its values in the outputs.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Final, Literal, NamedTuple

from cross_account_access.declaration import rules
from cross_account_access.declaration.accounts import Account, Accounts
from cross_account_access.declaration.actions import is_reading, takes_none, takes_one
from cross_account_access.declaration.fields import (
    Declared,
    Flag,
    Moment,
    Nested,
    Number,
    Tags,
    Text,
    Texts,
    Word,
    group_of,
)
from cross_account_access.declaration.keys import key_arn
from cross_account_access.declaration.rules import addresses
from cross_account_access.declaration.statements import ConditionBlock, Statement, allow
from cross_account_access.facts import quotas

S3_SERVICE: Final = "s3.amazonaws.com"
"""S3 as a principal, in every partition."""


class Level(StrEnum):
    """What a grant of most kinds allows; levels compose and none implies another.

    A kind may have words of its own beside these.
    """

    LIST = "list"
    READ = "read"
    WRITE = "write"
    DELETE = "delete"
    PUBLISH = "publish"
    SUBSCRIBE = "subscribe"
    SEND = "send"
    RECEIVE = "receive"


class Via(StrEnum):
    """The way that a grant takes.

    Source: "Cross account resource access in IAM",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies-cross-account-resource-access.html.
    """

    ROLE = "role"
    """The consumer assumes its role, and gives up its own permissions meanwhile."""
    RESOURCE = "resource"
    """The resource's own policy lets the consumer in as itself: no role, no session."""


@dataclass(frozen=True, kw_only=True)
class MustExist:
    """What the stack uses and does not make: one call of AWS finds it before anything is made."""

    side: Literal["production", "staging"]
    """The account that it is in."""
    client: str
    """The boto3 client, like `iam`."""
    method: str
    """The client's method, like `get_user`."""
    parameters: Mapping[str, Any]
    absent: str | None
    """The error code by which AWS says that there is none; None where a list does."""
    problem: Callable[[Mapping[str, Any] | None], str | None]
    """From the answer, None where there is none, to what is wrong with it: a line that names the
    setting, the value and the remedy. None where all is as declared."""
    if_allowed: bool = False
    """Whether nothing is wrong where the deployer may not look."""


def boundary_must_exist(
    arn: str | None, side: Literal["production", "staging"], whose: str
) -> Iterator[MustExist]:
    """A permissions boundary, where one is declared: IAM makes no principal without it.

    Args:
        arn: of the managed policy.
        side: the account that it is used in.
        whose: the principal, in a few words.
    """
    if arn is None:
        return

    def problem(answer: Mapping[str, Any] | None) -> str | None:
        if answer is not None:
            return None
        return (
            f"consumers: permissions_boundary of {whose} is {arn}, and there is no such policy; "
            "correct it, or have the policy made first"
        )

    yield MustExist(
        side=side,
        client="iam",
        method="get_policy",
        parameters={"PolicyArn": arn},
        absent="NoSuchEntity",
        problem=problem,
        # Who may use a policy as a boundary need not be one who may read it.
        if_allowed=True,
    )


class LevelActions(NamedTuple):
    """The actions of one level, by what AWS matches them against."""

    on_resource: tuple[str, ...] = ()
    """Actions on the resource itself."""
    on_objects: tuple[str, ...] = ()
    """Actions on what lies in it."""
    on_anything: tuple[str, ...] = ()
    """Actions that take no resource: they go with it, and are about the whole account."""


class AllowedActions(NamedTuple):
    """What levels mean for one resource: part of a statement that allows something."""

    sid: str
    """Beginning of the statement's ID; a number follows."""
    actions: set[str]
    resources: Sequence[str]
    conditions: ConditionBlock


def fifo_words() -> list[str]:
    """What the AWS CLI is told besides of a message to a FIFO topic or queue."""
    return ["--message-group-id", "access-proof", "--message-deduplication-id", "access-proof"]


def key_must_exist(setting: str, arn: str) -> MustExist:
    """That Production has a KMS key, which can be used."""

    def problem(found: Mapping[str, Any] | None) -> str | None:
        if found is None:
            return f"{setting} is {arn}, and there is no such key; correct it"
        state = found["KeyMetadata"]["KeyState"]
        if state != "Enabled":
            return f"{setting} is {arn}, which is {state}; have its owner enable it"
        return None

    return MustExist(
        side="production",
        client="kms",
        method="describe_key",
        parameters={"KeyId": arn},
        absent="NotFoundException",
        problem=problem,
    )


def _in_sid(words: str) -> str:
    """A statement's ID has letters and digits alone."""
    return words.title().replace(" ", "")


@dataclass(frozen=True, kw_only=True)
class SharedResource(Declared, ABC):
    """What Production shares; grants refer to it by a word for its kind and by its name."""

    kind: ClassVar[str]
    """What it is, in a word."""
    service: ClassVar[str]
    """The service in its ARN, and before the colon of its actions."""
    levels: ClassVar[Mapping[str, LevelActions]]
    """What each level means that makes sense here."""
    goes_by: ClassVar[tuple[Via, ...]] = (Via.ROLE, Via.RESOURCE)
    """The ways that grants may take."""
    objects: ClassVar[str] = "objects"
    """What lies in it, in a word."""
    has_object_keys: ClassVar[bool] = False
    """Whether a grant can be confined to prefixes."""
    key_actions: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """What each level needs of its KMS key, where it has one."""

    name: str

    @property
    def is_of_others(self) -> bool:
        """Whether it exists already and stays somebody else's."""
        return False

    @abstractmethod
    def arn(self, owner: Account) -> str:
        """Its ARN."""

    def own_arns(self, owner: Account) -> tuple[str, ...]:
        """Its ARN, and patterns of what else means it, such as the versions of a function."""
        return (self.arn(owner),)

    def inside(self, owner: Account) -> Mapping[str, str]:  # noqa: ARG002 - where something is
        """Patterns of what lies in it, by what it is called."""
        return {}

    def arns(self, owner: Account) -> tuple[str, ...]:
        """Its ARN, and patterns for what lies in it."""
        return (*self.own_arns(owner), *self.inside(owner).values())

    def allowed(self, grant: "Grant", accounts: Accounts) -> Iterator[AllowedActions]:
        """What a grant of it means."""
        owner = accounts.trusting
        on_resource, on_objects = self.actions_of(grant, owner)
        yield AllowedActions(_in_sid(self.kind), on_resource, self.own_arns(owner), {})
        inside = self.inside(owner)
        for word, pattern in inside.items():
            about = {each for each in on_objects if len(inside) == 1 or takes_one(each, [pattern])}
            yield AllowedActions(_in_sid(word), about, [pattern], {})
        yield from self.allowed_anywhere(grant)

    def actions_of(self, grant: "Grant", owner: Account) -> tuple[set[str], set[str]]:
        """The actions that a grant of it allows on the resource itself, and on what lies in it."""
        granted = [self.levels[level] for level in grant.levels]
        on_resource = {action for level in granted for action in level.on_resource}
        on_objects = {action for level in granted for action in level.on_objects}
        for action in grant.actions:
            if takes_one(action, self.own_arns(owner)):
                on_resource.add(action)
            if takes_one(action, self.inside(owner).values()):
                on_objects.add(action)
        return on_resource, on_objects

    def allowed_anywhere(self, grant: "Grant") -> Iterator[AllowedActions]:
        """What of a grant takes no resource."""
        actions = {action for level in grant.levels for action in self.levels[level].on_anything}
        actions |= {action for action in grant.actions if takes_none(action)}
        yield AllowedActions("Anything", actions, ["*"], {})

    def used_key(self, owner: Account) -> str | None:  # noqa: ARG002 - where it has one
        """ARN of the KMS key that its consumers need, as far as it is known; None for no key."""
        return None

    def actions_on_key(self, grant: "Grant") -> set[str]:
        """What a grant needs of its key: of actions, whoever reads decrypts and others do both."""
        needed = {action for level in grant.levels for action in self.key_actions.get(level, ())}
        for action in grant.actions if self.key_actions else ():
            needed.add("kms:Decrypt")
            if not is_reading(action):
                needed.add("kms:GenerateDataKey")
        return needed

    def key_conditions(self, owner: Account) -> ConditionBlock:
        """What confines the use of its key: the service asks for it, on behalf of the caller.

        Source: "AWS KMS condition keys",
        https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html.
        """
        via = f"{self.service}.{owner.region}.{owner.dns_suffix}"
        return {"StringEquals": {"kms:ViaService": [via]}}

    def refused(self, grant: "Grant", accounts: Accounts) -> Iterator[tuple[str, str]]:  # noqa: ARG002
        """The settings of a grant that its consumer cannot have here, and why."""
        yield from ()

    def proof_commands(self, grant: "Grant", owner: Account) -> list[list[str]]:  # noqa: ARG002
        """Commands of the AWS CLI, in words, that use it; none where nothing could be proven."""
        return []

    def must_exist(self, owner: Account) -> Iterator[MustExist]:  # noqa: ARG002 - of what exists already
        """What it needs and the stack does not make."""
        yield from ()


@dataclass(frozen=True, kw_only=True)
class OwnedResource(SharedResource):
    """What the stack makes; the stack file lists each kind under its plural."""

    list_words: ClassVar[str]
    """What the list has: a sentence for people."""
    example: ClassVar[str]
    """The least that an item of the list has, as YAML."""
    every_action: ClassVar[tuple[str, ...]]
    """All actions that a policy of its own may name."""
    notify_action: ClassVar[str] = ""
    """By which S3 tells it of what happens in a bucket, where it can."""

    protect: Annotated[bool, Flag("True unless said: it refuses deletion.")] = True
    existing: Annotated[
        bool,
        Flag(
            "Whether it exists already and belongs to others: nothing of it is made, changed or "
            "deleted, and grants go by the role."
        ),
    ] = False
    kms_key_arn: Annotated[
        str | None,
        Text(
            "With existing: true, the ARN of the KMS key that it is encrypted with, if that is one "
            "that others made: grants then allow its use, by this service alone.",
            rule_for=lambda context: key_arn(context.accounts.trusting),
        ),
    ] = None

    notified_by: tuple[str, ...] = ()
    """Names of the buckets of the stack that tell it of what happens in them."""

    def problems(self, accounts: Accounts) -> Iterator[tuple[str, str]]:  # noqa: ARG002
        """Settings of what the stack makes, for what it does not make, and the other way round."""
        if self.kms_key_arn and not self.existing:
            yield "kms_key_arn", "is of what exists already; write existing: true, or remove it"
        if not self.existing and (broken := self.refused_name):
            yield "name", broken
        for each in group_of(type(self)).fields if self.existing else ():
            is_theirs = each.name in {"name", "existing", "kms_key_arn"}
            if not is_theirs and getattr(self, each.name) != each.default:
                yield (
                    each.name,
                    f"cannot be said of a {self.kind} that exists and belongs to others; remove it",
                )

    @property
    @abstractmethod
    def refused_name(self) -> str | None:
        """What is wrong with its name where the stack makes it; what exists may have others."""

    @property
    def is_of_others(self) -> bool:
        """As declared."""
        return self.existing

    def must_exist(self, owner: Account) -> Iterator[MustExist]:
        """The resource, and its key, where others made them."""
        if self.existing:
            yield self.found(owner)
            if self.kms_key_arn and f":{owner.account_id}:" in self.kms_key_arn:
                yield key_must_exist(f"kms_key_arn of {self.kind} {self.name!r}", self.kms_key_arn)

    @abstractmethod
    def found(self, owner: Account) -> MustExist:
        """The call that finds it in Production, where it exists already."""

    def none_such(self, owner: Account) -> str:
        """What is wrong where it is not found."""
        return (
            f"{self.kind} {self.name!r} is said to exist, and account {owner.account_id} has no "
            f"such {self.kind} in {owner.region}; correct its name, or have its owner make it first"
        )

    @property
    def has_own_key(self) -> bool:
        """Whether the stack makes a KMS key for it."""
        return False

    def used_key(self, owner: Account) -> str | None:
        """A key has no name before it is made: all keys of the account stand for it."""
        made = owner.regional_arn("kms", "key/*") if self.has_own_key else None
        return self.kms_key_arn or made

    @property
    def uses_of_key(self) -> set[str]:
        """What the policy of the key that the stack makes for it leaves to IAM."""
        return {action for actions in self.key_actions.values() for action in actions}

    def own_statements(self, accounts: Accounts) -> Iterator[Statement]:
        """What its policy says whatever is granted, beside the refusal of plain HTTP.

        S3 tells it of buckets of the stack, of this account and of no other bucket.

        Source: "Granting permissions to publish event notification messages to a destination",
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html.
        """
        owner = accounts.trusting
        if self.notified_by:
            buckets = [f"arn:{owner.partition}:s3:::{name}" for name in sorted(self.notified_by)]
            yield allow(
                "TellOfBuckets",
                [self.notify_action],
                {
                    "ArnEquals": {"aws:SourceArn": buckets},
                    "StringEquals": {"aws:SourceAccount": [owner.account_id]},
                },
                principal={"Service": [S3_SERVICE]},
                resources=[self.arn(owner)],
            )


@dataclass(frozen=True, kw_only=True)
class ExistingResource(SharedResource):
    """What exists in Production and stays somebody else's: the stack makes and changes nothing."""

    goes_by = (Via.ROLE,)
    arn_form: ClassVar[str]
    """Regular expression for what follows the account in its ARN."""
    arn_example: ClassVar[str]
    """As above, an example of it."""
    client: ClassVar[str] = ""
    """The boto3 client, where it is not called as the service in ARNs."""
    describe_method: ClassVar[str]
    """The client's method that finds it."""
    describe_parameter: ClassVar[str]
    """Of this method: it takes the ARN."""
    absent: ClassVar[str]
    """The error code by which AWS says that there is none."""

    existing_arn: str
    kms_key_arn: str | None = None
    """Of the key that it is encrypted with, where that is one of KMS and no service's own."""

    @property
    def own_name(self) -> str:
        """The name that its ARN ends with."""
        resource = self.existing_arn.split(":", 5)[-1]
        return re.split("[/:]", resource, maxsplit=1)[-1]

    def describe_parameters(self) -> Mapping[str, Any]:
        """What the call that finds it is given."""
        return {self.describe_parameter: self.existing_arn}

    def found_arn(self, found: Mapping[str, Any]) -> str | None:  # noqa: ARG002 - where others answer
        """The ARN of what the call found, where it may find something by less than its ARN."""
        return None

    @property
    def is_of_others(self) -> bool:
        """Always."""
        return True

    def arn(self, owner: Account) -> str:  # noqa: ARG002 - it is known
        """As declared."""
        return self.existing_arn

    def used_key(self, owner: Account) -> str | None:  # noqa: ARG002 - it is known
        """As declared."""
        return self.kms_key_arn

    def must_exist(self, owner: Account) -> Iterator[MustExist]:
        """The resource itself, and its key where that is Production's."""

        def problem(found: Mapping[str, Any] | None) -> str | None:
            told = f"resources: {self.name!r} is {self.existing_arn}, and"
            if found is None:
                return (
                    f"{told} account {owner.account_id} has no such {self.kind}; correct arn, or "
                    "have its owner make it first"
                )
            arn = self.found_arn(found) or self.existing_arn
            if arn != self.existing_arn:
                return f"{told} the {self.kind} has the ARN {arn}; write that, whole"
            return None

        yield MustExist(
            side="production",
            client=self.client or self.service,
            method=self.describe_method,
            parameters=self.describe_parameters(),
            absent=self.absent,
            problem=problem,
        )
        if self.kms_key_arn and f":{owner.account_id}:" in self.kms_key_arn:
            yield key_must_exist(f"resources: kms_key_arn of {self.name!r}", self.kms_key_arn)


@dataclass(frozen=True, kw_only=True)
class Trust:
    """Whom a trust or resource policy names, and what narrows that down."""

    sid: str
    principal: Mapping[str, Sequence[str]]
    """The `Principal` element."""
    action: str = "sts:AssumeRole"
    conditions: ConditionBlock = field(default_factory=dict)

    @property
    def names_everybody(self) -> bool:
        """Whether roles of the account of what it lets in to are among those that it names."""
        return "*" in self.principal.get("AWS", ())


class SignIn(StrEnum):
    """How callers come by credentials of their own."""

    PROFILE = "profile"
    """A named profile of an IAM user that the stack knows."""
    INSTANCE_METADATA = "instance_metadata"
    """The metadata service of EC2."""
    CONTAINER = "container"
    """The container that they run in, as tasks of ECS."""
    ENVIRONMENT = "environment"
    """Variables of the environment, as functions of Lambda."""
    CERTIFICATE = "certificate"
    """A profile that signs in with a certificate, by IAM Roles Anywhere."""
    POD_IDENTITY = "pod_identity"
    """EKS, which assumes the Production role for them."""
    WEB_IDENTITY = "web_identity"
    """A token of an OpenID Connect issuer."""
    OWN = "own"
    """By means of their own."""


class Principal(Declared, ABC):
    """A kind of consumer: who calls, from where, and how policies recognise them.

    No kind names a user or role as the `Principal` itself: IAM turns such a name into the
    principal's unique ID, so that the trust would be dead once the principal is made anew, and
    could not be saved before it exists. The account is named, and narrowed.

    Source: "AWS JSON policy elements: Principal",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html.
    """

    kind: ClassVar[str]
    """The kind's word in the stack file and in the outputs."""
    words: ClassVar[str]
    """What it is: a sentence for people."""
    example: ClassVar[str]
    """The least that it has in a stack file, as YAML."""
    signs_in: ClassVar[SignIn] = SignIn.OWN
    is_one_principal: ClassVar[bool] = False
    """Whether it is exactly one principal, without a wildcard."""
    is_machine: ClassVar[bool] = False
    """Whether nobody is there to sign in to the console or to type the code of an MFA device."""
    only_by_role: ClassVar[str] = ""
    """Why no resource policy could let the callers in; empty where one can."""
    may_renew: ClassVar[bool] = False
    """Whether its role may trust itself, so that a session is renewed by itself."""
    required_conditions: ClassVar[tuple[str, ...]] = ()
    """Conditions without which it must not be let in."""
    own_policy_characters: ClassVar[int | None] = None
    """The most that AWS takes as its own policy in Staging, where the stack writes that."""
    unique_names: ClassVar[Mapping[str, Callable[[Any], str]]] = {}
    """Names that exist once in an account whatever their case, by setting."""

    @property
    def chains(self) -> bool:
        """Whether the caller holds a role already, which caps its session at one hour."""
        return False

    @property
    def claims(self) -> Mapping[str, Sequence[str]]:
        """What callers cannot state and must be, by condition key; one of the values suffices."""
        return {}

    @property
    def unmeetable(self) -> Mapping[str, str]:
        """The conditions that it can never meet, and why."""
        if self.is_machine:
            why = f"cannot be met by a machine ({self.kind}): nobody types a code; remove it"
            return {"mfa": why}
        return {}

    def always_stated(self, conditions: "Conditions", accounts: Accounts) -> "Conditions":  # noqa: ARG002
        """The conditions, with what callers of the kind state whatever they are asked."""
        return conditions

    def refused_of_role(self, role: "Role") -> Iterator[tuple[str, str]]:
        """The settings of its role that it cannot have, and why."""
        if role.trusts_itself and not self.may_renew:
            yield (
                "trusts_itself",
                f"is for a third_party that demands it, not for {self.kind}: sessions would renew "
                "themselves without the consumer's own credentials; remove it",
            )

    @property
    def is_given_role(self) -> bool:
        """Whether callers have the Production role's credentials without asking for them."""
        return False

    @property
    def is_adopted(self) -> bool:
        """Whether it exists already, so that the stack adds one policy to all that it has."""
        return False

    @property
    def user_sign_in(self) -> str | None:
        """How a user of ours signs in, as declared; None for anybody else."""
        return None

    def profile(self, consumer: str) -> str | None:  # noqa: ARG002 - where there is one
        """Name of the CLI profile with the caller's own credentials, where one is expected."""
        return None

    def mfa_serial(self, accounts: Accounts) -> str | None:  # noqa: ARG002 - of a user only
        """ARN of the MFA device, where it can be known."""
        return None

    @abstractmethod
    def principal_arns(self, accounts: Accounts) -> tuple[str, ...]:
        """Who is let in, as far as ARNs can say it; patterns where the kind takes patterns."""

    @abstractmethod
    def trust(self, accounts: Accounts) -> Trust:
        """How policies recognise them."""

    def home_account(self, accounts: Accounts) -> str | None:
        """The account that all callers belong to; None where there is no such account."""
        return accounts.trusted.account_id

    def must_exist(self, accounts: Accounts) -> Iterator[MustExist]:  # noqa: ARG002 - of what exists already
        """What it needs and the stack does not make."""
        yield from ()


def narrowed_to_principals(
    accounts: Accounts, sid: str, operator: str, arns: Sequence[str]
) -> Trust:
    """Trust in the Staging account, narrowed to some of its principals."""
    return Trust(
        sid=sid,
        principal={"AWS": [accounts.trusted.root_arn]},
        conditions={operator: {"aws:PrincipalArn": arns}},
    )


@dataclass(frozen=True, kw_only=True)
class Mfa(Declared):
    """A code of an MFA device."""

    max_age: Annotated[
        int, Number("Seconds since it was typed; 3600 unless said.", rules.MFA_SECONDS, "seconds")
    ] = 3600


@dataclass(frozen=True, kw_only=True)
class SourceIdentity(Declared):
    """Who is behind a session, as its caller states; CloudTrail tells it of all that follows."""

    required: Annotated[bool, Flag("True unless said; false allows it without asking for it.")] = (
        True
    )
    values: Annotated[
        tuple[str, ...],
        Texts(
            "What may be stated; anything unless said.",
            rules.source_identity,
            example="[Alice, Bob]",
        ),
    ] = ()


@dataclass(frozen=True, kw_only=True)
class SessionTags(Declared):
    """Tags that the caller gives its session; no others are taken."""

    required: Annotated[
        bool, Flag("True unless said; false allows them without asking for them.")
    ] = True
    tags: Annotated[Mapping[str, str], Tags("The tags, with their values.")]
    others: tuple[str, ...] = ()
    """Keys of tags that may have any value, in which `*` is a wildcard; no setting."""

    def problems(self, accounts: Accounts) -> Iterator[tuple[str, str]]:  # noqa: ARG002
        """At least one tag."""
        if not self.tags:
            yield "tags", "names no tag; add one, as in {team: data}"


@dataclass(frozen=True, kw_only=True)
class Conditions(Declared):
    """What must hold besides being the consumer."""

    # AWS does not regard it as a secret: "Access to AWS accounts owned by third parties",
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html.
    external_id: Annotated[
        str | None,
        Text(
            "What the caller must state: 2 to 1224 characters, no secret. A third party needs one.",
            rules.external_id,
        ),
    ] = None
    more_external_ids: Annotated[
        tuple[str, ...],
        Texts(
            "External IDs that are accepted besides, while one takes the place of another.",
            rules.external_id,
            example="[the-next-one]",
        ),
    ] = ()
    mfa: Annotated[
        Mfa | None,
        Nested("A code of an MFA device that was typed lately.", Mfa, example="{max_age: 3600}"),
    ] = None
    source_ips: Annotated[
        tuple[str, ...],
        Texts(
            "CIDR ranges of public addresses, for the role and for what it then does.",
            addresses.ip_range,
            example="[203.0.113.0/24]",
        ),
    ] = ()
    # Not asked of the request for the role: that goes to STS, which has endpoints of its own.
    vpc_endpoints: Annotated[
        tuple[str, ...],
        Texts(
            "Endpoints of S3, SNS and SQS that requests for what is shared come through.",
            rules.vpc_endpoint,
            example="[vpce-0123456789abcdef0]",
        ),
    ] = ()
    source_identity: Annotated[
        SourceIdentity | None,
        Nested("Who is behind the session.", SourceIdentity, example="{values: [Alice, Bob]}"),
    ] = None
    session_tags: Annotated[
        SessionTags | None,
        Nested("Tags of the session.", SessionTags, example="{tags: {team: data}}"),
    ] = None
    expires_at: Annotated[
        str | None,
        Moment("A date, or a time with its offset, from which on nothing is allowed."),
    ] = None
    """`YYYY-MM-DDTHH:MM:SSZ`."""

    def problems(self, accounts: Accounts) -> Iterator[tuple[str, str]]:  # noqa: ARG002
        """A request comes from certain addresses, or through an endpoint; IDs differ."""
        if self.more_external_ids and not self.external_id:
            yield "more_external_ids", "are beside external_id, which is missing; write that one"
        if self.external_id in self.more_external_ids:
            yield "more_external_ids", "have external_id among them; remove it there"
        if told := addresses.all_ranges(self.source_ips):
            yield "source_ips", told
        if self.source_ips and self.vpc_endpoints:
            yield (
                "vpc_endpoints",
                "cannot go with source_ips: a request through an endpoint has no public address; "
                "keep one of the two",
            )


@dataclass(frozen=True, kw_only=True)
class Role(Declared):
    """The IAM role of the Production account that the consumer assumes."""

    name: Annotated[str, Text("The role's name.", rules.iam_name(quotas.ROLE_NAME_CHARACTERS))]
    path: Annotated[str, Text("The role's path; / unless said.", rules.iam_path)] = "/"
    policy: Annotated[
        str,
        Word(
            "managed unless said; inline makes the access policy part of the role.",
            ("managed", "inline"),
        ),
    ] = "managed"
    policy_name: Annotated[
        str,
        Text(
            "Name of the role's access policy; the role's name and Access unless said.",
            rules.policy_name,
            otherwise=lambda read: f"{read['name']}Access",
        ),
    ]
    max_session_duration: Annotated[
        int,
        Number("Seconds, 3600 to 43200; 3600 unless said.", quotas.ROLE_SESSION_SECONDS, "seconds"),
    ] = 3600
    permissions_boundary: Annotated[
        str | None,
        Text(
            "ARN of a managed policy of Production, or of AWS.",
            rule_for=lambda context: rules.permissions_boundary(context.accounts.trusting),
        ),
    ] = None
    tags: Annotated[dict[str, str], Tags("Tags of the role alone.")] = field(default_factory=dict)
    trusts_itself: Annotated[
        bool,
        Flag(
            "For a third party that demands it: whether sessions of the role may assume it again, "
            "an hour each and without end."
        ),
    ] = False
    revoked_before: Annotated[
        str | None,
        Moment(
            "A time with its offset; sessions that were issued earlier are refused everything."
            " access revoke writes it."
        ),
    ] = None
    """`YYYY-MM-DDTHH:MM:SSZ`."""

    @property
    def inline_policy(self) -> bool:
        """Whether the access policy is part of the role, and not a managed policy beside it."""
        return self.policy == "inline"

    def arn(self, owner: Account) -> str:
        """`arn:PARTITION:iam::ACCOUNT:role/PATH/NAME`."""
        return owner.iam_arn(f"role{self.path}{self.name}")

    def must_exist(self) -> Iterator[MustExist]:
        """Its permissions boundary."""
        return boundary_must_exist(self.permissions_boundary, "production", f"role {self.name!r}")

    def name_of_part(self, number: int) -> str:
        """The name of one of the managed policies, from 1, where one is not enough."""
        return self.policy_name if number == 1 else f"{self.policy_name}-{number}"

    def problems(self, accounts: Accounts) -> Iterator[tuple[str, str]]:  # noqa: ARG002
        """The console must be able to switch to it."""
        length = len(self.path.removeprefix("/") + self.name)
        if length > quotas.SWITCH_ROLE_CHARACTERS:
            yield (
                "path",
                f"and the name have {length} characters together; the console switches to roles "
                f"with at most {quotas.SWITCH_ROLE_CHARACTERS}: shorten one",
            )


@dataclass(frozen=True, kw_only=True)
class Consumer(Declared):
    """Who gets access, the role that carries it, and under which conditions."""

    name: Annotated[
        str,
        Text(
            "Ours: it names the consumer's resources, and its values in the outputs.",
            rules.logical_name,
        ),
    ]
    principal: Principal
    role: Annotated[
        Role | None,
        Nested(
            "The Production role of this consumer alone; none where all its grants say "
            "via: resource.",
            Role,
            example="{name: StageRole}",
        ),
    ] = None
    renamed_from: Annotated[
        str | None,
        Text(
            "Its former name, for one deployment, so that its resources are kept.",
            rules.logical_name,
        ),
    ] = None
    conditions: Annotated[
        Conditions,
        Nested(
            "What must hold besides.",
            Conditions,
            example=f"{{external_id: {rules.EXTERNAL_ID_EXAMPLE}}}",
        ),
    ] = field(default_factory=Conditions)

    @property
    def own_policy_name(self) -> str:
        """Name of the inline policy that it gets in its own account, where the stack writes one."""
        return f"assume-{self.role.name}" if self.role else "use-shared-resources"

    def own_policy_name_of_part(self, number: int) -> str:
        """The name of one of several such policies, from 1."""
        return self.own_policy_name if number == 1 else f"{self.own_policy_name}-{number}"


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What one consumer may do with one resource."""

    consumer: Consumer
    resource: SharedResource
    levels: tuple[str, ...]
    actions: tuple[str, ...] = ()
    """Beside those of the levels: each takes the resource or what lies in it, or no resource."""
    prefixes: tuple[str, ...] = ()
    """Beginnings of the keys of a bucket that the grant is confined to, each with its slash at the
    end; none for the whole bucket."""
    via: Via = Via.ROLE
