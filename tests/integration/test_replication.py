"""`examples/ec2`: an instance replicates images with the role of its profile and no other key."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from cross_account_access.dev.sandbox.box import Sandbox
from tests.support.deployment import ROOT
from tests.support.metadata import metadata_service
from tests.support.people import PRODUCTION_ADMIN, STAGING_ADMIN, admin
from tests.support.program import Program, Ran

EXAMPLE = ROOT / "examples" / "ec2"
BUCKET = "example-ec2-101"


@dataclass(frozen=True)
class Machine:
    """An instance with the files of the example: what it knows, and where it copies to."""

    environment: Mapping[str, str]
    folder: Path

    def replicates(self, **settings: str) -> Ran:
        ran = subprocess.run(
            [EXAMPLE / "replicate-images"],
            env={**self.environment, **settings},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        return Ran(ran.returncode, ran.stdout)

    def copies(self) -> dict[str, tuple[bytes, int]]:
        """What was copied, each with the file that it lies in: a new copy is a new file."""
        return {
            str(path.relative_to(self.folder)): (path.read_bytes(), path.stat().st_ino)
            for path in self.folder.rglob("[!.]*")
            if path.is_file()
        }


@pytest.fixture(scope="module")
def machine(box: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """An instance that knows nothing but what README of the example puts on it."""
    box.reset()
    program = Program.copied_to(tmp_path_factory.mktemp("ec2"), box.environment)
    shutil.copy2(EXAMPLE / "Pulumi.prod.yaml", program.folder)
    program.init()
    program.up()
    folder = tmp_path_factory.mktemp("machine")
    config = folder / "aws-config"
    config.write_text(program.outputs()["cliProfiles"]["replicator"])
    copies, cache = folder / "images", folder / "cache"
    copies.mkdir()
    cache.mkdir()
    unit = (EXAMPLE / "replicate-images.service").read_text()
    iam = admin(STAGING_ADMIN).client("iam")
    profile = iam.get_instance_profile(InstanceProfileName="Replicator")["InstanceProfile"]
    with metadata_service(profile["Roles"][0]["Arn"]) as metadata:
        yield Machine(
            {
                "PATH": os.environ["PATH"],
                "AWS_ENDPOINT_URL": box.environment["AWS_ENDPOINT_URL"],
                "AWS_CA_BUNDLE": box.environment["AWS_CA_BUNDLE"],
                **dict(re.findall(r"^Environment=(AWS_\w+)=(.*)$", unit, re.MULTILINE)),
                "AWS_CONFIG_FILE": str(config),
                "HOME": str(cache),
                **metadata,
                "BUCKET": BUCKET,
                "PREFIX": "images/",
                "PROFILE": "ReplicatorAccess",
                "DIRECTORY": str(copies),
            },
            copies,
        )


def test_new_and_changed_images_are_copied_and_others_are_left(machine: Machine) -> None:
    s3 = admin(PRODUCTION_ADMIN).client("s3")
    for key in ("images/sunset.jpg", "images/2030/moon.jpg", "plans/2031.pdf"):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"evening")

    ran = machine.replicates()
    assert (ran.status, ran.output) == (0, "")
    first = machine.copies()
    assert {name: body for name, (body, _) in first.items()} == {
        "sunset.jpg": b"evening",
        "2030/moon.jpg": b"evening",
    }

    assert machine.replicates().status == 0
    assert machine.copies() == first

    # As long as before, which a comparison by size alone would take for the same; and in another
    # second, which is all that S3 tells of the time.
    sunset = "images/sunset.jpg"
    put = s3.head_object(Bucket=BUCKET, Key=sunset)["LastModified"]
    deadline = time.monotonic() + 10
    while s3.head_object(Bucket=BUCKET, Key=sunset)["LastModified"] == put:
        assert time.monotonic() < deadline, "ten seconds later S3 tells the same second"
        time.sleep(0.1)
        s3.put_object(Bucket=BUCKET, Key=sunset, Body=b"morning")
    s3.delete_object(Bucket=BUCKET, Key="images/2030/moon.jpg")
    assert machine.replicates().status == 0
    changed = machine.copies()
    assert changed["sunset.jpg"][0] == b"morning"
    assert changed["2030/moon.jpg"] == first["2030/moon.jpg"]


def test_a_refusal_fails_and_says_so(machine: Machine) -> None:
    production = admin(PRODUCTION_ADMIN).client("s3")
    other = "example-ec2-not-granted-101"
    where = {"LocationConstraint": "us-west-2"}
    production.create_bucket(Bucket=other, CreateBucketConfiguration=where)  # type: ignore[arg-type]
    production.put_object(Bucket=other, Key="images/secret.jpg", Body=b"")
    before = machine.copies()

    ran = machine.replicates(BUCKET=other)

    assert ran.status not in {0, 64, 75}
    assert "AccessDenied" in ran.output
    assert machine.copies() == before


def test_the_instance_has_nothing_without_its_metadata_service(machine: Machine) -> None:
    shutil.rmtree(machine.environment["HOME"])

    ran = machine.replicates(AWS_EC2_METADATA_SERVICE_ENDPOINT="http://127.0.0.1:1")

    assert ran.status not in {0, 64, 75}
    assert "Error retrieving metadata" in ran.output
