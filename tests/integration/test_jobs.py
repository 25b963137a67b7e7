"""The jobs of docs/jobs.md, typed as the page prints them, by somebody who reads nothing else."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError

from cross_account_access.dev.sandbox.box import Sandbox
from tests.support.deployment import PROJECT
from tests.support.deployment import ROOT as CHECKOUT
from tests.support.people import PRODUCTION_ADMIN, admin, root
from tests.support.program import Program, Ran
from tests.support.terminal import deployed_as_in_readme, own_files, typed

PAGE = (CHECKOUT / "docs" / "jobs.md").read_text()
VENDOR = "777788889999"
STAGE_ROLE = "arn:aws:iam::111122223333:role/StageRole"
# The sandbox has no CloudTrail, so that who made a change stays unchecked.
UNCHECKED = "access drift "


@dataclass(frozen=True)
class Block:
    """One block of code of the page."""

    language: str
    text: str
    before: str
    """The words between it and the block before."""

    @property
    def commands(self) -> list[tuple[str, set[int]]]:
        """The commands, each with the exit statuses that the page says of it."""
        lines = re.sub(r"\\\n\s*", "", self.text).splitlines()
        said = [re.match(r"(.*?)\s*(?:# (?:exit (\d+): |(fails): )?.*)?$", line) for line in lines]
        return [
            (found[1], set(range(1, 256)) if found[3] else {int(found[2] or 0)})
            for found in said
            if found and found[1]
        ]


def job(title: str) -> list[Block]:
    """The blocks below a heading."""
    section = PAGE.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]
    parts = re.split(r"^```(\w+)\n(.*?)^```$", section, flags=re.M | re.S)
    return [
        Block(language=parts[at + 1], text=parts[at + 2], before=parts[at])
        for at in range(0, len(parts) - 1, 3)
    ]


@pytest.fixture
def reader(box: Sandbox, tmp_path: Path) -> Program:
    """The program as README leaves it, in a folder of the name that the page says."""
    box.reset()
    (tmp_path / "home").mkdir()
    copied = Program.copied_to(tmp_path, own_files(box, tmp_path / "home"))
    deployed_as_in_readme(copied)
    (tmp_path / "cross-account-access").symlink_to(copied.folder)
    return replace(copied, folder=tmp_path / "cross-account-access")


def does(program: Program, block: Block) -> list[Ran]:
    """Types the commands of a block, which must end as the page says."""
    answers = []
    for command, statuses in block.commands:
        ran = typed(program, command)
        unchecked = {3} if command.startswith(UNCHECKED) and 0 in statuses else set()
        assert ran.status in statuses | unchecked, f"{command}\n{ran.output}"
        assert "Traceback" not in ran.output
        answers.append(ran)
    return answers


def add(program: Program, block: Block, **holes: str) -> None:
    """Puts the lines below the headings of the stack file."""
    text = block.text
    for hole, value in holes.items():
        text = text.replace(hole, value)
    settings = program.settings()
    for heading, lines in yaml.safe_load(text).items():
        name = heading.removeprefix(f"{PROJECT}:")
        added: dict[str, Any] = {name: [*settings.get(name, []), *lines]}
        program.set(**added)


@pytest.fixture
def stack_file(reader: Program) -> str:
    """The stack file before anything was added."""
    return (reader.folder / "Pulumi.prod.yaml").read_text()


def take_away(program: Program, stack_file: str, before: Block) -> None:
    assert "take the lines away" in before.before
    (program.folder / "Pulumi.prod.yaml").write_text(stack_file)


def roles() -> set[str]:
    iam = admin(PRODUCTION_ADMIN).client("iam")
    return {role["RoleName"] for role in iam.list_roles()["Roles"]}


def buckets() -> set[str]:
    listed = admin(PRODUCTION_ADMIN).client("s3").list_buckets()["Buckets"]
    return {bucket["Name"] for bucket in listed}


def test_a_second_bucket_for_people_of_sso_and_a_machine(reader: Program, stack_file: str) -> None:
    lines, come, go = job("A second bucket, for people of SSO and a machine")
    add(reader, lines)
    widens, *_ = does(reader, come)
    assert "production-reports-101" in widens.output
    assert {"AnalystsAccess", "LoaderAccess"} <= roles()
    people, machine = (
        (reader.folder / f"{each}.md").read_text() for each in ("analysts", "loader")
    )
    assert "permission set" in people
    assert "instance-profile/Loader" in machine
    admin(PRODUCTION_ADMIN).client("s3").put_object(
        Bucket="production-reports-101", Key="a", Body=b""
    )

    take_away(reader, stack_file, go)
    narrows, _, who = does(reader, go)
    assert not re.search(r"^\+", narrows.output, re.M)
    assert "Loader" not in who.output
    assert not {"AnalystsAccess", "LoaderAccess"} & roles()
    assert buckets() == {"production-test-bucket-101"}
    assert reader.settled()


def test_a_vendor_comes_and_goes(reader: Program, stack_file: str) -> None:
    new_id, lines, come, go = job("A vendor")
    (printed,) = does(reader, new_id)
    external_id = printed.output.strip()
    add(reader, lines, **{"WHAT-WAS-PRINTED": json.dumps(external_id)})
    *_, who = does(reader, come)
    assert VENDOR in who.output
    page = (reader.folder / "vendor.md").read_text()
    assert external_id in page

    sts = root(VENDOR).client("iam")
    sts.create_user(UserName="Auditor")
    everything = "arn:aws:iam::aws:policy/AdministratorAccess"
    sts.attach_user_policy(UserName="Auditor", PolicyArn=everything)
    key = sts.create_access_key(UserName="Auditor")["AccessKey"]
    asks = _as_vendor(key, external_id)
    assert asks() == "let in"
    assert _as_vendor(key, None)() == "AccessDenied"

    take_away(reader, stack_file, go)
    *_, gone = does(reader, go)
    assert VENDOR not in gone.output
    assert asks() == "AccessDenied"
    assert reader.settled()


def _as_vendor(key: Any, external_id: str | None) -> Any:
    import boto3  # noqa: PLC0415 - the sandbox's environment is there by now

    session: Any = boto3.Session(
        key["AccessKeyId"], key["SecretAccessKey"], region_name="us-west-2"
    )
    stated = {"ExternalId": external_id} if external_id else {}
    arn = STAGE_ROLE.replace("StageRole", "VendorAccess")

    def ask() -> str:
        try:
            session.client("sts").assume_role(RoleArn=arn, RoleSessionName="test", **stated)
        except ClientError as error:
            code: str = error.response["Error"]["Code"]
            return code
        return "let in"

    return ask


def test_a_trust_policy_that_somebody_changed(reader: Program) -> None:
    change, heal = job("A trust policy that somebody changed")
    iam = admin(PRODUCTION_ADMIN).client("iam")
    before = iam.get_role(RoleName="StageRole")["Role"]["AssumeRolePolicyDocument"]
    does(reader, change)
    assert iam.get_role(RoleName="StageRole")["Role"]["AssumeRolePolicyDocument"] != before
    seen, drift, who, *_ = does(reader, heal)
    assert "assumeRolePolicy" in seen.output
    assert "StageRole" in drift.output
    assert "widening" in drift.output
    assert "anybody else of staging" in who.output
    assert iam.get_role(RoleName="StageRole")["Role"]["AssumeRolePolicyDocument"] == before


def test_a_project_in_another_folder_uses_the_outputs(reader: Program) -> None:
    folder, project, program, come = job("A project in another folder that uses the outputs")
    does(reader, folder)
    elsewhere = reader.folder.parent / "reports"
    for block in (project, program):
        (name,) = re.findall(r"`([\w.]+)`:\n\n$", block.before)
        (elsewhere / name).write_text(block.text)
    other = {**reader.environment, "PULUMI_CONFIG_PASSPHRASE": "another"}
    *_, role = does(Program(elsewhere, other), come)
    assert role.output.strip() == STAGE_ROLE


def test_a_bucket_and_a_role_that_were_made_by_hand(reader: Program) -> None:
    by_hand, lines, come = job("A bucket and a role that were made by hand")
    does(reader, by_hand)
    s3 = admin(PRODUCTION_ADMIN).client("s3")
    s3.put_object(Bucket="production-invoices-101", Key="a", Body=b"kept")

    def kept() -> tuple[object, object]:
        role = admin(PRODUCTION_ADMIN).client("iam").get_role(RoleName="InvoicesRole")["Role"]
        found = s3.get_object(Bucket="production-invoices-101", Key="a")
        return role["RoleId"], found["Body"].read()

    before = kept()
    add(reader, lines)
    found, *_, nothing = does(reader, come)
    assert "InvoicesRole" in found.output
    assert "nothing to import" in nothing.output
    assert kept() == before
    assert reader.settled()
