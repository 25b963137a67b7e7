"""What exists already is found by name, told with what changes, and put into the import file."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import boto3
import pytest

from cross_account_access.command.cli import main
from cross_account_access.importing import Existing, existing
from cross_account_access.importing.found import lost_tags
from cross_account_access.importing.import_file import filled
from cross_account_access.stack import resources_of_state
from tests.support.states import UNKNOWN, allow, policy, pulumi_that, resource, urn

pytestmark = pytest.mark.usefixtures("empty_account")

OWN = "123456789012"
BUCKET, ROLE, USER, POLICY = "reports", "Reader", "Ann", "Readers"
POLICY_ARN = f"arn:aws:iam::{OWN}:policy/{POLICY}"
TRUST = json.dumps(policy(allow("sts:AssumeRole", Principal={"AWS": OWN})))
READ = policy(allow("s3:GetObject", f"arn:aws:s3:::{BUCKET}/*"))
FOR_ALL = allow("s3:GetObject", f"arn:aws:s3:::{BUCKET}/*", Principal="*")
AES256 = {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}
OTHER_ARN = f"arn:aws:iam::{OWN}:policy/Other"
POLICY_TYPE, ROLE_TYPE = "aws:iam/policy:Policy", "aws:iam/role:Role"


def setting(name: str, **inputs: Any) -> dict[str, Any]:
    made = resource(f"aws:s3/bucket{name}:Bucket{name}", "b")
    return {**made, "inputs": {"bucket": BUCKET, **inputs}}


def exclusive(kind: str, what: str, key: str, values: list[str], **more: Any) -> dict[str, Any]:
    name = f"{kind}{what}Exclusive"
    token = f"aws:iam/{name}:{name[0].upper()}{name[1:]}"
    owner = ROLE if kind == "role" else USER
    return resource(token, "c", **{f"{kind}Name": owner, key: values}, **more)


def inside(made: dict[str, Any], parent: str = "Part") -> dict[str, Any]:
    """The same resource below a component that is below another."""
    name = made["urn"].rpartition("::")[2]
    return {**made, "urn": urn(f"x:index:Whole$x:index:{parent}${made['type']}", name)}


PROVIDER = {
    "urn": urn("pulumi:providers:aws", "production"),
    "type": "pulumi:providers:aws",
    "inputs": {"allowedAccountIds": json.dumps([OWN]), "region": "us-west-2"},
}
PARTS = [
    resource(POLICY_TYPE, "c", name=POLICY, policy=READ),
    resource(ROLE_TYPE, "c", name=ROLE, path="/", assumeRolePolicy=TRUST, maxSessionDuration=3600),
    exclusive(
        "role",
        "PolicyAttachments",
        "policyArns",
        [UNKNOWN],
        dependencies={"policyArns": [inside(resource(POLICY_TYPE, "c"))["urn"]]},
    ),
    exclusive("role", "Policies", "policyNames", []),
    resource("aws:iam/rolePolicy:RolePolicy", "c", role=ROLE, name="own", policy=READ),
    resource("aws:iam/user:User", "c", name=USER, path="/"),
    resource("aws:iam/userPolicy:UserPolicy", "c", user=USER, name="assume", policy=READ),
    exclusive("user", "Policies", "policyNames", ["assume"]),
    exclusive("user", "PolicyAttachments", "policyArns", []),
    resource("aws:iam/instanceProfile:InstanceProfile", "c", name="Readers", role=ROLE),
    resource(
        "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
        "ci.example.com",
        url="https://ci.example.com",
        clientIdLists=["aws"],
    ),
    resource("aws:s3/bucket:Bucket", "b", bucket=BUCKET),
    setting("OwnershipControls", rule={"objectOwnership": "BucketOwnerEnforced"}),
    setting(
        "PublicAccessBlock",
        blockPublicAcls=True,
        blockPublicPolicy=True,
        ignorePublicAcls=True,
        restrictPublicBuckets=True,
    ),
    setting("Versioning", versioningConfiguration={"status": "Enabled"}),
    setting("ServerSideEncryptionConfiguration", rules=[AES256]),
    setting("LifecycleConfiguration", rules=[{"id": "expire"}]),
    setting("Logging", targetBucket="logs", targetPrefix="reports/"),
    setting("Policy", policy=json.dumps(policy({"Sid": "Ours", **FOR_ALL}))),
]


PLANNED = [PROVIDER, *map(inside, PARTS)]


def template() -> dict[str, Any]:
    """What `pulumi preview --import-file` writes of it, with a parent for each thing."""
    entries: list[dict[str, Any]] = [
        {"type": "x:index:Whole", "name": "whole", "component": True},
        {"type": "pulumi:providers:aws", "name": "production", "inputs": {"region": "us-west-2"}},
        {"type": "x:index:Idle", "name": "idle", "parent": "whole", "component": True},
    ]
    for each in PLANNED[1:]:
        logical = each["urn"].split("::")[-1]
        name = f"{logical}{each['type'].split(':')[-1]}"
        entries += [
            {"type": "x:index:Part", "name": f"of{name}", "parent": "whole", "component": True},
            {
                "type": each["type"],
                "name": name,
                "logicalName": logical,
                "id": "<PLACEHOLDER>",
                "parent": f"of{name}",
                "provider": "production",
            },
        ]
    return {"resources": entries}


def make_all() -> tuple[Any, Any]:
    """Makes all that is planned, with the names that are planned, as by hand."""
    iam: Any = boto3.client("iam")
    s3: Any = boto3.client("s3")
    iam.create_policy(PolicyName=POLICY, PolicyDocument=json.dumps(READ))
    iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=TRUST)
    iam.attach_role_policy(RoleName=ROLE, PolicyArn=POLICY_ARN)
    iam.put_role_policy(RoleName=ROLE, PolicyName="own", PolicyDocument=json.dumps(READ))
    iam.create_user(UserName=USER)
    iam.put_user_policy(UserName=USER, PolicyName="assume", PolicyDocument=json.dumps(READ))
    iam.create_instance_profile(InstanceProfileName="Readers")
    iam.create_open_id_connect_provider(
        Url="https://ci.example.com", ClientIDList=["aws", "old"], ThumbprintList=["0" * 40]
    )
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    kms = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/mine"}
    s3.put_bucket_encryption(
        Bucket=BUCKET,
        ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": kms}]},
    )
    return iam, s3


def look(planned: list[dict[str, Any]] | None = None) -> dict[str, Existing]:
    """What is found, by the last part of its type."""
    resources = resources_of_state({"deployment": {"resources": planned or PLANNED}})
    found = existing(resources, {each.urn for each in resources})
    return {each.resource.type.split(":")[-1]: each for each in found}


def warnings(name: str) -> tuple[str, ...]:
    return look()[name].found.warnings


def changed(token: str, **inputs: Any) -> list[dict[str, Any]]:
    """The plan with other inputs of one type."""
    return [
        {**each, "inputs": {**each["inputs"], **inputs}} if each["type"] == token else each
        for each in PLANNED
    ]


def test_nothing_is_found_in_an_empty_account() -> None:
    assert look() == {}


def test_each_thing_has_the_import_id_of_its_type() -> None:
    _, s3 = make_all()
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(READ))
    assert {name: each.found.import_id for name, each in look().items()} == {
        "Policy": POLICY_ARN,
        "Role": ROLE,
        "RolePolicyAttachmentsExclusive": ROLE,
        "RolePoliciesExclusive": ROLE,
        "RolePolicy": f"{ROLE}:own",
        "User": USER,
        "UserPolicy": f"{USER}:assume",
        "UserPoliciesExclusive": USER,
        "UserPolicyAttachmentsExclusive": USER,
        "InstanceProfile": "Readers",
        "OpenIdConnectProvider": f"arn:aws:iam::{OWN}:oidc-provider/ci.example.com",
        "Bucket": BUCKET,
        "BucketOwnershipControls": None,
        "BucketPublicAccessBlock": None,
        "BucketVersioning": BUCKET,
        "BucketServerSideEncryptionConfiguration": BUCKET,
        "BucketLifecycleConfiguration": None,
        "BucketLogging": None,
        "BucketPolicy": BUCKET,
    }


def test_only_what_would_be_created_is_looked_for() -> None:
    make_all()
    resources = resources_of_state({"deployment": {"resources": PLANNED}})
    created = {each.urn for each in resources if each.type == ROLE_TYPE}
    assert [each.resource.type for each in existing(resources, created)] == [ROLE_TYPE]


def test_what_hardens_a_bucket_is_told() -> None:
    make_all()
    found = look()
    told = {name: each.found.changes for name, each in found.items() if name.startswith("Bucket")}
    assert told == {
        "Bucket": (),
        "BucketOwnershipControls": ("object ownership: ObjectWriter becomes BucketOwnerEnforced",),
        "BucketPublicAccessBlock": ("public access: not blocked becomes blocked",),
        "BucketVersioning": ("versioning: never enabled becomes Enabled",),
        "BucketServerSideEncryptionConfiguration": (
            "encryption: aws:kms with alias/mine becomes AES256",
        ),
        "BucketLifecycleConfiguration": ("adds the lifecycle rule expire",),
        "BucketLogging": ("access log: none becomes logs/reports/",),
        "BucketPolicy": ("adds the statement Ours",),
    }


def test_what_a_bucket_loses_is_told() -> None:
    _, s3 = make_all()
    s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": [{"Key": "owner", "Value": "data"}]})
    by_hand = policy({"Sid": "Grant to all", **FOR_ALL})
    s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(by_hand))
    s3.put_bucket_lifecycle_configuration(
        Bucket=BUCKET,
        LifecycleConfiguration={
            "Rules": [
                {
                    "ID": "tidy",
                    "Status": "Enabled",
                    "Filter": {"Prefix": ""},
                    "Expiration": {"Days": 1},
                }
            ]
        },
    )
    s3.put_bucket_acl(Bucket=BUCKET, ACL="public-read")
    shared, tag = warnings("Bucket")
    assert shared.startswith("its ACL lets in http://acs.amazonaws.com/groups/global/AllUsers;")
    assert tag == "removes the tag owner=data"
    assert warnings("BucketPolicy") == ("removes the statement Grant to all",)
    assert warnings("BucketLifecycleConfiguration") == ("removes the lifecycle rule tidy",)


def test_tags_that_the_program_gives_are_no_loss() -> None:
    _, s3 = make_all()
    s3.put_bucket_tagging(Bucket=BUCKET, Tagging={"TagSet": [{"Key": "owner", "Value": "data"}]})
    bucket = look(changed("aws:s3/bucket:Bucket", tags={"owner": "others"}))["Bucket"]
    assert bucket.found.warnings == ()


def test_tags_of_aws_itself_are_no_loss() -> None:
    (role,) = resources_of_state({"deployment": {"resources": [resource(ROLE_TYPE, "c")]}})
    assert lost_tags([{"Key": "aws:cloudformation:stack-id", "Value": "x"}], role) == ()


def test_policies_of_others_on_a_role_and_a_user_are_told() -> None:
    iam, _ = make_all()
    iam.delete_role_policy(RoleName=ROLE, PolicyName="own")
    iam.put_role_policy(RoleName=ROLE, PolicyName="theirs", PolicyDocument=json.dumps(READ))
    iam.create_policy(PolicyName="Other", PolicyDocument=json.dumps(READ))
    iam.attach_role_policy(RoleName=ROLE, PolicyArn=OTHER_ARN)
    iam.attach_user_policy(UserName=USER, PolicyArn=OTHER_ARN)
    iam.put_user_policy(UserName=USER, PolicyName="mine", PolicyDocument=json.dumps(READ))
    assert warnings("RolePolicyAttachmentsExclusive") == (f"detaches {OTHER_ARN}",)
    assert warnings("UserPolicyAttachmentsExclusive") == (f"detaches {OTHER_ARN}",)
    (theirs,) = warnings("RolePoliciesExclusive")
    assert theirs.startswith("deletes the inline policy theirs; to keep a copy: aws iam get-role-")
    (mine,) = warnings("UserPoliciesExclusive")
    assert mine.startswith("deletes the inline policy mine;")


def test_what_else_a_user_has_is_told() -> None:
    iam, _ = make_all()
    iam.create_group(GroupName="readers")
    iam.add_user_to_group(GroupName="readers", UserName=USER)
    key = iam.create_access_key(UserName=USER)["AccessKey"]["AccessKeyId"]
    iam.create_login_profile(UserName=USER, Password="an-0rdinary-Secret")
    told = warnings("User")
    assert [each.split(";")[0] for each in told] == [
        "stays in the group readers, with all that it allows",
        f"keeps the access key {key}",
        "keeps its console password",
    ]


def test_a_policy_that_others_have_too_is_told() -> None:
    iam, _ = make_all()
    iam.create_role(RoleName="Other", AssumeRolePolicyDocument=TRUST)
    iam.attach_role_policy(RoleName="Other", PolicyArn=POLICY_ARN)
    iam.attach_user_policy(UserName=USER, PolicyArn=POLICY_ARN)
    assert warnings("Policy") == (
        "is attached to the role Other too, which gets the new document",
        f"is attached to the user {USER} too, which gets the new document",
    )


def test_what_else_changes_is_told() -> None:
    iam, _ = make_all()
    iam.update_role(RoleName=ROLE, Description="mine", MaxSessionDuration=7200)
    iam.put_role_permissions_boundary(RoleName=ROLE, PermissionsBoundary=POLICY_ARN)
    found = look()
    assert found["Role"].found.changes == (
        "longest session: 7200 becomes 3600",
        "description: mine becomes none",
        f"permissions boundary: {POLICY_ARN} becomes none",
    )
    assert found["InstanceProfile"].found.changes == (f"role: none becomes {ROLE}",)
    assert found["OpenIdConnectProvider"].found.warnings == ("takes the audience old no longer",)


@pytest.mark.parametrize("token", [ROLE_TYPE, "aws:iam/user:User", POLICY_TYPE])
def test_another_path_stands_in_the_way(token: str) -> None:
    make_all()
    found = look(changed(token, path="/elsewhere/"))[token.rpartition(":")[2]].found
    assert not found.is_importable
    assert found.obstacle.startswith("has the path /, and the stack file says /elsewhere/")


def test_a_policy_with_a_description_cannot_be_changed_in_place() -> None:
    iam, _ = make_all()
    iam.create_policy(
        PolicyName="Described", PolicyDocument=json.dumps(READ), Description="by hand"
    )
    found = look(changed(POLICY_TYPE, name="Described"))["Policy"].found
    assert not found.is_importable
    assert found.obstacle.startswith("has the description 'by hand', which AWS never changes")


def test_a_bucket_of_another_region_stands_in_the_way() -> None:
    boto3.client("s3", region_name="eu-west-1").create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    found = look()["Bucket"].found
    assert not found.is_importable
    assert found.obstacle.startswith("is in eu-west-1, and the stack file says us-west-2")


def test_the_import_file_has_what_exists_with_its_parents_and_no_placeholder() -> None:
    iam: Any = boto3.client("iam")
    iam.create_user(UserName=USER)
    iam.create_role(RoleName=ROLE, Path="/other/", AssumeRolePolicyDocument=TRUST)
    found = list(look().values())
    written = filled(template(), found)
    names = [entry["name"] for entry in written["resources"]]
    assert names[:2] == ["whole", "production"]
    assert {entry["name"]: entry["id"] for entry in written["resources"] if "id" in entry} == {
        "cUser": USER,
        "cUserPoliciesExclusive": USER,
        "cUserPolicyAttachmentsExclusive": USER,
        "cRolePoliciesExclusive": ROLE,
        "cRolePolicyAttachmentsExclusive": ROLE,
    }
    for index, entry in enumerate(written["resources"]):
        for reference in (entry.get("parent"), entry.get("provider")):
            assert reference is None or reference in names[:index]
    assert "idle" not in names


def test_what_has_type_and_name_in_common_with_another_keeps_its_own_id() -> None:
    iam: Any = boto3.client("iam")
    for role in (ROLE, "Other"):
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=TRUST)
        iam.put_role_policy(RoleName=role, PolicyName="own", PolicyDocument=json.dumps(READ))
    token = "aws:iam/rolePolicy:RolePolicy"
    twins = [
        inside(resource(token, "c", role=role, name="own", policy=READ), parent)
        for role, parent in ((ROLE, "Part"), ("Other", "Instances"))
    ]
    resources = resources_of_state({"deployment": {"resources": [PROVIDER, *twins]}})
    found = existing(resources, {each.urn for each in resources})
    here = {"type": token, "logicalName": "c", "id": "<PLACEHOLDER>"}
    entries = [
        {"type": "x:index:Part", "name": "part", "parent": "wholeOfState", "component": True},
        {**here, "name": "of role", "parent": "part"},
        {**here, "name": "of instances", "parent": "instancesOfState"},
    ]
    table = {
        "wholeOfState": urn("x:index:Whole", "w"),
        "instancesOfState": urn("x:index:Whole$x:index:Instances", "i"),
    }
    written = filled({"nameTable": table, "resources": entries}, found)["resources"]
    assert {entry["name"]: entry["id"] for entry in written if "id" in entry} == {
        "of role": f"{ROLE}:own",
        "of instances": "Other:own",
    }


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A stack with that plan; its `pulumi` keeps what it is asked to import."""
    preview = {
        "steps": [{"op": "create", "urn": each["urn"], "newState": each} for each in PLANNED]
    }
    (tmp_path / "answers.json").write_text(json.dumps([preview, template()]))
    code = (
        f"import pathlib; folder = pathlib.Path({str(tmp_path)!r})\n"
        "preview, template = json.loads((folder / 'answers.json').read_text())\n"
        "if words[0] == 'preview':\n"
        "    pathlib.Path(words[words.index('--import-file') + 1]).write_text("
        "json.dumps(template))\n"
        "    print(json.dumps(preview))\n"
        "else:\n"
        "    (folder / 'asked').write_text(' '.join(words))\n"
        "    (folder / 'imported').write_text(\n"
        "        pathlib.Path(words[words.index('--file') + 1]).read_text())\n"
        "    print('{}')\n"
    )
    monkeypatch.setenv("PATH", pulumi_that(tmp_path, code) + os.pathsep + os.environ["PATH"])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_nothing_to_take_over_is_as_intended(
    stack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["import", "--stack", "prod"]) == 0
    assert capsys.readouterr().out.startswith("nothing to import")
    assert not (stack / "import.json").exists()


