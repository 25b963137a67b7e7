"""Statements of policies and whole documents, in one canonical form.

The order of statements, actions, conditions and values is fixed, lists stand everywhere and white
space nowhere, so that the same declaration gives the same text and a preview shows real changes
only.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

VERSION: Final = "2012-10-17"

Statement = dict[str, Any]
"""A statement as it stands in a document."""

ConditionBlock = Mapping[str, Mapping[str, Sequence[str]]]
"""The values of a statement's `Condition`, by operator and by key."""


def allow(
    sid: str,
    actions: Iterable[str],
    *conditions: ConditionBlock,
    principal: Mapping[str, Sequence[str]] | None = None,
    resources: Sequence[str] = (),
) -> Statement:
    """One statement; all the conditions must hold."""
    statement: Statement = {"Sid": sid, "Effect": "Allow"}
    if principal:
        statement["Principal"] = {kind: list(names) for kind, names in principal.items()}
    statement["Action"] = sorted(actions)
    if resources:
        statement["Resource"] = list(resources)
    if keys := sorted(
        (operator, key, list(values))
        for block in conditions
        for operator, by_key in block.items()
        for key, values in by_key.items()
    ):
        statement["Condition"] = {}
        for operator, key, values in keys:
            statement["Condition"].setdefault(operator, {})[key] = values
    return statement


def deny(
    sid: str, actions: Iterable[str], conditions: ConditionBlock, resources: Sequence[str]
) -> Statement:
    """One statement that refuses, to everybody."""
    return {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": "*",
        "Action": sorted(actions),
        "Resource": list(resources),
        "Condition": conditions,
    }


def if_any(operator: str, key: str, values: Iterable[str]) -> list[ConditionBlock]:
    """The condition that a key has one of the values; none where there are no values."""
    listed = sorted(values)
    return [{operator: {key: listed}}] if listed else []


def render(statements: Iterable[Statement]) -> str:
    """The document as canonical JSON text."""
    return json.dumps({"Version": VERSION, "Statement": list(statements)}, separators=(",", ":"))
