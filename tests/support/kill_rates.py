"""How many of the small changes of documents that change access are found, and by what.

    python -m tests.support.kill_rates [--every N] [EXAMPLE ...]

Which ones change access is settled by the second prover. What it leaves open is settled request by
request by the engine, never by `access prove`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Final

from cross_account_access.command.inventory import StackInventory
from cross_account_access.command.proof.proving import prove
from cross_account_access.command.verification.deduction import Deduction
from cross_account_access.command.verification.findings import Found
from cross_account_access.command.verification.matrix import Environment, matrix
from cross_account_access.command.verification.named import named_in
from cross_account_access.command.verification.rows import LongSession
from cross_account_access.credentials.contract import Contract
from cross_account_access.iam.inventory import POLICIES_OF_OTHERS
from tests.second_prover.callers import Example
from tests.second_prover.proving import Prover
from tests.second_prover.reading import SmallWorld, UndecidedError, small_world
from tests.support.proof import EXAMPLES, Mutant, changes_access, example, judged, mutants

_NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Rate:
    """What became of the changes of one example."""

    changes: int = 0
    """All that were made."""
    changing: int = 0
    """Those that change access."""
    proved: int = 0
    """Of these, found by the proof."""
    tried: int = 0
    """Of these, found by the rows of `access verify`, each decided as AWS would."""


def is_changing(contract: Contract, before: StackInventory, mutant: Mutant) -> bool:
    """Whether a change changes access."""
    try:
        found = Prover(_world(before), _world(mutant.inventory)).difference()
    except UndecidedError:
        return changes_access(contract, before, mutant)
    if found is not None and _is_impossible(found):
        return changes_access(contract, before, mutant)
    return found is not None


def _is_impossible(found: Example) -> bool:
    """Whether it is a service that comes with the ARN of a user or role.

    The second prover leaves open what `aws:PrincipalArn` is of a service; AWS says that the key has
    ARNs of IAM and STS principals only ("AWS global condition context keys",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html).
    """
    return not found.principal.startswith("arn:") and ":iam:" in found.values.get(
        "aws:principalarn", ""
    )


def _world(inventory: StackInventory) -> SmallWorld:
    """As the second prover reads it; of policies that nobody knows it knows nothing either."""
    users = {
        arn: {
            "policies": {
                label: document
                for label, document in user.get("policies", {}).items()
                if label != POLICIES_OF_OTHERS
            }
        }
        for arn, user in inventory.users.items()
    }
    return small_world(users, inventory.roles, inventory.resources)


def is_tried(contract: Contract, inventory: StackInventory) -> bool:
    """Whether a row of `access verify` is not as intended."""
    environment = Environment(
        probe="access-verify-0/",
        now=_NOW,
        named=named_in(inventory),
        made=frozenset({*inventory.users, *inventory.roles}),
    )
    rows = [
        row
        for row in matrix(contract, list(contract.consumers.values()), environment)
        if not isinstance(row.ask, LongSession)
    ]
    deduction = Deduction(inventory, rows, contract.production_account_id)
    found = ((deduction.decide(row).found, row.expected) for row in rows)
    return any(each is not Found.UNDECIDED and each.value != wanted for each, wanted in found)


def rate_of(name: str, every: int = 1) -> tuple[Rate, list[str]]:
    """Count, of each n-th change, and name those that the proof misses."""
    contract, inventory = judged(example(name))
    rate, missed = Rate(), list[str]()
    for mutant in islice(mutants(inventory), 0, None, every):
        rate.changes += 1
        if is_changing(contract, inventory, mutant):
            rate.changing += 1
            is_proved = prove(contract, mutant.inventory).is_proved
            rate.proved += not is_proved
            rate.tried += is_tried(contract, mutant.inventory)
            missed += [mutant.name] if is_proved else []
    return rate, missed


def _lines(names: list[str], every: int) -> Iterator[str]:
    yield "| Example | Changes | of access | found by the proof | by rows alone |"
    yield "|---|---|---|---|---|"
    for name in names:
        rate, missed = rate_of(name, every)
        alone = f"{rate.tried} ({100 * rate.tried // max(rate.changing, 1)} %)"
        yield f"| {name} | {rate.changes} | {rate.changing} | {rate.proved} | {alone} |"
        yield from (f"missed: {each}" for each in missed)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", default=list(EXAMPLES))
    parser.add_argument("--every", type=int, default=1)
    asked = parser.parse_args()
    for line in _lines(asked.names, asked.every):
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
