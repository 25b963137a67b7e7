"""`access diff` as a command: sources, words, exit statuses. What it compares is tested apart."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cross_account_access.command import sources
from cross_account_access.command.cli import main
from cross_account_access.command.foretold import narrower_for_a_moment
from cross_account_access.command.inventory import inventory_of
from cross_account_access.stack import resources_of_state
from tests.support.states import (
    ASSUME,
    BUCKET,
    LIST,
    READ,
    TRUST,
    USER,
    allow,
    export,
    policy,
    preview,
    pulumi_that,
    pulumi_that_prints,
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
        ({}, MORE, 1, [f"+ {ADDED}", "access widens in 1, from state to preview"]),
        (MORE, {}, 0, [f"- {ADDED}", "access narrows in 1, from state to preview"]),
        ({}, {"role": policy(READ, LIST)}, 0, ["no change in access, from state to preview"]),
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
    words = [*stack(monkeypatch, tmp_path, before, after), "--from", "state"]
    assert main(words) == status
    assert capsys.readouterr().out.splitlines() == lines


def lying(monkeypatch: pytest.MonkeyPatch, **documents: Any) -> None:
    """Makes the live accounts hold a walkthrough with some documents."""
    found = inventory_of(resources_of_state(export(walkthrough(**documents))))
    monkeypatch.setattr(sources, "live", lambda _known: found)


def test_without_options_the_live_accounts_are_compared(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lying(monkeypatch)
    assert main(stack(monkeypatch, tmp_path, {}, MORE)) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"+ {ADDED}",
        "access widens in 1, from live to preview",
    ]


def test_drift_is_told_apart_from_what_the_program_changes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    delete = allow("s3:DeleteObject", f"{BUCKET}/*")
    lying(monkeypatch, role=policy(LIST, READ, delete))
    words = stack(monkeypatch, tmp_path, {}, MORE)
    removed = ADDED.replace("PutObject", "DeleteObject")
    assert main(words) == 1
    assert capsys.readouterr().out.splitlines() == [
        "drift: what others changed since the last deployment (state to live)",
        f"+ {removed}",
        "",
        "deployment: what takes that back (live to preview)",
        f"- {removed}",
        "",
        "deployment: what the program changes (live to preview)",
        f"+ {ADDED}",
        "",
        "access widens in 1, narrows in 1, from live to preview",
    ]
    assert main([*words, "--json"]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert (answer["from"], answer["to"]) == ("live", "preview")
    assert [each["takesBackDrift"] for each in answer["changes"]] == [False, True]
    assert [each["effect"] for each in answer["drift"]] == ["widens"]


def test_drift_that_widened_does_not_fail_a_deployment_that_takes_it_back(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lying(monkeypatch, **MORE)
    assert main(stack(monkeypatch, tmp_path, {}, {})) == 0


def test_without_credentials_the_state_is_compared_and_that_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(stack(monkeypatch, tmp_path, {}, MORE)) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("note: compared with the deployed state, not with the live accounts")
    assert "ProductionAccountAdmin" in lines[1]
    assert lines[2] == "access widens in 1, from state to preview"


def test_live_accounts_that_are_asked_for_have_no_substitute(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = stack(monkeypatch, tmp_path, {}, MORE)
    assert main([*words, "--from", "live", "--to", "preview"]) == 3
    assert "ProductionAccountAdmin" in capsys.readouterr().err
    lying(monkeypatch, **MORE)
    assert main([*words, "--from", "live", "--to", "preview"]) == 0
    assert "drift: what others changed" in capsys.readouterr().out


OTHER = "arn:aws:iam::444455556666:user/Other"
BOTH = policy(TRUST | {"Condition": {"ArnEquals": {"aws:PrincipalArn": [USER, OTHER]}}})


def test_who_is_newly_let_in_is_told_with_all_that_the_role_reaches(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*stack(monkeypatch, tmp_path, {}, {"trust": BOTH}), "--from", "state"]) == 1
    output = capsys.readouterr().out
    assert output.splitlines() == [
        "+ staging:user/Other may sts:AssumeRole production:role/StageRole",
        "+ staging:user/Other through production:role/StageRole may:",
        "    s3:GetBucketLocation, s3:ListBucket production-test-bucket-101",
        "    s3:GetObject production-test-bucket-101/*",
        "access widens in 3, from state to preview",
    ]
    assert main([*stack(monkeypatch, tmp_path, {"trust": BOTH}, {}), "--from", "state"]) == 0
    assert capsys.readouterr().out.count("- staging:user/Other ") == 2


def test_circumstances_are_told_once_a_block(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ends = {"Condition": {"DateLessThan": {"aws:CurrentTime": "2099-01-01T00:00:00Z"}}}
    trust = policy(TRUST | {"Condition": {**TRUST["Condition"], **ends["Condition"]}})
    after = {"trust": trust, "role": policy(LIST | ends, READ | ends)}
    before = {"trust": trust, "role": policy()}
    assert main([*stack(monkeypatch, tmp_path, before, after), "--from", "state"]) == 1
    output = capsys.readouterr().out
    assert output.count("aws:CurrentTime before") == 1
    assert "    s3:GetObject production-test-bucket-101/*" in output.splitlines()


def test_markdown_for_a_pull_request(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lying(monkeypatch)
    assert main([*stack(monkeypatch, tmp_path, {}, MORE), "--markdown"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "**Access: access widens in 1, from live to preview**",
        "",
        "- **+** staging:user/StageAdmin through `production:role/StageRole`",
        "  - `s3:PutObject` on `production-test-bucket-101/*`",
    ]


def test_what_others_gave_an_adopted_user_is_no_change(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def adopted() -> list[Any]:
        return [each for each in walkthrough() if each["type"] != "aws:iam/user:User"]

    found = inventory_of(resources_of_state(export(adopted())))
    own = {"assume-StageRole": policy(ASSUME), "theirs": policy(allow("s3:*", "*"))}
    found = replace(found, users={USER: {"policies": own}})
    monkeypatch.setattr(sources, "live", lambda _known: found)
    monkeypatch.setenv("PATH", pulumi_with(tmp_path, adopted()))
    assert main(["diff", "--cwd", str(tmp_path)]) == 0
    assert capsys.readouterr().out == "no change in access, from live to preview\n"


def test_two_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_text(json.dumps(export(walkthrough())))
    new.write_text(json.dumps(preview(walkthrough(**MORE))))
    assert main(["diff", "--from", str(old), "--to", str(new)]) == 1
    assert f"+ {ADDED}" in capsys.readouterr().out


def test_json_lists_every_action(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    after = {"role": policy(LIST, allow("s3:Get*", f"{BUCKET}/*"))}
    words = [*stack(monkeypatch, tmp_path, {}, after), "--from", "state"]
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
    output = capsys.readouterr().err
    assert "nope" in output
    assert output.count("\n") == 1


def test_control_characters_of_documents_are_shown_and_not_carried_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    value = "\x1b[2K\u202eevil\nfirst\ud800\x9b"
    hostile = READ | {"Condition": {"StringEquals": {"aws:PrincipalTag/x": value}}, "Sid": value}
    documents = {"role": policy(LIST, hostile)}
    where = ["--cwd", str(tmp_path)]
    names = ("staging:user/StageAdmin", "s3:GetObject", "production-test-bucket-101/x")
    for words in (
        ["diff", "--from", "state"],
        ["diff", "--from", "state", "--markdown"],
        ["explain", *names, "--from", "state"],
        ["explain", *names, "--from", "state", "--context", f"aws:PrincipalTag/x={value}"],
        ["who-can", *names[1:], "--from", "state"],
        ["can", names[0], "--from", "state"],
        *(["map", "--format", kind] for kind in ("mermaid", "svg", "html")),
        ["lint"],
    ):
        stack(
            monkeypatch, tmp_path, {"role": policy()} if "diff" in words else documents, documents
        )
        assert main([*words, *where]) < 3 or "explain" in words
        output = capsys.readouterr()
        for text in (output.out, output.err):
            assert not set(text) & set("\x1b\u202e\ud800\x9b"), words
        if words[0] in ("diff", "who-can", "can"):
            assert "evil" in output.out
            assert "nfirst" in output.out


def exchanged(monkeypatch: pytest.MonkeyPatch, folder: Path) -> list[str]:
    """A preview that takes a statement out of one policy and puts it into another, in three steps.

    Between the first and the last the role has it by neither.
    """
    before = walkthrough()
    arn = "arn:aws:iam::111122223333:policy/StageRoleAccess"
    (role_policy,) = (each for each in before if each["type"] == "aws:iam/policy:Policy")
    (attached,) = (each for each in before if "AttachmentsExclusive" in each["type"])
    second = json.loads(json.dumps(role_policy).replace("stage-admin", "stage-admin.2"))
    second["inputs"] |= {"name": "StageRoleAccess-2", "policy": json.dumps(policy(READ))}
    second["outputs"] = {"arn": f"{arn}-2"}
    steps = [
        {"op": "same", "urn": each["urn"], "oldState": each, "newState": each} for each in before
    ]

    def update(resource: Any, **inputs: Any) -> dict[str, Any]:
        new = {**resource, "inputs": {**resource["inputs"], **inputs}}
        return {"op": "update", "urn": resource["urn"], "oldState": resource, "newState": new}

    steps += [
        update(role_policy, policy=json.dumps(policy(LIST))),
        {"op": "create", "urn": second["urn"], "newState": second},
        update(attached, policyArns=[arn, f"{arn}-2"]),
    ]
    monkeypatch.setenv("PATH", pulumi_that_prints(folder, export(before), {"steps": steps}))
    return ["diff", "--cwd", str(folder)]


def test_what_is_gone_for_a_moment_is_told_beforehand(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lying(monkeypatch)
    words = exchanged(monkeypatch, tmp_path)
    assert main(words) == 0
    assert capsys.readouterr().out.splitlines() == [
        "for a moment of the deployment only, until its last write:",
        "- production:role/StageRole may s3:GetObject production-test-bucket-101/*",
        "no change in access, from live to preview",
    ]
    assert main([*words, "--json"]) == 0
    (gone,) = json.loads(capsys.readouterr().out)["narrowerForAMoment"]
    assert (gone["effect"], gone["actions"]) == ("narrows", ["s3:GetObject"])
    assert main([*words, "--markdown"]) == 0
    assert "for a moment of the deployment only" in capsys.readouterr().out


def test_nothing_is_gone_for_a_moment_where_one_document_changes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lying(monkeypatch)
    words = stack(monkeypatch, tmp_path, {}, MORE)
    main([*words, "--json"])
    assert json.loads(capsys.readouterr().out)["narrowerForAMoment"] == []


def test_a_deployment_without_a_step_takes_nothing_away() -> None:
    only = inventory_of(resources_of_state(export(walkthrough())))
    assert narrower_for_a_moment([only]) == []
