"""The graph as an SVG picture, readable by itself in light and dark.

Arrows lead from left to right, as far as nobody can assume each other's roles in a circle. Every
arrow ends in a place of its own beside the box it leads to, with its label before it, so that
labels never meet.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from cross_account_access.command.drawing.graph import Access, Graph, Node

_CHARACTER, _BOLD = 6.7, 7.6
"""Width of a character of the font below, in pixels, as wide as most are."""
_TEXT, _PAD, _GAP = 15, 10, 12
_HEAD: Final = 24
"""Height of an account's name."""
_BEND: Final = 22
"""Room for arrows to bend, on either side of their labels."""
_NAME, _LABEL = 18, 18
"""Characters of a line in a box and on an arrow, so that three columns stand on a page of 830
pixels; the tooltip has what is left out."""
_NAME_LINES, _LABEL_LINES = 4, 6

_STYLE: Final = """\
:root { --ink: #1c2430; --quiet: #5b6675; --paper: #ffffff; --box: #f4f6f9; --line: #98a3b3;
  --user: #1f6feb; --role: #8250df; --resource: #1a7f37; --outsider: #bc4c00; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --quiet: #9aa7b5; --paper: #0d1117; --box: #161b22; --line: #57606a;
    --user: #58a6ff; --role: #bc8cff; --resource: #3fb950; --outsider: #f0883e; } }
svg.access { background: var(--paper);
  font: 12px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; }
svg.access text { fill: var(--ink); }
svg.access .account rect { fill: none; stroke: var(--line); stroke-dasharray: 4 4; }
svg.access .account text { fill: var(--quiet); font-weight: bold; }
svg.access .node rect { fill: var(--box); stroke: var(--line); stroke-width: 1.5; }
svg.access .node.user rect { stroke: var(--user); }
svg.access .node.role rect { stroke: var(--role); }
svg.access .node.resource rect { stroke: var(--resource); }
svg.access .node.outsider rect { stroke: var(--outsider); }
svg.access .node text { font-weight: bold; }
svg.access .edge path { fill: none; stroke: var(--line); stroke-width: 1.5; }
svg.access .edge.uncertain path { stroke-dasharray: 3 3; }
svg.access .edge text { fill: var(--quiet); text-anchor: end;
  paint-order: stroke; stroke: var(--paper); stroke-width: 4px; stroke-linejoin: round; }
svg.access .arrow { fill: var(--line); }
"""
"""The colours hold for a page that the picture is part of too."""


@dataclass
class _Box:
    """A node with its place; coordinates in pixels from the upper left corner."""

    node: Node
    incoming: list[Access]
    x: float = 0
    y: float = 0
    width: float = 0

    @property
    def lines(self) -> list[str]:
        return _wrapped(self.node.name, _NAME, _NAME_LINES)

    @property
    def title(self) -> float:
        """Height of the name."""
        return _TEXT * len(self.lines) + _PAD

    @property
    def height(self) -> float:
        return self.title + sum(map(_height, self.incoming))

    @property
    def middle(self) -> float:
        return self.y + self.height / 2

    @property
    def exit(self) -> tuple[float, float]:
        return self.x + self.width, self.y + self.title / 2

    def entry(self, edge: Access) -> tuple[float, float]:
        above = self.incoming[: self.incoming.index(edge) + 1]
        return self.x, self.y + self.title + sum(map(_height, above)) - _PAD / 2


def svg(graph: Graph) -> str:
    """Return the picture as an element that can stand in a page or in a file of its own."""
    columns = _columns(graph)
    placed: dict[str, _Box] = {}
    parts: list[str] = []
    x, bottom = float(_GAP), 0.0
    for column in columns:
        x += _channel(column)
        width = _BOLD * max(len(line) for box in column for line in box.lines) + 2 * _PAD
        y = float(_GAP)
        for account, boxes in _arranged(column, placed):
            top = y
            y += _HEAD
            for box in boxes:
                box.x, box.y, box.width = x + _PAD, y, width
                placed[box.node.id] = box
                y += box.height + _PAD
            parts.append(_account(account, x, top, width + 2 * _PAD, y - top))
            y += _GAP
        bottom = max(bottom, y)
        x += width + 2 * _PAD
    parts += [_arrow(edge, placed) for edge in graph.edges]
    parts += [_label(edge, placed) for edge in graph.edges]
    parts += [_node(box) for box in placed.values()]
    size = f'viewBox="0 0 {x + _GAP:.0f} {bottom:.0f}" width="{x + _GAP:.0f}"'
    return (
        f'<svg class="access" xmlns="http://www.w3.org/2000/svg" {size} height="{bottom:.0f}"'
        ' role="img" aria-label="Who may do what across the accounts">'
        f"<style>{_STYLE}</style>{_MARKER}{''.join(parts)}</svg>"
    )


_MARKER: Final = (
    '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7"'
    ' orient="auto"><path class="arrow" d="M0 0 L8 4 L0 8 z"/></marker></defs>'
)


