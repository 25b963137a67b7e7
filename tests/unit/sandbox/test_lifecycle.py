"""Each resource type from making to removing, against moto: wiring, not access."""

from typing import Any

import pytest
from pulumi.provider.experimental import provider
from pulumi.runtime.rpc import UNKNOWN

from cross_account_access.dev.sandbox.provider.verbs import HalfMadeError, RefusalError
from tests.unit.sandbox.engine import (
    ACCOUNT,
    POLICY,
    REGION,
    TRUST,
    Engine,
    plain,
    refused,
    values,
)


def arn(policy: str) -> str:
    return f"arn:aws:iam::{ACCOUNT}:policy/{policy}"


OTHER_POLICY = POLICY.replace("GetObject", "PutObject")
RULE = {"id": "a", "status": "Enabled", "filter": {"prefix": "x/"}, "expiration": {"days": 1}}
SIZED = {
    "id": "b",
    "status": "Enabled",
    "filter": {"and": {"prefix": "y/", "tags": {"k": "v"}}},
    "noncurrentVersionExpiration": {"noncurrentDays": 3},
}
AES = {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}
KMS = {
    "applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": "k"},
    "bucketKeyEnabled": True,
}
KEY_POLICY = TRUST.replace("sts:AssumeRole", "kms:*")
QUEUE = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/queue"
LIFECYCLES = [
    pytest.param(
        "aws:iam/role:Role",
        {"name": "r", "assumeRolePolicy": TRUST, "tags": {"a": "1", "b": "2"}},
        {
            "description": "said",
            "maxSessionDuration": 7200,
            "permissionsBoundary": arn("one"),
            "tags": {"b": "3"},
        },
        id="role",
    ),
    pytest.param(
        "aws:iam/user:User",
        {"name": "u", "tags": {"a": "1"}},
        {"tags": {"b": "2"}},
        id="user",
    ),
    pytest.param(
        "aws:iam/policy:Policy",
        {"name": "p", "policy": POLICY, "description": "said"},
        {"policy": OTHER_POLICY, "tags": {"a": "1"}},
        id="policy",
    ),
    pytest.param(
        "aws:iam/rolePolicy:RolePolicy",
        {"name": "p", "role": "role", "policy": POLICY},
        {"policy": OTHER_POLICY},
        id="role policy",
    ),
    pytest.param(
        "aws:iam/userPolicy:UserPolicy",
        {"name": "p", "user": "user", "policy": POLICY},
        {"policy": OTHER_POLICY},
        id="user policy",
    ),
    pytest.param(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        {"role": "role", "policyArn": arn("one")},
        {},
        id="role attachment",
    ),
    pytest.param(
        "aws:iam/userPolicyAttachment:UserPolicyAttachment",
        {"user": "user", "policyArn": arn("one")},
        {},
        id="user attachment",
    ),
    pytest.param(
        "aws:s3/bucket:Bucket",
        {"bucket": "new-bucket", "tags": {"a": "1"}},
        {"tags": {"b": "2"}},
        id="bucket",
    ),
    pytest.param(
        "aws:s3/bucketPolicy:BucketPolicy",
        {"bucket": "bucket", "policy": POLICY},
        {"policy": OTHER_POLICY},
        id="bucket policy",
    ),
    pytest.param(
        "aws:s3/bucketOwnershipControls:BucketOwnershipControls",
        {"bucket": "bucket", "rule": {"objectOwnership": "BucketOwnerEnforced"}},
        {"rule": {"objectOwnership": "ObjectWriter"}},
        id="ownership",
    ),
    pytest.param(
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
        {"bucket": "bucket", "blockPublicAcls": True, "restrictPublicBuckets": True},
        {"blockPublicPolicy": True, "restrictPublicBuckets": False},
        id="public access block",
    ),
    pytest.param(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
        {"bucket": "bucket", "rules": [AES]},
        {"rules": [KMS]},
        id="encryption",
    ),
    pytest.param(
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        {"bucket": "bucket", "rules": [RULE, SIZED]},
        {"rules": [{**RULE, "expiration": {"days": 2}}]},
        id="lifecycle",
    ),
    pytest.param(
        "aws:s3/bucketLogging:BucketLogging",
        {"bucket": "bucket", "targetBucket": "log-bucket", "targetPrefix": "a/"},
        {"targetPrefix": "b/"},
        id="logging",
    ),
    pytest.param(
        "aws:iam/instanceProfile:InstanceProfile",
        {"name": "p", "path": "/x/", "role": "role", "tags": {"a": "1"}},
        {"role": "other-role", "tags": {"b": "2"}},
        id="instance profile",
    ),
    pytest.param(
        "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
        {"url": "https://oidc.example", "clientIdLists": ["a", "b"], "tags": {"a": "1"}},
        {"clientIdLists": ["b", "a"], "thumbprintLists": ["0" * 40], "tags": {"b": "2"}},
        id="identity provider",
    ),
    pytest.param(
        "aws:kms/key:Key",
        {"description": "said", "policy": KEY_POLICY, "tags": {"a": "1"}},
        {
            "description": "otherwise",
            "enableKeyRotation": True,
            "policy": KEY_POLICY.replace("kms:*", "kms:Decrypt"),
            "tags": {"b": "2"},
        },
        id="key",
    ),
    pytest.param(
        "aws:sns/topic:Topic",
        {"name": "t", "kmsMasterKeyId": "alias/aws/sns", "tags": {"a": "1"}},
        {"kmsMasterKeyId": None, "tags": {"b": "2"}},
        id="topic",
    ),
    pytest.param(
        "aws:sqs/queue:Queue",
        {"name": "q", "sqsManagedSseEnabled": True, "tags": {"a": "1"}},
        {
            "messageRetentionSeconds": 60,
            "sqsManagedSseEnabled": False,
            "tags": {"b": "2"},
            "visibilityTimeoutSeconds": 0,
        },
        id="queue",
    ),
    pytest.param(
        "aws:sqs/queuePolicy:QueuePolicy",
        {"queueUrl": QUEUE, "policy": POLICY},
        {"policy": OTHER_POLICY},
        id="queue policy",
    ),
]


