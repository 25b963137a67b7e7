# ruff: noqa: E501 - a table of refusals reads best with a row a line
"""Accounts, regions, tags and unknown settings: refused with name, value, rule and remedy."""

import json
from typing import Any

import pulumi
import pytest
from pulumi.runtime import set_all_config

from cross_account_access.declaration.settings import load
from cross_account_access.declaration.settings.tags import OF_THE_PROGRAM
from tests.support.deployment import deploy, stack_values
from tests.unit.declaration.stack_file import (
    consumer,
    problems_of,
)

REJECTED: dict[str, tuple[dict[str, Any], str]] = {
    "account ID of 11 digits": (
        {"production_account_id": "12345678901"},
        "production_account_id: '12345678901' must be 12 digits: without quotes, YAML makes another number of one that begins with a zero; write the account ID in quotes",
    ),
    "account ID with hyphens": (
        {"production_account_id": "1111-2222-3333"},
        "production_account_id: '1111-2222-3333' must be 12 digits without hyphens",
    ),
    "account ID of letters": (
        {"staging_account_id": "staging"},
        "staging_account_id: 'staging' must be 12 digits",
    ),
    "account ID in foreign digits": ({"staging_account_id": "٤" * 12}, "must be 12 digits"),
    "account ID missing": (
        {"production_account_id": None},
        "production_account_id: missing; add it",
    ),
    "account ID left empty": (
        {"production_account_id": ""},
        "production_account_id: '' must be 12 digits",
    ),
    "same account twice": (
        {"staging_account_id": "111122223333"},
        "staging_account_id: '111122223333' is the Production account too",
    ),
    "same profile twice": (
        {"staging_profile": "ProductionAccountAdmin"},
        "staging_profile: 'ProductionAccountAdmin' is the Production profile too",
    ),
    "empty profile": (
        {"production_profile": ""},
        "production_profile: '' must be the name of an AWS CLI profile",
    ),
    "profile with a space": (
        {"staging_profile": "my profile"},
        "staging_profile: 'my profile' must be",
    ),
    "region missing": ({"staging_region": None}, "staging_region: missing"),
    "malformed region": (
        {"staging_region": "Oregon"},
        "staging_region: 'Oregon' must be an AWS region",
    ),
    "mistyped region": (
        {"production_region": "us-wset-2"},
        "production_region: 'us-wset-2' must be an AWS region, as in us-west-2; did you mean us-west-2?",
    ),
    "zone for a region": (
        {"production_region": "us-west-2a"},
        "'us-west-2a' must be an AWS region",
    ),
    "regions of two partitions": (
        {"staging_region": "cn-north-1"},
        "staging_region: 'cn-north-1' is in partition aws-cn, us-west-2 in aws",
    ),
    "unknown setting": (
        {"production_acount_id": "111122223333"},
        "production_acount_id: no such setting; did you mean production_account_id?",
    ),
    "reserved tag": ({"tags": {"aws:team": "x"}}, "tags: 'aws:team' must not begin with aws:"),
    "tags that differ in case": (
        {"tags": {"Team": "x", "team": "y"}},
        "has keys that differ only in case",
    ),
    "tag value of the wrong characters": (
        {"tags": {"team": "a|b"}},
        "tags.team: 'a|b' must have at most 256",
    ),
    "reserved tag in capitals": ({"tags": {"AWS:team": "x"}}, "tags: 'AWS:team' must not begin"),
    "reserved tag value": (
        {"tags": {"team": "aws:x"}},
        "tags.team: 'aws:x' must not begin with aws:",
    ),
    "tag that differs in case from the program's": (
        {"tags": {"Project": "x"}},
        "tags: 'Project' differs only in case from project, which the program sets, and IAM takes no two such; write project, or another key",
    ),
    "tag of a role that differs in case from the program's": (
        {"consumers": [consumer(role={"name": "R", "tags": {"STACK": "x"}})]},
        "consumers[0].role.tags: 'STACK' differs only in case from stack, which every resource has",
    ),
    "tag of a role that differs in case from that of the stack": (
        {"tags": {"team": "x"}, "consumers": [consumer(role={"name": "R", "tags": {"Team": "x"}})]},
        "consumers[0].role.tags: 'Team' differs only in case from team, which every resource has",
    ),
    "tags of a role that differ in case": (
        {"consumers": [consumer(role={"name": "R", "tags": {"Team": "x", "team": "y"}})]},
        "consumers[0].role.tags: ['Team', 'team'] has keys that differ only in case",
    ),
    "too many tags together": (
        {
            "tags": {f"k{i}": "v" for i in range(30)},
            "consumers": [consumer(role={"name": "R", "tags": {f"r{i}": "v" for i in range(19)}})],
        },
        "make 51 tags together with those of all resources, and 50 is the most; remove some",
    ),
    "too many tags": ({"tags": {f"k{i}": "v" for i in range(41)}}, "tags: 41 tags"),
}


