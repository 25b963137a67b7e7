"""Reads the outputs of a cross-account-access stack, for commands and for other projects.

This file needs nothing but Python's standard library: another project may import it or keep a copy
of it. In a Pulumi program the outputs come from a `StackReference`, elsewhere from
`pulumi stack output --json`:

    read(json.loads(output)).consumer("stage-admin").role_arn
    pulumi.StackReference("organization/cross-account-access/prod").outputs.apply(read)
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

VERSION: Final = 1
"""The version of the contract that this reader understands."""

DEFAULT_SESSION_SECONDS: Final = 3600
"""The longest session of a role that says nothing else ("CreateRole", IAM API reference)."""


class ContractError(Exception):
    """The outputs are not those of a stack that this reader understands; says what to do."""


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What a consumer may do with one resource."""

    resource_arn: str
    levels: tuple[str, ...]
    """`list`, `read`, `write`, `delete` of a bucket; `publish`, `subscribe` of a topic; `send`,
    `receive` of a queue."""
    prefixes: tuple[str, ...] = ()
    """Beginnings of the keys that the grant is limited to; none for the whole resource."""
    via: str = "role"
    """`role`: by assuming the role; `resource`: by the resource's own policy, as oneself."""


@dataclass(frozen=True, kw_only=True)
class Consumer:
    """Who gets access, and how."""

    name: str
    kind: str
    """`user`, `ec2`, `third_party`, `oidc`, `principals` or `organization`."""
    role_arn: str | None
    """The role to assume; None for a consumer whose grants all go by resource policies."""
    principal_arns: tuple[str, ...]
    """Who is let in; the stack's own user for the kind `user`."""
    external_id: str | None = None
    """What `sts:AssumeRole` must state; AWS does not regard it as a secret."""
    mfa: bool = False
    """Whether the role is assumed with a code of an MFA device only."""
    mfa_max_age: int | None = None
    """Seconds since the code was typed."""
    source_identity_required: bool = False
    """Whether the role is assumed only by whoever states a source identity."""
    source_identities: tuple[str, ...] = ()
    """Which may be stated; any where it is empty."""
    session_tags: Mapping[str, str] = field(default_factory=dict)
    """Tags that the session must be given."""
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
    access_policy_arns: tuple[str, ...] = ()
    """The role's managed policies; none where its policy is an inline one."""
    switch_role_url: str | None = None
    """Link that switches the console to the role, where that can work."""
    grants: tuple[Grant, ...] = ()
    """Empty for a stack of the first release, whose outputs did not tell them."""

    @property
    def user_name(self) -> str | None:
        """Name of the user who is let in, without its path; None for any other kind."""
        if self.kind == "user" and self.principal_arns:
            return self.principal_arns[0].rsplit("/", 1)[-1]
        return None


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
    consumers: Mapping[str, Consumer]
    """By name."""
    listed_by_staging: frozenset[str] = frozenset()
    """ARNs of the buckets that Staging's administrators may let anybody of the account list."""

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
    _check_version(outputs)
    declaration = _declaration(outputs)
    return Contract(
        production_account_id=_text(outputs, "productionAccountId"),
        production_region=_text(outputs, "productionRegion"),
        staging_account_id=_text(outputs, "stagingAccountId"),
        bucket_arns=_texts_by_name(outputs, "bucketArns"),
        topic_arns=_texts_by_name({"topicArns": {}, **outputs}, "topicArns"),
        queue_arns=_texts_by_name({"queueArns": {}, **outputs}, "queueArns"),
        kms_key_arns=_texts_by_name({"kmsKeyArns": {}, **outputs}, "kmsKeyArns"),
        consumers=_consumers(outputs, declaration),
        listed_by_staging=frozenset((declaration or {}).get("listed_by_staging", ())),
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
    elif int(found) < VERSION:
        message = (
            f"contractVersion is {found}, and this reader understands {VERSION}; "
            "deploy the stack with a current version of cross-account-access"
        )
    elif int(found) > VERSION:
        message = (
            f"contractVersion is {found}, and this reader understands {VERSION}; "
            "take the reader of the version that the stack was deployed with"
        )
    else:
        return
    raise ContractError(message)


def _declaration(outputs: Mapping[str, Any]) -> Mapping[str, Any] | None:
    if "declaration" not in outputs:
        return None
    try:
        said = json.loads(_text(outputs, "declaration"))
    except ValueError as error:
        raise _undeclared(error) from error
    if not isinstance(said, Mapping):
        why = f"it must be an object, got {type(said).__name__}"
        raise _undeclared(why)
    return said


def _consumers(
    outputs: Mapping[str, Any], declaration: Mapping[str, Any] | None
) -> dict[str, Consumer]:
    urls = _texts_by_name(outputs, "switchRoleUrls")
    policies = _lists_by_name(outputs, "accessPolicyArns")
    if declaration is None:
        users = _texts_by_name(outputs, "userArns")
        return {
            name: Consumer(
                name=name,
                kind="user",
                role_arn=role_arn,
                principal_arns=(users[name],) if name in users else (),
                access_policy_arns=policies.get(name, ()),
                switch_role_url=urls.get(name),
            )
            for name, role_arn in _texts_by_name(outputs, "roleArns").items()
        }
    try:
        grants = [(grant["consumer"], _grant(grant)) for grant in declaration["grants"]]
        return {
            name: Consumer(
                name=name,
                kind=said["kind"],
                role_arn=said["role_arn"],
                principal_arns=tuple(said["principal_arns"]),
                external_id=said["external_id"],
                mfa=said["mfa"],
                mfa_max_age=said.get("mfa_max_age"),
                source_identity_required=said.get("source_identity_required", False),
                source_identities=tuple(said.get("source_identities", ())),
                source_ips=tuple(said.get("source_ips", ())),
                vpc_endpoints=tuple(said.get("vpc_endpoints", ())),
                claims={key: tuple(values) for key, values in said.get("claims", {}).items()},
                session_tags=said.get("session_tags", {}),
                max_session_duration=said["max_session_duration"] or DEFAULT_SESSION_SECONDS,
                expires_at=said["expires_at"],
                access_policy_arns=policies.get(name, ()),
                switch_role_url=urls.get(name),
                grants=tuple(grant for consumer, grant in grants if consumer == name),
            )
            for said in declaration["consumers"]
            for name in [said["name"]]
        }
    except (AttributeError, KeyError, TypeError) as error:
        raise _undeclared(error) from error


def _undeclared(why: object) -> ContractError:
    return ContractError(
        f"the output declaration is not as in version {VERSION} of the contract: {why}"
    )


def _grant(said: Mapping[str, Any]) -> Grant:
    return Grant(
        resource_arn=said["resource_arn"],
        levels=tuple(said["levels"]),
        prefixes=tuple(said["prefixes"]),
        via=said["via"],
    )


def _text(outputs: Mapping[str, Any], name: str) -> str:
    value = outputs.get(name)
    if isinstance(value, str):
        return value
    raise _mistyped(name, "text", value)


def _texts_by_name(outputs: Mapping[str, Any], name: str) -> dict[str, str]:
    value = outputs.get(name)
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
