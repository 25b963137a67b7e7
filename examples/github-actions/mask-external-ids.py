"""Tells a job of GitHub Actions to mask the external IDs of stack files in its log and summary.

Arguments: the stack files.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

SETTINGS = ("external_id", "more_external_ids")


def external_ids(value: object) -> Iterator[str]:
    """Find them at any depth."""
    if isinstance(value, dict):
        for name, item in value.items():
            if name in SETTINGS:
                yield from map(str, item if isinstance(item, list) else [item])
            else:
                yield from external_ids(item)
    elif isinstance(value, list):
        for item in value:
            yield from external_ids(item)


for path in sys.argv[1:]:
    for found in external_ids(yaml.safe_load(Path(path).read_text())):
        sys.stdout.write(f"::add-mask::{found}\n")
