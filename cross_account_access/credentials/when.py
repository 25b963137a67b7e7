"""Points in time as a person reads them."""

from datetime import UTC, datetime


def utc(moment: datetime) -> str:
    """`2026-01-31 18:44 UTC`."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def until(end: datetime) -> str:
    """`2026-01-31 18:44 UTC (in 1 h 59 min)`, for an end that is still to come."""
    hours, minutes = divmod(int((end - datetime.now(UTC)).total_seconds() // 60), 60)
    left = f"{hours} h {minutes} min" if hours else f"{minutes} min"
    return f"{utc(end)} (in {left})"
