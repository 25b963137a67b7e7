"""Files that a verb writes beside what it prints."""

import errno
from pathlib import Path

from cross_account_access.errors import UncheckedError, UsageError

FULL = (errno.ENOSPC, errno.EDQUOT)
"""No room on a disk, or none left for this user."""


def write_report(option: str, path: Path, text: str) -> None:
    """Write a file that an option names.

    Raises:
        UncheckedError: when the disk is full.
        UsageError: for a file that cannot be written otherwise.
    """
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        message = f"{option} {path}: {error.strerror}"
        if error.errno in FULL:
            told = f"{message}; make room and ask again"
            raise UncheckedError(told) from error
        raise UsageError(message) from error
