"""Every small change of the documents of every example: what changes access is not proved."""

from __future__ import annotations

import random
from itertools import islice

import pytest

from cross_account_access.command.proof.proving import prove
from tests.support.kill_rates import is_changing
from tests.support.proof import EXAMPLES, example, judged, mutants


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_change_that_changes_access_is_not_proved(name: str, pytestconfig: pytest.Config) -> None:
    is_full = pytestconfig.getoption("--full")
    if name == "beyond-examples" and not is_full:
        pytest.skip("has prefixes enough for minutes: with --full")
    contract, inventory = judged(example(name))
    every = list(mutants(inventory))
    random.Random(name).shuffle(every)  # noqa: S311 - no secret
    changing = (each for each in every if is_changing(contract, inventory, each))
    chosen = list(changing if is_full else islice(changing, 1))
    assert chosen
    missed = [each.name for each in chosen if prove(contract, each.inventory).is_proved]
    assert missed == []
