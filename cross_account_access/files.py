"""Files that several processes write: locks, and a new content in one step.

The library `filelock` was looked at: it keeps the descriptor to itself, and two of those who lock
here hand it to the processes that they start, so that the lock outlasts a run that is killed.
"""

import errno
import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from math import inf
from pathlib import Path
from typing import Final

FULL: Final = (errno.ENOSPC, errno.EDQUOT)
"""Of an error: no room on a disk, or none left for this user."""
_POLL_SECONDS: Final = 0.05


@contextmanager
def locked(
    path: Path, *, seconds: float = inf, while_waiting: Callable[[], object] | None = None
) -> Iterator[int]:
    """Hold the lock of a file of its own, which the system frees when its last holder ends.

    Args:
        path: the file, made with mode 600 where it is not there; it is never written to.
        seconds: how long to wait for another holder.
        while_waiting: called again and again meanwhile.

    Yields:
        the file's descriptor; a process that inherits it holds the lock too.

    Raises:
        TimeoutError: another process holds the lock for longer than that.
        OSError: the file cannot be made or opened.
    """
    deadline = time.monotonic() + seconds
    with os.fdopen(os.open(path, os.O_CREAT | os.O_RDWR, 0o600)) as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise TimeoutError from None
                if while_waiting is not None:
                    while_waiting()
                time.sleep(_POLL_SECONDS)
        yield lock.fileno()


@contextmanager
def staged(path: Path, text: str) -> Iterator[Path]:
    """A complete file of mode 600 beside another, which is gone afterwards unless it is renamed.

    Raises:
        OSError: the folder cannot be written.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())
        yield Path(name)
    finally:
        with suppress(FileNotFoundError):
            Path(name).unlink()


def put_in_place(ready: Path, path: Path) -> None:
    """Rename a staged file: whoever reads meanwhile sees the old file or the new one, whole."""
    ready.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write_private(path: Path, text: str) -> None:
    """Give a file new content in one step, and mode 600.

    Raises:
        OSError: the folder cannot be written.
    """
    with staged(path, text) as ready:
        put_in_place(ready, path)
