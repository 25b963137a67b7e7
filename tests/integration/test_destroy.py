"""A destroy ends with nothing of the stack left, whatever others have put on what it made.

Where AWS refuses a part of it, the message says which and why, `access drift` has the command that
ends it, and the next destroy goes on from there.
"""

import json
import shlex
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.shapes import deploy
from tests.support.deployment import ACCESS
from tests.support.devices import give_device
from tests.support.people import (
    PRODUCTION_ADMIN,
    STAGING_ADMIN,
    admin,
    assume,
    user,
)
from tests.support.program import Program

BUCKET = "production-test-bucket-101"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
ANYTHING = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}],
    }
)
PEOPLE = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)
DESTROY = ("destroy", "--yes", "--skip-preview", "--stack", "prod")


@pytest.fixture
def unprotected(program: Program) -> Program:
    """`prod`, unprotected, with instances beside its user."""
    settings = program.settings()
    program.set(
        buckets=[{**bucket, "protect": False} for bucket in settings["buckets"]],
        consumers=[
            *settings["consumers"],
            {
                "name": "worker",
                "ec2": {"role": {"name": "Worker"}},
                "role": {"name": "WorkerAccess"},
            },
        ],
        grants=[
            *settings["grants"],
            {"consumer": "worker", "bucket": BUCKET, "levels": ["list", "read"]},
        ],
    )
    program.up()
    return program


def left(program: Program) -> Iterator[str]:
    """All that is left of a stack, in its state and in both accounts."""
    # The engine's own provider comes and goes with what it is asked.
    urns = (each["urn"] for each in program.resources())
    yield from (each for each in urns if not each.endswith("::default"))
    production, staging = admin(PRODUCTION_ADMIN), admin(STAGING_ADMIN)
    yield from (each["Name"] for each in production.client("s3").list_buckets()["Buckets"])
    yield from (each["TopicArn"] for each in production.client("sns").list_topics()["Topics"])
    yield from production.client("sqs").list_queues().get("QueueUrls", [])
    for session in (production, staging):
        iam = session.client("iam")
        yield from (each["Arn"] for each in iam.list_roles()["Roles"])
        yield from (each["Arn"] for each in iam.list_policies(Scope="Local")["Policies"])
        yield from (each["Arn"] for each in iam.list_instance_profiles()["InstanceProfiles"])
        devices = iam.list_virtual_mfa_devices(AssignmentStatus="Any")["VirtualMFADevices"]
        yield from (each["SerialNumber"] for each in devices)
        users = iam.list_users()["Users"]
        yield from (each["Arn"] for each in users if "Administrator" not in each["Arn"])
    kms = production.client("kms")
    for key in kms.list_keys()["Keys"]:
        if kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] == "Enabled":
            yield key["KeyArn"]
    for alias in kms.list_aliases()["Aliases"]:
        yield alias["AliasName"]


def test_what_others_put_on_users_roles_and_buckets_goes_with_them(unprotected: Program) -> None:
    staging = admin(STAGING_ADMIN).client("iam")
    who: dict[str, Any] = {"UserName": "StageAdmin"}
    user("StageAdmin")
    staging.create_login_profile(**who, Password="Evening-1")
    give_device(staging, "StageAdmin", "phone")
    staging.create_group(GroupName="people")
    staging.add_user_to_group(**who, GroupName="people")
    staging.attach_user_policy(**who, PolicyArn=READ_ONLY)
    staging.put_user_policy(**who, PolicyName="others", PolicyDocument=ANYTHING)
    production = admin(PRODUCTION_ADMIN).client("iam")
    for iam, name in ((production, "StageRole"), (staging, "Worker")):
        iam.attach_role_policy(RoleName=name, PolicyArn=READ_ONLY)
        iam.put_role_policy(RoleName=name, PolicyName="others", PolicyDocument=ANYTHING)
        if iam is production:
            iam.create_instance_profile(InstanceProfileName="of-others")
            iam.add_role_to_instance_profile(InstanceProfileName="of-others", RoleName=name)
    s3 = admin(PRODUCTION_ADMIN).client("s3")
    for body in (b"evening", b"morning"):
        s3.put_object(Bucket=BUCKET, Key="Sunset.jpg", Body=body)
    s3.delete_object(Bucket=BUCKET, Key="Sunset.jpg")
    s3.put_object(Bucket=BUCKET, Key="here to stay?", Body=b"no")
    s3.create_multipart_upload(Bucket=BUCKET, Key="unfinished")

    unprotected.pulumi(*DESTROY)

    # What is others' own stays, without what was ours in it.
    profile = production.get_instance_profile(InstanceProfileName="of-others")["InstanceProfile"]
    assert profile["Roles"] == []
    production.delete_instance_profile(InstanceProfileName="of-others")
    assert staging.get_group(GroupName="people")["Users"] == []
    staging.delete_group(GroupName="people")
    assert list(left(unprotected)) == []


