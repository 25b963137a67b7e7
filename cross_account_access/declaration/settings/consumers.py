"""Reads who gets access: one reader for each kind of consumer, in one table."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from cross_account_access.declaration.model import (
    CHAINED_SESSION_SECONDS,
    Accounts,
    Consumer,
    InstanceRole,
    Instances,
    Organization,
    Principals,
    Role,
    ThirdParty,
    User,
    WebIdentities,
    Who,
)
from cross_account_access.declaration.settings import rules
from cross_account_access.declaration.settings.conditions import TAG_LIMIT, read_conditions
from cross_account_access.declaration.settings.reader import Fields

ROLE_EXAMPLE: Final = "{name: StageRole}"


class _Kind(NamedTuple):
    read: Callable[[Fields, Accounts], Who]
    example: str


def read_consumer(fields: Fields, accounts: Accounts) -> Consumer:
    """One item of `consumers`; its kind is the one key of the table that it has."""
    name = fields.text("name", rules.logical_name)
    choice = fields.choice({word: kind.example for word, kind in _KINDS.items()})
    who = None
    if choice:
        word, inside = choice
        who = _KINDS[word].read(inside, accounts)
        inside.done()
    role_fields = fields.optional_mapping("role", ROLE_EXAMPLE)
    role = _role(role_fields) if role_fields else None
    longest = role.max_session_duration if role else 0
    if role_fields and isinstance(who, Instances) and longest > CHAINED_SESSION_SECONDS:
        role_fields.refuse(
            "max_session_duration",
            "cannot be had by instances: a role that is assumed from another role lasts "
            f"{CHAINED_SESSION_SECONDS} seconds at the most; remove it",
        )
    read = Consumer(
        name=name,
        who=who or User(name=""),
        role=role,
        conditions=read_conditions(fields, who),
        renamed_from=fields.optional_text("renamed_from", rules.logical_name),
    )
    fields.done()
    return read


def _user(fields: Fields, _: Accounts) -> User:
    adopt = fields.flag("adopt", default=False)
    user = User(
        # Users made before the limit of 64 are up to 128 long ("User", IAM API reference).
        name=fields.text("name", rules.iam_name(128 if adopt else 64)),
        path=fields.text("path", rules.iam_path, "/"),
        adopt=adopt,
        permissions_boundary=fields.optional_text("permissions_boundary", rules.policy_arn),
    )
    if adopt and fields.has("permissions_boundary"):
        fields.refuse(
            "adopt", "leaves the user as it is: remove permissions_boundary, or set adopt: false"
        )
    return user


def _instances(fields: Fields, _: Accounts) -> Instances:
    role = fields.mapping("role", "{name: StageInstances}")
    read = InstanceRole(
        name=role.text("name", rules.iam_name(64)),
        path=role.text("path", rules.iam_path, "/"),
        permissions_boundary=role.optional_text("permissions_boundary", rules.policy_arn),
    )
    role.done()
    return Instances(
        role=read,
        instance_profile=fields.text("instance_profile", rules.iam_name(128), read.name),
    )


def _third_party(fields: Fields, accounts: Accounts) -> ThirdParty:
    third_party = ThirdParty(account_id=fields.text("account_id", rules.account_id))
    for side, account in (("Production", accounts.trusting), ("Staging", accounts.trusted)):
        if third_party.account_id and third_party.account_id == account.account_id:
            fields.refuse("account_id", f"is the {side} account, which is no third party")
    return third_party


def _web_identities(fields: Fields, _: Accounts) -> WebIdentities:
    allow_wildcards = fields.flag("allow_wildcard_subjects", default=False)
    return WebIdentities(
        issuer=fields.text("issuer", rules.issuer).removeprefix("https://"),
        audience=fields.text("audience", rules.audience),
        subjects=fields.texts(
            "subjects",
            rules.subject(allow_wildcards=allow_wildcards),
            "[repo:my-org/my-repo:ref:refs/heads/main]",
        ),
        create_provider=fields.word("provider", ["create", "existing"], "create") == "create",
    )


def _principals(fields: Fields, accounts: Accounts) -> Principals:
    staging = accounts.trusted
    pattern = rules.principal_pattern(staging.partition, staging.account_id)
    return Principals(arns=fields.texts("arns", pattern, "[arn:aws:iam::444455556666:role/data/*]"))


def _organization(fields: Fields, _: Accounts) -> Organization:
    organization_id = fields.text("id", rules.organization_id)
    return Organization(
        id=organization_id,
        paths=fields.optional_texts(
            "paths",
            rules.organization_path(organization_id),
            "[o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*]",
        ),
    )


_KINDS: Final[Mapping[str, _Kind]] = {
    User.kind: _Kind(_user, "{name: StageAdmin}"),
    Instances.kind: _Kind(_instances, "{role: {name: StageInstances}}"),
    ThirdParty.kind: _Kind(_third_party, '{account_id: "777788889999"}'),
    WebIdentities.kind: _Kind(
        _web_identities,
        "{issuer: https://token.actions.githubusercontent.com, audience: sts.amazonaws.com, "
        "subjects: [repo:my-org/my-repo:ref:refs/heads/main]}",
    ),
    Principals.kind: _Kind(_principals, "{arns: [arn:aws:iam::444455556666:role/data/*]}"),
    Organization.kind: _Kind(_organization, "{id: o-a1b2c3d4e5}"),
}
"""By the word of the stack file."""


def _role(fields: Fields) -> Role:
    name = fields.text("name", rules.iam_name(64))
    role = Role(
        name=name,
        path=fields.text("path", rules.iam_path, "/"),
        policy_name=fields.text("policy_name", rules.policy_name, f"{name}Access"),
        inline_policy=fields.word("policy", ["managed", "inline"], "managed") == "inline",
        max_session_duration=fields.number(
            "max_session_duration", rules.SESSION_SECONDS, "seconds", 3600
        ),
        permissions_boundary=fields.optional_text("permissions_boundary", rules.policy_arn),
        tags=fields.tags("tags", rules.tag_key, rules.tag_value, TAG_LIMIT),
    )
    length = len(role.path.removeprefix("/") + role.name)
    if len(name) <= rules.CONSOLE_LIMIT < length:
        fields.refuse(
            "path",
            f"and the name have {length} characters together; the console switches to roles "
            f"with at most {rules.CONSOLE_LIMIT}: shorten one",
        )
    fields.done()
    return role
