"""The environment that the sandbox gives, without starting anything."""

import fcntl
import os
import sys
from pathlib import Path

import pytest

from cross_account_access.dev import toolchain
from cross_account_access.dev.sandbox import box as box_module
from cross_account_access.dev.sandbox import plugin
from cross_account_access.dev.sandbox.box import Sandbox
from cross_account_access.dev.sandbox.emulator import Emulator
from cross_account_access.dev.sandbox.errors import SandboxError


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    monkeypatch.setattr(toolchain, "pulumi", lambda: Path("/tools/pulumi"))
    monkeypatch.setattr(toolchain, "aws_cli", lambda: Path("/tools/aws"))
    emulator = Emulator(
        https_endpoint="https://127.0.0.1:1", http_endpoint="http://127.0.0.1:2", secret="secret"
    )
    return Sandbox(
        production="111111111111", staging="222222222222", folder=tmp_path, emulator=emulator
    )


@pytest.mark.parametrize(
    "name",
    [
        *("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
        *("AWS_SECURITY_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ROLE_ARN"),
        *("AWS_ENDPOINT_URL_S3", "PULUMI_ACCESS_TOKEN", "PULUMI_CONFIG_PASSPHRASE_FILE"),
        "PULUMI_STACK",
    ],
)
def test_nothing_of_the_caller_s_identity_is_passed_on(
    box: Sandbox, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "the caller's")

    assert name not in box.environment


def test_points_every_tool_at_the_two_accounts(box: Sandbox, tmp_path: Path) -> None:
    environment = box.environment

    assert environment["AWS_ENDPOINT_URL"] == "https://127.0.0.1:1"
    assert environment["SANDBOX_PLAIN_HTTP_ENDPOINT"] == "http://127.0.0.1:2"
    assert environment["AWS_EC2_METADATA_DISABLED"] == "true"
    assert environment["PULUMI_SKIP_UPDATE_CHECK"] == "true"
    assert environment["PULUMI_CONFIG_PASSPHRASE"]
    assert environment["PULUMI_BACKEND_URL"].startswith("file://")
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE", "AWS_CA_BUNDLE", "PULUMI_HOME"):
        assert Path(environment[name]).is_relative_to(tmp_path)


def test_the_tools_come_before_the_caller_s_own(
    box: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/usr/bin")

    path = box.environment["PATH"].split(os.pathsep)

    assert path == [str(Path(sys.executable).parent), "/tools/pulumi", "/tools/aws", "/usr/bin"]


def test_the_rest_of_the_environment_stays(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDITOR", "ed")

    assert box.environment["EDITOR"] == "ed"


def test_rejects_a_folder_that_another_run_uses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(box_module, "_LOCK_SECONDS", 0.0)
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        with (
            pytest.raises(SandboxError, match="another run uses this folder"),
            Sandbox.start(production="111111111111", staging="222222222222", state=tmp_path),
        ):
            pass


def test_rejects_a_folder_of_other_accounts(tmp_path: Path) -> None:
    (tmp_path / "accounts").write_text("333333333333,444444444444")

    with (
        pytest.raises(SandboxError, match="keeps the accounts 333333333333,444444444444"),
        Sandbox.start(production="111111111111", staging="222222222222", state=tmp_path),
    ):
        pass


def test_rejects_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with (
        pytest.raises(SandboxError, match="cannot use this folder"),
        Sandbox.start(
            production="111111111111", staging="222222222222", state=tmp_path / "file" / "state"
        ),
    ):
        pass


def test_the_stand_in_is_the_plugin_unless_the_official_one_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with plugin.installed(tmp_path, tmp_path, preloaded=False):
        (command,) = tmp_path.glob("plugins/resource-aws-v*/pulumi-resource-aws")
        assert os.access(command, os.X_OK)

    monkeypatch.setenv("SANDBOX_PROVIDER", "official")
    with plugin.installed(tmp_path, tmp_path, preloaded=True):
        assert list(tmp_path.glob("plugins/*")) == []
