"""The statements of policy documents, as far as it takes to compare two sets of them."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from cross_account_access.iam.comparing.witnesses import LITERAL
from cross_account_access.iam.condition_keys import DERIVED
from cross_account_access.iam.documents import Condition, PolicyDocument, Statement, condition
from cross_account_access.iam.inventory import is_unknown_key
from cross_account_access.iam.patterns import Token, Variable, Wildcard, matches, tokenize

FILLING: Final = "any-value"
"""What stands for the value of a policy variable that nobody knows."""
OF_OWNER: Final = frozenset({"aws:resourceaccount", "s3:resourceaccount"})
"""Keys that say whose the resource is, in lower case."""
FOLLOWING: Final = DERIVED | OF_OWNER | {"kms:calleraccount"}
"""Keys whose values follow from who asks and whose the resource is, in lower case."""

_KEPT: Final = {key: f"${{{key}}}" for key in FOLLOWING}
"""Their variables, as they stay in condition values."""
_OF_ARNS: Final = frozenset({"ArnEquals", "ArnLike", "StringEquals", "StringLike"})
_ROOT: Final = re.compile(r"arn:[^:]+:iam::(\d{12}):root")
_ARN_COLONS: Final = 5


@dataclass(frozen=True)
class ComparedStatement:
    """What of a statement decides which requests it is about."""

    meaning: str
    """The same for statements that mean the same but for their order and spelling."""
    terms: str
    """The same for statements that say the same of every request that they are about."""
    actions: tuple[str, ...]
    """Lower case."""
    not_action: bool
    resources: tuple[str, ...] | None
    """Patterns in which `*` stands for policy variables too; `None` in a trust policy."""
    not_resource: bool
    has_variables: bool
    conditions: tuple[Condition, ...]
    """Also that a policy variable has a value: without one a pattern matches nothing."""
    entangled: frozenset[str]
    """Keys in lower case whose values a policy variable compares with each other."""
    principals: frozenset[tuple[str, str]]
    """Element and name of all that are named; an account by its ID alone. `*` is not `AWS: *`,
    which may leave out services and identity providers."""
    not_principal: bool
    """Whether all others are meant."""
    allows: bool

    @property
    def known_conditions(self) -> Iterator[Condition]:
        """All but those that stand for an unknown document: nothing is to decide them."""
        return (each for each in self.conditions if not is_unknown_key(each.key))

    @cached_property
    def _callers(self) -> list[tuple[str, ...]]:
        """ARN patterns of which the caller's ARN matches one, for each condition that says so."""
        return [
            each.values
            for each in self.conditions
            if each.operator in _OF_ARNS
            and each.key.lower() == "aws:principalarn"
            and not any("${" in value or FILLING in value for value in each.values)
        ]

    def can_admit(self, arn: str) -> bool:
        """Say whether conditions leave it open for a user or role; certain where they do not."""
        return all(any(matches(each, arn) for each in patterns) for patterns in self._callers)

    def marked(self, mark: str) -> "ComparedStatement":
        """Tell it from those that mean the same without the mark."""
        return replace(self, meaning=f"{mark}: {self.meaning}", terms=f"{mark}: {self.terms}")

    def may_name(self, name: str) -> bool:
        """Say whether it may name a principal, conditions apart."""
        if self.not_principal:
            return True
        account = name.split(":")[4] if name.startswith("arn:") else ""
        return any(
            element == "CanonicalUser"
            or named in ("*", name)
            or (account and account in (named, *named.split(":")[4:5]))
            for element, named in self.principals
        )

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


def compared(document: PolicyDocument) -> Iterator[ComparedStatement]:
    """Return what is compared of a document's statements."""
    for statement in document.statements:
        keys = _variables(statement) if document.has_variables else {}
        principals = frozenset(_principals(statement.principals))
        resources = statement.resources
        terms = _terms(statement, principals, document.version if keys else "")
        meaning = repr((terms, *_aims(statement)))
        yield ComparedStatement(
            meaning=meaning,
            # What a variable stands for decides which resources it is about.
            terms=meaning if keys else repr(terms),
            actions=tuple(action.lower() for action in statement.actions),
            not_action=statement.not_action,
            resources=None if resources is None else tuple(_widened(document, resources)),
            not_resource=statement.not_resource,
            has_variables=bool(keys),
            conditions=(
                *(_with_fillings(document, each) for each in statement.conditions),
                *(condition("StringEquals", key, (FILLING,)) for key in keys),
            ),
            entangled=frozenset(_entangled(statement, keys)),
            principals=principals,
            not_principal=statement.not_principal,
            allows=statement.allows,
        )


