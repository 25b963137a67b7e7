"""`access verify` on every example, as deployed and after one deliberate breakage at a time."""

from __future__ import annotations

import configparser
import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from cross_account_access.command.cli import main
from cross_account_access.dev.sandbox.box import Sandbox
from cross_account_access.stack import Stack, StackResource
from tests.integration.breakages import BREAKAGES, FOREIGN, VENDOR
from tests.integration.unseen import UNSEEN
from tests.support.deployment import ROOT
from tests.support.existing import make_existing
from tests.support.people import PRODUCTION_ADMIN, REGION, STAGING_ADMIN, admin, root
from tests.support.program import Program

EXAMPLES = ("prod", *sorted(path.parent.name for path in ROOT.glob("examples/*/Pulumi.prod.yaml")))
JUDGED_WRONG = {
    "Publisher": "a queue of another account is not found",
    "Reader": "a queue of another account is not found",
    "RecordsReader": "the key of an object is not asked for",
    "Recorder": "the key of an object is not asked for",
}
"""Users about whom the emulated AWS is wrong, and why. Without credentials of theirs the access
engine decides."""


@dataclass
class Scene:
    """One example, deployed, with credentials of its users."""

    example: str
    program: Program
    capfd: pytest.CaptureFixture[str] | None = None

    def verify(self, *words: str) -> tuple[int, dict[str, Any]]:
        """Runs the command without patience, and returns its status and what it says as JSON."""
        profile = ["--profile", "auditor=Auditor"] if self.example == "third-party" else []
        assert self.capfd is not None
        self.capfd.readouterr()
        status = main(
            [
                *("verify", "--stack", "prod", "--cwd", str(self.program.folder), "--json"),
                *("--patience", "0", *profile, *words),
            ]
        )
        output: dict[str, Any] = json.loads(self.capfd.readouterr().out)
        return status, output


def name_of(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]


def keys_of(session: boto3.Session, user: str) -> dict[str, str]:
    key = session.client("iam").create_access_key(UserName=user)["AccessKey"]
    return {
        "aws_access_key_id": key["AccessKeyId"],
        "aws_secret_access_key": key["SecretAccessKey"],
        "region": REGION,
    }


def auditor() -> dict[str, str]:
    """A user of the third party's own account, whose own policy lets it assume any role."""
    owner = root(VENDOR)
    iam = owner.client("iam")
    iam.create_user(UserName="Auditor")
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    iam.put_user_policy(UserName="Auditor", PolicyName="any", PolicyDocument=json.dumps(document))
    return keys_of(owner, "Auditor")


@pytest.fixture(scope="module")
def scene(
    request: pytest.FixtureRequest, box: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    """An example, deployed once for all that is broken in it, and profiles of its users."""
    example: str = request.param
    folder = tmp_path_factory.mktemp(example)
    box.reset()
    program = Program.copied_to(folder, box.environment)
    if example != "prod":
        shutil.copy2(ROOT / "examples" / example / "Pulumi.prod.yaml", program.folder)
    make_existing(program)
    program.init()
    program.up()
    s3 = admin(PRODUCTION_ADMIN).client("s3")
    s3.create_bucket(Bucket=FOREIGN, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    # As every bucket has it that is made on AWS today.
    s3.put_bucket_ownership_controls(
        Bucket=FOREIGN,
        OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
    )
    s3.put_object(Bucket=FOREIGN, Key="a", Body=b"")

    outputs = program.outputs()
    profiles = {
        name: keys_of(admin(STAGING_ADMIN), name)
        for name in map(name_of, outputs["userArns"].values())
        if name not in JUDGED_WRONG
    }
    if example == "third-party":
        profiles["Auditor"] = auditor()
    files = configparser.RawConfigParser()
    files.read(os.environ["AWS_SHARED_CREDENTIALS_FILE"])
    files.read_dict(profiles)
    credentials = folder / "credentials"
    with credentials.open("w") as file:
        files.write(file)
    resources = tuple[StackResource, ...]()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in program.environment.items():
            patch.setenv(name, value)
        # What is broken is broken in AWS: the stack stays as it was deployed, and is read once.
        resources = Stack(program.folder, "prod").state()
        patch.setattr(Stack, "outputs", lambda _: outputs)
        patch.setattr(Stack, "state", lambda _: resources)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials))
        yield Scene(example, program)


def by(result: dict[str, Any], *, verdict: str) -> list[str]:
    return [row["what"] for row in result["rows"] if row["verdict"] == verdict]


@pytest.mark.parametrize("scene", EXAMPLES, indirect=True, scope="module")
def test_every_example_is_as_intended(scene: Scene, capfd: pytest.CaptureFixture[str]) -> None:
    scene.capfd = capfd
    status, output = scene.verify()
    assert by(output, verdict="not as intended") == []
    assert by(output, verdict="could not be checked") == []
    assert output["proof"]["differences"] == []
    assert (output["proof"]["proved"], output["proof"]["source"]) == (True, "live")
    assert status == 0
    assert output["left"] == []
    s3 = admin(PRODUCTION_ADMIN).client("s3")
    for bucket in s3.list_buckets()["Buckets"]:
        listed = s3.list_object_versions(Bucket=bucket["Name"])
        versions = [*listed.get("Versions", ()), *listed.get("DeleteMarkers", ())]
        assert [each["Key"] for each in versions] == (["a"] if bucket["Name"] == FOREIGN else [])
        assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket["Name"])
    by_aws = {row["consumer"] for row in output["rows"] if row["decidedBy"] == "AWS"}
    users = {
        consumer["name"]
        for consumer in json.loads(scene.program.outputs()["declaration"])["consumers"]
        if consumer["kind"] == "user"
    }
    names = {name: name_of(arn) for name, arn in scene.program.outputs()["userArns"].items()}
    assert {name for name in users if names[name] not in JUDGED_WRONG} <= by_aws


@pytest.mark.parametrize(
    ("scene", "breakage", "row"),
    [(example, breakage, row) for example, _, breakage, row in BREAKAGES],
    ids=[f"{example}: {name}" for example, name, _, _ in BREAKAGES],
    indirect=["scene"],
    scope="module",
)
def test_a_breakage_is_named(
    scene: Scene,
    breakage: Callable[[], Any],
    row: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    scene.capfd = capfd
    with breakage():
        status, output = scene.verify()
    wrong = by(output, verdict="not as intended")
    found = [what for what in wrong if what == row or (row.endswith("-") and what.startswith(row))]
    assert found, wrong
    assert status == 1


@pytest.mark.parametrize(
    ("scene", "change", "action"),
    [(example, change, action) for example, _, change, action in UNSEEN],
    ids=[f"{example}: {name}" for example, name, _, _ in UNSEEN],
    indirect=["scene"],
    scope="module",
)
def test_what_no_row_tries_is_not_proved(
    scene: Scene,
    change: Callable[[], Any],
    action: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    scene.capfd = capfd
    with change():
        status, output = scene.verify()
    assert status == 1
    widened = [each for each in output["proof"]["differences"] if each["effect"] == "widens"]
    allowed = {name for each in widened for name in each["actions"]}
    assert action.lower() in {name.lower() for name in allowed}
    assert all(each["explain"] for each in widened)


@pytest.mark.parametrize("scene", EXAMPLES, indirect=True, scope="module")
def test_what_was_broken_was_the_only_difference(
    scene: Scene, capfd: pytest.CaptureFixture[str]
) -> None:
    scene.capfd = capfd
    status, output = scene.verify()
    assert (status, by(output, verdict="not as intended")) == (0, [])
