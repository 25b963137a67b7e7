"""One line that tells what set-up is doing and for how long."""

import shutil
import sys
import time
from typing import TextIO

LIVE_SECONDS = 0.5
PLAIN_SECONDS = 20.0


class Progress:
    """Tells of one piece of work: a line that is redrawn on a terminal, a few lines elsewhere.

    Elsewhere (a pipe, a CI log) the first line is written at once and then at most one every
    `PLAIN_SECONDS`, each flushed, so that a log shows life and stays short.
    """

    def __init__(self, title: str, stream: TextIO | None = None) -> None:
        self._title = title
        self._stream = sys.stderr if stream is None else stream
        self._live = self._stream.isatty()
        self._started = time.monotonic()
        self._due = self._started

    def show(self, doing: str) -> None:
        """Tell what is being done now; may be called as often as one likes."""
        now = time.monotonic()
        if now < self._due:
            return
        text = f"{self._title}, {now - self._started:.0f} s: {doing}"
        if self._live:
            self._due = now + LIVE_SECONDS
            # A line that wraps cannot be redrawn.
            width = shutil.get_terminal_size().columns - 1
            self._stream.write(f"\r\x1b[K{text[:width]}")
        else:
            self._due = now + PLAIN_SECONDS
            self._stream.write(f"{text}\n")
        self._stream.flush()

    def say(self, text: str) -> None:
        """Tell a fact that has to be seen; it stays on the screen."""
        self._stream.write(f"{self._erase()}{self._title}: {text}\n")
        self._stream.flush()

    def done(self) -> None:
        """Tell that the work is complete, and what it took."""
        self.say(f"ready after {time.monotonic() - self._started:.0f} s")

    def stop(self) -> None:
        """Leave the line to whoever writes next."""
        self._stream.write(self._erase())
        self._stream.flush()

    def _erase(self) -> str:
        return "\r\x1b[K" if self._live else ""
