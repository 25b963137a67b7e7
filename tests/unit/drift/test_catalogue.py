"""The catalogue of out-of-band changes has every property that the program writes."""

import json
from collections import defaultdict
from functools import cache

import pytest

from cross_account_access.command.drift.audit import CHECKS
from cross_account_access.command.drift.properties import PROPERTIES
from tests.support.deployment import deploy
from tests.support.doors import DOORS
from tests.support.out_of_band import CATALOGUE, GONE
from tests.support.recorded import STATES
from tests.unit.program.stacks import automatic, every_kind, shared

BOUNDARY = "arn:aws:iam::aws:policy/PowerUserAccess"
_OF_THE_ENGINE = {"__defaults"}


@cache
def written() -> dict[str, set[str]]:
    """By type, the properties that recorded states and the present program have."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in STATES.glob("*.json"):
        for each in json.loads(path.read_text())["deployment"]["resources"]:
            if each["type"].startswith("aws:"):
                found[each["type"]] |= {*each["inputs"]} - _OF_THE_ENGINE
    role = {
        "name": "Data",
        "permissions_boundary": BOUNDARY,
        "policy": "inline",
        "tags": {"a": "b"},
    }
    user = {"name": "Data", "permissions_boundary": BOUNDARY}
    for settings in (every_kind(), automatic(), shared(user=user, role=role)):
        for made in deploy(settings).resources:
            if made.type.startswith("aws:"):
                found[made.type] |= {*made.inputs}
    return dict(found)


def test_every_type_that_the_program_makes_is_in_the_catalogue() -> None:
    assert written()
    assert written().keys() - CATALOGUE.keys() == set()


@pytest.mark.parametrize("token", sorted(CATALOGUE))
def test_every_property_that_the_program_writes_is_in_the_catalogue(token: str) -> None:
    assert written().get(token, set()) - {*CATALOGUE[token]} == set()


@pytest.mark.parametrize("token", sorted(CATALOGUE))
def test_access_drift_knows_what_a_change_of_each_does(token: str) -> None:
    assert {*CATALOGUE[token]} - {GONE} - {*PROPERTIES[token]} == set()


def test_every_question_of_the_audit_has_a_door() -> None:
    assert {check.asks for check in CHECKS} == {*DOORS}
