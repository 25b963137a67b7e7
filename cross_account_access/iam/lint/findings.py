"""What lint says about a document."""

import enum
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cross_account_access.iam.documents import Statement


class Severity(enum.IntEnum):
    """How bad it is."""

    LOW = 1
    """Worth a look; by itself no reason to stop."""
    MEDIUM = 2
    """Works otherwise than it reads, or is wider than it needs to be."""
    HIGH = 3
    """Lets in whom nobody meant, or is refused by AWS."""


@dataclass(frozen=True)
class Finding:
    """One thing that a rule found."""

    subject: str
    severity: Severity
    rule: str
    """Name of the rule, like `open-principal`."""
    message: str
    """What is wrong, and what to do."""
    line: int | None = None
    """From 1; `None` where the document has no lines of its own, or the rule is about all of it."""
    column: int | None = None


Found = Iterator[tuple[Severity, str, str]]
"""Severity, name of the rule, message."""

Rule = Callable[[Statement], Found]
"""From a statement to what it finds."""
