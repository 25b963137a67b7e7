# ruff: noqa: E501 - a table of refusals reads best with a row a line
"""Accounts, regions, tags and unknown settings: refused with name, value, rule and remedy."""

from typing import Any

import pulumi
import pytest

from tests.support.deployment import deploy, stack_values
from tests.unit.declaration.stack_file import (
    consumer,
    problems_of,
)

REJECTED: dict[str, tuple[dict[str, Any], str]] = {
    "account ID of 11 digits": (
        {"production_account_id": "12345678901"},
        "production_account_id: '12345678901' must be 12 digits: a YAML number loses its leading "
        'zeros, so write it quoted, "012345678901" if that is the account',
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
    "too many tags": ({"tags": {f"k{i}": "v" for i in range(41)}}, "tags: 41 tags"),
}


@pytest.mark.parametrize(("changes", "expected"), REJECTED.values(), ids=REJECTED.keys())
def test_rejects(changes: dict[str, Any], expected: str) -> None:
    assert any(expected in problem for problem in problems_of(**changes))


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
