"""Where one tool is built: two folders, a log, and commands that do not outlive us."""

import os
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cross_account_access.dev.toolchain.errors import CommandError
from cross_account_access.dev.toolchain.progress import Progress

POLL_SECONDS = 0.1
LIMIT_SECONDS = 1800.0
TAIL_LINES = 15
TAIL_BYTES = 8192


@dataclass(frozen=True, kw_only=True)
class Build:
    """One attempt to build one tool.

    What a build leaves in `product` becomes the tool; `scratch` is thrown away.
    """

    product: Path
    scratch: Path
    log: Path
    """Gets the full output of every command."""
    progress: Progress
    lock: int
    """File descriptor that holds the cache's lock. Commands inherit it, so that the cache stays
    locked until the last of them has ended, even when we are killed first."""

    def run(
        self,
        command: Sequence[str | Path],
        *,
        doing: str,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        limit: float = LIMIT_SECONDS,
    ) -> str:
        """Run a command, telling `doing` and its last line meanwhile.

        Args:
            command: the program and its arguments.
            doing: what a person is told, for example `building the command`.
            cwd: folder to run in; `scratch` when not given.
            env: variables that are added to ours.
            limit: seconds after which the command is stopped.

        Returns:
            the last line that the command wrote, empty when it wrote none.

        Raises:
            CommandError: it cannot be started, ended with a failure, or took longer than `limit`.
        """
        words = [str(word) for word in command]
        with _mortal_group() as group, self.log.open("ab") as sink:
            sink.write(f"$ {shlex.join(words)}\n".encode())
            sink.flush()
            begin = sink.tell()
            try:
                process = subprocess.Popen(
                    words,
                    cwd=cwd or self.scratch,
                    env={**os.environ, **(env or {})},
                    stdin=subprocess.DEVNULL,
                    stdout=sink,
                    stderr=subprocess.STDOUT,
                    pass_fds=(self.lock,),
                    process_group=group,
                )
            except OSError as error:
                problem = f"{doing} failed: {words[0]} cannot be started"
                raise CommandError(problem, self.log, [error.strerror or str(error)]) from error
            deadline = time.monotonic() + limit
            try:
                while process.poll() is None:
                    if time.monotonic() > deadline:
                        problem = f"{doing} took longer than {limit:.0f} s"
                        raise self._failure(problem, begin)
                    self.progress.show(doing, "".join(_tail(self.log, begin, 1)))
                    time.sleep(POLL_SECONDS)
            finally:
                process.kill()
                process.wait()
        if process.returncode != 0:
            problem = f"{doing} failed (exit status {process.returncode})"
            raise self._failure(problem, begin)
        return "".join(_tail(self.log, begin, 1))

    def _failure(self, problem: str, begin: int) -> CommandError:
        return CommandError(problem, self.log, _tail(self.log, begin, TAIL_LINES))


def _tail(log: Path, begin: int, count: int) -> list[str]:
    """The last lines after `begin` of a log that may be long and is being written."""
    with log.open("rb") as source:
        source.seek(max(begin, source.seek(0, os.SEEK_END) - TAIL_BYTES))
        text = source.read().decode(errors="replace")
    return [line for line in text.splitlines() if line.strip()][-count:]


@contextmanager
def _mortal_group() -> Iterator[int]:
    """Give a process group whose members end when the block or this program ends in any way.

    Nothing of ours runs after `kill -9`, and a compiler that goes on would write for minutes
    into folders that the next run removes. So the group's first member waits for the end of a
    pipe whose other side only we hold: that end comes with ours.
    """
    watch = subprocess.Popen(
        ["/bin/sh", "-c", "read -r _; kill -9 0"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,
    )
    try:
        yield watch.pid
    finally:
        os.killpg(watch.pid, signal.SIGKILL)
        watch.communicate()
