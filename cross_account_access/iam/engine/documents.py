"""Policy documents, read and compiled once so that many questions can be asked of them.

Rules: AWS, "Grammar of the IAM JSON policy language" and the pages of the single elements.
"""

from __future__ import annotations

import difflib
import enum
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from cross_account_access.iam.engine.conditions import Condition
from cross_account_access.iam.engine.errors import DocumentError
from cross_account_access.iam.engine.facts import Facts
from cross_account_access.iam.engine.matching import PatternSet, Shape, Truth
from cross_account_access.iam.engine.principal_elements import Bounds, PrincipalElement
from cross_account_access.iam.patterns import Variable, split_segments, tokenize

Document = str | Mapping[str, Any]
"""A policy document as JSON text or as parsed JSON."""


class PolicyKind(enum.Enum):
    """What a policy is attached to, which decides what its grammar allows."""

    IDENTITY = "identity-based policy"
    BOUNDARY = "permissions boundary"
    SESSION = "session policy"
    TRUST = "trust policy"
    RESOURCE = "resource-based policy"


_WITH_PRINCIPAL: Final = (PolicyKind.TRUST, PolicyKind.RESOURCE)
_VERSIONS: Final = ("2008-10-17", "2012-10-17")
_WITH_VARIABLES: Final = "2012-10-17"
_POLICY_ELEMENTS: Final = ("Version", "Id", "Statement")
_STATEMENT_ELEMENTS: Final = (
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
)
_ACTION: Final = re.compile(r"\*|[A-Za-z0-9*?-]+:[A-Za-z0-9*?]+")
_ARN_PARTS: Final = 6


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a statement stands."""

    source: str
    """The document, as its owner named it."""
    index: int
    """Position in the document, counted from 1."""
    sid: str | None
    effect: str
    statement: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """The statement as it is written."""

    def __str__(self) -> str:
        """Name the statement for a person, by its Sid where it has one."""
        name = f"statement {self.sid!r}" if self.sid else f"statement {self.index}"
        return f"{name} of {self.source}"


@dataclass(frozen=True, slots=True)
class Statement:
    """One compiled statement."""

    citation: Citation
    allows: bool
    principal: PrincipalElement | None
    actions: PatternSet
    not_action: bool
    resources: PatternSet | None
    """`None` in a trust policy, whose resource is the role it belongs to."""
    not_resource: bool
    conditions: tuple[Condition, ...]

    def covers(self, facts: Facts) -> Truth:
        """Say whether action and resource are meant."""
        if (self.actions.match(facts.action, facts) is True) is self.not_action:
            return False
        if self.resources is None:
            return True
        matched = self.resources.match(facts.resource, facts)
        return matched if matched is None else matched is not self.not_resource

    def applies(self, facts: Facts) -> Truth:
        """Say whether action, resource and all conditions are met; whom it names comes apart."""
        answer = self.covers(facts)
        if answer is False:
            return False
        for condition in self.conditions:
            held = condition.holds(facts)
            if held is False:
                return False
            if held is None:
                answer = None
        return answer

    def naming(self, facts: Facts) -> Bounds:
        """Say how the statement of a resource-based policy names the principal."""
        if self.principal is None:
            msg = "identity-based statements name nobody"
            raise TypeError(msg)
        return self.principal.naming(facts)

    def unmet(self, facts: Facts) -> tuple[str, ...]:
        """Return the conditions that are false of the request."""
        return tuple(c.text for c in self.conditions if c.holds(facts) is False)


@dataclass(frozen=True, slots=True)
class Policy:
    """One compiled policy document."""

    source: str
    kind: PolicyKind
    statements: tuple[Statement, ...]


def compile_policy(document: Document, kind: PolicyKind, source: str) -> Policy:
    """Read and compile a policy document.

    Args:
        document: JSON text or parsed JSON.
        kind: what the policy is attached to.
        source: its name in answers and messages.

    Raises:
        DocumentError: with line and column when the text is not JSON, with the path to the
            element when it breaks the grammar.
    """
    value = _parse(document, source) if isinstance(document, str) else document
    if not isinstance(value, Mapping):
        msg = f"{source}: a policy document is a JSON object, not {_shown(value)}"
        raise DocumentError(msg)
    _only(value, _POLICY_ELEMENTS, source)
    version = value.get("Version", _VERSIONS[0])
    if version not in _VERSIONS:
        msg = f"{source}: Version: {version!r} is no policy language; write {_WITH_VARIABLES!r}"
        raise DocumentError(msg)
    if "Statement" not in value:
        msg = f"{source}: Statement is missing; a policy document has one or a list of them"
        raise DocumentError(msg)
    statements = value["Statement"]
    listed = statements if isinstance(statements, list | tuple) else [statements]
    compiler = _Compiler(kind, source, has_variables=version == _WITH_VARIABLES)
    compiled = (compiler.statement(each, index) for index, each in enumerate(listed, start=1))
    return Policy(source, kind, tuple(compiled))


def _parse(text: str, source: str) -> object:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, value in pairs:
            if key in result:
                msg = f"{source}: {key!r} stands twice in one object; keep one"
                raise DocumentError(msg)
            result[key] = value
        return result

    try:
        return json.loads(text, object_pairs_hook=unique)
    except json.JSONDecodeError as error:
        msg = f"{source}: line {error.lineno}, column {error.colno}: not JSON: {error.msg}"
        raise DocumentError(msg) from error
    except DocumentError:
        raise
    except ValueError as error:
        msg = f"{source}: not JSON that can be read: a number has too many digits"
        raise DocumentError(msg) from error
    except RecursionError as error:
        msg = f"{source}: nested too deeply for a policy document"
        raise DocumentError(msg) from error


def _shown(value: object) -> str:
    return f"{value!r:.60}"


def _one_line(text: object) -> str:
    return " ".join(str(text).split())


def _only(value: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in value:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1, cutoff=0.5)
            hint = f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(known)}"
            msg = f"{where}: {key!r} is no element of a policy document{hint}"
            raise DocumentError(msg)


def _texts(value: object, where: str) -> list[str]:
    listed = value if isinstance(value, list | tuple) else [value]
    for each in listed:
        if not isinstance(each, str):
            msg = f"{where}: {_shown(each)} is no text; give a text or a list of texts"
            raise DocumentError(msg)
    return [each for each in listed if isinstance(each, str)]


def _condition_texts(value: object, where: str) -> list[str]:
    """Return condition values as texts; numbers and truth values may stand without quotes."""
    result = []
    for each in value if isinstance(value, list | tuple) else [value]:
        if isinstance(each, bool):
            result.append(str(each).lower())
        elif isinstance(each, str | int | float):
            result.append(str(each))
        else:
            msg = f"{where}: {_shown(each)} is no text, number or truth value"
            raise DocumentError(msg)
    return result


class _Compiler:
    """Compiles the statements of one document."""

    def __init__(self, kind: PolicyKind, source: str, *, has_variables: bool) -> None:
        self._kind = kind
        self._source = source
        self._has_variables = has_variables

    def statement(self, value: object, index: int) -> Statement:
        where = f"{self._source}: Statement[{index - 1}]"
        if not isinstance(value, Mapping):
            msg = f"{where}: a statement is a JSON object, not {_shown(value)}"
            raise DocumentError(msg)
        _only(value, _STATEMENT_ELEMENTS, where)
        effect = value.get("Effect")
        if effect not in ("Allow", "Deny"):
            msg = f"{where}.Effect: {effect!r} is no effect; write 'Allow' or 'Deny'"
            raise DocumentError(msg)
        sid = value.get("Sid")
        if sid is not None and not isinstance(sid, str):
            msg = f"{where}.Sid: {_shown(sid)} is no text"
            raise DocumentError(msg)
        action_element = self._one_of(value, "Action", where)
        resource_element = self._resource_element(value, where)
        resources = None
        if resource_element is not None:
            resources = self._resources(
                _texts(value[resource_element], f"{where}.{resource_element}"),
                f"{where}.{resource_element}",
            )
        return Statement(
            citation=Citation(self._source, index, sid, effect, value),
            allows=effect == "Allow",
            principal=self._principal(value, where),
            actions=self._actions(
                _texts(value[action_element], f"{where}.{action_element}"),
                f"{where}.{action_element}",
            ),
            not_action=action_element == "NotAction",
            resources=resources,
            not_resource=resource_element == "NotResource",
            conditions=tuple(self._conditions(value.get("Condition", {}), f"{where}.Condition")),
        )

    def _one_of(self, value: Mapping[str, Any], element: str, where: str) -> str:
        found = [name for name in (element, f"Not{element}") if name in value]
        if len(found) != 1:
            state = "both are there" if found else "both are missing"
            msg = f"{where}: a statement has either {element} or Not{element}; {state}"
            raise DocumentError(msg)
        return found[0]

    def _resource_element(self, value: Mapping[str, Any], where: str) -> str | None:
        if self._kind is not PolicyKind.TRUST:
            return self._one_of(value, "Resource", where)
        for name in ("Resource", "NotResource"):
            if name in value:
                msg = f"{where}.{name}: a trust policy has none, since it speaks of its own role"
                raise DocumentError(msg)
        return None

    def _principal(self, value: Mapping[str, Any], where: str) -> PrincipalElement | None:
        if self._kind not in _WITH_PRINCIPAL:
            for name in ("Principal", "NotPrincipal"):
                if name in value:
                    msg = f"{where}.{name}: not allowed here; only resource-based policies have it"
                    raise DocumentError(msg)
            return None
        element = self._one_of(value, "Principal", where)
        is_negated = element == "NotPrincipal"
        if is_negated and self._kind is PolicyKind.TRUST:
            msg = f"{where}.NotPrincipal: not allowed in a trust policy; use Principal"
            raise DocumentError(msg)
        return PrincipalElement(value[element], negated=is_negated, where=f"{where}.{element}")

    def _actions(self, values: Iterable[str], where: str) -> PatternSet:
        """Compile action names, which are not case-sensitive (AWS: "… elements: Action")."""
        listed = list(values)
        for action in listed:
            if not _ACTION.fullmatch(action):
                msg = f"{where}: {action!r} is no action; write it like 's3:GetObject'"
                raise DocumentError(msg)
        return PatternSet((action.lower() for action in listed), shape=Shape.GLOB)

    def _resources(self, values: Iterable[str], where: str) -> PatternSet:
        return PatternSet(
            [value if value == "*" else self._arn(value, where) for value in values],
            shape=Shape.RESOURCE,
            variables=self._has_variables,
        )

    def _arn(self, value: str, where: str) -> str:
        """Check an ARN, and complete one that has fewer than six fields.

        Completion is documented for identity-based policies; session policies refuse such an ARN
        (AWS: "Identify AWS resources with Amazon Resource Names (ARNs)").
        """
        if not value.startswith("arn:"):
            msg = f"{where}: {value!r} is no ARN; write one, or '*'"
            raise DocumentError(msg)
        tokens = tokenize(value, variables=self._has_variables)
        segments = split_segments(tokens, _ARN_PARTS)
        if any(
            isinstance(token, Variable) for part in segments[: _ARN_PARTS - 1] for token in part
        ):
            msg = f"{where}: {value!r} has a policy variable before the fifth colon of the ARN"
            raise DocumentError(msg)
        missing = _ARN_PARTS - len(segments)
        if missing and self._kind not in (PolicyKind.IDENTITY, PolicyKind.BOUNDARY):
            msg = f"{where}: {value!r} has fewer than six fields; write the ARN in full"
            raise DocumentError(msg)
        return value + ":*" * missing

    def _conditions(self, value: object, where: str) -> Iterable[Condition]:
        if not isinstance(value, Mapping):
            msg = f"{where}: {_shown(value)} is no JSON object of operators"
            raise DocumentError(msg)
        for name, keys in value.items():
            if not isinstance(keys, Mapping):
                msg = (
                    f"{where}.{_one_line(name)}: {_shown(keys)} is no JSON object of condition keys"
                )
                raise DocumentError(msg)
            for key, values in keys.items():
                place = _one_line(f"{where}.{name}.{key}")
                yield Condition(
                    name,
                    key,
                    _condition_texts(values, place),
                    variables=self._has_variables,
                    where=place,
                )
