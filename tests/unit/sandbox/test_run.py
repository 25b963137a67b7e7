"""`access-sandbox`, run as a user runs it, on the emulated accounts."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
ACCOUNTS = ("--accounts", "111111111111,222222222222")
WHO = """
import boto3
for profile in ("ProductionAccountAdmin", "StagingAccountAdmin"):
    session = boto3.Session(profile_name=profile)
    print(session.client("sts").get_caller_identity()["Arn"], session.region_name)
"""
USERS = """
import boto3
iam = boto3.Session(profile_name="StagingAccountAdmin").client("iam")
print(*(user["UserName"] for user in iam.list_users()["Users"]))
"""
ASSUME = """
import json
import boto3
session = boto3.Session(profile_name="ProductionAccountAdmin")
trust = {"Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": "sts:AssumeRole"}
document = json.dumps({"Version": "2012-10-17", "Statement": trust})
iam = session.client("iam")
role = iam.create_role(RoleName="Kept", AssumeRolePolicyDocument=document)["Role"]["Arn"]
answer = session.client("sts").assume_role(RoleArn=role, RoleSessionName="kept")["Credentials"]
print(answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"])
"""
TALK = """
import json, os, sys
import boto3
from botocore.exceptions import ClientError

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
    print(error.response["Error"]["Code"])
"""


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose toolchain is made of empty folders, since no test here needs the tools."""
    folder = tmp_path_factory.mktemp("workplace")
    (folder / "toolchain.py").write_text(
        "from pathlib import Path\n"
        "def pulumi(): return Path(__file__).parent\n"
        "def aws_cli(): return Path(__file__).parent\n"
        "def cache_folder(): return Path(__file__).parent / 'cache'\n"
    )
    return folder


def start(workplace: Path, *arguments: str, folder: Path | None = None) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": f"{workplace}{os.pathsep}{REPOSITORY}"}
    return subprocess.Popen(
        [sys.executable, "-m", "cross_account_access.dev.sandbox", *arguments],
        cwd=folder or workplace,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(workplace: Path, *arguments: str) -> tuple[int, str, str]:
    with start(workplace, *arguments) as process:
        output, errors = process.communicate(timeout=60)
    return process.returncode, output, errors


def run_python(workplace: Path, script: str, *options: str) -> str:
    status, output, errors = run(
        workplace, "run", *ACCOUNTS, *options, "--", sys.executable, "-c", script
    )
    assert (status, errors) == (0, "")
    return output


def test_each_profile_is_the_administrator_of_its_account(workplace: Path) -> None:
    assert run_python(workplace, WHO).splitlines() == [
        "arn:aws:iam::111111111111:user/ProductionAdministrator us-west-2",
        "arn:aws:iam::222222222222:user/StagingAdministrator us-west-2",
    ]


def test_a_policy_that_wants_tls_is_obeyed_on_both_endpoints(workplace: Path) -> None:
    assert run_python(workplace, TALK) == "AccessDenied\n"


def test_state_is_kept_with_its_keys_and_readable_by_its_owner_alone(
    workplace: Path, tmp_path: Path
) -> None:
    make = USERS + 'iam.create_user(UserName="kept")'
    run_python(workplace, make, "--state", str(tmp_path))
    credentials = tmp_path / "aws" / "credentials"
    before = credentials.read_text()

    assert "kept" in run_python(workplace, USERS, "--state", str(tmp_path)).split()
    assert credentials.read_text() == before
    assert stat.S_IMODE(credentials.stat().st_mode) == 0o600


def test_a_session_of_a_role_outlives_the_run(workplace: Path, tmp_path: Path) -> None:
    keys = run_python(workplace, ASSUME, "--state", str(tmp_path)).split()
    use = f"import boto3\nprint(boto3.client('sts', 'us-west-2', aws_access_key_id={keys[0]!r},"
    use += f" aws_secret_access_key={keys[1]!r}, aws_session_token={keys[2]!r})"
    use += ".get_caller_identity()['Arn'])"

    session = run_python(workplace, use, "--state", str(tmp_path))
    assert session == "arn:aws:sts::111111111111:assumed-role/Kept/kept\n"


def test_sessions_that_commands_keep_stay_in_the_sandbox(workplace: Path, tmp_path: Path) -> None:
    told = "import os; print(os.environ['HOME'], os.environ['XDG_CACHE_HOME'])"
    folders = run_python(workplace, told, "--state", str(tmp_path)).split()
    assert folders == [str(tmp_path / "home"), str(tmp_path / "caches")]


def test_pulumi_finds_a_project_to_write_into(workplace: Path, tmp_path: Path) -> None:
    project, state = tmp_path / "project", tmp_path / "state"
    project.mkdir()
    stack_file = project / "Pulumi.prod.yaml"
    stack_file.write_text("config: {}\n")
    (project / "Pulumi.yaml").write_text("name: any\n")
    append = "echo 'encryptionsalt: v1' >> Pulumi.prod.yaml; touch import.json"

    command = ("run", *ACCOUNTS, "--state", str(state), "--", "sh", "-c", append)
    with start(workplace, *command, folder=project) as process:
        assert process.communicate(timeout=60) == ("", "")

    assert sorted(path.name for path in project.iterdir()) == ["Pulumi.prod.yaml", "Pulumi.yaml"]
    assert stack_file.read_text() == "config: {}\n"
    assert (state / "project" / "import.json").exists()


@pytest.mark.parametrize(("script", "status"), [("exit 7", 7), ("kill -TERM $$", 143)])
def test_returns_the_status_of_the_command(workplace: Path, script: str, status: int) -> None:
    assert run(workplace, "run", *ACCOUNTS, "--", "sh", "-c", script)[0] == status


def test_a_command_that_is_not_there_is_one_line(workplace: Path) -> None:
    status, _, errors = run(workplace, "run", *ACCOUNTS, "--", "no-such-command")

    assert (status, errors) == (127, "sandbox: no-such-command: command not found\n")


def test_a_shell_says_what_can_be_typed_and_returns_its_status(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell = workplace / "shell"
    shell.write_text("#!/bin/sh\nexit 3\n")
    shell.chmod(0o755)
    monkeypatch.setenv("SHELL", str(shell))

    status, output, _ = run(workplace, "shell", *ACCOUNTS)

    assert status == 3
    assert "Production 111111111111, Staging 222222222222" in output
    assert "pulumi up" in output
    assert len(output.splitlines()) <= 24


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
        env={**os.environ, "PYTHONPATH": f"{workplace}{os.pathsep}{REPOSITORY}"},
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