@pytest.mark.parametrize(("pulumi_type", "inputs", "change"), LIFECYCLES)
def test_makes_reads_changes_and_removes(
    engine: Engine, pulumi_type: str, inputs: dict[str, Any], change: dict[str, Any]
) -> None:
    made, state = engine.create(pulumi_type, inputs)
    assert engine.diff(pulumi_type, made, state, inputs).diffs == []

    changed = {**inputs, **change}
    if change:
        proposed = engine.diff(pulumi_type, made, state, changed)
        assert proposed.changes
        assert not proposed.replaces
        state = engine.update(pulumi_type, made, state, changed)

    # A read that starts from nothing but the ID finds what was asked for: import works.
    found, imported, its_inputs = engine.read(pulumi_type, made, {}, {})
    assert found == made
    assert engine.diff(pulumi_type, made, imported, changed).diffs == []
    assert engine.diff(pulumi_type, made, imported, its_inputs).diffs == []

    engine.delete(pulumi_type, made, state)
    assert engine.read(pulumi_type, made, state, changed)[0] == ""
    with pytest.raises(RefusalError, match="does not exist"):
        engine.read(pulumi_type, made, {}, {})
    engine.delete(pulumi_type, made, state)


def test_a_user_moves_to_another_path_in_place(engine: Engine) -> None:
    user = "aws:iam/user:User"
    made, state = engine.create(user, {"name": "u"})

    engine.update(user, made, state, {"name": "u", "path": "/x/"})

    assert engine.client("iam").get_user(UserName="u")["User"]["Path"] == "/x/"


def test_versioning_is_suspended_rather_than_removed(engine: Engine) -> None:
    versioning = "aws:s3/bucketVersioning:BucketVersioning"
    inputs = {"bucket": "bucket", "versioningConfiguration": {"status": "Enabled"}}

    made, state = engine.create(versioning, inputs)
    assert not engine.diff(versioning, made, state, inputs).changes
    engine.delete(versioning, made, state)

    status = engine.client("s3").get_bucket_versioning(Bucket="bucket")["Status"]
    assert status == "Suspended"


@pytest.mark.parametrize(
    ("kind", "attach"),
    [("role", "attach_role_policy"), ("user", "attach_user_policy")],
)
def test_exclusive_attachments_are_put_to_the_declared_ones(
    engine: Engine, kind: str, attach: str
) -> None:
    name = f"{kind.title()}PolicyAttachmentsExclusive"
    pulumi_type = f"aws:iam/{name[0].lower()}{name[1:]}:{name}"
    owner = {f"{kind.title()}Name": kind}
    iam = engine.client("iam")
    getattr(iam, attach)(**owner, PolicyArn=arn("two"))

    inputs = {f"{kind}Name": kind, "policyArns": [arn("one")]}
    made, state = engine.create(pulumi_type, inputs)
    listed = getattr(iam, f"list_attached_{kind}_policies")
    assert [each["PolicyArn"] for each in listed(**owner)["AttachedPolicies"]] == [arn("one")]

    getattr(iam, attach)(**owner, PolicyArn=arn("two"))
    _, drifted, _ = engine.read(pulumi_type, made, state, inputs)
    assert engine.diff(pulumi_type, made, drifted, inputs).diffs == ["policyArns"]
    engine.update(pulumi_type, made, drifted, {**inputs, "policyArns": []})
    assert listed(**owner)["AttachedPolicies"] == []

    getattr(iam, attach)(**owner, PolicyArn=arn("two"))
    engine.delete(pulumi_type, made, state)
    assert len(listed(**owner)["AttachedPolicies"]) == 1


