"""Writes profiles to the AWS config and credentials files, which the AWS CLI and the SDKs share.

A change of both files is all or nothing: locks are held, the files are read, edited and staged
beside themselves, and only then renamed into place. Where the second cannot be, as one that is
mounted by itself, the first is put back. Whoever reads meanwhile sees the old file or the new one.
"""

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cross_account_access.credentials.profile_text import FileFormat, MalformedError, edit, read
from cross_account_access.errors import UncheckedError
from cross_account_access.files import locked, put_in_place, staged

Options = Mapping[str, str | None]
"""What to set, by name; None removes."""

_OTHERS: Final = 0o077
_LOCK_SECONDS: Final = 10.0


@dataclass(frozen=True)
class AwsFile:
    """One of the two files."""

    file_format: FileFormat
    path: Path
    """The file itself: links are followed, so that a link stays a link."""

    @classmethod
    def config(cls) -> "AwsFile":
        """The file of AWS_CONFIG_FILE, or ~/.aws/config."""
        return cls(FileFormat.CONFIG, _location("AWS_CONFIG_FILE", "~/.aws/config"))

    @classmethod
    def credentials(cls) -> "AwsFile":
        """The file of AWS_SHARED_CREDENTIALS_FILE, or ~/.aws/credentials."""
        return cls(
            FileFormat.CREDENTIALS, _location("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials")
        )

    def profile(self, name: str) -> dict[str, str] | None:
        """The options of a profile by name in lower case, or None where the file has none.

        Raises:
            UncheckedError: the file cannot be read.
        """
        with self._explained():
            return read(self._text(), self.file_format, name)

    def _text(self) -> str:
        try:
            return self.path.read_bytes().decode()
        except FileNotFoundError:
            return ""

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except MalformedError as error:
            message = f"{self.path}: {error}; nothing was changed, correct it first"
            raise UncheckedError(message) from None
        except UnicodeDecodeError as error:
            message = (
                f"{self.path}: byte {error.start} is not text in UTF-8; "
                "nothing was changed, correct it first"
            )
            raise UncheckedError(message) from None
        except OSError as error:
            message = f"{self.path}: {error.strerror}; nothing was changed"
            raise UncheckedError(message) from None


Change = tuple[AwsFile, Callable[[dict[str, str]], Options]]
"""A file, and what makes the options to set from those that the profile has in it."""


def exists(profile: str) -> bool:
    """Whether either file has the profile.

    Raises:
        UncheckedError: a file cannot be read.
    """
    return any(
        file.profile(profile) is not None for file in (AwsFile.config(), AwsFile.credentials())
    )


def check(profile: str, *changes: Change) -> None:
    """Whether `write` would succeed, as far as can be known without writing.

    Raises:
        UncheckedError: as `write` does.
    """
    for file, options_from in changes:
        with file._explained():
            _edited(file, profile, options_from)
            _refuse_unwritable(file.path)


def write(profile: str, *changes: Change) -> list[str]:
    """Changes the options of one profile in each file, and returns what a person should know.

    Raises:
        UncheckedError: a file is malformed, read-only, somebody else's or locked for long; the
            files are as they were.
    """
    notes = []
    with ExitStack() as stack:
        for file, _ in sorted(changes, key=lambda change: change[0].path):
            with file._explained():
                if not file.path.parent.exists():
                    file.path.parent.mkdir(parents=True, mode=0o700)
            # Always in the same order, so that no two wait for each other.
            stack.enter_context(_locked(file))
        ready_files = []
        for file, options_from in changes:
            with file._explained():
                text = _edited(file, profile, options_from)
                if text == file._text():
                    continue
                _refuse_unwritable(file.path)
                ready_files.append((file, stack.enter_context(staged(file.path, text))))
        with _all_or_nothing() as changed:
            for file, ready in ready_files:
                if file.path.exists() and stat.S_IMODE(file.path.stat().st_mode) & _OTHERS:
                    notes.append(f"{file.path} was open to other users; it is not any more")
                changed.append((file.path, _content(file.path)))
                put_in_place(ready, file.path)
    return notes


@contextmanager
def _all_or_nothing() -> Iterator[list[tuple[Path, bytes | None]]]:
    """Put back what is noted of files when one of them cannot be changed.

    Yields:
        where to note each file before it is changed, with its content, None where it is not there.
    """
    changed: list[tuple[Path, bytes | None]] = []
    try:
        yield changed
    except OSError as error:
        left = [str(path) for path, content in changed if not _is_put_back(path, content)]
        end = f"but {' and '.join(left)} has changed" if left else "nothing was changed"
        message = f"{changed[-1][0] if changed else error.filename}: {error.strerror}; {end}"
        raise UncheckedError(message) from None


def _content(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _is_put_back(path: Path, content: bytes | None) -> bool:
    try:
        if _content(path) == content:
            return True
        if content is None:
            path.unlink()
        else:
            with staged(path, content.decode()) as ready:
                put_in_place(ready, path)
    except OSError:
        return False
    return True


def _location(variable: str, default: str) -> Path:
    # As botocore does: variables and ~ are allowed in the value.
    named = os.path.expandvars(os.environ.get(variable) or default)
    return Path(os.path.realpath(Path(named).expanduser()))


def _edited(file: AwsFile, profile: str, options_from: Callable[[dict[str, str]], Options]) -> str:
    text = file._text()
    options = options_from(read(text, file.file_format, profile) or {})
    return edit(text, file.file_format, profile, options)


def _refuse_unwritable(path: Path) -> None:
    """Replacing a file needs no permission on the file itself, but whoever closed it meant it."""
    if not path.exists():
        return
    found = path.stat()
    if found.st_uid != os.geteuid():
        message = f"{path}: belongs to another user; nothing was changed, run this as that user"
        raise UncheckedError(message)
    if not found.st_mode & stat.S_IWUSR:
        message = f"{path}: is read-only; nothing was changed, make it writable with chmod u+w"
        raise UncheckedError(message)


@contextmanager
def _locked(file: AwsFile) -> Iterator[None]:
    # Not the file itself, which is replaced.
    path = file.path.with_name(f".{file.path.name}.lock")
    with ExitStack() as stack:
        with file._explained():
            try:
                stack.enter_context(locked(path, seconds=_LOCK_SECONDS))
            except TimeoutError:
                message = f"{file.path}: another login holds it for long; nothing was changed"
                raise UncheckedError(message) from None
        yield
