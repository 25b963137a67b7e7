"""Buckets, topics and queues that exist already and belong to others."""

import json
from typing import Any

import boto3
import pytest
from botocore.validate import ParamValidator

from cross_account_access.command.proof.proving import prove
from cross_account_access.credentials.contract import read
from cross_account_access.declaration.accounts import Account
from cross_account_access.declaration.kinds import OWNED, Bucket, Queue, Topic
from cross_account_access.declaration.kinds.bucket_settings import AccessLog
from cross_account_access.declaration.model import OwnedResource
from cross_account_access.declaration.reader import Problems
from cross_account_access.declaration.settings import parse
from tests.support.deployment import deploy, stack_values
from tests.support.proof import judged, state_of

OWNER = Account(account_id="111122223333", profile="p", region="us-west-2")
KEY = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"


def values(
    kind: type[OwnedResource], *, grant: dict[str, Any] | None = None, **settings: Any
) -> dict[str, str]:
    """A stack file that shares one of a kind that exists, and nothing else."""
    listed = [{"name": "theirs", "existing": True, **settings}]
    one = {"consumer": "stage-admin", kind.kind: "theirs", "levels": list(kind.levels)}
    lists = {"buckets": None, f"{kind.kind}s": listed}
    return stack_values("prod", **lists, grants=[{**one, **(grant or {})}])


def problems_of(kind: type[OwnedResource], **changes: Any) -> list[str]:
    problems = Problems()
    parse(values(kind, **changes), problems)
    return problems


@pytest.mark.parametrize("kind", OWNED)
@pytest.mark.parametrize("key", [None, KEY])
def test_nothing_of_it_is_made_and_the_role_may_use_it(
    kind: type[OwnedResource], key: str | None
) -> None:
    settings: dict[str, Any] = {"kms_key_arn": key} if key else {}
    deployment = deploy(values(kind, **settings))
    made = [each.type for each in deployment.resources if each.type.startswith("aws:")]
    assert {name.split(":")[1].split("/")[0] for name in made} == {"iam"}
    (policy,) = deployment.of_type("aws:iam/policy:Policy")
    resources = [
        arn
        for statement in json.loads(policy.inputs["policy"])["Statement"]
        for arn in statement["Resource"]
    ]
    arns = kind(name="theirs").arns(OWNER)
    assert set(resources) == {*arns, *([key] if key else [])}


@pytest.mark.parametrize("kind", OWNED)
def test_outputs_name_it_and_say_that_it_is_of_others(kind: type[OwnedResource]) -> None:
    outputs = deploy(values(kind)).outputs
    arn = kind(name="theirs").arn(OWNER)
    contract = read(outputs)
    assert outputs[f"{kind.kind}Arns"] == {"theirs": arn}
    assert contract.of_others == {arn}
    assert contract.resource_arns == {}


@pytest.mark.parametrize("kind", OWNED)
@pytest.mark.parametrize("key", [None, KEY])
def test_the_judge_means_the_same(kind: type[OwnedResource], key: str | None) -> None:
    settings: dict[str, Any] = {"kms_key_arn": key} if key else {}
    proof = prove(*judged(state_of(deploy(values(kind, **settings)))))
    assert proof.differences == ()
    assert proof.is_proved
    assert [each for each in proof.assumptions if "theirs is not the stack's" in each]


@pytest.mark.parametrize("kind", OWNED)
def test_its_key_is_used_through_its_service_for_it_alone(kind: type[OwnedResource]) -> None:
    (policy,) = deploy(values(kind, kms_key_arn=KEY)).of_type("aws:iam/policy:Policy")
    statements = json.loads(policy.inputs["policy"])["Statement"]
    (of_key,) = (each for each in statements if each["Resource"] == [KEY])
    assert of_key["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    via = {"StringEquals": {"kms:ViaService": [f"{kind.service}.us-west-2.amazonaws.com"]}}
    bucket = "arn:aws:s3:::theirs"
    context = {"StringLike": {"kms:EncryptionContext:aws:s3:arn": [bucket, f"{bucket}/*"]}}
    assert of_key["Condition"] == {**via, **(context if kind is Bucket else {})}


@pytest.mark.parametrize("kind", OWNED)
def test_it_must_be_there(kind: type[OwnedResource]) -> None:
    problems = Problems()
    must, of_key = parse(values(kind, kms_key_arn=KEY), problems).must_exist
    assert (must.side, must.client) == ("production", kind.service)
    assert (of_key.client, of_key.parameters) == ("kms", {"KeyId": KEY})
    client: Any = boto3.client(must.client, region_name=OWNER.region)  # type: ignore[call-overload]
    api = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[must.method])
    assert not ParamValidator().validate(must.parameters, api.input_shape).has_errors()
    there = {"Buckets": [{"Name": "theirs", "BucketRegion": "us-west-2"}], "QueueUrl": "x"}
    assert must.problem(there) is None
    told = must.problem(None)
    assert told == (
        f"{kind.kind} 'theirs' is said to exist, and account 111122223333 has no such {kind.kind} "
        "in us-west-2; correct its name, or have its owner make it first"
    )


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        # Of an account's own namespace, and of the time before 2018 in us-east-1.
        (Bucket, "data-111122223333-us-west-2-an"),
        (Bucket, "Our_Old.Bucket"),
        (Bucket, "b" * 255),
        (Topic, "news.fifo"),
        (Queue, "jobs.fifo"),
    ],
)
def test_it_may_have_a_name_that_the_stack_would_not_give(
    kind: type[OwnedResource], name: str
) -> None:
    shared = kind(name=name, existing=True)
    levels = [each for each in kind.levels if each != "subscribe"]
    settings: dict[str, Any] = {"grant": {kind.kind: name, "levels": levels}, "name": name}
    assert problems_of(kind, **settings) == []
    (told, *_) = problems_of(kind, **settings, existing=False)
    assert told.startswith(f"{kind.kind}s[0].name: ")
    assert shared.refused_name
    (policy,) = deploy(values(kind, **settings)).of_type("aws:iam/policy:Policy")
    assert shared.arn(OWNER) in policy.inputs["policy"]


