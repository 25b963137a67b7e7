"""Whom live trust and resource-based policies name, declared or not.

A policy that lets in one more principal or account would pass by questions about anybody; so those
whom it names are asked about by name.
"""

from collections.abc import Iterator
from typing import Final

from cross_account_access.iam.documents import Document, PolicyKind, read
from cross_account_access.iam.inventory import Inventory

_KEYS: Final = ("aws:principalarn", "aws:principalaccount")
_ELEMENTS: Final = ("AWS", "Service", "Federated")


def named_in(inventory: Inventory) -> dict[str, tuple[str, ...]]:
    """The principals, as they are written, by the ARN of the role or resource that names them.

    Raises:
        DocumentError: for a document that breaks the policy grammar.
    """
    trusts = {arn: role["trust"] for arn, role in inventory.roles.items()}
    policies = {arn: resource["policy"] for arn, resource in inventory.resources.items()}
    return {
        arn: tuple(sorted(set(_names(document, kind, arn))))
        for kind, documents in ((PolicyKind.TRUST, trusts), (PolicyKind.RESOURCE, policies))
        for arn, document in documents.items()
        if document is not None
    }


def _names(document: Document, kind: PolicyKind, arn: str) -> Iterator[str]:
    for statement in read(document, kind, f"{kind.value} of {arn}").statements:
        if not statement.allows:
            continue
        if not statement.not_principal:
            yield from (name for element, name in statement.principals if element in _ELEMENTS)
        for key in _KEYS:
            for condition in statement.by_key.get(key, ()):
                yield from condition.values
