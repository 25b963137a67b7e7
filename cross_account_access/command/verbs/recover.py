"""`access recover`: what an update left that was killed or lost an answer, and what ends it.

1. Files of the backend that were cut off: the whole one is put in place.
2. The lock of an update that no longer lives is removed; one that lives, or may live, ends all.
3. Operations that are pending in the state are taken out of it, once it is saved.
4. What the program would make, or make anew, and AWS has already becomes part of the state.
5. Keys that are made a second time, which nobody names or can have used, are deleted in 30 days.
"""

import argparse
import json
import shlex
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from cross_account_access.command.found_words import found_as_json, print_found, thing_as_json
from cross_account_access.errors import Status, UncheckedError, UsageError
from cross_account_access.files import write_private
from cross_account_access.importing import MADE_ONCE, Existing, existing
from cross_account_access.importing.import_file import filled
from cross_account_access.importing.second_keys import SecondKey, second_keys
from cross_account_access.presentation import BAD, DOUBTFUL, GOOD, Page, progress
from cross_account_access.recovery.lock import Holder, holder_in, holders_told
from cross_account_access.recovery.records import (
    PENDING,
    cleared,
    in_order,
    is_gone,
    ready_for_import,
    records,
)
from cross_account_access.recovery.state_files import CutOff, StateFiles
from cross_account_access.recovery.stores import store_of
from cross_account_access.stack import (
    Plan,
    Stack,
    add_stack_options,
    naming,
    resources_of_state,
    stack_of,
)

_DESCRIPTION: Final = """\
Says what an update has left that was killed, or that lost an answer of AWS: its lock, files of the
backend that were cut off, operations that are pending in the state, what AWS has made and the state
does not have, keys that nobody names. With --apply all of that is ended, and `pulumi up` goes on.

The state is saved to a file first. Nothing in the accounts is changed but second keys, which are
deleted in 30 days where nobody can have used them. A lock is removed only where the process that
holds it has ended."""
_EPILOG: Final = """\
examples:
  access recover --stack prod
  access recover --stack prod --apply && pulumi up --stack prod

exit status: 0 nothing is left, or it was ended, 1 something is left, 2 wrong usage,
3 could not be done, as where the update lives"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add whether it is done."""
    parser.description, parser.epilog = _DESCRIPTION, _EPILOG
    parser.add_argument("--apply", action="store_true", help="end all that is told")
    add_stack_options(parser)


def run(arguments: argparse.Namespace) -> int:
    """Tell what is left, and end it."""
    stack = stack_of(arguments)
    name = (arguments.stack or stack.selected()).rsplit("/", 1)[-1]
    store = store_of(stack.backend(), stack.folder)
    files = StateFiles(store=store, project=_project(stack.folder)) if store else None
    locks = _ended_locks(files, name) if files else []
    cut_off = list(files.cut_off(name)) if files else []
    if files and arguments.apply:
        for each in cut_off:
            each.cure()
        if locks:
            stack.cancel()
        files.forget_unfinished(name)
    elif arguments.apply:
        locks = _unlock(stack, name)
    left = _Left(locks=locks, cut_off=cut_off)
    if arguments.apply or not cut_off:
        left.look(stack)
    if arguments.apply:
        left.end(stack, stack.folder, name)
    if arguments.json:
        Page().json(left.as_json())
    else:
        left.print(Page(), arguments)
    return Status.NOT_AS_INTENDED if left.remains(applied=arguments.apply) else Status.AS_INTENDED


