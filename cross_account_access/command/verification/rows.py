"""A row: who asks for what under which circumstances, and how that should end. Plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from cross_account_access.iam.services import Operation, Place

EVERYBODY_ELSE: Final = "everybody else"
"""In place of a consumer, for rows about those whom the stack does not let in."""
OTHER: Final = "another principal of Staging"
"""Who plays another principal of the Staging account, if anybody does."""
UNSIGNED: Final = "without a signature"
"""Who sends requests that nobody signs. No consumer is called like these two: names have no
spaces."""


class Expected(StrEnum):
    """How a row should end."""

    ALLOWED = "allowed"
    REFUSED = "refused"


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What comes with a request."""

    external_id: str | None = None
    source_identity: str | None = None
    session_tags: Mapping[str, str | None] = field(default_factory=dict)
    """None for a tag that is left out."""
    mfa_age: int | None = None
    """Seconds since a code was typed; None without MFA."""
    source_ip: str | None = None
    """None for wherever the request happens to come from."""
    vpc_endpoint: str | None = None
    """None for a request that comes through none."""
    moment: datetime | None = None
    """None for now."""
    claims: Mapping[str, str | None] = field(default_factory=dict)
    """By condition key; None for what the caller is not."""
    is_plain_http: bool = False


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who asks."""

    arn: str
    """Of a user, a role or an identity provider; `*` for a request without a signature."""
    actor: str | None
    """Whose credentials serve: those of a consumer, `OTHER` or `UNSIGNED`; None for nobody's."""
    is_invented: bool = False
    """Whether its own policies are not looked at and taken to allow everything: it is outside the
    stack, or may not exist."""
    is_theirs: bool = False
    """Whether it exists, and its policies are not the stack's to make."""


@dataclass(frozen=True)
class Assume:
    """Ask STS for a session of a role."""

    role_arn: str
    trusts: str | None = None
    """The account, 12 digits, that a role trusts which stands for any that does; None for a role
    that there is."""


@dataclass(frozen=True)
class LongSession:
    """Ask for a session that lasts longer than the declared maximum."""

    role_arn: str
    longest: int
    """Seconds."""


@dataclass(frozen=True, kw_only=True)
class Use:
    """Try an operation."""

    operation: Operation
    place: Place
    role_arn: str | None
    """The role to act through; None to act as oneself."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One check."""

    consumer: str
    what: str
    """For people; unlike that of any other row of the consumer."""
    expected: Expected
    caller: Caller
    ask: Assume | LongSession | Use
    circumstances: Circumstances
    is_hypothetical: bool = False
    """Whether nobody can make the request so: at another time, from another address."""
