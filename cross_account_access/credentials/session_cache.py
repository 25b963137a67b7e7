"""Keeps the credentials of role sessions between two starts of `access credentials`.

The AWS CLI and the SDKs start a credential_process anew for each command and
keep nothing of it ("Source credentials with an external process in the AWS CLI",
https://docs.aws.amazon.com/cli/latest/userguide/cli-configure-sourcing-external.html).
Imports nothing heavy, since every AWS command waits for it.
"""

import hashlib
import json
import os
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, TypedDict

from cross_account_access.files import locked, write_private

_MARGIN: Final = timedelta(minutes=15)
"""Renewed this long before their end, since SDKs begin to ask for new ones then."""
_PRIVATE: Final = 0o077


class ProcessCredentials(TypedDict):
    """What a credential_process prints."""

    Version: int
    AccessKeyId: str
    SecretAccessKey: str
    SessionToken: str
    Expiration: str
    """ISO 8601, with a time zone."""


def session(
    key: Sequence[str], duration: int, renew: Callable[[], ProcessCredentials]
) -> ProcessCredentials:
    """The cached credentials of a key, or new ones when they are near their end.

    Of processes that ask at the same time one renews and the others wait for it. A cache that
    cannot be used is done without.

    Args:
        key: all that tells one session from another.
        duration: length of the session in seconds; of a short one a quarter is left unused.
        renew: gets new credentials.
    """
    margin = min(_MARGIN, timedelta(seconds=duration / 4))
    name = hashlib.sha256("\0".join(key).encode()).hexdigest()
    with _locked(name) as path:
        found = _read(path) if path else None
        if found and _expiration(found) - datetime.now(UTC) > margin:
            return found
        renewed = renew()
        if path:
            write_private(path, json.dumps(renewed))
        return renewed


@contextmanager
def _locked(name: str) -> Iterator[Path | None]:
    stack = ExitStack()
    try:
        folder = _folder()
        folder.mkdir(parents=True, mode=0o700, exist_ok=True)
        stack.enter_context(locked(folder / f"{name}.lock"))
    except OSError as error:
        sys.stderr.write(f"access: no cache ({error.filename}: {error.strerror})\n")
        yield None
        return
    with stack:
        yield folder / f"{name}.json"


def _folder() -> Path:
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    # The XDG Base Directory Specification ignores a relative path.
    caches = named if named.is_absolute() else Path.home() / ".cache"
    return caches / "cross-account-access" / "role-sessions"


def _read(path: Path) -> ProcessCredentials | None:
    """What is cached, unless it is damaged or another user could have read or put it there."""
    try:
        with path.open() as file:
            found = os.fstat(file.fileno())
            if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & _PRIVATE:
                return None
            cached: ProcessCredentials = json.load(file)
            _expiration(cached)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return cached


def _expiration(credentials: ProcessCredentials) -> datetime:
    return datetime.fromisoformat(credentials["Expiration"])