@pytest.mark.parametrize("kind", ["role", "user"])
def test_exclusive_inline_policies_lose_the_others(engine: Engine, kind: str) -> None:
    name = f"{kind.title()}PoliciesExclusive"
    pulumi_type = f"aws:iam/{name[0].lower()}{name[1:]}:{name}"
    inputs = {f"{kind}Name": kind, "policyNames": ["one"]}
    made, state = engine.create(pulumi_type, inputs)

    listed = getattr(engine.client("iam"), f"list_{kind}_policies")
    assert listed(**{f"{kind.title()}Name": kind})["PolicyNames"] == ["one"]
    assert state["policyNames"] == ["one"]
    assert made == kind


def test_rejects_an_exclusive_inline_policy_that_is_not_there(engine: Engine) -> None:
    exclusive = "aws:iam/rolePoliciesExclusive:RolePoliciesExclusive"

    with pytest.raises(RefusalError, match="NoSuchEntity"):
        engine.create(exclusive, {"roleName": "role", "policyNames": ["absent"]})


def test_a_policy_may_change_more_often_than_it_has_versions(engine: Engine) -> None:
    policy = "aws:iam/policy:Policy"
    made, state = engine.create(policy, {"name": "p", "policy": POLICY})

    for number in range(7):
        document = POLICY.replace("GetObject", f"GetObject{number}")
        state = engine.update(policy, made, state, {"name": "p", "policy": document})

    assert "GetObject6" in state["policy"]


def test_a_protected_role_keeps_what_was_attached(engine: Engine) -> None:
    role = "aws:iam/role:Role"
    made, state = engine.create(role, {"name": "r", "assumeRolePolicy": TRUST})
    engine.client("iam").attach_role_policy(RoleName="r", PolicyArn=arn("one"))

    with pytest.raises(RefusalError, match="DeleteConflict"):
        engine.delete(role, made, state)

    engine.delete(role, made, {**state, "forceDetachPolicies": True})
    assert engine.read(role, made, state, {})[0] == ""


def test_a_user_that_may_go_takes_its_keys_along(engine: Engine) -> None:
    user = "aws:iam/user:User"
    made, state = engine.create(user, {"name": "u"})
    iam = engine.client("iam")
    iam.create_access_key(UserName="u")
    iam.create_login_profile(UserName="u", Password="not a real one")
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=POLICY)

    with pytest.raises(RefusalError, match="DeleteConflict"):
        engine.delete(user, made, state)

    # moto lets a user go that still has keys, where AWS does not: so the calls are looked at.
    calls = []

    def note(model: Any, **_: object) -> None:
        calls.append(model.name)

    iam.meta.events.register("before-call.iam", note)
    engine.delete(user, made, {**state, "forceDestroy": True})
    iam.meta.events.unregister("before-call.iam", note)

    assert {"DeleteAccessKey", "DeleteLoginProfile", "DeleteUserPolicy"} < set(calls)
    assert engine.read(user, made, state, {})[0] == ""


def test_a_bucket_is_emptied_only_when_the_program_said_so(engine: Engine) -> None:
    bucket = "aws:s3/bucket:Bucket"
    s3 = engine.client("s3")
    made, state = engine.create(bucket, {"bucket": "full", "forceDestroy": True})
    s3.put_bucket_versioning(Bucket="full", VersioningConfiguration={"Status": "Enabled"})
    for body in (b"one", b"two"):
        s3.put_object(Bucket="full", Key="key", Body=body)
    s3.delete_object(Bucket="full", Key="key")

    with pytest.raises(RefusalError, match="BucketNotEmpty"):
        engine.delete(bucket, made, {**state, "forceDestroy": False})

    engine.delete(bucket, made, state)
    assert engine.read(bucket, made, state, {})[0] == ""


