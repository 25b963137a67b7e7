"""Lays an access policy out so that no moment of its deployment is wider, or narrower than needed.

The documents of a policy are written before the role's trust policy, and attached after it. What
stays allowed stays in the document that it is in, so that it is never missing. Where somebody is
shut out at the same time, what the role newly may do stands in a document of its own, which is
attached when they are out; and what it may no longer do goes before anybody new is let in.
"""

import json
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, count
from typing import Final, NamedTuple

from cross_account_access.declaration.policies.parts import cuttable, in_parts
from cross_account_access.declaration.policies.shutting_out import covers
from cross_account_access.declaration.statements import Statement, render
from cross_account_access.facts.quotas import MANAGED_POLICIES_OF_ROLE, policy_characters

NOTHING: Final = render(
    [
        {
            "Sid": "Nothing",
            "Effect": "Deny",
            "Action": ["*"],
            "Resource": ["*"],
            "Condition": {"DateLessThan": {"aws:CurrentTime": ["1970-01-01T00:00:00Z"]}},
        }
    ]
)
"""Allows nothing and refuses nothing: IAM has no empty document."""


class _Bit(NamedTuple):
    """The least that a statement can be cut to."""

    frame: str
    """All of the statement but its Sid and the list that it can be cut along."""
    value: str
    """One of that list."""


def laid_out(
    document: str,
    limit: int,
    before: Mapping[int, str],
    *,
    trust_changes: bool = False,
    shuts_out: bool = False,
) -> dict[int, str]:
    """An identity policy as documents by number, which together say the same.

    A document that does not change keeps its number. One that has nothing left to say is
    `NOTHING` where it may not go yet.

    Args:
        document: all of the policy.
        limit: characters of a document at most.
        before: the documents as they are deployed, by number.
        trust_changes: whether who may use the policy changes in the same deployment.
        shuts_out: whether somebody may use it no longer, or not for everything.
    """
    there = {
        bit: number for number in sorted(before, reverse=True) for bit in _bits(before[number])
    }
    wanted = set(_bits(document))
    is_same = wanted == there.keys()
    if not before:
        return dict(enumerate(in_parts(document, limit), start=1))
    if policy_characters(document) <= limit and not trust_changes and not is_same:
        return {min(before): document}
    layout = _Layout(document, limit)
    if shuts_out:
        there |= _tightened(there, layout.bits)
    new = [bit for bit in layout.bits if bit not in there]
    for number in sorted(before):
        new += layout.put([bit for bit in layout.bits if there.get(bit) == number], number)
    unused = (number for number in count(1) if number not in before)
    found: dict[int, str] = {}
    if shuts_out:
        found = dict(zip(unused, in_parts(layout.only(new), limit) if new else (), strict=False))
    else:
        # Beside what is said of the same already, so that it is exchanged in one write.
        near = {bit.value: number for bit, number in there.items()}
        for number in sorted(before):
            beside = [bit for bit in new if near.get(bit.value) == number]
            new = [bit for bit in new if bit not in beside] + layout.put(beside, number)
        for number in chain(sorted(before), unused):
            new = layout.put(new, number)
            if not new:
                break
    found |= {number: layout.only(bits) for number, bits in layout.parts.items()}
    if is_same or trust_changes:
        found |= dict.fromkeys(before.keys() - found.keys(), NOTHING)
    if len(found) > MANAGED_POLICIES_OF_ROLE and not trust_changes:
        return dict(enumerate(in_parts(document, limit), start=1))
    return dict(sorted(found.items()))


def say_the_same(document: str, parts: Iterable[str]) -> bool:
    """Say whether documents together allow what another does."""
    return set(_bits(document)) == {bit for part in parts for bit in _bits(part)}


class _Layout:
    """A policy whose bits are put into documents one by one."""

    def __init__(self, document: str, limit: int) -> None:
        self._limit = limit
        self._statements = [_cut(each) for each in json.loads(document)["Statement"]]
        self.parts: dict[int, set[_Bit]] = {}

    @property
    def bits(self) -> Iterator[_Bit]:
        """All, in the order of the policy."""
        for frame, values, _ in self._statements:
            yield from (_Bit(frame, value) for value in values)

    def put(self, bits: Sequence[_Bit], number: int) -> list[_Bit]:
        """Put as many of some bits into a document as it takes, in their order; return the rest."""
        there = self.parts.get(number, set())
        fitting = bisect_left(
            range(1, len(bits) + 1), x=True, key=lambda n: not self._fits({*there, *bits[:n]})
        )
        if fitting:
            self.parts[number] = {*there, *bits[:fitting]}
        return list(bits[fitting:])

    def _fits(self, bits: set[_Bit]) -> bool:
        # What cannot be cut stands alone, as in `in_parts`.
        return len(bits) <= 1 or policy_characters(self.only(bits)) <= self._limit

    def only(self, some: Iterable[_Bit]) -> str:
        """Return what some of the bits say, as one document."""
        chosen = set(some)
        found = (
            (with_values, [value for value in values if _Bit(frame, value) in chosen])
            for frame, values, with_values in self._statements
        )
        return render(with_values(values) for with_values, values in found if values)


def _tightened(there: Mapping[_Bit, int], bits: Iterable[_Bit]) -> dict[_Bit, int]:
    """Return what is new but says no more than what is there, with where that is."""
    by_value: dict[str, list[_Bit]] = defaultdict(list)
    for each in there:
        by_value[each.value].append(each)
    return {
        bit: there[old]
        for bit in bits
        if bit not in there
        for old in by_value[bit.value]
        if covers(json.loads(old.frame), json.loads(bit.frame))
    }


def _bits(document: str) -> Iterator[_Bit]:
    for statement in json.loads(document)["Statement"]:
        # What denies is none of an access policy, but `NOTHING`.
        if statement["Effect"] == "Allow":
            frame, values, _ = _cut(statement)
            yield from (_Bit(frame, value) for value in values)


def _cut(statement: Statement) -> tuple[str, list[str], Callable[[list[str]], Statement]]:
    values, with_values = cuttable(statement)
    rest = {key: value for key, value in with_values([]).items() if key != "Sid"}
    return json.dumps(rest, sort_keys=True), values, with_values