def filled(document: PolicyDocument, fillings: Iterable[Mapping[str, str]]) -> Iterator[str]:
    """Yield resource patterns with values in place of their policy variables.

    Args:
        document: whose patterns.
        fillings: values by key in lower case; what they do not have may be anything.
    """
    for statement in document.statements:
        for pattern in statement.resources or ():
            tokens = tokenize(pattern, variables=document.has_variables)
            if any(isinstance(token, Variable) for token in tokens):
                for values in ({}, *fillings):
                    yield _text(tokens, values, FILLING)


def filled_condition(written: Condition, fillings: Mapping[str, str]) -> Condition:
    """Put values in place of the policy variables whose values follow from the request."""
    if not any("${" in value for value in written.values):
        return written
    values = written.values
    for key, variable in _KEPT.items():
        filling = fillings.get(key, "")
        values = tuple(value.replace(variable, filling) for value in values)
    return replace(written, values=values)


def _entangled(statement: Statement, keys: Iterable[str]) -> Iterator[str]:
    """Yield the keys of variables, and of the conditions that have one."""
    of_variables = [key for key in keys if key not in _KEPT]
    yield from of_variables
    for each in statement.conditions if of_variables else ():
        if any("${" in value for value in each.values):
            yield each.key.lower()


def _variables(statement: Statement) -> dict[str, None]:
    """Return the keys of policy variables, each once."""
    values = [value for each in statement.conditions for value in each.values]
    return {
        token.key: None
        for text in (*(statement.resources or ()), *values)
        for token in tokenize(text, variables=True)
        if isinstance(token, Variable)
    }


def _widened(document: PolicyDocument, resources: Iterable[str]) -> Iterator[str]:
    """Let a policy variable stand for anything, and complete a short ARN as AWS does."""
    for each in resources:
        pattern = _text(tokenize(each, variables=document.has_variables), {}, "*")
        missing = _ARN_COLONS - pattern.count(":") if pattern.startswith("arn:") else 0
        yield pattern + ":*" * max(0, missing)


def _with_fillings(document: PolicyDocument, written: Condition) -> Condition:
    """Put the value that stands for unknown ones into the values of a condition."""
    if not document.has_variables or not any("${" in value for value in written.values):
        return written
    values = (_text(tokenize(each, variables=True), _KEPT, FILLING) for each in written.values)
    return condition(written.operator, written.key, tuple(values))


def _text(tokens: Iterable[Token], values: Mapping[str, str], otherwise: str) -> str:
    """Write a pattern again, with values in place of variables."""
    return "".join(
        values.get(token.key, otherwise)
        if isinstance(token, Variable)
        else token.value
        if isinstance(token, Wildcard)
        else token.translate(LITERAL)
        for token in tokens
    )


def _terms(
    statement: Statement, principals: frozenset[tuple[str, str]], version: str
) -> tuple[object, ...]:
    """Return what no order, no list of one and no Sid changes: kind, effect, who, conditions."""
    conditions = {
        (_operator(each), each.key.lower(), tuple(sorted(set(each.values))))
        for each in statement.conditions
    }
    who = (statement.not_principal, sorted(principals))
    # A boundary with the same statement gives nothing.
    return (statement.kind.value, version, statement.allows, *who, sorted(conditions))


def _operator(written: Condition) -> str:
    """Return one name for operators that compare alike.

    ArnEquals takes wildcards as ArnLike does, and StringLike without any is StringEquals ("IAM JSON
    policy elements: Condition operators",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html).
    """
    operator = written.operator
    if "Arn" in operator:
        return operator.replace("Equals", "Like")
    if "Like" in operator and not any(sign in value for value in written.values for sign in "*?$"):
        return operator.replace("Like", "Equals")
    return operator


def _aims(statement: Statement) -> tuple[object, ...]:
    """Return which actions and resources it is about, whatever their order and case."""
    return (
        *(statement.not_action, sorted({action.lower() for action in statement.actions})),
        *(statement.not_resource, sorted(set(statement.resources or ()))),
    )


def _principals(named: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for element, name in named:
        root = _ROOT.fullmatch(name)
        yield element, root[1] if root else name
