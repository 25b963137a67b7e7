"""Runs the commands that the demo shows, exactly as shown, and judges what came of them."""

import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.text import Text

_REFUSED = re.compile(r"An error occurred \(AccessDenied\) when calling the \w+ operation")
_STOP_SECONDS = 30.0
_WIDTH = 100
# By what a line begins with: the signs of pulumi, and how the AWS CLI begins a refusal.
_COLOURS = {"+ ": "green", "~ ": "yellow", "- ": "red", "An error occurred": "yellow"}
_NOISE = re.compile(
    r"""
    @\s                                                     # dots while it works
    | .*\s(creating|updating|deleting|refreshing|running)   # a step begins; its end is told too
      \s?(\(\d+s\))?\s?(\[diff:.*\])?\s*$
    | .*\srefresh\s?(\([\d.]+s\))?\s*$                      # looked at, and as it should be
    | \s{4}\S+:\S+:\S+\s\S+\s*$                             # declared, and as it should be
    | \s+\[(urn|provider|id)=                               # the long names of a detailed diff
    """,
    re.VERBOSE,
)

Trim = Callable[[Iterable[str]], Iterable[str]]


class DiffersError(Exception):
    """A step did not do what it promised; the message has two lines."""


def essential(lines: Iterable[str]) -> Iterator[str]:
    """What pulumi says without progress, unchanged resources, and outputs, which come later."""
    in_outputs = False
    for line in lines:
        in_outputs = line.startswith("Outputs:") or (in_outputs and line.startswith("    "))
        if not in_outputs and not _NOISE.match(line):
            yield line


def cut(lines: Iterable[str]) -> Iterator[str]:
    """Lines of at most 100 characters, marked where something is missing."""
    for line in lines:
        yield line if len(line) <= _WIDTH else f"{line[: _WIDTH - 3]}..."


def hide(lines: Iterable[str]) -> Iterable[str]:
    """Nothing of what is for the demo and not for the reader."""
    for _ in lines:
        pass
    return ()


class Shell:
    """A POSIX shell in a folder, which shows what it runs, and ends it when it is closed.

    Colours appear on a terminal only, and not where `NO_COLOR` is set (no-color.org).
    """

    def __init__(
        self, folder: Path, environment: Mapping[str, str], stream: TextIO | None = None
    ) -> None:
        self._console = Console(file=stream, soft_wrap=True)
        self._folder = folder
        self._environment = environment
        self._running: list[subprocess.Popen[str]] = []

    def heading(self, text: str) -> None:
        """Begins a step."""
        self._write(f"\n{text}", "bold cyan")

    def note(self, text: str) -> None:
        """Says something in the demo's own words."""
        self._write(text)

    def passed(self, text: str) -> None:
        """Says that what was promised came true."""
        self._console.print(Text.assemble("  ", ("ok", "green"), "  ", text))

    def run(self, command: str, trim: Trim | None = None) -> str:
        """Shows a command that must succeed, with its output, and returns what it wrote.

        Raises:
            DiffersError: it failed.
        """
        return self._succeeded(self._start(command), trim)

    def run_together(self, commands: Sequence[str]) -> list[str]:
        """As `run`, for commands that do not depend on one another: they run at the same time.

        Raises:
            DiffersError: one of them failed.
        """
        return [self._succeeded(process) for process in [*map(self._start, commands)]]

    def hold_back(self, command: str) -> str:
        """Shows a command that must end with status 1, by which ours say no, and returns its words.

        Raises:
            DiffersError: it ended otherwise.
        """
        process = self._start(command)
        text = self._follow(process)
        if process.returncode != 1:
            raise _differs(process, "end with status 1", text)
        return text

    def refuse_together(self, attempts: Mapping[str, str]) -> None:
        """Shows commands that AWS must refuse; anything but its AccessDenied is a failure.

        Args:
            attempts: commands by what each attempts.

        Raises:
            DiffersError: one succeeded, or failed for another reason.
        """
        started = {what: self._start(command) for what, command in attempts.items()}
        for what, process in started.items():
            text = self._follow(process)
            if process.returncode == 0 or not _REFUSED.search(text):
                raise _differs(process, "be refused with AccessDenied", text)
            self.passed(f"refused: {what}")

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

    def _start(self, command: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            ["/bin/sh", "-c", command],
            cwd=self._folder,
            env=dict(self._environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            # pulumi takes a second Ctrl-C for an order to drop everything: the terminal's must
            # not reach it beside ours.
            process_group=0,
        )
        self._running.append(process)
        return process

    def _succeeded(self, process: subprocess.Popen[str], trim: Trim | None = None) -> str:
        text = self._follow(process, trim)
        if process.returncode != 0:
            raise _differs(process, "succeed", text)
        return text

    def _follow(self, process: subprocess.Popen[str], trim: Trim | None = None) -> str:
        self._console.print(Text.assemble(("$ ", "dim"), (_command(process), "bold")))
        wrote: list[str] = []

        def told() -> Iterator[str]:
            for line in process.stdout or ():
                if line.strip():
                    wrote.append(line.rstrip("\n"))
                    yield wrote[-1]

        shown = 0
        for line in trim(told()) if trim else told():
            self._output(line)
            shown += 1
        process.wait()
        if missing := len(wrote) - shown:
            self._write(f"    ({missing} more lines not shown)", "dim")
            if process.returncode != 0:
                self._write("    (but since it failed, here is all of it)", "dim")
                for line in wrote:
                    self._output(line)
        return "\n".join(wrote)

    def _output(self, line: str) -> None:
        begins = (style for begin, style in _COLOURS.items() if line.lstrip().startswith(begin))
        self._write(f"    {line}".rstrip(), next(begins, ""))

    def _write(self, text: str, style: str = "") -> None:
        self._console.print(Text(text, style))


def _command(process: subprocess.Popen[str]) -> str:
    return str(process.args[-1]) if isinstance(process.args, list) else ""


def _differs(process: subprocess.Popen[str], promise: str, text: str) -> DiffersError:
    lines = [line.strip() for line in text.splitlines()]
    errors = [line for line in lines if "error" in line.lower()]
    told = (errors or lines or ["nothing"])[0]
    return DiffersError(
        f"this command should {promise}: {_command(process)}\n"
        f"it ended with status {process.returncode} and said: {told}"
    )
