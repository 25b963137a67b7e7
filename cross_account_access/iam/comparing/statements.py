"""The statements of policy documents, as far as it takes to compare two sets of them."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cross_account_access.command.inventory import Document
from cross_account_access.iam.comparing.circumstances import Condition, conditions

FILLING: Final = "any-value"
"""What stands for the value of a policy variable that nobody knows."""

_VARIABLE: Final = re.compile(r"\$\{([^},]*)(?:,[^}]*)?\}")
_ARN_COLONS: Final = 5


@dataclass(frozen=True)
class Statement:
    """What of a statement decides which requests it is about."""

    meaning: str
    """The same for statements that mean the same but for their order and spelling."""
    actions: tuple[str, ...]
    """Lower case."""
    not_action: bool
    resources: tuple[str, ...] | None
    """Patterns in which `*` stands for policy variables too; `None` in a trust policy."""
    not_resource: bool
    has_variables: bool
    conditions: tuple[Condition, ...]
    """Also that a policy variable has a value: without one a pattern matches nothing."""
    principals: frozenset[tuple[str, str]]
    """Kind and name of all that are named; an account by its ID alone."""

    allows: bool

    def is_of(self, actions: frozenset[str]) -> bool:
        """Say whether it is about an action.

        Args:
            actions: the action patterns that match the action.
        """
        return actions.isdisjoint(self.actions) is self.not_action

    def is_about(self, resources: frozenset[str]) -> bool:
        """Say whether it is about a resource.

        Args:
            resources: the resource patterns that match the resource.
        """
        if self.resources is None:
            return True
        if self.not_resource:
            # A variable stands for less than `*`, so what it excludes is not certain.
            return self.has_variables or resources.isdisjoint(self.resources)
        return not resources.isdisjoint(self.resources)


def statements(document: Document) -> Iterator[Statement]:
    """Read the statements of a document that the engine has accepted."""
    value = json.loads(document) if isinstance(document, str) else document
    version = value.get("Version", "")
    for raw in _list(value.get("Statement", ())):
        variables = _VARIABLE.findall(json.dumps(raw)) if version >= "2012" else []
        actions = _list(raw.get("Action", raw.get("NotAction", ())))
        resources = raw.get("Resource", raw.get("NotResource"))
        yield Statement(
            meaning=_meaning(raw, version if variables else ""),
            actions=tuple(str(action).lower() for action in actions),
            not_action="NotAction" in raw,
            resources=None if resources is None else tuple(map(_pattern, _list(resources))),
            not_resource="NotResource" in raw,
            has_variables=bool(variables),
            conditions=(
                *conditions(raw.get("Condition") or {}),
                *(Condition("StringEquals", False, key.strip(), (FILLING,)) for key in variables),
            ),
            principals=frozenset(_principals(raw.get("Principal", raw.get("NotPrincipal")))),
            allows=raw.get("Effect") == "Allow",
        )


def filled(document: Document, usernames: list[str]) -> Iterator[str]:
    """Yield resource patterns with values in place of their policy variables."""
    value = json.loads(document) if isinstance(document, str) else document
    for raw in _list(value.get("Statement", ())):
        for pattern in _list(raw.get("Resource", raw.get("NotResource", ()))):
            if "${" in pattern:
                for name in (*usernames, FILLING):
                    yield _VARIABLE.sub(FILLING, pattern.replace("${aws:username}", name))


def _pattern(resource: str) -> str:
    """Let a policy variable stand for anything, and complete a short ARN as AWS does."""
    missing = _ARN_COLONS - resource.count(":") if resource.startswith("arn:") else 0
    return _VARIABLE.sub("*", resource) + ":*" * max(0, missing)


def _meaning(raw: Mapping[str, Any], version: str) -> str:
    """Return a text that no order, no list of one, no Sid and no case of an action changes."""
    parts: dict[str, Any] = {"version": version}
    for element, value in raw.items():
        if element in ("Action", "NotAction"):
            parts[element] = sorted({str(each).lower() for each in _list(value)})
        elif element in ("Principal", "NotPrincipal"):
            parts[element] = sorted(set(_principals(value)))
        elif element == "Condition":
            parts[element] = sorted(
                [name, key.lower(), sorted({str(each) for each in _list(values)})]
                for name, keys in value.items()
                for key, values in keys.items()
            )
        elif element != "Sid":
            parts[element] = sorted({str(each) for each in _list(value)})
    return json.dumps(parts, sort_keys=True)


def _principals(element: object) -> Iterator[tuple[str, str]]:
    if element == "*":
        yield "AWS", "*"
    elif isinstance(element, Mapping):
        for kind, names in element.items():
            for name in _list(names):
                root = re.fullmatch(r"arn:[^:]+:iam::(\d{12}):root", name)
                yield kind, root[1] if root else name


def _list(value: Any) -> list[Any]:  # noqa: ANN401 - any part of a document
    return list(value) if isinstance(value, list | tuple) else [value]
