"""What tests count, to be told at the end of a run."""

from typing import Final

import pytest

COUNTS: Final = pytest.StashKey[list[str]]()
"""Lines for the end of the run."""
COUNTED: Final = "counted"
"""Property of a test whose value is `WHAT: THING=NUMBER`; the numbers of all tests are added up."""
