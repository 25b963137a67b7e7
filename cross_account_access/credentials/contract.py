"""Reads the outputs of a cross-account-access stack, for commands and for other projects.

Another project imports it from `cross_account_access.credentials`, or keeps a copy of this file,
which needs nothing but Python's standard library. In a Pulumi program the outputs come from a
`StackReference`, elsewhere from `pulumi stack output --json`:

    read(json.loads(output)).consumer("stage-admin").role_arn
    pulumi.StackReference("organization/cross-account-access/prod").outputs.apply(read)
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

VERSION: Final = 2
"""The newest version of the contract that this reader understands."""
_OLDEST: Final = 1

DEFAULT_SESSION_SECONDS: Final = 3600
"""The longest session of a role that says nothing else ("CreateRole", IAM API reference,
https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html)."""


class ContractError(Exception):
    """The outputs are not those of a stack that this reader understands; says what to do."""


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What a consumer may do with one resource."""

    resource_arn: str
    levels: tuple[str, ...]
    """The words of the stack file, such as `list` and `read`."""
    more_actions: tuple[str, ...] = ()
    """Beside those of the levels, as IAM writes them; `*` and `?` are wildcards."""
    kms_key_arn: str | None = None
    """The key of what exists apart from the stack, where the declaration names it."""
    prefixes: tuple[str, ...] = ()
    """Beginnings of the keys that the grant is limited to; none for the whole resource."""
    via: str = "role"
    """`role`: by assuming the role; `resource`: by the resource's own policy, as oneself."""
    proof_commands: tuple[str, ...] = ()
    """AWS CLI commands that use the resource, without a profile; none where nothing proves it."""
    actions: tuple[str, ...] = ()
    """All that is allowed, the actions on the resource's key included; none where the outputs do
    not say."""


