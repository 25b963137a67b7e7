"""`access-sandbox`, run as a user runs it, on the emulated accounts."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cross_account_access.dev import toolchain
from cross_account_access.dev.toolchain import aws_command, pulumi_cli

REPOSITORY = Path(__file__).parents[3]
ACCOUNTS = ("--accounts", "111111111111,222222222222")
FIRST = """
import json, os
import boto3
from botocore.exceptions import ClientError

told = {"who": [], "folders": [os.environ["HOME"], os.environ["XDG_CACHE_HOME"]]}
for profile in ("ProductionAccountAdmin", "StagingAccountAdmin"):
    session = boto3.Session(profile_name=profile)
    arn = session.client("sts").get_caller_identity()["Arn"]
    told["who"].append([arn, session.region_name])

session.client("iam").create_user(UserName="kept")

session = boto3.Session(profile_name="ProductionAccountAdmin")
s3 = session.client("s3")
s3.create_bucket(Bucket="tls", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:ListBucket",
        "Resource": "arn:aws:s3:::tls", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
policy = {"Version": "2012-10-17", "Statement": deny}
s3.put_bucket_policy(Bucket="tls", Policy=json.dumps(policy))
s3.list_objects_v2(Bucket="tls")
plain = session.client("s3", endpoint_url=os.environ["SANDBOX_PLAIN_HTTP_ENDPOINT"])
try:
    plain.list_objects_v2(Bucket="tls")
except ClientError as error:
    told["plain"] = error.response["Error"]["Code"]

trust = {"Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": "sts:AssumeRole"}
document = json.dumps({"Version": "2012-10-17", "Statement": trust})
role = session.client("iam").create_role(RoleName="Kept", AssumeRolePolicyDocument=document)
made = session.client("sts").assume_role(RoleArn=role["Role"]["Arn"], RoleSessionName="kept")
told["session"] = [made["Credentials"][name]
                   for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")]

with open("Pulumi.prod.yaml", "a") as file:
    file.write("encryptionsalt: v1\\n")
open("import.json", "w").close()
print(json.dumps(told))
raise SystemExit(7)
"""
SECOND = """
import json, os, signal, sys
import boto3
key, secret, token = sys.argv[1:]
sts = boto3.client("sts", "us-west-2", aws_access_key_id=key, aws_secret_access_key=secret,
                   aws_session_token=token)
iam = boto3.Session(profile_name="StagingAccountAdmin").client("iam")
users = [user["UserName"] for user in iam.list_users()["Users"]]
print(json.dumps({"session": sts.get_caller_identity()["Arn"], "users": users}), flush=True)
os.kill(os.getpid(), signal.SIGTERM)
"""
USERS = """
import boto3
iam = boto3.Session(profile_name="StagingAccountAdmin").client("iam")
print(*(user["UserName"] for user in iam.list_users()["Users"]))
"""


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder beside tools that are made of empty files, since no test here needs them."""
    folder = tmp_path_factory.mktemp("workplace")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(toolchain.FOLDER_VARIABLE, str(folder / "tools"))
        for tool in (pulumi_cli._tool(""), aws_command._tool()):
            for name in tool.executables:
                (tool.folder / name).parent.mkdir(parents=True, exist_ok=True)
                (tool.folder / name).touch(0o755)
    return folder


def environment(workplace: Path) -> dict[str, str]:
    tools = str(workplace / "tools")
    return {**os.environ, "PYTHONPATH": str(REPOSITORY), toolchain.FOLDER_VARIABLE: tools}


def start(workplace: Path, *arguments: str, folder: Path | None = None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "cross_account_access.dev.sandbox", *arguments],
        cwd=folder or workplace,
        env=environment(workplace),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(workplace: Path, *arguments: str, folder: Path | None = None) -> tuple[int, str, str]:
    with start(workplace, *arguments, folder=folder) as process:
        try:
            output, errors = process.communicate(timeout=60)
        finally:
            process.kill()
    return process.returncode, output, errors


@dataclass(frozen=True)
class Runs:
    """Two runs with the same state."""

    first: dict[str, Any]
    second: dict[str, Any]
    statuses: tuple[int, int]
    credentials: tuple[str, str]
    """The file of them after each run."""
    project: Path
    state: Path


@pytest.fixture(scope="module")
def runs(workplace: Path, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """In a project that is not to be written into."""
    project, state = (tmp_path_factory.mktemp(name) for name in ("project", "state"))
    (project / "Pulumi.prod.yaml").write_text("config: {}\n")
    (project / "Pulumi.yaml").write_text("name: any\n")
    options = ("run", *ACCOUNTS, "--state", str(state), "--", sys.executable, "-c")
    file = state / "aws" / "credentials"

    status, output, errors = run(workplace, *options, FIRST, folder=project)
    assert errors == ""
    first, before = json.loads(output), file.read_text()
    again, output, errors = run(workplace, *options, SECOND, *first["session"], folder=project)
    assert errors == ""
    credentials = (before, file.read_text())
    return Runs(first, json.loads(output), (status, again), credentials, project, state)


def test_each_profile_is_the_administrator_of_its_account(runs: Runs) -> None:
    assert runs.first["who"] == [
        ["arn:aws:iam::111111111111:user/ProductionAdministrator", "us-west-2"],
        ["arn:aws:iam::222222222222:user/StagingAdministrator", "us-west-2"],
    ]


def test_a_policy_that_wants_tls_is_obeyed_on_both_endpoints(runs: Runs) -> None:
    assert runs.first["plain"] == "AccessDenied"


def test_state_is_kept_with_its_keys_and_readable_by_its_owner_alone(runs: Runs) -> None:
    assert "kept" in runs.second["users"]
    before, after = runs.credentials
    assert before == after
    assert stat.S_IMODE((runs.state / "aws" / "credentials").stat().st_mode) == 0o600


def test_a_session_of_a_role_outlives_the_run(runs: Runs) -> None:
    assert runs.second["session"] == "arn:aws:sts::111111111111:assumed-role/Kept/kept"


def test_sessions_that_commands_keep_stay_in_the_sandbox(runs: Runs) -> None:
    assert runs.first["folders"] == [str(runs.state / "home"), str(runs.state / "caches")]


def test_pulumi_finds_a_project_to_write_into(runs: Runs) -> None:
    names = sorted(path.name for path in runs.project.iterdir())
    assert names == ["Pulumi.prod.yaml", "Pulumi.yaml"]
    assert (runs.project / "Pulumi.prod.yaml").read_text() == "config: {}\n"
    assert (runs.state / "project" / "import.json").exists()


def test_returns_the_status_of_the_command(runs: Runs) -> None:
    assert runs.statuses == (7, 128 + signal.SIGTERM)


def test_a_command_that_is_not_there_is_one_line(workplace: Path) -> None:
    status, _, errors = run(workplace, "run", *ACCOUNTS, "--", "no-such-command")

    assert (status, errors) == (127, "sandbox: no-such-command: command not found\n")


def test_a_shell_says_what_can_be_typed_and_returns_its_status(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = workplace / "shell"
    shell.write_text("#!/bin/sh\ngrep -l sandbox ~/.bashrc ~/.zshrc; exit 3\n")
    shell.chmod(0o755)
    monkeypatch.setenv("SHELL", str(shell))

    status, output, _ = run(workplace, "shell", *ACCOUNTS)

    assert status == 3
    assert "Production 111111111111, Staging 222222222222" in output
    assert "pulumi up" in output
    assert "access verify" in output
    *told, bash, zsh = output.splitlines()
    assert len(told) <= 24
    assert (bash.rpartition("/")[2], zsh.rpartition("/")[2]) == (".bashrc", ".zshrc")


def test_a_reset_leaves_two_administrators_and_nothing_else(workplace: Path) -> None:
    script = """
import subprocess, sys
from pathlib import Path
from cross_account_access.dev.sandbox.box import Sandbox
USERS = sys.argv[1]
with Sandbox.start(production="111111111111", staging="222222222222") as box:
    def ask(script):
        subprocess.run([sys.executable, "-c", script], env=box.environment, check=True)
    ask(USERS + "iam.create_user(UserName='left')")
    box.reset()
    ask(USERS)
"""
    done = subprocess.run(
        [sys.executable, "-c", script, USERS],
        cwd=workplace,
        env=environment(workplace),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert done.stderr == ""
    assert done.stdout.splitlines()[-1] == "StagingAdministrator"


def emulators_of(folder: Path) -> list[int]:
    """Processes that serve the state in the folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if (
            b"cross_account_access.dev.sandbox.serving" in command
            and str(folder).encode() in command
        ):
            found.append(int(process.name))
    return found


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="reads /proc")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_when_it_is_told_to_stop_or_killed(
    workplace: Path, tmp_path: Path, number: signal.Signals
) -> None:
    make = USERS + "import time\niam.create_user(UserName='kept')\nprint('made', flush=True)\n"
    script = make + "time.sleep(60)\n"
    with start(
        workplace, "run", *ACCOUNTS, "--state", str(tmp_path), "--", sys.executable, "-c", script
    ) as process:
        assert process.stdout is not None
        while "made" not in process.stdout.readline():
            assert process.poll() is None
        assert emulators_of(tmp_path) != []
        process.send_signal(number)
        process.wait(timeout=20)

    deadline = time.monotonic() + 10
    while emulators_of(tmp_path) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert emulators_of(tmp_path) == []
    saved = json.loads((tmp_path / "emulator" / "state" / "iam.json").read_text())
    assert "kept" in json.dumps(saved)
