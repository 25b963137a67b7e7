"""No moment of a deployment is wider than before and after together, nor narrower than both.

At each single write of a real `pulumi up` or destroy the documents of both accounts are compared
with those at its beginning and at its end.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from random import Random
from typing import Final

import pytest

from cross_account_access.dev.sandbox.box import Sandbox
from cross_account_access.iam.comparing.comparison import Change
from cross_account_access.iam.inventory import Inventory
from tests.support.counts import COUNTED
from tests.support.deployment import ACCESS, ROOT
from tests.support.edited_parts import InapplicableError, Settings
from tests.support.edits import EDITS, edited, randomly_edited
from tests.support.moments import Moments
from tests.support.stages import UP, Stage

EXAMPLES: Final = (
    "prod",
    *sorted(each.parent.name for each in (ROOT / "examples").glob("*/Pulumi.prod.yaml")),
)
SAMPLE: Final = {
    "many-grants": (
        "a grant is added",
        "statements move on to the next part",
        "trust and grants change in one go",
        "grants are swapped",
        "a policy becomes part of the role and says something else",
        "a user is another one",
    ),
    "organization": ("a role has another name",),
    "via-resource": ("a role's grant goes by resource",),
    "eks-pods": ("trust and grants change in one go",),
    "roles-anywhere": ("who comes and a grant by resource change in one go",),
    "third-party-role": (
        "trust and grants of an inline policy change in one go",
        "who comes changes, and until when",
        "sessions are revoked and others come",
        "the kind of policy, trust and grants change in one go",
    ),
}
RANDOM_PAIRS: Final = {False: 2, True: 40}
"""By whether everything is tried."""
KILLED: Final = (
    ("third-party-role", "trust and grants change in one go"),
    ("third-party-role", "sessions are revoked and others come"),
    ("eks-pods", "trust and grants change in one go"),
    ("many-grants", "statements move on to the next part"),
    ("many-grants", "a policy becomes part of the role and says something else"),
    ("via-resource", "a role's grant goes by resource"),
    ("kms", "a bucket gets a key"),
)
TARGETED: Final = (
    ("third-party-role", "trust and grants change in one go"),
    ("third-party-role", "trust and grants of an inline policy change in one go"),
    ("many-grants", "statements move on to the next part"),
    ("via-resource", "a role's grant goes by resource"),
    ("via-resource", "a grant by resource changes"),
    ("roles-anywhere", "trust and grants change in one go"),
)
ONE_AFTER_THE_OTHER: Final = "nothing was changed: deploy"
"""What the program says of what it refuses to do in one go."""


Staged = Callable[[str], Stage]


@pytest.fixture(scope="module")
def stages(box: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Staged]:
    """One example at a time; what was deployed of it once is kept."""
    there: dict[str, Stage] = {}

    def end() -> None:
        for each in there.values():
            each.close()
        there.clear()

    def staged(example: str) -> Stage:
        if example not in there:
            end()
            there[example] = Stage(box, tmp_path_factory.mktemp(example), example)
        return there[example]

    yield staged
    end()


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


def foretold(stage: Stage) -> bool:
    """Whether `access diff` says that access is narrower for a moment."""
    ran = stage.program.run(ACCESS, "diff", "--stack", "prod", "--json")
    assert ran.status in (0, 1), ran.output
    return bool(json.loads(ran.output[ran.output.index("{") :])["narrowerForAMoment"])


def look(stage: Stage, before: Settings, after: Settings, counts: Counter[str], seed: int) -> None:
    stage.reach(before)
    ran, moments = stage.changed(after, seed)
    if ran.status != 0:
        assert ONE_AFTER_THE_OTHER in ran.output, ran.output
        assert len(moments) == 1
        counts["edits refused"] += 1
        return
    first, last = moments[0].inventory, moments[-1].inventory
    counts["edits"] += 1
    counts["writes"] += len(moments) - 1
    found = moments.departures(first, last)
    assert told([each for each in found if each[1].effect.is_widening]) == []
    if found:
        counts["edits with a narrower moment"] += 1
        stage.reach(before)
        stage.put(after)
        assert foretold(stage), told(found)


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
        kills = [(*each, None) for each in KILLED] if full else [(*KILLED[0], 2)]
        metafunc.parametrize(("example", "name", "only"), kills)
    if metafunc.function is test_no_moment_of_a_targeted_update_is_wider:
        metafunc.parametrize(("example", "name"), TARGETED if full else TARGETED[:1])


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
    example: str, name: str, only: int | None, stages: Staged, counted: Counter[str]
) -> None:
    """At each write, until one more is not reached; or at one only."""
    stage = stages(example)
    before, after = edited(stage.settings, name)
    for at in [only] if only else count(1):
        stage.reach(before)
        stage.put(after)
        killed = stage.killed(at)
        if len(killed) <= at:
            break
        stage.recover()
        ran, repaired = stage.watched(*UP)
        assert ran.status == 0, ran.output
        first, last = killed[0].inventory, repaired[-1].inventory
        counted["updates killed"] += 1
        counted["writes"] += len(killed) + len(repaired) - 2
        assert wider(killed, first, last) == []
        assert wider(repaired, first, last) == []
    assert at > 1


def test_no_moment_of_a_targeted_update_is_wider(
    example: str, name: str, stages: Staged, counted: Counter[str]
) -> None:
    """Each resource that changes is deployed alone, one after the other."""
    stage = stages(example)
    before, after = edited(stage.settings, name)
    stage.reach(before)
    stage.put(after)
    previewed = json.loads(stage.program.pulumi("preview", "--json", "--stack", "prod"))
    changed = [each["urn"] for each in previewed["steps"] if each["op"] not in ("same", "refresh")]
    assert changed
    for urn in changed:
        ran, moments = stage.watched(*UP, "--target", urn)
        # What needs something that is not there yet is refused by the engine or the provider.
        assert ran.status == 0 or len(moments) == 1, ran.output
        counted["targeted updates"] += 1
        counted["writes"] += len(moments) - 1
        assert told(moments.departures(moments[0].inventory, moments[-1].inventory)) == []


def test_an_update_that_narrows_leaves_no_drift(stages: Staged) -> None:
    """A policy keeps the version before, which allowed what this one does not."""
    stage = stages("third-party-role")
    before, after = edited(stage.settings, "levels change")
    stage.reach(before)
    ran, _ = stage.changed(after, seed=0)
    assert ran.status == 0, ran.output
    drift = stage.program.run(ACCESS, "drift", "--stack", "prod")
    assert drift.status == 0, drift.output


def test_no_moment_of_a_destroy_is_wider(stages: Staged, counted: Counter[str]) -> None:
    stage = stages("many-grants")
    stage.reach(stage.settings)
    ran, moments = stage.watched("pulumi", "destroy", *UP[2:])
    assert ran.status == 0, ran.output
    counted["stacks destroyed"] += 1
    counted["writes"] += len(moments) - 1
    assert wider(moments, moments[0].inventory, moments[-1].inventory) == []
