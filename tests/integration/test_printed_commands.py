"""Every command that README and docs print is run as it is printed, in the sandbox."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cross_account_access.dev import toolchain
from cross_account_access.dev.demo.folder import copy_program
from cross_account_access.dev.sandbox.box import Sandbox
from tests.support.people import STAGING_ADMIN, admin, root
from tests.support.printed import PAGES, printed
from tests.support.program import Program
from tests.support.terminal import deployed_as_in_readme, own_files, typed

VENDOR = "777788889999"
ELSEWHERE = {
    "docs/access/layers.md": "the sandbox has no organization",
    "docs/jobs.md": "tests/integration/test_jobs.py",
    "docs/state.md": "tests/integration/test_state.py, with the profiles of a team",
    "docs/any-language.md": "tests/integration/test_package.py, which needs the YAML host",
    "docs/sandbox.md": "below, without a sandbox around it",
    "examples/consumer-stack/README.md": "tests/unit/test_replicate_images.py",
    "examples/ec2/README.md": "tests/integration/test_replication.py",
}
"""Pages whose commands need another place, and where they are run or why they cannot be."""
OTHERWISE = {
    "access can 777788889999": 1,
    "access can anonymous": 1,
    "access who-can 's3:Put*' 's3://production-test-bucket-101/*' --from preview": 1,
    "access explain staging:user/StageAdmin s3:PutObject production-test-bucket-101/x"
    " --from preview": 1,
    "access explain arn:aws:iam::777788889999:role/Vendor sts:AssumeRole"
    " production:role/StageRole --context sts:ExternalId=example-1": 1,
    "access lint trust.json bucket-policy.json": 1,
    "access lint --sarif access.sarif trust.json": 1,
}
"""Commands that tell by their status that something is not as intended."""
UNDECIDED = ("access drift ", "access explain --denied ")
"""Commands that ask for what the sandbox has not, so that some of it stays unchecked."""
SLOW = ("pulumi ", "access import ", "access verify ")
DONE: set[str] = set()
"""Commands that were typed, of those that need not be typed again on another page."""
OPEN_TRUST = """{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}
]}"""
TLS_ONLY = """{"Version": "2012-10-17", "Statement": [
  {"Effect": "Deny", "Action": "s3:*", "Principal": "*", "Resource": "arn:aws:s3:::a/*",
   "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
]}"""


@pytest.fixture(scope="module")
def reader(box: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Program:
    """The program as README leaves it: deployed by its commands, and a key for the user."""
    box.reset()
    home = tmp_path_factory.mktemp("home")
    copied = Program.copied_to(tmp_path_factory.mktemp("printed"), own_files(box, home))
    (copied.folder / "Sunset.jpg").write_bytes(b"evening")
    (copied.folder / "report.py").write_text("print('a report')\n")
    (copied.folder / "trust.json").write_text(OPEN_TRUST)
    (copied.folder / "bucket-policy.json").write_text(TLS_ONLY)
    DONE.update(deployed_as_in_readme(copied))
    copied.init("staging")
    copied.up("staging")
    copied.pulumi("stack", "select", "prod")
    return copied


@pytest.fixture(scope="module")
def with_vendor(reader: Program) -> Program:
    """The same with a vendor, who has a profile, and a developer of Staging."""
    settings = reader.settings()
    bucket = settings["buckets"][0]["name"]
    vendor = {
        "name": "vendor",
        "third_party": {"account_id": VENDOR},
        "role": {"name": "VendorAccess"},
        "conditions": {"external_id": "vendor/7"},
    }
    grant = {"consumer": "vendor", "bucket": bucket, "levels": ["list", "read"]}
    reader.set(consumers=[*settings["consumers"], vendor], grants=[*settings["grants"], grant])
    reader.up()
    for iam, name, profile in (
        (root(VENDOR).client("iam"), "Auditor", "VendorTest"),
        (admin(STAGING_ADMIN).client("iam"), "Developer", "Developer"),
    ):
        iam.create_user(UserName=name)
        everything = "arn:aws:iam::aws:policy/AdministratorAccess"
        iam.attach_user_policy(UserName=name, PolicyArn=everything)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        for option, value in (
            ("aws_access_key_id", key["AccessKeyId"]),
            ("aws_secret_access_key", key["SecretAccessKey"]),
            ("region", "us-west-2"),
        ):
            ran = reader.run("aws", "configure", "set", option, value, "--profile", profile)
            assert ran.status == 0, ran.output
    return reader


@pytest.mark.parametrize(
    "page", [page for page in PAGES if printed(page) and page not in ELSEWHERE]
)
def test_the_commands_of_a_page_do_what_they_say(reader: Program, page: str) -> None:
    for command in printed(page):
        if command not in DONE and "vendor" not in command:
            DONE.update([command] if command.startswith(SLOW) else [])
            ran = typed(reader, command)
            expected = range(4) if command.startswith(UNDECIDED) else [OTHERWISE.get(command, 0)]
            assert ran.status in expected, f"{command}\n{ran.output}"
            assert "Traceback" not in ran.output


@pytest.mark.parametrize(
    "page", [page for page in PAGES if any("vendor" in each for each in printed(page))]
)
def test_the_commands_about_a_vendor_do_what_they_say(with_vendor: Program, page: str) -> None:
    for command in (each for each in printed(page) if "vendor" in each):
        ran = typed(with_vendor, command)
        assert ran.status == OTHERWISE.get(command, 0), f"{command}\n{ran.output}"


def test_the_sandbox_is_used_as_its_page_says(tmp_path: Path) -> None:
    copy_program(tmp_path / "program")
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "PULUMI_", "XDG_", "SANDBOX_"))
    }
    tools = {toolchain.FOLDER_VARIABLE: str(toolchain.cache_folder())}
    own = Program(tmp_path / "program", {**inherited, **tools, "HOME": str(tmp_path)})
    for command in printed("docs/sandbox.md"):
        if command.startswith("access-sandbox try "):
            continue  # test_sandbox.py
        ran = typed(own, command, SHELL="/bin/true")
        assert ran.status == 0, f"{command}\n{ran.output}"


def test_no_page_is_left_out_without_a_reason() -> None:
    assert all(printed(page) for page in ELSEWHERE)
    assert OTHERWISE.keys() <= {command for page in PAGES for command in printed(page)}
    assert "jq" not in " ".join(command for page in PAGES for command in printed(page))
