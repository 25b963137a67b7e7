"""Says which access has ended, or ends soon: the documents themselves never look at a clock."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from cross_account_access.declaration.model import Consumer

NOTICE: Final = timedelta(days=14)


def warnings(consumers: Iterable[Consumer], now: datetime) -> Iterator[str]:
    """A line for each consumer that has expired or will within `NOTICE`."""
    for consumer in consumers:
        if consumer.conditions.expires_at is None:
            continue
        left = datetime.fromisoformat(consumer.conditions.expires_at) - now
        told = f"consumer {consumer.name!r}"
        if left <= timedelta(0):
            yield (
                f"{told} EXPIRED at {consumer.conditions.expires_at}: all its access is refused; "
                "move expires_at, or remove the consumer"
            )
        elif left <= NOTICE:
            yield (
                f"{told} expires in {_span(left)}, at {consumer.conditions.expires_at}; "
                "move expires_at if the access is to go on"
            )


def _span(left: timedelta) -> str:
    if left < timedelta(days=1):
        return "less than a day"
    return "1 day" if left.days == 1 else f"{left.days} days"
