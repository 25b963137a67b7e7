"""Texts against patterns: exact texts, wildcards, ARNs, and policy variables in any of them.

Rules: the pages of AWS that the functions name.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from cross_account_access.iam.engine.context import KeyState, Partial, RequestContext
from cross_account_access.iam.patterns import (
    Token,
    Variable,
    Wildcard,
    expression,
    split_segments,
    tokenize,
)

Truth = bool | None
"""True, false, or `None` where it cannot be known."""


class Shape(enum.Enum):
    """How a pattern is read."""

    EXACT = "text without wildcards"
    GLOB = "text with wildcards"
    ARN = "ARN, its six components compared one by one"
    RESOURCE = "ARN of a Resource element"


_ARN_PARTS = 6


def _expressions(shape: Shape, tokens: tuple[Token, ...]) -> tuple[str | None, str | None]:
    """Return what matches for certain, and what may match beyond that.

    A `*` that ends a segment of a resource ARN reaches beyond colons; of other wildcards the page
    says only that they stand within a segment, so a match that needs more is not certain (AWS:
    "IAM JSON policy elements: Resource",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html). An
    ARN operator compares the six components separately (AWS: "IAM JSON policy elements: Condition
    operators",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html).
    """
    anything = expression(tokens, ".")
    if shape in (Shape.EXACT, Shape.GLOB) or tokens == (Wildcard.RUN,):
        return (None, ".*") if shape is Shape.ARN else (anything, None)
    if shape is Shape.ARN:
        parts = split_segments(tokens, _ARN_PARTS)
        if len(parts) < _ARN_PARTS:
            return None, ".*"
        *heads, last = parts
        return ":".join(
            [*(expression(head, "[^:]") for head in heads), expression(last, ".")]
        ), None
    certain = []
    is_certain = True
    for segment in split_segments(tokens, len(anything) + 1):
        inner = segment[:-1] if segment and segment[-1] is Wildcard.RUN else segment
        is_certain &= not any(isinstance(token, Wildcard) for token in inner)
        certain.append(expression(inner, "[^:]") + (".*" if len(inner) < len(segment) else ""))
    return ":".join(certain), None if is_certain else anything


class Matcher(NamedTuple):
    """A pattern that can be asked about texts."""

    certain: re.Pattern[str] | None
    possible: re.Pattern[str] | None

    def match(self, text: str) -> Truth:
        """Say whether it matches, `None` where AWS's pages leave that open."""
        if self.certain is not None and self.certain.fullmatch(text):
            return True
        if self.possible is not None and self.possible.fullmatch(text):
            return None
        return False


@lru_cache(maxsize=4096)
def _compile(shape: Shape, tokens: tuple[Token, ...]) -> Matcher:
    certain, possible = _expressions(shape, tokens)
    return Matcher(
        None if certain is None else re.compile(certain, re.DOTALL),
        None if possible is None else re.compile(possible, re.DOTALL),
    )


def _meets(tokens: tuple[Token, ...], text: Partial, *, for_any_middle: bool) -> bool:
    """Say whether a pattern matches the text for any middle that it could have, or for some.

    The positions in the pattern are followed that a text can lead to; a middle that may be anything
    is met by a `*` alone.
    """
    atoms: list[str | Wildcard] = []
    for token in tokens:
        if isinstance(token, str):
            atoms.extend(token)
        elif isinstance(token, Wildcard):
            atoms.append(token)

    def past_runs(positions: Iterable[int]) -> set[int]:
        reached = set()
        for position in positions:
            while position not in reached:
                reached.add(position)
                if position < len(atoms) and atoms[position] is Wildcard.RUN:
                    position += 1  # noqa: PLW2901 - a run may be empty
        return reached

    def after(positions: set[int], part: str) -> set[int]:
        for character in part:
            next_ones = set()
            for position in positions:
                atom = atoms[position] if position < len(atoms) else None
                if atom is Wildcard.RUN:
                    next_ones.add(position)
                elif atom is Wildcard.ONE or atom == character:
                    next_ones.add(position + 1)
            positions = past_runs(next_ones)
        return positions

    begun = after(past_runs([0]), text.start)
    if for_any_middle:
        runs = {each for each in begun if each < len(atoms) and atoms[each] is Wildcard.RUN}
        middle = past_runs(runs)
    else:
        middle = set(range(min(begun), len(atoms) + 1)) if begun else set()
    return len(atoms) in after(middle, text.end)


def _beginning(tokens: tuple[Token, ...]) -> str:
    return tokens[0] if tokens and isinstance(tokens[0], str) else ""


class PatternSet:
    """Patterns of which one is enough.

    Args:
        patterns: as written in the document.
        shape: how they are read.
        variables: whether the document's policy language has variables.
        fold: whether case does not matter.
        negated: whether the statement means what they do not match.
    """

    __slots__ = ("_dynamic", "_exact", "_fold", "_negated", "_shape", "_static", "_tokens")

    def __init__(
        self,
        patterns: Iterable[str],
        *,
        shape: Shape,
        variables: bool = False,
        fold: bool = False,
        negated: bool = False,
    ) -> None:
        self._shape = shape
        self._negated = negated
        self._fold = fold
        exact: set[str] = set()
        static: list[Matcher] = []
        self._tokens: list[tuple[Token, ...]] = []
        self._dynamic: list[tuple[Token, ...]] = []
        for pattern in patterns:
            tokens = tokenize(pattern, wildcards=shape is not Shape.EXACT, variables=variables)
            if any(isinstance(token, Variable) for token in tokens):
                self._dynamic.append(tokens)
                continue
            if fold:
                tokens = tuple(t.lower() if isinstance(t, str) else t for t in tokens)
            self._tokens.append(tokens)
            if all(isinstance(token, str) for token in tokens):
                exact.add("".join(token for token in tokens if isinstance(token, str)))
            else:
                static.append(_compile(shape, tokens))
        self._exact = frozenset(exact)
        self._static = tuple(static)

    @property
    def keys(self) -> frozenset[str]:
        """The context keys of its variables, in lower case."""
        return frozenset(
            token.key for each in self._dynamic for token in each if isinstance(token, Variable)
        )

    def matchers(self) -> Iterator[tuple[str, Matcher | None]]:
        """Yield each pattern by the text that it begins with; None for one with a variable."""
        for tokens in self._tokens:
            yield _beginning(tokens), _compile(self._shape, tokens)
        for tokens in self._dynamic:
            yield _beginning(tokens), None

    def match(self, text: str | Partial, request: RequestContext) -> Truth:
        """Say whether one of the patterns matches the text."""
        if isinstance(text, Partial):
            return self._match_partly(text, request)
        if self._fold:
            text = text.lower()
        if text in self._exact:
            return True
        answer: Truth = False
        for pattern in self._static:
            matched = pattern.match(text)
            if matched:
                return True
            if matched is None:
                request.doubt("a wildcard that would have to reach beyond a colon of the ARN")
                answer = None
        for tokens in self._dynamic:
            matched = self._match_variables(tokens, text, request)
            if matched:
                return True
            if matched is None:
                answer = None
        return answer

    def _match_partly(self, text: Partial, request: RequestContext) -> Truth:
        """Match a text whose middle is not known: for any middle, for some, or for none."""
        if self._fold:
            text = Partial(text.start.lower(), text.end.lower())
        if any(_meets(tokens, text, for_any_middle=True) for tokens in self._tokens):
            return True
        if self._dynamic or any(
            _meets(tokens, text, for_any_middle=False) for tokens in self._tokens
        ):
            request.doubt(f"the value that begins with {text.start!r} is not stated")
            return None
        return False

    def _match_variables(
        self, tokens: tuple[Token, ...], text: str, request: RequestContext
    ) -> Truth:
        """Match with the request's values in place of the variables.

        A variable without a value and default makes the pattern match nothing (AWS: "IAM policy
        elements: Variables and tags", Policy variables with no value,
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html), and
        so does one of a key with several values, which cannot be a variable; what does not match
        such a pattern is then open, since AWS may drop the statement. Values are plain text:
        wildcards in them are not wildcards.
        """
        filled: list[Token] = []
        unknown: list[str] = []
        for token in tokens:
            if not isinstance(token, Variable):
                filled.append(token)
                continue
            state = request.look(token.key)
            if state is KeyState.ABSENT or state == ():
                if token.default is None:
                    return False
                filled.append(token.default)
            elif not isinstance(state, tuple):
                known = state if isinstance(state, Partial) else Partial("")
                filled += [known.start, Wildcard.RUN, known.end]
                unknown.append(token.key)
            elif len(state) == 1:
                filled.append(state[0])
            else:
                request.doubt(f"context key {token.key} has several values")
                return None if self._negated else False
        if self._fold:
            filled = [token.lower() if isinstance(token, str) else token for token in filled]
        if not unknown:
            return _compile(self._shape, tuple(filled)).match(text)
        if _compile(Shape.GLOB, tuple(filled)).match(text):
            for key in unknown:
                request.doubt(f"context key {key} is not stated")
            return None
        return False
