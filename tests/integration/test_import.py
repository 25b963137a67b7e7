"""What was made by hand, as the walkthrough has it, becomes the stack's; nothing is made anew."""

import json
from typing import Any

from tests.support.deployment import ACCESS
from tests.support.people import PRODUCTION_ADMIN, STAGING_ADMIN, admin, assume, user
from tests.support.program import Program, Ran

BUCKET = "production-test-bucket-101"
ROLE = "arn:aws:iam::111122223333:role/StageRole"
STAGING_ROOT = {"AWS": "arn:aws:iam::444455556666:root"}


def access_import(program: Program, *words: str) -> Ran:
    """Runs the command as a person does, in the program's folder."""
    return program.run(ACCESS, *("import", "--stack", "prod", *words))


def document(action: str | list[str], resource: str | None = None, **more: Any) -> str:
    statement = {"Effect": "Allow", "Action": action, **more}
    if resource:
        statement["Resource"] = resource
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def make_by_hand() -> None:
    """The stages of the walkthrough, with its names and its documents."""
    s3, iam = admin(PRODUCTION_ADMIN).client("s3"), admin(PRODUCTION_ADMIN).client("iam")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    s3.put_object(Bucket=BUCKET, Key="Sunset.jpg", Body=b"evening")
    s3.put_bucket_policy(
        Bucket=BUCKET,
        Policy=document(
            ["s3:GetBucketLocation", "s3:ListBucket"],
            f"arn:aws:s3:::{BUCKET}",
            Sid="Grant permissions to Staging Account",
            Principal=STAGING_ROOT,
        ),
    )
    policy = iam.create_policy(
        PolicyName="StageRoleAccess",
        PolicyDocument=document("s3:GetObject", f"arn:aws:s3:::{BUCKET}/*"),
    )["Policy"]
    iam.create_role(
        RoleName="StageRole",
        AssumeRolePolicyDocument=document("sts:AssumeRole", Principal=STAGING_ROOT),
    )
    iam.attach_role_policy(RoleName="StageRole", PolicyArn=policy["Arn"])
    staging = admin(STAGING_ADMIN).client("iam")
    staging.create_user(UserName="StageAdmin")
    staging.put_user_policy(
        UserName="StageAdmin",
        PolicyName="AssumeStageRole",
        PolicyDocument=document("sts:AssumeRole", ROLE),
    )


def identity() -> tuple[object, ...]:
    """What a thing that was made anew would not keep."""
    s3, iam = admin(PRODUCTION_ADMIN).client("s3"), admin(PRODUCTION_ADMIN).client("iam")
    policies = iam.list_policies(Scope="Local")["Policies"]
    (policy,) = (each for each in policies if each["PolicyName"] == "StageRoleAccess")
    return (
        s3.list_buckets()["Buckets"][0]["CreationDate"],
        s3.get_object(Bucket=BUCKET, Key="Sunset.jpg")["Body"].read(),
        iam.get_role(RoleName="StageRole")["Role"]["RoleId"],
        policy["PolicyId"],
        admin(STAGING_ADMIN).client("iam").get_user(UserName="StageAdmin")["User"]["UserId"],
    )


def test_the_walkthrough_by_hand_becomes_the_stacks(program: Program) -> None:
    make_by_hand()
    administrator = "arn:aws:iam::aws:policy/AdministratorAccess"
    iam = admin(PRODUCTION_ADMIN).client("iam")
    iam.attach_role_policy(RoleName="StageRole", PolicyArn=administrator)
    consumer, before = user("StageAdmin"), identity()

    ran = access_import(program)
    assert ran.status == 1, ran.output
    for told in (
        f"production: aws:s3/bucket:Bucket access-{BUCKET}, import ID {BUCKET}",
        "    ~ versioning: never enabled becomes Enabled",
        "    ! removes the statement Grant permissions to Staging Account",
        f"    ! detaches {administrator}",
        "    ! deletes the inline policy AssumeStageRole;",
        "- staging:user/StageAdmin through production:role/StageRole may",
        "pulumi import --generate-code=false --file ",
    ):
        assert told in ran.output
    assert program.resources() == []

    ran = access_import(program, "--apply", "--yes")
    assert ran.status == 0, ran.output
    assert identity() == before
    preview = json.loads(program.pulumi("preview", "--json", "--stack", "prod"))
    # Made are the things that the walkthrough has not: rules of the life cycle, the policy that
    # lets the user assume the role, under the program's name for it, and what the role newly may
    # do, which comes once its trust policy has changed.
    made = [step["urn"].split("$")[-1] for step in preview["steps"] if step["op"] == "create"]
    assert sorted(made) == [
        "aws:iam/policy:Policy::access-stage-admin.2",
        "aws:iam/userPolicy:UserPolicy::access-stage-admin",
        f"aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration::access-{BUCKET}",
    ]
    assert set(preview["changeSummary"]) == {"create", "update", "same"}

    program.up()
    assert identity() == before
    assert program.settled()
    attached = iam.list_attached_role_policies(RoleName="StageRole")["AttachedPolicies"]
    assert [policy["PolicyName"] for policy in attached] == ["StageRoleAccess-2"]
    session = assume(consumer, ROLE).client("s3")
    assert session.get_object(Bucket=BUCKET, Key="Sunset.jpg")["Body"].read() == b"evening"
    # Imported things are protected until the program has said what is: the bucket alone.
    protected = {item["type"].split(":")[-1] for item in program.resources() if item.get("protect")}
    assert all("Bucket" in name for name in protected)
    ran = access_import(program)
    assert (ran.status, ran.output.splitlines()[-1]) == (
        0,
        "nothing to import: the stack has all that it makes",
    )


def test_a_deployment_that_met_a_bucket_goes_on_after_the_import(program: Program) -> None:
    s3 = admin(PRODUCTION_ADMIN).client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    s3.put_object(Bucket=BUCKET, Key="kept", Body=b"1")
    output = program.refused("up", "--yes", "--skip-preview", "--stack", "prod")
    assert "BucketAlreadyOwnedByYou" in output
    ran = access_import(program, "--apply", "--yes")
    assert ran.status == 0, ran.output
    program.up()
    assert program.settled()
    assert s3.get_object(Bucket=BUCKET, Key="kept")["Body"].read() == b"1"


def test_a_bucket_of_somebody_else_is_told(program: Program) -> None:
    location = {"LocationConstraint": "us-west-2"}
    s3: Any = admin(STAGING_ADMIN).client("s3")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration=location)
    ran = access_import(program, "--apply", "--yes")
    assert ran.status == 1, ran.output
    assert f"aws:s3/bucket:Bucket access-{BUCKET}, cannot be imported" in ran.output
    assert "    x belongs to another account, or is closed to the profile" in ran.output
    assert program.resources() == []
