"""One line that tells what set-up is doing and for how long."""

import shutil
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

LIVE_SECONDS = 0.5
PLAIN_SECONDS = 20.0
POLL_SECONDS = 0.1
CUT = "\N{HORIZONTAL ELLIPSIS}"


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

    def show(self, doing: str, detail: str = "") -> None:
        """Tell what is being done now; may be called as often as one likes.

        Args:
            doing: what is being done.
            detail: what with, at the moment; shortened where the terminal is too narrow for it.
        """
        now = time.monotonic()
        if now < self._due:
            return
        text = f"{self._title}, {now - self._started:.0f} s: {doing}"
        if self._live:
            self._due = now + LIVE_SECONDS
            # A line that wraps cannot be redrawn.
            width = shutil.get_terminal_size().columns - 1
            shown = shortened(detail, width - len(text) - len(": "))
            self._stream.write(f"\r\x1b[K{': '.join(filter(None, [text[:width], shown]))}")
        else:
            self._due = now + PLAIN_SECONDS
            self._stream.write(f"{': '.join(filter(None, [text, detail]))}\n")
        self._stream.flush()

    @contextmanager
    def during(self, doing: str) -> Iterator[None]:
        """Tell what is being done for as long as a block works that says nothing itself."""
        ended = threading.Event()

        def tell() -> None:
            while not ended.wait(POLL_SECONDS):
                self.show(doing)

        teller = threading.Thread(target=tell)
        self.show(doing)
        teller.start()
        try:
            yield
        finally:
            ended.set()
            teller.join()

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


def shortened(text: str, width: int) -> str:
    """A text of at most `width` characters: whole words of it, or the last parts of a path."""
    if len(text) <= width:
        return text
    if " " in text:
        return textwrap.shorten(text, max(width, len(CUT)), placeholder=CUT)
    parts = text.split("/")
    endings = ("/".join([CUT, *parts[start:]]) for start in range(1, len(parts)))
    return next((ending for ending in endings if len(ending) <= width), "")
