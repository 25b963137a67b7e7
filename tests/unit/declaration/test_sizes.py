# ruff: noqa: E501 - a table of refusals reads best with a row a line
"""Documents too large for AWS are told before anything is made."""

from dataclasses import replace
from typing import Any

import pytest

from cross_account_access.facts import quotas
from tests.unit.declaration.stack_file import (
    beside,
    consumer,
    direct,
    grant,
    many,
    of_kind,
    problems_of,
    settings_of,
    under,
)

REJECTED: dict[str, tuple[dict[str, Any], str]] = {
    "user's policy too large for its grants": (
        {
            **direct(),
            "grants": [grant(via="resource", prefixes=[f"customer-{n:03}" for n in range(60)])],
        },
        "the most; shorten its conditions, or let fewer grants go via: resource",
    ),
    "trust policy limit that AWS has not": (
        {"trust_policy_limit": 100},
        "trust_policy_limit: 100 must be 2048 to 8192 characters",
    ),
    "trust policy too large": (
        beside(
            of_kind(
                "principals",
                {"arns": [f"arn:aws:iam::444455556666:role/data/{n:02}*" for n in range(50)]},
            )
        ),
        "consumers[1].name: 'other-0' needs a trust policy of 2311 characters, and 2048 is the most",
    ),
    "trust policy of a role in Staging too large": (
        {
            **beside(
                of_kind(
                    "lambda_functions",
                    {"role": {"name": "F"}, "functions": [f"resize-{n:03}" for n in range(30)]},
                )
            ),
            "trust_policy_limit": 8192,
        },
        "characters for role 'F' in Staging, and 2048 is the most; name fewer who may have it",
    ),
    "access policy too large": (
        {"grants": [grant(prefixes=[f"images-of-customer-{n:04}" for n in range(1000)])]},
        "that is 12 managed policies of at most 6144, and a role has at most 10; grant fewer",
    ),
    "inline access policy too large": (
        {
            "consumers": [consumer(role={"name": "StageRole", "policy": "inline"})],
            "grants": [grant(prefixes=[f"images-of-customer-{n:04}" for n in range(200)])],
        },
        "and 10240 is the most for an inline one; remove role.policy",
    ),
    "access policy that cannot be cut": (
        {
            **under(vpc_endpoints=[f"vpce-{n:017x}" for n in range(300)]),
        },
        "needs an access policy with a statement of ",
    ),
    "policy of two parts, the second named as another's": (
        {
            "consumers": [
                consumer(),
                of_kind(
                    "organization",
                    {"id": "o-a1b2c3d4e5"},
                    role={"name": "OtherRole", "policy_name": "stageroleaccess-2"},
                ),
            ],
            "grants": [
                grant(prefixes=[f"images-of-customer-{n:04}" for n in range(100)]),
                grant(consumer="other"),
            ],
        },
        "needs 2 managed policies, and 'StageRoleAccess-2' is too long or the name of another",
    ),
    "policy of two parts, the second with too long a name": (
        {
            "consumers": [consumer(role={"name": "StageRole", "policy_name": "n" * 128})],
            "grants": [grant(prefixes=[f"images-of-customer-{n:04}" for n in range(100)])],
        },
        "n-2' is too long or the name of another",
    ),
    "user's policy too large": (
        {
            **under(
                external_id="x" * 1000,
                session_tags={"tags": {f"tag{n}": "y" * 100 for n in range(9)}},
            ),
            "trust_policy_limit": 8192,
        },
        "characters in Staging, and 2048 is the most; shorten its conditions",
    ),
}


@pytest.mark.parametrize(("changes", "expected"), REJECTED.values(), ids=REJECTED.keys())
def test_rejects(changes: dict[str, Any], expected: str) -> None:
    assert any(expected in problem for problem in problems_of(**changes))


@pytest.mark.parametrize(
    ("kind", "levels", "fits", "too_many", "told"),
    [
        (
            "bucket",
            ["list", "read"],
            20,
            40,
            "buckets[0].name: 'production-test-bucket-101' needs a bucket policy of ",
        ),
        ("topic", ["publish"], 70, 95, "topics[0].name: 'my-own' needs a topic policy of "),
        ("queue", ["receive"], 4, 5, "queues[0].name: 'my-own' needs a queue policy of "),
    ],
)
def test_the_policy_of_a_resource_is_measured(
    kind: str, levels: list[str], fits: int, too_many: int, told: str
) -> None:
    assert problems_of(**many(kind, levels, fits)) == []
    (problem,) = problems_of(**many(kind, levels, too_many))
    assert problem.startswith(told)
    assert problem.endswith("is the most; let fewer grants go via: resource")


