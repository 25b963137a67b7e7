"""What set-up tells a person when it cannot go on."""

from collections.abc import Sequence
from pathlib import Path


class ToolchainError(Exception):
    """Set-up cannot go on; the message is for a person and names the remedy."""


class CommandError(ToolchainError):
    """A command of a build failed; the message shows the end of its output and names the log."""

    def __init__(self, problem: str, log: Path, tail: Sequence[str]) -> None:
        shown = "".join(f"\n    {line}" for line in tail)
        super().__init__(f"{problem}; the last lines of {log}:{shown}")
        self.reason = tail[-1] if tail else problem
        """One line: what the command said last, or what went wrong when it said nothing."""
