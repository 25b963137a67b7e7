"""Differences in access, in words and as JSON."""

from typing import Any, Final

from cross_account_access.iam.comparing.comparison import Change, Effect
from cross_account_access.presentation import BAD, DOUBTFUL, GOOD, TITLE, Page

_SHOWN: Final = 6
_MARKS: Final = {
    Effect.WIDENS: ("+", BAD),
    Effect.MAY_WIDEN: ("+?", DOUBTFUL),
    Effect.NARROWS: ("-", GOOD),
    Effect.MAY_NARROW: ("-?", DOUBTFUL),
}


def as_json(changes: list[Change]) -> list[dict[str, Any]]:
    """Return all of them, with every action."""
    return [
        {
            "effect": change.effect.value,
            "principal": change.principal,
            "through": change.through,
            "actions": list(change.actions),
            "resource": change.resource,
            "when": change.when or None,
        }
        for change in changes
    ]


def print_changes(page: Page, changes: list[Change]) -> None:
    """Write a line for each."""
    for change in changes:
        mark, style = _MARKS[change.effect]
        through = f" through {change.through}" if change.through else ""
        when = f", {change.when}" if change.when else ""
        page.line(
            (f"{mark} ", style),
            change.principal,
            " may ",
            (_shown(change.actions), TITLE),
            f" {change.resource}{through}{when}",
        )


def summary(changes: list[Change]) -> str:
    """Count them."""
    counts = {effect: sum(change.effect is effect for change in changes) for effect in Effect}
    told = [f"{effect.value} in {count}" for effect, count in counts.items() if count]
    return f"access {', '.join(told)}" if told else "no change in access"


def _shown(actions: tuple[str, ...]) -> str:
    """Name a few; --json has them all."""
    more = len(actions) - _SHOWN
    return ", ".join(actions[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
