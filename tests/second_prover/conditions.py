"""Conditions as constraints on the circumstances of a request.

A context key is there or not, which is a truth value of its own, and has a value, or a few in a
set. Rules: AWS, "IAM JSON policy elements: Condition operators",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html;
"Single-valued vs. multivalued context keys",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from cvc5.pythonic import (
    And,
    Bool,
    BoolVal,
    Implies,
    InRe,
    Int,
    Not,
    Or,
    Plus,
    String,
    StringVal,
)

from tests.second_prover.patterns import ANY, arn, filled, matches
from tests.second_prover.reading import Test, UndecidedError

Term = Any

ALWAYS_THERE: Final = frozenset(
    {
        "aws:currenttime",
        "aws:epochtime",
        "aws:requestedregion",
        "aws:securetransport",
        "aws:useragent",
        "aws:userid",
        "aws:viaawsservice",
    }
)
"""Keys of every request: AWS, "AWS global condition context keys",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html."""

_TEXT, _TRUTH, _NUMBER, _MOMENT, _ADDRESS = "text", "truth", "number", "moment", "address"
_KINDS: Final = (
    ("Bool", _TRUTH),
    ("Numeric", _NUMBER),
    ("Date", _MOMENT),
    ("IpAddress", _ADDRESS),
    ("NotIpAddress", _ADDRESS),
    ("String", _TEXT),
    ("Arn", _TEXT),
)
_THOUSANDTHS: Final = 1000
_TRUE_AND_FALSE: Final = ("true", "false")


@dataclass(frozen=True)
class Slot:
    """A value that a request may give to a key."""

    there: Term
    value: Term
    is_six: Term = None
    """Of an address, whether it is of version 6."""


@dataclass(frozen=True)
class Key:
    """What a request may say of a key."""

    kind: str
    there: Term
    slots: tuple[Slot, ...]
    """One; several for a key that conditions see as a set."""
    is_set: bool


class Circumstances:
    """The context keys that conditions look at, as unknowns.

    Args:
        tests: all conditions of both worlds, so that each key has one unknown.
        known: the keys that follow from the principal: their text, `None` for none at all.
        variables: values of policy variables where the principal is a known one.

    Raises:
        UndecidedError: for a key that is compared in more than one way.
    """

    def __init__(
        self, tests: Iterable[Test], known: Mapping[str, Term], variables: Mapping[str, str | None]
    ) -> None:
        self.variables = variables
        self._known = known
        by_key: dict[str, set[Test]] = {}
        for each in tests:
            by_key.setdefault(each.key, set()).add(each)
        self.keys = {name: self._key(name, found) for name, found in sorted(by_key.items())}

    def constraints(self) -> list[Term]:
        """Return what holds of any request."""
        found: list[Term] = []
        for name, key in self.keys.items():
            if name in self._known:
                continue
            found += [key.there] if name in ALWAYS_THERE else []
            if key.is_set:
                found.append(key.there == Or(*[slot.there for slot in key.slots]))
            for slot in key.slots:
                found.append(_is_proper(key.kind, slot))
        return found

    def holds(self, test: Test) -> Term:
        """Say when a condition is true.

        A missing key makes it false; a negated operator or `IfExists` makes it true, as
        `ForAllValues` is true of nothing.
        """
        key = self.keys[test.key]
        if test.operator == "Null":
            wanted = {value.lower() for value in test.values}
            return Or(*[Not(key.there) if value == "true" else key.there for value in wanted])
        is_negated = "Not" in test.operator
        matched = [self._matches(test, key.kind, slot) for slot in key.slots]
        if is_negated:
            matched = [Not(each) for each in matched]
        if not test.quantifier:
            if_missing = is_negated or test.if_exists
            return Or(Not(key.there), matched[0]) if if_missing else And(key.there, matched[0])
        pairs = list(zip(key.slots, matched, strict=True))
        if test.quantifier == "ForAllValues":
            return And(*[Implies(slot.there, each) for slot, each in pairs])
        if test.if_exists:
            msg = "ForAnyValue with IfExists, of which the pages say both"
            raise UndecidedError(msg)
        return Or(*[And(slot.there, each) for slot, each in pairs])

    def _key(self, name: str, tests: set[Test]) -> Key:
        kinds = {_kind(each.operator) for each in tests if each.operator != "Null"}
        if kinds == {_TEXT, _TRUTH} or len(kinds) > 1:
            msg = f"key {name} is compared as {' and '.join(sorted(kinds))}"
            raise UndecidedError(msg)
        kind = next(iter(kinds), _TEXT)
        quantifiers = {each.quantifier for each in tests if each.operator != "Null"}
        is_set = quantifiers not in (set(), {""})
        if is_set and "" in quantifiers:
            msg = f"key {name} is compared as a set and as one value"
            raise UndecidedError(msg)
        if name in self._known:
            value = self._known[name]
            slot = Slot(BoolVal(value is not None), StringVal("") if value is None else value)
            return Key(_TEXT, slot.there, (slot,), is_set)
        there = Bool(f"there {name}")
        if not is_set:
            return Key(kind, there, (_slot(name, kind, there),), is_set=False)
        # Each condition is made false, or true, by one value, so that as many are enough.
        slots = (
            _slot(f"{name} {number}", kind, Bool(f"there {name} {number}"))
            for number in range(min(4, len(tests) + 1))
        )
        return Key(kind, there, tuple(slots), is_set=True)

    def _matches(self, test: Test, kind: str, slot: Slot) -> Term:
        matches = _COMPARISONS[kind]
        return Or(BoolVal(False), *[matches(self, test.operator, slot, v) for v in test.values])

    def _text(self, operator: str, slot: Slot, written: str) -> Term:
        """Compare texts: exact, whatever the case, by wildcards, or as ARNs."""
        is_exact = operator.startswith("String") and not operator.endswith("Like")
        pieces = filled(written, self.variables, wildcards=not is_exact)
        if pieces is None:
            return BoolVal(False)
        if operator.startswith("Arn"):
            pieces = arn(pieces)
        return matches(slot.value, pieces, fold=operator.endswith("IgnoreCase"))

    def _truth(self, operator: str, slot: Slot, written: str) -> Term:
        del operator
        if written.lower() not in _TRUE_AND_FALSE:
            raise UndecidedError(written)
        return slot.value if written.lower() == "true" else Not(slot.value)

    def _number(self, operator: str, slot: Slot, written: str) -> Term:
        return _in_order(operator, slot.value, int(Decimal(written) * _THOUSANDTHS))

    def _moment(self, operator: str, slot: Slot, written: str) -> Term:
        moment = datetime.fromisoformat(written)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return _in_order(operator, slot.value, int(moment.timestamp() * _THOUSANDTHS))

    def _address(self, operator: str, slot: Slot, written: str) -> Term:
        del operator
        network = ipaddress.ip_network(written, strict=False)
        return And(
            slot.is_six if network.version != 4 else Not(slot.is_six),
            slot.value >= int(network.network_address),
            slot.value <= int(network.broadcast_address),
        )


_COMPARISONS: Final[Mapping[str, Callable[[Circumstances, str, Slot, str], Term]]] = {
    _TEXT: Circumstances._text,
    _TRUTH: Circumstances._truth,
    _NUMBER: Circumstances._number,
    _MOMENT: Circumstances._moment,
    _ADDRESS: Circumstances._address,
}


def written_value(kind: str, slot: Slot, model: Any) -> str:
    """Write a value that the solver found as a request carries it."""
    value = model.eval(slot.value, model_completion=True)
    if kind == _TEXT:
        return str(value.as_string())
    if kind == _TRUTH:
        return str(value).lower()
    number = value.as_long()
    if kind == _NUMBER:
        return f"{Decimal(number) / _THOUSANDTHS:f}"
    if kind == _MOMENT:
        return datetime.fromtimestamp(number / _THOUSANDTHS, UTC).isoformat()
    is_six = str(model.eval(slot.is_six, model_completion=True)) == "True"
    return str((ipaddress.IPv6Address if is_six else ipaddress.IPv4Address)(number))


def _kind(operator: str) -> str:
    for start, kind in _KINDS:
        if operator.startswith(start):
            return kind
    raise UndecidedError(operator)


def _slot(name: str, kind: str, there: Term) -> Slot:
    if kind == _TEXT:
        return Slot(there, String(f"value {name}"))
    if kind == _TRUTH:
        return Slot(there, Bool(f"value {name}"))
    return Slot(there, Int(f"value {name}"), Bool(f"six {name}"))


def _is_proper(kind: str, slot: Slot) -> Term:
    if kind == _TEXT:
        return InRe(slot.value, Plus(ANY))
    if kind == _MOMENT:
        # From 1970 to the year 2200.
        return And(slot.value >= 0, slot.value <= 7_258_118_400 * _THOUSANDTHS)
    if kind == _ADDRESS:
        return And(
            slot.value >= 0,
            slot.value < 2**128,
            Or(slot.is_six, slot.value < 2**32),
        )
    return BoolVal(True)


def _in_order(operator: str, value: Term, bound: int) -> Term:
    if operator.endswith("NotEquals") or operator in ("NumericEquals", "DateEquals"):
        return value == bound
    if operator.endswith("LessThan"):
        return value < bound
    if operator.endswith("LessThanEquals"):
        return value <= bound
    if operator.endswith("GreaterThan"):
        return value > bound
    return value >= bound
