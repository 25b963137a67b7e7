"""The edits whose every moment is looked at are such as the program takes."""

import random
from copy import deepcopy

import pytest

from tests.support.deployment import declared_in
from tests.support.edited_parts import InapplicableError, Settings
from tests.support.edits import EDITS, edited, problems, randomly_edited
from tests.support.proof import EXAMPLES


def settings_of(example: str) -> Settings:
    return deepcopy(dict(declared_in(EXAMPLES[example])))


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
