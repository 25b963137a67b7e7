"""What an auditor repeats: the same documents and declaration give the same bytes."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from cross_account_access import __version__
from cross_account_access.command.inventory import StackInventory
from cross_account_access.iam.documents import Document

_VERSION: Final = 1


def certificate(
    *, source: str, declaration: str, inventory: StackInventory, result: Mapping[str, Any]
) -> str:
    """Canonical JSON, without time and place.

    Args:
        source: where the documents are from, as it was given.
        declaration: JSON text of what is declared.
        inventory: the documents.
        result: what came of the proof.
    """
    documents = [
        {
            "holder": each.holder,
            "kind": each.kind.value,
            "name": each.label,
            "sha256": _digest(_parsed(each.document)),
        }
        for each in inventory.documents()
    ]
    documents += [
        {
            "holder": holder,
            "kind": kind.value,
            "name": name,
            "sha256": _digest(_parsed(document)),
        }
        for holder, kind, name, document in inventory.layers.documents()
    ]
    return _canonical(
        {
            "certificate": _VERSION,
            "program": __version__,
            "source": source,
            "declaration": json.loads(declaration),
            "documents": sorted(documents, key=lambda each: tuple(each.values())),
            "result": result,
        },
        indent=2,
    )


def _parsed(document: Document) -> object:
    return json.loads(document) if isinstance(document, str) else document


def _digest(value: object) -> str:
    return hashlib.sha256(_canonical(value).encode()).hexdigest()


def _canonical(value: object, indent: int | None = None) -> str:
    separators = (",", ":") if indent is None else (",", ": ")
    return f"{json.dumps(value, sort_keys=True, indent=indent, separators=separators)}\n"
