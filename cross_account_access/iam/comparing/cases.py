"""All circumstances of one kind of request, in as many cases as its statements can tell apart.

A combination of circumstances decides by one thing alone: which of the statements then apply. So
the keys are gone through one by one, and of the combinations that leave the same statements
applicable one is kept.
"""

import re
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from itertools import product
from math import prod
from typing import Any, Final

from cross_account_access.iam.comparing.circumstances import (
    Choice,
    Cube,
    Dimension,
    Variant,
    context,
    departures,
    dimension_of,
    grown,
    plainest,
    sentence,
)
from cross_account_access.iam.comparing.statements import (
    FILLING,
    FOLLOWING,
    OF_OWNER,
    ComparedStatement,
    filled_condition,
)
from cross_account_access.iam.comparing.witnesses import WRITTEN
from cross_account_access.iam.documents import Condition, condition
from cross_account_access.iam.engine import Context, Principal, parse_principal
from cross_account_access.iam.engine.conditions import CompiledCondition
from cross_account_access.iam.engine.context import RequestContext, derived_keys
from cross_account_access.iam.engine.matching import Truth
from cross_account_access.iam.engine.weights import both
from cross_account_access.iam.errors import ComparisonError

_MOST_IN_FULL: Final = 4_096
"""Combinations, up to which the words for a set of cases mean just these combinations."""
_MOST_CASES: Final = 20_000

_ANYBODY: Final = parse_principal("arn:aws:iam::000000000000:user/anybody")

Case = tuple[Any, ...]
"""For each statement whether it applies; then the variants of keys that cannot be judged alone."""


class Cases:
    """The cases.

    Args:
        statements: all about the request, of whichever side.
        more: further conditions whose keys matter.
        principal: who asks.
        fillings: what stands in place of policy variables in values of conditions, by key.
        at: the only moment that is of interest, with its time zone; None for all.

    Raises:
        ComparisonError: values of conditions cannot be compared, or the cases are too many.
    """

    def __init__(
        self,
        statements: Sequence[ComparedStatement],
        more: Iterable[Condition],
        principal: Principal,
        fillings: Mapping[str, str],
        at: datetime | None = None,
    ) -> None:
        by_key: dict[str, list[list[Condition]]] = {}
        further = [*more, *_compared_with(statements, fillings)]
        for place, each in enumerate((*statements, None)):
            for written in further if each is None else each.known_conditions:
                key = written.key.lower()
                if key not in FOLLOWING:
                    listed = by_key.setdefault(key, [[] for _ in range(len(statements) + 1)])
                    listed[place].append(filled_condition(written, fillings))
        entangled = {key for statement in statements for key in statement.entangled}
        # Whoever signs has what is stated; the keys of others may follow from who they are.
        asking = None if principal.has_identity else principal
        fixed = {} if at is None else _of_moment(at)
        self._keys = [
            _key(key, tuple(map(tuple, listed)), asking, key in entangled, fixed.get(key))
            for key, listed in sorted(by_key.items())
        ]
        self._examples = self._reached([range(len(each.kinds)) for each in self._keys])

    def __iter__(self) -> Iterator[tuple[Case, Context]]:
        """Yield each case, and circumstances that are of it."""
        for case, choice in self._examples.items():
            first = tuple(
                key.kinds[number][0] for key, number in zip(self._keys, choice, strict=True)
            )
            yield case, context(self._dimensions, first)

    def describe(self, wanted: set[Case]) -> list[str]:
        """Say in words which cases are meant; an empty text for all of them.

        Where there are too many combinations to tell all, the words mean some of each case.
        """
        left = self._chosen(wanted)
        texts = set()
        while left:
            cube = grown(
                self._sizes, min(left), lambda each: wanted.issuperset(self._reached(each))
            )
            told = set(self._reached(cube)) if self._is_large else set()
            left = {
                choice: case
                for choice, case in left.items()
                if case not in told
                and not all(number in numbers for number, numbers in zip(choice, cube, strict=True))
            }
            texts.add(sentence(self._dimensions, self._in_full(cube)))
        return sorted(texts)

    def plainest(self, wanted: set[Case]) -> Context:
        """Return the circumstances of a case that state the fewest keys."""
        chosen = {
            tuple(key.plainest(number) for key, number in zip(self._keys, choice, strict=True))
            for choice in self._chosen(wanted)
        }
        return context(self._dimensions, plainest(self._dimensions, chosen))

    @property
    def _sizes(self) -> list[int]:
        return [len(each.kinds) for each in self._keys]

    @property
    def _dimensions(self) -> list[Dimension]:
        return [each.dimension for each in self._keys]

    @property
    def _is_large(self) -> bool:
        return prod(self._sizes) > _MOST_IN_FULL

    def _chosen(self, wanted: set[Case]) -> dict[Choice, Case]:
        """Return the combinations that are of a case, or one of each where they are too many."""
        if self._is_large:
            return {choice: case for case, choice in self._examples.items() if case in wanted}
        listed = ((each, self._case(each)) for each in product(*map(range, self._sizes)))
        return {choice: case for choice, case in listed if case in wanted}

    def _case(self, choice: Choice) -> Case:
        case: Case = ()
        for key, number in zip(self._keys, choice, strict=True):
            case = _after(case, key.steps[number])
        return case

    def _in_full(self, cube: Cube) -> Cube:
        """Return the variants of which the kinds are."""
        return [
            sorted(number for each in numbers for number in key.kinds[each])
            for key, numbers in zip(self._keys, cube, strict=True)
        ]

    def _reached(self, cube: Cube) -> dict[Case, Choice]:
        """Return the cases that combinations of these kinds are of, each with one of them."""
        reached: dict[Case, Choice] = {(): ()}
        for key, numbers in zip(self._keys, cube, strict=True):
            further: dict[Case, Choice] = {}
            for case, choice in reached.items():
                for number in numbers:
                    further.setdefault(_after(case, key.steps[number]), (*choice, number))
            if len(further) > _MOST_CASES:
                raise ComparisonError
            reached = further
        return reached


