"""What the demo writes: headings, commands, output; live on a terminal, plain in a pipe."""

import os
import time
from typing import TextIO

_BOLD, _DIM, _RED, _GREEN, _YELLOW, _CYAN = "1", "2", "31", "32", "33", "36"
_ERASE = "\r\x1b[K"
# By what a line begins with: the signs of pulumi, and how the AWS CLI begins a refusal.
_COLOURS = {
    "+ ": _GREEN,
    "~ ": _YELLOW,
    "- ": _RED,
    "An error occurred": _YELLOW,
}


class Screen:
    """Writes for a reader who may be a person at a terminal or a log.

    Colours and the line that is redrawn appear on a terminal only; `NO_COLOR` turns the colours
    off (no-color.org).
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._live = stream.isatty() and os.environ.get("TERM") != "dumb"
        self._coloured = self._live and not os.environ.get("NO_COLOR")
        self._started = time.monotonic()

    @property
    def seconds(self) -> float:
        """Since the screen was made."""
        return time.monotonic() - self._started

    def title(self, text: str) -> None:
        """Writes the first line."""
        self._write(self._paint(text, _BOLD))

    def heading(self, text: str) -> None:
        """Begins a step."""
        self._write("")
        self._write(self._paint(text, _BOLD, _CYAN))

    def note(self, text: str) -> None:
        """Says something in the demo's own words."""
        self._write(text)

    def command(self, text: str) -> None:
        """Shows a command as it is typed."""
        self._write(f"{self._paint('$', _DIM)} {self._paint(text, _BOLD)}")

    def output(self, line: str) -> None:
        """Shows a line that a command wrote."""
        colour = next(
            (code for begin, code in _COLOURS.items() if line.lstrip().startswith(begin)), None
        )
        self._write(f"    {self._paint(line, colour) if colour else line}".rstrip())

    def aside(self, text: str) -> None:
        """Says something about the output above, which the command did not write."""
        self._write(f"    {self._paint(f'({text})', _DIM)}")

    def passed(self, text: str) -> None:
        """Says that what was promised came true."""
        self._write(f"  {self._paint('ok', _GREEN)}  {text}")

    def failed(self, text: str) -> None:
        """Says what did not."""
        self._write(self._paint(text, _RED))

    def waiting(self) -> None:
        """Shows on a terminal that work goes on; a pipe sees nothing of it."""
        if self._live:
            self._stream.write(f"{_ERASE}    {self._paint(f'{self.seconds:.0f} s', _DIM)}")
            self._stream.flush()

    def _write(self, line: str) -> None:
        self._stream.write(f"{_ERASE if self._live else ''}{line}\n")
        self._stream.flush()

    def _paint(self, text: str, *codes: str) -> str:
        return f"\x1b[{';'.join(codes)}m{text}\x1b[0m" if self._coloured else text
