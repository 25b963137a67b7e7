"""What exists already and belongs to others: named by its ARN, granted by the role, never made."""

import json
from typing import Any

import boto3
import pytest
from botocore.validate import ParamValidator

from cross_account_access.declaration.accounts import Account
from cross_account_access.declaration.kinds import EXISTING, Repository, Secret
from cross_account_access.declaration.model import ExistingResource
from cross_account_access.declaration.reader import Problems
from cross_account_access.declaration.settings import Settings, parse
from tests.support.deployment import deploy, stack_values
from tests.support.existing import arn_of as arn

OWNER = Account(account_id="111122223333", profile="p", region="us-west-2")


def values(kind: type[ExistingResource], **changes: Any) -> dict[str, str]:
    """A stack file that shares one resource of a kind, and nothing else."""
    return stack_values(
        "prod",
        **{
            "buckets": None,
            "resources": [{"name": "theirs", "arn": arn(kind)}],
            "grants": [
                {"consumer": "stage-admin", "resource": "theirs", "levels": list(kind.levels)}
            ],
            **changes,
        },
    )


def problems_of(kind: type[ExistingResource], **changes: Any) -> list[str]:
    problems = Problems()
    parse(values(kind, **changes), problems)
    return problems


def settings_of(kind: type[ExistingResource]) -> Settings:
    problems = Problems()
    read = parse(values(kind), problems)
    assert problems == []
    return read


@pytest.mark.parametrize("kind", EXISTING)
def test_its_arn_says_what_it_is(kind: type[ExistingResource]) -> None:
    assert settings_of(kind).resources == (kind(name="theirs", existing_arn=arn(kind)),)


@pytest.mark.parametrize("kind", EXISTING)
def test_nothing_of_it_is_made_and_the_role_may_use_it(kind: type[ExistingResource]) -> None:
    deployment = deploy(values(kind))
    with_it = [each.type for each in deployment.resources if each.type.startswith("aws:")]
    assert {name.split(":")[1].split("/")[0] for name in with_it} == {"iam"}
    (policy,) = deployment.of_type("aws:iam/policy:Policy")
    statements = json.loads(policy.inputs["policy"])["Statement"]
    allowed = {action: each["Resource"] for each in statements for action in each["Action"]}
    for actions in kind.levels.values():
        assert {*actions.on_resource, *actions.on_objects} <= set(allowed)
        assert all(allowed[action] == ["*"] for action in actions.on_anything)
    assert {text for each in allowed.values() for text in each} - {"*"} == set(
        kind(name="theirs", existing_arn=arn(kind)).arns(OWNER)
    )
    assert deployment.outputs["resourceArns"] == {"theirs": arn(kind)}


@pytest.mark.parametrize("kind", EXISTING)
def test_it_must_be_there(kind: type[ExistingResource]) -> None:
    (must,) = settings_of(kind).must_exist
    assert (must.side, must.client) == ("production", kind.client or kind.service)
    model: Any = boto3.client(must.client, region_name=OWNER.region)  # type: ignore[call-overload]
    api = model.meta.service_model.operation_model(model.meta.method_to_api_mapping[must.method])
    report = ParamValidator().validate(must.parameters, api.input_shape)
    assert not report.has_errors(), report.generate_report()
    assert kind.arn_example.split("/")[-1].split(":")[-1] in str(must.parameters)
    assert must.problem({}) is None
    assert must.problem(None) == (
        f"resources: 'theirs' is {arn(kind)}, and account 111122223333 has no such {kind.kind}; "
        "correct arn, or have its owner make it first"
    )


def test_a_secret_that_is_found_by_its_name_alone_is_told_with_its_arn() -> None:
    """`my-secret` ends as an ARN with its six characters does."""
    short = arn(Secret, resource="secret:my-secret")
    problems = Problems()
    settings = parse(values(Secret, resources=[{"name": "theirs", "arn": short}]), problems)
    (must,) = settings.must_exist
    assert problems == []
    assert must.problem({"ARN": short}) is None
    assert must.problem({"ARN": arn(Secret)}) == (
        f"resources: 'theirs' is {short}, and the secret has the ARN {arn(Secret)}; write that, "
        "whole"
    )


