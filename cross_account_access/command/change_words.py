"""Differences in access, in words, as Markdown and as JSON."""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any, Final

from cross_account_access.iam.comparing.comparison import Change, Effect
from cross_account_access.presentation import BAD, DOUBTFUL, GOOD, TITLE, Page
from cross_account_access.printable import one_line

_SHOWN: Final = 6
_MARKS: Final = {
    Effect.WIDENS: ("+", BAD),
    Effect.MAY_WIDEN: ("+?", DOUBTFUL),
    Effect.NARROWS: ("-", GOOD),
    Effect.MAY_NARROW: ("-?", DOUBTFUL),
}
_ASSUMED: Final = "; role assumed "
_AND: Final = re.compile(r" and (?=[A-Za-z0-9.-]+:)")


def as_json(changes: Iterable[Change]) -> list[dict[str, Any]]:
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


def print_changes(page: Page, changes: Sequence[Change]) -> None:
    """Write them by who gains or loses, with the circumstances once for each block."""
    for (effect, principal, through, when), block in _blocks(changes):
        mark, style = _MARKS[effect]
        if len(block) == 1:
            way = (f" through {through}" if through else "") + (f", {when}" if when else "")
            change = block[0]
            actions = (shown_actions(change.actions), TITLE)
            page.line((f"{mark} ", style), principal, " may ", actions, f" {change.resource}{way}")
            continue
        by = f" through {through}" if through else ""
        page.line((f"{mark} ", style), f"{principal}{by} may{f', {when}' if when else ''}:")
        for change in block:
            page.line("    ", (shown_actions(change.actions), TITLE), f" {change.resource}")


def markdown(
    title: str, sections: Iterable[tuple[str, Sequence[Change]]], notes: Iterable[str]
) -> str:
    """Return them for a comment on a pull request.

    Args:
        title: what was compared, and the result.
        sections: a heading, which may be empty, and what stands below it.
        notes: what is to be said beside.
    """
    lines = [f"**{markdown_text(title)}**"]
    for heading, changes in sections:
        lines += [""] if not heading else ["", f"{markdown_text(heading)}", ""]
        for (effect, principal, through, when), block in _blocks(changes):
            way = f" through {_code(through)}" if through else ""
            told = f", {markdown_text(when)}" if when else ""
            lines.append(f"- **{_MARKS[effect][0]}** {markdown_text(principal)}{way}{told}")
            lines += [
                f"  - {_code(shown_actions(change.actions))} on {_code(change.resource)}"
                for change in block
            ]
    lines += [f"\n> {markdown_text(note)}" for note in notes]
    return "\n".join(lines)


def summary(changes: Sequence[Change]) -> str:
    """Count them."""
    counts = {effect: sum(change.effect is effect for change in changes) for effect in Effect}
    told = [f"{effect.value} in {count}" for effect, count in counts.items() if count]
    return f"access {', '.join(told)}" if told else "no change in access"


def shown_actions(actions: Sequence[str]) -> str:
    """Name a few; --json has them all."""
    more = len(actions) - _SHOWN
    return ", ".join(actions[:_SHOWN]) + (f" and {more} more" if more > 0 else "")


def shown_when(when: str) -> str:
    """Return circumstances in which what holds for both steps through a role is said once."""
    use, separator, assume = when.partition(_ASSUMED)
    if not separator:
        return when
    used_with = set(_AND.split(use.removeprefix("with ")))
    if not (use.startswith("with ") and assume.startswith("with ") and "unless" not in when):
        return when
    left = [each for each in _AND.split(assume.removeprefix("with ")) if each not in used_with]
    return f"{use}{_ASSUMED}with {' and '.join(left)}" if left else use


_Block = tuple[Effect, str, str | None, str]
"""Effect, principal, role and circumstances."""


def _blocks(changes: Sequence[Change]) -> Iterator[tuple[_Block, list[Change]]]:
    def key(change: Change) -> _Block:
        return change.effect, change.principal, change.through, shown_when(change.when)

    order = {each: number for number, each in enumerate(dict.fromkeys(map(key, changes)))}
    ordered = sorted(changes, key=lambda change: order[key(change)])
    yield from ((about, list(block)) for about, block in groupby(ordered, key))


def _code(text: str) -> str:
    return f"`{one_line(text).replace('`', chr(39))}`"


def markdown_text(text: str) -> str:
    """Return a text as Markdown of one line that has no markup and mentions nobody."""
    return re.sub(r"([\\`*_\[\]<>|#@])", r"\\\1", one_line(text))
