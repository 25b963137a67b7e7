"""No moment of a deployment is wider than before and after together, nor narrower than both.

At each single write of a real `pulumi up` or destroy the documents of both accounts are compared
with those at its beginning and at its end.
"""

import copy
import json
import os
import shutil
import signal
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Final

import pytest
import yaml

from cross_account_access.dev.sandbox.box import Sandbox
from cross_account_access.iam.comparing.comparison import Change
from cross_account_access.iam.inventory import Inventory
from tests.support.counts import COUNTED
from tests.support.deployment import ACCESS, PROJECT, ROOT
from tests.support.edits import EDITS, InapplicableError, Settings, edited, randomly_edited
from tests.support.existing import make_existing
from tests.support.moments import Moments, recorded
from tests.support.program import Program, Ran

EXAMPLES: Final = (
    *("prod", "many-grants", "via-resource", "third-party-role", "topics-queues", "kms", "ec2"),
    *("oidc", "organization", "sso-principals", "listed-accounts", "prefixes", "third-party"),
)
SAMPLE: Final = {
    "many-grants": (
        "a grant is added",
        "statements move on to the next part",
        "trust and grants change in one go",
        "grants are swapped",
        "a policy becomes part of the role and says something else",
    ),
    "via-resource": ("a role's grant goes by resource",),
    "third-party-role": (
        "trust and grants of an inline policy change in one go",
        "who comes changes, and until when",
        "sessions are revoked and others come",
        "the kind of policy, trust and grants change in one go",
    ),
}
RANDOM_PAIRS: Final = {False: 2, True: 40}
"""By whether everything is tried."""
UP: Final = ("pulumi", "up", "--yes", "--skip-preview", "--stack", "prod", "--non-interactive")
ONE_AFTER_THE_OTHER: Final = "role.policy changes together with"
"""What the program refuses to do in one go."""


