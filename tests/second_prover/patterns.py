"""Patterns of policy documents as regular expressions over the solver's strings.

Rules: AWS, "IAM JSON policy elements: Resource",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html;
"IAM JSON policy elements: Condition operators",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html;
"IAM policy elements: Variables and tags",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from cvc5.pythonic import (
    AllChar,
    BoolVal,
    Concat,
    Full,
    InRe,
    Option,
    Plus,
    Range,
    Re,
    Star,
    StringVal,
    Union,
)

from tests.second_prover.reading import UndecidedError


class Wildcard(enum.Enum):
    """What stands for any text, or for any one that has no colon."""

    RUN = "*"
    ONE = "?"
    RUN_INSIDE = "* without colon"
    ONE_INSIDE = "? without colon"


Piece = str | Wildcard
"""One character, or a wildcard."""

Term = Any
"""A term of the solver, whose library has no types."""

ARN_PARTS: Final = 6

# ASCII that can be read, so that every example can be written down.
ANY: Final = Range(" ", "~")
NO_COLON: Final = Union(Range(" ", "9"), Range(";", "~"))
DIGIT: Final = Range("0", "9")
LETTER: Final = Union(Range("a", "z"), Range("A", "Z"), DIGIT, Re("-"), Re("_"))
NAME: Final = Plus(Union(LETTER, Re(".")))
PATH_AND_NAME: Final = Plus(Union(LETTER, Range("+", "/")))
KEY: Final = Plus(NO_COLON)
"""Of an object. A key with a colon is left out: AWS's page says of no wildcard but one that ends a
segment of an ARN that it reaches beyond a colon."""
ACCOUNT_ID: Final = Concat(*[DIGIT] * 12)

PLACEHOLDER: Final = re.compile(r"\$\{([^}]*)\}")
_VARIABLE: Final = re.compile(r"\$\{([^}]*)\}")
_SPELLED: Final = ("*", "?", "$")
_WILDCARDS: Final = {"*": Wildcard.RUN, "?": Wildcard.ONE}
_INSIDE: Final[Mapping[Piece, Piece]] = {
    Wildcard.RUN: Wildcard.RUN_INSIDE,
    Wildcard.ONE: Wildcard.ONE_INSIDE,
}
_RUNS: Final = (Wildcard.RUN, Wildcard.RUN_INSIDE)
_MEANT: Final = {
    Wildcard.RUN: Full(),
    Wildcard.ONE: AllChar(),
    Wildcard.RUN_INSIDE: Star(NO_COLON),
    Wildcard.ONE_INSIDE: NO_COLON,
}


def joined(parts: list[Term]) -> Term:
    """Put expressions one after the other."""
    if not parts:
        return Re("")
    return parts[0] if len(parts) == 1 else Concat(*parts)


def filled(
    text: str, variables: Mapping[str, str | None], *, wildcards: bool
) -> list[Piece] | None:
    """Return the pieces of a pattern: characters, and wildcards where there are some.

    A variable's value is plain text. Without a value the pattern matches nothing, which is `None`.

    Args:
        text: as written.
        variables: values by key in lower case, `None` for a key that the request does not have.
        wildcards: whether `*` and `?` are any.

    Raises:
        UndecidedError: for a variable whose value is not told.
    """
    pieces: list[Piece] = []
    for number, part in enumerate(_VARIABLE.split(text)):
        if number % 2 == 0:
            pieces += (_WILDCARDS.get(each, each) if wildcards else each for each in part)
        elif part in _SPELLED:
            pieces.append(part)
        elif part.lower() not in variables:
            msg = f"variable {part}"
            raise UndecidedError(msg)
        else:
            value = variables[part.lower()]
            if value is None:
                return None
            pieces += value
    return pieces


def resource(pieces: list[Piece]) -> list[Piece]:
    """Return a resource's pattern: only a `*` that ends a segment reaches beyond its colon."""
    if pieces == [Wildcard.RUN]:
        return pieces
    segments = _segments(pieces, None)
    segments += [[Wildcard.RUN]] * (ARN_PARTS - len(segments))
    found: list[Piece] = []
    for segment in segments:
        ends = segment[-1:] == [Wildcard.RUN]
        found += [":"] if found else []
        found += [_INSIDE.get(piece, piece) for piece in (segment[:-1] if ends else segment)]
        found += [Wildcard.RUN] if ends else []
    return found


