"""The `Condition` element: operators, set operators, and what holds when a key is missing.

Rules: AWS, "IAM JSON policy elements: Condition operators" and "Single-valued vs. multivalued
context keys".
"""

from __future__ import annotations

import base64
import difflib
import ipaddress
import operator
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final, TypeVar

from cross_account_access.iam.checks import clipped, shown
from cross_account_access.iam.documents import Condition
from cross_account_access.iam.engine.context import (
    AtLeast,
    KeyState,
    Known,
    Partial,
    RequestContext,
)
from cross_account_access.iam.engine.matching import PatternSet, Shape, Truth
from cross_account_access.iam.errors import DocumentError
from cross_account_access.iam.patterns import Variable, tokenize

_Parsed = TypeVar("_Parsed")
_ANY, _ALL = "ForAnyValue", "ForAllValues"

Test = Callable[[str | Partial, RequestContext], Truth]
"""Says whether one value of the request matches one of the values of the policy."""


class CompiledCondition:
    """A condition that can be asked about requests.

    Args:
        written: the condition.
        variables: whether the document's policy language has variables.
        where: the statement, for messages.

    Raises:
        DocumentError: for an unknown operator or a value that it cannot compare with.
    """

    __slots__ = (
        *("_if_exists", "_key", "_negated", "_quantifier", "_test", "_wants_null"),
        *("keys", "text"),
    )

    def __init__(self, written: Condition, *, variables: bool, where: str) -> None:
        self.text = f"{written.operator} {written.key}"
        place = f"{where}.Condition.{clipped(written.operator)}.{clipped(written.key)}"
        self._key = written.key.lower()
        self.keys = frozenset({self._key, *_variables(written, variables)})
        """The context keys that it looks at, in lower case."""
        self._quantifier = written.quantifier
        self._if_exists = written.if_exists
        self._wants_null: frozenset[bool] | None = None
        name = written.comparison
        if name == "Null":
            if self._if_exists or self._quantifier:
                msg = f"{place}: {shown(written.operator)} is no operator; Null stands alone"
                raise DocumentError(msg)
            self._wants_null = frozenset(_truth_value(value, place) for value in written.values)
            return
        if name not in _OPERATORS:
            near = difflib.get_close_matches(name, [*_OPERATORS, "Null"])
            hint = f"; did you mean {near[0]!r}?" if near else ""
            msg = f"{place}: {shown(written.operator)} is no condition operator{hint}"
            raise DocumentError(msg)
        build, self._negated = _OPERATORS[name]
        self._test: Test = build(written.values, variables, place)

    def holds(self, request: RequestContext) -> Truth:
        """Say whether the condition is true of the request."""
        state = request.look(self._key)
        if self._wants_null is not None:
            return self._holds_null(state, request)
        if state is KeyState.ABSENT:
            return self._holds_without_key(request)
        if isinstance(state, KeyState):
            request.doubt(f"context key {self.text.partition(' ')[2]} is not stated")
            return None
        if isinstance(state, AtLeast):
            return self._holds_for_some(state, request)
        return self._holds_for(state, request)

    def _holds_for(self, state: Partial | tuple[str, ...], request: RequestContext) -> Truth:
        if isinstance(state, Partial):
            return self._matches(state, request)
        if self._quantifier:
            return self._holds_for_set(state, request)
        if len(state) == 1:
            return self._matches(state[0], request)
        request.doubt(f"{self.text} has no set operator, but the key has not one value")
        return None

    def _holds_null(self, state: Known, request: RequestContext) -> Truth:
        """Apply `Null`: true asks for a missing key, false for one that is there with a value."""
        wanted = self._wants_null or frozenset()
        if state is KeyState.UNSTATED:
            if len(wanted) == 1:
                request.doubt(f"whether the request has context key {self._key}")
                return None
            return bool(wanted)
        is_null = state is KeyState.ABSENT or state in ((), ("",))
        return is_null in wanted

    def _holds_without_key(self, request: RequestContext) -> Truth:
        """Apply the rules for a missing key.

        `IfExists` makes the condition true, `ForAllValues` is true of nothing, `ForAnyValue`
        false, a negated operator true, any other false. Of `ForAnyValue` with `IfExists` the pages
        say both ("Single-valued vs. multivalued context keys" false, "IAM JSON policy elements:
        Condition operators" true).
        """
        if self._if_exists and self._quantifier == _ANY:
            request.doubt(
                f"AWS's pages contradict each other about {self.text} of a request without the key"
            )
            return None
        if self._if_exists or self._quantifier == _ALL:
            return True
        return self._negated and not self._quantifier

    def _holds_for_some(self, some: AtLeast, request: RequestContext) -> Truth:
        """Apply a set operator to values of which only some are known."""
        decisive = self._quantifier == _ANY
        if self._quantifier and self._holds_for_set(some.values, request) is decisive:
            return decisive
        request.doubt(f"{self.text} may have more values than are known")
        return None

    def _matches(self, value: str | Partial, request: RequestContext) -> Truth:
        matched = self._test(value, request)
        return matched if matched is None or not self._negated else not matched

    def _holds_for_set(self, values: tuple[str, ...], request: RequestContext) -> Truth:
        """Apply a set operator; an empty text counts as an empty set."""
        if values in ((), ("",)):
            return self._quantifier == _ALL
        decisive = self._quantifier == _ANY
        answer: Truth = not decisive
        for value in values:
            matched = self._matches(value, request)
            if matched is decisive:
                return decisive
            if matched is None:
                answer = None
        return answer


