"""Whom live trust and resource-based policies name, declared or not.

A policy that lets in one more principal or account would pass by questions about anybody; so those
whom it names are asked about by name.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from cross_account_access.iam.documents import Document
from cross_account_access.iam.inventory import Inventory

_KEYS: Final = ("aws:principalarn", "aws:principalaccount")
_ELEMENTS: Final = ("AWS", "Service", "Federated")


def named_in(inventory: Inventory) -> dict[str, tuple[str, ...]]:
    """The principals, as they are written, by the ARN of the role or resource that names them."""
    documents: dict[str, Document | None] = {
        **{arn: role["trust"] for arn, role in inventory.roles.items()},
        **{arn: resource["policy"] for arn, resource in inventory.resources.items()},
    }
    return {
        arn: tuple(sorted(set(_names(document))))
        for arn, document in documents.items()
        if document is not None
    }


def _names(document: Document) -> Iterator[str]:
    parsed: Any = json.loads(document) if isinstance(document, str) else document
    for statement in _listed(parsed.get("Statement")):
        if statement.get("Effect") != "Allow":
            continue
        principal = statement.get("Principal")
        if isinstance(principal, Mapping):
            for element in _ELEMENTS:
                yield from _listed(principal.get(element))
        for values in (statement.get("Condition") or {}).values():
            for key, value in values.items():
                if key.lower() in _KEYS:
                    yield from _listed(value)


def _listed(value: Any) -> list[Any]:  # noqa: ANN401 - a value of parsed JSON
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
