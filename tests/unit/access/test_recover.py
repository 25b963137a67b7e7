"""`access recover`: what is pending is told, and let go of once the state is saved."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from cross_account_access.command.cli import main
from cross_account_access.command.verbs import recover
from cross_account_access.errors import UncheckedError
from cross_account_access.stack import Stack
from tests.support.states import export, resource, walkthrough

WORDS = "Objects of the bucket records"
PENDING = [
    {"type": "creating", "resource": resource("aws:iam/role:Role", "vendor", name="VendorAccess")}
]
KEY = [{"type": "creating", "resource": resource("aws:kms/key:Key", "records", description=WORDS)}]


class State:
    """The state of the stack, and what is put in its place."""

    def __init__(self, pending: list[dict[str, Any]]) -> None:
        self.before = export(walkthrough())
        if pending:
            self.before["deployment"]["pending_operations"] = pending
        self.after: dict[str, Any] | None = None


def given(monkeypatch: pytest.MonkeyPatch, pending: list[dict[str, Any]]) -> State:
    state = State(pending)

    def replace(_: Stack, path: Path) -> None:
        state.after = json.loads(path.read_text())

    monkeypatch.setattr(Stack, "exported", lambda _: state.before)
    monkeypatch.setattr(Stack, "replace_state", replace)
    return state


def run(folder: Path, *words: str) -> int:
    return main(["recover", "--stack", "prod", "--cwd", str(folder), *words])


@pytest.mark.parametrize("words", [[], ["--apply"]])
def test_nothing_pending_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: list[str]
) -> None:
    state = given(monkeypatch, [])
    assert run(tmp_path, *words) == 0
    assert (state.after, list(tmp_path.iterdir())) == (None, [])


def test_without_apply_it_only_tells(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = given(monkeypatch, PENDING)
    assert run(tmp_path) == 1
    assert "creating: " in capsys.readouterr().out
    assert (state.after, list(tmp_path.iterdir())) == (None, [])


def test_the_state_is_saved_and_loses_nothing_but_what_is_pending(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = given(monkeypatch, PENDING)
    assert run(tmp_path, "--apply") == 0
    (saved,) = tmp_path.iterdir()
    assert json.loads(saved.read_text()) == state.before
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert state.after == export(walkthrough())
    told = capsys.readouterr().out
    assert "access import --stack prod --apply" in told
    assert "pulumi up --stack prod" in told


def test_a_saved_state_is_never_written_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = given(monkeypatch, PENDING)
    run(tmp_path, "--apply")
    state.after = None
    assert run(tmp_path, "--apply") == 2
    assert state.after is None
    assert "move it away" in capsys.readouterr().err


def test_an_update_that_runs_keeps_its_lock_and_its_state(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given(monkeypatch, PENDING)

    def locked(*_: object) -> None:
        message = "pulumi: the stack is currently locked by 1 lock(s)"
        raise UncheckedError(message)

    monkeypatch.setattr(Stack, "replace_state", locked)
    assert run(tmp_path, "--apply") == 3
    assert list(tmp_path.iterdir()) == []


def test_a_key_that_nobody_knows_is_told_with_what_removes_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given(monkeypatch, KEY)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        session = boto3.Session(region_name="us-west-2")
        monkeypatch.setattr(recover, "session_of", lambda _: session)
        kms = session.client("kms")
        lost, used, other = (
            kms.create_key(Description=words)["KeyMetadata"]["KeyId"]
            for words in (WORDS, WORDS, "something else")
        )
        kms.create_alias(AliasName="alias/records", TargetKeyId=used)
        run(tmp_path)
    told = capsys.readouterr().out
    assert f"schedule-key-deletion --key-id {lost}" in told
    assert used not in told
    assert other not in told
