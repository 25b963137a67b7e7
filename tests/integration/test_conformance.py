"""Cases of the conformance suite, asked of the emulated AWS: each that is known to be answered."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.conformance import scoreboard
from tests.conformance.cases import Case, cases
from tests.conformance.judges import Judge, emulated

EACH = 16
"""Of the cases that it can be asked; `python -m tests.conformance ask emulated` asks all."""


@pytest.fixture(scope="module")
def judge() -> Iterator[Judge]:
    with emulated.judging() as judging:
        yield judging


def sample() -> list[Case]:
    return [case for case in cases() if emulated.can_be_asked(case)][::EACH]


@pytest.mark.parametrize("case", sample(), ids=lambda case: case.id)
def test_the_emulated_aws_answers_as_the_scoreboard_says(judge: Judge, case: Case) -> None:
    kept = scoreboard.kept()["emulated"]
    assert judge(case) == kept.wrong.get(case.id, case.answer)


def test_the_scoreboard_counts_every_case_that_can_be_asked() -> None:
    asked = sum(scoreboard.kept()["emulated"].asked.values())
    assert asked == sum(emulated.can_be_asked(case) for case in cases())
