"""Values of a stack file as the tests write them, and what becomes of them when they are read."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from cross_account_access.declaration.fields import Group, Items, Nested, Tags, group_of
from cross_account_access.declaration.reader import Problems
from cross_account_access.declaration.settings import SETTINGS, Settings, parse
from tests.support.deployment import stack_values

_REMEDY: Final = re.compile(
    r"(?<![A-Za-z])"
    r"(?:must|missing|empty|as in|did you mean|add|correct|end|give|grant|have|keep|leave|let|make|"
    r"move|name|remove|say|set|share|shorten|take|turn|use|write)"
    r"(?![A-Za-z])"
)
"""A rule that a value can be made to keep, or what to do about it."""
_LOUD: Final = re.compile(r"\b[A-Z]{4,} [A-Z]{2,}\b")


def problems_of(**changes: object) -> list[str]:
    """What is refused: each names its setting and a remedy, in a line."""
    problems = Problems()
    parse(stack_values("prod", **changes), problems)
    for each in problems:
        place, _, told = each.partition(": ")
        assert each.isprintable()
        assert "no such setting" in told or _names(place) <= _all_names(), each
        assert _REMEDY.search(told), each
        assert not _LOUD.search(told), each
    return problems


def _names(place: str) -> set[str]:
    """As in `consumers[0].user.name`; of tags, whose keys are anybody's, that of the setting."""
    names = re.sub(r"\[\d+\]", "", place).split(".")
    tags = next((at for at, name in enumerate(names) if name in _of_tags()), len(names))
    return {*names[: tags + 1]}


@cache
def _all_names() -> frozenset[str]:
    return frozenset(name for name, _ in _settings(SETTINGS))


@cache
def _of_tags() -> frozenset[str]:
    return frozenset(name for name, setting in _settings(SETTINGS) if isinstance(setting, Tags))


def _settings(group: Group) -> Iterator[tuple[str, object]]:
    for each in group.fields:
        yield each.name, each.setting
        if each.setting.former:
            yield each.setting.former.name, each.setting
        if isinstance(each.setting, Nested):
            yield from _settings(group_of(each.setting.declared))
        elif isinstance(each.setting, Items):
            yield from _settings(each.setting.group)


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