class Stage:
    """A stack that is edited, and the moments of each deployment."""

    def __init__(self, box: Sandbox, folder: Path, example: str) -> None:
        self._box, self._folder, self._example = box, folder, example
        self._made = 0
        self.begin()

    def begin(self) -> None:
        """Empties the accounts and makes an empty stack."""
        self._box.reset()
        self._made += 1
        folder = self._folder / str(self._made)
        folder.mkdir()
        self.program = Program.copied_to(folder, self._box.environment)
        if self._example != "prod":
            stack_file = ROOT / "examples" / self._example / "Pulumi.prod.yaml"
            shutil.copy2(stack_file, self.program.folder)
        self.program.init()
        make_existing(self.program)
        self._settings = self.program.settings()

    @property
    def settings(self) -> Settings:
        """Those of the example, with nothing protected."""
        found = {
            key: copy.deepcopy(value) for key, value in self._settings.items() if ":" not in key
        }
        for kind in ("buckets", "topics", "queues"):
            for each in found.get(kind, ()):
                if not each.get("existing"):
                    each["protect"] = False
        return found

    def put(self, settings: Settings) -> None:
        """Makes these the settings, and nothing else."""
        path = self.program.folder / "Pulumi.prod.yaml"
        content = yaml.safe_load(path.read_text())
        others = {k: v for k, v in content["config"].items() if not k.startswith(f"{PROJECT}:")}
        ours = {f"{PROJECT}:{key}": value for key, value in settings.items()}
        path.write_text(yaml.safe_dump({**content, "config": {**others, **ours}}))

    def reach(self, settings: Settings) -> None:
        """Deploys settings, whatever there is."""
        self.put(settings)
        if self.program.run(*UP).status != 0:
            self.begin()
            self.put(settings)
            self.program.up()

    def watched(self, *command: str, seed: int = 0) -> tuple[Ran, Moments]:
        """Runs a command and records the moments."""
        with recorded(self._box.emulator.https_endpoint, seed=seed) as (address, moments):
            ran = self.program.run(*command, AWS_ENDPOINT_URL=address)
        return ran, moments

    def killed(self, at: int) -> Moments:
        """Starts an update and kills it, with all that it started, when so much is written."""
        started: list[subprocess.Popen[bytes]] = []

        def kill(number: int) -> None:
            if number == at:
                os.killpg(started[0].pid, signal.SIGKILL)

        endpoint = self._box.emulator.https_endpoint
        with recorded(endpoint, written=kill) as (address, moments):
            process = subprocess.Popen(
                UP,
                cwd=self.program.folder,
                env={**self.program.environment, "AWS_ENDPOINT_URL": address},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            started.append(process)
            process.wait()
        assert process.returncode == -signal.SIGKILL
        return moments

    def recover(self) -> None:
        """Does what `docs/operations.md` says after a kill."""
        told = self.program.run(ACCESS, "recover", "--apply", "--stack", "prod")
        assert told.status == 0, told.output


Staged = Callable[[str], Stage]


@pytest.fixture(scope="module")
def stages(box: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Staged:
    """One stack at a time; edits of the same example go on from one another."""
    there: dict[str, Stage] = {}

    def staged(example: str) -> Stage:
        if example not in there:
            there.clear()
            there[example] = Stage(box, tmp_path_factory.mktemp(example), example)
        return there[example]

    return staged


@pytest.fixture
def counted(record_property: Callable[[str, object], None]) -> Iterator[Counter[str]]:
    """What a test looked at, told at the end of the run with that of all others."""
    counts: Counter[str] = Counter()
    yield counts
    for what, number in counts.items():
        record_property(COUNTED, f"no moment wider: {what}={number}")


def told(departures: list[tuple[str, Change]]) -> list[str]:
    return [
        f"{write}: {each.effect.value} {each.principal} through {each.through}: "
        f"{', '.join(each.actions)} {each.resource} {each.when}"
        for write, each in departures
    ]


def wider(moments: Moments, before: Inventory, after: Inventory) -> list[str]:
    return told([each for each in moments.departures(before, after) if each[1].effect.is_widening])


def narrower(moments: Moments, before: Inventory, after: Inventory) -> list[str]:
    found = moments.departures(before, after)
    return told([each for each in found if not each[1].effect.is_widening])


def foretold(stage: Stage) -> bool:
    """Whether `access diff` says that access is narrower for a moment."""
    ran = stage.program.run(ACCESS, "diff", "--stack", "prod", "--json")
    assert ran.status in (0, 1), ran.output
    return bool(json.loads(ran.output[ran.output.index("{") :])["narrowerForAMoment"])


def look(stage: Stage, before: Settings, after: Settings, counts: Counter[str], seed: int) -> None:
    stage.reach(before)
    stage.put(after)
    ran, moments = stage.watched(*UP, seed=seed)
    if ran.status != 0:
        assert ONE_AFTER_THE_OTHER in ran.output
        assert len(moments) == 1
        counts["edits refused"] += 1
        return
    first, last = moments[0].inventory, moments[-1].inventory
    counts["edits"] += 1
    counts["writes"] += len(moments) - 1
    assert wider(moments, first, last) == []
    missing = narrower(moments, first, last)
    if missing:
        counts["edits with a narrower moment"] += 1
        stage.reach(before)
        stage.put(after)
        assert foretold(stage), missing


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A sample, or with `--full` every edit of every example."""
    full = bool(metafunc.config.getoption("--full"))
    if metafunc.function is test_no_moment_of_an_edit_is_wider:
        cases = [
            (example, name)
            for example in (EXAMPLES if full else SAMPLE)
            for name in (EDITS if full else SAMPLE[example])
        ]
        metafunc.parametrize(("example", "name"), cases)
    if metafunc.function is test_no_moment_between_random_stack_files_is_wider:
        metafunc.parametrize("seed", range(RANDOM_PAIRS[full]))
    if metafunc.function is test_no_moment_of_a_killed_and_a_repairing_update_is_wider:
        metafunc.parametrize("at", range(1, 9) if full else [2])


def test_no_moment_of_an_edit_is_wider(
    example: str, name: str, stages: Staged, counted: Counter[str]
) -> None:
    stage = stages(example)
    try:
        before, after = edited(stage.settings, name)
    except InapplicableError:
        pytest.skip("makes no sense for this example")
    look(stage, before, after, counted, seed=len(name))


def test_no_moment_between_random_stack_files_is_wider(
    seed: int, stages: Staged, counted: Counter[str]
) -> None:
    random = Random(seed)  # noqa: S311 - no secret
    stage = stages(random.choice(EXAMPLES))
    before = randomly_edited(stage.settings, random)
    look(stage, before, randomly_edited(before, random), counted, seed)


def test_no_moment_of_a_killed_and_a_repairing_update_is_wider(
    at: int, stages: Staged, counted: Counter[str]
) -> None:
    stage = stages("third-party-role")
    before, after = edited(stage.settings, "trust and grants change in one go")
    stage.reach(before)
    stage.put(after)
    killed = stage.killed(at)
    stage.recover()
    ran, repaired = stage.watched(*UP)
    assert ran.status == 0, ran.output
    first, last = killed[0].inventory, repaired[-1].inventory
    counted["updates killed"] += 1
    counted["writes"] += len(killed) + len(repaired) - 2
    assert wider(killed, first, last) == []
    assert wider(repaired, first, last) == []


def test_no_moment_of_a_targeted_update_is_wider(stages: Staged, counted: Counter[str]) -> None:
    stage = stages("third-party-role")
    before, after = edited(stage.settings, "trust and grants change in one go")
    stage.reach(before)
    stage.put(after)
    of_role = [each for each in stage.program.resources() if each["type"].startswith("aws:iam/")]
    for resource in of_role:
        ran, moments = stage.watched(*UP, "--target", resource["urn"])
        # What needs something that is not there yet is refused by the engine or the provider.
        assert ran.status == 0 or len(moments) == 1, ran.output
        counted["targeted updates"] += 1
        counted["writes"] += len(moments) - 1
        assert told(moments.departures(moments[0].inventory, moments[-1].inventory)) == []


def test_no_moment_of_a_destroy_is_wider(stages: Staged, counted: Counter[str]) -> None:
    stage = stages("many-grants")
    stage.reach(stage.settings)
    ran, moments = stage.watched("pulumi", "destroy", *UP[2:])
    assert ran.status == 0, ran.output
    counted["stacks destroyed"] += 1
    counted["writes"] += len(moments) - 1
    assert wider(moments, moments[0].inventory, moments[-1].inventory) == []
