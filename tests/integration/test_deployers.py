"""Deployers with exactly the policies that are printed: these suffice, and none is to spare."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from cross_account_access.deployers.actions import tried
from cross_account_access.dev.sandbox import recording
from cross_account_access.dev.sandbox.box import Sandbox
from tests.integration.conftest import running_box
from tests.support import deployers
from tests.support.counts import COUNTS
from tests.support.deployers import Deployers
from tests.support.deployment import ROOT
from tests.support.existing import make_existing
from tests.support.program import Program

WALKTHROUGH = "walkthrough"
EXAMPLES = [
    WALKTHROUGH,
    *sorted(path.parent.name for path in ROOT.glob("examples/*/Pulumi.prod.yaml")),
]
SAMPLE = {"ec2", "kms", "many-grants"}
MISSED = {
    ("production", "s3:GetBucketVersioning"),
    ("production", "kms:ScheduleKeyDeletion"),
    ("staging", "iam:DeleteUser"),
}
"""The sample of actions that are taken away."""
NO_PERMISSION = {"sts:GetCallerIdentity"}
"""What AWS never refuses ("GetCallerIdentity",
https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html)."""

UP = ("pulumi", "up", "--yes", "--skip-preview")
ACCESS = (
    ("access", "drift"),
    ("access", "verify"),
    ("access", "prove", "--from", "live"),
    ("access", "diff"),
)


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("record") / "calls.jsonl"
    path.touch()
    return path


@pytest.fixture(scope="module")
def box(record: Path) -> Iterator[Sandbox]:
    """A sandbox that writes down what is asked for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(recording.VARIABLE, str(record))
        with running_box() as running:
            yield running


def prepared(program: Program, example: str) -> Program:
    if example != WALKTHROUGH:
        shutil.copy2(ROOT / "examples" / example / "Pulumi.prod.yaml", program.folder)
    make_existing(program)
    return program


def life(program: Program) -> Iterator[tuple[str, ...]]:
    """What becomes of a stack, one command after the other, each of which must succeed."""
    yield UP
    yield "pulumi", "preview", "--expect-no-changes"
    yield "pulumi", "refresh", "--yes", "--skip-preview"
    settings = program.settings()
    tags = settings.get("tags", {})
    # The emulated AWS cannot change the tags of an identity provider or of an association of pods.
    if not any("oidc" in each or "eks_pods" in each for each in settings["consumers"]):
        for changed in ({**tags, "owner": "somebody"}, tags):
            program.set(tags=changed)
            yield UP
    program.pulumi("state", "unprotect", "--all", "--yes", "--stack", "prod")
    yield "pulumi", "destroy", "--yes", "--skip-preview"


def asked_for(people: Deployers) -> set[tuple[str, str]]:
    """Side and action of whatever was asked for, all of which must have been allowed."""
    asked = people.asked()
    assert [each for each in asked if not each.allowed] == []
    return {(each.side, each.action) for each in asked if each.action not in NO_PERMISSION}


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_policies_suffice(
    example: str, program: Program, record: Path, request: pytest.FixtureRequest
) -> None:
    if example not in SAMPLE and not request.config.getoption("--full"):
        pytest.skip("a sample; --full takes every example")
    people = deployers.make(prepared(program, example), record)
    found: dict[str, set[tuple[str, str]]] = {"program": set(), "access": set()}
    for command in life(people.program):
        commands = [("program", command)]
        if not found["program"]:
            commands += [("access", words) for words in ACCESS]
        for phase, words in commands:
            ran = people.program.run(*words, "--stack", "prod")
            # A diff ends with 1 where it cannot tell what a role of others lets in.
            assert ran.status == 0 or (words[1] == "diff" and ran.status == 1), ran.output
            found[phase] |= asked_for(people)
    for phase, asked in found.items():
        known = {(side, action) for side, actions in tried()[phase].items() for action in actions}
        assert asked <= known
        own = {
            (side, action)
            for side, actions in tried()[phase].items()
            for action, where in actions.items()
            if where == example
        }
        assert own <= asked
    lines = request.config.stash.setdefault(COUNTS, [])
    lines.append(
        f"deployers of {example}: {len(found['program'])} permissions, none beyond the policies"
    )


@pytest.mark.parametrize(
    ("side", "action", "example"),
    [
        (side, action, example)
        for side, actions in tried()["program"].items()
        for action, example in actions.items()
    ],
)
def test_without_any_one_action_a_run_breaks(
    side: str,
    action: str,
    example: str,
    program: Program,
    record: Path,
    request: pytest.FixtureRequest,
) -> None:
    if (side, action) not in MISSED and not request.config.getoption("--full"):
        pytest.skip("a sample; --full takes every action")
    people = deployers.make(prepared(program, example), record)
    people.deny(side, [action])
    for command in life(people.program):
        ran = people.program.run(*command, "--stack", "prod")
        if ran.status:
            break
    assert ran.status, "it is not needed"
    assert (side, action, False) in {
        (each.side, each.action, each.allowed) for each in people.asked()
    }


def test_reading_alone_suffices_for_previews_and_questions(program: Program, record: Path) -> None:
    prepared(program, "kms").up()
    readers = deployers.make(program, record, "reader", read_only=True)
    assert readers.program.settled()
    for words in (("access", "drift"), ("access", "prove", "--from", "live"), ("access", "diff")):
        ran = readers.program.run(*words, "--stack", "prod")
        assert ran.status == 0, ran.output
    asked_for(readers)
    program.set(tags={"owner": "somebody"})
    assert "AccessDenied" in readers.program.refused(*UP[1:], "--stack", "prod")