def _variables(written: Condition, variables: bool) -> Iterator[str]:
    for value in written.values:
        for token in tokenize(value, variables=variables):
            if isinstance(token, Variable):
                yield token.key


_Builder = Callable[[Sequence[str], bool, str], Test]


def _patterns(shape: Shape, *, fold: bool = False, negated: bool = False) -> _Builder:
    def build(values: Sequence[str], variables: bool, where: str) -> Test:  # noqa: ARG001
        patterns = PatternSet(values, shape=shape, variables=variables, fold=fold, negated=negated)
        return patterns.match

    return build


def _truth_values(values: Sequence[str], variables: bool, where: str) -> Test:
    for value in values:
        tokens = tokenize(value, wildcards=False, variables=variables)
        if not any(isinstance(token, Variable) for token in tokens):
            _truth_value(value, where)
    return PatternSet(values, shape=Shape.EXACT, variables=variables, fold=True).match


def _truth_value(value: str, where: str) -> bool:
    if value.lower() not in ("true", "false"):
        msg = f"{where}: {shown(value)} is no truth value; write true or false"
        raise DocumentError(msg)
    return value.lower() == "true"


def _ordered(
    parse: Callable[[str], _Parsed], what: str, compare: Callable[[_Parsed, _Parsed], bool]
) -> _Builder:
    """Build a test for values that have an order or are compared after parsing."""

    def build(values: Sequence[str], variables: bool, where: str) -> Test:  # noqa: ARG001
        bounds = [_parsed(parse, what, value, where) for value in values]

        def test(value: str | Partial, request: RequestContext) -> Truth:
            if isinstance(value, Partial):
                request.doubt(f"the value that begins with {shown(value.start)} is not stated")
                return None
            try:
                actual = parse(value)
            except ValueError:
                request.doubt(f"the request's value {shown(value)}, which is no {what}")
                return None
            return any(compare(actual, bound) for bound in bounds)

        return test

    return build


def _parsed(parse: Callable[[str], _Parsed], what: str, value: str, where: str) -> _Parsed:
    try:
        return parse(value)
    except ValueError as error:
        rule = "; policy variables are for text and ARN operators only" if "${" in value else ""
        msg = f"{where}: {shown(value)} is no {what}{rule}"
        raise DocumentError(msg) from error


