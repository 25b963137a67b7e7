"""Moments, in whichever of its types YAML hands them over."""

import re
from datetime import UTC, date, datetime, time
from typing import Final

_WRITTEN: Final = re.compile(
    r"\d{4}-\d\d-\d\d(?:[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:\d\d)?)?", re.ASCII
)
_OF_THE_ENGINE: Final = re.compile(
    r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)(?:\.\d+)? ([+-]\d{4}) \S+", re.ASCII
)
"""How the Pulumi engine hands on what stands unquoted in a stack file, as in
`2027-01-31 00:00:00 +0000 UTC`; it has taken a time without an offset as one in UTC by then.
"""
_FIRST_YEAR: Final = 1970
"""Before it, IAM's other way to write a moment, seconds since its beginning, has no value.

Source: "IAM JSON policy elements: Condition operators",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html.
"""


def is_unquoted(value: object) -> bool:
    """Whether it is what YAML makes of a date or a time without quotes."""
    return isinstance(value, date) or (
        isinstance(value, str) and _OF_THE_ENGINE.fullmatch(value) is not None
    )


def utc(value: object) -> str:
    """The moment as `YYYY-MM-DDTHH:MM:SSZ`; a date is its first moment, in UTC.

    Raises:
        ValueError: it is none, with what is wrong as the end of a sentence about it.
    """
    try:
        moment = _moment(value).astimezone(UTC)
    except (ValueError, OverflowError):
        message = (
            "must be a date or a time with its offset, "
            "as in 2027-01-31 or 2027-01-31T18:00:00+01:00"
        )
        raise ValueError(message) from None
    if is_unquoted(value) and moment.time() != time() and not _says_its_offset(value):
        message = "stands there without quotes, and may have no offset; write it in quotes, with it"
        raise ValueError(message)
    if moment.year < _FIRST_YEAR:
        message = f"is before {_FIRST_YEAR}; remove the consumer if its access has ended"
        raise ValueError(message)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(value: object) -> datetime:
    """The moment that is meant, in UTC where no offset is known.

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, str) and (unquoted := _OF_THE_ENGINE.fullmatch(value)):
        return datetime.fromisoformat("".join(unquoted.groups()))
    if isinstance(value, str) and _WRITTEN.fullmatch(value):
        moment = datetime.fromisoformat(value.upper())
        is_meant = moment.tzinfo is not None or len(value) == len("YYYY-MM-DD")
    elif isinstance(value, datetime):
        moment, is_meant = value, True
    elif isinstance(value, date):
        moment, is_meant = datetime(value.year, value.month, value.day), True
    else:
        moment, is_meant = datetime.min, False
    if not is_meant:
        message = "no moment, or a time without its offset"
        raise ValueError(message)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _says_its_offset(value: object) -> bool:
    if isinstance(value, datetime):
        return value.tzinfo is not None
    return "+0000" not in str(value)
