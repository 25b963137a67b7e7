"""What becomes of a stack that deployers deploy, kept so that it can be taken back to any moment.

`python -m tests.integration.deployers_life NAME ...` tries for these examples which actions no
command can do without, and adds them to `deployers/tried.json`.
"""

import contextlib
import copy
import json
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest

from cross_account_access.deployers.actions import TRIED, tried
from cross_account_access.dev.sandbox import recording
from tests.integration.conftest import PRODUCTION, STAGING, running_box
from tests.support import deployers, edits
from tests.support.deployers import Deployers
from tests.support.deployment import ROOT
from tests.support.edited_parts import InapplicableError
from tests.support.existing import make_existing
from tests.support.program import Program, Ran

WALKTHROUGH: Final = "walkthrough"
EXAMPLES: Final = [
    WALKTHROUGH,
    *sorted(path.parent.name for path in ROOT.glob("examples/*/Pulumi.prod.yaml")),
]
UP: Final = ("pulumi", "up", "--yes", "--skip-preview")
DEPLOYER, READER = "who-deploys", "who-reads"
_PREVIEW: Final = ("pulumi", "preview", "--expect-no-changes")
_NO_PERMISSION: Final = {"sts:GetCallerIdentity"}
"""What AWS never refuses ("GetCallerIdentity",
https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html)."""
_KEPT: Final = ("box/aws", "box/emulator", "stack/backend", "stack/program/Pulumi.prod.yaml")
_REFUSAL: Final = re.compile(r"arn:aws:iam::(\d+):\S+ is not authorized to perform: (\S+)")
_SIDE_OF: Final = {PRODUCTION: "production", STAGING: "staging"}
_EDITS: Final = (
    edits.levels_changed,
    edits.trust_narrowed,
    edits.conditions_changed,
    edits.may_list,
)


@dataclass(frozen=True)
class Command:
    """One of the commands of a life."""

    words: tuple[str, ...]
    moment: str = ""
    """The command before which all is as it is before this one, if that is another one."""
    who: str = DEPLOYER


COMMANDS: Final[Mapping[str, Command]] = {
    "up": Command(UP),
    "preview": Command(_PREVIEW),
    "access verify": Command(("access", "verify"), "preview"),
    "preview by readers": Command(_PREVIEW, "preview", READER),
    "access drift": Command(("access", "drift"), "preview", READER),
    "access prove": Command(("access", "prove", "--from", "preview"), "preview", READER),
    "access prove live": Command(("access", "prove", "--from", "live"), "preview", READER),
    "access diff": Command(("access", "diff"), "preview", READER),
    "refresh": Command(("pulumi", "refresh", "--yes", "--skip-preview")),
    "change": Command(UP),
    "change back": Command(UP),
    "destroy": Command(("pulumi", "destroy", "--yes", "--skip-preview")),
}
"""In their order."""


