"""How the command ends, and what it tells a person when it cannot do what was asked."""

from enum import IntEnum
from typing import ClassVar


class Status(IntEnum):
    """The exit status of every verb."""

    AS_INTENDED = 0
    NOT_AS_INTENDED = 1
    """The answer is there, and it is not the intended one: refused, wider, a finding."""
    USAGE = 2
    """What was asked makes no sense; asking again in the same way cannot help."""
    UNCHECKED = 3
    """The answer could not be had: no credentials, no network, no deployed stack."""


class AccessError(Exception):
    """Ends the command; its message names the value, the rule and the remedy in a line or two."""

    status: ClassVar[Status]


class UsageError(AccessError):
    """What was asked makes no sense."""

    status = Status.USAGE


class UncheckedError(AccessError):
    """The answer could not be had."""

    status = Status.UNCHECKED


class NotDeployedError(UncheckedError):
    """The stack has no resources."""
