"""The files of a backend that a killed process, or a lost power supply, has cut off.

A backend keeps a state as `STACK.json`, the one before as `STACK.json.bak`, older ones as backups
and as history. One of files writes a state as `STACK.json.*.tmp`, which is renamed into its place,
and beside each file what it knows of it, as `FILE.attrs`, in place: one that is cut off closes the
state to every command ("failed to load checkpoint: EOF"). Without it the state is read as it is.
"""

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from cross_account_access.recovery.stores import Store

_ATTRIBUTES: Final = ".attrs"
_STATES: Final = (".json", ".json.gz")


@dataclass(frozen=True, kw_only=True)
class CutOff:
    """A file of the backend that is not whole, and what stands in for it."""

    store: Store
    name: str
    whole: str | None
    """What takes its place; None where it is only to be removed."""

    def __str__(self) -> str:
        """Where it is."""
        return self.store.address(self.name)

    def cure(self) -> None:
        """Put the whole one in its place.

        Raises:
            UncheckedError: the backend cannot be written.
        """
        if self.whole is None:
            self.store.remove(self.name)
            return
        # What is known of the file that is there now is not true of the other.
        self.store.remove(f"{self.name}{_ATTRIBUTES}")
        self.store.write(self.name, self.store.read(self.whole))


@dataclass(frozen=True, kw_only=True)
class StateFiles:
    """The files of a backend, seen from one project; every method raises `UncheckedError`."""

    store: Store
    project: str

    def cut_off(self, stack: str) -> Iterator[CutOff]:
        """Find what is not whole, of this stack also a state that is not there at all."""
        states = self.store.dated(self._states)
        for name in (*self.store.dated(""), *states):
            if name.endswith(_ATTRIBUTES) and not self._is_whole(name):
                yield CutOff(store=self.store, name=name, whole=None)
        own = [f"{self._states}/{stack}{end}" for end in _STATES]
        there = [name for name in own if name in states]
        if any(self._is_whole(name) for name in there):
            return
        for name in there or own:
            whole = self._newest_copy(stack, name)
            if whole is not None:
                yield CutOff(store=self.store, name=name, whole=whole)
                return

    def locks(self, stack: str) -> list[str]:
        """Return the names of the locks of a stack, each of which says who holds it."""
        return sorted(
            name for name in self.store.dated(self._locks(stack)) if name.endswith(".json")
        )

    def forget_unfinished(self, stack: str) -> None:
        """Remove what a process has begun to write beside the state and the locks of a stack."""
        for name in (*self.store.dated(self._states), *self.store.dated(self._locks(stack))):
            ours = name.startswith((f"{self._states}/{stack}.json", self._locks(stack)))
            if ours and name.endswith(".tmp"):
                self.store.remove(name)

    @property
    def _states(self) -> str:
        return f"stacks/{self.project}"

    def _locks(self, stack: str) -> str:
        return f"locks/organization/{self.project}/{stack}"

    def _newest_copy(self, stack: str, state: str) -> str | None:
        """The newest of those that are whole and written in the same way."""
        ends = state.rpartition(stack)[2]
        copies = {
            name: when
            for name, when in self.store.dated(self._states).items()
            if name.startswith(f"{state}.")
            and not name.startswith(f"{state}.gz")
            and not name.endswith(_ATTRIBUTES)
        }
        for folder in ("backups", "history"):
            for name, when in self.store.dated(f"{folder}/{self.project}/{stack}").items():
                if name.endswith(ends) and ".history." not in name:
                    copies[name] = when
        newest = sorted(copies, key=lambda name: copies[name], reverse=True)
        return next((name for name in newest if self._is_whole(name)), None)

    def _is_whole(self, name: str) -> bool:
        """Whether a file holds one complete JSON object, compressed or not."""
        content = self.store.read(name)
        try:
            if content.startswith(b"\x1f\x8b"):
                content = gzip.decompress(content)
            return isinstance(json.loads(content), dict)
        except (OSError, EOFError, zlib.error, ValueError):
            return False
