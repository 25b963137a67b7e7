"""The life of a stack on the real engine: up, again, side by side, interrupted, destroyed."""

import getpass
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.shapes import repairable_by_an_administrator
from tests.support.people import PRODUCTION_ADMIN, STAGING_ADMIN, admin, assume, refused, user
from tests.support.program import Program

BUCKET = "production-test-bucket-101"
ROLE = "arn:aws:iam::111122223333:role/StageRole"


def made(program: Program, stack: str = "prod") -> list[str]:
    return [item["type"] for item in program.resources(stack) if item["type"].startswith("aws:")]


def unprotect(program: Program) -> None:
    buckets = program.settings()["buckets"]
    program.set(buckets=[{**bucket, "protect": False} for bucket in buckets])


def test_up_again_and_preview_change_nothing(program: Program) -> None:
    program.up()
    assert program.settled()
    before = program.resources()
    assert "unchanged" in program.pulumi(
        "up", "--yes", "--skip-preview", "--expect-no-changes", "--stack", "prod"
    )
    assert {item["urn"] for item in program.resources()} == {item["urn"] for item in before}
    repairable_by_an_administrator()
    # What another project reads needs no passphrase of ours: nothing in the state is encrypted.
    assert "ciphertext" not in json.dumps(program.resources())


def test_both_stacks_live_side_by_side_in_the_same_accounts(program: Program) -> None:
    program.init("staging")
    program.up("prod")
    program.up("staging")
    assert program.settled("prod")
    assert program.settled("staging")
    rehearsal = user("StageAdminRehearsal")
    assume(rehearsal, "arn:aws:iam::111122223333:role/StageRoleRehearsal")
    with refused():
        assume(rehearsal, ROLE)
    s3 = admin(PRODUCTION_ADMIN).client("s3")
    s3.put_object(Bucket="staging-test-bucket-101", Key="old", Body=b"1")
    s3.put_object(Bucket="staging-test-bucket-101", Key="old", Body=b"2")
    program.pulumi("destroy", "--yes", "--skip-preview", "--stack", "staging")
    assert made(program, "staging") == []
    assert program.settled("prod")


def test_destroy_of_prod_refuses_whole_until_unprotected_and_then_leaves_nothing(
    program: Program,
) -> None:
    program.up()
    user("StageAdmin")  # a consumer's key must not keep the user alive
    output = program.refused("destroy", "--yes", "--skip-preview", "--stack", "prod")
    assert "protected" in output
    assert program.settled()
    iam, s3 = admin(PRODUCTION_ADMIN).client("iam"), admin(PRODUCTION_ADMIN).client("s3")
    unprotect(program)
    program.up()
    program.pulumi("destroy", "--yes", "--skip-preview", "--stack", "prod")
    assert program.resources() == []
    assert s3.list_buckets()["Buckets"] == []
    assert iam.list_roles()["Roles"] == []
    assert iam.list_policies(Scope="Local")["Policies"] == []
    users = admin(STAGING_ADMIN).client("iam").list_users()["Users"]
    assert [who["UserName"] for who in users] == ["StagingAdministrator"]


def test_a_protected_bucket_is_never_emptied(program: Program) -> None:
    program.up()
    s3 = admin(PRODUCTION_ADMIN).client("s3")
    s3.put_object(Bucket=BUCKET, Key="kept", Body=b"1")
    # Unprotected in the state alone, as in a hurry: the stack file still says protect.
    program.pulumi("state", "unprotect", "--all", "--yes", "--stack", "prod")
    output = program.refused("destroy", "--yes", "--skip-preview", "--stack", "prod")
    assert "BucketNotEmpty" in output
    assert s3.get_object(Bucket=BUCKET, Key="kept")["Body"].read() == b"1"


def test_a_tag_is_renamed_in_place(program: Program) -> None:
    program.set(tags={"team": "data"})
    program.up()
    before = {item["urn"]: item["id"] for item in program.resources() if "id" in item}
    iam = admin(PRODUCTION_ADMIN).client("iam")
    created = iam.get_role(RoleName="StageRole")["Role"]["CreateDate"]
    program.set(tags={"squad": "data"})
    program.up()
    assert {item["urn"]: item["id"] for item in program.resources() if "id" in item} == before
    role = iam.get_role(RoleName="StageRole")["Role"]
    assert role["CreateDate"] == created
    assert {tag["Key"] for tag in role["Tags"]} == {"project", "stack", "squad"}


def test_a_new_path_replaces_the_role_and_access_goes_on(program: Program) -> None:
    program.up()
    consumers = program.settings()["consumers"]
    consumers[0]["role"]["path"] = "/access/"
    program.set(consumers=consumers)
    preview = program.pulumi("preview", "--diff", "--stack", "prod")
    # The role and the two lists of what it may have; the user's policy follows in place.
    assert "aws:iam/role:Role: (replace)" in preview
    assert "3 to replace" in preview
    assert "1 to update" in preview
    program.up()
    assert program.settled()
    s3 = admin(PRODUCTION_ADMIN).client("s3")
    s3.put_object(Bucket=BUCKET, Key="Sunset.jpg", Body=b"evening")
    consumer = user("StageAdmin")
    session = assume(consumer, "arn:aws:iam::111122223333:role/access/StageRole")
    assert session.client("s3").head_object(Bucket=BUCKET, Key="Sunset.jpg")


