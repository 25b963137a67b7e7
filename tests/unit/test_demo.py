"""What the demo takes for a success, for a refusal, and for noise."""

import io
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from cross_account_access.dev.demo.shell import DiffersError, Shell, essential

DENIED = "An error occurred (AccessDenied) when calling the GetObject operation: no"


@pytest.fixture
def written() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def shell(tmp_path: Path, written: io.StringIO) -> Iterator[Shell]:
    opened = Shell(tmp_path, {"PATH": "/usr/bin:/bin"}, written)
    yield opened
    opened.close()


def test_what_is_shown_is_what_runs(shell: Shell, written: io.StringIO, tmp_path: Path) -> None:
    assert shell.run("echo one; echo two | tee file") == "one\ntwo"
    assert written.getvalue() == "$ echo one; echo two | tee file\n    one\n    two\n"
    assert (tmp_path / "file").read_text() == "two\n"


def test_a_failure_is_told_in_two_lines(shell: Shell) -> None:
    with pytest.raises(DiffersError) as caught:
        shell.run("echo noise; echo 'error: no such stack'; echo noise; exit 3")
    what, why = str(caught.value).splitlines()
    assert what.startswith("this command should succeed: echo noise")
    assert why == "it ended with status 3 and said: error: no such stack"


def test_a_refusal_is_accepted(shell: Shell, written: io.StringIO) -> None:
    shell.refuse_together({"strangers": f"echo '{DENIED}'; exit 254"})
    assert "ok  refused: strangers" in written.getvalue()


@pytest.mark.parametrize(
    "attempt",
    [
        "true",
        f"echo '{DENIED}'",
        "echo 'An error occurred (NoSuchBucket) when calling the GetObject operation'; exit 254",
        "echo 'An error occurred (403) when calling the HeadObject operation'; exit 254",
        "echo 'Could not connect to the endpoint URL'; exit 255",
    ],
)
def test_nothing_but_access_denied_is_a_refusal(shell: Shell, attempt: str) -> None:
    with pytest.raises(DiffersError, match="should be refused with AccessDenied"):
        shell.refuse_together({"strangers": attempt})


@pytest.mark.parametrize("status", [0, 2, 3])
def test_only_status_1_holds_back(shell: Shell, status: int) -> None:
    assert shell.hold_back("echo widens; exit 1") == "widens"
    with pytest.raises(DiffersError, match="should end with status 1"):
        shell.hold_back(f"exit {status}")


def test_lines_left_out_are_counted(shell: Shell, written: io.StringIO) -> None:
    shell.run("echo '@ updating....'; echo Resources:", essential)
    assert written.getvalue().splitlines()[1:] == ["    Resources:", "    (1 more lines not shown)"]


def test_a_failed_command_is_shown_in_full(shell: Shell, written: io.StringIO) -> None:
    with pytest.raises(DiffersError):
        shell.run("echo '@ updating....'; exit 1", essential)
    assert "    @ updating...." in written.getvalue().splitlines()


@pytest.mark.parametrize(
    "command", ["echo $$; exec sleep 600", "trap '' INT; echo $$; while :; do sleep 1; done"]
)
def test_closing_ends_what_still_runs(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setattr("cross_account_access.dev.demo.shell._STOP_SECONDS", 0.2)
    started: list[int] = []

    def interrupted(lines: Iterable[str]) -> NoReturn:
        started.append(int(next(iter(lines))))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shell.run(command, interrupted)
    shell.close()
    with pytest.raises(ProcessLookupError):
        os.kill(started[0], 0)


def test_trimming_keeps_what_happened() -> None:
    output = """\
Updating (prod):
@ updating.......
 +  aws:s3:Bucket access-b creating (0s)
 +  aws:s3:Bucket access-b created (0.10s)
 ~  aws:iam:Role access-r refreshing (0s)
 ~  aws:iam:Role access-r refresh (0.21s)
 ~  aws:s3:BucketPolicy access-b refresh (0.09s) [diff: ~policy]
 ~  aws:s3:BucketPolicy access-b updating (0s) [diff: ~policy]
 ~  aws:s3:BucketPolicy access-b updated (0.04s) [diff: ~policy]
    aws:iam:User access-u
Outputs:
    bucketArns : {
        b: "arn:aws:s3:::b"
    }
Resources:
    ~ 1 updated
error: something else""".splitlines()
    assert list(essential(output)) == [
        "Updating (prod):",
        " +  aws:s3:Bucket access-b created (0.10s)",
        " ~  aws:s3:BucketPolicy access-b refresh (0.09s) [diff: ~policy]",
        " ~  aws:s3:BucketPolicy access-b updated (0.04s) [diff: ~policy]",
        "Resources:",
        "    ~ 1 updated",
        "error: something else",
    ]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "no_color", "coloured"),
    [(Terminal, "", True), (Terminal, "1", False), (io.StringIO, "", False)],
)
def test_colours_are_for_terminals_that_want_them(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    stream: type[io.StringIO],
    no_color: str,
    coloured: bool,
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", no_color)
    out = stream()
    Shell(tmp_path, {}, out).passed("done")
    assert ("\x1b[32m" in out.getvalue()) is coloured