@dataclass
class Life:
    """A stack of an example in accounts of its own, and what its commands asked for."""

    example: str
    folder: Path
    asked: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    """Side and action of whatever was asked for, by command."""
    statuses: dict[str, int] = field(default_factory=dict)
    """Of the commands that were run."""
    _keys: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def live(self) -> None:
        """Runs every command, each of which must succeed and be allowed what it asks for."""
        with self._program() as program:
            self._begin(program)
        file = self._stack / "program" / "Pulumi.prod.yaml"
        declared = file.read_text()
        for moment in dict.fromkeys(each.moment or name for name, each in COMMANDS.items()):
            if moment == "change":
                _change(Program(file.parent, {}))
            elif moment == "change back":
                file.write_text(declared)
            self._copy(self.folder, self.folder / "kept" / moment)
            with self._program() as program:
                for name, command in COMMANDS.items():
                    if moment in {name, command.moment}:
                        self._run(self._acting(program, command.who), name)
                if moment == "change back":
                    program.pulumi("state", "unprotect", "--all", "--yes", "--stack", "prod")

    @contextlib.contextmanager
    def before(self, name: str) -> Iterator[Deployers]:
        """All as it was before a command, for those who ran it."""
        command = COMMANDS[name]
        self._copy(self.folder / "kept" / (command.moment or name), self.folder)
        with self._program() as program:
            yield self._acting(program, command.who)

    @staticmethod
    def run(people: Deployers, name: str) -> Ran:
        """Runs a command, without judging its exit status."""
        return people.program.run(*COMMANDS[name].words, "--stack", "prod")

    @property
    def _stack(self) -> Path:
        return self.folder / "stack"

    @contextlib.contextmanager
    def _program(self) -> Iterator[Program]:
        """The program as administrators deploy it, as long as the accounts run."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(recording.VARIABLE, str(self.folder / "record"))
            with running_box(self.folder / "box") as box:
                backend = (self._stack / "backend").as_uri()
                environment = {**box.environment, "PULUMI_BACKEND_URL": backend}
                yield Program(self._stack / "program", environment)

    def _begin(self, program: Program) -> None:
        Program.copied_to(self._stack, program.environment).init()
        if self.example != WALKTHROUGH:
            file = ROOT / "examples" / self.example / "Pulumi.prod.yaml"
            shutil.copy2(file, program.folder)
        make_existing(program)
        for who in (DEPLOYER, READER):
            made = deployers.make(program, self.folder / "record", who, read_only=who == READER)
            self._keys[who] = made.keys

    def _acting(self, program: Program, who: str) -> Deployers:
        return deployers.acting(program, self.folder / "record", who, self._keys[who])

    def _run(self, people: Deployers, name: str) -> None:
        ran = self.run(people, name)
        # A diff ends with 1 where it cannot tell what a role of others lets in.
        assert ran.status == 0 or (name == "access diff" and ran.status == 1), ran.output
        asked = people.asked()
        assert [each for each in asked if not each.allowed] == []
        self.statuses[name] = ran.status
        self.asked[name] = {
            (each.side, each.action) for each in asked if each.action not in _NO_PERMISSION
        }

    @staticmethod
    def _copy(source: Path, target: Path) -> None:
        for part in _KEPT:
            (target / part).parent.mkdir(parents=True, exist_ok=True)
            if (source / part).is_dir():
                shutil.rmtree(target / part, ignore_errors=True)
                shutil.copytree(source / part, target / part)
            else:
                shutil.copy2(source / part, target / part)


def needed(life: Life, name: str, actions: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """The sides and actions without any one of which a command breaks.

    All that are left are taken away together, and those come off of which the command tells that
    they were refused: it would tell so without them alone. What it does not tell is taken away
    alone.
    """
    left = set(actions)
    while left:
        broken, refused, told = _without(life, name, left)
        if not broken:
            return
        found = told or {each for each in refused if _without(life, name, {each})[0]}
        yield from sorted(found)
        left -= told or refused


def _without(
    life: Life, name: str, actions: set[tuple[str, str]]
) -> tuple[bool, set[tuple[str, str]], set[tuple[str, str]]]:
    """Whether a command breaks without actions, which were refused, and which it told of."""
    with life.before(name) as people:
        for side in deployers.SIDES:
            people.deny(side, [action for of, action in actions if of == side])
        ran = life.run(people, name)
        refused = {(each.side, each.action) for each in people.asked() if not each.allowed}
    told = {(_SIDE_OF[account], action) for account, action in _REFUSAL.findall(ran.output)}
    broken = ran.status != life.statuses[name]
    assert refused <= actions, refused - actions
    assert refused or not broken, ran.output
    return broken, refused, refused & told


def known(who: str) -> dict[tuple[str, str], tuple[str, str]]:
    """By side and action: the example and the command that cannot do without it."""
    return {
        (side, action): (example, name)
        for example, commands in tried().items()
        for name, sides in commands.items()
        if COMMANDS[name].who == who
        for side, actions in sides.items()
        for action in actions
    }


def _change(program: Program) -> None:
    """Makes whatever edits the settings allow, without what the emulated AWS cannot change."""
    found = {name: value for name, value in program.settings().items() if ":" not in name}
    for edit in _EDITS:
        after = copy.deepcopy(found)
        with contextlib.suppress(InapplicableError):
            edit(after)
            if not edits.problems(after):
                found = after
    # It does not change the tags of an identity provider or of an association of pods.
    if not any("oidc" in each or "eks_pods" in each for each in found["consumers"]):
        found["tags"] = {**found.get("tags", {}), "owner": "somebody"}
    program.set(**found)


def _try(example: str) -> None:
    with tempfile.TemporaryDirectory(prefix="deployers-") as folder:
        life = Life(example, Path(folder))
        life.live()
        for name, asked in life.asked.items():
            unknown = asked - set(known(COMMANDS[name].who))
            new = sorted(needed(life, name, unknown))
            found = json.loads(TRIED.read_text())
            for side, action in new:
                of_side = found.setdefault(example, {}).setdefault(name, {})
                of_side.setdefault(side, []).append(action)
            TRIED.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
            tried.cache_clear()
            spared = ", ".join(f"{each[1]} in {each[0]}" for each in sorted(unknown - set(new)))
            sys.stdout.write(
                f"{example}, {name}: {len(new)} more; as well without {spared or '-'}\n"
            )
            sys.stdout.flush()


if __name__ == "__main__":
    for each in sys.argv[1:] or EXAMPLES:
        _try(each)
