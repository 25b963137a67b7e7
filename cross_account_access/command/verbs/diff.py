"""`access diff`: what a change of the program would change in access, in words."""

import argparse
from typing import Any, Final

from cross_account_access.command import sources
from cross_account_access.command.change_words import as_json, print_changes, summary
from cross_account_access.command.inventory import judged
from cross_account_access.command.layers import add_layers_option, with_layers
from cross_account_access.errors import NotDeployedError, Status
from cross_account_access.iam.comparing.comparison import Change, compare
from cross_account_access.iam.inventory import NOTHING, Inventory
from cross_account_access.presentation import DOUBTFUL, Page
from cross_account_access.stack import Stack, add_stack_options, stack_of

_DESCRIPTION: Final = """\
Says in words what would change in access if the program were deployed now: who may newly do what
(+), who no longer may (-), and with +? and -? what cannot be told from the documents. A rewriting
that means the same is no change.

It compares the deployed state, which may be none yet, with a preview. --from and --to compare
others: the live accounts, the program of a git revision, or files that `pulumi stack export` or
`pulumi preview --json --show-sames` have printed."""
_EPILOG: Final = """\
examples:
  access diff --stack prod
  access diff --from state --to live      what others changed behind the stack's back
  access diff --from git:main --to git:HEAD --stack prod
  access diff --from before.json --to after.json

exit status: 0 access stays or narrows, 1 it widens or may widen, 2 wrong usage, 3 could not be
checked"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add what is compared."""
    parser.description, parser.epilog = _DESCRIPTION, _EPILOG
    for option, destination, default in (
        ("--from", "before", sources.STATE),
        ("--to", "after", sources.PREVIEW),
    ):
        parser.add_argument(
            option,
            dest=destination,
            metavar="SOURCE",
            default=default,
            help=f"live, state, preview, git:REVISION or a file; {default} when not given",
        )
    add_layers_option(parser)
    add_stack_options(parser)


@judged()
def run(arguments: argparse.Namespace) -> int:
    """Compare two inventories and tell the differences."""
    stack = stack_of(arguments)
    before = _read(arguments.before, stack, arguments.layers)
    after = _read(arguments.after, stack, arguments.layers)
    changes = compare(before, after)
    widens = any(change.effect.is_widening for change in changes)
    if arguments.json:
        Page().json(_as_json(changes, before, after))
    else:
        _print(Page(), changes, before, after)
    return Status.NOT_AS_INTENDED if widens else Status.AS_INTENDED


def _read(source: str, stack: Stack, layers: str | None) -> Inventory:
    """Read a source; a stack that is not deployed grants nothing."""
    try:
        return with_layers(sources.read(source, stack), layers)
    except NotDeployedError:
        return NOTHING


def _as_json(changes: list[Change], before: Inventory, after: Inventory) -> dict[str, Any]:
    return {
        "widens": any(change.effect.is_widening for change in changes),
        "changes": as_json(changes),
        "notes": _notes(before, after),
    }


def _print(page: Page, changes: list[Change], before: Inventory, after: Inventory) -> None:
    print_changes(page, changes)
    for note in _notes(before, after):
        page.line(("note: ", DOUBTFUL), note)
    page.line(summary(changes))


def _notes(before: Inventory, after: Inventory) -> list[str]:
    return list(dict.fromkeys((*before.gaps, *after.gaps)))
