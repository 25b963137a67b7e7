"""What tests count, to be told at the end of a run."""

from typing import Final

import pytest

COUNTS: Final = pytest.StashKey[list[str]]()
"""Lines for the end of the run."""
