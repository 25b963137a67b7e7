"""Tells of one denial: what AWS says of it, and whether the engine agrees."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from cross_account_access.command.denials.evaluations import Reference
from cross_account_access.command.denials.judging import Comparison, write_case
from cross_account_access.errors import Status
from cross_account_access.iam.inventory import Inventory
from cross_account_access.presentation import BAD, DOUBTFUL, GOOD, QUIET, TITLE, Page

_STYLES: Final[Mapping[bool | None, str]] = {True: GOOD, False: BAD, None: DOUBTFUL}


def tell(
    reference: Reference,
    comparisons: Sequence[Comparison],
    inventory: Inventory,
    *,
    case: Path,
    is_json: bool,
) -> Status:
    """Write what was decided and by what, and a case file where the engine decides otherwise.

    Returns:
        as intended where the engine agrees, not so where it does not in one point at least.

    Raises:
        UsageError: the case file cannot be written.
    """
    agreements = {each.agrees for each in comparisons}
    written = False in agreements
    if written:
        write_case(case, reference, comparisons, inventory)
    page = Page()
    if is_json:
        page.json(_as_json(reference, comparisons, str(case) if written else None))
    else:
        for each in comparisons:
            _print(page, each, inventory)
        if written:
            page.note(f"{case} has the case, for tests/conformance; it names your accounts")
    if written:
        return Status.NOT_AS_INTENDED
    return Status.AS_INTENDED if agreements == {True} else Status.UNCHECKED


def _print(page: Page, comparison: Comparison, inventory: Inventory) -> None:
    asked = comparison.evaluation
    who = inventory.short(asked.who or "somebody")
    what = f"  {who} {asked.action} {inventory.short(asked.resource)}"
    page.line((asked.words, TITLE), what, ("  (AWS)", QUIET))
    for ground in asked.grounds:
        page.line(f"    {ground}")
    for key, value in sorted(asked.context.items()):
        shown = ", ".join(value) if isinstance(value, list) else value
        page.line((f"    {key}: {shown}", QUIET))
    page.line("  ", (_verdict(comparison), _STYLES[comparison.agrees]))


def _verdict(comparison: Comparison) -> str:
    decision = comparison.decision
    if decision is None:
        return f"the engine was not asked: {comparison.why}"
    if comparison.agrees:
        return "the engine agrees"
    if comparison.agrees is None:
        return f"the engine cannot tell: {'; '.join(decision.unknown)}"
    grounds = [str(each) for each in (*decision.caller_side, *decision.resource_side)]
    return f"the engine says {decision.outcome.value}: {'; '.join((*grounds, *decision.missing))}"


def _as_json(
    reference: Reference, comparisons: Sequence[Comparison], case: str | None
) -> dict[str, Any]:
    return {
        "authorizationId": reference.id,
        "evaluations": [
            {
                "principal": each.evaluation.who,
                "action": each.evaluation.action,
                "resource": each.evaluation.resource,
                "effect": each.evaluation.effect,
                "grounds": list(each.evaluation.grounds),
                "context": dict(each.evaluation.context),
                "engine": each.decision and each.decision.outcome.value,
                "agrees": each.agrees,
                "why": _verdict(each),
            }
            for each in comparisons
        ],
        "case": case,
    }