def arn(pieces: list[Piece]) -> list[Piece]:
    """Return the pattern of an ARN operator, which compares the six components one by one."""
    segments = _segments(pieces, ARN_PARTS)
    if len(segments) < ARN_PARTS:
        msg = "an ARN of fewer than six components"
        raise UndecidedError(msg)
    found: list[Piece] = []
    for segment in segments[:-1]:
        found += [*(_INSIDE.get(piece, piece) for piece in segment), ":"]
    return found + segments[-1]


def _segments(pieces: list[Piece], most: int | None) -> list[list[Piece]]:
    found: list[list[Piece]] = [[]]
    for piece in pieces:
        if piece == ":" and (most is None or len(found) < most):
            found.append([])
        else:
            found[-1].append(piece)
    return found


def after(pieces: list[Piece], text: str) -> list[list[Piece]]:
    """Return what of a pattern is left to match once a text has been: none, one or more."""
    positions = _past_runs(pieces, {0})
    for character in text:
        reached = set()
        for position in positions:
            piece = pieces[position] if position < len(pieces) else None
            if piece is Wildcard.RUN or (piece is Wildcard.RUN_INSIDE and character != ":"):
                reached.add(position)
            elif (
                piece is Wildcard.ONE
                or (piece is Wildcard.ONE_INSIDE and character != ":")
                or piece == character
            ):
                reached.add(position + 1)
        positions = _past_runs(pieces, reached)
    # What is left after a run is part of what the run leaves.
    kept = {position for position in positions if not _is_after_run(pieces, position, positions)}
    return [pieces[position:] for position in sorted(kept)]


def _past_runs(pieces: list[Piece], positions: set[int]) -> set[int]:
    reached: set[int] = set()
    for position in positions:
        last = position
        reached.add(last)
        while last < len(pieces) and pieces[last] in _RUNS:
            last += 1
            reached.add(last)
    return reached


def _is_after_run(pieces: list[Piece], position: int, positions: set[int]) -> bool:
    return position > 0 and pieces[position - 1] in _RUNS and position - 1 in positions


def matches(text: Term, pieces: list[Piece], *, fold: bool = False) -> Term:
    """Return that a text of the solver matches a pattern."""
    if pieces == [Wildcard.RUN]:
        return BoolVal(True)
    if not fold and all(isinstance(each, str) for each in pieces):
        return text == StringVal("".join(map(str, pieces)))
    return InRe(text, expression(pieces, fold=fold))


def expression(pieces: list[Piece], *, fold: bool = False) -> Term:
    """Return the regular expression of a pattern.

    Args:
        pieces: the pattern.
        fold: whether the case of letters does not matter.
    """
    parts: list[Term] = []
    text = ""
    for piece in [*pieces, None]:
        if isinstance(piece, str) and not (fold and piece.swapcase() != piece):
            text += piece
            continue
        if text:
            parts.append(Re(text))
            text = ""
        if isinstance(piece, str):
            parts.append(Union(Re(piece.lower()), Re(piece.upper())))
        elif piece is not None:
            parts.append(_MEANT[piece])
    return joined(parts)


def form(written: str, accounts: Iterable[str], regions: Iterable[str]) -> Term:
    """Return the expression of an ARN with placeholders, as AWS's service reference writes it.

    Args:
        written: like `arn:${Partition}:s3:::${BucketName}/${ObjectName}`.
        accounts: the account IDs that there are.
        regions: the regions that there are.
    """
    pieces = PLACEHOLDER.split(written.replace("${Partition}", "aws"))
    holes = {"Account": _one_of(accounts), "Region": _one_of(regions), "ObjectName": KEY}
    parts: list[Term] = []
    for number, piece in enumerate(pieces):
        if number % 2:
            default = PATH_AND_NAME if piece.endswith("WithPath") else NAME
            parts.append(holes.get(piece, default))
        elif piece:
            parts.append(Re(piece))
    return joined(parts)


def _one_of(texts: Iterable[str]) -> Term:
    found = [Re(each) for each in sorted(texts)]
    return found[0] if len(found) == 1 else Union(*found)


PATH: Final = Option(Concat(Plus(LETTER), Re("/")))
"""The path of a user or role; one step is enough to tell paths apart."""