@dataclass(kw_only=True)
class _Left:
    """What an update has left."""

    locks: list[Holder]
    cut_off: list[CutOff]
    pending: Sequence[Mapping[str, Any]] = ()
    found: Sequence[Existing] = ()
    abandoned: Sequence[Existing] = ()
    """What was begun to be made, and the program no longer has."""
    keys: Sequence[SecondKey] = ()
    deleted: list[str] = field(default_factory=list)
    """IDs of the keys whose deletion is scheduled."""
    saved: Path | None = None
    _former: Mapping[str, Mapping[str, Any]] = field(init=False)
    """What the state has of that which is made anew, by URN."""
    _state: Mapping[str, Any] = field(init=False)
    _plan: Plan = field(init=False)

    def look(self, stack: Stack) -> None:
        """Read state, program and accounts."""
        self._state = stack.exported()
        self.pending = (self._state.get("deployment") or {}).get(PENDING) or ()
        self._plan = stack.plan()
        # What the state has, and a preview has not found, is found by the next one.
        known = {each.urn for each in resources_of_state(self._state)}
        planned = self._plan.resources
        once = {each.urn for each in planned if each.type in MADE_ONCE}
        recorded = records(self._state)
        with progress("looking into the accounts"):
            found = existing(planned, once & ((self._plan.created - known) | self._plan.replaced))
            self._former = {
                each["urn"]: each
                for each in recorded
                if each["urn"] in self._plan.replaced and not each.get("delete")
            }
            self.found = [each for each in found if self._is_lost(each)]
            # Those too that a replacement is about to delete.
            ours = {str(each.get("id")) for each in recorded}
            ours |= {str(each.found.import_id) for each in self.found}
            self.abandoned = self._begun(ours)
            self.keys = list(second_keys(planned, ours))

    @property
    def obstacles(self) -> list[Existing]:
        """What exists and cannot become part of the stack."""
        return [each for each in self.found if each.found.obstacle]

    def _is_lost(self, each: Existing) -> bool:
        """Say whether something exists that the state does not have."""
        former = self._former.get(each.resource.urn)
        return former is None or is_gone(former) or former["id"] not in each.found.ids

    @property
    def _ended(self) -> list[Mapping[str, Any]]:
        """The pending operations that go: the others stay, as long as there is what they made."""
        abandoned = {each.resource.urn for each in self.abandoned}
        return [each for each in self.pending if each["resource"]["urn"] not in abandoned]

    def _begun(self, ours: Set[str]) -> list[Existing]:
        """Return what exists that an update had begun to make, unless it is the stack's."""
        begun = [each["resource"] for each in self.pending if each["type"] == "creating"]
        made = resources_of_state({"deployment": {"resources": begun}})
        once = {each.urn for each in made if each.type in MADE_ONCE}
        found = existing([*self._plan.resources, *made], once) if once else []
        return [each for each in found if ours.isdisjoint(each.found.ids)]

    def end(self, stack: Stack, folder: Path, name: str) -> None:
        """Take out of the state what is pending, into it what exists; delete second keys."""
        importable = [each for each in self.found if each.found.is_importable]
        unused = [key for key in self.keys if not key.why_kept]
        ended = self._ended
        if self.obstacles or not (ended or importable or unused):
            return
        # The engine records that it makes something before it does: a key of an update that has
        # begun since is no second one.
        if stack.exported() != self._state:
            message = "the state has changed meanwhile, by another's update; the same again"
            raise UncheckedError(message)
        if ended or importable:
            self.saved = _save(self._state, folder, name)
        anew = {
            each.resource.urn: each.found.ids
            for each in importable
            if each.resource.urn in self._former
        }
        before = cleared(self._state, anew, ended) if ended or anew else self._state
        ready = ready_for_import(before) if importable else before
        if ready is not self._state:
            _put(stack, ready)
        if anew:
            # The file for the import has only what the state has not.
            self._plan = stack.plan()
        importable = [each for each in importable if each.resource.urn in self._plan.created]
        if importable:
            with _in_a_file(filled(self._plan.import_file, importable)) as file:
                stack.import_from(file)
        if ready is not before:
            _put(stack, in_order(stack.exported(), before))
        for key in unused:
            key.schedule_deletion()
            self.deleted.append(key.id)

    def remains(self, *, applied: bool) -> bool:
        """Whether something is left to do before `pulumi up`."""
        kept = any(key.why_kept for key in self.keys)
        return bool(self.obstacles or self.abandoned or kept) or not (applied or self.is_clear)

    @property
    def is_clear(self) -> bool:
        """Whether there is nothing that `--apply` would end."""
        return not (self.locks or self.cut_off or self._ended or self.found or self.keys)

    def as_json(self) -> dict[str, Any]:
        """Everything, for a program."""
        return {
            "locks": [asdict(each) for each in self.locks],
            "cut_off": [str(each) for each in self.cut_off],
            "pending": [
                {"operation": each["type"], "urn": each["resource"]["urn"]} for each in self.pending
            ],
            "existing": found_as_json(self.found),
            "abandoned": [thing_as_json(each) for each in self.abandoned],
            "keys": [
                {
                    "key": each.id,
                    "why_kept": each.why_kept or None,
                    "deleted": each.id in self.deleted,
                    "remedy": each.command("schedule-key-deletion"),
                }
                for each in self.keys
            ],
            "saved": str(self.saved) if self.saved else None,
        }

    def print(self, page: Page, arguments: argparse.Namespace) -> None:
        """Everything, for a person, and what comes next."""
        for each in self.cut_off:
            page.line(("cut off: ", DOUBTFUL), str(each))
        for holder in self.locks:
            page.line(("locked by an update that has ended: ", DOUBTFUL), str(holder))
        for operation in self.pending:
            urn = str(operation["resource"]["urn"])
            page.line(
                (str(operation["type"]), DOUBTFUL),
                f": {urn.rsplit('$', 1)[-1].replace('::', ' ')}",
            )
        print_found(page, self.found)
        _print_abandoned(page, self.abandoned)
        for key in self.keys:
            _print_key(page, key, deleted=key.id in self.deleted)
        if not (arguments.apply or self.is_clear):
            command = shlex.join(["access", "recover", *naming(arguments), "--apply"])
            page.line(f"{command} ends this")
            return
        if self.obstacles:
            page.line(("not taken over, nor anything else: see above (x)", BAD))
            return
        if self.saved:
            page.line(("ended", GOOD), f"; the state before is in {self.saved}")
        elif self.is_clear:
            page.line((("nothing else is left" if self.abandoned else "nothing is left"), GOOD))
            return
        page.line(f"now {shlex.join(['pulumi', 'up', *naming(arguments)])}")