@pytest.mark.parametrize("used", ["attached", "as a boundary"])
def test_a_policy_of_ours_that_others_use_stops_it_until_the_told_command_is_run(
    unprotected: Program, used: str
) -> None:
    iam = admin(PRODUCTION_ADMIN).client("iam")
    policy = "arn:aws:iam::111122223333:policy/StageRoleAccess"
    boundary: dict[str, Any] = {"PermissionsBoundary": policy} if used == "as a boundary" else {}
    iam.create_role(RoleName="OfOthers", AssumeRolePolicyDocument=PEOPLE, **boundary)
    if not boundary:
        iam.attach_role_policy(RoleName="OfOthers", PolicyArn=policy)

    output = unprotected.refused(*DESTROY)
    assert "DeleteConflict" in output
    assert "access-stage-admin" in output
    commands = remedies(unprotected)
    assert [each for each in commands if "OfOthers" in each]
    for command in commands:
        ran = unprotected.run(*shlex.split(command))
        assert ran.status == 0, ran.output
    unprotected.pulumi(*DESTROY)
    iam.delete_role(RoleName="OfOthers")
    assert list(left(unprotected)) == []


def remedies(program: Program) -> list[str]:
    """The commands that `access drift` has for what it finds."""
    ran = program.run(ACCESS, "drift", "--json", "--stack", "prod")
    assert ran.status == 1, ran.output
    told: dict[str, Any] = json.loads(ran.output[ran.output.index("{") :])
    return [each["remedy"] for each in told["drift"] if each["remedy"].startswith("aws ")]


def test_a_destroy_that_was_interrupted_goes_on(unprotected: Program) -> None:
    unprotected.interrupted("destroy", after=f"aws:s3:BucketPolicy access-{BUCKET} deleting")
    part = list(left(unprotected))
    assert [each for each in part if each == BUCKET]
    assert not [each for each in part if "aws:s3/bucketPolicy:BucketPolicy" in each]
    unprotected.pulumi(*DESTROY)
    assert list(left(unprotected)) == []


def test_an_up_after_half_a_destroy_makes_all_of_it_again(unprotected: Program) -> None:
    unprotected.interrupted("destroy", after=f"aws:s3:BucketPolicy access-{BUCKET} deleting")
    unprotected.up()
    assert unprotected.settled()
    assume(user("StageAdmin"), "arn:aws:iam::111122223333:role/StageRole")


@pytest.mark.parametrize("more", [(), ("--run-program",)], ids=["plain", "--run-program"])
@pytest.mark.parametrize("example", ["kms", "topics-queues", "via-resource"])
def test_what_is_protected_refuses_before_anything_is_taken_from_anybody(
    program: Program, example: str, more: tuple[str, ...]
) -> None:
    deploy(program, example)
    was = sorted(left(program))
    output = program.refused(*DESTROY, *more)
    assert "protect" in output
    assert sorted(left(program)) == was
    assert program.settled()
