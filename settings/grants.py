"""Reads what consumers may do, and refuses grants that contradict one another."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations

from model import Grant, Level
from settings import rules
from settings.reader import Fields, Problems


def read_grant(fields: Fields) -> Grant:
    """One item of `grants`; `images` and `images/` mean the same prefix."""
    read = Grant(
        consumer=fields.text("consumer", rules.logical_name),
        bucket=fields.text("bucket", rules.bucket_name),
        levels=tuple(Level(word) for word in fields.words("levels", list(Level))),
        prefixes=tuple(
            prefix if prefix.endswith("/") else f"{prefix}/"
            for prefix in fields.optional_texts("prefixes", rules.key_prefix, "[images/]")
        ),
    )
    fields.done()
    return read


def check_overlaps(grants: Sequence[Grant], problems: Problems) -> None:
    """Each key of a bucket is in one grant of a consumer at the most.

    AWS would add overlapping grants up, so that neither of them told a reader
    what the consumer may do.
    """
    places = defaultdict(list)
    for index, item in enumerate(grants):
        if item.consumer and item.bucket:
            # No prefix is the beginning of every key.
            for prefix in item.prefixes or [""]:
                places[item.consumer, item.bucket].append((index, prefix))
    for (consumer, bucket), found in places.items():
        whole = [index for index, prefix in found if not prefix]
        if len(whole) > 1:
            problems.append(
                f"grants: {len(whole)} grants of {bucket!r} to {consumer!r}; "
                "make them one with all the levels"
            )
        for (first, one), (second, other) in combinations(found, 2):
            if (one or other) and (one.startswith(other) or other.startswith(one)):
                problems.append(
                    f"grants[{second}]: {_named(other)} overlaps with {_named(one)} of "
                    f"grants[{first}], for {consumer!r} in {bucket!r}; "
                    "make them one grant with all the levels, or keep the prefixes apart"
                )


def _named(prefix: str) -> str:
    return repr(prefix) if prefix else "the whole bucket"
