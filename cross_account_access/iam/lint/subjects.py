"""What lint looks at: policy documents with what AWS lets them be."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from cross_account_access.facts import quotas
from cross_account_access.iam.documents import PolicyKind
from cross_account_access.iam.inventory import AttachedDocument, Inventory, is_unknown_document


@dataclass(frozen=True)
class Subject:
    """One policy document."""

    name: str
    """A file, or a name for people like `trust policy of production:role/StageRole`."""
    kind: PolicyKind
    text: str
    """JSON."""
    limit: int | None = None
    """The size that AWS accepts in every account; `None` where it publishes none."""
    raised_to: int | None = None
    """What AWS can raise the limit to, where it can."""

    @property
    def size(self) -> int:
        """What counts against the limit: characters but white space, of a resource all bytes."""
        if self.kind is PolicyKind.RESOURCE:
            return len(self.text.encode())
        return quotas.policy_characters(self.text)


_PRINCIPALS: Final = {"Principal", "NotPrincipal"}
_RESOURCES: Final = {"Resource", "NotResource"}
_LARGEST: Final = max(quota.size for quota in quotas.RESOURCE_POLICIES.values())


def subject_of_text(name: str, text: str) -> Subject:
    """Return a document of which nothing but its text is known; its elements tell its kind."""
    kind = _kind(text)
    if kind is PolicyKind.TRUST:
        return _trust(name, text)
    limit = quotas.MANAGED_POLICY_CHARACTERS if kind is PolicyKind.IDENTITY else _LARGEST
    return Subject(name, kind, text, limit)


def subjects_of(inventory: Inventory) -> Iterator[Subject]:
    """Yield the documents of an inventory whose content is known."""
    for each in inventory.documents():
        if not is_unknown_document(each.document):
            yield _attached(inventory, each)


def left_out(inventory: Inventory) -> Iterator[str]:
    """Yield a sentence for each document whose content is not known."""
    for each in inventory.documents():
        if is_unknown_document(each.document):
            yield f"{_name(inventory, each)} is not known, so it is left out"


def _attached(inventory: Inventory, each: AttachedDocument) -> Subject:
    name, document = _name(inventory, each), each.document
    text = document if isinstance(document, str) else json.dumps(document)
    if each.kind is PolicyKind.TRUST:
        return _trust(name, text)
    if each.kind is PolicyKind.RESOURCE:
        quota = quotas.RESOURCE_POLICIES.get(each.holder.split(":")[2])
        return Subject(name, each.kind, text, quota.size if quota else None)
    if each.kind is PolicyKind.BOUNDARY or ":policy/" in each.label:
        return Subject(name, each.kind, text, quotas.MANAGED_POLICY_CHARACTERS)
    is_user = each.holder in inventory.users
    limit = quotas.USER_INLINE_CHARACTERS if is_user else quotas.ROLE_INLINE_CHARACTERS
    return Subject(name, each.kind, text, limit)


def _trust(name: str, text: str) -> Subject:
    least, most = quotas.TRUST_POLICY_CHARACTERS[0], quotas.TRUST_POLICY_CHARACTERS[-1]
    return Subject(name, PolicyKind.TRUST, text, least, most)


def _name(inventory: Inventory, each: AttachedDocument) -> str:
    word = {
        PolicyKind.IDENTITY: f"policy {each.label}",
        PolicyKind.RESOURCE: "policy",
    }.get(each.kind, each.kind.value)
    return f"{word} of {inventory.short(each.holder)}"


def _kind(text: str) -> PolicyKind:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return PolicyKind.IDENTITY
    statements = value.get("Statement", []) if isinstance(value, dict) else []
    first = next(iter(statements), {}) if isinstance(statements, list) else statements
    if not isinstance(first, dict) or not _PRINCIPALS & first.keys():
        return PolicyKind.IDENTITY
    return PolicyKind.RESOURCE if _RESOURCES & first.keys() else PolicyKind.TRUST