def _compared_with(
    statements: Iterable[ComparedStatement], fillings: Mapping[str, str]
) -> Iterator[Condition]:
    """Yield conditions on variables with values that keys have which follow from the request.

    A tag may have to be the account of the caller, or the last part of its ARN.
    """
    for statement in statements:
        values = {
            part
            for each in statement.conditions
            if each.key.lower() in FOLLOWING and any(FILLING in value for value in each.values)
            for whole in [fillings.get(each.key.lower(), "")]
            for part in (whole, *re.split("[:/]", whole))
            if part
        }
        for key in sorted(statement.entangled - FOLLOWING) if values else ():
            yield condition("StringEquals", key, tuple(sorted(values)))


def following(principal: Principal, owner: str) -> dict[str, str]:
    """Return the values of the keys that follow from who asks and whose the resource is.

    Args:
        principal: of a session, its role is taken to have no path.
        owner: account of the resource, empty where that is not known.
    """
    entity = principal.arn
    if principal.session is not None:
        entity = f"arn:{principal.partition}:iam::{principal.account}:role/{principal.name}"
    known = derived_keys(principal, entity)
    found = {key: known.get(key) for key in FOLLOWING}
    values = {key: each[0] for key, each in found.items() if isinstance(each, tuple) and each}
    return values | dict.fromkeys(OF_OWNER, owner) | {"kms:calleraccount": principal.account}


def _of_moment(at: datetime) -> Mapping[str, str]:
    return {"aws:currenttime": at.isoformat(), "aws:epochtime": str(int(at.timestamp()))}


_Step = tuple[tuple[Truth, ...], int | None]
"""What one variant of one key does to each statement, and its number where that matters too."""


@dataclass(frozen=True)
class _Key:
    """One key."""

    dimension: Dimension
    kinds: tuple[tuple[int, ...], ...]
    """Its variants, those together that do the same."""
    steps: tuple[_Step, ...]
    """What they do."""

    def plainest(self, number: int) -> int:
        """Return the variant of a kind that a request departs least for."""
        return min(self.kinds[number], key=lambda each: (departures(self.dimension, each), each))


@lru_cache(maxsize=4096)
def _key(
    key: str,
    by_statement: tuple[tuple[Condition, ...], ...],
    principal: Principal | None,
    is_entangled: bool,
    fixed: str | None,
) -> _Key:
    """Put the variants of a key together that do the same.

    Args:
        key: in lower case.
        by_statement: its conditions in each statement; the last are in none.
        principal: who asks, where that matters.
        is_entangled: whether each variant counts for itself.
        fixed: its only value that is of interest; None for all.
    """
    *of_statements, _ = by_statement
    found = [each for listed in by_statement for each in listed]

    def effect(value: str) -> Hashable:
        # Without a set operator it matters how many values there are.
        if not all(each.quantifier or each.comparison == "Null" for each in found):
            return value
        request = _request(principal, Context({key: (value,)}))
        return tuple(_compiled(each).holds(request) for each in found)

    if fixed is None:
        dimension = dimension_of(key, found, effect)
    else:
        dimension = Dimension(key, (Variant(fixed, key),))
    alike: dict[_Step, list[int]] = {}
    for number in range(len(dimension.variants)):
        request = _request(principal, context((dimension,), (number,)))
        truths = tuple(_holds(each, request) for each in of_statements)
        own = number if is_entangled or by_statement[-1] else None
        alike.setdefault((truths, own), []).append(number)
    return _Key(dimension, tuple(map(tuple, alike.values())), tuple(alike))


def _request(principal: Principal | None, circumstances: Context) -> RequestContext:
    return RequestContext(
        principal=principal or _ANYBODY,
        entity_arn=None,
        action="",
        resource="*",
        owner=None,
        context=circumstances,
    )


def _after(case: Case, step: _Step) -> Case:
    truths, number = step
    numbers = case[len(truths) :] if case else ()
    before = case[: len(truths)] if case else (True,) * len(truths)
    return (
        *map(both, before, truths),
        *numbers,
        *(() if number is None else (number,)),
    )


def _holds(conditions: Iterable[Condition], request: RequestContext) -> Truth:
    answer: Truth = True
    for each in conditions:
        held = _compiled(each).holds(request)
        if held is False:
            return False
        answer = answer and held
    return answer


@lru_cache(maxsize=8192)
def _compiled(condition: Condition) -> CompiledCondition:
    """Compile a condition whose variables are filled; what stands for a plain `*` is written so."""
    values = tuple(value.translate(WRITTEN) for value in condition.values)
    written = replace(condition, values=values)
    return CompiledCondition(written, variables=values != condition.values, where="a condition")
