"""Texts that stand for all texts: one for each set of wildcard patterns that some text matches.

Two worlds of policies can differ only between texts that their patterns tell apart. So it is enough
to ask about one text of each kind, its witness, and this module finds them all: it runs all
patterns at once over every text that there is, in order of length, until nothing new can come.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from cross_account_access.iam.errors import ComparisonError

_MOST_STATES: Final = 20_000
_FRESH: Final = "xqzkwvXQZ0987~_"
"""Candidates for a character that no pattern mentions; it stands for all that none mentions."""
_ANY, _ONE = "*", "?"

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


def witnesses(patterns: Iterable[str]) -> list[Witness]:
    """Return one text for each set of patterns that some text matches, shortest first.

    Args:
        patterns: texts in which `*` stands for any run of characters and `?` for any single one.

    Raises:
        ComparisonError: beyond 20,000 states; patterns with many inner wildcards can need that.
    """
    listed = tuple(dict.fromkeys(patterns))
    fresh = next(each for each in _FRESH if not any(each in pattern for pattern in listed))
    start = _closed(((index, 0) for index in range(len(listed))), listed)
    texts = {start: ""}
    found: dict[frozenset[str], str] = {}
    queue = [start]
    for state in queue:
        # Characters that no pattern waits for here all lead to where the fresh one leads.
        awaited = {
            listed[index][position] for index, position in state if position < len(listed[index])
        }
        for character in (fresh, *sorted(awaited - {_ANY, _ONE})):
            after = _closed(_step(state, character, listed), listed)
            text = texts[state] + character
            found.setdefault(_matched(after, listed), text)
            if after not in texts:
                texts[after] = text
                queue.append(after)
        if len(texts) > _MOST_STATES:
            raise ComparisonError
    return [Witness(text.translate(PLAIN), matched) for matched, text in found.items()]


_State = frozenset[tuple[int, int]]
"""How far each pattern has come: its index, and the position of what it waits for next."""


def _step(state: _State, character: str, patterns: Sequence[str]) -> Iterable[tuple[int, int]]:
    for index, position in state:
        pattern = patterns[index]
        if position == len(pattern):
            continue
        if pattern[position] == _ANY:
            yield index, position
        elif pattern[position] in (_ONE, character):
            yield index, position + 1


def _matched(state: _State, patterns: Sequence[str]) -> frozenset[str]:
    return frozenset(
        patterns[index] for index, position in state if position == len(patterns[index])
    )


def _closed(positions: Iterable[tuple[int, int]], patterns: Sequence[str]) -> _State:
    """Add where patterns get without a character: past a `*`, which may stand for nothing."""
    closed = set()
    for index, first in positions:
        position = first
        closed.add((index, position))
        while position < len(patterns[index]) and patterns[index][position] == _ANY:
            position += 1
            closed.add((index, position))
    return frozenset(closed)
