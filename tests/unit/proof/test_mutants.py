"""Every small change of the documents of every example: what changes access is not proved."""

from __future__ import annotations

import pytest

from cross_account_access.command.proof.proving import prove
from tests.support.kill_rates import is_changing
from tests.support.proof import EXAMPLES, example, judged, mutants

SAMPLE = 3
"""How many changes of an example a sample takes, evenly out of all."""


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_change_that_changes_access_is_not_proved(name: str, pytestconfig: pytest.Config) -> None:
    is_full = pytestconfig.getoption("--full")
    if name == "beyond-examples" and not is_full:
        pytest.skip("has prefixes enough for minutes: with --full")
    contract, inventory = judged(example(name))
    every = list(mutants(inventory))
    chosen = every if is_full else every[:: len(every) // SAMPLE]
    changing = [each for each in chosen if is_changing(contract, inventory, each)]
    assert changing
    missed = [each.name for each in changing if prove(contract, each.inventory).is_proved]
    assert missed == []
