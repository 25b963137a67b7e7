"""What is allowed at a moment, and how to tell it: shared by the verbs that list access."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from cross_account_access.command.questions import Asked
from cross_account_access.credentials.when import utc
from cross_account_access.errors import Status
from cross_account_access.iam.comparing.asked import Asked as Question
from cross_account_access.iam.comparing.comparison import Change, Effect, answers
from cross_account_access.iam.inventory import Inventory
from cross_account_access.presentation import Page

_POSSIBLY: Final = "cannot be told"


def in_force(
    inventory: Inventory,
    moment: datetime,
    *,
    action: str = "*",
    resource: str | None = None,
    principal: str | None = None,
) -> tuple[list[Change], list[str]]:
    """Return what is allowed at a moment, and a sentence about what is so at another one only.

    The circumstances tell until when, so the question is asked of all moments, and then of this.

    Args:
        inventory: the documents.
        moment: with its time zone.
        action: an action or pattern of actions.
        resource: ARN or pattern of ARNs, `*` for none; None for all.
        principal: who takes part even if no document names it.
    """
    question = Question(action=action, resource=resource, principal=principal)
    always = answers(inventory, question)
    if not any("aws:CurrentTime" in each.when or "aws:EpochTime" in each.when for each in always):
        return always, []
    now = {
        _about(each)
        for each in answers(
            inventory,
            Question(action=action, resource=resource, principal=principal, at=moment),
        )
    }
    rows = [each for each in always if _about(each) in now]
    others = {each.principal for each in always if _about(each) not in now}
    told = f"at another time than {utc(moment)} also: {', '.join(sorted(others))}"
    return rows, [told] if others else []


def _about(change: Change) -> tuple[str, str | None, str]:
    return change.principal, change.through, change.resource


def status_of(rows: Iterable[Change]) -> Status:
    """Return the exit status: somebody may, nobody may, or that cannot be told."""
    effects = {each.effect for each in rows}
    if Effect.WIDENS in effects:
        return Status.AS_INTENDED
    return Status.UNCHECKED if effects else Status.NOT_AS_INTENDED


def as_json(
    about: Mapping[str, Any],
    asked: Asked,
    source: str,
    rows: Iterable[Change],
    notes: Iterable[str],
) -> dict[str, Any]:
    """Return an answer with what it was asked about."""
    return {
        **about,
        "from": source,
        "at": asked.moment.isoformat(),
        "access": [
            {
                "principal": each.principal,
                "through": each.through,
                "actions": list(each.actions),
                "resource": each.resource,
                "when": each.when or None,
                "certain": each.effect is Effect.WIDENS,
            }
            for each in rows
        ],
        "notes": list(notes),
        "layers": asked.layers,
    }


def print_table(page: Page, rows: Sequence[Change], columns: Mapping[str, Sequence[str]]) -> None:
    """Write a table without the columns in which nothing stands.

    Args:
        page: where to.
        rows: what is told.
        columns: a cell for each row, by header; what the documents leave open is added.
    """
    certain = ["" if each.effect is Effect.WIDENS else _POSSIBLY for each in rows]
    filled = {name: each for name, each in {**columns, "BUT": certain}.items() if any(each)}
    page.table(list(filled), list(zip(*filled.values(), strict=True)))
