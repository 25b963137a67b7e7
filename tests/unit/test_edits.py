"""The edits whose every moment is looked at are such as the program takes."""

import random

import pytest
import yaml

from tests.support.deployment import PROJECT
from tests.support.edits import (
    EDITS,
    InapplicableError,
    Settings,
    edited,
    problems,
    randomly_edited,
)
from tests.support.proof import EXAMPLES


def settings_of(example: str) -> Settings:
    config = yaml.safe_load(EXAMPLES[example].read_text())["config"]
    ours = f"{PROJECT}:"
    return {key.removeprefix(ours): each for key, each in config.items() if key.startswith(ours)}


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_edit_is_one_that_the_program_takes(example: str) -> None:
    settings, refused = settings_of(example), {}
    for name in EDITS:
        try:
            before_and_after = edited(settings, name)
        except InapplicableError:
            continue
        if any(told := [problems(each) for each in before_and_after]):
            refused[name] = told
    assert refused == {}


def test_random_edits_are_taken_however_they_meet() -> None:
    for seed in range(60):
        chosen = random.Random(seed)  # noqa: S311 - no secret
        settings = settings_of(chosen.choice(list(EXAMPLES)))
        assert problems(randomly_edited(settings, chosen)) == []
