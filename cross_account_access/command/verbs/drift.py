"""`access drift`: what others changed behind the stack's back, told as access."""

import argparse
from collections.abc import Iterator
from itertools import groupby
from typing import Any, Final

from cross_account_access.command.change_words import as_json, markdown_text, print_changes
from cross_account_access.command.drift.examination import examine_drift
from cross_account_access.command.drift.findings import Effect, Finding, Report
from cross_account_access.command.inventory import judged
from cross_account_access.errors import Status
from cross_account_access.presentation import BAD, DOUBTFUL, GOOD, QUIET, TITLE, Page
from cross_account_access.stack import add_stack_options, stack_of

_DESCRIPTION: Final = """\
Says what is not as the program left it: what a preview sees, which looks at the cloud first, and
what no preview sees, such as a group, a password, a replication or a grant on a key. Each is told
as widening, narrowing, dead principal or cosmetic, with what it changes in access and, where
CloudTrail tells, who did it and when.

Nothing is written, not the state either. What cannot be read is told as not checked."""
_EPILOG: Final = """\
examples:
  access drift --stack prod
  access drift --stack prod --markdown >> "$GITHUB_STEP_SUMMARY"

exit status: 0 no drift, 1 drift, 2 wrong usage, 3 no drift was seen, but not everything could be
checked"""

_STYLE: Final = {
    Effect.WIDENING: BAD,
    Effect.NARROWING: GOOD,
    Effect.DEAD_PRINCIPAL: DOUBTFUL,
    Effect.COSMETIC: QUIET,
}
_SHOWN: Final = 5


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the stack, and the form of the answer."""
    parser.description, parser.epilog = _DESCRIPTION, _EPILOG
    parser.add_argument(
        "--markdown", action="store_true", help="print it as Markdown, for a comment or an issue"
    )
    add_stack_options(parser)


@judged()
def run(arguments: argparse.Namespace) -> int:
    """Examine, and tell."""
    report = examine_drift(stack_of(arguments))
    if arguments.json:
        Page().json(_as_json(report))
    elif arguments.markdown:
        Page().raw("\n".join(_markdown(report)))
    else:
        _print(Page(), report)
    if report.findings:
        return Status.NOT_AS_INTENDED
    return Status.UNCHECKED if report.unchecked else Status.AS_INTENDED


def _as_json(report: Report) -> dict[str, Any]:
    return {
        "drift": [
            {
                "effect": finding.effect.value,
                "account": finding.account.id,
                "label": finding.account.label,
                "subject": finding.subject,
                "resource": finding.name,
                "what": finding.what,
                "access": as_json(list(finding.changes)),
                "by": finding.made_by
                and {
                    "who": finding.made_by.who,
                    "when": finding.made_by.when,
                    "call": finding.made_by.name,
                },
                "remedy": finding.remedy,
            }
            for finding in report.findings
        ],
        "unchecked": [
            {"account": each.account, "what": each.what, "why": each.why}
            for each in report.unchecked
        ],
        "notes": list(report.notes),
        "questions": report.asked,
    }


def _print(page: Page, report: Report) -> None:
    for account, findings in groupby(report.findings, lambda each: each.account):
        page.line((f"{account.label} ({account.id})", TITLE))
        for finding in findings:
            page.line(
                ("  " + finding.effect.value, _STYLE[finding.effect]),
                f": {finding.subject}: {finding.what}",
            )
            print_changes(page, list(finding.changes[:_SHOWN]))
            if len(finding.changes) > _SHOWN:
                page.line((f"    and {len(finding.changes) - _SHOWN} more; --json has all", QUIET))
            page.line((f"    {_by(finding)}{finding.remedy}", QUIET))
    for each in report.unchecked:
        page.line(("not checked: ", DOUBTFUL), f"{each.account}: {each.what}: {each.why}")
    for note in report.notes:
        page.line(("note: ", QUIET), note)
    page.line(_summary(report))


def _markdown(report: Report) -> Iterator[str]:
    yield f"**{_summary(report)}**"
    if report.findings:
        yield ""
        yield "| | account | what | by | remedy |"
        yield "|---|---|---|---|---|"
    for finding in report.findings:
        cells = (
            finding.effect.value,
            f"{finding.account.label} {finding.account.id}",
            f"{finding.subject}: {finding.what}",
            _by(finding).removesuffix("; "),
            finding.remedy,
        )
        yield "| " + " | ".join(_cell(each) for each in cells) + " |"
    if report.unchecked or report.notes:
        yield ""
    for each in report.unchecked:
        yield f"- not checked: {_cell(f'{each.account}: {each.what}: {each.why}')}"
    for note in report.notes:
        yield f"- note: {_cell(note)}"


def _cell(text: str) -> str:
    """Return a text as Markdown that stays one cell."""
    return markdown_text(" ".join(text.split()))


def _by(finding: Finding) -> str:
    made = finding.made_by
    return f"{made.name} by {made.who}, {made.when}; " if made else ""


def _summary(report: Report) -> str:
    counts = {
        effect: sum(finding.effect is effect for finding in report.findings) for effect in Effect
    }
    told = ", ".join(f"{count} {effect.value}" for effect, count in counts.items() if count)
    missing = f"; {len(report.unchecked)} not checked" if report.unchecked else ""
    found = f"drift: {told}" if told else "no drift"
    return f"{found}{missing} (preview and {report.asked} questions)"
