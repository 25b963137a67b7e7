"""Actions that a grant names beside its levels, and the key of what exists already."""

import json
from typing import Any

import pytest

from cross_account_access.command.proof.proving import prove
from cross_account_access.declaration.kinds import EXISTING, Bucket, Function, Table
from cross_account_access.declaration.reader import Problems
from cross_account_access.declaration.settings import parse
from tests.support.deployment import deploy, stack_values
from tests.support.existing import arn_of
from tests.support.proof import judged, state_of

TABLE, BUCKET = arn_of(Table), "production-test-bucket-101"
KEY = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
OTHERS_KEY = KEY.replace("111122223333", "777788889999")
VIA_DYNAMODB = {"StringEquals": {"kms:ViaService": ["dynamodb.us-west-2.amazonaws.com"]}}


def values(*, key: str | None = None, **grant: Any) -> dict[str, str]:
    """A stack file that shares a bucket and a table, and grants one of them."""
    resource = {"name": "orders", "arn": TABLE, **({"kms_key_arn": key} if key else {})}
    one = {"consumer": "stage-admin", "resource": "orders", **grant}
    if "bucket" in grant:
        del one["resource"]
    return stack_values("prod", resources=[resource], grants=[one])


def problems_of(**grant: Any) -> list[str]:
    problems = Problems()
    parse(values(**grant), problems)
    return problems


def allowed(**grant: Any) -> dict[str, list[str]]:
    """The actions of the role's policy, by resource."""
    (policy,) = deploy(values(**grant)).of_type("aws:iam/policy:Policy")
    found: dict[str, list[str]] = {}
    for statement in json.loads(policy.inputs["policy"])["Statement"]:
        for resource in statement["Resource"]:
            found.setdefault(resource, []).extend(statement["Action"])
    return found


@pytest.mark.parametrize(
    ("grant", "expected"),
    [
        (
            {"actions": ["dynamodb:DescribeTimeToLive"]},
            {TABLE: ["dynamodb:DescribeTimeToLive"]},
        ),
        ({"actions": ["dynamodb:getitem"]}, {TABLE: ["dynamodb:GetItem"]}),
        (
            {"actions": ["dynamodb:Query"]},
            {TABLE: ["dynamodb:Query"], f"{TABLE}/index/*": ["dynamodb:Query"]},
        ),
        (
            {"actions": ["dynamodb:DescribeStream", "dynamodb:ListStreams"]},
            {f"{TABLE}/stream/*": ["dynamodb:DescribeStream"], "*": ["dynamodb:ListStreams"]},
        ),
        (
            {"actions": ["dynamodb:DescribeT*"], "allow_wildcard_actions": True},
            {TABLE: ["dynamodb:DescribeT*"]},
        ),
        (
            {"actions": ["s3:GetObjectTagging"], "bucket": BUCKET, "prefixes": ["images/"]},
            {f"arn:aws:s3:::{BUCKET}/images/*": ["s3:GetObjectTagging"]},
        ),
        (
            {"levels": ["read"], "actions": ["s3:GetBucketAcl"], "bucket": BUCKET},
            {
                f"arn:aws:s3:::{BUCKET}": ["s3:GetBucketAcl"],
                f"arn:aws:s3:::{BUCKET}/*": ["s3:GetObject"],
            },
        ),
    ],
)
def test_each_action_is_allowed_on_what_it_takes(
    grant: dict[str, Any], expected: dict[str, list[str]]
) -> None:
    assert allowed(**grant) == expected


def test_a_wildcard_is_never_allowed_on_everything() -> None:
    found = allowed(actions=["dynamodb:*"], allow_wildcard_actions=True)
    assert set(found) == {TABLE, f"{TABLE}/index/*", f"{TABLE}/stream/*"}