@pytest.mark.parametrize(("changes", "expected"), REJECTED.values(), ids=REJECTED.keys())
def test_rejects(changes: dict[str, Any], expected: str) -> None:
    assert any(expected in problem for problem in problems_of(**changes))


def test_tags_may_replace_those_of_the_program_and_be_replaced() -> None:
    """In their own case: one resource has one tag of a key."""
    role = {"name": "R", "tags": {"project": "y", **{f"k{i}": "w" for i in range(30)}}}
    tags = {"project": "x", **{f"k{i}": "v" for i in range(30)}}
    assert problems_of(tags=tags, consumers=[consumer(role=role)]) == []


def test_the_program_sets_the_tags_that_are_counted() -> None:
    deployed = deploy(stack_values("prod", tags={"team": "data"}))
    (tags, _) = (each.inputs["defaultTags"] for each in deployed.of_type("pulumi:providers:aws"))
    assert set(json.loads(tags)["tags"]) == {*OF_THE_PROGRAM, "team"}


@pytest.mark.parametrize(
    "key",
    [
        "cross-account-acess:tags",
        "cross-account-access-prod:buckets",
        "crossaccountaccess:anything",
        "access:grants",
    ],
)
def test_a_setting_in_a_mistyped_namespace_is_refused(
    key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = {
        **{f"cross-account-access:{name}": value for name, value in stack_values("prod").items()}
    }
    others = {
        "pulumi:tags": "x",
        "aws:defaultTags": "{}",
        "aws:region": "us-west-2",
        "random:seed": "1",
    }
    set_all_config({**read, **others, key: "{}"})
    monkeypatch.setattr(pulumi, "get_project", lambda: "cross-account-access")
    with pytest.raises(pulumi.RunError) as caught:
        load()
    wanted = f"cross-account-access:{key.partition(':')[2]}"
    assert str(caught.value).splitlines()[1:] == [
        f"  {key}: no such namespace; did you mean {wanted}?"
    ]


def test_a_bad_value_is_told_once() -> None:
    assert len(problems_of(staging_region="Oregon")) == 1
    assert len(problems_of(consumers=[consumer(user=None)])) == 1


def test_all_problems_are_told_together_and_nothing_is_registered() -> None:
    values = stack_values("prod", production_account_id="1", staging_region="x", unknown="y")
    with pytest.raises(pulumi.RunError) as caught:
        deploy(values)
    lines = str(caught.value).splitlines()
    assert lines[0] == "3 problems in Pulumi.prod.yaml; nothing was changed:"
    assert [line.split(":")[0].strip() for line in lines[1:]] == [
        "production_account_id",
        "staging_region",
        "unknown",
    ]


def test_as_many_tags_together_as_iam_takes_are_taken() -> None:
    """Those of the program, two, are counted too."""
    tags = {f"k{number}": "v" for number in range(30)}
    role = {"name": "R", "tags": {f"r{number}": "v" for number in range(18)}}
    assert problems_of(tags=tags, consumers=[consumer(role=role)]) == []
