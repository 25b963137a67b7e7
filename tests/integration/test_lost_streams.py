"""`access` as a process whose standard output or error is closed, full or read by nobody."""

import subprocess
import sys

import pytest

from cross_account_access.errors import Status

MUCH = "print('x' * 1_000_000)"


def script(run: str, *words: str) -> list[str]:
    """A command line of a process whose only verb does `run`, an expression."""
    code = (
        "import sys, types\n"
        "from cross_account_access.command import cli\n"
        "module = types.ModuleType('cross_account_access.command.verbs.probe')\n"
        "module.configure = lambda parser: None\n"
        f"module.run = lambda arguments: {run}\n"
        "sys.modules['cross_account_access.command.verbs.probe'] = module\n"
        "cli.VERBS = {'probe': 'try'}\n"
        f"sys.exit(cli.main({list(words or ('probe',))}))"
    )
    return [sys.executable, "-c", code]


@pytest.mark.parametrize("status", [0, 1, 3])
@pytest.mark.parametrize("more", ["None", MUCH, "sys.stdout.flush()"])
def test_a_reader_who_goes_away_changes_no_status(status: int, more: str) -> None:
    run = f"({MUCH}, {more}, sys.stderr.write('went on'), {status})[-1]"
    with subprocess.Popen(
        script(run), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(1)
        process.stdout.close()
        output = process.stderr.read()
        assert process.wait(60) == status
    assert output == "went on"


def shell(redirection: str, command: list[str]) -> tuple[int, str]:
    """The status of a command under a redirection, and what it said on standard error."""
    ran = subprocess.run(
        ["sh", "-c", f'"$@" {redirection}', "sh", *command],
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    return ran.returncode, ran.stderr


@pytest.mark.parametrize(("status", "told"), [(0, 3), (1, 1)])
@pytest.mark.parametrize("much", [MUCH, "print('little')"])
def test_a_full_disk_is_one_line_and_no_success(status: int, told: int, much: str) -> None:
    ended, output = shell("> /dev/full", script(f"({much}, {status})[-1]"))
    assert output == "access: standard output: No space left on device\n"
    assert ended == told


def test_help_on_a_full_disk_is_one_line() -> None:
    ended, output = shell("> /dev/full", script("0", "--help"))
    assert output == "access: standard output: No space left on device\n"
    assert ended == 3


def test_a_closed_output_is_one_line_before_anything_is_done() -> None:
    ended, output = shell(">&-", script("sys.stderr.write('worked') and 0"))
    assert output == "access: standard output is closed; send it to a file or /dev/null\n"
    assert ended == Status.USAGE


@pytest.mark.parametrize("redirection", ["2> /dev/full", "2>&-"])
@pytest.mark.parametrize("status", [0, 1])
def test_lost_messages_change_no_status(redirection: str, status: int) -> None:
    run = f"(sys.stderr.write('hello'), sys.stderr.flush(), {status})[-1]"
    assert shell(f"> /dev/null {redirection}", script(run))[0] == status
