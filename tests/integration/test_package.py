"""The package, by the real engine: its schema, and a program in YAML on both emulated accounts."""

import json
import os
import sysconfig
import venv
from pathlib import Path

import pytest
import yaml

from cross_account_access.credentials.contract import read
from cross_account_access.dev import toolchain
from cross_account_access.dev.sandbox.box import Sandbox
from tests.support.deployment import ACCESS, ROOT
from tests.support.people import PRODUCTION_ADMIN, admin, assume, refused, user
from tests.support.program import Program

BUCKET, EXTERNAL_ID, STAGING = "example-yaml-101", "example-reader-7", "444455556666"
PLUGIN = Path("cross_account_access") / "package" / "pulumi-resource-cross-account-access"


@pytest.fixture
def program(box: Sandbox, tmp_path: Path) -> Program:
    """The example in YAML, in empty accounts."""
    box.reset()
    path = os.pathsep.join([str(toolchain.yaml_host()), box.environment["PATH"]])
    copied = Program.copied_to(tmp_path, {**box.environment, "PATH": path})
    example = Program(copied.folder / "examples" / "yaml", copied.environment)
    example.init("dev")
    return example


def test_the_schema_is_that_of_the_component(box: Sandbox, tmp_path: Path) -> None:
    ran = Program(tmp_path, box.environment).pulumi("package", "get-schema", str(ROOT / PLUGIN))
    made, kept = (
        json.loads(text) for text in (ran, (ROOT / PLUGIN).with_name("schema.json").read_text())
    )
    assert made == kept, "run make schema"


def with_what_is_here(folder: Path) -> None:
    """Makes an environment for which nothing that is installed here need be fetched."""
    venv.create(folder / ".venv")
    own = Path(sysconfig.get_path("purelib", vars={"base": str(folder / ".venv")}))
    (own / "here.pth").write_text(sysconfig.get_path("purelib"))


def test_another_program_adds_the_package_and_uses_it(box: Sandbox, tmp_path: Path) -> None:
    box.reset()
    copied = Program.copied_to(tmp_path, box.environment)
    package, folder = copied.folder / PLUGIN.parent, tmp_path / "other"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text(
        "name: other\nruntime: {name: python, options: {virtualenv: .venv}}\n"
    )
    (folder / "requirements.txt").write_text("pulumi\n")
    (folder / "__main__.py").write_text(
        f"""from pulumi_cross_account_access import CrossAccountAccess

CrossAccountAccess(
    "access",
    production_account_id="111122223333",
    production_region="us-west-2",
    staging_account_id="{STAGING}",
    staging_region="us-west-2",
    buckets=[{{"name": "{BUCKET}", "protect": False}}],
    consumers=[
        {{"name": "reader", "user": {{"name": "Reader"}}, "role": {{"name": "ReaderAccess"}}}},
    ],
    grants=[{{"consumer": "reader", "bucket": "{BUCKET}", "levels": ["read"]}}],
)
"""
    )
    with_what_is_here(package)
    with_what_is_here(folder)
    # As a terminal of that width says.
    narrow = {"PIP_NO_BUILD_ISOLATION": "no", "COLUMNS": "40"}
    program = Program(folder, {**copied.environment, **narrow})

    program.pulumi("package", "add", str(package))
    project = yaml.safe_load((folder / "Pulumi.yaml").read_text())
    assert project["packages"] == {"cross-account-access": str(package)}
    required = (folder / "requirements.txt").read_text().splitlines()
    assert required == ["pulumi", "sdks/cross-account-access"]

    program.init("dev")
    program.up("dev")
    role = admin(PRODUCTION_ADMIN).client("iam").get_role(RoleName="ReaderAccess")["Role"]
    session = assume(user("Reader"), role["Arn"])
    assert ":assumed-role/ReaderAccess/" in session.client("sts").get_caller_identity()["Arn"]


def test_a_program_in_yaml_adds_the_package(program: Program) -> None:
    path = program.folder / "Pulumi.yaml"
    content = yaml.safe_load(path.read_text())
    del content["plugins"]
    path.write_text(yaml.safe_dump(content))
    package = program.folder.parents[1] / PLUGIN.parent
    with_what_is_here(package)
    program.pulumi("package", "add", str(package))
    assert yaml.safe_load(path.read_text())["packages"] == {"cross-account-access": str(package)}


