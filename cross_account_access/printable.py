"""What is written: texts of others as they may stand on a terminal, and the form of JSON.

A terminal carries out what some characters say.
"""

import re
from typing import Final

JSON_VERSION: Final = 1
"""Of what `--json` prints; another one where a key goes away or means something else."""

_UNSEEN: Final = (
    r"\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters
    r"\u200e\u200f\u2028-\u202e\u2066-\u2069"  # ends of lines, and directions of writing
    r"\ud800-\udfff"  # halves of characters, which cannot be written
)
_NOT_TEXT: Final = re.compile(f"[{_UNSEEN}]")
_NOT_ONE_LINE: Final = re.compile(f"[\t\n{_UNSEEN}]")


def printable(text: str) -> str:
    """Return lines of which every character is seen, as Python writes it where need be."""
    return _NOT_TEXT.sub(_escaped, text)


def one_line(text: str) -> str:
    """Return the same in one line."""
    return _NOT_ONE_LINE.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()
