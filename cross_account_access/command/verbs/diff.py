"""`access diff`: what a deployment now would change in access, in words, and what others did."""

import argparse
from dataclasses import dataclass, field
from typing import Any, Final

from cross_account_access.command import sources
from cross_account_access.command.access_changes import (
    as_deployed,
    as_left,
    changes_between,
    undoes,
)
from cross_account_access.command.change_words import as_json, markdown, print_changes, summary
from cross_account_access.command.foretold import narrower_for_a_moment
from cross_account_access.command.inventory import StackInventory, inventory_of, judged
from cross_account_access.command.layers import add_layers_option, with_layers
from cross_account_access.errors import NotDeployedError, Status, UncheckedError
from cross_account_access.iam.comparing.comparison import Change
from cross_account_access.iam.inventory import NOTHING, Inventory
from cross_account_access.presentation import TITLE, Page
from cross_account_access.stack import Stack, add_stack_options, stack_of

_DESCRIPTION: Final = """\
Says in words what would change in access if the program were deployed now: who may newly do what
(+), who no longer may (-), and with +? and -? what cannot be told from the documents. A rewriting
that means the same is no change.

It compares the live accounts with a preview, and tells apart what others changed since the last
deployment. Where the live accounts cannot be read it compares the deployed state, and says so; a
stack that is not deployed grants nothing. --from and --to compare others: the program of a git
revision, or files that `pulumi stack export` or `pulumi preview --json --show-sames` have
printed."""
_FOR_A_MOMENT: Final = "for a moment of the deployment only, until its last write:"
_EPILOG: Final = """\
examples:
  access diff --stack prod
  access diff --stack prod --markdown     for a comment on a pull request
  access diff --from state --to live      what others changed behind the stack's back
  access diff --from git:main --to git:HEAD --stack prod

exit status: 0 access stays or narrows, 1 it widens or may widen, 2 wrong usage, 3 could not be
checked"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add what is compared."""
    parser.description, parser.epilog = _DESCRIPTION, _EPILOG
    for option, destination, default in (
        ("--from", "before", "live, else state"),
        ("--to", "after", "preview"),
    ):
        parser.add_argument(
            option,
            dest=destination,
            metavar="SOURCE",
            help=f"live, state, preview, git:REVISION or a file; {default} when not given",
        )
    add_layers_option(parser)
    parser.add_argument("--markdown", action="store_true", help="write Markdown, for a comment")
    add_stack_options(parser)


@dataclass(frozen=True, kw_only=True)
class _Difference:
    """What is compared, and what was found."""

    before: str
    after: str
    changes: list[Change]
    drift: list[Change]
    """What others changed since the last deployment."""
    notes: list[str]
    gone_for_a_moment: list[Change] = field(default_factory=list)
    """What is refused during the deployment only."""


@judged()
def run(arguments: argparse.Namespace) -> int:
    """Compare two inventories and tell the differences."""
    stack = stack_of(arguments)
    is_of_deployment = arguments.after in (None, sources.PREVIEW)
    if is_of_deployment and arguments.before in (None, sources.LIVE):
        must_be_live = arguments.before is not None
        found = _of_deployment(stack, arguments.layers, must_be_live=must_be_live)
    else:
        before = arguments.before or _usual_before(arguments.after)
        found = _between(before, arguments.after or sources.PREVIEW, stack, arguments.layers)
    if arguments.json:
        Page().json(_as_json(found))
    elif arguments.markdown:
        Page().raw(_markdown(found))
    else:
        _print(Page(), found)
    return Status.NOT_AS_INTENDED if _widens(found) else Status.AS_INTENDED


def _usual_before(after: str) -> str:
    return sources.STATE if after == sources.LIVE else sources.LIVE


def _between(before: str, after: str, stack: Stack, layers: str | None) -> _Difference:
    first, then = _read(before, stack, layers), _read(after, stack, layers)
    return _Difference(
        before=before,
        after=after,
        changes=changes_between(first, then),
        drift=[],
        notes=_notes(first, then),
    )


