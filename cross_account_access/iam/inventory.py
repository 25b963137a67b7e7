"""The policy documents of principals and resources by their ARNs: what the judge is asked about.

It says whom they belong to and what people call them; where they come from is not its matter.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol, Self

from cross_account_access.iam.checks import instance, mapping, text
from cross_account_access.iam.condition_keys import UNKNOWN_DOCUMENT
from cross_account_access.iam.documents import Document, PolicyKind
from cross_account_access.iam.engine import (
    IdentityDocuments,
    ResourceDocuments,
    RoleDocuments,
    World,
)
from cross_account_access.iam.layers import NOT_SEEN, Layers

POLICIES_OF_OTHERS: Final = "of others"
"""In place of the names of policies that others gave a user whom the stack only names."""

KNOWN_LATER: Final = "known-after-deployment"
"""Why a document is not known that the stack itself makes: it waits for values, or is secret."""

_SHORT: Final = re.compile(r"arn:[^:]+:(?P<service>[^:]+):[^:]*:(?P<account>\d*):(?P<rest>.+)")


def unknown_document(why: str, kind: PolicyKind = PolicyKind.IDENTITY) -> Mapping[str, Any]:
    """Return a document that leaves every question open, for one whose content is not known.

    The engine decides no condition on a key that nobody states, so that an answer that hangs on
    this document is unknown, and says why.
    """
    statement: dict[str, Any] = {
        "Action": "*",
        "Condition": {"Null": {f"{why}{UNKNOWN_DOCUMENT}": "false"}},
    }
    if kind is not PolicyKind.TRUST:
        statement["Resource"] = "*"
    if kind is not PolicyKind.IDENTITY:
        statement["Principal"] = "*"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "NotKnown", "Effect": effect, **statement} for effect in ("Allow", "Deny")
        ],
    }


def is_unknown_document(document: Document) -> bool:
    """Say whether a document is one of `unknown_document`."""
    if isinstance(document, str):
        return UNKNOWN_DOCUMENT in document
    try:
        return UNKNOWN_DOCUMENT in json.dumps(document)
    except (TypeError, ValueError, RecursionError):
        return False  # whoever reads it says what is wrong with it


def is_unknown_key(key: str) -> bool:
    """Say whether a context key stands for the content of an unknown document."""
    return key.endswith(UNKNOWN_DOCUMENT)


UNKNOWN_TRUST: Final = unknown_document("trust", PolicyKind.TRUST)
"""In place of the trust policy of a role whose documents are not known."""


class LabelledAccount(Protocol):
    """An account, and the name that people know it by."""

    @property
    def id(self) -> str:
        """12 digits."""

    @property
    def label(self) -> str:
        """The name, like `production`."""

    @property
    def partition(self) -> str:
        """The partition, like `aws`."""


@dataclass(frozen=True)
class AttachedDocument:
    """A policy document with what it belongs to."""

    holder: str
    """ARN of the user, role or resource."""
    kind: PolicyKind
    label: str
    """The policy's name; empty where the holder has one of the kind at most."""
    document: Document


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """Principals and resources with their documents."""

    accounts: tuple[LabelledAccount, ...]
    users: Mapping[str, IdentityDocuments]
    """By ARN."""
    roles: Mapping[str, RoleDocuments]
    """By ARN."""
    resources: Mapping[str, ResourceDocuments]
    """Buckets, topics, queues and keys by ARN."""
    gaps: tuple[str, ...] = ()
    """What could not be read, a sentence each."""
    layers: Layers = NOT_SEEN
    """What limits requests beside the policies of those who meet in them."""

    def __post_init__(self) -> None:
        """Refuse what is none of them; what the documents say is for `world` to check.

        Raises:
            QuestionError: for anything else.
        """
        for account in instance(self.accounts, tuple, "accounts"):
            for each in ("id", "label", "partition"):
                text(getattr(account, each, None), f"{each} of an account")
        for what in ("users", "roles", "resources"):
            mapping(getattr(self, what), what)

    def world(self) -> World:
        """The engine's view.

        Raises:
            DocumentError: for a document that breaks the policy grammar.
        """
        return World(
            users=self.users, roles=self.roles, resources=self.resources, layers=self.layers
        )

    def documents(self) -> Iterator[AttachedDocument]:
        """All documents: policies and boundaries, then trust policies, then those of resources."""
        for arn, identity in {**self.users, **self.roles}.items():
            for label, document in identity.get("policies", {}).items():
                yield AttachedDocument(arn, PolicyKind.IDENTITY, label, document)
            boundary = identity.get("boundary")
            if boundary is not None:
                yield AttachedDocument(arn, PolicyKind.BOUNDARY, "", boundary)
        for arn, role in self.roles.items():
            yield AttachedDocument(arn, PolicyKind.TRUST, "", role["trust"])
        for arn, resource in self.resources.items():
            if resource["policy"] is not None:
                yield AttachedDocument(arn, PolicyKind.RESOURCE, "", resource["policy"])

    def including(self, name: str) -> Self:
        """The same with one more user or role of its accounts, whose documents are to be read."""
        arn = self.long(name)
        match = _SHORT.fullmatch(arn)
        is_ours = match and match["account"] in {account.id for account in self.accounts}
        if not is_ours or ":iam:" not in arn or arn in {**self.users, **self.roles}:
            return self
        if ":user/" in arn:
            return replace(self, users={**self.users, arn: {}})
        if ":role/" in arn:
            return replace(self, roles={**self.roles, arn: {"trust": UNKNOWN_TRUST}})
        return self

    def label(self, account: str) -> str:
        """The short name of an account: its provider's name, or the ID of one that has none."""
        return next((each.label for each in self.accounts if each.id == account), account)

    def short(self, arn: str) -> str:
        """A name for people: `staging:user/StageAdmin`, `production-test-bucket-101/reports/*`."""
        match = _SHORT.fullmatch(text(arn, "name"))
        if match is None:
            return arn
        if match["service"] == "s3":
            return match["rest"]
        if match["service"] in ("iam", "sts"):
            return f"{self.label(match['account'])}:{match['rest']}"
        return f"{self.label(match['account'])}:{match['service']}:{match['rest']}"

    def long(self, name: str) -> str:
        """The ARN that a short name stands for; any other text is returned as it is."""
        text(name, "name")
        for arn in (*self.users, *self.roles, *self.resources):
            if name == self.short(arn):
                return arn
        label, _, rest = name.partition(":")
        for account in self.accounts:
            if label in (account.label, account.id) and re.match(r"(?:user|role)/|root$", rest):
                return f"arn:{account.partition}:iam::{account.id}:{rest}"
        bucket, slash, key = name.partition("/")
        for arn in self.resources:
            if slash and arn.endswith(f":s3:::{bucket}"):
                return f"{arn}/{key}"
        return name


NOTHING: Final = Inventory(accounts=(), users={}, roles={}, resources={})
"""No principal and no resource."""