def test_trust_survives_the_users_re_creation(program: Program) -> None:
    program.up()
    iam = admin(STAGING_ADMIN).client("iam")
    iam.delete_user_policy(UserName="StageAdmin", PolicyName="assume-StageRole")
    iam.delete_user(UserName="StageAdmin")
    program.up()
    assert program.settled()
    assume(user("StageAdmin"), ROLE)


def test_an_interrupted_up_is_continued_by_the_next(program: Program) -> None:
    program.interrupted("up", after="aws:s3:BucketPublicAccessBlock")
    partial = set(made(program))
    assert "aws:s3/bucketPolicy:BucketPolicy" not in partial
    program.up()
    assert program.settled()
    assert partial < set(made(program))


def test_refresh_brings_the_state_up_to_date(program: Program) -> None:
    program.up()
    admin(PRODUCTION_ADMIN).client("iam").update_role(RoleName="StageRole", MaxSessionDuration=7200)
    program.pulumi("refresh", "--yes", "--skip-preview", "--stack", "prod")
    (role,) = [item for item in program.resources() if item["type"] == "aws:iam/role:Role"]
    assert role["outputs"]["maxSessionDuration"] == 7200


def test_an_existing_user_is_adopted_and_given_back(program: Program) -> None:
    iam = admin(STAGING_ADMIN).client("iam")
    iam.create_user(UserName="Existing", Path="/people/")
    iam.put_user_policy(
        UserName="Existing",
        PolicyName="own",
        PolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [
                    {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
                ],
            }
        ),
    )
    consumers = program.settings()["consumers"]
    consumers[0]["user"] = {"name": "Existing", "path": "/people/", "existing": True}
    program.set(consumers=consumers)
    program.up()
    assume(user("Existing"), ROLE)
    unprotect(program)
    program.up()
    program.pulumi("destroy", "--yes", "--skip-preview", "--stack", "prod")
    assert iam.list_user_policies(UserName="Existing")["PolicyNames"] == ["own"]


@pytest.mark.parametrize("preview", [True, False])
@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Nobody", "consumers: 'Nobody' is no user of account 444455556666"),
        ("Elsewhere", "add path: /people/ to adopt it"),
    ],
)
def test_a_user_to_adopt_must_exist_as_declared(
    program: Program, name: str, told: str, preview: bool
) -> None:
    admin(STAGING_ADMIN).client("iam").create_user(UserName="Elsewhere", Path="/people/")
    consumers = program.settings()["consumers"]
    consumers[0]["user"] = {"name": name, "existing": True}
    program.set(consumers=consumers)
    arguments = ["preview"] if preview else ["up", "--yes", "--skip-preview"]
    output = program.refused(*arguments, "--stack", "prod")
    assert told in output
    assert "Traceback" not in output
    assert made(program) == []


def test_an_identity_provider_that_is_said_to_exist_must_exist_as_declared(
    program: Program,
) -> None:
    consumers = program.settings()["consumers"]
    del consumers[0]["user"]
    consumers[0]["oidc"] = {
        "issuer": "https://ci.example.com",
        "audience": "aws",
        "subjects": ["repo:our-org/site:main"],
        "provider": "existing",
    }
    program.set(consumers=consumers)
    output = program.refused("up", "--yes", "--skip-preview", "--stack", "prod")
    assert "account 111122223333 has no identity provider for https://ci.example.com" in output
    assert "Traceback" not in output
    assert made(program) == []
    iam = admin(PRODUCTION_ADMIN).client("iam")
    url, thumbprints = "https://ci.example.com", ["0" * 40]
    other = iam.create_open_id_connect_provider(
        Url=url, ClientIDList=["other"], ThumbprintList=thumbprints
    )
    output = program.refused("preview", "--stack", "prod")
    assert "does not take the audience 'aws', only other;" in output
    iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=other["OpenIDConnectProviderArn"])
    iam.create_open_id_connect_provider(
        Url=url, ClientIDList=["other", "aws"], ThumbprintList=thumbprints
    )
    assert "OpenIdConnectProvider" not in program.pulumi("preview", "--stack", "prod")


def test_the_environment_of_the_project_need_not_be_on_path(program: Program) -> None:
    ours = str(Path(sys.executable).parent)
    others = [each for each in program.environment["PATH"].split(os.pathsep) if each != ours]
    command = ("pulumi", "preview", "--stack", "prod", "--non-interactive")
    ran = program.run(*command, PATH=os.pathsep.join(others))
    assert ran.status == 0, ran.output


def test_two_people_at_once_are_told_of_one_another(program: Program) -> None:
    """The row of docs/operations.md."""
    up = ("pulumi", "up", "--yes", "--skip-preview", "--stack", "prod", "--non-interactive")
    first = subprocess.Popen(
        up,
        cwd=program.folder,
        env=dict(program.environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert first.stdout is not None
    with first:
        next(line for line in first.stdout if "creating" in line)
        told = program.refused(*up[1:-1])
        assert "the stack is currently locked by 1 lock(s)" in told
        assert f"created by {getpass.getuser()}@" in told
        assert "Traceback" not in told
        first.stdout.read()
    assert first.returncode == 0
    assert program.settled()
