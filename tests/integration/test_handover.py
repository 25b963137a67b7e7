"""What the commands write serves the plain AWS CLI, programs and other projects."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from cross_account_access.dev.sandbox.box import Sandbox
from tests.support.deployment import ACCESS, ROOT
from tests.support.people import PRODUCTION_ADMIN, REGION, STAGING_ADMIN, admin, root
from tests.support.program import Program

BUCKET, KEY, CONTENT = "production-test-bucket-101", "Sunset.jpg", b"evening"
ROLE = "arn:aws:iam::111122223333:role/StageRole"
VENDOR = "777788889999"
OBJECT = ("--bucket", BUCKET, "--key", KEY)


@dataclass(frozen=True)
class Ran:
    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Person:
    """Somebody with AWS files of their own, who has the access command and the AWS CLI."""

    folder: Path
    environment: dict[str, str]

    def run(self, *command: str) -> Ran:
        ran = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return Ran(ran.returncode, ran.stdout, ran.stderr)

    def does(self, *command: str) -> str:
        """What a command that must succeed prints."""
        ran = self.run(*command)
        assert ran.status == 0, ran.err
        return ran.out

    def access(self, *words: str) -> Ran:
        return self.run(ACCESS, *words)

    def of_stack(self, verb: str, *words: str, stack: str = "prod") -> str:
        """What a verb that must succeed prints about a deployed stack."""
        ran = self.access(verb, "--cwd", self.environment["PROGRAM"], "--stack", stack, *words)
        assert ran.status == 0, ran.err
        return ran.out


@pytest.fixture(scope="module")
def own_key(deployed: Program) -> tuple[str, str]:
    """The access key that the administrator made for the user, and an object to read."""
    assert deployed.outputs()["roleArns"] == {"stage-admin": ROLE}
    s3 = admin(PRODUCTION_ADMIN).client("s3")
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=CONTENT)
    key = admin(STAGING_ADMIN).client("iam").create_access_key(UserName="StageAdmin")["AccessKey"]
    return key["AccessKeyId"], key["SecretAccessKey"]


@pytest.fixture
def person(deployed: Program, own_key: tuple[str, str], tmp_path: Path) -> Person:
    home = tmp_path / "home"
    (home / ".aws").mkdir(parents=True)
    environment = {
        **deployed.environment,
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "PYTHONPATH": str(ROOT),
        "PROGRAM": str(deployed.folder),
    }
    for variable in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        del environment[variable]
    someone = Person(tmp_path, environment)
    named = ("aws_access_key_id", "aws_secret_access_key", "region")
    for name, value in zip(named, (*own_key, REGION), strict=True):
        someone.does("aws", "configure", "set", name, value, "--profile", "StageAdmin")
    return someone


def reads(person: Person, profile: str) -> bool:
    person.does("aws", "s3api", "get-object", *OBJECT, "copy.jpg", "--profile", profile)
    return (person.folder / "copy.jpg").read_bytes() == CONTENT


def test_a_login_serves_the_aws_cli_until_the_logout(person: Person) -> None:
    credentials = person.folder / "home" / ".aws" / "credentials"
    before = credentials.read_bytes()

    output = person.of_stack("login")

    assert "arn:aws:sts::111122223333:assumed-role/StageRole/stage-admin" in output
    assert credentials.read_bytes().startswith(before)
    assert reads(person, "TempCred")
    refused = person.run("aws", "s3api", "delete-object", *OBJECT, "--profile", "TempCred")
    assert "AccessDenied" in refused.err
    assert "in account 111122223333" in person.access("status").out

    person.access("logout")
    assert credentials.read_bytes() == before
    assert "could not be found" in person.run("aws", "s3", "ls", "--profile", "TempCred").err
    assert person.access("status").status == 1


@pytest.mark.parametrize("way", [(), ("--process",)])
def test_an_installed_profile_serves_the_walkthroughs_proof(
    person: Person, deployed: Program, way: tuple[str, ...]
) -> None:
    person.of_stack("profile", "--install", "--yes", *way)
    for command in deployed.outputs()["proofCommands"]["stage-admin"].splitlines():
        person.does("sh", "-c", command)
    assert (person.folder / "SunsetStage.jpg").read_bytes() == CONTENT


def test_the_snippet_for_code_reads_the_object(person: Person) -> None:
    person.of_stack("profile", "--install", "--yes")
    snippets = re.findall(
        r"```python\n(.*?)```", (ROOT / "docs" / "from-code.md").read_text(), re.DOTALL
    )
    assert len(snippets) == 2
    person.does(sys.executable, "-W", "error", "-c", "\n".join(snippets))
    assert (person.folder / "SunsetStage.jpg").read_bytes() == CONTENT


def test_the_tests_of_a_handed_over_page_have_the_results_that_it_tells(
    person: Person, deployed: Program
) -> None:
    deployed.init("staging")
    bucket = deployed.settings("staging")["buckets"][0]["name"]
    vendor = {
        "name": "vendor",
        "third_party": {"account_id": VENDOR},
        "role": {"name": "VendorAccess"},
        "conditions": {"external_id": "vendor/7"},
    }
    grant = {"consumer": "vendor", "bucket": bucket, "levels": ["list", "read"]}
    deployed.set("staging", consumers=[vendor], grants=[grant])
    deployed.up("staging")
    admin(PRODUCTION_ADMIN).client("s3").put_object(Bucket=bucket, Key="Sunset.jpg")
    iam = root(VENDOR).client("iam")
    iam.create_user(UserName="Auditor")
    iam.attach_user_policy(
        UserName="Auditor", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
    )
    key = iam.create_access_key(UserName="Auditor")["AccessKey"]
    for name, value in (
        ("aws_access_key_id", key["AccessKeyId"]),
        ("aws_secret_access_key", key["SecretAccessKey"]),
    ):
        person.does("aws", "configure", "set", name, value, "--profile", "YOUR-PROFILE")

    page = person.of_stack("handover", "--contact", "me@example.com", stack="staging")
    (block,) = re.findall(r"```ini\n(.*?)```", page, re.DOTALL)
    (person.folder / "home" / ".aws" / "config").write_text(block)
    granted, refused, used = re.findall(r"```sh\n(.*?)```", page, re.DOTALL)

    for command in (*granted.splitlines(), *used.splitlines()):
        person.does("sh", "-c", command)
    without, wrong = refused.splitlines()
    for command in (without, wrong):
        assert "AccessDenied" in person.run("sh", "-c", command).err
    assert "head-object" in used


def test_rejects_a_role_that_is_gone_in_one_message(person: Person) -> None:
    gone = ROLE.replace("StageRole", "Gone")
    ran = person.access(
        "credentials", f"--role-arn={gone}", "--profile=StageAdmin", "--region=us-west-2",
        "--session-name=ci",
    )  # fmt: skip
    assert (ran.status, ran.out) == (1, "")
    first, _remedy = ran.err.splitlines()
    assert first.startswith(f"access: AWS does not let profile StageAdmin assume {gone}")


def test_the_parameter_store_gets_the_outputs_as_they_are(
    person: Person, deployed: Program
) -> None:
    commands = person.of_stack("outputs", "--format", "ssm")
    (person.folder / "commands.sh").write_text(commands)
    person.environment.update(
        {name: os.environ[name] for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")},
        AWS_PROFILE=STAGING_ADMIN,
    )
    wanted = [line for line in commands.splitlines() if "roleArns" in line or "Urls" in line]
    person.does("sh", "-ec", "\n".join(wanted))

    read = json.loads(
        person.does(
            "aws", "ssm", "get-parameters-by-path", "--recursive", "--path", "/cross-account-access"
        )
    )
    outputs = deployed.outputs()
    assert {item["Name"]: item["Value"] for item in read["Parameters"]} == {
        f"/cross-account-access/{name}/stage-admin": outputs[name]["stage-admin"]
        for name in ("roleArns", "switchRoleUrls")
    }


@pytest.fixture
def consumer_stack(deployed: Program, tmp_path: Path) -> Callable[[str], Program]:
    """Another project's stack beside ours in the same backend, with a passphrase of its own."""

    def copied(stack: str) -> Program:
        folder = tmp_path / "examples" / "consumer-stack"
        shutil.copytree(ROOT / "examples" / "consumer-stack", folder)
        (tmp_path / ".venv").symlink_to(sys.prefix)
        project = Program(folder, {**deployed.environment, "PULUMI_CONFIG_PASSPHRASE": "another"})
        project.init(stack)
        return project

    return copied


def test_another_project_uses_the_outputs_without_our_passphrase(
    consumer_stack: Callable[[str], Program], box: Sandbox
) -> None:
    assert box.staging == "444455556666"
    project = consumer_stack("dev")
    project.up("dev")

    outputs = project.outputs("dev")
    assert outputs["roleArn"] == ROLE
    iam, arn = admin(STAGING_ADMIN).client("iam"), outputs["policyArn"]
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    assert json.loads(json.dumps(document))["Statement"] == [
        {"Effect": "Allow", "Action": ["sts:AssumeRole"], "Resource": [ROLE]}
    ]


def test_another_project_is_told_of_a_stack_without_a_contract(
    consumer_stack: Callable[[str], Program], deployed: Program
) -> None:
    deployed.init("bare")
    project = consumer_stack("lost")
    project.pulumi(
        "config", "set", "access_stack", "organization/cross-account-access/bare",
        "--stack", "lost",
    )  # fmt: skip
    output = project.refused("preview", "--stack", "lost")
    assert (
        "error: access_stack: organization/cross-account-access/bare: "
        "the outputs have no contractVersion"
    ) in output
    assert "Traceback" not in output
