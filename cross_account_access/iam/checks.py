"""What callers hand over, held to be what it should be, and shown in messages of one line."""

import reprlib
from collections.abc import Mapping
from typing import Any, Final, TypeVar

from cross_account_access.iam.errors import QuestionError

_MOST: Final = 200
"""Characters of a value in a message; ARNs fit."""


def shown(value: object) -> str:
    """Return how a value stands in a message: one line that ends, whatever the value is."""
    short = reprlib.Repr()
    short.maxstring = short.maxother = short.maxlong = _MOST
    try:
        text = short.repr(value)
    except (ValueError, RecursionError):
        text = f"a value of type {type(value).__name__}"
    return clipped(text)


def clipped(text: object) -> str:
    """Return a text that is part of a message: one line, and no longer than people read."""
    try:
        whole = str(text)
    except ValueError:
        whole = f"a value of type {type(text).__name__}"
    line = " ".join(whole[: 2 * _MOST].split())
    return line if len(line) <= _MOST and len(whole) <= 2 * _MOST else f"{line[:_MOST]}…"


def text(value: object, what: str) -> str:
    """Return a text that was handed over.

    Raises:
        QuestionError: for anything else.
    """
    if not isinstance(value, str):
        msg = f"{what} {shown(value)} is no text; give one"
        raise QuestionError(msg)
    return value


_Kind = TypeVar("_Kind")


def instance(value: object, kind: type[_Kind], what: str) -> _Kind:
    """Return what was handed over as one of a kind.

    Raises:
        QuestionError: for anything else.
    """
    if not isinstance(value, kind):
        msg = f"{what}: {shown(value)} is no {kind.__name__}; give one"
        raise QuestionError(msg)
    return value


def mapping(value: object, what: str) -> Mapping[str, Any]:
    """Return a mapping by texts that was handed over.

    Raises:
        QuestionError: for anything else.
    """
    if not isinstance(value, Mapping):
        msg = f"{what}: {shown(value)} is no mapping; give one"
        raise QuestionError(msg)
    for key in value:
        text(key, f"{what}: key")
    return value
