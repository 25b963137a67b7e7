"""What lint looks at: policy documents with what AWS lets them be."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cross_account_access.facts import quotas
from cross_account_access.facts.quotas import ResourcePolicyQuota
from cross_account_access.iam.checks import clipped
from cross_account_access.iam.documents import Place, PolicyKind, is_of_repository
from cross_account_access.iam.errors import IamError
from cross_account_access.iam.inventory import AttachedDocument, Inventory, is_unknown_document


class KindError(IamError):
    """A document of which its elements do not tell the kind."""


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
    quota: ResourcePolicyQuota | None = None
    """What else AWS counts in the policy of a resource."""
    owner: str | None = None
    """The account of the role or resource, where it is known."""
    start: Place | None = None
    """Where the text begins in its file; `None` for a document that is in none."""
    is_quoted: bool = False
    """Whether it stands in its file as a text within JSON, so that its own lines are none of it."""
    label: str = ""
    """What it belongs to, where a file has several."""
    holder: str = ""
    """ARN of what it belongs to; empty where that is not known."""

    @property
    def size(self) -> int:
        """What counts against the limit: characters but white space, of a resource all bytes."""
        if self.kind is PolicyKind.RESOURCE:
            return len(self.text.encode())
        return quotas.policy_characters(self.text)


_BEGIN: Final = Place(1, 1)
_PRINCIPALS: Final = {"Principal", "NotPrincipal"}
_RESOURCES: Final = {"Resource", "NotResource"}
_LARGEST: Final = max(quota.size for quota in quotas.RESOURCE_POLICIES.values())
_ACCOUNT: Final = re.compile(r"arn:[^:]+:[^:]+:[^:]*:(\d{12}):")
_ROOT: Final = re.compile(r"arn:[^:]+:iam::(\d{12}):root|\d{12}")


def subject_of_text(  # noqa: PLR0913 - each is a fact of its own
    name: str,
    text: str,
    kind: PolicyKind | None = None,
    *,
    holder: str = "",
    limit: int | None = None,
    start: Place | None = _BEGIN,
    is_quoted: bool = False,
    label: str = "",
) -> Subject:
    """Return a document with the limits of its kind.

    Args:
        name: as `Subject` has it.
        text: JSON.
        kind: what it is attached to; its elements tell where it is not given.
        holder: ARN of what it belongs to, where that is known.
        limit: of an identity-based policy; that of a managed policy where it is not given.
        start: as `Subject` has it.
        is_quoted: as `Subject` has it.
        label: as `Subject` has it.

    Raises:
        KindError: for a document whose elements do not tell its kind.
    """
    statements = list(_statements(text))
    kind = kind or _kind(name, statements)
    raised_to, quota, owner = None, None, None
    if kind is PolicyKind.TRUST:
        least, raised_to = quotas.TRUST_POLICY_CHARACTERS[0], quotas.TRUST_POLICY_CHARACTERS[-1]
        limit = least
    elif kind is PolicyKind.RESOURCE:
        services = {holder.split(":")[2]} if holder else set(_services(statements))
        quota = quotas.RESOURCE_POLICIES.get(services.pop()) if len(services) == 1 else None
        limit = quota.size if quota else None if holder else _LARGEST
        owner = _owner(statements)
    elif limit is None and kind in (PolicyKind.IDENTITY, PolicyKind.BOUNDARY):
        limit = quotas.MANAGED_POLICY_CHARACTERS
    if match := _ACCOUNT.match(holder):
        owner = match[1]
    return Subject(
        name, kind, text, limit, raised_to, quota, owner, start, is_quoted, label, holder
    )


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
    limit = None
    if each.kind is PolicyKind.IDENTITY and ":policy/" not in each.label:
        is_user = each.holder in inventory.users
        limit = quotas.USER_INLINE_CHARACTERS if is_user else quotas.ROLE_INLINE_CHARACTERS
    made = subject_of_text(name, text, each.kind, holder=each.holder, limit=limit, start=None)
    if each.kind is PolicyKind.RESOURCE:
        owner = inventory.resources[each.holder]["account"]
        return Subject(name, each.kind, text, made.limit, quota=made.quota, owner=owner)
    return made


def _name(inventory: Inventory, each: AttachedDocument) -> str:
    word = {
        PolicyKind.IDENTITY: f"policy {each.label}",
        PolicyKind.RESOURCE: "policy",
    }.get(each.kind, each.kind.value)
    return f"{clipped(word)} of {clipped(inventory.short(each.holder))}"


def _statements(text: str) -> Iterator[Mapping[str, Any]]:
    """Yield the statements of a document, none of one that breaks the grammar."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return
    statements = value.get("Statement", []) if isinstance(value, dict) else []
    for each in statements if isinstance(statements, list) else [statements]:
        if isinstance(each, dict):
            yield each


def _kind(name: str, statements: list[Mapping[str, Any]]) -> PolicyKind:
    """Tell the kind by all statements: who names principals, and what for."""
    named = [bool(_PRINCIPALS & each.keys()) for each in statements]
    if not any(named):
        return PolicyKind.IDENTITY
    actions = [action for each in statements for action in _texts(each, "Action", "NotAction")]
    if all(action.lower().startswith("sts:") for action in actions):
        return PolicyKind.TRUST
    about = [bool(_RESOURCES & each.keys()) for each in statements]
    if all(named) and (all(about) or is_of_repository(actions)):
        return PolicyKind.RESOURCE
    if all(named) and not any(about):
        return PolicyKind.TRUST
    msg = (
        f"{name}: some statements have Principal or Resource and some do not, so that it could be"
        " a trust policy, the policy of a resource or an identity-based one; say which with --kind"
    )
    raise KindError(msg)


def _texts(statement: Mapping[str, Any], *elements: str) -> Iterator[str]:
    for element in elements:
        value = statement.get(element, [])
        for each in value if isinstance(value, list) else [value]:
            if isinstance(each, str):
                yield each


def _services(statements: list[Mapping[str, Any]]) -> Iterator[str]:
    for each in statements:
        for resource in _texts(each, *_RESOURCES):
            if resource.startswith("arn:") and resource.count(":") > 1:
                yield resource.split(":")[2]
        for action in _texts(each, "Action", "NotAction"):
            if ":" in action:
                yield action.split(":")[0].lower()


def _owner(statements: list[Mapping[str, Any]]) -> str | None:
    """The account in the ARNs of the resources, else the one that a key or secret is left to."""
    resources = [text for each in statements for text in _texts(each, *_RESOURCES)]
    accounts = {match[1] for text in resources if (match := _ACCOUNT.match(text))}
    if not accounts and resources == ["*"] * len(resources):
        for each in statements:
            principal = each.get("Principal")
            for name in _texts(principal, "AWS") if isinstance(principal, dict) else ():
                if each.get("Effect") == "Allow" and _ROOT.fullmatch(name):
                    accounts.update(re.findall(r"\d{12}", name))
                    break
            if accounts:
                break
    return accounts.pop() if len(accounts) == 1 else None