@pytest.mark.parametrize(
    "name", ["b--x-s3", "b-s3alias", "b.mrap", "b--table-s3", "x", "b/c", "é" * 3]
)
def test_rejects_what_is_the_name_of_no_bucket(name: str) -> None:
    (problem, *_) = problems_of(Bucket, name=name, grant={"bucket": name})
    assert problem.startswith(f"buckets[0].name: {name!r} ")


@pytest.mark.parametrize(("kind", "level"), [(Topic, "publish"), (Queue, "send")])
@pytest.mark.parametrize("name", ["theirs", "theirs.fifo"])
def test_who_proves_access_by_a_message_says_its_group_where_there_is_one(
    kind: type[OwnedResource], level: str, name: str
) -> None:
    outputs = deploy(values(kind, name=name, grant={kind.kind: name, "levels": [level]})).outputs
    command = json.dumps(outputs["proofCommands"])
    assert ("--message-group-id" in command) is name.endswith(".fifo")
    assert ("--message-deduplication-id" in command) is name.endswith(".fifo")


@pytest.mark.parametrize(
    ("listed", "told"),
    [
        ([{"Name": "theirs-too", "BucketRegion": "us-west-2"}], "has no such bucket"),
        ([{"Name": "theirs", "BucketRegion": "eu-west-1"}], "is in eu-west-1, and all that"),
    ],
)
def test_rejects_a_bucket_of_another_name_or_region(
    listed: list[dict[str, str]], told: str
) -> None:
    must = Bucket(name="theirs", existing=True).found(OWNER)
    assert told in str(must.problem({"Buckets": listed}))


@pytest.mark.parametrize(
    ("kind", "settings", "told"),
    [
        (Bucket, {"protect": False}, "buckets[0].protect: False cannot be said of a bucket that"),
        (Bucket, {"encryption": "kms"}, "buckets[0].encryption: 'kms' cannot be said of a bucket"),
        (Bucket, {"noncurrent_days": 7}, "buckets[0].noncurrent_days: 7 cannot be said of a"),
        (Bucket, {"staging_may_list": True}, "buckets[0].staging_may_list: True cannot be said"),
        (Topic, {"protect": False}, "topics[0].protect: False cannot be said of a topic that"),
        (Queue, {"protect": False}, "queues[0].protect: False cannot be said of a queue that"),
        (
            Queue,
            {"existing": False, "kms_key_arn": KEY},
            f"queues[0].kms_key_arn: {KEY!r} is of what exists already; write existing: true",
        ),
        (
            Queue,
            {"kms_key_arn": "alias/q"},
            "queues[0].kms_key_arn: 'alias/q' must be the ARN of a",
        ),
    ],
)
def test_rejects_settings_of_what_is_made(
    kind: type[OwnedResource], settings: dict[str, Any], told: str
) -> None:
    (problem,) = problems_of(kind, **settings)
    assert problem.startswith(told)


@pytest.mark.parametrize("kind", OWNED)
def test_rejects_access_without_a_role_with_the_statement_for_its_owner(
    kind: type[OwnedResource],
) -> None:
    level = next(iter(kind.levels))
    (problem, *_) = problems_of(kind, grant={"via": "resource", "levels": [level]})
    told, _, statement = problem.partition(" add to its policy: ")
    assert told.startswith(f"grants[0].via: 'resource' cannot be had of a {kind.kind} that exists")
    written = json.loads(statement)
    assert written["Effect"] == "Allow"
    assert set(written["Action"]) == set(kind.levels[level].on_resource)
    assert written["Resource"] == [kind(name="theirs").arn(OWNER)]
    assert written["Principal"] == {"AWS": ["arn:aws:iam::444455556666:root"]}
    assert "aws:PrincipalArn" in json.dumps(written["Condition"])
    (problem, *_) = problems_of(kind, grant={"via": "resource"})
    statement = problem.partition(" add to its policy: ")[2]
    written = json.loads(statement)
    assert statement == json.dumps(written, separators=(",", ":"))
    every = written if isinstance(written, list) else [written]
    allowed = {action for each in every for action in each["Action"]}
    assert allowed >= {action for each in kind.levels.values() for action in each.on_resource}


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"Buckets": [{"Name": "our-logs", "BucketRegion": "us-west-2"}]}, None),
        ({"Buckets": [{"Name": "our-logs"}]}, None),
        # Who may not list buckets is not told.
        ({}, None),
        ({"Buckets": [{"Name": "our-logs-2"}]}, "account 111122223333 has no such bucket"),
        (None, "account 111122223333 has no such bucket"),
        (
            {"Buckets": [{"Name": "our-logs", "BucketRegion": "eu-west-1"}]},
            "is in eu-west-1, and S3 delivers logs within a region alone; name a bucket in us-west",
        ),
    ],
)
def test_the_bucket_of_an_access_log_must_be_there_and_in_the_region(
    answer: dict[str, Any] | None, told: str | None
) -> None:
    (must,) = Bucket(name="ours", access_log=AccessLog(bucket="our-logs")).must_exist(OWNER)
    assert must.if_allowed
    problem = must.problem(answer)
    assert (problem is None) == (told is None)
    if problem and told:
        assert problem.startswith("access_log.bucket of bucket 'ours' is 'our-logs', ")
        assert told in problem
    assert not list(Bucket(name="ours").must_exist(OWNER))
