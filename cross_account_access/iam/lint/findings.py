"""What lint says about a document."""

import enum
from dataclasses import dataclass

from cross_account_access.iam.engine import PolicyKind


class Severity(enum.IntEnum):
    """How bad it is."""

    LOW = 1
    """Worth a look; by itself no reason to stop."""
    MEDIUM = 2
    """Works otherwise than it reads, or is wider than it needs to be."""
    HIGH = 3
    """Lets in whom nobody meant, or is refused by AWS."""


@dataclass(frozen=True)
class Subject:
    """One policy document."""

    name: str
    """A file, or a name for people like `trust policy of production:role/StageRole`."""
    kind: PolicyKind
    text: str
    """JSON."""
    limit: int | None = None
    """Characters that AWS accepts, white space aside."""


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
