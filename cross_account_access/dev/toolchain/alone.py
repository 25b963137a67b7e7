"""Runs a command while no other does under the same lock.

`python -m cross_account_access.dev.toolchain.alone FILE COMMAND ...`; the status is the command's.
Needs no package, so that the environment itself can be made with it.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from cross_account_access.files import locked


def main(words: Sequence[str]) -> int:
    """Runs a command under the lock of a file; returns its exit status.

    Args:
        words: the file, then the command. The lock is the command's too, so that it outlasts this
            process if that is killed.
    """
    path, *command = words
    told: list[str] = []

    def tell() -> None:
        if not told:
            told.append("another set-up of this folder is running; waiting for its end\n")
            sys.stderr.write(told[0])

    with locked(Path(path), while_waiting=tell) as lock:
        return subprocess.call(command, pass_fds=(lock,))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
