"""What the sandbox's command line refuses before it starts anything."""

import subprocess
import sys
from pathlib import Path

import pytest

from cross_account_access.dev.sandbox import examples
from cross_account_access.dev.sandbox.__main__ import main

ROOT = Path(__file__).parents[3]
ACCOUNTS = ("--accounts", "111111111111,222222222222")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "--help"),
        (("start",), "start"),
        (("run", *ACCOUNTS), "nothing to run"),
        (("run", "--", "true"), "--accounts PRODUCTION,STAGING"),
        (("run", "--accounts", "1,2", "--", "true"), "12 digits"),
        (("run", *ACCOUNTS, "--state", "", "--", "true"), "expected a folder"),
        (("run", "--speed", "9", "--", "true"), "--speed"),
        (("try",), "EXAMPLE"),
        (
            ("try", "nothing"),
            "no example 'nothing' with a stack file of its own; try bucket-settings, ec2, ",
        ),
    ],
)
def test_rejects_a_wrong_command_line_in_one_line(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    told: str,
) -> None:
    monkeypatch.chdir(tmp_path)

    try:
        status = main(arguments)
    except SystemExit as left:
        status = int(str(left.code))

    output, errors = capsys.readouterr()
    assert (status, output) == (2, "")
    assert told in errors
    assert errors.count("\n") == 1


@pytest.mark.parametrize("verb", ["run", "shell"])
def test_help_names_the_options_and_what_the_command_finds(
    capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    with pytest.raises(SystemExit) as left:
        main([verb, "--help"])

    text = capsys.readouterr().out
    assert left.value.code == 0
    for named in ("--accounts", "--state", "ProductionAccountAdmin", "StagingAccountAdmin"):
        assert named in text


def test_outside_the_environment_it_says_where_it_is() -> None:
    ran = subprocess.run(
        [sys.executable, "-S", "-m", "cross_account_access.dev.sandbox", "shell"],
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode != 0
    assert ran.stderr.count("\n") == 1
    assert "run `make setup`, then .venv/bin/access-sandbox" in ran.stderr


def test_every_example_that_is_a_stack_file_of_ours_can_be_tried() -> None:
    for path in ROOT.glob("examples/*/Pulumi.prod.yaml"):
        production, staging = examples.accounts(path.parent.name)
        assert production != staging
