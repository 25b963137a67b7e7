"""Deployers with exactly the policies that are printed: these suffice, and none is to spare."""

import re
from collections.abc import Callable
from functools import cache

import pytest

from cross_account_access.deployers.actions import tried
from tests.integration.deployers_life import (
    COMMANDS,
    DEPLOYER,
    EXAMPLES,
    READER,
    UP,
    Life,
    needed,
)
from tests.support.counts import COUNTED, COUNTS
from tests.support.deployment import ROOT

SAMPLE = {"ec2", "kms"}
MISSED = {("kms", "up"), ("kms", "destroy"), ("kms", "access drift")}
"""The sample of commands whose actions are taken away."""

Lived = Callable[[str], Life]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """The life of an example's stack, which is lived once."""

    @cache
    def life_of(example: str) -> Life:
        life = Life(example, tmp_path_factory.mktemp(example))
        life.live()
        return life

    return life_of


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_policies_suffice(example: str, lived: Lived, request: pytest.FixtureRequest) -> None:
    if example not in SAMPLE and not request.config.getoption("--full"):
        pytest.skip("a sample; --full takes every example")
    asked = lived(example).asked
    assert set(asked) == set(COMMANDS)
    told = {
        who: len(set().union(*(asked[name] for name in COMMANDS if COMMANDS[name].who == who)))
        for who in (DEPLOYER, READER)
    }
    request.config.stash.setdefault(COUNTS, []).append(
        f"deployers of {example}: {told[DEPLOYER]} permissions, {told[READER]} of them that read "
        "suffice for previews and questions; none beyond the policies"
    )


@pytest.mark.parametrize(
    ("example", "name"), [(example, name) for example in tried() for name in tried()[example]]
)
def test_without_any_one_action_a_run_breaks(
    example: str,
    name: str,
    lived: Lived,
    request: pytest.FixtureRequest,
    record_property: Callable[[str, object], None],
) -> None:
    if (example, name) not in MISSED and not request.config.getoption("--full"):
        pytest.skip("a sample; --full takes every action")
    actions = {(side, action) for side, some in tried()[example][name].items() for action in some}
    assert set(needed(lived(example), name, actions)) == actions
    record_property(COUNTED, f"deployers: actions without which a run breaks={len(actions)}")


def test_who_may_only_read_cannot_deploy(lived: Lived) -> None:
    with lived("kms").before("preview by readers") as readers:
        readers.program.set(tags={"owner": "somebody"})
        assert "AccessDenied" in readers.program.refused(*UP[1:], "--stack", "prod")


def test_workflows_run_what_was_tried_for_who_may_only_read() -> None:
    known = {command.words for command in COMMANDS.values() if command.who == READER}
    found = set()
    for path in (ROOT / "examples" / "github-actions").glob("*.yml"):
        for words in re.findall(r"^ +(access [a-z].*?) --stack", path.read_text(), re.M):
            found.add(tuple(words.split()))
    assert found
    assert found <= known