def _print_abandoned(page: Page, found: Iterable[Existing]) -> None:
    """Write what is nobody's, and what becomes of it."""
    for each in found:
        page.line(
            f"{each.account.label}: ",
            (f"{each.resource.type} {each.found.import_id}", DOUBTFUL),
            ", which an update had begun to make and the stack file no longer has; "
            "delete it, or declare it again",
        )


def _print_key(page: Page, key: SecondKey, *, deleted: bool) -> None:
    """Write what becomes of a second key, and the command that ends it or takes that back."""
    what = (f"a second key, which nobody names: {key.id}", DOUBTFUL)
    if key.why_kept:
        page.line(what, f", kept: {key.why_kept}; where it is of no use")
        page.block(key.command("schedule-key-deletion"))
    elif deleted:
        page.line(what, ", is deleted in 30 days; to take that back")
        page.block(key.command("cancel-key-deletion"))
    else:
        page.line(what, ", or can have used: --apply has it deleted in 30 days")


def _project(folder: Path) -> str:
    """The name of the project, whose file is in the folder or above it."""
    for each in (folder.resolve(), *folder.resolve().parents):
        file = each / "Pulumi.yaml"
        if file.exists():
            return str(yaml.safe_load(file.read_text())["name"])
    message = f"{folder}: no Pulumi.yaml here or above; name the folder of the program with --cwd"
    raise UsageError(message)


def _ended_locks(files: StateFiles, stack: str) -> list[Holder]:
    """Read the locks, all of updates that have ended."""
    holders = []
    for lock in files.locks(stack):
        holder = holder_in(files.store.read(lock))
        if holder is None:
            message = (
                f"{files.store.address(lock)} does not say who holds the lock\n{_cancel(stack)}"
            )
            raise UncheckedError(message)
        holders.append(holder)
    _refuse_living(holders, stack)
    return holders


def _refuse_living(holders: Iterable[Holder], stack: str) -> None:
    for holder in holders:
        lives = holder.lives
        if lives:
            message = f"stack {stack!r} is being updated by {holder}\nwait for the end of that"
            raise UncheckedError(message)
        if lives is None:
            message = (
                f"stack {stack!r} is locked by {holder}; whether that update lives cannot be known "
                f"here\n{_cancel(stack)}"
            )
            raise UncheckedError(message)


def _cancel(stack: str) -> str:
    return f"where it does not, `pulumi cancel --stack {stack}`, then the same again"


def _unlock(stack: Stack, name: str) -> list[Holder]:
    """Remove the lock of an update that has ended, where the engine alone reads locks.

    It tells who holds one when something is to be written, so that the state is put back as it is.
    """
    try:
        _put(stack, stack.exported())
    except UncheckedError as error:
        holders = holders_told(str(error))
        if not holders:
            raise
        _refuse_living(holders, name)
        stack.cancel()
        return holders
    return []


def _save(state: Mapping[str, Any], folder: Path, name: str) -> Path:
    """Write the state into a file that was not there."""
    numbers = ("", *(f".{number}" for number in range(2, 1000)))
    paths = (folder / f"{name}.before-recover{number}.json" for number in numbers)
    saved = next(path for path in paths if not path.exists())
    _write(saved, state)
    return saved


def _put(stack: Stack, state: Mapping[str, Any]) -> None:
    with _in_a_file(state) as path:
        stack.replace_state(path)


@contextmanager
def _in_a_file(content: Mapping[str, Any]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "content.json"
        _write(path, content)
        yield path


def _write(path: Path, content: Mapping[str, Any]) -> None:
    try:
        write_private(path, json.dumps(content, indent=2))
    except OSError as error:
        message = f"{path}: {error.strerror}"
        raise UncheckedError(message) from error
