"""Accounts beside the two, whose principals come in by pattern."""

import json
from typing import Any

import pytest

from cross_account_access.command.proof.proving import prove
from cross_account_access.declaration.reader import Problems
from cross_account_access.declaration.settings import parse
from tests.support.deployment import deploy, stack_values
from tests.support.proof import judged, state_of

ANALYTICS = "777788889999"
ROLES = f"arn:aws:iam::{ANALYTICS}:role/data/*"


def values(*arns: str, accounts: Any = None) -> dict[str, str]:
    consumer = {
        "name": "analytics",
        "principals": {"arns": list(arns or (ROLES,))},
        "role": {"name": "AnalyticsAccess"},
    }
    grant = {"consumer": "analytics", "bucket": "production-test-bucket-101", "levels": ["read"]}
    listed = {"analytics": ANALYTICS} if accounts is None else accounts
    return stack_values("prod", accounts=listed, consumers=[consumer], grants=[grant])


def problems_of(*arns: str, accounts: Any = None) -> list[str]:
    problems = Problems()
    parse(values(*arns, accounts=accounts), problems)
    return problems


def test_the_listed_account_is_trusted_narrowed_to_the_pattern() -> None:
    (role,) = deploy(values()).of_type("aws:iam/role:Role")
    (statement,) = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
    assert statement["Principal"] == {"AWS": [f"arn:aws:iam::{ANALYTICS}:root"]}
    assert statement["Condition"] == {"ArnLike": {"aws:PrincipalArn": [ROLES]}}


def test_nothing_is_made_there_and_its_administrator_gets_the_policy() -> None:
    deployment = deploy(values())
    made = {each.type for each in deployment.resources if each.provider == "access-trusted"}
    assert not {each for each in made if each.startswith("aws:iam/")}
    policy = json.loads(deployment.outputs["callerPolicies"]["analytics"])
    assert policy["Statement"][0]["Action"] == ["sts:AssumeRole"]


def test_the_judge_means_the_same() -> None:
    proof = prove(*judged(state_of(deploy(values()))))
    assert proof.differences == ()
    assert proof.is_proved


@pytest.mark.parametrize(
    ("arns", "accounts", "told"),
    [
        ([ROLES], {}, f"consumers[0].principals.arns[0]: {ROLES!r} must name the Staging account"),
        ([ROLES], {"a": 7}, "accounts.a: 7 must be 12 digits"),
        ([ROLES], {"a": "x"}, "accounts.a: 'x' must be 12 digits"),
        ([ROLES], {"A b": ANALYTICS}, "accounts: 'A b' must"),
        ([ROLES], ["a"], "accounts: ['a'] must be a mapping, as in {analytics:"),
        (
            [ROLES],
            {"a": ANALYTICS, "b": ANALYTICS},
            f"accounts.b: {ANALYTICS!r} is accounts.a already; remove it",
        ),
        ([ROLES], {"a": "444455556666"}, "accounts.a: '444455556666' is Staging already"),
        ([ROLES], {"a": "111122223333"}, "accounts.a: '111122223333' is Production already"),
        (
            [ROLES, "arn:aws:iam::444455556666:role/data/*"],
            None,
            "consumers[0].principals.arns: [",
        ),
        (
            [f"arn:aws:iam::{ANALYTICS}:role/*"],
            None,
            "consumers[0].principals.arns[0]: 'arn:aws:iam::777788889999:role/*' is everybody",
        ),
    ],
)
def test_rejects(arns: list[str], accounts: Any, told: str) -> None:
    assert [each for each in problems_of(*arns, accounts=accounts) if each.startswith(told)]


def test_an_account_without_quotes_is_told_once() -> None:
    (problem,) = problems_of(ROLES, accounts={"analytics": int(ANALYTICS)})
    assert problem.startswith(f"accounts.analytics: {ANALYTICS} must be text: write it in quotes")
