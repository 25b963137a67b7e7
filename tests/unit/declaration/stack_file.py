"""Values of a stack file as the tests write them, and what becomes of them when they are read."""

from typing import Any

from cross_account_access.declaration.reader import Problems
from cross_account_access.declaration.settings import Settings, parse
from tests.support.deployment import stack_values


def problems_of(**changes: object) -> list[str]:
    problems = Problems()
    parse(stack_values("prod", **changes), problems)
    return problems


def settings_of(**changes: object) -> Settings:
    problems = Problems()
    settings = parse(stack_values("prod", **changes), problems)
    assert problems == []
    return settings


def consumer(**changes: Any) -> dict[str, Any]:
    return {
        "name": "stage-admin",
        "user": {"name": "StageAdmin"},
        "role": {"name": "StageRole"},
        **changes,
    }


def of_kind(kind: str, value: Any, **changes: Any) -> dict[str, Any]:
    """A consumer that is no user."""
    return {"name": "other", kind: value, "role": {"name": "OtherRole"}, **changes}


def vendor(**changes: Any) -> dict[str, Any]:
    return of_kind(
        "third_party",
        {"account_id": "777788889999"},
        conditions={"external_id": "vendor-7"},
        **changes,
    )


def ci(**changes: Any) -> dict[str, Any]:
    return of_kind(
        "oidc",
        {
            "issuer": "https://ci.example.com",
            "audience": "aws",
            "subjects": ["repo:our-org/site:ref:refs/heads/main"],
            **changes,
        },
    )


def under(**conditions: Any) -> dict[str, Any]:
    """Settings in which the user has conditions."""
    return {"consumers": [consumer(conditions=conditions)]}


def beside(*others: dict[str, Any]) -> dict[str, Any]:
    """Settings with further consumers, each with a grant."""
    named = [{**other, "name": f"other-{index}"} for index, other in enumerate(others)]
    return {
        "consumers": [consumer(), *named],
        "grants": [grant(), *(grant(consumer=other["name"]) for other in named)],
    }


def bucket(**changes: Any) -> dict[str, Any]:
    return {"name": "production-test-bucket-101", **changes}


def grant(**changes: Any) -> dict[str, Any]:
    return {
        "consumer": "stage-admin",
        "bucket": "production-test-bucket-101",
        "levels": ["read"],
        **changes,
    }


def message(kind: str, *, via: str = "role", **changes: Any) -> dict[str, Any]:
    """Settings with a topic or queue beside the bucket, granted to the user."""
    levels = {"topic": ["publish"], "queue": ["send"]}[kind]
    own = {"consumer": "stage-admin", kind: "my-own", "levels": levels, "via": via, **changes}
    return {f"{kind}s": [{"name": "my-own"}], "grants": [grant(), own]}


def direct(*others: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Settings in which consumers come as themselves: the user, or others beside it."""
    who = {"name": "stage-admin", "user": {"name": "StageAdmin"}, **changes}
    consumers = [{**other, "name": f"other-{index}"} for index, other in enumerate(others)]
    return {
        "consumers": [consumer() if others else who, *consumers],
        "grants": [
            grant() if others else grant(via="resource"),
            *(grant(consumer=other["name"], via="resource") for other in consumers),
        ],
    }


def many(kind: str, levels: list[str], count: int, **changes: Any) -> dict[str, Any]:
    """Settings in which many principals come to one resource as themselves."""
    names = [f"team-{number}" for number in range(count)]
    return {
        "buckets": [bucket(encryption="kms")] if kind == "bucket" else None,
        **({f"{kind}s": [{"name": "my-own"}]} if kind != "bucket" else {}),
        "consumers": [
            {
                "name": name,
                "principals": {"arns": [f"arn:aws:iam::444455556666:role/{name}/*"]},
                "conditions": {"source_ips": ["203.0.113.0/24", "198.51.100.0/24", "192.0.2.0/24"]},
            }
            for name in names
        ],
        "grants": [
            {
                "consumer": name,
                kind: "production-test-bucket-101" if kind == "bucket" else "my-own",
                "levels": levels,
                "via": "resource",
                **changes,
            }
            for name in names
        ],
    }
