"""What became of a row: found by asking AWS, or by the engine from the documents."""

from dataclasses import dataclass
from enum import StrEnum

from cross_account_access.command.verification.rows import Row


class Found(StrEnum):
    """How a row ended."""

    ALLOWED = "allowed"
    REFUSED = "refused"
    UNDECIDED = "undecided"


class Judge(StrEnum):
    """Who decided."""

    AWS = "AWS"
    ENGINE = "engine"


class Verdict(StrEnum):
    """What that means; in the order in which a person wants to see them."""

    WRONG = "not as intended"
    UNCHECKED = "could not be checked"
    RIGHT = "as intended"


@dataclass(frozen=True, kw_only=True)
class Permission:
    """What a policy of the caller's own would have to allow."""

    actions: tuple[str, ...]
    resource: str
    """An ARN, with wildcards."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """How one row ended."""

    found: Found
    judge: Judge
    obstacle: str | None = None
    """Why AWS was not asked."""
    code: str | None = None
    """The error code that decided."""
    why: str = ""
    """The grounds, a sentence or two; for an undecided row what stood in the way."""
    lacking: tuple[Permission, ...] = ()
    """What those must add who make the caller's policies, where Production's side does allow it."""
    seconds: float = 0


@dataclass(frozen=True)
class Result:
    """A row and its end."""

    row: Row
    finding: Finding

    @property
    def verdict(self) -> Verdict:
        """Whether it ended as it should."""
        if self.finding.found is Found.UNDECIDED:
            return Verdict.UNCHECKED
        is_right = self.finding.found.value == self.row.expected.value
        return Verdict.RIGHT if is_right else Verdict.WRONG
