"""Whatever a verb writes can be lost: one line tells it, and nothing then ends as a success."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cross_account_access.command.cli import VERBS, main
from cross_account_access.stack import Previewed, Stack, resources_of_state
from tests.support.proof import example
from tests.support.stand_in_sts import Sts
from tests.unit.credentials.conftest import Access

USER = "arn:aws:iam::444455556666:user/StageAdmin"
FULL = "No space left on device"
PRINTING: dict[str, list[str]] = {
    "can": ["can", USER, "--from", "state"],
    "console": ["console", "--print"],
    "credentials": ["credentials"],
    "diff": ["diff"],
    "explain": [
        "explain",
        USER,
        "s3:GetObject",
        "production-test-bucket-101/Sunset.jpg",
        "--from",
        "state",
    ],
    "external-id": ["external-id"],
    "handover": ["handover", "--contact", "us"],
    "lint": ["lint"],
    "lint, with findings": ["lint", "trust.json"],
    "login": ["login"],
    "logout": ["logout"],
    "map": ["map"],
    "outputs": ["outputs"],
    "profile": ["profile"],
    "profile --install": ["profile", "--install", "--yes"],
    "prove": ["prove"],
    "status": ["status", "--as", "StageAdmin"],
    "who-can": ["who-can", "s3:GetObject", "production-test-bucket-101/x", "--from", "state"],
}
OTHERWISE = {
    "deployers": "reads the stack file alone; its words go the way of all",
    "drift": "asks AWS what has changed; its words go the way of all",
    "exec": "writes what its command writes",
    "import": "asks AWS what exists; its words go the way of all",
    "recover": "asks AWS what a stopped run has left",
    "revoke": "asks AWS before it takes anything",
    "verify": "tests/unit/verification/test_command.py",
}
"""Verbs that are not here, and why."""
FILES: dict[str, tuple[list[str], int]] = {
    "--certificate": (["prove", "--certificate"], 3),
    "--junit": ([], 3),
    "--output": (["map", "--output"], 3),
    "--sarif": (["lint", "--sarif"], 3),
    "--sarif, with findings": (["lint", "trust.json", "--sarif"], 1),
}
"""By option: the command, and its status where the file is on a disk that is full."""


@pytest.fixture(autouse=True)
def stack(
    outputs: dict[str, Any],
    sts: Sts,
    credentials: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """The stack `prod`, and a trust policy of which lint finds something."""
    del outputs, sts, credentials
    resources = resources_of_state(example("prod"))
    monkeypatch.setattr(Stack, "state", lambda _: resources)
    monkeypatch.setattr(Stack, "preview", lambda _: resources)
    monkeypatch.setattr(
        Stack, "previewed", lambda _: Previewed(resources=resources, moments=(resources,))
    )
    monkeypatch.setattr(Stack, "selected", lambda _: "prod")
    monkeypatch.chdir(tmp_path)
    Path(os.environ["AWS_CONFIG_FILE"]).write_text("[profile StageAdmin]\nregion = us-west-2\n")
    Path("trust.json").write_text(
        '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sts:AssumeRole",'
        ' "Principal": {"AWS": "*"}}}'
    )


@pytest.fixture
def closed_pipe() -> Iterator[Any]:
    """What `| head` leaves once it has read enough."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as stream:
        yield stream


def test_each_verb_is_here_or_elsewhere() -> None:
    assert {words[0] for words in PRINTING.values()} | OTHERWISE.keys() == VERBS.keys()


@pytest.mark.parametrize("words", PRINTING.values(), ids=PRINTING)
def test_a_reader_that_goes_away_changes_no_status(
    access: Access,
    words: list[str],
    closed_pipe: Any,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    told = access(*words)
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", closed_pipe)
        assert main(words) == told.status
    assert "rror" not in capfd.readouterr().err


@pytest.mark.parametrize("words", PRINTING.values(), ids=PRINTING)
def test_an_answer_on_a_full_disk_is_one_line_and_no_success(
    access: Access,
    words: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    told = access(*words)
    with Path("/dev/full").open("w") as full, monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", full)
        assert main(words) == (told.status or 3)
    *before, last = capfd.readouterr().err.splitlines()
    assert last == f"access: standard output: {FULL}"
    assert before == told.err.splitlines()


@pytest.mark.parametrize("name", [name for name in FILES if FILES[name][0]])
def test_a_file_on_a_full_disk_is_one_line_beside_the_answer(access: Access, name: str) -> None:
    words, status = FILES[name]
    option = name.partition(",")[0]
    answer = access(*words[: words.index(option)])
    ran = access(*words, "/dev/full")
    assert ran.status == status
    told = ran.err.splitlines()[-1]
    assert told.startswith(f"access: {option} /dev/full: {FULL}")
    if option != "--output":
        assert ran.out == answer.out


@pytest.mark.parametrize("name", [name for name in FILES if FILES[name][0]])
def test_a_file_that_cannot_be_is_wrong_usage_before_any_work(access: Access, name: str) -> None:
    words, _ = FILES[name]
    ran = access(*words, "no-such-folder/file")
    assert (ran.status, ran.out) == (2, "")
    option = name.partition(",")[0]
    assert ran.err.endswith(f"access: {option} no-such-folder/file: No such file or directory\n")


def test_no_option_that_writes_a_file_is_forgotten() -> None:
    folder = Path(main.__code__.co_filename).parent / "verbs"
    writing = {
        option
        for path in folder.glob("*.py")
        for option in ("--certificate", "--junit", "--output", "--sarif")
        if f'write_report("{option}"' in path.read_text()
        or f'write_file("{option}"' in path.read_text()
    }
    assert writing == {name.partition(",")[0] for name in FILES}
    assert [path.name for path in folder.glob("*.py") if ".write_text(" in path.read_text()] == []