def _columns(graph: Graph) -> Sequence[list[_Box]]:
    """Put everything to the right of all that leads to it, and resources on the far right."""
    incoming: dict[str, list[Access]] = defaultdict(list)
    for edge in graph.edges:
        incoming[edge.nodes[-1].id].append(edge)

    def depth(node: Node, behind: frozenset[str]) -> int:
        sources = {edge.nodes[0] for edge in incoming[node.id]}
        before = [depth(each, behind | {node.id}) for each in sources if each.id not in behind]
        return 1 + max(before, default=0 if node.kind == "role" else -1)

    depths = {
        node.id: depth(node, frozenset({node.id}))
        for node in graph.nodes
        if node.kind != "resource"
    }
    last = 1 + max(depths.values(), default=0)
    columns: dict[int, list[_Box]] = defaultdict(list)
    for node in graph.nodes:
        columns[depths.get(node.id, last)].append(_Box(node, incoming[node.id]))
    return [columns[number] for number in sorted(columns)]


def _arranged(
    column: Sequence[_Box], placed: Mapping[str, _Box]
) -> Iterable[tuple[str, list[_Box]]]:
    """Put accounts, and boxes in them, at the height of what leads to them; buckets by name."""

    def height(box: _Box) -> float:
        if box.node.kind == "resource":
            return 0
        sources = [placed[e.nodes[0].id] for e in box.incoming if e.nodes[0].id in placed]
        return sum(each.middle for each in sources) / len(sources) if sources else 0

    accounts: dict[str, list[_Box]] = defaultdict(list)
    for box in sorted(column, key=lambda box: (height(box), box.node.name)):
        accounts[box.node.account].append(box)
    return accounts.items()


def _channel(column: Sequence[_Box]) -> float:
    """Return the width that the arrows into a column need, with their labels."""
    lines = [line for box in column for edge in box.incoming for line in _lines(edge)]
    return max(map(_width, lines)) + 2 * _BEND if lines else 0


def _lines(edge: Access) -> list[str]:
    """Return the label in short lines."""
    return _wrapped(edge.label, _LABEL, _LABEL_LINES)


def _wrapped(text: str, width: int, most: int) -> list[str]:
    """Break a text into lines, if need be behind one of the signs that names are made with."""
    pieces = re.findall(r"[^\s/:,.=-]*[/:,.=-]+\s*|[^\s/:,.=-]+\s*|\s+", text)
    lines = [""]
    for piece in pieces:
        parts = [piece[start : start + width] for start in range(0, len(piece), width)]
        for part in parts:
            if len(lines[-1]) + len(part.rstrip()) > width:
                lines.append("")
            lines[-1] += part
    lines = [each.strip() for each in lines if each.strip()]
    return (
        lines if len(lines) <= most else [*lines[: most - 1], f"{lines[most - 1][: width - 4]} ..."]
    )


def _height(edge: Access) -> float:
    return _TEXT * len(_lines(edge)) + _PAD


def _width(text: str) -> float:
    return _CHARACTER * len(text)


def _account(name: str, x: float, y: float, width: float, height: float) -> str:
    return (
        f'<g class="account"><rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}"'
        f' height="{height:.1f}" rx="8"/><text x="{x + _PAD:.1f}" y="{y + _HEAD - 8:.1f}">'
        f"{escape(name)}</text></g>"
    )


def _node(box: _Box) -> str:
    x, y = box.x + _PAD, box.y + _TEXT + 1
    texts = "".join(
        f'<text x="{x:.1f}" y="{y + _TEXT * number:.1f}">{escape(line)}</text>'
        for number, line in enumerate(box.lines)
    )
    return (
        f'<g class="node {box.node.kind}" data-node="{box.node.id}"><rect x="{box.x:.1f}"'
        f' y="{box.y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" rx="5"/>{texts}'
        f"<title>{escape(box.node.full_name)}</title></g>"
    )


def _arrow(edge: Access, placed: Mapping[str, _Box]) -> str:
    source, target = (placed[node.id] for node in edge.nodes)
    x1, y1 = source.exit
    x2, y2 = target.entry(edge)
    start = x2 - max(map(_width, _lines(edge)), default=0) - _BEND / 2
    half = (x1 + start) / 2
    path = f"M{x1:.1f} {y1:.1f} C{half:.1f} {y1:.1f} {half:.1f} {y2:.1f} {start:.1f} {y2:.1f}"
    return _group(edge, f'<path d="{path} L{x2:.1f} {y2:.1f}" marker-end="url(#arrow)"/>')


def _label(edge: Access, placed: Mapping[str, _Box]) -> str:
    """Stands above all arrows."""
    x, y = placed[edge.nodes[-1].id].entry(edge)
    return _group(
        edge,
        "".join(
            f'<text x="{x - _PAD:.1f}" y="{y - 4 - _TEXT * above:.1f}">{escape(line)}</text>'
            for above, line in enumerate(reversed(_lines(edge)))
        ),
    )


def _group(edge: Access, drawn: str) -> str:
    certain = "" if edge.is_certain else " uncertain"
    return (
        f'<g class="edge{certain}" data-from="{edge.nodes[0].id}" data-to="{edge.nodes[-1].id}">'
        f"<title>{escape(_title(edge))}</title>{drawn}</g>"
    )


def _title(edge: Access) -> str:
    """Tell all, with the exact circumstances."""
    who = edge.nodes[0].full_name
    parts = (
        (f"{who} may {', '.join(actions)} {resource}", when)
        for resource, actions, when in edge.uses
    )
    return "\n".join(", ".join(filter(None, part)) for part in parts)
