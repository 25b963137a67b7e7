"""Texts that stand for all texts: one for each set of wildcard patterns that some text matches.

Two worlds of policies can differ only between texts that their patterns tell apart. So it is enough
to ask about one text of each kind, its witness, and this module finds them all: it runs all
patterns at once over every text that there is, in order of length, until nothing new can come.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache, reduce
from operator import or_
from typing import Final

from cross_account_access.iam.errors import ComparisonError
from cross_account_access.iam.patterns import matches

_MOST_STATES: Final = 20_000
_FRESH: Final = "xqzkwvXQZ0987~_"
"""Candidates for a character that no pattern mentions; it stands for all that none mentions."""
_ANY, _ONE = "*", "?"
_MOST_WILDCARDS: Final = 100
"""Of one pattern."""
_SEVERAL: Final = re.compile(r"\*+")
_LONGEST: Final = 20_480
"""Characters of a pattern; no document of AWS is longer."""

LITERAL: Final = {ord(_ANY): "\ue000", ord(_ONE): "\ue001"}
"""Translates a text into a pattern that means just this text."""
PLAIN: Final = {ord(sign): chr(wildcard) for wildcard, sign in LITERAL.items()}
"""Translates such a pattern back into its text."""
WRITTEN: Final = {sign: f"${{{wildcard}}}" for sign, wildcard in PLAIN.items()}
"""Translates it into what a policy document has for it."""


@dataclass(frozen=True)
class Witness:
    """One text for all that the same patterns match."""

    text: str
    """The shortest that is not empty."""
    matches: frozenset[str]
    """The patterns that match it; no other pattern does."""


def fresh_for(patterns: Iterable[str]) -> str:
    """Return a character that no pattern has."""
    used: set[str] = set().union(*map(set, patterns))
    candidates: list[str] = [*_FRESH, *map(chr, range(0xE002, 0xE102))]
    return next(each for each in candidates if each not in used)


def witnesses(
    patterns: Iterable[str], *, fresh: str | None = None, most_states: int | None = None
) -> list[Witness]:
    """Return one text for each set of patterns that some text matches, shortest first.

    Args:
        patterns: texts in which `*` stands for any run of characters and `?` for any single one.
        fresh: a character that no pattern has, if a certain one is to be taken.
        most_states: how far to look; 20,000 unless said.

    Raises:
        ComparisonError: beyond that many states; patterns with many inner wildcards can need that.
    """
    most = _MOST_STATES if most_states is None else most_states
    return list(_witnesses(tuple(patterns), fresh, most))


@lru_cache(maxsize=256)
def _witnesses(
    patterns: tuple[str, ...], fresh: str | None, most_states: int
) -> tuple[Witness, ...]:
    places = _Places(patterns)
    found = _walk(places, fresh or fresh_for(places.patterns), most_states, _as_it_is)
    ends = list(zip(places.patterns, places.ends, strict=True))
    return tuple(
        Witness(text.translate(PLAIN), frozenset(each for each, end in ends if ended & end))
        for ended, text in found.items()
    )


def group_witnesses(
    patterns: Iterable[str], groups: Iterable[frozenset[str]], *, fresh: str, most_states: int
) -> list[Witness]:
    """Return one text for each set of groups that some text matches, shortest first.

    A group is matched by what one of its patterns matches; a pattern of none is one by itself. As
    soon as whatever follows is matched too, the others of the group need not be looked at.

    Args:
        patterns: as for `witnesses`.
        groups: of some of them.
        fresh: a character that no pattern has.
        most_states: how far to look.

    Raises:
        ComparisonError: as for `witnesses`.
    """
    places = _Places(patterns)
    index_of = {pattern: index for index, pattern in enumerate(places.patterns)}
    members = [frozenset(index_of[each] for each in group if each in index_of) for group in groups]
    members += [frozenset({each}) for each in set(index_of.values()).difference(*members)]
    marks = [1 << places.count + number for number in range(len(members))]
    for_good = [reduce(or_, (places.for_good[index] for index in each), 0) for each in members]
    ends = [reduce(or_, (places.ends[index] for index in each), 0) for each in members]

    @cache
    def looked_at(marked: int) -> int:
        """All but the places of patterns that are of marked groups alone."""
        groups = list(zip(members, marks, strict=True))
        over = frozenset[int]().union(*(each for each, mark in groups if marked & mark))
        over = over.difference(*(each for each, mark in groups if not marked & mark))
        return ~reduce(or_, (places.of_pattern[index] for index in over), 0)

    def settled(state: int) -> int:
        """Put a mark in place of the places of groups that are matched for good."""
        for places_for_good, mark in zip(for_good, marks, strict=True):
            if state & places_for_good:
                state |= mark
        return state & looked_at(state >> places.count << places.count)

    shortest: dict[frozenset[int], str] = {}
    for ended, text in _walk(places, fresh, most_states, settled).items():
        met = (
            n for n, (end, mark) in enumerate(zip(ends, marks, strict=True)) if ended & (end | mark)
        )
        shortest.setdefault(frozenset(met), text)
    return [
        Witness(plain, frozenset(each for each in places.patterns if matches(each, plain)))
        for plain in (text.translate(PLAIN) for text in shortest.values())
    ]


class _Places:
    """Where each of many patterns can be, each place a bit of one number.

    A place is what a pattern waits for next. Those of a pattern are side by side, that of its end
    last, so that all that go on do so by one shift; this is known as Shift-And. Further bits stay
    what they are.

    Raises:
        ComparisonError: for a pattern that is longer or has more wildcards than AWS takes.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        self.patterns: Final = tuple(dict.fromkeys(patterns))
        self.of_pattern: Final[list[int]] = []
        self.ends: Final[list[int]] = []
        """The last place of each pattern."""
        self.for_good: Final[list[int]] = []
        """The place of a pattern from which on it matches whatever follows, 0 if it has none."""
        self.count = 0
        waiting: dict[str, int] = defaultdict(int)
        starts = 0
        for pattern in self.patterns:
            if len(pattern) > _LONGEST or pattern.count(_ANY) > _MOST_WILDCARDS:
                raise ComparisonError
            first = self.count
            starts |= 1 << first
            # Several `*` side by side mean what one means.
            for character in _SEVERAL.sub(_ANY, pattern):
                waiting[character] |= 1 << self.count
                self.count += 1
            self.ends.append(1 << self.count)
            self.for_good.append(1 << self.count - 1 if pattern.endswith(_ANY) else 0)
            self.count += 1
            self.of_pattern.append((1 << self.count) - (1 << first))
        self._any: Final = waiting.pop(_ANY, 0)
        self._one: Final = waiting.pop(_ONE, 0)
        self._waiting: Final = sorted(waiting.items())
        self.start: Final = self._arrived(starts)

    def after(self, state: int, fresh: str) -> Iterator[tuple[str, int]]:
        """Yield where each character leads.

        Characters that no pattern waits for here all lead to where the fresh one leads.
        """
        anyhow = (state & self._one) << 1 | state & self._any | state >> self.count << self.count
        yield fresh, self._arrived(anyhow)
        for character, places in self._waiting:
            if gone_on := state & places:
                yield character, self._arrived(anyhow | gone_on << 1)

    def _arrived(self, places: int) -> int:
        """Add what comes without a character: past a `*`, which may stand for nothing."""
        return places | (places & self._any) << 1


def _as_it_is(state: int) -> int:
    return state


def _walk(places: _Places, fresh: str, most: int, settled: Callable[[int], int]) -> dict[int, str]:
    """Return the shortest text, not empty, for each set of ends and marks that it leads to."""
    start = settled(places.start)
    texts = {start: ""}
    reached: set[int] = set()
    found: dict[int, str] = {}
    told = reduce(or_, places.ends, 0)
    queue = [start]
    for state in queue:
        for character, arrived in places.after(state, fresh):
            after = settled(arrived)
            if after in reached:
                continue
            reached.add(after)
            text = texts[state] + character
            found.setdefault(after & told | after >> places.count << places.count, text)
            if after not in texts:
                texts[after] = text
                queue.append(after)
        if len(texts) > most:
            raise ComparisonError
    return found
