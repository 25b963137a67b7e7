"""`access revoke`: what it writes on AWS and into the stack file, and what it tells."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from cross_account_access.command.cli import main
from cross_account_access.command.verbs import revoke
from cross_account_access.errors import UncheckedError
from cross_account_access.stack import Stack, resources_of_state
from tests.support.deployment import ROOT, deploy, stack_values
from tests.support.proof import deployed
from tests.support.states import TRUST, export, policy, providers

ROLE, POLICY = "StageRole", "revoked-sessions"


@pytest.fixture
def iam(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, empty_account: boto3.Session) -> Any:
    """Production with the role, and a folder with the stack file."""
    shutil.copy2(ROOT / "Pulumi.prod.yaml", tmp_path)
    monkeypatch.setattr(Stack, "outputs", lambda _: deployed("prod").outputs)
    monkeypatch.setattr(Stack, "state", lambda _: resources_of_state(export(providers())))
    monkeypatch.setattr(revoke, "session_of", lambda _: empty_account)
    client = empty_account.client("iam")
    client.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(policy(TRUST)))
    return client


def run(folder: Path, *words: str) -> int:
    return main(["revoke", "--stack", "prod", "--cwd", str(folder), *words])


def moment(folder: Path) -> str | None:
    config = yaml.safe_load((folder / "Pulumi.prod.yaml").read_text())["config"]
    found: str | None = config["cross-account-access:consumers"][0]["role"].get("revoked_before")
    return found


def test_older_sessions_are_denied_everything_on_aws_and_in_the_stack_file(
    iam: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    document = iam.get_role_policy(RoleName=ROLE, PolicyName=POLICY)["PolicyDocument"]
    (statement,) = document["Statement"]
    assert (statement["Effect"], statement["Action"], statement["Resource"]) == (
        "Deny",
        ["*"],
        ["*"],
    )
    assert statement["Condition"] == {"DateLessThan": {"aws:TokenIssueTime": [told["moment"]]}}
    assert moment(tmp_path) == told["moment"]
    assert told["ended"] == ["stage-admin"]


def test_the_next_up_writes_the_very_same_policy(iam: Any, tmp_path: Path) -> None:
    run(tmp_path)
    consumers = json.loads(stack_values("prod")["consumers"])
    consumers[0]["role"]["revoked_before"] = moment(tmp_path)
    deployment = deploy(stack_values("prod", consumers=consumers))
    made = next(
        each
        for each in deployment.of_type("aws:iam/rolePolicy:RolePolicy")
        if each.inputs["name"] == POLICY
    )
    written = iam.get_role_policy(RoleName=ROLE, PolicyName=POLICY)["PolicyDocument"]
    assert json.loads(made.inputs["policy"]) == written
    assert made.inputs["role"] == ROLE
    exclusive = deployment.one("aws:iam/rolePoliciesExclusive:RolePoliciesExclusive")
    assert exclusive.inputs["policyNames"] == [POLICY]


def test_a_verb_takes_it_back(iam: Any, tmp_path: Path) -> None:
    before = (tmp_path / "Pulumi.prod.yaml").read_text()
    run(tmp_path)
    assert run(tmp_path, "--undo") == 0
    assert iam.list_role_policies(RoleName=ROLE)["PolicyNames"] == []
    assert (tmp_path / "Pulumi.prod.yaml").read_text() == before
    assert run(tmp_path, "--undo") == 0


def test_long_lived_keys_are_told_with_what_ends_them(
    iam: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del iam
    run(tmp_path)
    (line,) = (each for each in capsys.readouterr().out.splitlines() if "not touched" in each)
    assert "access keys of user StageAdmin" in line
    assert "update-access-key --user-name StageAdmin --status Inactive" in line


def test_a_stack_file_that_cannot_be_edited_is_told_with_the_setting(
    iam: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "Pulumi.prod.yaml").write_text("config: {}\n")
    assert run(tmp_path) == 1
    assert iam.list_role_policies(RoleName=ROLE)["PolicyNames"] == [POLICY]
    told = capsys.readouterr().out
    assert 'add revoked_before: "' in told
    assert "the next `pulumi up` undoes this" in told


def test_what_aws_refuses_is_told_and_not_written(
    iam: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    iam.delete_role(RoleName=ROLE)
    assert run(tmp_path) == 3
    assert "NoSuchEntity" in capsys.readouterr().err
    assert moment(tmp_path) is None


def test_credentials_of_another_account_change_nothing(
    iam: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def other(_: object) -> None:
        message = "profile X holds credentials of account 9"
        raise UncheckedError(message)

    monkeypatch.setattr(revoke, "session_of", other)
    assert run(tmp_path) == 3
    assert iam.list_role_policies(RoleName=ROLE)["PolicyNames"] == []
    assert moment(tmp_path) is None


def test_a_consumer_that_is_not_there_is_told_with_one_that_is(
    iam: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    del iam
    assert run(tmp_path, "--consumer", "stage-admn") == 2
    assert "did you mean stage-admin?" in capsys.readouterr().err