@pytest.mark.parametrize(
    ("operation", "told"),
    [
        ("create", "what the stack would make does not exist yet"),
        ("same", "the stack has all that it makes"),
    ],
)
def test_why_there_is_nothing_to_import_is_told(
    stack: Path, capsys: pytest.CaptureFixture[str], operation: str, told: str
) -> None:
    preview, _ = json.loads((stack / "answers.json").read_text())
    for step in preview["steps"]:
        step["op"] = operation
    (stack / "answers.json").write_text(json.dumps([preview, template()]))
    assert main(["import", "--stack", "prod"]) == 0
    assert capsys.readouterr().out == f"nothing to import: {told}\n"


def test_what_is_only_to_be_set_on_a_bucket_of_the_stack_is_not_imported(
    stack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_all()
    preview, _ = json.loads((stack / "answers.json").read_text())
    for step in preview["steps"]:
        step["op"] = "create" if "bucketLifecycle" in step["urn"] else "same"
    (stack / "answers.json").write_text(json.dumps([preview, template()]))
    assert main(["import", "--stack", "prod"]) == 0
    assert capsys.readouterr().out.startswith("nothing to import")


def test_what_exists_is_told_and_left_alone(
    stack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    iam, _ = make_all()
    iam.create_policy(PolicyName="Other", PolicyDocument=json.dumps(READ))
    iam.attach_role_policy(RoleName=ROLE, PolicyArn=OTHER_ARN)
    assert main(["import", "--stack", "prod", "--file", "mine.json"]) == 1
    out = capsys.readouterr().out
    assert f"production: {ROLE_TYPE} c, import ID {ROLE}\n" in out
    assert f"    ! detaches {OTHER_ARN}\n" in out
    assert "aws:s3/bucketPolicy:BucketPolicy b, is not there yet\n    ~ adds the statement" in out
    assert f"    pulumi import --generate-code=false --file {stack}/mine.json --stack prod\n" in out
    assert "<PLACEHOLDER>" not in (stack / "mine.json").read_text()
    assert not (stack / "asked").exists()


@pytest.mark.usefixtures("stack")
def test_what_changes_in_access_is_told_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    make_all()
    main(["import", "--stack", "prod"])
    told = capsys.readouterr().out.splitlines()
    start = told.index("access, once `pulumi up` has changed all that:")
    changes = [line for line in told[start:] if line.startswith(("+", "-", "note"))]
    # The live bucket has no policy; the planned one lets everybody read, and Block Public Access
    # then none but the bucket's own account.
    assert f"+ anybody else of production may s3:GetObject {BUCKET}/*" in changes
    assert not [line for line in changes if "anybody of any other AWS account" in line]
    # The role, and who assumes it, read before and after.
    assert not [line for line in changes if "production:role/" in line or "note" in line]


def test_apply_imports_the_file(stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_all()
    assert main(["import", "--stack", "prod", "--apply", "--yes"]) == 0
    asked = (stack / "asked").read_text().split()
    assert asked[:3] == ["import", "--generate-code=false", "--file"]
    assert asked[-2:] == ["--stack", "prod"]
    assert (stack / "imported").read_text() == (stack / "import.json").read_text()
    assert "imported; nothing on AWS has changed. Next:" in capsys.readouterr().out


def test_a_refused_import_is_told(stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_all()
    refusal = (
        "Diagnostics:\n"
        "  aws:iam:Role (c):\n"
        "    error: reading IAM Role (Reader): AccessDenied: not you\n"
        "  pulumi:pulumi:Stack (cross-account-access-prod):\n"
        "    error: update failed\n"
    )
    script = stack / "pulumi"
    script.write_text(
        script.read_text().replace("    print('{}')", f"    print({refusal!r}); sys.exit(255)")
    )
    assert main(["import", "--stack", "prod", "--apply", "--yes"]) == 3
    told = capsys.readouterr().err.splitlines()[-1]
    assert told == "access: pulumi: reading IAM Role (Reader): AccessDenied: not you"


@pytest.mark.parametrize(("answer", "status"), [("y", 0), ("n", 1), ("", 1), (None, 1)])
def test_apply_asks(
    monkeypatch: pytest.MonkeyPatch, stack: Path, answer: str | None, status: int
) -> None:
    make_all()
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)

    def answered(_question: str) -> str:
        if answer is None:
            raise EOFError
        return answer

    monkeypatch.setattr("builtins.input", answered)
    assert main(["import", "--stack", "prod", "--apply"]) == status
    assert (stack / "imported").exists() is (status == 0)


def test_an_obstacle_holds_all_of_it(stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    iam: Any = boto3.client("iam")
    iam.create_user(UserName=USER)
    iam.create_role(RoleName=ROLE, Path="/other/", AssumeRolePolicyDocument=TRUST)
    assert main(["import", "--stack", "prod", "--apply", "--yes"]) == 1
    out = capsys.readouterr().out
    assert f"{ROLE_TYPE} c, cannot be imported\n    x has the path /other/" in out
    assert not (stack / "imported").exists()


def test_json_tells_all_of_it(stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make_all()
    assert main(["import", "--stack", "prod", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    role = next(each for each in told["existing"] if each["type"] == ROLE_TYPE)
    assert role == {
        "type": ROLE_TYPE,
        "name": "c",
        "account": OWN,
        "id": ROLE,
        "changes": [],
        "warnings": [],
        "obstacle": None,
    }
    assert (told["file"], told["applied"]) == ("import.json", False)
    assert {each["effect"] for each in told["access"]} >= {"widens"}
    assert stack.joinpath("import.json").exists()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--yes"], "--yes answers the question of --apply; give both"),
        (["--apply", "--json"], "--apply asks first, and nobody can answer here; add --yes"),
        (["--apply"], "--apply asks first, and nobody can answer here; add --yes"),
        (["--file", "nowhere/x.json"], "--file nowhere/x.json: No such file or directory"),
    ],
)
def test_rejects(
    stack: Path, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    make_all()
    assert main(["import", "--cwd", str(stack), *words]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == f"access: {told}"
