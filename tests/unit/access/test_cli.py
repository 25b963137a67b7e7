"""The command's frame: help, exit statuses, and that a person never meets a traceback."""

import argparse
import errno
import json
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from cross_account_access.command import cli
from cross_account_access.errors import Status, UncheckedError, UsageError
from tests.support.states import pulumi_with, walkthrough


def verb(monkeypatch: pytest.MonkeyPatch, run: Any) -> None:
    """Makes the only verb of the command be `probe`, which does `run`."""
    module = ModuleType("cross_account_access.command.verbs.probe")
    module.__dict__.update(configure=lambda _parser: None, run=run)
    monkeypatch.setitem(sys.modules, "cross_account_access.command.verbs.probe", module)
    monkeypatch.setattr(cli, "VERBS", {"probe": "try something"})


def raising(error: BaseException) -> Any:
    def run(_arguments: argparse.Namespace) -> int:
        raise error

    return run


@pytest.mark.parametrize("status", [0, 1])
def test_the_verb_decides_the_exit_status(monkeypatch: pytest.MonkeyPatch, status: int) -> None:
    verb(monkeypatch, lambda _arguments: status)
    assert cli.main(["probe"]) == status


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UsageError("no such bucket; name one"), Status.USAGE),
        (UncheckedError("no credentials; sign in"), Status.UNCHECKED),
    ],
)
def test_an_error_is_told_with_its_status(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    status: int,
) -> None:
    verb(monkeypatch, raising(error))
    assert cli.main(["probe"]) == status
    output = capsys.readouterr()
    assert output.err == f"access: {error}\n"
    assert output.out == ""


def test_ctrl_c_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    verb(monkeypatch, raising(KeyboardInterrupt()))
    assert cli.main(["probe"]) == 130
    assert capsys.readouterr().err == "access: interrupted\n"


def test_what_nobody_expected_is_told_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    verb(monkeypatch, raising(ZeroDivisionError("division by zero\nsecond line")))
    assert cli.main(["probe"]) == Status.UNCHECKED
    output = capsys.readouterr().err
    assert output.startswith("access: unexpected ZeroDivisionError: division by zero\n")
    assert "second line" not in output
    assert "Traceback" not in output