@pytest.mark.parametrize(
    ("grant", "told"),
    [
        ({"actions": ["dynamodb"]}, "[0]: 'dynamodb' must be an action, as in dynamodb:Describe"),
        ({"actions": ["dynamodb:Get Item"]}, "[0]: 'dynamodb:Get Item' must be an action"),
        ({"actions": ["*"]}, "[0]: '*' must be an action"),
        (
            {"actions": ["s3:GetObject"]},
            "[0]: 's3:GetObject' is of s3, and a table takes actions of",
        ),
        (
            {"actions": ["kms:Decrypt"]},
            "[0]: 'kms:Decrypt' is of kms, and a table takes actions of",
        ),
        ({"actions": ["dynamodb:Get*"]}, "[0]: 'dynamodb:Get*' has a wildcard, which would also"),
        ({"actions": ["dynamodb:?etItem"]}, "[0]: 'dynamodb:?etItem' has a wildcard"),
        (
            {"actions": ["dynamodb:Nothing*"], "allow_wildcard_actions": True},
            "[0]: 'dynamodb:Nothing*' is no action in AWS's service reference of ",
        ),
        (
            {"actions": ["dynamodb:GetItems"]},
            "[0]: 'dynamodb:GetItems' is no action in AWS's service reference of ",
        ),
        (
            {"actions": ["s3:HeadObject"], "bucket": BUCKET},
            "[0]: 's3:HeadObject' is an operation that s3:GetObject allows; write that",
        ),
        (
            {"actions": ["dynamodb:ExecuteStatement"]},
            "[0]: 'dynamodb:ExecuteStatement' is an operation that dynamodb:PartiQLDelete and ",
        ),
        (
            {"actions": ["dynamodb:DescribeBackup"]},
            "[0]: 'dynamodb:DescribeBackup' does not take this table, but arn:${Partition}:",
        ),
        (
            {"actions": ["dynamodb:ListStre*"], "allow_wildcard_actions": True},
            "[0]: 'dynamodb:ListStre*' does not take this table, but no resource, which a wildcard",
        ),
        ({"actions": []}, ": empty; name at least one, as in "),
        ({"actions": ["dynamodb:GetItem"] * 2}, "[1]: 'dynamodb:GetItem' is there twice"),
    ],
)
def test_rejects_an_action(grant: dict[str, Any], told: str) -> None:
    (problem, *_) = problems_of(**grant)
    assert problem.startswith(f"grants[0].actions{told}")


@pytest.mark.parametrize(
    ("changes", "action", "remedy"),
    [
        ({}, "dynamodb:GetItems", "; did you mean dynamodb:GetItem?"),
        ({}, "dynamodb:Qqqqqq", "; correct or remove it"),
        (
            {"bucket": BUCKET},
            "s3:CopyObject",
            "an operation that s3:GetObject and s3:PutObject allow; write those",
        ),
    ],
)
def test_an_action_that_is_none_is_told_with_its_remedy(
    changes: dict[str, Any], action: str, remedy: str
) -> None:
    (problem,) = problems_of(actions=[action], **changes)
    assert problem.endswith(remedy)


@pytest.mark.parametrize(
    ("grant", "told"),
    [
        ({}, "grants[0].levels: missing"),
        ({"actions": ["dynamodb:GetItem"], "levels": []}, "grants[0].levels: empty"),
        (
            {"actions": ["s3:PutObjectTagging"], "bucket": BUCKET, "via": "resource"},
            "grants[0].via: 'resource' cannot go with actions",
        ),
        (
            {"actions": ["s3:GetBucketNotification"], "bucket": BUCKET, "prefixes": ["images/"]},
            "grants[0].prefixes: ['images/'] cannot confine s3:GetBucketNotification",
        ),
    ],
)
def test_rejects_a_grant(grant: dict[str, Any], told: str) -> None:
    assert [each for each in problems_of(**grant) if each.startswith(told)]


def test_subscribing_is_a_level_which_confines_it() -> None:
    for actions, wildcards in ((["sns:Subscribe"], False), (["sns:*"], True)):
        grant = {"consumer": "stage-admin", "topic": "news", "actions": actions}
        problems = Problems()
        parse(
            stack_values(
                "prod",
                topics=[{"name": "news"}],
                grants=[{**grant, "allow_wildcard_actions": wildcards}],
            ),
            problems,
        )
        assert "cannot have sns:Subscribe" in "\n".join(problems)