@dataclass(frozen=True, kw_only=True)
class HandedOut:
    """How a service of AWS assumes the role of a consumer's machines, to hand it out to them."""

    service: str
    """What stands before `.amazonaws.com` in its principal, such as `ec2` or `pods.eks`."""
    claims: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What its request says, by condition key; one of the values, in which `*` is a wildcard."""
    about_session: tuple[str, ...] = ()
    """The actions by which it says something of the session, such as `sts:TagSession`."""


@dataclass(frozen=True, kw_only=True)
class Consumer:
    """Who gets access, and how."""

    name: str
    kind: str
    """The word of the stack file, such as `user`, for people; what follows from it is below."""
    sign_in: str
    """How callers come by credentials of their own: `profile`, a CLI profile with an access key of
    the user whom the stack names; `instance_metadata`, from the EC2 instance that they run on;
    `container`, from the container that they run in; `environment`, from variables there;
    `certificate`, a CLI profile that signs in with one, by IAM Roles Anywhere;
    `pod_identity`, from EKS, which assumes the role for them;
    `web_identity`, with a token of their identity provider; `own`, in a way that is theirs."""
    user_sign_in: str | None = None
    """How the one user of the stack signs in, as declared: `none`, `console`, with a password, or
    `key`, with an access key; None for anybody else, and where the outputs do not say it yet."""
    is_one_principal: bool
    """Whether `principal_arns` is exactly one principal, without a wildcard."""
    home_account: str | None
    """The account that all callers belong to, 12 digits; None where there is no such account."""
    chains: bool
    """Whether callers hold a role already, so that a session lasts one hour at most."""
    is_machine: bool
    """Whether nobody is there to type the code of an MFA device or to use the console."""
    role_arn: str | None
    """The role to assume; None for a consumer whose grants all go by resource policies."""
    principal_arns: tuple[str, ...]
    """Who is let in, as far as ARNs can say it; `*` and `?` are wildcards."""
    external_id: str | None = None
    """What `sts:AssumeRole` must state; AWS does not regard it as a secret."""
    more_external_ids: tuple[str, ...] = ()
    """What may be stated instead, while one takes the place of another."""
    mfa: bool = False
    """Whether the role is assumed with a code of an MFA device only."""
    mfa_max_age: int | None = None
    """Seconds since the code was typed."""
    source_identity_required: bool = False
    """Whether the role is assumed only by whoever states a source identity."""
    source_identities: tuple[str, ...] = ()
    """Which may be stated; any where it is empty."""
    may_state_source_identity: bool = False
    """Whether callers may state a source identity at all."""
    session_tags: Mapping[str, str] = field(default_factory=dict)
    """Tags that the session must be given."""
    allowed_session_tags: Mapping[str, str] = field(default_factory=dict)
    """Tags that the session may be given, with these values and no others."""
    free_session_tags: tuple[str, ...] = ()
    """Keys of further tags that the session may be given, with any value; `*` is a wildcard."""
    max_session_duration: int = DEFAULT_SESSION_SECONDS
    """Seconds; of no meaning without a role."""
    source_ips: tuple[str, ...] = ()
    """CIDR ranges that requests come from; anywhere where it is empty."""
    vpc_endpoints: tuple[str, ...] = ()
    """Endpoints that requests to the resources come through; any way where it is empty."""
    claims: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What the caller must be and cannot state itself, by condition key, such as the subject of its
    token; one of the values, in which `*` and `?` are wildcards."""
    expires_at: str | None = None
    """When the access ends, as declared; None for never."""
    revoked_before: str | None = None
    """The moment before which sessions of the role were issued that are refused everything."""
    trusts_itself: bool = False
    """Whether a session of the role may assume it again, an hour each and without end."""
    access_policy_arns: tuple[str, ...] = ()
    """The role's managed policies; none where its policy is an inline one."""
    is_given_role: bool = False
    """Whether callers have the role's credentials without asking for them, as pods of EKS do."""
    adopted_policy: str | None = None
    """Name of the one policy that the stack wrote for a principal that exists apart from it, which
    keeps all else that it has; None where the principal is the stack's, or not known to it."""
    handed_out: HandedOut | None = None
    """How the machines get the role in `principal_arns`, where the callers are machines of it."""
    instance_profile_arn: str | None = None
    """Instance profile to launch instances with, where the callers are instances."""
    caller_policy: str | None = None
    """Permissions policy that callers need whom the stack does not make, as JSON text."""
    switch_role_url: str | None = None
    """Link that switches the console to the role, where that can work."""
    cli_profile: str | None = None
    """Block for `~/.aws/config` whose profile assumes the role, where one can."""
    proof_commands: str | None = None
    """AWS CLI commands that prove the access, one a line, where there are some."""
    grants: tuple[Grant, ...] = ()

    @property
    def user_name(self) -> str | None:
        """Name of the one IAM user who is let in, without its path; None for anybody else."""
        return self.principal_arns[0].rsplit("/", 1)[-1] if self.sign_in == "profile" else None

    @property
    def mfa_serial(self) -> str | None:
        """The user's virtual MFA device, if it is named as the user, as most are."""
        account = "".join(self.principal_arns).partition(":user/")[0]
        return f"{account}:mfa/{self.user_name}" if self.user_name else None


@dataclass(frozen=True, kw_only=True)
class Replication:
    """That S3 copies what is written into a bucket to another one, by a role."""

    bucket_arn: str
    destination_arn: str
    role_arn: str
    """The role that S3 has for it."""
    prefixes: tuple[str, ...]
    """Beginnings of the keys that are copied; none for all."""
    kms_key_arn: str | None
    """Of the other bucket, where that and its key are not the stack's."""
    keeps_locks: bool
    """Whether the retention of an object goes with it."""
    delete_markers: bool
    """Whether deletions are copied."""


