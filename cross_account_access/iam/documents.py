"""Policy documents, read into typed statements: the one reader that everything else builds on.

It knows the grammar that all documents share, and which elements a kind of document can have; what
principals, ARNs and operators mean is the engine's matter. Rules: AWS, "Grammar of the IAM JSON
policy language",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html.
"""

import difflib
import enum
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from cross_account_access.iam.checks import clipped, instance, shown
from cross_account_access.iam.errors import DocumentError

Document = str | Mapping[str, Any]
"""A policy document as JSON text or as parsed JSON."""


class PolicyKind(enum.Enum):
    """What a policy is attached to, which decides what its grammar allows."""

    IDENTITY = "identity-based policy"
    BOUNDARY = "permissions boundary"
    SESSION = "session policy"
    TRUST = "trust policy"
    RESOURCE = "resource-based policy"
    SERVICE_CONTROL = "service control policy"
    RESOURCE_CONTROL = "resource control policy"
    ENDPOINT = "VPC endpoint policy"

    @property
    def names_principals(self) -> bool:
        """Whether its statements say whom they are about."""
        return self in _NAMING_PRINCIPALS


_NAMING_PRINCIPALS: Final = frozenset(
    {
        *(PolicyKind.TRUST, PolicyKind.RESOURCE),
        *(PolicyKind.RESOURCE_CONTROL, PolicyKind.ENDPOINT),
    }
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something begins in a text, both counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator with one key and its values."""

    operator: str
    """As written, like `ForAnyValue:StringLikeIfExists`."""
    key: str
    """As written."""
    values: tuple[str, ...]
    quantifier: str
    """`ForAnyValue` or `ForAllValues`; empty without a set operator."""
    comparison: str
    """The operator by itself, like `StringLike`."""
    if_exists: bool


@dataclass(frozen=True)
class Statement:
    """One statement as it is written."""

    kind: PolicyKind
    """That of its document."""
    raw: Mapping[str, Any]
    index: int
    """Position in the document, counted from 1."""
    place: Place | None
    """`None` for a document that was not given as text."""
    where: str
    """What to call it in messages."""
    sid: str | None
    allows: bool
    actions: tuple[str, ...]
    not_action: bool
    resources: tuple[str, ...] | None
    """`None` in a trust policy, whose resource is the role it belongs to."""
    not_resource: bool
    principals: tuple[tuple[str, str], ...]
    """Element and name of each, like `AWS` and an ARN; `*` and `*` for the text `*`."""
    not_principal: bool
    conditions: tuple[Condition, ...]

    @property
    def name(self) -> str:
        """What to call it where its document and place are told beside."""
        return f"statement {self.sid!r}" if self.sid else f"statement {self.index}"

    @property
    def may_be_refused(self) -> Iterator[str]:
        """Why AWS may refuse to save it, where its pages leave that open or contradict each other.

        Sources: AWS, "AWS JSON policy elements: NotPrincipal" (most kinds of policies do not take
        it in an allow),
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html;
        "IAM roles" (no wildcard as principal of a trust policy),
        https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html; "Grammar of the IAM JSON
        policy language" (lists have values),
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html.
        """
        if self.allows and self.not_principal:
            yield "NotPrincipal in an allow"
        if self.kind is PolicyKind.TRUST and ("*", "*") in self.principals:
            yield 'Principal "*" in a trust policy'
        if not self.actions or self.resources == ():
            yield "an empty list of actions or resources"
        if self.kind.names_principals and not self.principals:
            yield "an empty list of principals"
        if self.raw.get("Condition") == {} or not all(each.values for each in self.conditions):
            yield "an empty condition"

    @cached_property
    def by_key(self) -> Mapping[str, tuple[Condition, ...]]:
        """The conditions by their key in lower case."""
        found: dict[str, tuple[Condition, ...]] = {}
        for each in self.conditions:
            key = each.key.lower()
            found[key] = (*found.get(key, ()), each)
        return found


@dataclass(frozen=True, slots=True)
class PolicyDocument:
    """A policy document, read."""

    kind: PolicyKind
    version: str
    """The version of the policy language; the old one where none is written."""
    statements: tuple[Statement, ...]

    @property
    def has_variables(self) -> bool:
        """Whether `${…}` is a policy variable, not plain text."""
        return self.version == _WITH_VARIABLES


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
_PRINCIPALS: Final = ("AWS", "Service", "Federated", "CanonicalUser")
_QUANTIFIERS: Final = ("ForAnyValue", "ForAllValues")
_IF_EXISTS: Final = "IfExists"


def read(document: Document, kind: PolicyKind, source: str) -> PolicyDocument:
    """Read a policy document.

    Args:
        document: JSON text or parsed JSON.
        kind: what the policy is attached to.
        source: its name in messages.

    Raises:
        DocumentError: with line and column when the text is not JSON, with the path to the
            element when it breaks the grammar.
        QuestionError: for a kind that is none.
    """
    instance(kind, PolicyKind, "kind of a policy")
    value = _parse(document, source) if isinstance(document, str) else document
    if not isinstance(value, Mapping):
        msg = f"{source}: a policy document is a JSON object, not {shown(value)}"
        raise DocumentError(msg)
    _only(value, _POLICY_ELEMENTS, source)
    version = value.get("Version", _VERSIONS[0])
    if version not in _VERSIONS:
        msg = (
            f"{source}: Version: {shown(version)} is no policy language; write '{_WITH_VARIABLES}'"
        )
        raise DocumentError(msg)
    if "Statement" not in value:
        msg = f"{source}: Statement is missing; a policy document has one or a list of them"
        raise DocumentError(msg)
    listed = _list(value["Statement"])
    places = _places(document) if isinstance(document, str) else [None] * len(listed)
    statements = (
        _statement(each, kind, index, place, f"{source}: Statement[{index - 1}]")
        for index, (each, place) in enumerate(zip(listed, places, strict=True), start=1)
    )
    return PolicyDocument(kind, version, tuple(statements))


def condition(operator: str, key: str, values: tuple[str, ...]) -> Condition:
    """Take an operator apart."""
    first, colon, rest = operator.partition(":")
    quantifier = first if colon and first in _QUANTIFIERS else ""
    comparison = rest if quantifier else operator
    return Condition(
        operator,
        key,
        values,
        quantifier,
        comparison.removesuffix(_IF_EXISTS),
        comparison.endswith(_IF_EXISTS),
    )


def _parse(text: str, source: str) -> object:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, value in pairs:
            if key in result:
                msg = f"{source}: {shown(key)} stands twice in one object; keep one"
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


def _places(text: str) -> Iterator[Place]:
    """Yield where each statement begins, in a text that is a JSON object with statements."""
    decode = json.JSONDecoder().raw_decode
    position = _past(r"\s*\{\s*", text, 0)
    name = None
    while name != "Statement":
        name, end = decode(text, position)
        start = _past(r"\s*:\s*", text, end)
        if name != "Statement":
            position = _past(r"\s*,\s*", text, decode(text, start)[1])
    if text[start] != "[":
        yield _place(text, start)
        return
    position = _past(r"\[\s*", text, start)
    while text[position] != "]":
        yield _place(text, position)
        position = _past(r"\s*,?\s*", text, decode(text, position)[1])


def _past(expected: str, text: str, position: int) -> int:
    found = re.compile(expected).match(text, position)
    return found.end() if found else position


def _place(text: str, position: int) -> Place:
    line_start = text.rfind("\n", 0, position) + 1
    return Place(text.count("\n", 0, position) + 1, position - line_start + 1)


def _statement(
    value: object, kind: PolicyKind, index: int, place: Place | None, where: str
) -> Statement:
    if not isinstance(value, Mapping):
        msg = f"{where}: a statement is a JSON object, not {shown(value)}"
        raise DocumentError(msg)
    _only(value, _STATEMENT_ELEMENTS, where)
    effect = value.get("Effect")
    if effect not in ("Allow", "Deny"):
        msg = f"{where}.Effect: {shown(effect)} is no effect; write 'Allow' or 'Deny'"
        raise DocumentError(msg)
    sid = value.get("Sid")
    if sid is not None and not isinstance(sid, str):
        msg = f"{where}.Sid: {shown(sid)} is no text"
        raise DocumentError(msg)
    action = _one_of(value, "Action", where)
    actions = _texts(value[action], f"{where}.{action}")
    resource = _resource_element(value, kind, actions, where)
    about = _texts(value[resource], f"{where}.{resource}") if resource else None
    if resource is None and kind is not PolicyKind.TRUST:
        about = ("*",)
    principal = _principal_element(value, kind, where)
    return Statement(
        kind=kind,
        raw=value,
        index=index,
        place=place,
        where=where,
        sid=sid,
        allows=effect == "Allow",
        actions=actions,
        not_action=action == "NotAction",
        resources=about,
        not_resource=resource == "NotResource",
        principals=_principals(value[principal], f"{where}.{principal}") if principal else (),
        not_principal=principal == "NotPrincipal",
        conditions=tuple(_conditions(value.get("Condition", {}), f"{where}.Condition")),
    )


def _one_of(value: Mapping[str, Any], element: str, where: str) -> str:
    found = [name for name in (element, f"Not{element}") if name in value]
    if len(found) != 1:
        state = "both are there" if found else "both are missing"
        msg = f"{where}: a statement has either {element} or Not{element}; {state}"
        raise DocumentError(msg)
    return found[0]


def _resource_element(
    value: Mapping[str, Any], kind: PolicyKind, actions: tuple[str, ...], where: str
) -> str | None:
    """Return the name of the element, None where the statement speaks of what has the policy.

    Statements of a repository need none ("Private repository policy examples in Amazon ECR",
    https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policy-examples.html).
    """
    elements = ("Resource", "NotResource")
    if kind is PolicyKind.RESOURCE and is_of_repository(actions) and not {*elements} & {*value}:
        return None
    if kind is not PolicyKind.TRUST:
        return _one_of(value, "Resource", where)
    for name in elements:
        if name in value:
            msg = f"{where}.{name}: a trust policy has none, since it speaks of its own role"
            raise DocumentError(msg)
    return None


def is_of_repository(actions: Iterable[str]) -> bool:
    """Say whether actions are those of container repositories alone."""
    return all(action.lower().startswith(("ecr:", "ecr-public:")) for action in actions)


def _principal_element(value: Mapping[str, Any], kind: PolicyKind, where: str) -> str | None:
    if not kind.names_principals:
        for name in ("Principal", "NotPrincipal"):
            if name in value:
                msg = f"{where}.{name}: not allowed here; only resource-based policies have it"
                raise DocumentError(msg)
        return None
    element = _one_of(value, "Principal", where)
    if element == "NotPrincipal" and kind is PolicyKind.TRUST:
        msg = f"{where}.NotPrincipal: not allowed in a trust policy; use Principal"
        raise DocumentError(msg)
    if kind is PolicyKind.RESOURCE_CONTROL and value.get("Principal") != "*":
        # "RCP syntax",
        # https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_syntax.html
        msg = (
            f'{where}.{element}: a resource control policy is about everybody; write Principal "*"'
        )
        raise DocumentError(msg)
    return element


def _principals(element: object, where: str) -> tuple[tuple[str, str], ...]:
    if element == "*":
        return (("*", "*"),)
    if not isinstance(element, Mapping) or not element:
        msg = f'{where}: {shown(element)} is no principal; write "*" or {{"AWS": "<ARN>"}}'
        raise DocumentError(msg)
    found = []
    for kind, names in element.items():
        if kind not in _PRINCIPALS:
            msg = f"{where}: {shown(kind)} is no kind of principal; use AWS, Service or Federated"
            raise DocumentError(msg)
        for name in _list(names):
            if not isinstance(name, str) or not name:
                msg = f"{where}.{kind}: {shown(name)} is no principal; give a text"
                raise DocumentError(msg)
            found.append((kind, name))
    return tuple(found)


def _conditions(value: object, where: str) -> Iterator[Condition]:
    if not isinstance(value, Mapping):
        msg = f"{where}: {shown(value)} is no JSON object of operators"
        raise DocumentError(msg)
    for operator, keys in value.items():
        if not isinstance(keys, Mapping):
            place = f"{where}.{clipped(operator)}"
            msg = f"{place}: {shown(keys)} is no JSON object of condition keys"
            raise DocumentError(msg)
        for key, values in keys.items():
            place = f"{where}.{clipped(operator)}.{clipped(key)}"
            if not isinstance(operator, str) or not isinstance(key, str):
                msg = f"{place}: names of operators and keys are texts"
                raise DocumentError(msg)
            yield condition(operator, key, _condition_texts(values, place))


def _condition_texts(value: object, where: str) -> tuple[str, ...]:
    """Return condition values as texts; numbers and truth values may stand without quotes."""
    result = []
    for each in _list(value):
        try:
            if isinstance(each, bool):
                result.append(str(each).lower())
                continue
            if isinstance(each, str | int | float):
                result.append(str(each))
                continue
        except ValueError as error:
            msg = f"{where}: a number has too many digits"
            raise DocumentError(msg) from error
        msg = f"{where}: {shown(each)} is no text, number or truth value"
        raise DocumentError(msg)
    return tuple(result)


def _texts(value: object, where: str) -> tuple[str, ...]:
    listed = _list(value)
    for each in listed:
        if not isinstance(each, str):
            msg = f"{where}: {shown(each)} is no text; give a text or a list of texts"
            raise DocumentError(msg)
    return tuple(listed)


def _list(value: Any) -> list[Any]:  # noqa: ANN401 - any part of a document
    return list(value) if isinstance(value, list | tuple) else [value]


def _only(value: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in value:
        if key not in known:
            near = difflib.get_close_matches(clipped(key), known, n=1, cutoff=0.5)
            hint = f"; did you mean {near[0]!r}?" if near else f"; known are {', '.join(known)}"
            msg = f"{where}: {shown(key)} is no element of a policy document{hint}"
            raise DocumentError(msg)