@pytest.mark.parametrize("kind", EXISTING)
@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"account": "444455556666"}, "must belong to Production, 111122223333, not to 4444"),
        ({"account": ""}, "must belong to Production, 111122223333, not to nobody"),
        ({"region": "eu-west-1"}, "must be in Production's region us-west-2, not in eu-west-1"),
        ({"region": ""}, "must be in Production's region us-west-2, not in none"),
        ({"partition": "aws-cn"}, "must be of partition aws, as Production is, not aws-cn"),
        ({"service": "iot"}, "is of iot, of which nothing can be granted: remove it"),
        ({"service": "s3"}, "is of s3; name a bucket under buckets, with existing: true where"),
        ({"service": "sns"}, "is of sns; name a topic under topics, with existing: true where"),
        ({"service": "sqs"}, "is of sqs; name a queue under queues, with existing: true where"),
        ({"resource": "*"}, "must name one resource, without *, ? and $"),
        ({"resource": "x?"}, "must name one resource, without *, ? and $"),
        ({"resource": "x$"}, "must name one resource, without *, ? and $"),
        ({"resource": "*:*"}, "must name one resource, without *, ? and $"),
        ({"account": "*", "resource": "x:*"}, "must name one resource, without *, ? and $"),
        (
            {"resource": "x:*"},
            "must name one resource: leave out the :* at its end, which is meant",
        ),
        ({"resource": "nothing"}, "must be the ARN of a "),
    ],
)
def test_rejects_an_arn(kind: type[ExistingResource], changes: dict[str, str], told: str) -> None:
    bad = arn(kind, **changes)
    found = problems_of(kind, resources=[{"name": "theirs", "arn": bad}])
    assert [each for each in found if each.startswith(f"resources[0].arn: {bad!r} {told}")]


@pytest.mark.parametrize("name", ["r", "a//b", "a/", "A", "a..b", "r" * 257])
def test_rejects_what_is_no_name_of_a_repository(name: str) -> None:
    (problem,) = problems_of(
        Repository,
        resources=[{"name": "theirs", "arn": arn(Repository, resource=f"repository/{name}")}],
    )
    assert " must be the ARN of a repository, which ends as in " in problem


def test_what_cannot_be_read_is_told_once_and_not_again_where_it_is_granted() -> None:
    (problem,) = problems_of(Secret, resources=[{"name": "theirs", "arn": "theirs"}])
    assert problem.startswith("resources[0].arn: 'theirs' must be an ARN")


@pytest.mark.parametrize("kind", EXISTING)
def test_rejects_text_that_is_no_arn(kind: type[ExistingResource]) -> None:
    whole = arn(kind)
    for text in ("theirs", whole.rpartition(":")[0][:25], f"x{whole}", "arn:aws:s3", "arn::"):
        found = problems_of(kind, resources=[{"name": "theirs", "arn": text}])
        assert f"resources[0].arn: {text!r} must be an ARN, as in arn:aws:" in "\n".join(found)


@pytest.mark.parametrize("kind", EXISTING)
@pytest.mark.parametrize("letter", ["ä", "٣", "\U0001d7db"])
def test_rejects_letters_and_digits_that_aws_does_not_take(
    kind: type[ExistingResource], letter: str
) -> None:
    """Python takes digits and letters of all scripts for such."""
    bad = f"{arn(kind)[:-2]}{letter}{arn(kind)[-2:]}"
    found = problems_of(kind, resources=[{"name": "theirs", "arn": bad}])
    assert f"resources[0].arn: {bad!r} must be the ARN of a {kind.kind}" in "\n".join(found)


@pytest.mark.parametrize("kind", EXISTING)
@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"levels": ["publish"]}, "grants[0].levels[0]: 'publish' must be one of "),
        ({"via": "resource"}, "grants[0].via: 'resource' cannot be had of a "),
        ({"prefixes": ["a"]}, "grants[0].prefixes: ['a'] cannot confine a "),
        ({"resource": "thiers"}, "grants[0].resource: 'thiers' is not the name of anything under"),
    ],
)
def test_rejects_a_grant(kind: type[ExistingResource], changes: dict[str, Any], told: str) -> None:
    one = {"consumer": "stage-admin", "resource": "theirs", "levels": list(kind.levels), **changes}
    assert [each for each in problems_of(kind, grants=[one]) if each.startswith(told)]


@pytest.mark.parametrize("kind", EXISTING)
def test_rejects_one_name_or_one_arn_twice(kind: type[ExistingResource]) -> None:
    twice = [{"name": "theirs", "arn": arn(kind)}] * 2
    found = problems_of(kind, resources=twice)
    assert "resources[1].name: 'theirs' is there already; write another one" in found
    assert f"resources[1].arn: {arn(kind)!r} is there already; write another one" in found