def test_the_statements_of_a_queue_are_counted() -> None:
    """Short ones, so that their number is reached before the bytes."""
    settings = many("queue", ["send"], 20)
    for number, item in enumerate(settings["consumers"]):
        item["principals"] = {"arns": [f"arn:aws:iam::444455556666:role/t{number}/*"]}
        del item["conditions"]
    told = [problem for problem in problems_of(**settings) if "statements" in problem]
    assert told == [
        "queues[0].name: 'my-own' needs a queue policy of 21 statements, and 20 is the most; "
        "let fewer grants go via: resource"
    ]


def test_ten_users_are_too_many_conditions_for_a_queue() -> None:
    """Each has one, and there is that which refuses plain HTTP."""

    def told(count: int) -> list[str]:
        settings = many("queue", ["receive", "send"], count)
        for number, item in enumerate(settings["consumers"]):
            del item["principals"], item["conditions"]
            item["user"] = {"name": f"Worker{number}"}
        return problems_of(**settings)

    assert told(9) == []
    assert told(10) == [
        "queues[0].name: 'my-own' needs a queue policy of 11 conditions, and 10 is the most; "
        "let fewer grants go via: resource"
    ]


@pytest.mark.parametrize(
    ("limit", "count", "told"),
    [
        ("statements", 4, "a queue policy of 4 statements, and 3 is the most"),
        ("principals", 4, "a queue policy of 4 principals, and 3 is the most"),
        ("conditions", 7, "a queue policy of 7 conditions, and 6 is the most"),
        ("actions_of_statement", 6, "a queue policy with 6 actions in a statement, and 5 is the"),
    ],
)
def test_what_a_policy_has_of_each_is_counted(
    limit: str, count: int, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = many("queue", ["receive", "send"], 3)

    def problems(most: int | None) -> list[str]:
        changed: dict[str, Any] = {limit: most}
        quota = replace(quotas.RESOURCE_POLICIES["sqs"], **changed)
        monkeypatch.setitem(quotas.RESOURCE_POLICIES, "sqs", quota)
        return problems_of(**settings)

    assert problems(None) == problems(count) == []
    (problem,) = problems(count - 1)
    assert told in problem


@pytest.mark.parametrize(
    ("service", "kind", "levels", "told"),
    [
        ("s3", "bucket", ["read"], "needs a bucket policy of"),
        ("sns", "topic", ["publish"], "needs a topic policy of"),
        ("sqs", "queue", ["send"], "needs a queue policy of"),
        ("kms", "bucket", ["read"], "needs a key policy of"),
    ],
)
def test_a_policy_may_be_as_large_as_its_quota(
    service: str, kind: str, levels: list[str], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = many(kind, levels, 2)

    def problems(most: int) -> list[str]:
        quota = replace(quotas.RESOURCE_POLICIES[service], size=most)
        monkeypatch.setitem(quotas.RESOURCE_POLICIES, service, quota)
        return problems_of(**settings)

    (problem,) = problems(1)
    size = int(problem.partition(f"{told} ")[2].partition(" bytes, and 1 is the most")[0])
    assert problems(size) == []
    (problem,) = problems(size - 1)
    assert f"{told} {size} bytes, and {size - 1} is the most" in problem


def test_a_key_policy_is_measured_too() -> None:
    told = problems_of(**many("bucket", ["read"], 100))
    assert [problem for problem in told if "needs a key policy of" in problem]


def test_a_raised_quota_admits_a_larger_trust_policy() -> None:
    arns = [f"arn:aws:iam::444455556666:role/data/{n:02}*" for n in range(50)]
    settings = beside(of_kind("principals", {"arns": arns}))
    assert problems_of(**settings, trust_policy_limit=2311) == []
    (problem,) = problems_of(**settings, trust_policy_limit=2310)
    assert "needs a trust policy of 2311 characters, and 2310 is the most" in problem


def test_an_access_policy_may_need_as_many_policies_as_a_role_takes() -> None:
    grants = [grant(prefixes=[f"images-of-customer-{n:04}" for n in range(800)])]
    assert settings_of(grants=grants).grants[0].prefixes[-1] == "images-of-customer-0799/"
