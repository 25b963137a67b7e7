"""Plain text in a pipe, colours on a terminal, progress apart from the answer."""

import io
import json
import re
import sys

import pytest

from cross_account_access.presentation import BAD, Cell, Page, progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def on_a_terminal(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Terminal:
    """Makes standard output a terminal; pytest's own capture is between any fixture and a test."""
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"TERM": "xterm-256color", **environment}.items():
        monkeypatch.setenv(name, value)
    stream = Terminal()
    monkeypatch.setattr(sys, "stdout", stream)
    return stream


def test_a_pipe_gets_plain_lines(capsys: pytest.CaptureFixture[str]) -> None:
    Page().line("it is ", ("denied", BAD), " [by] a rule")
    assert capsys.readouterr().out == "it is denied [by] a rule\n"


def test_a_pipe_gets_aligned_columns_that_never_wrap(capsys: pytest.CaptureFixture[str]) -> None:
    Page().table(["who", "what"], [["a" * 150, "x"], ["b", ("y", BAD)]])
    assert capsys.readouterr().out.splitlines() == [
        f"who{' ' * 147}  what",
        f"{'a' * 150}  x",
        f"b{' ' * 149}  y",
    ]


def test_a_terminal_gets_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_a_terminal(monkeypatch)
    Page().line(("denied", BAD))
    assert terminal.getvalue() == "\x1b[31mdenied\x1b[0m\n"


def test_no_color_is_honoured(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_a_terminal(monkeypatch, NO_COLOR="1")
    Page().line(("denied", BAD))
    assert terminal.getvalue() == "denied\n"


def test_a_table_on_a_terminal_keeps_brackets_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = on_a_terminal(monkeypatch)
    Page().table(["rule"], [["Statement[0]"]])
    assert "Statement[0]" in terminal.getvalue()


HEADERS = ("consumer", "what", "expected", "found", "code", "by", "s")
WHAT = "read production-test-bucket-101/images/, whatever its own policy allows"


@pytest.mark.parametrize(
    ("columns", "shown"),
    [
        (160, HEADERS),
        (98, ("consumer", "what", "expected", "found", "code", "by")),
        (80, ("consumer", "what", "expected", "found", "by")),
        (70, ("consumer", "what", "expected", "found")),
    ],
)
def test_a_narrow_terminal_keeps_columns_readable(
    monkeypatch: pytest.MonkeyPatch, columns: int, shown: tuple[str, ...]
) -> None:
    terminal = on_a_terminal(monkeypatch, NO_COLOR="1", COLUMNS=str(columns))
    cells: list[Cell] = ["stage-admin", WHAT, "refused", ("refused", BAD), "AccessDenied", "engine"]
    cells.append("0.12")
    Page().table(HEADERS, [cells], spare=("s", "code", "by"))
    first, *lines = re.sub(r"\x1b\[\d*m", "", terminal.getvalue()).splitlines()
    assert tuple(first.split()) == shown
    assert all(len(line) <= columns for line in (first, *lines))
    # Only the long column is wrapped, and not into slivers.
    assert len(lines) == {160: 1, 98: 2, 80: 2, 70: 3}[columns]
    told = " ".join(line[13:][: first.index("expected") - 13].strip() for line in lines)
    assert told == WHAT
    for header, cell in zip(HEADERS, cells, strict=True):
        if header in shown and header != "what":
            assert (cell if isinstance(cell, str) else cell[0]) in lines[0]


def test_progress_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("previewing the stack"):
        Page().json({"a": 1})
    output = capsys.readouterr()
    assert output.err == "access: previewing the stack\n"
    assert json.loads(output.out) == {"jsonVersion": 1, "a": 1}
