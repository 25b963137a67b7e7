"""State of a team: in a bucket, with a key of KMS, for two people who take turns."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from cross_account_access.dev.sandbox.box import Sandbox
from tests.support.deployment import PROJECT, ROOT
from tests.support.people import PRODUCTION_ADMIN, REGION, admin
from tests.support.program import Program

BUCKET, ALIAS = "example-pulumi-state", "alias/pulumi-state"
PROFILES = ("Alice", "Bob")
_SECONDS = 60


def documents() -> list[dict[str, Any]]:
    """The policies that docs/state.md prints."""
    blocks = re.findall(r"```json\n(.*?)```", (ROOT / "docs" / "state.md").read_text(), re.DOTALL)
    return [json.loads(block) for block in blocks]


@pytest.fixture
def team(box: Sandbox, tmp_path: Path) -> list[Program]:
    """The program in the folders of two people, who share nothing but the state and its key."""
    box.reset()
    session: Any = admin(PRODUCTION_ADMIN)
    s3, kms, iam = (session.client(name) for name in ("s3", "kms", "iam"))
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=ALIAS, TargetKeyId=key)
    (whoever_deploys, whoever_reads) = documents()
    text = json.dumps(whoever_deploys).replace("KEY-ID", key)
    config, credentials = tmp_path / "config", tmp_path / "credentials"
    shutil.copy2(box.environment["AWS_CONFIG_FILE"], config)
    shutil.copy2(box.environment["AWS_SHARED_CREDENTIALS_FILE"], credentials)
    with config.open("a") as profiles, credentials.open("a") as keys:
        for name, policy in (
            *((each, text) for each in PROFILES),
            ("Reader", json.dumps(whoever_reads)),
        ):
            iam.create_user(UserName=name)
            iam.put_user_policy(UserName=name, PolicyName="state", PolicyDocument=policy)
            made = iam.create_access_key(UserName=name)["AccessKey"]
            profiles.write(f"\n[profile {name}]\nregion = {REGION}\n")
            keys.write(
                f"\n[{name}]\naws_access_key_id = {made['AccessKeyId']}\n"
                f"aws_secret_access_key = {made['SecretAccessKey']}\n"
            )
    endpoint = urlsplit(box.environment["AWS_ENDPOINT_URL"])
    backend = f"s3://{BUCKET}?region={REGION}&endpoint={endpoint.geturl()}&s3ForcePathStyle=true"
    people = []
    for name in PROFILES:
        folder = tmp_path / name
        folder.mkdir()
        program = Program.copied_to(folder, box.environment)
        environment = {
            **program.environment,
            "AWS_CONFIG_FILE": str(config),
            "AWS_SHARED_CREDENTIALS_FILE": str(credentials),
            "AWS_PROFILE": name,
            # The emulated AWS sends none, of which each answer would warn.
            "AWS_RESPONSE_CHECKSUM_VALIDATION": "when_required",
            "PULUMI_BACKEND_URL": backend,
        }
        del environment["PULUMI_CONFIG_PASSPHRASE"]
        people.append(replace(program, environment=environment))
    return people


def locks() -> list[str]:
    listed = (
        admin(PRODUCTION_ADMIN).client("s3").list_objects_v2(Bucket=BUCKET, Prefix=".pulumi/locks")
    )
    return [each["Key"] for each in listed.get("Contents", [])]


def test_two_people_take_turns(team: list[Program]) -> None:
    alice, bob = team
    provider = f"awskms:///{ALIAS}?region={REGION}"
    alice.pulumi("stack", "init", "prod", "--secrets-provider", provider)
    alice.up()
    assert alice.settled()

    # What a repository would hand over.
    shutil.copy2(alice.folder / "Pulumi.prod.yaml", bob.folder)
    assert "encryptedkey" in (bob.folder / "Pulumi.prod.yaml").read_text()
    assert bob.settled()
    bob.set(tags={"owner": "bob"})
    bob.up()
    assert bob.settled()

    running = subprocess.Popen(
        ["pulumi", "up", "--yes", "--skip-preview", "--stack", "prod", "--non-interactive"],
        cwd=bob.folder,
        env=dict(bob.environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + _SECONDS
        while not locks() and running.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        os.killpg(running.pid, signal.SIGSTOP)
        assert locks()
        refused = alice.refused("up", "--yes", "--skip-preview", "--stack", "prod")
        assert "the stack is currently locked" in refused
        os.killpg(running.pid, signal.SIGCONT)
        assert running.wait(_SECONDS) == 0
    finally:
        if running.poll() is None:
            os.killpg(running.pid, signal.SIGKILL)
            running.wait()
    assert not locks()

    bob.pulumi("state", "unprotect", "--all", "--yes", "--stack", "prod")
    bob.pulumi("destroy", "--yes", "--skip-preview", "--stack", "prod")
    alice.pulumi("stack", "rm", "prod", "--yes")


def test_a_setting_that_is_given_as_secret_is_refused_by_its_path(team: list[Program]) -> None:
    alice, _ = team
    alice.pulumi(
        "stack", "init", "prod", "--secrets-provider", f"awskms:///{ALIAS}?region={REGION}"
    )
    path = f"{PROJECT}:consumers[0].conditions.external_id"
    alice.pulumi("config", "set", "--secret", "--path", path, "agreed-with-them", "--stack", "prod")
    told = alice.refused("preview", "--stack", "prod")
    assert "consumers[0].conditions.external_id: is given as a secret" in told
    assert "agreed-with-them" not in told
    assert "agreed-with-them" not in (alice.folder / "Pulumi.prod.yaml").read_text()


def test_whoever_reads_needs_no_leave_to_write_and_finds_no_secret(team: list[Program]) -> None:
    alice, bob = team
    alice.pulumi(
        "stack", "init", "prod", "--secrets-provider", f"awskms:///{ALIAS}?region={REGION}"
    )
    alice.up()
    reader = replace(bob, environment={**bob.environment, "AWS_PROFILE": "Reader"})
    assert reader.outputs()["roleArns"]
    assert "4dabf18193072939515e22adb298388d" not in reader.pulumi(
        "stack", "export", "--stack", "prod"
    )
    shutil.copy2(alice.folder / "Pulumi.prod.yaml", bob.folder)
    assert "AccessDenied" in reader.refused("refresh", "--yes", "--stack", "prod")

    # As a job of CI does.
    decrypts = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}
    admin(PRODUCTION_ADMIN).client("iam").put_user_policy(
        UserName="Reader",
        PolicyName="decrypts",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [decrypts]}),
    )
    assert reader.settled()
