"""`access map`: accounts, principals, roles, resources and conditions as a picture."""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from cross_account_access.command import sources
from cross_account_access.command.drawing.graph import Access, Graph
from cross_account_access.command.drawing.mermaid import mermaid
from cross_account_access.command.drawing.svg import svg
from cross_account_access.command.drawing.webpage import webpage
from cross_account_access.command.inventory import judged, together
from cross_account_access.command.reports import write_file
from cross_account_access.errors import Status
from cross_account_access.iam.inventory import Inventory
from cross_account_access.presentation import Page
from cross_account_access.stack import add_folder_option, stack_in

_DESCRIPTION: Final = """\
Draws who may do what: accounts, users, roles, buckets and their prefixes, topics, queues and keys,
with conditions, as Mermaid, as an SVG picture, or as one page that can be searched and filtered
without a network. Several stacks are drawn together."""
_EPILOG: Final = """\
examples:
  access map --stack prod --format html --output access.html
  access map --from preview --format svg --output access.svg
  access map --stack prod --stack staging --format html --output access.html

exit status: 0 drawn, 2 wrong usage, 3 could not be checked"""

_FORMATS: Final[Mapping[str, Callable[[Graph, str, Inventory], str]]] = {
    "mermaid": lambda graph, _title, _inventory: mermaid(graph),
    "svg": lambda graph, _title, _inventory: svg(graph),
    "html": lambda graph, title, inventory: webpage(graph, title, inventory.gaps),
}


def configure(parser: argparse.ArgumentParser) -> None:
    """Add what is drawn and how."""
    parser.description, parser.epilog = _DESCRIPTION, _EPILOG
    parser.add_argument("--format", choices=tuple(_FORMATS), default="mermaid", help="how to draw")
    parser.add_argument(
        "--output", metavar="FILE", type=Path, help="write there, not to standard output"
    )
    parser.add_argument(
        "--from",
        dest="source",
        metavar="SOURCE",
        default=sources.STATE,
        help="live, state (default), preview, git:REVISION or a file of a state or preview",
    )
    parser.add_argument(
        "--stack",
        metavar="NAME",
        dest="stacks",
        action="append",
        help="the stack; without it, the selected one; more than once for several",
    )
    add_folder_option(parser)


@judged()
def run(arguments: argparse.Namespace) -> int:
    """Draw."""
    names = arguments.stacks or [None]
    inventory = together(
        sources.read(arguments.source, stack_in(arguments, name), existing=True) for name in names
    )
    graph = Graph(inventory)
    if arguments.json:
        Page().json(_as_json(graph, inventory))
        return Status.AS_INTENDED
    of = " and ".join(arguments.stacks or ())
    title = f"Access of {of}" if of else "Access"
    drawn = _FORMATS[arguments.format](graph, f"{title} ({arguments.source})", inventory)
    if arguments.output is None:
        Page().raw(drawn)
        return Status.AS_INTENDED
    write_file("--output", arguments.output, f"{drawn}\n")
    return Status.AS_INTENDED


def _as_json(graph: Graph, inventory: Inventory) -> dict[str, Any]:
    return {
        "nodes": [
            {"name": node.full_name, "kind": node.kind, "account": node.account}
            for node in graph.nodes
        ],
        "edges": [_access(edge) for edge in graph.edges],
        "access": [_access(row) for row in graph.rows],
        "notes": list(inventory.gaps),
    }


def _access(access: Access) -> dict[str, Any]:
    principal, *through, resource = access.nodes
    return {
        "principal": principal.full_name,
        "through": through[0].full_name if through else None,
        "levels": access.words,
        "actions": list(access.actions),
        "resource": resource.full_name,
        "when": access.when or None,
        "parts": [
            {"resource": named, "actions": list(actions), "when": when or None}
            for named, actions, when in access.uses
        ],
        "certain": access.is_certain,
    }
