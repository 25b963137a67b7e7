"""Runs the commands that the demo shows, exactly as shown, and judges what came of them."""

import contextlib
import os
import re
import select
import signal
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from cross_account_access.dev.demo.screen import Screen

_REFUSED = re.compile(r"An error occurred \(AccessDenied\) when calling the \w+ operation")
_BLINK_SECONDS = 0.25
_STOP_SECONDS = 30.0

Trim = Callable[[Iterable[str]], Iterable[str]]


class DiffersError(Exception):
    """A step did not do what it promised; the message has two lines."""


class Shell:
    """A POSIX shell in a folder, whose commands end when it is closed."""

    def __init__(self, screen: Screen, folder: Path, environment: Mapping[str, str]) -> None:
        self._screen = screen
        self._folder = folder
        self._environment = environment
        self._running: list[subprocess.Popen[bytes]] = []

    def run(self, command: str, trim: Trim | None = None) -> str:
        """Shows a command that must succeed, with its output, and returns what it wrote.

        Raises:
            DiffersError: it failed.
        """
        return self.run_together([command], trim)[0]

    def run_together(self, commands: Sequence[str], trim: Trim | None = None) -> list[str]:
        """As `run`, for commands that do not depend on one another: they run at the same time.

        Raises:
            DiffersError: one of them failed.
        """
        said = []
        for command, process in [(command, self._start(command)) for command in commands]:
            text = self._follow(command, process, trim)
            if process.returncode != 0:
                raise _differs(command, "succeed", process.returncode, text)
            said.append(text)
        return said

    def refuse_together(self, attempts: Mapping[str, str]) -> None:
        """Shows commands that AWS must refuse; anything but its AccessDenied is a failure.

        Args:
            attempts: commands by what each attempts.

        Raises:
            DiffersError: one succeeded, or failed for another reason.
        """
        started = [(what, command, self._start(command)) for what, command in attempts.items()]
        for what, command, process in started:
            text = self._follow(command, process, None)
            if process.returncode == 0 or not _REFUSED.search(text):
                raise _differs(command, "be refused with AccessDenied", process.returncode, text)
            self._screen.passed(f"refused: {what}")

    def read(self, command: str) -> str:
        """Runs a command whose answer is for the demo, not for the reader.

        Raises:
            DiffersError: it failed.
        """
        process = self._start(command)
        text = "\n".join(_lines(process, self._screen))
        if process.returncode != 0:
            raise _differs(command, "succeed", process.returncode, text)
        return text

    def close(self) -> None:
        """Ends what still runs, as Ctrl-C would, so that pulumi leaves a usable stack."""
        for number in (signal.SIGINT, signal.SIGKILL):
            alive = [process for process in self._running if process.poll() is None]
            for process in alive:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                for process in alive:
                    process.wait(_STOP_SECONDS)
        for process in self._running:
            if process.stdout is not None:
                process.stdout.close()

    def _start(self, command: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            ["/bin/sh", "-c", command],
            cwd=self._folder,
            env=dict(self._environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # pulumi takes a second Ctrl-C for an order to drop everything: the terminal's must
            # not reach it beside ours.
            process_group=0,
        )
        self._running.append(process)
        return process

    def _follow(self, command: str, process: subprocess.Popen[bytes], trim: Trim | None) -> str:
        self._screen.command(command)
        wrote: list[str] = []

        def told() -> Iterator[str]:
            for line in _lines(process, self._screen):
                wrote.append(line)
                yield line

        shown = 0
        for line in trim(told()) if trim else told():
            self._screen.output(line)
            shown += 1
        if missing := len(wrote) - shown:
            self._screen.aside(f"{missing} more lines not shown")
            if process.returncode != 0:
                self._screen.aside("but since it failed, here is all of it")
                for line in wrote:
                    self._screen.output(line)
        return "\n".join(wrote)


def _lines(process: subprocess.Popen[bytes], screen: Screen) -> Iterator[str]:
    """What a process writes, as it comes, without empty lines; at the end the process is done."""
    assert process.stdout is not None  # noqa: S101 - we opened it
    rest = b""
    while True:
        while not select.select([process.stdout], [], [], _BLINK_SECONDS)[0]:
            screen.waiting()
        chunk = os.read(process.stdout.fileno(), 65536)
        if not chunk:
            break
        *whole, rest = (rest + chunk).split(b"\n")
        yield from (line.decode(errors="replace") for line in whole if line.strip())
    if rest.strip():
        yield rest.decode(errors="replace")
    process.stdout.close()
    process.wait()


def _differs(command: str, promise: str, status: int, text: str) -> DiffersError:
    lines = [line.strip() for line in text.splitlines()]
    errors = [line for line in lines if "error" in line.lower()]
    said = (errors or lines or ["nothing"])[0]
    return DiffersError(
        f"this command should {promise}: {command}\nit ended with status {status} and said: {said}"
    )
