"""What a person sees: colours and tables on a terminal, plain text in a pipe, and progress."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.table import Table
from rich.text import Text

from cross_account_access.printable import JSON_VERSION, one_line, printable

GOOD, BAD, DOUBTFUL, QUIET, TITLE = "green", "red", "yellow", "dim", "bold"
"""Styles by meaning. Colour only repeats what the words say: a pipe has none, nor has NO_COLOR."""

Cell = str | tuple[str, str]
"""A text, or a text and its style."""

_READABLE, _WHOLE, _GAP = 40, 20, 2
"""Characters: how narrow a column may become that is wrapped, up to which width one is never
wrapped, and the space between two."""


class Page:
    """Standard output: styles and fitted tables on a terminal, plain lines anywhere else."""

    def __init__(self) -> None:
        self._console = Console(highlight=False, markup=False, emoji=False)
        self._plain = not self._console.is_terminal

    def line(self, *cells: Cell) -> None:
        """Write one line; the cells stand side by side, without a space between them."""
        seen = [_seen(cell) for cell in cells]
        if self._plain:
            self._write("".join(map(_text, seen)))
        else:
            self._console.print(Text.assemble(*seen), soft_wrap=True)

    def note(self, text: str) -> None:
        """Write what has to be said beside the answer."""
        self.line(("note: ", DOUBTFUL), text)

    def block(self, text: str, style: str = "") -> None:
        """Write lines as they are, indented by four."""
        for line in text.splitlines():
            self.line("    ", (line, style))

    def table(
        self, headers: Sequence[str], rows: Sequence[Sequence[Cell]], spare: Sequence[str] = ()
    ) -> None:
        """Write rows under headers; in a pipe the columns are aligned by two spaces.

        Args:
            headers: of the columns.
            rows: a cell for each column.
            spare: headers of columns without which a terminal does that is too narrow for all; the
                first goes first. A pipe has them all.
        """
        rows = [[_seen(cell) for cell in row] for row in rows]
        if self._plain:
            for line in _aligned([list(headers), *([_text(cell) for cell in row] for row in rows)]):
                self._write(line)
            return
        widths = _widths([headers, *([_text(cell) for cell in row] for row in rows)])
        shown = list(headers)
        for header in spare:
            wanted = (min(widths[headers.index(each)], _READABLE) for each in shown)
            if sum(wanted) + _GAP * (len(shown) - 1) > self._console.width:
                shown.remove(header)
        table = Table(box=None, pad_edge=False, header_style=TITLE)
        for header in shown:
            is_short = widths[headers.index(header)] <= _WHOLE
            table.add_column(header, no_wrap=is_short, overflow="fold")
        for row in rows:
            cells = dict(zip(headers, row, strict=True))
            table.add_row(*(Text.assemble(cells[header]) for header in shown))
        self._console.print(table)

    def raw(self, text: str) -> None:
        """Write a text for other programs, as it is but for characters that nobody sees."""
        self._write(printable(text))

    def json(self, value: Mapping[str, object]) -> None:
        """Write one JSON document and nothing else, with the version of its form."""
        self._write(json.dumps({"jsonVersion": JSON_VERSION, **value}, indent=2))

    def _write(self, line: str) -> None:
        sys.stdout.write(f"{line}\n")


@contextmanager
def progress(doing: str) -> Iterator[None]:
    """Tell on standard error what takes time, for as long as it takes."""
    console = Console(stderr=True, highlight=False, markup=False, emoji=False)
    if console.is_terminal:
        with console.status(doing):
            yield
    else:
        notice(doing)
        yield


def notice(text: str) -> None:
    """Write a line to standard error, where it is no part of the answer."""
    sys.stderr.write(f"access: {printable(text)}\n")
    sys.stderr.flush()


def _seen(cell: Cell) -> Cell:
    return one_line(cell) if isinstance(cell, str) else (one_line(cell[0]), cell[1])


def _text(cell: Cell) -> str:
    return cell if isinstance(cell, str) else cell[0]


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(len, column)) for column in zip(*rows, strict=True)]


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = _widths(rows)
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()