def test_the_traceback_is_there_for_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    verb(monkeypatch, raising(ZeroDivisionError()))
    monkeypatch.setenv("ACCESS_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        cli.main(["probe"])


@pytest.mark.parametrize("words", [["nope"], ["--json"], ["probe", "--nope"], ["probe", "more"]])
def test_wrong_usage_is_one_line_with_status_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    verb(monkeypatch, lambda _arguments: 0)
    with pytest.raises(SystemExit) as caught:
        cli.main(words)
    assert caught.value.code == Status.USAGE
    output = capsys.readouterr().err
    assert output.count("\n") == 1
    assert output.endswith("see access --help\n")


def test_the_version_is_that_of_the_project(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"access {version('cross-account-access')}\n"


def test_a_former_name_works_and_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given: list[argparse.Namespace] = []

    def run(arguments: argparse.Namespace) -> int:
        given.append(arguments)
        return 0

    verb(monkeypatch, run)
    monkeypatch.setattr(cli, "FORMER", {"try": ("probe", "--json")})
    assert cli.main(["try"]) == 0
    assert given[0].json
    assert capsys.readouterr().err == ("access: try is now probe; until version 2 it works too\n")
    assert cli.main(["probe"]) == 0
    assert not given[1].json
    assert capsys.readouterr().err == ""


def test_what_stands_for_a_former_name_is_a_verb(capsys: pytest.CaptureFixture[str]) -> None:
    for name, (present, *_) in cli.FORMER.items():
        assert present in cli.VERBS
        with pytest.raises(SystemExit) as caught:
            cli.main([name, "--help"])
        assert caught.value.code == 0
        assert capsys.readouterr().out.startswith(f"usage: access {present} ")


def test_the_bare_command_shows_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 0
    output = capsys.readouterr().out
    assert output.startswith("usage: access VERB")
    positions = [output.index(f"\n{group}:\n") for group in cli.GROUPS]
    assert positions == sorted(positions)


def test_every_verb_stands_in_one_group_at_most() -> None:
    grouped = [name for names in cli.GROUPS.values() for name in names]
    assert len(grouped) == len(set(grouped))
    assert set(grouped) <= set(cli.VERBS)


@pytest.mark.parametrize(
    ("word", "hint"), [("explian", "did you mean explain?"), ("whocan", "did you mean who-can?")]
)
def test_a_verb_that_is_nearly_one(
    capsys: pytest.CaptureFixture[str], word: str, hint: str
) -> None:
    with pytest.raises(SystemExit):
        cli.main([word])
    assert capsys.readouterr().err == f"access: {word!r} is no verb, {hint}; see access --help\n"


@pytest.mark.parametrize(
    ("words", "run"),
    [
        (["probe", "--json"], raising(UsageError("no such bucket; name one"))),
        (["probe", "--json", "--nope"], lambda _arguments: 0),
        (["probe", "--json"], raising(ZeroDivisionError("x"))),
    ],
)
def test_errors_are_json_for_who_asks_for_json(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    run: Any,
) -> None:
    verb(monkeypatch, run)
    try:
        status = cli.main(words)
    except SystemExit as end:
        status = int(end.code or 0)
    output = capsys.readouterr()
    answer = json.loads(output.out)
    assert answer["jsonVersion"] == 1
    assert answer["error"]["exitStatus"] == status
    assert answer["error"]["message"].splitlines()[0] in output.err


def test_what_belongs_to_another_command_asks_for_no_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    verb(monkeypatch, raising(UsageError("no")))
    with pytest.raises(SystemExit):
        cli.main(["probe", "--", "aws", "--json"])
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_completion_knows_every_verb_and_its_options(
    capsys: pytest.CaptureFixture[str], shell: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["--print-completion", shell])
    assert caught.value.code == 0
    output = capsys.readouterr().out
    for name in cli.VERBS:
        assert name in output
    for option in ("--absent", "--markdown", "--junit"):
        assert option in output


def test_bash_takes_the_completion(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--print-completion", "bash"])
    typed = (
        "COMP_WORDS=(access who-c); COMP_CWORD=1; COMP_LINE='access who-c'; _shtab_access;"
        ' echo "${COMPREPLY[@]}"'
    )
    ran = subprocess.run(
        ["bash", "-c", f"{capsys.readouterr().out}\n{typed}"],
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    assert ran.stdout.strip() == "who-can"


def test_help_names_every_verb_and_every_exit_status(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["--help"])
    assert caught.value.code == 0
    output = capsys.readouterr().out
    for name in cli.VERBS:
        assert re.search(rf"^    {name}\s", output, re.MULTILINE)
    for line in ("0  as intended", "1  not as intended", "2  wrong usage", "3  could not be"):
        assert line in output


@pytest.mark.parametrize("name", ["explain", "diff", "map", "lint", "prove"])
def test_help_of_a_verb_tells_options_examples_and_exit_statuses(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main([name, "--help"])
    assert caught.value.code == 0
    output = capsys.readouterr().out
    for part in ("--json", "--stack", "--cwd", "examples:", "exit status:"):
        assert part in output


def test_help_of_the_command_loads_nothing_heavy() -> None:
    code = (
        "import contextlib, sys\n"
        "from cross_account_access.command.cli import main\n"
        "with contextlib.suppress(SystemExit): main(['--help'])\n"
        "heavy = {'boto3', 'rich', 'parliament', 'cross_account_access.iam.engine'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert ran.stdout.splitlines()[-1] == "[]"


def test_a_file_on_a_full_disk_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    verb(monkeypatch, raising(OSError(errno.ENOSPC, "No space left on device", "verify.xml")))
    assert cli.main(["probe"]) == Status.UNCHECKED
    output = capsys.readouterr().err
    assert output == "access: verify.xml: No space left on device; make room and ask again\n"


STATE = ["--from", "state"]
ASKED = {
    "explain": ["staging:user/StageAdmin", "s3:GetObject", "production-test-bucket-101/x", *STATE],
    "who-can": ["s3:GetObject", "production-test-bucket-101/x", *STATE],
    "can": ["staging:user/StageAdmin", *STATE],
    "diff": STATE,
    "map": [],
    "lint": [],
}


@pytest.mark.parametrize("name", ASKED)
def test_the_keys_of_json_are_those_that_its_page_tells(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    name: str,
) -> None:
    monkeypatch.setenv("PATH", pulumi_with(tmp_path, walkthrough()))
    assert cli.main([name, *ASKED[name], "--json", "--cwd", str(tmp_path)]) < 2
    keys = json.loads(capsys.readouterr().out).keys() - {"jsonVersion"}
    page = (Path(__file__).parents[3] / "docs" / "access" / "json.md").read_text()
    row = next(line for line in page.splitlines() if line.startswith(f"| `{name}` |"))
    assert set(re.findall(r"`(\w+)`", row.split("|")[2])) == keys
