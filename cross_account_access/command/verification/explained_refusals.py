"""Asks AWS why it refused what was refused, where a refusal says how and a profile may ask."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from cross_account_access.command.denials.evaluations import Reference, evaluations_of, reference_in
from cross_account_access.command.denials.judging import Comparison, compared, write_case
from cross_account_access.command.verification.findings import Found, Judge, Result
from cross_account_access.errors import UncheckedError
from cross_account_access.iam.inventory import Inventory
from cross_account_access.stack import StackAccount

_MOST: Final = 20
"""Refusals that AWS is asked about; one call each, at least."""


def explanations(
    results: Sequence[Result], accounts: Sequence[StackAccount], inventory: Inventory
) -> Iterator[str]:
    """Yield a sentence for people on what AWS says of the refusals, and a file for what differs.

    Args:
        results: of all rows.
        accounts: whose profiles may ask.
        inventory: documents of both accounts.

    Raises:
        UsageError: a case file cannot be written.
    """
    asked = 0
    differing: list[str] = []
    for reference in list(_references(results))[:_MOST]:
        try:
            comparisons = _comparisons(reference, accounts, inventory)
        except UncheckedError:
            continue
        asked += 1
        if any(each.agrees is False for each in comparisons):
            path = Path(f"denied-{reference.id}.yaml")
            write_case(path, reference, comparisons, inventory)
            differing.append(str(path))
    if differing:
        yield (
            f"AWS's own word on {asked} refusals: the engine decides {len(differing)} otherwise;"
            f" cases: {', '.join(differing)}"
        )
    elif asked:
        yield f"AWS's own word on {asked} refusals: the engine agrees, as far as it can tell"


def _references(results: Iterable[Result]) -> Iterator[Reference]:
    for result in results:
        finding = result.finding
        if finding.judge is Judge.AWS and finding.found is Found.REFUSED:
            reference = reference_in(finding.why)
            if reference is not None:
                yield reference


def _comparisons(
    reference: Reference, accounts: Sequence[StackAccount], inventory: Inventory
) -> list[Comparison]:
    evaluations = evaluations_of(reference, accounts, pauses=())
    return [compared(each, inventory) for each in evaluations]
