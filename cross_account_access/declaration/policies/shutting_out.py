"""Whether one statement allows all that another does, told by its text, as far as it is ours."""

import json
from collections.abc import Mapping
from typing import Any, Final

_ANY_OF: Final = ("StringEquals", "StringLike", "ArnEquals", "ArnLike", "IpAddress")
"""Operators of which one value more lets more in."""


def shuts_out(old: str, new: str) -> bool:
    """Say whether somebody whom a trust policy lets in may be refused by another.

    It is true where the texts do not show the contrary.
    """
    by_new = _statements(new)
    return not all(any(covers(each, one) for each in by_new) for one in _statements(old))


def asks_for_others(old: str, new: str) -> bool:
    """Say whether two trust policies ask for external IDs, and have none in common."""
    before, after = _external_ids(old), _external_ids(new)
    in_common = set[str]().union(*before) & set[str]().union(*after)
    return all([before, after, *before, *after]) and not in_common


def _external_ids(document: str) -> list[set[str]]:
    """Return what each statement asks for that lets somebody in."""
    return [
        set(_conditions(each).get(("StringEquals", "sts:ExternalId"), ()))
        for each in _statements(document)
        if "sts:AssumeRole" in each["Action"]
    ]


def covers(wider: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Say whether a statement shows that it allows all that another does."""
    if any(wider.get(key) != other.get(key) for key in ("Effect", "Principal", "Resource")):
        return False
    before, after = _conditions(other), _conditions(wider)
    return set(other["Action"]) <= set(wider["Action"]) and all(
        key in before and _admits(key[0], values, before[key]) for key, values in after.items()
    )


def _statements(document: str) -> list[dict[str, Any]]:
    found = json.loads(document)["Statement"]
    return found if isinstance(found, list) else [found]


def _conditions(statement: Mapping[str, Any]) -> dict[tuple[str, str], list[str]]:
    return {
        (operator, key): values if isinstance(values, list) else [values]
        for operator, by_key in statement.get("Condition", {}).items()
        for key, values in by_key.items()
    }


def _admits(operator: str, new: list[str], old: list[str]) -> bool:
    if operator in _ANY_OF:
        return set(old) <= set(new)
    if operator == "NumericLessThan":
        return [*map(int, old)] <= [*map(int, new)]
    if operator == "DateLessThan" and {*map(len, old)} == {*map(len, new)}:
        return old <= new
    return old == new
