"""Plain text in a pipe, colours on a terminal, progress apart from the answer."""

import io
import sys

import pytest

from cross_account_access.presentation import BAD, Page, progress


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


def test_progress_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("previewing the stack"):
        Page().json({"a": 1})
    said = capsys.readouterr()
    assert said.err == "access: previewing the stack\n"
    assert said.out == '{\n  "a": 1\n}\n'
