"""Commands that prove a grant are such as the AWS CLI takes, and need what the grant allows."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import replace
from functools import cache
from itertools import combinations
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.model import ServiceModel, StructureShape
from botocore.validate import ParamValidator

from cross_account_access.declaration.accounts import Account
from cross_account_access.declaration.kinds import (
    EXISTING,
    OWNED,
    Bucket,
    Bus,
    Function,
    Queue,
    Topic,
    User,
)
from cross_account_access.declaration.kinds.bucket import PROOF_COPY, PROOF_OBJECT, PROOF_WRITTEN
from cross_account_access.declaration.kinds.bucket_settings import (
    Notification,
    ObjectLock,
    Replication,
)
from cross_account_access.declaration.model import (
    Consumer,
    ExistingResource,
    Grant,
    Level,
    OwnedResource,
    Role,
    SharedResource,
)
from tests.support.existing import arn_of

OWNER = Account(account_id="111122223333", profile="p", region="us-west-2")
READER = Consumer(name="one", principal=User(name="One"), role=Role(name="One", policy_name="One"))
OTHER_ACTIONS = {
    "s3:ListObjectsV2": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "lambda:Invoke": "lambda:InvokeFunction",
}
"""Permissions that have another name than the call."""
NOT_TRIED: dict[str, set[str]] = {
    "bucket": {"acl", "delete", "describe", "tag", "upload", "versions"},
    "topic": {"subscribe"},
    "parameter": {"write"},
    "table": {"stream", "write"},
    "repository": {"push"},
    "stream": {"write"},
    "state machine": {"start"},
    "log group": {"write"},
}
"""Levels that could be proven only by what stays or does something."""


@cache
def model_of(service: str) -> ServiceModel:
    return botocore.session.get_session().get_service_model(service.replace("s3api", "s3"))


def granted(resource: SharedResource, levels: Collection[str], *prefixes: str) -> Grant:
    return Grant(consumer=READER, resource=resource, levels=tuple(levels), prefixes=prefixes)


def commands(grant: Grant) -> list[list[str]]:
    return grant.resource.proof_commands(grant, OWNER)


def read(command: list[str]) -> tuple[str, dict[str, Any], list[str]]:
    """The permission that a command needs, its parameters, and the rest of its words."""
    program, service, name, *words = command
    assert program == "aws"
    model = model_of(service)
    (api,) = (each for each in model.operation_names if xform_name(each, "-") == name)
    shape = model.operation_model(api).input_shape
    assert isinstance(shape, StructureShape)
    members = {f"--{xform_name(each, '-')}": each for each in shape.members}
    # Of the AWS CLI itself, which reads page by page.
    members |= {"--max-items": "limit"} if "limit" in shape.members else {}
    parameters: dict[str, Any] = {}
    rest = []
    while words:
        word = words.pop(0)
        if word in members:
            kind = shape.members[members[word]].type_name
            text = words.pop(0)
            is_text = kind in {"string", "blob"}
            parameters[members[word]] = text if is_text else json.loads(text)
        else:
            rest.append(word)
    report = ParamValidator().validate(parameters, shape)
    assert not report.has_errors(), report.generate_report()
    for key, value in parameters.items():
        allowed = getattr(shape.members[key], "enum", [])
        assert not allowed or value in allowed
    action = f"{model.signing_name}:{api}"
    return OTHER_ACTIONS.get(action, action), parameters, rest


def one_of(kind: type[SharedResource]) -> SharedResource:
    if issubclass(kind, ExistingResource):
        return kind(name="theirs", existing_arn=arn_of(kind))
    assert issubclass(kind, OwnedResource)
    return kind(name="ours")


def some_levels(kind: type[SharedResource]) -> list[tuple[str, ...]]:
    levels = tuple(kind.levels)
    return [*((each,) for each in levels), *combinations(levels, 2), levels]


@pytest.mark.parametrize("kind", [*OWNED, *EXISTING])
def test_each_is_a_call_that_the_aws_cli_makes_and_the_levels_allow(
    kind: type[SharedResource],
) -> None:
    resource = one_of(kind)
    its_name = resource.arn(OWNER).rsplit(":", 1)[-1].rsplit("/", 1)[-1]
    for levels in some_levels(kind):
        grant = granted(resource, levels)
        allowed = {
            action
            for level in levels
            for action in (*kind.levels[level].on_resource, *kind.levels[level].on_objects)
        }
        for command in commands(grant):
            action, parameters, rest = read(command)
            assert action in allowed, (levels, command)
            assert its_name in str(parameters)
            if kind is Bucket:
                assert rest == ([PROOF_COPY] if "get-object" in command else [])
            else:
                where_to = ["/dev/null"] if "invoke" in command else []
                assert rest == ["--region", "us-west-2", *where_to]


@pytest.mark.parametrize("kind", [*OWNED, *EXISTING])
def test_a_level_is_tried_unless_something_would_stay_or_happen(
    kind: type[SharedResource],
) -> None:
    resource = one_of(kind)
    untried = {levels for levels in some_levels(kind) if not commands(granted(resource, levels))}
    alone = {level for level in kind.levels if (level,) in untried}
    assert alone == NOT_TRIED.get(kind.kind, set())
    # Any level that is tried alone is tried beside others.
    assert all(alone.issuperset(levels) for levels in untried)


@pytest.mark.parametrize(("kind", "level"), [(Topic, Level.PUBLISH), (Queue, Level.SEND)])
@pytest.mark.parametrize(("name", "group"), [("ours.fifo", "access-proof"), ("ours", None)])
def test_a_message_to_a_fifo_resource_is_of_a_group(
    kind: type[Queue | Topic], level: Level, name: str, group: str | None
) -> None:
    (command,) = commands(granted(kind(name=name, existing=True), [level]))
    _, parameters, _ = read(command)
    assert parameters.get("MessageGroupId") == group
    assert parameters.get("MessageDeduplicationId") == group


@pytest.mark.parametrize(("kind", "level"), [(Topic, Level.PUBLISH), (Queue, Level.SEND)])
def test_a_message_says_what_it_is_for(kind: type[Queue | Topic], level: Level) -> None:
    (command,) = commands(granted(kind(name="ours"), [level]))
    _, parameters, _ = read(command)
    assert parameters.get("Message", parameters.get("MessageBody")) == "test"


@pytest.mark.parametrize(
    ("region", "partition", "url"),
    [
        ("us-west-2", "aws", "https://sqs.us-west-2.amazonaws.com/111122223333/ours"),
        ("cn-north-1", "aws-cn", "https://sqs.cn-north-1.amazonaws.com.cn/111122223333/ours"),
    ],
)
def test_a_queue_is_at_its_address(region: str, partition: str, url: str) -> None:
    owner = replace(OWNER, region=region, partition=partition)
    for level in (Level.SEND, Level.RECEIVE):
        grant = granted(Queue(name="ours"), [level])
        (command,) = Queue(name="ours").proof_commands(grant, owner)
        assert read(command)[1]["QueueUrl"] == url


def test_a_message_that_is_looked_for_is_seen_by_others_at_once() -> None:
    (command,) = commands(granted(Queue(name="ours"), [Level.RECEIVE]))
    action, parameters, _ = read(command)
    assert (action, parameters["VisibilityTimeout"]) == ("sqs:ReceiveMessage", 0)


def test_an_event_is_one_that_no_rule_waits_for() -> None:
    (command,) = commands(granted(one_of(Bus), [Level.SEND]))
    _, parameters, _ = read(command)
    assert parameters["Entries"] == [
        {
            "EventBusName": arn_of(Bus),
            "Source": "access.test",
            "DetailType": "test",
            "Detail": "{}",
        }
    ]


def test_a_function_is_not_invoked() -> None:
    (command,) = commands(granted(one_of(Function), ["invoke"]))
    assert read(command)[1]["InvocationType"] == "DryRun"


def tried(grant: Grant) -> list[tuple[str, str | None]]:
    """Of a bucket: each call with the key or prefix, None where neither is said."""
    calls = []
    for command in commands(grant):
        _, parameters, _ = read(command)
        if "list-objects-v2" in command:
            assert parameters["MaxKeys"] == 1
        calls.append((command[2], parameters.get("Key", parameters.get("Prefix"))))
    return calls


@pytest.mark.parametrize(
    ("levels", "prefixes", "expected"),
    [
        (["list"], (), [("list-objects-v2", None)]),
        (["list"], ("b/", "a/"), [("list-objects-v2", "a/")]),
        (["delete"], (), []),
        (["list", "read"], (), [("head-object", PROOF_OBJECT), ("get-object", PROOF_OBJECT)]),
        (
            ["read"],
            ("a/",),
            [(each, f"a/{PROOF_OBJECT}") for each in ("head-object", "get-object")],
        ),
        (
            ["read", "write"],
            ("b/", "a/"),
            [(each, f"a/{PROOF_WRITTEN}") for each in ("put-object", "head-object", "get-object")],
        ),
    ],
)
def test_of_a_bucket_what_may_be_done_is_done(
    levels: list[str], prefixes: tuple[str, ...], expected: list[tuple[str, str | None]]
) -> None:
    assert tried(granted(Bucket(name="ours"), levels, *prefixes)) == expected


@pytest.mark.parametrize(
    "acts",
    [
        {"object_lock": ObjectLock(days=1)},
        {"replication": Replication(bucket="copies")},
        {"notifications": (Notification(queue="jobs", events=("s3:ObjectCreated:*",)),)},
    ],
)
def test_nothing_is_written_where_s3_keeps_copies_or_tells_of_it(acts: dict[str, Any]) -> None:
    grant = granted(Bucket(name="ours", **acts), ["read", "write"])
    assert tried(grant) == [(each, PROOF_OBJECT) for each in ("head-object", "get-object")]
