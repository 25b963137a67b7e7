"""`access` as the process that a shell, the AWS SDK or a profile starts; STS is a stand-in."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from cross_account_access.credentials.aws_files import AwsFile
from tests.support.ambient import leave_ambient_aws
from tests.support.deployment import ACCESS, deploy, stack_values
from tests.support.stand_in_sts import Sts, access_key_of, serving_sts

CREDENTIALS = "[StageAdmin]\naws_access_key_id = AKIASTAGE\naws_secret_access_key = own-s3cr3t\n"
BY_ARN = (
    "credentials", "--role-arn=arn:aws:iam::111122223333:role/StageRole", "--profile=StageAdmin",
    "--region=us-west-2", "--session-name=ci",
)  # fmt: skip
SHOW = (
    "import json, os; print(json.dumps("
    "{k: v for k, v in os.environ.items() if k.startswith('AWS_')}))"
)
TRAP = "import pathlib; pathlib.Path(__file__.rpartition('hostile')[0], 'hostile', 'ran').touch()\n"


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The credentials file of a person who has the user's key."""
    leave_ambient_aws(monkeypatch, tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = tmp_path / "credentials"
    path.write_text(CREDENTIALS)
    path.chmod(0o600)
    return path


@pytest.fixture(autouse=True)
def sts(monkeypatch: pytest.MonkeyPatch, credentials: Path) -> Iterator[Sts]:
    assert credentials.exists()
    stand_in = Sts()
    with serving_sts(stand_in) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        yield stand_in


@pytest.fixture(scope="module")
def outputs_file(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("outputs") / "outputs.json"
    path.write_text(json.dumps(deploy(stack_values("prod")).outputs))
    return str(path)


def run(
    *command: str, cwd: Path | None = None, more: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **(more or {})},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def executed(outputs_file: str, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    return run(ACCESS, "exec", "--outputs", outputs_file, *words, more=more)


def installed(outputs_file: str, *words: str) -> str:
    """The `credential_process` of a profile that has been installed."""
    install = ("profile", "--process", "--install", "--yes", "--outputs", outputs_file)
    ran = run(ACCESS, *install, *words)
    assert ran.returncode == 0, ran.stderr
    return (AwsFile.config().profile("StageRole") or {})["credential_process"]


# One command with a session.


def test_the_command_has_the_session_and_nobody_elses_credentials(
    sts: Sts, outputs_file: str, tmp_path: Path
) -> None:
    before = sorted(tmp_path.rglob("*"))
    ran = executed(
        outputs_file, "--", sys.executable, "-c", SHOW,
        AWS_PROFILE="work", AWS_SECURITY_TOKEN="stale",
        AWS_ROLE_ARN="x", AWS_WEB_IDENTITY_TOKEN_FILE="x",
    )  # fmt: skip
    given = json.loads(ran.stdout)
    assert (given["AWS_ACCESS_KEY_ID"], given["AWS_SECRET_ACCESS_KEY"]) == ("ASIA1", "s3cr3t")
    assert given["AWS_SESSION_TOKEN"] == "t0k3n"
    assert given["AWS_REGION"] == given["AWS_DEFAULT_REGION"] == "us-west-2"
    left = {"AWS_PROFILE", "AWS_SECURITY_TOKEN", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"}
    assert not left & given.keys()
    assert "s3cr3t" not in ran.stderr
    assert sorted(tmp_path.rglob("*")) == before
    assert sts.assumed[0]["RoleSessionName"] == "stage-admin"


def test_the_end_of_the_command_is_the_end_of_ours(outputs_file: str) -> None:
    assert executed(outputs_file, "--", "sh", "-c", "exit 42").returncode == 42
    killed = executed(outputs_file, "--", "sh", "-c", "kill -TERM $$")
    assert killed.returncode == -signal.SIGTERM


def test_a_signal_reaches_the_command(outputs_file: str, tmp_path: Path) -> None:
    started = tmp_path / "started"
    script = f"trap 'exit 7' TERM; touch {started}; while :; do sleep 0.05; done"
    process = subprocess.Popen(
        [ACCESS, "exec", "--outputs", outputs_file, "--", "sh", "-c", script], env=os.environ
    )
    deadline = time.monotonic() + 60
    while not started.exists() and process.poll() is None:
        assert time.monotonic() < deadline, "the command was not started within a minute"
        time.sleep(0.02)
    process.terminate()
    assert process.wait(timeout=60) == 7


def test_options_behind_the_dashes_are_the_commands(outputs_file: str) -> None:
    ran = executed(outputs_file, "--", "echo", "--profile", "x", "--", "--json")
    assert ran.stdout == "--profile x -- --json\n"


def test_a_shell_takes_the_exported_session(sts: Sts, outputs_file: str) -> None:
    printed = executed(outputs_file, "--export").stdout
    shown = f'{printed}\nprintf "%s|%s" "$AWS_ACCESS_KEY_ID" "$AWS_PROFILE"'
    assert run("sh", "-c", shown, more={"AWS_PROFILE": "work"}).stdout == "ASIA1|"
    assert len(sts.assumed) == 1


# The credential process of a profile.


def test_the_installed_process_works_with_the_sdk_from_anywhere(
    sts: Sts, outputs_file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stated = ("--source-identity", "jo", "--tag", "team=two words")
    command = installed(outputs_file, *stated)
    monkeypatch.chdir("/")

    assert access_key_of("StageRole") == "ASIA1"
    assert access_key_of("StageRole") == "ASIA1"

    (asked,) = sts.assumed
    assert (asked["SourceIdentity"], asked["DurationSeconds"]) == ("jo", "3600")
    assert asked["Tags.member.1.Value"] == "two words"
    assert not re.search("s3cr3t|t0k3n|AKIA", command)


def test_the_reason_of_a_failed_process_reaches_the_person(
    outputs_file: str, credentials: Path
) -> None:
    installed(outputs_file)
    credentials.write_text(CREDENTIALS.replace("AKIASTAGE", "AKIADENIED"))
    with pytest.raises(Exception, match="AWS does not let profile StageAdmin assume") as caught:
        access_key_of("StageRole")
    assert "s3cr3t" not in str(caught.value)


def test_commands_at_the_same_time_share_one_session(sts: Sts) -> None:
    processes = [
        subprocess.Popen([ACCESS, *BY_ARN], stdout=subprocess.PIPE, env=os.environ)
        for _ in range(4)
    ]
    told = [json.loads(process.communicate(timeout=60)[0]) for process in processes]
    assert [each["AccessKeyId"] for each in told] == ["ASIA1"] * 4
    assert len(sts.assumed) == 1


# Where a person stands.


@pytest.fixture
def hostile(tmp_path: Path) -> Path:
    """A checkout of somebody else, which runs code as whoever imports a module from it."""
    folder = tmp_path / "hostile"
    for name in ("access", "boto3", "json", "sandbox", "cross_account_access"):
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text(TRAP)
    for name in ("argparse", "botocore", "rich", "sitecustomize"):
        (folder / f"{name}.py").write_text(TRAP)
    return folder


def test_the_installed_process_runs_nothing_of_the_folder_that_a_person_stands_in(
    outputs_file: str, hostile: Path
) -> None:
    ran = run(*shlex.split(installed(outputs_file)), cwd=hostile)
    assert json.loads(ran.stdout)["AccessKeyId"] == "ASIA1"
    assert not (hostile / "ran").exists()


def test_the_command_runs_nothing_of_the_folder_that_a_person_stands_in(hostile: Path) -> None:
    ran = run(ACCESS, "verify", "--help", cwd=hostile)
    assert ran.stdout.startswith("usage: access verify")
    assert not (hostile / "ran").exists()


# At the same time.


def test_logins_at_the_same_time_do_not_lose_each_other(credentials: Path) -> None:
    login = (
        "import sys; from cross_account_access.credentials.aws_files import AwsFile, write\n"
        "for turn in '12345':\n"
        "    write(sys.argv[1] + turn, (AwsFile.credentials(), lambda _: {'a': '1'}))"
    )
    logins = [
        subprocess.Popen([sys.executable, "-c", login, f"profile{number}x"], env=os.environ)
        for number in range(6)
    ]
    assert [process.wait(60) for process in logins] == [0] * 6

    text = credentials.read_text()
    assert text.startswith(CREDENTIALS)
    assert text.count("[profile") == 30
