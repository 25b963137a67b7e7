"""Policy documents, compiled once so that many questions can be asked of them.

Rules: AWS, "IAM JSON policy elements: Action",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html;
"IAM JSON policy elements: Resource",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from cross_account_access.iam.checks import instance, shown
from cross_account_access.iam.documents import Document, PolicyKind, Statement, read
from cross_account_access.iam.engine.conditions import CompiledCondition
from cross_account_access.iam.engine.context import RequestContext
from cross_account_access.iam.engine.matching import PatternSet, Shape, Truth
from cross_account_access.iam.engine.principal_elements import Bounds, Naming, PrincipalElement
from cross_account_access.iam.errors import DocumentError
from cross_account_access.iam.patterns import Variable, split_segments, tokenize

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
class CompiledStatement:
    """One compiled statement."""

    citation: Citation
    allows: bool
    principal: PrincipalElement | None
    actions: PatternSet
    not_action: bool
    resources: PatternSet | None
    """`None` in a trust policy, whose resource is the role it belongs to."""
    not_resource: bool
    conditions: tuple[CompiledCondition, ...]

    def covers(self, request: RequestContext) -> Truth:
        """Say whether action and resource are meant."""
        if (self.actions.match(request.action, request) is True) is self.not_action:
            return False
        if self.resources is None:
            return True
        matched = self.resources.match(request.resource, request)
        return matched if matched is None else matched is not self.not_resource

    def applies(self, request: RequestContext) -> Truth:
        """Say whether action, resource and all conditions are met; whom it names comes apart."""
        answer = self.covers(request)
        if answer is False:
            return False
        for condition in self.conditions:
            held = condition.holds(request)
            if held is False:
                return False
            if held is None:
                answer = None
        return answer

    def naming(self, request: RequestContext) -> Bounds:
        """Say how the statement of a resource-based policy names the principal.

        A deny with `NotPrincipal` always denies who has a permissions boundary (AWS: "AWS JSON
        policy elements: NotPrincipal",
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html).
        """
        if self.principal is None:
            msg = "identity-based statements name nobody"
            raise TypeError(msg)
        if self.principal.is_negated and not self.allows and request.has_boundary:
            return Naming.SELF, Naming.SELF
        return self.principal.naming(request)

    def unmet(self, request: RequestContext) -> tuple[str, ...]:
        """Return the conditions that are false of the request."""
        return tuple(c.text for c in self.conditions if c.holds(request) is False)


@dataclass(frozen=True, slots=True)
class Policy:
    """One compiled policy document."""

    source: str
    kind: PolicyKind
    statements: tuple[CompiledStatement, ...]


def compile_policy(document: Document, kind: PolicyKind, source: str) -> Policy:
    """Read and compile a policy document.

    Args:
        document: JSON text or parsed JSON.
        kind: what the policy is attached to.
        source: its name in answers and messages.

    Raises:
        DocumentError: with line and column when the text is not JSON, with the path to the
            element when it breaks the grammar.
        QuestionError: for a kind that is none.
    """
    instance(kind, PolicyKind, "kind of a policy")
    return (_compiled_once if isinstance(document, str) else _compiled)(document, kind, source)


def _compiled(document: Document, kind: PolicyKind, source: str) -> Policy:
    found = read(document, kind, source)
    compiler = _Compiler(kind, source, has_variables=found.has_variables)
    return Policy(source, kind, tuple(map(compiler.statement, found.statements)))


# Worlds that differ in one document are made one after the other, and share the rest.
_compiled_once: Final = lru_cache(maxsize=4096)(_compiled)


class _Compiler:
    """Compiles the statements of one document."""

    def __init__(self, kind: PolicyKind, source: str, *, has_variables: bool) -> None:
        self._kind = kind
        self._source = source
        self._has_variables = has_variables

    def statement(self, written: Statement) -> CompiledStatement:
        effect = "Allow" if written.allows else "Deny"
        principal = None
        if self._kind.names_principals:
            principal = PrincipalElement(
                written.principals, negated=written.not_principal, where=written.where
            )
        return CompiledStatement(
            citation=Citation(self._source, written.index, written.sid, effect, written.raw),
            allows=written.allows,
            principal=principal,
            actions=self._actions(written),
            not_action=written.not_action,
            resources=self._resources(written),
            not_resource=written.not_resource,
            conditions=tuple(
                CompiledCondition(each, variables=self._has_variables, where=written.where)
                for each in written.conditions
            ),
        )

    def _actions(self, written: Statement) -> PatternSet:
        """Compile action names, which are not case-sensitive (AWS: "… elements: Action")."""
        for action in written.actions:
            if not _ACTION.fullmatch(action):
                element = "NotAction" if written.not_action else "Action"
                where = f"{written.where}.{element}"
                msg = f"{where}: {shown(action)} is no action; write it like 's3:GetObject'"
                raise DocumentError(msg)
        return PatternSet((action.lower() for action in written.actions), shape=Shape.GLOB)

    def _resources(self, written: Statement) -> PatternSet | None:
        if written.resources is None:
            return None
        where = f"{written.where}.{'NotResource' if written.not_resource else 'Resource'}"
        return PatternSet(
            [value if value == "*" else self._arn(value, where) for value in written.resources],
            shape=Shape.RESOURCE,
            variables=self._has_variables,
            negated=written.not_resource,
        )

    def _arn(self, value: str, where: str) -> str:
        """Check an ARN, and complete one that has fewer than six fields.

        Completion is documented for identity-based policies; session policies refuse such an ARN
        (AWS: "Identify AWS resources with Amazon Resource Names (ARNs)",
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html).
        """
        if not value.startswith("arn:"):
            msg = f"{where}: {shown(value)} is no ARN; write one, or '*'"
            raise DocumentError(msg)
        tokens = tokenize(value, variables=self._has_variables)
        segments = split_segments(tokens, _ARN_PARTS)
        if any(
            isinstance(token, Variable) for part in segments[: _ARN_PARTS - 1] for token in part
        ):
            msg = f"{where}: {shown(value)} has a policy variable before the fifth colon of the ARN"
            raise DocumentError(msg)
        missing = _ARN_PARTS - len(segments)
        if missing and self._kind not in (PolicyKind.IDENTITY, PolicyKind.BOUNDARY):
            msg = f"{where}: {shown(value)} has fewer than six fields; write the ARN in full"
            raise DocumentError(msg)
        return value + ":*" * missing
