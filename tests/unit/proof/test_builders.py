"""A program that makes more or less of a declaration than it says is not proved.

The program is broken in memory: what its levels mean, and what its documents are made of.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import pytest

from cross_account_access.command.proof.proving import Proof, prove
from cross_account_access.declaration.kinds import EXISTING, OWNED, Bucket
from cross_account_access.declaration.model import LevelActions, SharedResource
from cross_account_access.declaration.policies import documents, permissions
from cross_account_access.facts.service_reference import actions
from cross_account_access.iam.comparing.comparison import Effect
from tests.support.deployment import deploy, stack_values
from tests.support.proof import judged, state_of

KINDS: tuple[type[SharedResource], ...] = (*OWNED, *EXISTING)
LEVELS = [(kind, level) for kind in KINDS for level in kind.levels]
OWNER = "us-west-2:111122223333"


def name_of(kind: type[SharedResource], level: str) -> str:
    return f"{kind.__name__.lower()}-{level}"


def a_consumer_for_each_level() -> dict[str, str]:
    """Settings in which each level of each kind has a consumer of its own."""
    names = [name_of(*each) for each in LEVELS]
    return stack_values(
        "prod",
        **{f"{kind.kind}s": [{"name": f"example-{kind.kind}"}] for kind in OWNED},
        resources=[
            {
                "name": kind.__name__.lower(),
                "arn": f"arn:aws:{kind.service}:{OWNER}:{kind.arn_example}",
            }
            for kind in EXISTING
        ],
        consumers=[
            {"name": name, "user": {"name": name}, "role": {"name": f"{name}-role"}}
            for name in names
        ],
        grants=[
            {
                "consumer": name_of(kind, level),
                "levels": [level],
                **(
                    {kind.kind: f"example-{kind.kind}"}
                    if kind in OWNED
                    else {"resource": kind.__name__.lower()}
                ),
            }
            for kind, level in LEVELS
        ],
    )


@contextmanager
def meaning(
    change: Callable[[type[SharedResource], LevelActions], LevelActions],
) -> Iterator[None]:
    """Every level of every kind means something else to the program."""
    with ExitStack() as stack:
        for kind in KINDS:
            wrong = {level: change(kind, means) for level, means in kind.levels.items()}
            stack.enter_context(patch.object(kind, "levels", wrong))
        yield


def one_more(kind: type[SharedResource], means: LevelActions) -> LevelActions:
    return means._replace(on_resource=(*means.on_resource, stranger(kind)))


def one_fewer(_: type[SharedResource], means: LevelActions) -> LevelActions:
    if means.on_resource:
        return means._replace(on_resource=means.on_resource[1:])
    return means._replace(on_objects=means.on_objects[1:])


def stranger(kind: type[SharedResource]) -> str:
    """An action that no level means, about the resource itself."""
    meant = {
        name.lower()
        for means in kind.levels.values()
        for name in (*means.on_resource, *means.on_objects)
    }
    arn = "arn:aws:s3:::example-bucket" if kind is Bucket else f"arn:aws:{kind.service}:{OWNER}:x"
    tail = getattr(kind, "arn_example", None)
    arn = f"arn:aws:{kind.service}:{OWNER}:{tail}" if tail else arn
    return next(
        action.name
        for name, action in sorted(actions(kind.service).items())
        if name not in meant and action.resources and action.is_about(arn)
    )


def proved_with(values: Mapping[str, str]) -> Proof:
    return prove(*judged(state_of(deploy(values))))


def test_every_level_of_every_kind_is_proved() -> None:
    assert proved_with(a_consumer_for_each_level()).differences == ()


@pytest.mark.parametrize(
    ("change", "effect"), [(one_more, Effect.WIDENS), (one_fewer, Effect.NARROWS)]
)
def test_every_level_that_means_something_else_is_found(
    change: Callable[[type[SharedResource], LevelActions], LevelActions], effect: Effect
) -> None:
    with meaning(change):
        found = proved_with(a_consumer_for_each_level()).differences
    told = {each.principal.rsplit("/", 1)[-1] for each in found if each.effect is effect}
    assert told >= {name_of(*each) for each in LEVELS}


CONDITIONS: dict[str, Any] = {
    "external_id": "example-1",
    "mfa": {"max_age": 300},
    "source_ips": ["203.0.113.0/24"],
    "vpc_endpoints": ["vpce-1a2b3c4d"],
    "expires_at": "2099-12-31",
    "source_identity": {"required": True, "values": ["Alice"]},
    "session_tags": {"tags": {"project": "apollo"}, "required": True},
}
NEEDED = {
    "always": ("expires_at", "source_ips"),
    "mfa": ("mfa",),
    "_expiry": ("expires_at",),
    "_external_id": ("external_id",),
    "_stated_by_the_caller": ("external_id",),
    "_session_permissions": ("source_identity",),
    "_request_tags": ("session_tags",),
    "_direct_access": (),
    "_allowances": (),
    "key_permissions": (),
    "permissions": (),
    "_of": (),
}
"""Parts of documents that a broken program leaves out, and the conditions that they are about."""


def conditioned(*names: str) -> dict[str, str]:
    """A role and no role, a bucket with a key, and these conditions."""
    direct = [each for each in names if each in ("source_ips", "expires_at", "mfa")]
    return stack_values(
        "prod",
        buckets=[{"name": "example-bucket", "encryption": "kms", "staging_may_list": True}],
        consumers=[
            {
                "name": "by-role",
                "user": {"name": "ByRole"},
                "role": {"name": "ByRoleAccess"},
                "conditions": {name: CONDITIONS[name] for name in names},
            },
            {
                "name": "as-oneself",
                "user": {"name": "AsOneself"},
                "conditions": {name: CONDITIONS[name] for name in direct},
            },
        ],
        grants=[
            {
                "consumer": consumer,
                "bucket": "example-bucket",
                "levels": ["list", "read"],
                "prefixes": ["images/"],
                **({} if consumer == "by-role" else {"via": "resource"}),
            }
            for consumer in ("by-role", "as-oneself")
        ],
    )


def nothing(*_: Any, **__: Any) -> Any:
    return {}


@pytest.mark.parametrize("part", NEEDED)
def test_a_part_of_the_documents_that_is_left_out_is_found(part: str) -> None:
    values = conditioned(*NEEDED[part])
    with ExitStack() as stack:
        for module in (documents, permissions):
            if hasattr(module, part):
                stack.enter_context(patch.object(module, part, nothing))
        assert not proved_with(values).is_proved


@pytest.mark.parametrize("name", CONDITIONS)
def test_a_condition_is_proved(name: str) -> None:
    assert proved_with(conditioned(name)).differences == ()


@pytest.mark.parametrize("method", ["own_statements", "key_conditions", "allowed"])
def test_a_part_of_a_kind_that_is_left_out_is_found(method: str) -> None:
    with patch.object(Bucket, method, nothing):
        assert not proved_with(conditioned()).is_proved


def test_a_document_of_the_wrong_consumer_is_found() -> None:
    values = conditioned("external_id")
    right = documents.trust_policy

    def anybody(consumer: Any, accounts: Any) -> str:
        document = json.loads(right(consumer, accounts))
        for statement in document["Statement"]:
            del statement["Condition"]
        return json.dumps(document)

    with patch("components.assumable_role.trust_policy", anybody):
        proof = proved_with(values)
    assert Effect.WIDENS in {each.effect for each in proof.differences}
