"""Patterns of policy documents as regular expressions over the solver's strings.

Rules: AWS, "IAM JSON policy elements: Resource",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html;
"IAM JSON policy elements: Condition operators",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html;
"IAM policy elements: Variables and tags",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from cvc5.pythonic import Concat, Option, Plus, Range, Re, Star, Union

from tests.second_prover.reading import Undecided

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
"""Of an object. A key with a colon is left out: of what a wildcard reaches beyond a colon, AWS's page
says enough for the last one of an ARN's segment only."""
ACCOUNT_ID: Final = Concat(*[DIGIT] * 12)

PLACEHOLDER: Final = re.compile(r"\$\{([^}]*)\}")
_VARIABLE: Final = re.compile(r"\$\{([^}]*)\}")
_SPELLED: Final = {"*": "*", "?": "?", "$": "$"}


def joined(parts: list[Term]) -> Term:
    """Put expressions one after the other."""
    if not parts:
        return Re("")
    return parts[0] if len(parts) == 1 else Concat(*parts)


def filled(text: str, variables: Mapping[str, str | None], *, wildcards: bool) -> list[str] | None:
    """Return the pieces of a pattern: texts, and wildcards where there are some.

    A variable's value is plain text. Without a value the pattern matches nothing, which is `None`.

    Args:
        text: as written.
        variables: values by key in lower case, `None` for a key that the request does not have.
        wildcards: whether `*` and `?` are any.

    Raises:
        Undecided: for a variable whose value is not told.
    """
    pieces: list[str] = []
    for number, part in enumerate(_VARIABLE.split(text)):
        if number % 2 == 0:
            pieces += (f"w{each}" if each in "*?" and wildcards else f"t{each}" for each in part)
        elif part in _SPELLED:
            pieces.append(f"t{part}")
        elif part.lower() not in variables:
            msg = f"variable {part}"
            raise Undecided(msg)
        else:
            value = variables[part.lower()]
            if value is None:
                return None
            pieces += (f"t{each}" for each in value)
    return pieces


def glob(pieces: list[str], any_of: Term = ANY, *, fold: bool = False) -> Term:
    """Return the expression of a pattern: `*` is any run, `?` one character."""
    parts: list[Term] = []
    text = ""
    for piece in [*pieces, "end"]:
        if piece[0] == "t" and not (fold and piece[1:].swapcase() != piece[1:]):
            text += piece[1:]
            continue
        if text:
            parts.append(Re(text))
            text = ""
        if piece[0] == "t":
            parts.append(Union(Re(piece[1:].lower()), Re(piece[1:].upper())))
        elif piece == "w*":
            parts.append(Star(any_of))
        elif piece == "w?":
            parts.append(any_of)
    return joined(parts)


def _segments(pieces: list[str], most: int | None) -> list[list[str]]:
    found: list[list[str]] = [[]]
    for piece in pieces:
        if piece == "t:" and (most is None or len(found) < most):
            found.append([])
        else:
            found[-1].append(piece)
    return found


def resource(pieces: list[str]) -> Term:
    """Return the expression of a resource: a `*` that ends a segment reaches beyond its colon."""
    if pieces == ["w*"]:
        return Star(ANY)
    segments = _segments(pieces, None)
    segments += [["w*"]] * (ARN_PARTS - len(segments))
    parts: list[Term] = []
    for number, segment in enumerate(segments):
        parts += [Re(":")] if number else []
        ends = segment[-1:] == ["w*"]
        parts.append(glob(segment[:-1] if ends else segment, NO_COLON))
        parts += [Star(ANY)] if ends else []
    return joined(parts)


def arn(pieces: list[str]) -> Term:
    """Return the expression of an ARN operator, which compares the six components one by one."""
    segments = _segments(pieces, ARN_PARTS)
    if len(segments) < ARN_PARTS:
        msg = "an ARN of fewer than six components"
        raise Undecided(msg)
    parts: list[Term] = []
    for segment in segments[:-1]:
        parts += [glob(segment, NO_COLON), Re(":")]
    return joined([*parts, glob(segments[-1])])


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