@dataclass(frozen=True, kw_only=True)
class Contract:
    """The outputs of a stack."""

    production_account_id: str
    """12 digits."""
    production_region: str
    staging_account_id: str
    """12 digits."""
    bucket_arns: Mapping[str, str]
    """By bucket name."""
    topic_arns: Mapping[str, str]
    """By topic name."""
    queue_arns: Mapping[str, str]
    """By queue name."""
    kms_key_arns: Mapping[str, str]
    """By the names of those buckets that have a key of their own."""
    resource_arns: Mapping[str, str] = field(default_factory=dict)
    """By name: what exists apart from the stack and is shared by it."""
    existing: frozenset[str] = frozenset()
    """ARNs of the buckets, topics and queues that exist apart from the stack."""
    consumers: Mapping[str, Consumer]
    """By name."""
    listed_by_staging: frozenset[str] = frozenset()
    """ARNs of the buckets that Staging's administrators may let anybody of the account list."""
    replications: tuple[Replication, ...] = ()
    """One for each bucket that is replicated."""
    notified: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """ARNs of the buckets that S3 tells a topic or a queue of, by the ARN of that."""
    locked: frozenset[str] = frozenset()
    """ARNs of the buckets whose objects nobody deletes for a time."""
    refusing_keys: frozenset[str] = frozenset()
    """ARNs of the buckets without a key that refuse uploads which bring or choose one."""

    @property
    def of_others(self) -> frozenset[str]:
        """ARNs of all that exists apart from the stack, whose policies are not its matter."""
        return self.existing.union(self.resource_arns.values())

    @property
    def not_to_be_written(self) -> frozenset[str]:
        """ARNs of what no check may write to: it is of others, or S3 keeps, tells or copies it."""
        acts = {each.bucket_arn for each in self.replications}
        acts |= {arn for buckets in self.notified.values() for arn in buckets}
        return self.of_others | self.locked | acts

    def usual_profile(self, consumer: Consumer) -> str | None:
        """The CLI profile in which the outputs expect a consumer's own credentials.

        It is named as the user, or as the consumer where that has a certificate or is other
        principals of an account, Staging or another; None where it is not known how callers sign
        in.
        """
        if consumer.sign_in == "certificate":
            return consumer.name
        if consumer.sign_in == "own" and consumer.home_account and not consumer.is_machine:
            return consumer.name
        return consumer.user_name

    def consumer(self, name: str) -> Consumer:
        """The consumer of that name.

        Raises:
            ContractError: there is none; names those that there are.
        """
        if name in self.consumers:
            return self.consumers[name]
        known = ", ".join(sorted(self.consumers)) or "none"
        message = f"the stack has no consumer {name!r}; it has: {known}"
        raise ContractError(message)


def read(outputs: Mapping[str, Any]) -> Contract:
    """The contract in a stack's outputs; outputs that it does not know are left alone.

    Raises:
        ContractError: the outputs have no contract, an older or a newer one, or a value of a
            type that the contract does not have.
    """
    # Two underscores keep an output off the screen of `pulumi up`.
    outputs = {name.removeprefix("__"): value for name, value in outputs.items()}
    _check_version(outputs)
    declaration = _declaration(outputs)
    try:
        consumers = _consumers(outputs, declaration)
        listed_by_staging = frozenset(declaration.get("listed_by_staging", ()))
        existing = frozenset(declaration.get("existing", ()))
        refusing_keys = frozenset(declaration.get("refusing_keys", ()))
        locked = frozenset(declaration.get("locked", ()))
        replications = tuple(map(_replication, declaration.get("replications", ())))
        notified = {arn: tuple(of) for arn, of in declaration.get("notified", {}).items()}
    except (AttributeError, KeyError, TypeError, IndexError) as error:
        raise _undeclared(error) from error
    return Contract(
        production_account_id=_text(outputs, "productionAccountId"),
        production_region=_text(outputs, "productionRegion"),
        staging_account_id=_text(outputs, "stagingAccountId"),
        bucket_arns=_texts_by_name(outputs, "bucketArns"),
        topic_arns=_texts_by_name(outputs, "topicArns", is_required=False),
        queue_arns=_texts_by_name(outputs, "queueArns", is_required=False),
        kms_key_arns=_texts_by_name(outputs, "kmsKeyArns", is_required=False),
        resource_arns=_texts_by_name(outputs, "resourceArns", is_required=False),
        existing=existing,
        consumers=consumers,
        listed_by_staging=listed_by_staging,
        locked=locked,
        refusing_keys=refusing_keys,
        replications=replications,
        notified=notified,
    )