def _of_deployment(stack: Stack, layers: str | None, *, must_be_live: bool) -> _Difference:
    """Compare what is there with what a deployment would leave.

    Raises:
        UncheckedError: the live accounts cannot be read, and nothing may take their place.
    """
    state = _read(sources.STATE, stack, layers)
    live, why = _live(state, stack, layers, must_be_live=must_be_live)
    previewed = stack.previewed()
    planned = with_layers(inventory_of(previewed.resources), layers)
    gone = narrower_for_a_moment(inventory_of(each) for each in previewed.moments)
    if live is None:
        return _Difference(
            before=sources.STATE,
            after=sources.PREVIEW,
            changes=changes_between(state, planned),
            drift=[],
            notes=[*why, *_notes(state, planned)],
            gone_for_a_moment=gone,
        )
    return _Difference(
        before=sources.LIVE,
        after=sources.PREVIEW,
        changes=changes_between(live, as_deployed(planned, state, live)),
        drift=changes_between(as_left(state, live), live),
        notes=_notes(live, planned),
        gone_for_a_moment=gone,
    )


def _live(
    state: Inventory, stack: Stack, layers: str | None, *, must_be_live: bool
) -> tuple[StackInventory | None, list[str]]:
    """Read the live accounts, or say why they cannot be read."""
    if state is NOTHING:
        return None, []
    try:
        return with_layers(sources.read(sources.LIVE, stack), layers), []
    except UncheckedError as error:
        if must_be_live:
            raise
        why = str(error).split("\n", 1)[0]
        return None, [f"compared with the deployed state, not with the live accounts: {why}"]


def _read(source: str, stack: Stack, layers: str | None) -> Inventory:
    """Read a source; a stack that is not deployed grants nothing."""
    try:
        return with_layers(sources.read(source, stack), layers)
    except NotDeployedError:
        return NOTHING


def _widens(found: _Difference) -> bool:
    return any(change.effect.is_widening for change in found.changes)


def _as_json(found: _Difference) -> dict[str, Any]:
    return {
        "from": found.before,
        "to": found.after,
        "widens": _widens(found),
        "changes": [
            {**told, "takesBackDrift": undoes(change, found.drift)}
            for change, told in zip(found.changes, as_json(found.changes), strict=True)
        ],
        "drift": as_json(found.drift),
        "narrowerForAMoment": as_json(found.gone_for_a_moment),
        "notes": found.notes,
    }


def _sections(found: _Difference) -> list[tuple[str, list[Change]]]:
    """Return headings with what stands below them; drift is told where there is some."""
    own = [change for change in found.changes if not undoes(change, found.drift)]
    back = [change for change in found.changes if undoes(change, found.drift)]
    sections = [
        ("drift: what others changed since the last deployment (state to live)", found.drift),
        ("deployment: what takes that back (live to preview)", back),
        ("deployment: what the program changes (live to preview)", own),
    ]
    return [each for each in sections if each[1]]


def _print(page: Page, found: _Difference) -> None:
    if found.drift:
        for heading, changes in _sections(found):
            page.line((heading, TITLE))
            print_changes(page, changes)
            page.line()
    else:
        print_changes(page, found.changes)
    if found.gone_for_a_moment:
        page.line((_FOR_A_MOMENT, TITLE))
        print_changes(page, found.gone_for_a_moment)
    for note in found.notes:
        page.note(note)
    page.line(_summary(found))


def _summary(found: _Difference) -> str:
    return f"{summary(found.changes)}, from {found.before} to {found.after}"


def _markdown(found: _Difference) -> str:
    headed = _sections(found) if found.drift else [("", found.changes)]
    if found.gone_for_a_moment:
        headed.append((_FOR_A_MOMENT, found.gone_for_a_moment))
    return markdown(f"Access: {_summary(found)}", headed, found.notes)


def _notes(before: Inventory, after: Inventory) -> list[str]:
    return list(dict.fromkeys((*before.gaps, *after.gaps)))