_NUMBER: Final = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,3})?")
_SECONDS: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_DATE: Final = re.compile(
    r"[0-9]{4}(?:-[0-9]{2}(?:-[0-9]{2}"
    r"(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:Z|[+-][0-9]{2}:[0-9]{2}))?)?)?"
)
_RANGE: Final = re.compile(r"[0-9A-Fa-f:.]+(?:/[0-9]{1,3})?")
"""What AWS's pages have, which is less than Python reads: "IAM JSON policy elements: Condition
operators", https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html.
"""


def _number(text: str) -> Decimal:
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    return Decimal(text)


_YEAR_DIGITS = 4


@lru_cache(maxsize=1024)
def _moment(text: str) -> datetime:
    """Read a date in a W3C form of ISO 8601 or in seconds since 1970; four digits are a year."""
    if _SECONDS.fullmatch(text) and len(text) != _YEAR_DIGITS:
        try:
            return datetime.fromtimestamp(float(text), UTC)
        except (OverflowError, OSError) as error:
            raise ValueError(text) from error
    if not _DATE.fullmatch(text):
        raise ValueError(text)
    full = f"{text}-01-01" if len(text) == _YEAR_DIGITS else text
    full = f"{full}-01" if len(full) == len("2020-01") else full
    moment = datetime.fromisoformat(full)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@lru_cache(maxsize=4096)
def _network(text: str) -> Network:
    if not _RANGE.fullmatch(text):
        raise ValueError(text)
    return ipaddress.ip_network(text, strict=False)


def _inside(address: Network, network: Network) -> bool:
    """Say whether an address or range lies in a network; versions 4 and 6 never meet."""
    if isinstance(address, ipaddress.IPv4Network) and isinstance(network, ipaddress.IPv4Network):
        return address.subnet_of(network)
    if isinstance(address, ipaddress.IPv6Network) and isinstance(network, ipaddress.IPv6Network):
        return address.subnet_of(network)
    return False


def _binary(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


def _numeric(compare: Callable[[Decimal, Decimal], bool]) -> _Builder:
    return _ordered(_number, "number", compare)


def _date(compare: Callable[[datetime, datetime], bool]) -> _Builder:
    return _ordered(_moment, "date with a time zone", compare)


_ADDRESS = _ordered(_network, "IP address or range", _inside)

_OPERATORS: dict[str, tuple[_Builder, bool]] = {
    "StringEquals": (_patterns(Shape.EXACT), False),
    "StringNotEquals": (_patterns(Shape.EXACT, negated=True), True),
    "StringEqualsIgnoreCase": (_patterns(Shape.EXACT, fold=True), False),
    "StringNotEqualsIgnoreCase": (_patterns(Shape.EXACT, fold=True, negated=True), True),
    "StringLike": (_patterns(Shape.GLOB), False),
    "StringNotLike": (_patterns(Shape.GLOB, negated=True), True),
    "NumericEquals": (_numeric(operator.eq), False),
    "NumericNotEquals": (_numeric(operator.eq), True),
    "NumericLessThan": (_numeric(operator.lt), False),
    "NumericLessThanEquals": (_numeric(operator.le), False),
    "NumericGreaterThan": (_numeric(operator.gt), False),
    "NumericGreaterThanEquals": (_numeric(operator.ge), False),
    "DateEquals": (_date(operator.eq), False),
    "DateNotEquals": (_date(operator.eq), True),
    "DateLessThan": (_date(operator.lt), False),
    "DateLessThanEquals": (_date(operator.le), False),
    "DateGreaterThan": (_date(operator.gt), False),
    "DateGreaterThanEquals": (_date(operator.ge), False),
    "Bool": (_truth_values, False),
    "BinaryEquals": (_ordered(_binary, "base64 text", operator.eq), False),
    "IpAddress": (_ADDRESS, False),
    "NotIpAddress": (_ADDRESS, True),
    "ArnEquals": (_patterns(Shape.ARN), False),
    "ArnLike": (_patterns(Shape.ARN), False),
    "ArnNotEquals": (_patterns(Shape.ARN, negated=True), True),
    "ArnNotLike": (_patterns(Shape.ARN, negated=True), True),
}
"""By name: how the values are compared, and whether the operator says that none matches."""
