"""Policy documents, read for the second prover.

Grammar: AWS, "Grammar of the IAM JSON policy language",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Json = Mapping[str, Any]

IF_EXISTS: Final = "IfExists"
WITH_VARIABLES: Final = "2012-10-17"


class UndecidedError(Exception):
    """AWS's pages leave open what a document means, or the prover does not know its words."""


@dataclass(frozen=True)
class Test:
    """One operator of a condition with one key."""

    operator: str
    """Without set operator and `IfExists`."""
    quantifier: str
    """`ForAnyValue`, `ForAllValues` or nothing."""
    if_exists: bool
    key: str
    """Lower case, since names of keys are not case-sensitive."""
    values: tuple[str, ...]


@dataclass(frozen=True)
class Rule:
    """One statement."""

    allows: bool
    actions: frozenset[str]
    """Lower case."""
    is_not_action: bool
    resources: tuple[str, ...] | None
    """`None` in a trust policy."""
    is_not_resource: bool
    principals: frozenset[tuple[str, str]]
    """Element and name; nothing in an identity-based policy."""
    tests: tuple[Test, ...]
    has_variables: bool


@dataclass(frozen=True)
class Holder:
    """A user or role with what is attached to it."""

    own: tuple[Rule, ...]
    boundary: tuple[Rule, ...] | None
    trust: tuple[Rule, ...] = ()


@dataclass(frozen=True)
class Resource:
    """A bucket, queue, topic or key with its policy."""

    account: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class SmallWorld:
    """Two accounts, as far as their documents say."""

    users: Mapping[str, Holder] = field(default_factory=dict)
    roles: Mapping[str, Holder] = field(default_factory=dict)
    resources: Mapping[str, Resource] = field(default_factory=dict)


def small_world(users: Json, roles: Json, resources: Json) -> SmallWorld:
    """Read users, roles and resources, by ARN.

    Args:
        users: `policies` by name and a `boundary`, each where there is one.
        roles: the same and a `trust`.
        resources: `account` and `policy`.

    Raises:
        UndecidedError: for an element that the prover does not know.
    """
    return SmallWorld(
        {arn: _holder(each) for arn, each in users.items()},
        {arn: _holder(each) for arn, each in roles.items()},
        {
            arn: Resource(each["account"], _rules(each["policy"]) if each["policy"] else ())
            for arn, each in resources.items()
        },
    )


def _holder(documents: Json) -> Holder:
    boundary = documents.get("boundary")
    return Holder(
        own=tuple(rule for each in documents.get("policies", {}).values() for rule in _rules(each)),
        boundary=None if boundary is None else _rules(boundary),
        trust=_rules(documents["trust"]) if "trust" in documents else (),
    )


def _rules(document: str | Json) -> tuple[Rule, ...]:
    parsed: Json = json.loads(document) if isinstance(document, str) else document
    has_variables = parsed.get("Version") == WITH_VARIABLES
    return tuple(_rule(each, has_variables=has_variables) for each in _many(parsed["Statement"]))


def _rule(statement: Json, *, has_variables: bool) -> Rule:
    if "NotPrincipal" in statement:
        msg = "NotPrincipal"
        raise UndecidedError(msg)
    action = "NotAction" if "NotAction" in statement else "Action"
    resource = "NotResource" if "NotResource" in statement else "Resource"
    named = statement.get("Principal", {})
    return Rule(
        allows=statement["Effect"] == "Allow",
        actions=frozenset(each.lower() for each in _many(statement[action])),
        is_not_action=action == "NotAction",
        resources=tuple(_many(statement[resource])) if resource in statement else None,
        is_not_resource=resource == "NotResource",
        principals=frozenset(
            {("*", "*")}
            if named == "*"
            else {(kind, name) for kind, names in named.items() for name in _many(names)}
        ),
        tests=tuple(
            _test(operator, key, tuple(map(_text, _many(values))))
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        ),
        has_variables=has_variables,
    )


def _test(written: str, key: str, values: tuple[str, ...]) -> Test:
    quantifier, colon, rest = written.partition(":")
    operator = rest if colon else written
    return Test(
        operator.removesuffix(IF_EXISTS),
        quantifier if colon else "",
        operator.endswith(IF_EXISTS),
        key.lower(),
        values,
    )


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
