"""Files that a verb writes: what it was asked for, or a report beside what it prints."""

from pathlib import Path

from cross_account_access.errors import Status, UncheckedError, UsageError
from cross_account_access.files import FULL
from cross_account_access.presentation import notice


def check_writable(option: str, path: Path | None) -> None:
    """Fail before the work, not after it; nothing is left behind.

    Raises:
        UsageError: the file that an option names cannot be written.
    """
    if path is None:
        return
    is_there = path.exists()
    try:
        path.touch()
        if not is_there:
            path.unlink()
    except OSError as error:
        message = f"{option} {path}: {error.strerror}"
        raise UsageError(message) from error


def write_report(option: str, path: Path | None, text: str, status: int) -> int:
    """Write a report of what has been printed already, and return the exit status.

    It is that of the answer; a report that is lost is told, and is no success.
    """
    if path is None:
        return status
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        notice(f"{option} {path}: {error.strerror}")
        return status or Status.UNCHECKED
    return status


def write_file(option: str, path: Path, text: str) -> None:
    """Write what was asked for.

    Raises:
        UncheckedError: the disk is full.
        UsageError: the file that an option names cannot be written otherwise.
    """
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        message = f"{option} {path}: {error.strerror}"
        if error.errno in FULL:
            told = f"{message}; make room and ask again"
            raise UncheckedError(told) from error
        raise UsageError(message) from error