def test_a_program_in_yaml_has_the_access(program: Program) -> None:
    program.up("dev")
    assert program.settled("dev")
    role_arn = read(program.outputs("dev")).consumer("reader").role_arn
    assert role_arn is not None
    s3 = admin(PRODUCTION_ADMIN).client("s3")
    for key in ("images/sunset.jpg", "plans/2031.pdf"):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"evening")

    reader = user("YamlReader")
    with refused():
        assume(reader, role_arn)
    granted = assume(reader, role_arn, ExternalId=EXTERNAL_ID, DurationSeconds=7200).client("s3")
    assert granted.get_object(Bucket=BUCKET, Key="images/sunset.jpg")["Body"].read() == b"evening"
    with refused():
        granted.get_object(Bucket=BUCKET, Key="plans/2031.pdf")
    with refused():
        granted.put_object(Bucket=BUCKET, Key="images/new.jpg", Body=b"")

    # The access command reads the stack, and the live accounts, as it does ours.
    explained = program.run(
        *(ACCESS, "explain", "--stack", "dev"),
        *(f"arn:aws:iam::{STAGING}:user/YamlReader", "s3:GetObject"),
        *(f"arn:aws:s3:::{BUCKET}/images/sunset.jpg", "--context", f"sts:ExternalId={EXTERNAL_ID}"),
    )
    assert explained.status == 0, explained.output

    # What is changed behind its back is drift, as in the stack.
    iam = admin(PRODUCTION_ADMIN).client("iam")
    iam.attach_role_policy(
        RoleName="YamlReaderAccess", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
    )
    assert "AdministratorAccess" in program.drift("dev")

    program.pulumi("destroy", "--yes", "--skip-preview", "--stack", "dev")
    assert s3.list_buckets()["Buckets"] == []
    assert iam.list_roles()["Roles"] == []


@pytest.mark.parametrize(
    ("inputs", "told"),
    [
        (
            {"stagingRegion": "us-wets-2", "tags": {"aws:team": "data"}},
            ["2 problems in the inputs of 'access'", "stagingRegion: 'us-wets-2'", "tags: 'aws:"],
        ),
        (
            {
                "productionProfile": "StagingAccountAdmin",
                "stagingProfile": "ProductionAccountAdmin",
            },
            ["productionProfile: 'StagingAccountAdmin' is ", "stagingProfile: 'Production"],
        ),
    ],
    ids=["settings", "accounts"],
)
def test_what_is_wrong_is_told_without_a_traceback_and_nothing_is_made(
    program: Program, inputs: dict[str, object], told: list[str]
) -> None:
    path = program.folder / "Pulumi.yaml"
    content = yaml.safe_load(path.read_text())
    content["resources"]["access"]["properties"] |= inputs
    path.write_text(yaml.safe_dump(content))

    output = program.refused("up", "--yes", "--skip-preview", "--stack", "dev")

    assert [text for text in told if text not in output] == []
    assert "Traceback" not in output
    assert ".py" not in output
    assert admin(PRODUCTION_ADMIN).client("s3").list_buckets()["Buckets"] == []


def test_a_stack_stays_in_the_accounts_that_it_was_made_in(program: Program) -> None:
    program.up("dev")
    before = {each["urn"]: each.get("inputs") for each in program.resources("dev")}
    path = program.folder / "Pulumi.yaml"
    content = yaml.safe_load(path.read_text())
    content["resources"]["access"]["properties"] |= {
        "productionAccountId": STAGING,
        "productionProfile": "StagingAccountAdmin",
        "stagingAccountId": "111122223333",
        "stagingProfile": "ProductionAccountAdmin",
    }
    path.write_text(yaml.safe_dump(content))

    yes = ("--yes", "--skip-preview")
    for verb in (("preview",), ("up", *yes), ("destroy", *yes, "--run-program")):
        output = program.refused(*verb, "--stack", "dev")
        assert f"productionAccountId is {STAGING}, but stack 'dev' was made in account" in output
        assert "stagingAccountId is 111122223333, but stack 'dev' was made in account" in output
        assert "Traceback" not in output
    assert {each["urn"]: each.get("inputs") for each in program.resources("dev")} == before


def test_revoking_does_not_wait_for_what_is_protected(program: Program) -> None:
    path = program.folder / "Pulumi.yaml"
    content = yaml.safe_load(path.read_text())
    properties = content["resources"]["access"]["properties"]

    def edited(**inputs: object) -> str:
        properties.update(inputs)
        path.write_text(yaml.safe_dump(content))
        return program.up("dev")

    edited(buckets=[{"name": BUCKET}])
    told = edited(buckets=[], consumers=[], grants=[])
    assert f"bucket '{BUCKET}' is no longer declared, and it is protected: it stays" in told
    outputs = program.outputs("dev")
    assert (outputs["bucketNames"], outputs["roleArns"], outputs["userArns"]) == ([BUCKET], {}, {})
    production = admin(PRODUCTION_ADMIN)
    assert production.client("s3").head_bucket(Bucket=BUCKET)
    assert production.client("iam").list_roles()["Roles"] == []
    assert program.settled("dev")