@pytest.mark.parametrize(
    "grant",
    [
        {"actions": ["dynamodb:DescribeTimeToLive", "dynamodb:Query", "dynamodb:ListStreams"]},
        {"levels": ["read"], "actions": ["dynamodb:UpdateTable"], "key": KEY},
        {"actions": ["dynamodb:*"], "allow_wildcard_actions": True, "key": OTHERS_KEY},
        {"levels": ["stream", "write"], "key": KEY},
        {"actions": ["s3:GetObject*"], "allow_wildcard_actions": True, "bucket": BUCKET},
        {"actions": ["s3:GetObjectTagging"], "bucket": BUCKET, "prefixes": ["a/", "b/"]},
        {"actions": ["s3:ListBucket"], "bucket": BUCKET, "prefixes": ["a/"]},
        {"levels": list(Bucket.levels), "bucket": BUCKET},
        {"levels": list(Bucket.levels), "bucket": BUCKET, "prefixes": ["a/", "b/"]},
    ],
)
def test_the_judge_means_the_same(grant: dict[str, Any]) -> None:
    proof = prove(*judged(state_of(deploy(values(**grant)))))
    assert proof.differences == ()
    assert proof.is_proved


@pytest.mark.parametrize(
    ("grant", "actions"),
    [
        ({"levels": ["read"]}, ["kms:Decrypt"]),
        ({"levels": ["write"]}, ["kms:Decrypt", "kms:GenerateDataKey"]),
        ({"actions": ["dynamodb:GetItem"]}, ["kms:Decrypt"]),
        ({"actions": ["dynamodb:PutItem"]}, ["kms:Decrypt", "kms:GenerateDataKey"]),
    ],
)
@pytest.mark.parametrize("key", [KEY, OTHERS_KEY])
def test_its_key_is_used_through_the_service_alone(
    key: str, grant: dict[str, Any], actions: list[str]
) -> None:
    (policy,) = deploy(values(key=key, **grant)).of_type("aws:iam/policy:Policy")
    statements = json.loads(policy.inputs["policy"])["Statement"]
    (of_key,) = (each for each in statements if each["Resource"] == [key])
    assert of_key["Action"] == actions
    assert of_key["Condition"] == VIA_DYNAMODB


def test_a_key_of_production_must_be_there_and_enabled() -> None:
    def must(key: str) -> Any:
        problems = Problems()
        _, *of_key = parse(values(key=key, levels=["read"]), problems).must_exist
        return of_key

    (needed,) = must(KEY)
    assert (needed.client, needed.parameters) == ("kms", {"KeyId": KEY})
    assert "there is no such key" in needed.problem(None)
    assert "PendingDeletion" in needed.problem({"KeyMetadata": {"KeyState": "PendingDeletion"}})
    assert needed.problem({"KeyMetadata": {"KeyState": "Enabled"}}) is None
    assert must(OTHERS_KEY) == []


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("alias/orders", "must be the ARN of a key with its ID, not of an alias"),
        (KEY.replace("key/", "alias/"), "must be the ARN of a key with its ID, not of an alias"),
        (KEY[:-2], "must be the ARN of a key with its ID"),
        (KEY.replace("us-west-2", "eu-west-1"), "must be in Production's region us-west-2"),
        (KEY.replace(":aws:", ":aws-cn:"), "must be of partition aws, as Production is"),
    ],
)
def test_rejects_a_key(key: str, told: str) -> None:
    (problem,) = problems_of(key=key, levels=["read"])
    assert problem.startswith(f"resources[0].kms_key_arn: {key!r} {told}")


@pytest.mark.parametrize("kind", [each for each in EXISTING if not each.key_actions])
def test_rejects_a_key_that_no_consumer_needs(kind: type[Function]) -> None:
    problems = Problems()
    listed = [{"name": "theirs", "arn": arn_of(kind), "kms_key_arn": KEY}]
    parse(stack_values("prod", resources=listed), problems)
    assert problems == [
        f"resources[0].kms_key_arn: {KEY!r} is of no use: who uses a {kind.kind} needs nothing of "
        "its key; remove it"
    ]