def told_of_renewal(consumers: Iterable[Consumer]) -> Iterator[str]:
    """What it means that the roles of some of them trust themselves, a sentence each."""
    for each in consumers:
        if each.trusts_itself:
            yield (
                f"the role of {each.name} trusts itself: whoever has one of its sessions and knows"
                " the external ID renews it, an hour each, without being"
                f" {each.name} any more, until access revoke or the end of the access"
            )


def _check_version(outputs: Mapping[str, Any]) -> None:
    found = outputs.get("contractVersion")
    if found is None:
        message = (
            "the outputs have no contractVersion, so they are not those of a deployed "
            "cross-account-access stack; check the name of the stack, and deploy it with pulumi up"
        )
    elif not (isinstance(found, str) and found.isdecimal()):
        message = f"contractVersion must be a number in text, as in '{VERSION}', got {found!r}"
    elif int(found) < _OLDEST:
        message = (
            f"contractVersion is {found}, and this reader understands {_OLDEST} and {VERSION}; "
            "deploy the stack with a current version of cross-account-access"
        )
    elif int(found) > VERSION:
        message = (
            f"contractVersion is {found}, and this reader understands {_OLDEST} and {VERSION}; "
            "take the reader of the version that the stack was deployed with"
        )
    else:
        return
    raise ContractError(message)


def _declaration(outputs: Mapping[str, Any]) -> Mapping[str, Any]:
    if "declaration" not in outputs:
        message = (
            "the outputs have no declaration, which tells the consumers and their grants; "
            "deploy the stack with a current version of cross-account-access"
        )
        raise ContractError(message)
    try:
        declaration = json.loads(_text(outputs, "declaration"))
    except ValueError as error:
        raise _undeclared(error) from error
    if not isinstance(declaration, Mapping):
        why = f"it must be an object, got {type(declaration).__name__}"
        raise _undeclared(why)
    return declaration


def _consumers(outputs: Mapping[str, Any], declaration: Mapping[str, Any]) -> dict[str, Consumer]:
    urls = _texts_by_name(outputs, "switchRoleUrls")
    policies = _lists_by_name(outputs, "accessPolicyArns")
    instance_profiles = _texts_by_name(outputs, "instanceProfileArns", is_required=False)
    caller_policies = _texts_by_name(outputs, "callerPolicies", is_required=False)
    profiles = _texts_by_name(outputs, "cliProfiles", is_required=False)
    proofs = _texts_by_name(outputs, "proofCommands", is_required=False)
    staging = _text(outputs, "stagingAccountId")
    grants = [(grant["consumer"], _grant(grant)) for grant in declaration["grants"]]
    return {
        name: Consumer(
            name=name,
            kind=entry["kind"],
            user_sign_in=entry.get("user_sign_in"),
            **_callers(entry, staging),
            role_arn=entry["role_arn"],
            principal_arns=tuple(entry["principal_arns"]),
            external_id=entry["external_id"],
            more_external_ids=tuple(entry.get("more_external_ids", ())),
            mfa=entry["mfa"],
            mfa_max_age=entry.get("mfa_max_age"),
            source_identity_required=entry.get("source_identity_required", False),
            source_identities=tuple(entry.get("source_identities", ())),
            source_ips=tuple(entry.get("source_ips", ())),
            vpc_endpoints=tuple(entry.get("vpc_endpoints", ())),
            claims={key: tuple(values) for key, values in entry.get("claims", {}).items()},
            # Outputs written before say what must be stated, and not what may.
            may_state_source_identity=entry.get(
                "may_state_source_identity",
                entry.get("source_identity_required", False)
                or bool(entry.get("source_identities")),
            ),
            session_tags=entry.get("session_tags", {}),
            allowed_session_tags=entry.get("allowed_session_tags", entry.get("session_tags", {})),
            free_session_tags=tuple(entry.get("free_session_tags", ())),
            max_session_duration=entry["max_session_duration"] or DEFAULT_SESSION_SECONDS,
            expires_at=entry["expires_at"],
            revoked_before=entry.get("revoked_before"),
            trusts_itself=entry.get("trusts_itself", False),
            access_policy_arns=policies.get(name, ()),
            is_given_role=entry.get("is_given_role", False),
            adopted_policy=entry.get("adopted_policy"),
            handed_out=_handed_out(entry),
            instance_profile_arn=instance_profiles.get(name),
            caller_policy=caller_policies.get(name),
            switch_role_url=urls.get(name),
            cli_profile=profiles.get(name),
            proof_commands=proofs.get(name),
            grants=tuple(grant for consumer, grant in grants if consumer == name),
        )
        for entry in declaration["consumers"]
        for name in [entry["name"]]
    }


