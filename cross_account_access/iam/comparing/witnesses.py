"""Texts that stand for all texts: one for each set of wildcard patterns that some text matches.

Two worlds of policies can differ only between texts that their patterns tell apart. So it is enough
to ask about one text of each kind, its witness, and this module finds them all: it runs all
patterns at once over every text that there is, in order of length, until nothing new can come.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from cross_account_access.iam.errors import ComparisonError
from cross_account_access.iam.patterns import matches

_MOST_STATES: Final = 20_000
_FRESH: Final = "xqzkwvXQZ0987~_"
"""Candidates for a character that no pattern mentions; it stands for all that none mentions."""
_ANY, _ONE = "*", "?"
_MOST_WILDCARDS: Final = 100
"""Of one pattern."""
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
    listed = tuple(dict.fromkeys(patterns))
    _check(listed)
    most = _MOST_STATES if most_states is None else most_states
    found = _walk(listed, fresh or fresh_for(listed), most, frozenset)
    return [
        Witness(text.translate(PLAIN), frozenset(listed[index] for index in matched))
        for matched, text in found.items()
    ]


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
    listed = tuple(dict.fromkeys(patterns))
    _check(listed)
    places = {pattern: index for index, pattern in enumerate(listed)}
    members = [frozenset(places[each] for each in group if each in places) for group in groups]
    members += [frozenset({each}) for each in set(range(len(listed))).difference(*members)]
    ends = {(index, len(each) - 1) for index, each in enumerate(listed) if each.endswith(_ANY)}

    def settled(state: _State) -> _State:
        """Put a mark in place of the positions of groups that are matched for good."""
        done = {index for index, position in state if (index, position) in ends}
        marked = {~n for n, each in enumerate(members) if not done.isdisjoint(each)}
        marked |= {index for index, _ in state if index < 0}
        over = {index for mark in marked for index in members[~mark]}
        over -= {index for n, each in enumerate(members) if ~n not in marked for index in each}
        kept = {place for place in state if place[0] not in over}
        return frozenset(kept | {(mark, 0) for mark in marked})

    def told(matched: frozenset[int]) -> frozenset[int]:
        return frozenset(
            n for n, each in enumerate(members) if ~n in matched or not matched.isdisjoint(each)
        )

    found: dict[frozenset[int], str] = {}
    for matched, text in _walk(listed, fresh, most_states, settled).items():
        found.setdefault(told(matched), text)
    return [
        Witness(plain, frozenset(each for each in listed if matches(each, plain)))
        for plain in (text.translate(PLAIN) for text in found.values())
    ]


def _check(patterns: Iterable[str]) -> None:
    if any(len(each) > _LONGEST or each.count(_ANY) > _MOST_WILDCARDS for each in patterns):
        raise ComparisonError


def _walk(
    patterns: Sequence[str], fresh: str, most: int, settled: Callable[["_State"], "_State"]
) -> dict[frozenset[int], str]:
    """Return the shortest text, not empty, for each set of patterns and marks that it leads to."""
    start = settled(frozenset(_closed(patterns, range(len(patterns)))))
    texts = {start: ""}
    reached: set[_State] = set()
    found: dict[frozenset[int], str] = {}
    moves: dict[_Place, tuple[str, frozenset[_Place]]] = {}
    queue = [start]
    for state in queue:
        # Characters that no pattern waits for here all lead to where the fresh one leads.
        ways: dict[str, set[_Place]] = {_ONE: set()}
        for place in state:
            if (move := moves.get(place)) is None:
                move = moves[place] = _move(place, patterns)
            ways.setdefault(move[0], set()).update(move[1])
        anyhow = ways.pop(_ONE)
        for character in (fresh, *sorted(ways)):
            after = settled(frozenset(anyhow.union(ways.get(character, ()))))
            if after in reached:
                continue
            reached.add(after)
            text = texts[state] + character
            found.setdefault(_matched(after, patterns), text)
            if after not in texts:
                texts[after] = text
                queue.append(after)
        if len(texts) > most:
            raise ComparisonError
    return found


_Place = tuple[int, int]
"""How far a pattern has come: its index, and the position of what it waits for next; with a
negative index, a mark."""
_State = frozenset[_Place]


def _move(place: _Place, patterns: Sequence[str]) -> tuple[str, frozenset[_Place]]:
    """Return the character that a pattern waits for, `?` for any, and where it gets by it."""
    index, position = place
    if index < 0:
        return _ONE, frozenset({place})
    pattern = patterns[index]
    if position == len(pattern):
        return _ONE, frozenset()
    if pattern[position] == _ANY:
        return _ONE, frozenset(_closed(patterns, (index,), position))
    return pattern[position], frozenset(_closed(patterns, (index,), position + 1))


def _matched(state: _State, patterns: Sequence[str]) -> frozenset[int]:
    return frozenset(
        index for index, position in state if index < 0 or position == len(patterns[index])
    )


def _closed(patterns: Sequence[str], some: Iterable[int], first: int = 0) -> Iterator[_Place]:
    """Yield where patterns get without a character: past a `*`, which may stand for nothing."""
    for index in some:
        position = first
        yield index, position
        while position < len(patterns[index]) and patterns[index][position] == _ANY:
            position += 1
            yield index, position
