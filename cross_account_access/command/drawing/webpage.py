"""The graph as one page that needs nothing else: the picture, and a table to search and filter."""

from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Final

from cross_account_access.command.drawing.graph import Access, Graph
from cross_account_access.command.drawing.svg import svg

_TEMPLATE: Final = Path(__file__).with_name("webpage.html")


def webpage(graph: Graph, title: str, notes: Sequence[str]) -> str:
    """Return the page.

    Args:
        graph: what it shows.
        title: what the documents are from.
        notes: what could not be read, a sentence each.
    """
    accounts = dict.fromkeys(node.account for node in graph.nodes)
    return Template(_TEMPLATE.read_text()).substitute(
        title=escape(title),
        svg=svg(graph),
        accounts="".join(f"<option>{escape(account)}</option>" for account in accounts),
        rows="".join(map(_row, graph.rows)),
        notes="".join(f"<p>{escape(note)}</p>" for note in notes),
    )


def _row(row: Access) -> str:
    principal, *through, resource = row.nodes
    doubt = "" if row.is_certain else "cannot be told "
    cells = (
        ("Who", escape(principal.full_name)),
        ("Through", escape(through[0].full_name if through else "")),
        ("May", f"<details><summary>{escape(row.words)}</summary>{_uses(row)}</details>"),
        ("On", escape(resource.full_name)),
        ("When", escape(f"{doubt}{row.when}".strip())),
    )
    accounts = "|".join(node.account for node in row.nodes)
    ids = " ".join(node.id for node in row.nodes)
    return (
        f'<tr tabindex="0" data-accounts="{escape(accounts)}" data-nodes="{ids}">'
        + "".join(f'<td data-head="{head}">{cell}</td>' for head, cell in cells)
        + "</tr>"
    )


def _uses(row: Access) -> str:
    """All actions, on demand, with the exact resources and circumstances."""
    told = ((", ".join(actions), f"on {resource}", when) for resource, actions, when in row.uses)
    return "".join(f"<p>{escape(' '.join(filter(None, each)))}</p>" for each in told)
