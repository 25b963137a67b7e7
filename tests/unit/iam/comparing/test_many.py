"""Whatever a stack declares within AWS's limits can be compared, and in time."""

from __future__ import annotations

import gc
import time
import weakref
from typing import Any

import pytest

from cross_account_access.iam import Effect, Inventory, compare
from cross_account_access.iam.inventory import NOTHING

PRODUCTION, STAGING = "111122223333", "444455556666"

Json = dict[str, Any]


def policy(*statements: Json) -> Json:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def stack(count: int, who: list[str], conditions: Json | None = None) -> Inventory:
    """Roles, each of which reads a bucket, for principals like the patterns."""
    roles, resources = {}, {}
    for number in range(count):
        bucket = f"arn:aws:s3:::bucket-{number}"
        patterns = [f"arn:aws:iam::{STAGING}:{each.format(number)}" for each in who]
        condition: Json = {"ArnLike": {"aws:PrincipalArn": patterns}}
        for operator, keys in (conditions or {}).items():
            condition[operator] = {**condition.get(operator, {}), **keys}
        roles[f"arn:aws:iam::{PRODUCTION}:role/Role{number}"] = {
            "trust": policy(
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:aws:iam::{STAGING}:root"},
                    "Action": "sts:AssumeRole",
                    "Condition": condition,
                }
            ),
            "policies": {
                "own": policy(
                    {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{bucket}/a/*"}
                )
            },
        }
        resources[bucket] = {"account": PRODUCTION, "policy": None}
    return Inventory(accounts=(), users={}, roles=roles, resources=resources)  # type: ignore[arg-type]


def told(inventory: Inventory) -> dict[str, set[str]]:
    """Who may newly do something through which role."""
    changes = compare(NOTHING, inventory)
    assert {change.effect for change in changes} == {Effect.WIDENS}
    assert not [change for change in changes if "cannot be compared" in change.when]
    found: dict[str, set[str]] = {}
    for change in changes:
        if change.through:
            found.setdefault(change.through, set()).add(change.principal)
    return found


PERMISSION_SET = "role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_Set{0}_*"


@pytest.mark.parametrize("pattern", ["role/*-{0}-*", "user/*.{0}@*", PERMISSION_SET])
def test_many_roles_for_principals_by_patterns_with_inner_wildcards(pattern: str) -> None:
    found = told(stack(25, [pattern]))
    for number in range(25):
        anybody = f"anybody like {STAGING}:{pattern.format(number)}"
        assert found[f"{PRODUCTION}:role/Role{number}"] == {anybody}


def test_many_patterns_with_inner_wildcards_in_one_trust_policy() -> None:
    who = [f"role/*-{number}-*" for number in range(14)]
    (found,) = told(stack(1, who)).values()
    assert found == {f"anybody like {STAGING}:{each}" for each in who}


@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_many_statements_for_patterns_with_inner_wildcards_in_one_policy(effect: str) -> None:
    """Of whom somebody can be meant by all at once."""
    bucket = "arn:aws:s3:::shared"
    statements = [
        {
            "Effect": effect if number == 7 else "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{STAGING}:root"},
            "Action": "s3:GetObject",
            "Resource": f"{bucket}/{number}/*",
            "Condition": {
                "ArnLike": {
                    "aws:PrincipalArn": f"arn:aws:iam::{STAGING}:{PERMISSION_SET.format(number)}"
                }
            },
        }
        for number in range(20)
    ]
    shared = {bucket: {"account": PRODUCTION, "policy": policy(*statements)}}
    found = Inventory(accounts=(), users={}, roles={}, resources=shared)  # type: ignore[arg-type]
    who = {change.principal for change in compare(NOTHING, found)}
    expected = {
        f"anybody like {STAGING}:{PERMISSION_SET.format(number)}"
        for number in range(20)
        if effect == "Allow" or number != 7
    }
    assert expected <= who


def test_many_keys_and_many_values() -> None:
    conditions = {
        "StringEquals": {f"aws:RequestTag/{number}": list("abc") for number in range(20)},
        "ForAllValues:StringEquals": {"aws:TagKeys": [str(number) for number in range(20)]},
        "IpAddress": {"aws:SourceIp": [f"203.0.113.{number}/32" for number in range(30)]},
        "Bool": {"aws:MultiFactorAuthPresent": "true"},
        "NumericLessThan": {"aws:MultiFactorAuthAge": "3600"},
        "DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"},
    }
    assert told(stack(1, ["user/Ana"], conditions))


CONDITIONS = {
    "StringEquals": {"sts:ExternalId": "example-1"},
    "Bool": {"aws:MultiFactorAuthPresent": "true"},
    "NumericLessThan": {"aws:MultiFactorAuthAge": "3600"},
    "IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "198.51.100.0/24"]},
    "DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"},
}


def test_grants_with_conditions_are_compared_in_time(pytestconfig: pytest.Config) -> None:
    is_full = pytestconfig.getoption("--full", default=False)
    sizes = {100: 5.0, 300: 20.0} if is_full else {30: 2.0}
    for count, seconds in sizes.items():
        started = time.process_time()
        told(stack(count, ["user/User{0}"], CONDITIONS))
        assert time.process_time() - started < seconds


def test_one_comparison_leaves_nothing_for_the_next_to_carry() -> None:
    everybody = stack(2, ["user/U{}", "root"])
    compare(NOTHING, everybody)
    compared = weakref.ref(everybody)
    del everybody
    gc.collect()
    assert compared() is None
