"""One file for each judge: how the cases are put to it.

A judge is a module with `NAME`, what to call it on the scoreboard, and `judging`, a context manager
that yields a `Judge` and ends whatever was started for it.
"""

from collections.abc import Callable

from tests.conformance.cases import Case

Judge = Callable[[Case], str | None]
"""Answers a case, with one of its `ANSWERS` or `VERDICTS`; `None` where it cannot be asked."""
