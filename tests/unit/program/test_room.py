"""What IAM would refuse half-way, since new stands beside old for a moment, is told beforehand."""

from __future__ import annotations

import functools
import json
from typing import Any

import pytest

from cross_account_access.declaration import settings
from cross_account_access.declaration.reader import Problems
from cross_account_access.declaration.settings import Settings
from cross_account_access.program.preflight.room import Room
from tests.support.deployment import deploy, stack_values

BUCKET = "production-test-bucket-101"
POLICY = "arn:aws:iam::111122223333:policy/"
INLINE = {"policy": "inline"}
LONGER = "a" * 410


def values(
    prefixes: int = 1, user: str = "StageAdmin", mark: str = "a" * 400, **role: Any
) -> dict[str, str]:
    """One consumer; a managed policy has room for thirteen prefixes."""
    consumer = {
        "name": "stage-admin",
        "user": {"name": user},
        "role": {"name": "StageRole", **role},
    }
    granted = [f"{number:03}{mark}/" for number in range(prefixes)]
    grant = {"consumer": "stage-admin", "bucket": BUCKET, "levels": ["read"], "prefixes": granted}
    return stack_values("prod", consumers=[consumer], grants=[grant])


def declared(stack: dict[str, str]) -> Settings:
    problems = Problems()
    read = settings.parse(
        {
            name: json.loads(value) if value.startswith(("[", "{")) else value
            for name, value in stack.items()
        },
        problems,
    )
    assert problems == []
    return read


@functools.cache
def recorded(given: str) -> dict[str, Any]:
    return {
        f"urn:pulumi:prod::cross-account-access::parent${each.type}::{each.name}": {
            "outputs": {**each.inputs, **each.outputs}
        }
        for each in deploy(json.loads(given)).resources
    }


def room(before: dict[str, str], after: dict[str, str]) -> Room:
    found = recorded(json.dumps(before))
    return Room(declared(after), found, component="access")


FITTING = {
    "nothing changes": (values(80), values(80)),
    "more of the same": (values(80), values(90)),
    "another name, few": (values(50), values(50, policy_name="Another")),
    "another name of the role": (values(80), values(80, name="Another", policy_name="Other")),
    "another kind": (values(20), values(20, policy="inline")),
    "another user and other grants": (values(40), values(40, user="Another", mark="b" * 400)),
    "inside, another user": (values(8, **INLINE), values(8, user="Another", **INLINE)),
    "sessions end": (
        values(8, **INLINE),
        values(8, revoked_before="2026-01-01T00:00:00Z", **INLINE),
    ),
}


@pytest.mark.parametrize("change", FITTING)
def test_what_fits_is_not_refused(change: str) -> None:
    assert list(room(*FITTING[change]).problems()) == []


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (values(80), values(80, policy_name="Another"), "keep role.policy_name"),
        (values(80), values(80, user="Another", mark="b" * 400), "one after the other"),
        (
            values(16, **INLINE),
            values(16, user="Another", mark="b" * 400, **INLINE),
            "remove role.policy",
        ),
        (
            values(22, mark=LONGER, **INLINE),
            values(22, mark=LONGER, revoked_before="2026-01-01T00:00:00Z", **INLINE),
            "remove role.policy",
        ),
    ],
    ids=["another policy_name", "trust and grants", "the same inside", "sessions that end"],
)
def test_what_does_not_fit_is_refused_with_the_way(
    before: dict[str, str], after: dict[str, str], told: str
) -> None:
    (problem,) = room(before, after).problems()
    assert problem.startswith("consumer 'stage-admin': ")
    assert told in problem
    assert "\n" not in problem


def test_what_others_have_attached_is_asked_where_a_policy_is_added_and_counts() -> None:
    (asked,) = room(values(10), values(20)).questions()
    assert (asked.client, asked.method) == ("iam", "list_attached_role_policies")
    assert asked.parameters == {"RoleName": "StageRole"}
    ours, theirs = f"{POLICY}StageRoleAccess", [f"{POLICY}Theirs{each}" for each in range(9)]

    def told(others: list[str]) -> str | None:
        attached = [{"PolicyArn": arn} for arn in (ours, *others)]
        return asked.problem({"AttachedPolicies": attached})

    assert told([]) is told(theirs[:8]) is None
    problem = told(theirs)
    assert problem is not None
    assert problem.endswith(f"first: {', '.join(theirs)}")
    # Nor where the deployer may not look, or the role is gone.
    assert asked.problem({}) is asked.problem(None) is None


def test_nothing_is_asked_of_a_role_that_gets_no_further_policy() -> None:
    for before, after in (
        (values(10), values(10)),
        (values(20), values(10)),
        (values(10), values(20, name="Another")),
        (values(10), values(10, policy="inline")),
    ):
        assert list(room(before, after).questions()) == []


def test_a_policy_in_staging_that_gets_another_name_has_to_fit_twice() -> None:
    def direct(topics: int, role: str) -> dict[str, str]:
        consumer = {"name": "reader", "user": {"name": "Reader"}, "role": {"name": role}}
        resources = [{"name": f"{'t' * 60}{number}", "protect": False} for number in range(topics)]
        grants = [
            {"consumer": "reader", "topic": each["name"], "levels": ["publish"], "via": "resource"}
            for each in resources
        ]
        grants.append({"consumer": "reader", "bucket": BUCKET, "levels": ["read"]})
        return stack_values("prod", topics=resources, consumers=[consumer], grants=grants)

    assert list(room(direct(2, "Old"), direct(2, "New")).problems()) == []
    assert list(room(direct(8, "Old"), direct(8, "Old")).problems()) == []
    (problem,) = room(direct(8, "Old"), direct(8, "New")).problems()
    assert "another role.name" in problem
