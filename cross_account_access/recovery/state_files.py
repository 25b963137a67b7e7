"""The files of a `file://` backend that a killed process, or a lost power supply, has cut off.

The backend keeps a state as `STACK.json`, the one before as `STACK.json.bak`, what it is writing as
`STACK.json.*.tmp`, and beside each of its files what it knows of it, as `FILE.attrs`. A state is
renamed into its place; its `.attrs` is written there in place, and one that is cut off closes the
state to every command ("failed to load checkpoint: EOF"). Without it the state is read as it is.

Other backends (S3, Google Cloud Storage, Azure Blob, Pulumi Cloud) put whole objects.
"""

import gzip
import json
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from cross_account_access.errors import UncheckedError
from cross_account_access.files import put_in_place, staged

_SCHEME: Final = "file"
_ATTRIBUTES: Final = ".attrs"
_STATES: Final = (".json", ".json.gz")


@dataclass(frozen=True, kw_only=True)
class CutOff:
    """A file of the backend that is not whole, and what stands in for it."""

    path: Path
    whole: Path | None
    """What takes its place; None where it is only to be removed."""

    def cure(self) -> None:
        """Put the whole one in its place.

        Raises:
            UncheckedError: the folder cannot be written.
        """
        try:
            # What belongs to another file than the one that is there now is worth nothing.
            _attributes_of(self.path).unlink(missing_ok=True)
            if self.whole is None:
                self.path.unlink(missing_ok=True)
                return
            with staged(self.path, "") as ready:
                ready.write_bytes(self.whole.read_bytes())
                put_in_place(ready, self.path)
        except OSError as error:
            message = f"{self.path}: {error.strerror}"
            raise UncheckedError(message) from error


@dataclass(frozen=True, kw_only=True)
class StateFiles:
    """The folder of a `file://` backend, seen from one project."""

    folder: Path
    project: str

    @classmethod
    def of(cls, url: str, project: str, program: Path) -> "StateFiles | None":
        """Return the folder that a backend's address names; None for another kind of backend.

        Args:
            url: as `pulumi whoami --verbose` tells it.
            project: the name in `Pulumi.yaml`.
            program: the folder that a relative address starts from.
        """
        parts = urlsplit(url)
        if parts.scheme != _SCHEME:
            return None
        place = Path(unquote(f"{parts.netloc}{parts.path}")).expanduser()
        return cls(folder=program / place / ".pulumi", project=project)

    def cut_off(self, stack: str | None) -> Iterator[CutOff]:
        """Find what is not whole.

        Args:
            stack: the one whose state is missed where it is not there at all.
        """
        states = self.folder / "stacks" / self.project
        for path in (*self.folder.glob(f"*{_ATTRIBUTES}"), *states.glob(f"*{_ATTRIBUTES}")):
            if not _is_whole(path):
                yield CutOff(path=path, whole=None)
        found = [path for path in states.glob("*") if path.name.endswith(_STATES)]
        if stack and not any(path.name.split(".json")[0] == stack for path in found):
            found += [states / f"{stack}{end}" for end in _STATES]
        for path in found:
            if not _is_whole(path):
                whole = max(self._copies(path), key=os.path.getmtime, default=None)
                if whole is not None:
                    yield CutOff(path=path, whole=whole)

    def locks(self, stack: str) -> list[Path]:
        """Return the locks of a stack, each with who holds it."""
        return sorted((self._locks / stack).glob("*.json"))

    def forget_unfinished(self, stack: str) -> None:
        """Remove what a process has begun to write beside the state and the locks of a stack."""
        states = self.folder / "stacks" / self.project
        for path in (*states.glob(f"{stack}.json*.tmp"), *(self._locks / stack).glob("*.tmp")):
            path.unlink(missing_ok=True)

    @property
    def _locks(self) -> Path:
        return self.folder / "locks" / "organization" / self.project

    def _copies(self, path: Path) -> Iterator[Path]:
        name = path.name.split(".json")[0]
        older = self.folder / "backups" / self.project / name
        for each in (*path.parent.glob(f"{path.name}.*"), *older.glob(f"{name}.*.json*")):
            if not each.name.endswith(_ATTRIBUTES) and _is_whole(each):
                yield each


def _attributes_of(path: Path) -> Path:
    return path if path.name.endswith(_ATTRIBUTES) else path.with_name(f"{path.name}{_ATTRIBUTES}")


def _is_whole(path: Path) -> bool:
    """Whether a file holds one complete JSON object, compressed or not."""
    try:
        content = path.read_bytes()
        if content.startswith(b"\x1f\x8b"):
            content = gzip.decompress(content)
        return isinstance(json.loads(content), dict)
    except (OSError, EOFError, zlib.error, ValueError):
        return False
