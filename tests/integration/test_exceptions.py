"""Room for exceptions, on the real engine: renames, the kinds of access policy, transforms."""

import json

from tests.support.people import PRODUCTION_ADMIN, STAGING_ADMIN, admin, assume, user
from tests.support.program import Program

BUCKET = "production-test-bucket-101"
ROLE = "arn:aws:iam::111122223333:role/StageRole"
POLICY = "arn:aws:iam::111122223333:policy/StageRoleAccess"

TRANSFORM = """import pulumi

def with_owner(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
    with open("seen", "a") as seen:
        print(args.type_, args.name, file=seen)
    if args.type_ != "aws:s3/bucket:Bucket":
        return None
    props = {**args.props, "tags": {"owner": "data"}}
    return pulumi.ResourceTransformResult(props=props, opts=args.opts)
"""


def steps(program: Program) -> dict[str, int]:
    """How many resources a preview would create, update, replace, delete or leave."""
    output = program.pulumi("preview", "--json", "--stack", "prod")
    counts: dict[str, int] = json.loads(output)["changeSummary"]
    return counts


def test_a_renamed_consumer_keeps_its_resources(program: Program) -> None:
    program.up()
    iam, staging = admin(PRODUCTION_ADMIN).client("iam"), admin(STAGING_ADMIN).client("iam")
    before = iam.get_role(RoleName="StageRole")["Role"]
    user_before = staging.get_user(UserName="StageAdmin")["User"]
    consumers, grants = program.settings()["consumers"], program.settings()["grants"]
    consumers[0] |= {"name": "operators", "renamed_from": "stage-admin"}
    grants[0]["consumer"] = "operators"
    program.set(consumers=consumers, grants=grants)
    assert set(steps(program)) <= {"same", "update"}
    program.up()
    assert iam.get_role(RoleName="StageRole")["Role"]["RoleId"] == before["RoleId"]
    assert staging.get_user(UserName="StageAdmin")["User"]["UserId"] == user_before["UserId"]
    del consumers[0]["renamed_from"]
    program.set(consumers=consumers)
    assert program.settled()
    names = {item["urn"].split("::")[-1] for item in program.resources() if ":iam/" in item["type"]}
    assert names == {"access-operators"}


def test_the_access_policy_may_be_inline_or_several_and_changes_from_one_to_the_other(
    program: Program,
) -> None:
    program.up()
    iam, s3 = admin(PRODUCTION_ADMIN).client("iam"), admin(PRODUCTION_ADMIN).client("s3")
    s3.put_object(Bucket=BUCKET, Key="customer-0149/Sunset.jpg", Body=b"evening")
    role_id = iam.get_role(RoleName="StageRole")["Role"]["RoleId"]
    consumers, (grant,) = program.settings()["consumers"], program.settings()["grants"]
    grant["prefixes"] = [f"customer-{number:04}/" for number in range(150)]

    def reads() -> bool:
        session = assume(user("StageAdmin"), ROLE).client("s3")
        answer = session.get_object(Bucket=BUCKET, Key="customer-0149/Sunset.jpg")
        return bool(answer["Body"].read() == b"evening")

    def attached() -> list[str]:
        found = iam.list_attached_role_policies(RoleName="StageRole")["AttachedPolicies"]
        return sorted(policy["PolicyArn"] for policy in found)

    program.set(grants=[grant])
    program.up()
    assert attached() == [POLICY, f"{POLICY}-2"]
    assert program.outputs()["accessPolicyArns"] == {"stage-admin": attached()}
    assert program.settled()
    assert reads()

    grant["prefixes"] = grant["prefixes"][-60:]
    consumers[0]["role"]["policy"] = "inline"
    program.set(grants=[grant], consumers=consumers)
    program.up()
    assert iam.list_role_policies(RoleName="StageRole")["PolicyNames"] == ["StageRoleAccess"]
    assert attached() == []
    assert iam.list_policies(Scope="Local")["Policies"] == []
    assert program.settled()
    assert reads()

    del consumers[0]["role"]["policy"]
    program.set(consumers=consumers)
    program.up()
    assert iam.list_role_policies(RoleName="StageRole")["PolicyNames"] == []
    assert attached() == [POLICY]
    assert program.settled()
    assert reads()
    assert iam.get_role(RoleName="StageRole")["Role"]["RoleId"] == role_id


def test_a_transform_reaches_every_part_and_changes_one(program: Program) -> None:
    main = program.folder / "__main__.py"
    before, call, after = main.read_text().partition("access = CrossAccountAccess(")
    assert call
    given = "arguments_of(declared)"
    options = f"{given}, pulumi.ResourceOptions(transforms=[with_owner])"
    assert given in after
    main.write_text(before + TRANSFORM + call + after.replace(given, options, 1))
    program.up()
    s3 = admin(PRODUCTION_ADMIN).client("s3")
    tags = {tag["Key"]: tag["Value"] for tag in s3.get_bucket_tagging(Bucket=BUCKET)["TagSet"]}
    assert tags == {"owner": "data", "project": "cross-account-access", "stack": "prod"}
    assert program.settled()
    seen = {tuple(line.split()) for line in (program.folder / "seen").read_text().splitlines()}
    parts = {
        (item["type"], item["urn"].split("::")[-1])
        for item in program.resources()
        if item["type"].startswith(("aws:", "cross-account-access:"))
    }
    assert seen == parts