def test_an_existing_name_ends_in_one_line_with_the_code_of_aws(engine: Engine) -> None:
    with pytest.raises(RefusalError) as refusal:
        engine.create("aws:iam/role:Role", {"name": "role", "assumeRolePolicy": TRUST})

    text = str(refusal.value)
    assert text.startswith("creating IAM Role (role): EntityAlreadyExists: ")
    assert "\n" not in text


@pytest.mark.parametrize(
    ("pulumi_type", "resource_id", "operation", "code"),
    [
        ("aws:s3/bucket:Bucket", "bucket", "HeadBucket", "403"),
        ("aws:s3/bucketPolicy:BucketPolicy", "bucket", "GetBucketPolicy", "AccessDenied"),
        ("aws:iam/role:Role", "role", "GetRole", "AccessDenied"),
        ("aws:kms/key:Key", "key", "DescribeKey", "AccessDeniedException"),
        ("aws:sns/topic:Topic", "topic", "GetTopicAttributes", "AuthorizationError"),
        ("aws:sqs/queue:Queue", QUEUE, "GetQueueAttributes", "AccessDenied"),
    ],
)
def test_what_may_not_be_read_is_an_error_and_never_gone(
    engine: Engine, pulumi_type: str, resource_id: str, operation: str, code: str
) -> None:
    service = pulumi_type.split(":")[1].split("/", maxsplit=1)[0]

    with (
        refused(engine.client(service), operation, code),
        pytest.raises(RefusalError, match=rf"reading .*\({resource_id}\): {code}: no"),
    ):
        engine.read(pulumi_type, resource_id, {}, {})


def test_a_bucket_that_could_not_be_tagged_is_told_as_half_made(engine: Engine) -> None:
    with (
        refused(engine.client("s3"), "PutBucketTagging", "SlowDown"),
        pytest.raises(
            HalfMadeError, match=r"creating S3 Bucket \(new-bucket\): SlowDown: no"
        ) as refusal,
    ):
        engine.create("aws:s3/bucket:Bucket", {"bucket": "new-bucket", "tags": {"a": "1"}})

    assert refusal.value.resource_id == "new-bucket"
    assert plain(refusal.value.state["bucket"]) == "new-bucket"


def test_a_role_that_could_not_be_read_back_is_told_as_half_made(engine: Engine) -> None:
    with (
        refused(engine.client("iam"), "GetRole", "Throttling"),
        pytest.raises(HalfMadeError, match="made, but reading it back: Throttling: no") as refusal,
    ):
        engine.create("aws:iam/role:Role", {"name": "r", "assumeRolePolicy": TRUST})

    assert refusal.value.resource_id == "r"


def test_a_preview_makes_nothing_and_leaves_open_what_aws_will_say(engine: Engine) -> None:
    made, state = engine.create(
        "aws:s3/bucket:Bucket", {"bucket": "planned", "tags": {"a": "1"}}, preview=True
    )

    assert made == ""
    assert state["arn"] == UNKNOWN
    assert state["bucket"] == "planned"
    assert state["tagsAll"] == {"a": "1", "stack": "s"}
    names = [each["Name"] for each in engine.client("s3").list_buckets()["Buckets"]]
    assert "planned" not in names


def test_a_refresh_keeps_the_program_s_spelling_of_an_equal_document(engine: Engine) -> None:
    role = "aws:iam/role:Role"
    spelled = TRUST.replace('"sts:AssumeRole"', '["sts:assumerole"]')
    made, state = engine.create(role, {"name": "r", "assumeRolePolicy": spelled})
    engine.client("iam").update_assume_role_policy(RoleName="r", PolicyDocument=TRUST)

    _, state, inputs = engine.read(role, made, state, {"assumeRolePolicy": spelled})

    assert (state["assumeRolePolicy"], inputs["assumeRolePolicy"]) == (spelled, spelled)


def test_an_unknown_type_is_refused_by_name(engine: Engine) -> None:
    with pytest.raises(RefusalError, match="does not support the resource type aws:ec2/vpc:Vpc"):
        engine.check("aws:ec2/vpc:Vpc", {})


def test_a_lookup_answers_for_the_account_of_its_provider(engine: Engine) -> None:
    def look_up(token: str) -> dict[str, Any]:
        request = provider.InvokeRequest(token, engine.wrapped({}))
        return values(engine.ask(engine.stand_in.invoke(request)).return_value)

    owner = engine.client("s3").list_buckets()["Owner"]["ID"]
    assert look_up("aws:s3/getCanonicalUserId:getCanonicalUserId")["id"] == owner
    with pytest.raises(RefusalError, match="does not support the function aws:x:y"):
        look_up("aws:x:y")