_CALLERS: Final = ("sign_in", "is_one_principal", "home_account", "chains", "is_machine")


def _callers(entry: Mapping[str, Any], staging: str) -> dict[str, Any]:
    """What a consumer's callers are; from the kind where the outputs do not say it yet."""
    if "sign_in" in entry:
        return {name: entry[name] for name in _CALLERS}
    arns = entry["principal_arns"]
    first_account = arns[0].split(":")[4] if arns else None
    has_roles = any(":role/" in arn for arn in arns)
    by_kind = {
        "user": ("profile", True, staging, False, False),
        "ec2": ("instance_metadata", True, staging, True, True),
        "third_party": ("own", False, first_account, False, True),
        "oidc": ("web_identity", False, None, False, True),
        "principals": ("own", False, staging, has_roles, False),
        "organization": ("own", False, None, False, False),
    }
    return dict(zip(_CALLERS, by_kind[entry["kind"]], strict=True))


def _handed_out(entry: Mapping[str, Any]) -> HandedOut | None:
    """How machines get their role; outputs written before know EC2 instances alone."""
    told = entry.get("handed_out")
    if told is None:
        return HandedOut(service="ec2") if entry["kind"] == "ec2" else None
    return HandedOut(
        service=told["service"],
        claims={key: tuple(values) for key, values in told["claims"].items()},
        about_session=tuple(told["about_session"]),
    )


def _undeclared(why: object) -> ContractError:
    return ContractError(
        f"the output declaration is not as in version {VERSION} of the contract: {why}"
    )


def _grant(entry: Mapping[str, Any]) -> Grant:
    return Grant(
        resource_arn=entry["resource_arn"],
        levels=tuple(entry["levels"]),
        more_actions=tuple(entry.get("more_actions", ())),
        kms_key_arn=entry.get("kms_key_arn"),
        prefixes=tuple(entry["prefixes"]),
        via=entry["via"],
        proof_commands=tuple(entry.get("proof_commands", ())),
        actions=tuple(entry.get("actions", ())),
    )


def _replication(entry: Mapping[str, Any]) -> Replication:
    return Replication(
        bucket_arn=entry["bucket_arn"],
        destination_arn=entry["destination_arn"],
        role_arn=entry["role_arn"],
        prefixes=tuple(entry["prefixes"]),
        kms_key_arn=entry["kms_key_arn"],
        keeps_locks=entry["keeps_locks"],
        delete_markers=entry["delete_markers"],
    )


def _text(outputs: Mapping[str, Any], name: str) -> str:
    value = outputs.get(name)
    if isinstance(value, str):
        return value
    raise _mistyped(name, "text", value)


def _texts_by_name(
    outputs: Mapping[str, Any], name: str, *, is_required: bool = True
) -> dict[str, str]:
    value = outputs.get(name, None if is_required else {})
    if isinstance(value, Mapping) and all(isinstance(each, str) for each in value.values()):
        return dict(value)
    raise _mistyped(name, "texts by name", value)


def _lists_by_name(outputs: Mapping[str, Any], name: str) -> dict[str, tuple[str, ...]]:
    value = outputs.get(name)
    if isinstance(value, Mapping) and all(
        isinstance(each, list) and all(isinstance(text, str) for text in each)
        for each in value.values()
    ):
        return {key: tuple(each) for key, each in value.items()}
    raise _mistyped(name, "lists of text by name", value)


def _mistyped(name: str, wanted: str, value: object) -> ContractError:
    got = "nothing" if value is None else type(value).__name__
    return ContractError(
        f"the output {name} must be {wanted} in version {VERSION} of the contract, got {got}"
    )
