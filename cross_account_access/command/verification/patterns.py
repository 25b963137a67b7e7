"""Texts that a pattern means, and texts that it just does not mean."""

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase


def instance_of(pattern: str) -> str:
    """A text that a pattern with `*` and `?` matches."""
    return re.sub(r"[*?]", "x", pattern)


def sibling_of(pattern: str, others: Iterable[str] = ()) -> str | None:
    """A text that a pattern just fails to match, and so do the others; None where there is none.

    It is what a pattern that was cut short, or got a wildcard at its end, would let in.
    """
    parts = re.split(r"([*?])", pattern)
    if len(parts) == 1:
        near = f"{pattern}-x"
    else:
        last = max(index for index, part in enumerate(parts) if part.strip("*?"))
        literal = parts[last]
        parts[last] = f"{literal.rstrip('/:_-.') if literal[-1] in '/:_-.' else literal[:-1]}-x"
        near = instance_of("".join(parts))
    return None if any(fnmatchcase(near, each) for each in (pattern, *others)) else near
