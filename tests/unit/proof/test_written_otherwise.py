"""Documents that say the same in other words are proved all the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

import pytest

from cross_account_access.command.proof.proving import prove
from tests.support.proof import example, judged, with_document

Json = dict[str, Any]


def _conditions(statement: Json, change: Callable[[str, str, Any], tuple[str, Any]]) -> Json:
    block: Json = {}
    for operator, values in statement.get("Condition", {}).items():
        for key, value in values.items():
            name, changed = change(operator, key, value)
            block.setdefault(name, {})[key] = changed
    return {**statement, "Condition": block} if block else statement


def _as_texts(operator: str, _key: str, value: Any) -> tuple[str, Any]:
    return ("StringLike" if operator == "ArnEquals" else operator), value


def _if_exists(operator: str, key: str, value: Any) -> tuple[str, Any]:
    is_always_there = operator == "Bool" and key == "aws:SecureTransport"
    return ("BoolIfExists" if is_always_there else operator), value


def _upper(statement: Json) -> Iterator[Json]:
    yield {**statement, "Action": [each.upper() for each in statement["Action"]]}


def _by_action(statement: Json) -> Iterator[Json]:
    for number, each in enumerate(statement["Action"]):
        yield {**statement, "Sid": f"{statement['Sid']}{number}", "Action": each}


_FORMS: Final[dict[str, Callable[[Json], Iterator[Json]]]] = {
    "actions in upper case": _upper,
    "a statement an action": _by_action,
    "ARNs as texts": lambda statement: iter([_conditions(statement, _as_texts)]),
    "what is always there, if it exists": lambda each: iter([_conditions(each, _if_exists)]),
}


@pytest.mark.parametrize("form", _FORMS)
@pytest.mark.parametrize("name", ["bucket-settings", "prefixes"])
def test_the_same_in_other_words_is_proved(name: str, form: str) -> None:
    contract, inventory = judged(example(name))
    said = inventory
    for each in inventory.documents():
        document = json.loads(str(each.document))
        statements = [other for one in document["Statement"] for other in _FORMS[form](one)]
        document["Statement"] = statements[::-1]
        said = with_document(said, each.holder, each.kind, each.label, document)
    assert prove(contract, said).is_proved
