"""What drift is told as."""

from dataclasses import dataclass
from enum import StrEnum

from cross_account_access.iam.comparing.comparison import Change
from cross_account_access.stack import StackAccount


class Effect(StrEnum):
    """What a change does; in the order in which a person wants to see them."""

    WIDENING = "widening"
    """Somebody can do more, or a protection is gone."""
    NARROWING = "narrowing"
    """Somebody can do less."""
    DEAD_PRINCIPAL = "dead principal"
    """A policy names a principal that was deleted."""
    COSMETIC = "cosmetic"
    """Access is as declared."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """One change in CloudTrail's event history."""

    name: str
    """Of the API call."""
    who: str
    when: str
    """In UTC, to the minute."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is not as the program left it."""

    effect: Effect
    account: StackAccount
    subject: str
    """What it is about, in AWS's words: `role StageRole`."""
    name: str
    """Type and logical name in the state: `aws:iam/role:Role access-stage-admin`."""
    what: str
    """What was found, a sentence without a full stop."""
    remedy: str
    names: tuple[str, ...]
    """Under which CloudTrail knows the subject."""
    events: tuple[str, ...] = ()
    """Calls that make such a change."""
    holder: str | None = None
    """ARN of the user, role or resource whose documents are concerned."""
    changes: tuple[Change, ...] = ()
    """What it changes in access."""
    made_by: Event | None = None


@dataclass(frozen=True, kw_only=True)
class Unchecked:
    """A question that got no answer."""

    account: str
    """Its label."""
    what: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Report:
    """All that was found."""

    findings: tuple[Finding, ...] = ()
    unchecked: tuple[Unchecked, ...] = ()
    notes: tuple[str, ...] = ()
    """What is as documented and still worth knowing, a sentence each."""
    asked: int = 0
    """How many questions the audit put."""
