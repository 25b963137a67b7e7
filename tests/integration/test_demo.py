"""The demo as a person runs it: what it shows, what it hides, and how it ends."""

import configparser
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from cross_account_access.dev.toolchain.cache import cache_folder
from tests.support.deployment import PROJECT, ROOT

EVIDENCE = [
    "$ pulumi stack init prod",
    "$ pulumi up --yes --skip-preview",
    "aws:iam:Role access-stage-admin created",
    "22 created",
    "$ pulumi stack output",
    "ok  production-test-bucket-101 and StageRole in Production, StageAdmin in Staging",
    "| aws configure --profile StageAdmin >/dev/null",
    "$ aws sts assume-role --role-arn arn:aws:iam::111122223333:role/StageRole",
    "$ aws s3api head-object --bucket production-test-bucket-101 --key Sunset.jpg",
    "$ aws s3api get-object --bucket production-test-bucket-101 --key Sunset.jpg SunsetStage.jpg",
    "ok  StageAdmin became arn:aws:sts::111122223333:assumed-role/StageRole/test",
    "ok  SunsetStage.jpg is what was stored as Sunset.jpg, byte for byte",
    "(AccessDenied) when calling the PutObject operation",
    "ok  refused: the role may read, not write",
    "(AccessDenied) when calling the DeleteObject operation",
    "ok  refused: the role may not delete",
    "(AccessDenied) when calling the GetObject operation: User: arn:aws:iam::444455556666:user/",
    "ok  refused: StageAdmin without the role",
    "(AccessDenied) when calling the AssumeRole operation",
    "ok  refused: StageColleague may not have the role",
    "(AccessDenied) when calling the GetObject operation: User: arn:aws:iam::111122223333:user/",
    "ok  refused: plain HTTP, even to the administrator of Production",
    "$ access prove",
    "proved: documents allow what is declared and nothing more",
    "$ access who-can s3:GetObject s3://production-test-bucket-101/Sunset.jpg",
    "staging:user/StageAdmin  production:role/StageRole",
    "$ access diff",
    "s3:PutObject production-test-bucket-101/*",
    "access widens",
    "ok  with status 1, so that a pipeline stops there",
    "$ aws iam attach-role-policy --role-name StageRole",
    "$ aws s3api put-public-access-block",
    "$ pulumi preview --diff",
    '+ [1]: "arn:aws:iam::aws:policy/AdministratorAccess"',
    "~ blockPublicPolicy: false => true",
    "2 to update",
    "$ pulumi up --yes --skip-preview",
    "2 updated",
    "ok  both accounts are as declared again",
    "and everything is stopped",
    "README.md",
]
"""What a reader must have seen, in this order."""


@contextmanager
def running(checkout: Path, temporary: Path) -> Iterator["subprocess.Popen[str]"]:
    """The demo in a pipe, with temporary files and a home of its own."""
    temporary.mkdir()
    home = temporary.with_name("home")
    home.mkdir()
    environment = {
        "TMPDIR": str(temporary),
        "HOME": str(home),
        "XDG_CACHE_HOME": str(cache_folder().parent),  # set-up is not what is tested here
    }
    with subprocess.Popen(
        [sys.executable, "-m", "cross_account_access.dev.demo"],
        cwd=checkout,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()
    assert list(home.iterdir()) == [], "what the AWS CLI caches would outlive the accounts"


def lines(process: "subprocess.Popen[str]") -> Iterator[str]:
    assert process.stdout is not None
    yield from process.stdout


def secrets_in(temporary: Path) -> set[str]:
    found = set()
    for path in temporary.glob("sandbox-*/aws/credentials"):
        parser = configparser.RawConfigParser()
        parser.read(path)
        found |= {parser[name]["aws_secret_access_key"] for name in parser.sections()}
    return found


def left_behind(temporary: Path) -> list[str]:
    """Files of the demo, and processes that were started with its temporary folder."""
    own = f"TMPDIR={temporary}".encode()
    processes = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if own in (entry / "environ").read_bytes().split(b"\0"):
                processes.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:  # it has ended, or is somebody else's
            continue
    return [*processes, *(path.name for path in temporary.iterdir())]


def test_the_demo_shows_every_step_and_no_secret(tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    stack_file = (ROOT / "Pulumi.prod.yaml").read_bytes()
    secrets: set[str] = set()
    output = []
    with running(ROOT, temporary) as process:
        for line in lines(process):
            output.append(line)
            secrets |= secrets_in(temporary)
        status = process.wait()
    text = "".join(output)
    assert status == 0, text
    rest = text
    for evidence in EVIDENCE:
        assert evidence in rest, f"{evidence} not in\n{text}"
        rest = rest.partition(evidence)[2]

    assert len(secrets) >= 4, "two administrators, the consumer and a colleague"
    assert not [secret for secret in secrets if secret in text]
    assert not re.search('SessionToken|SecretAccessKey"', text)
    assert not re.search(r"(AKIA|ASIA)\w{12}", text)

    assert not re.search(r"[\x1b\r]", text), "colours and redrawn lines are for terminals"
    assert (ROOT / "Pulumi.prod.yaml").read_bytes() == stack_file
    assert left_behind(temporary) == []


def test_ctrl_c_stops_everything_with_one_line(tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    output = []
    with running(ROOT, temporary) as process:
        for line in lines(process):
            output.append(line)
            if "aws:s3:Bucket " in line and " created" in line:
                process.send_signal(signal.SIGINT)
        status = process.wait()
    assert status == 128 + signal.SIGINT
    assert output[-1] == "demo: interrupted; everything is stopped\n"
    assert "Traceback" not in "".join(output)
    assert left_behind(temporary) == []


@pytest.fixture
def too_generous(tmp_path: Path) -> Path:
    """A checkout whose stack prod lets the role write."""
    checkout = tmp_path / "checkout"
    shutil.copytree(ROOT, checkout, ignore=shutil.ignore_patterns(".*", "__pycache__", "tests"))
    path = checkout / "Pulumi.prod.yaml"
    content = yaml.safe_load(path.read_text())
    content["config"][f"{PROJECT}:grants"][0]["levels"] = ["list", "read", "write"]
    path.write_text(yaml.safe_dump(content))
    return checkout


def test_the_demo_fails_where_the_role_can_do_more_than_is_promised(
    too_generous: Path, tmp_path: Path
) -> None:
    temporary = tmp_path / "temporary"
    with running(too_generous, temporary) as process:
        output = list(lines(process))
        status = process.wait()
    assert status == 1
    what, why = output[-2:]
    assert what.startswith("demo: this command should be refused with AccessDenied: aws s3api put-")
    assert why.startswith("it ended with status 0 and said: ")
    assert "Traceback" not in "".join(output)
    assert left_behind(temporary) == []
