"""`access can`: all that one principal may do, by itself and through roles."""

import argparse
from collections.abc import Iterator, Sequence
from typing import Final

from cross_account_access.command.answers import (
    as_json,
    in_force,
    print_table,
    status_of,
)
from cross_account_access.command.change_words import shown_actions, shown_when
from cross_account_access.command.inventory import judged
from cross_account_access.command.questions import NAMES, add_options, read
from cross_account_access.iam.comparing.comparison import Change
from cross_account_access.iam.inventory import Inventory
from cross_account_access.presentation import QUIET, TITLE, Page

_DESCRIPTION: Final = f"""\
Lists all that PRINCIPAL may do, by itself and through each role that it can assume, and in which
circumstances. It is complete: decided for every action, resource and circumstance that documents
can tell apart. Who may do one thing is the question of access who-can.

{NAMES}"""
_EPILOG: Final = """\
examples:
  access can stage-admin
  access can 777788889999 --from preview        anybody of an account
  access can anonymous

exit status: 0 something, 1 nothing, 2 wrong usage, 3 unknown or could not be checked"""

_ASSUMED: Final = "role assumed "


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the question and where its answer comes from."""
    parser.description, parser.epilog = _DESCRIPTION, _EPILOG
    parser.add_argument("principal", metavar="PRINCIPAL", help="consumer, staging:user/NAME, ARN")
    add_options(parser)


@judged()
def run(arguments: argparse.Namespace) -> int:
    """List it."""
    asked = read(arguments, arguments.principal)
    who = asked.principal
    about = list(asked.about_principal(arguments.source))
    found, over = in_force(asked.inventory, asked.moment, principal=who.arn)
    called = {who.name, asked.inventory.short(who.arn)}
    rows = sorted(
        (each for each in found if each.principal in called),
        key=lambda each: (each.through or "", each.resource, each.actions),
    )
    own = _own(asked.inventory, who.arn)
    notes = [*about, *own, *(each for each in over if rows), *asked.inventory.gaps]
    if arguments.json:
        Page().json(as_json({"principal": who.arn}, asked, arguments.source, rows, notes))
        return status_of(rows)
    page = Page()
    told = (f"  ({asked.told_source(arguments.source)})", QUIET)
    page.line((who.name, TITLE), " may", "" if rows else " do nothing here", told)
    for through in dict.fromkeys(each.through for each in rows):
        page.line()
        _print(page, through, [each for each in rows if each.through == through])
    for note in notes:
        page.note(note)
    page.line((f"layers: {'; '.join(asked.layers)}", QUIET))
    return status_of(rows)


def _own(inventory: Inventory, arn: str) -> Iterator[str]:
    """Say what is not listed: within an account a policy of its own suffices."""
    account = arn.split(":")[4] if arn.startswith("arn:") else ""
    owners = {documents["account"] for documents in inventory.resources.values()}
    if account in owners and arn not in {**inventory.users, **inventory.roles}:
        label = inventory.label(account)
        yield (
            f"not listed: what IAM policies of {label} allow its own principals there, and that its"
            " root user may do everything"
        )


def _print(page: Page, through: str | None, rows: Sequence[Change]) -> None:
    """Write one way, with the circumstances that all of it has in its heading."""
    whens = [shown_when(each.when).partition(_ASSUMED) for each in rows]
    assumed = {how for _, _, how in whens}
    together = assumed.pop() if len(assumed) == 1 else ""
    way = f"through {through}" if through else "by itself"
    page.line((way, TITLE), f", which is assumed {together}" if together else "")
    columns = {
        "ACTIONS": [shown_actions(each.actions) for each in rows],
        "RESOURCE": [each.resource for each in rows],
        "WHEN": [
            use.rstrip("; ") if together else f"{use}{between}{how}" for use, between, how in whens
        ],
    }
    print_table(page, rows, columns)
