"""`access diff` as a command: sources, words, exit statuses. What it compares is tested apart."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cross_account_access.command.cli import main
from tests.support.states import (
    BUCKET,
    LIST,
    READ,
    allow,
    export,
    policy,
    preview,
    pulumi_that,
    pulumi_with,
    walkthrough,
)

WRITE = allow("s3:PutObject", f"{BUCKET}/*")
MORE: dict[str, Any] = {"role": policy(LIST, READ, WRITE)}
REVISIONS: list[dict[str, Any]] = [{}, MORE]
ADDED = (
    "staging:user/StageAdmin may s3:PutObject production-test-bucket-101/*"
    " through production:role/StageRole"
)


def stack(monkeypatch: pytest.MonkeyPatch, folder: Path, before: Any, after: Any) -> list[str]:
    path = pulumi_with(folder, walkthrough(**before), walkthrough(**after))
    monkeypatch.setenv("PATH", path)
    return ["diff", "--cwd", str(folder)]


@pytest.mark.parametrize(
    ("before", "after", "status", "lines"),
    [
        ({}, MORE, 1, [f"+ {ADDED}", "access widens in 1"]),
        (MORE, {}, 0, [f"- {ADDED}", "access narrows in 1"]),
        ({}, {"role": policy(READ, LIST)}, 0, ["no change in access"]),
    ],
)
def test_state_against_preview(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    before: Any,
    after: Any,
    status: int,
    lines: list[str],
) -> None:
    assert main(stack(monkeypatch, tmp_path, before, after)) == status
    assert capsys.readouterr().out.splitlines() == lines


def test_two_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text(json.dumps(export(walkthrough())))
    new.write_text(json.dumps(preview(walkthrough(**MORE))))
    assert main(["diff", "--from", str(old), "--to", str(new)]) == 1
    assert f"+ {ADDED}" in capsys.readouterr().out


def test_json_lists_every_action(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = stack(
        monkeypatch, tmp_path, {}, {"role": policy(LIST, allow("s3:Get*", f"{BUCKET}/*"))}
    )
    assert main(words) == 1
    assert " more production-test-bucket-101/*" in capsys.readouterr().out
    assert main([*words, "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["widens"] is True
    (change,) = answer["changes"]
    assert "s3:GetObjectVersion" in change["actions"]
    assert (change["effect"], change["when"]) == ("widens", None)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{}", "neither a state nor a preview"),
        ("[1,\n 2,,]", "line 2, column 4: not JSON"),
        ("\udcff", "not a text file"),
    ],
)
def test_a_file_that_is_neither(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, told: str
) -> None:
    path = tmp_path / "file.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert main(["diff", "--from", str(path), "--to", str(path)]) == 2
    assert told in capsys.readouterr().err


def test_an_unknown_source_names_those_that_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["diff", "--from", "stat"]) == 2
    assert "stat: No such file or directory; give live, state, preview" in capsys.readouterr().err


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose program, in a folder of it, has two revisions."""
    folder = tmp_path / "repository" / "program"
    folder.mkdir(parents=True)

    def git(*words: str) -> None:
        identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
        subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)

    git("init", "-b", "main")
    for number, documents in enumerate(REVISIONS):
        (folder / "planned.json").write_text(json.dumps(preview(walkthrough(**documents))))
        git("add", "-A")
        git("commit", "-m", str(number))
    return folder


def test_two_revisions(
    monkeypatch: pytest.MonkeyPatch, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = (
        "assert words[words.index('--stack') + 1] == 'prod' if 'preview' in words else True\n"
        "print('prod' if '--show-name' in words else open('planned.json').read())"
    )
    monkeypatch.setenv("PATH", pulumi_that(repository.parent, code))
    words = ["diff", "--cwd", str(repository), "--from", "git:HEAD~1", "--to", "git:main"]
    assert main(words) == 1
    assert f"+ {ADDED}" in capsys.readouterr().out
    trees = subprocess.run(
        ["git", "worktree", "list"], cwd=repository, capture_output=True, text=True, check=True
    )
    assert len(trees.stdout.splitlines()) == 1


def test_a_revision_that_does_not_exist(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["diff", "--cwd", str(repository), "--from", "git:nope"]) == 2
    said = capsys.readouterr().err
    assert "nope" in said
    assert said.count("\n") == 1
