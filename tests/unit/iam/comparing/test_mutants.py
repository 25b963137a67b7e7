"""Every change of one statement or condition of an example that changes access is told.

Which changes do is for the second prover to say, never for the comparison.
"""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest

from cross_account_access.command.inventory import inventory_of
from cross_account_access.iam import Inventory, compare
from cross_account_access.iam.inventory import is_unknown_document
from cross_account_access.stack import resources_of_state
from tests.second_prover.proving import Prover
from tests.second_prover.reading import UndecidedError, small_world
from tests.second_prover.worlds import mutants, places

Json = dict[str, Any]

STATES = sorted((Path(__file__).parents[3] / "states").glob("*.json"))


def documents(state: Path) -> Json:
    """The users, roles and resources of a stack, with documents that can be changed."""
    found = inventory_of(resources_of_state(json.loads(state.read_text())))
    world: Json = copy.deepcopy(
        {"users": dict(found.users), "roles": dict(found.roles), "resources": dict(found.resources)}
    )
    for holder, place in places(world):
        if isinstance(holder[place], str):
            holder[place] = json.loads(holder[place])
    return world


def changes(world: Json) -> list[tuple[str, Json]]:
    """All mutants of the world, with what was changed in which document."""
    found = []
    for number, (holder, place) in enumerate(places(world)):
        if is_unknown_document(holder[place]):
            continue
        for words, document in mutants(holder[place]):
            changed = copy.deepcopy(world)
            its_holder, its_place = list(places(changed))[number]
            its_holder[its_place] = document
            found.append((f"document {number + 1}, {words}", changed))
    return found


@pytest.mark.parametrize("state", STATES, ids=lambda path: path.stem)
def test_each_mutant_that_changes_access_is_told(state: Path, pytestconfig: pytest.Config) -> None:
    world = documents(state)
    made = changes(world)
    if not pytestconfig.getoption("--full", default=False):
        made = random.Random(state.stem).sample(made, 2)  # noqa: S311 - no secret
    decided, missed = 0, []
    for words, changed in made:
        try:
            example = Prover(small_world(**world), small_world(**changed)).difference()
        except UndecidedError:
            continue
        decided += 1
        told = compare(Inventory(accounts=(), **world), Inventory(accounts=(), **changed))
        if example is not None and not told:
            missed.append((words, example))
    assert missed == []
    assert decided >= 0.9 * len(made)
