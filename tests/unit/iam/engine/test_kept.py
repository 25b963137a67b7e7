"""Decisions that are kept by class of request are those that would be made anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cross_account_access.iam import (
    AccountLayers,
    Context,
    Decisions,
    Endpoint,
    Layers,
    Level,
    Request,
    World,
    decide,
    parse_principal,
)
from cross_account_access.iam.engine import kept
from tests.unit.iam.engine.accounts import (
    BUCKET,
    LOCAL_USER,
    ROLE,
    SESSION,
    TRUSTED,
    TRUSTING,
    USER,
    allow,
    owned,
    policy,
    root_of,
    session_policy,
    trust,
)

Json = dict[str, Any]

STATEMENTS = st.builds(
    lambda effect, action, resource, condition: {
        **allow(action, resource),
        "Effect": effect,
        **({"Condition": condition} if condition else {}),
    },
    st.sampled_from(["Allow", "Allow", "Deny"]),
    st.sampled_from(["*", "s3:*", "s3:Get*", "s3:PutObject"]),
    st.sampled_from(
        [
            *("*", f"{BUCKET}/*", f"{BUCKET}/a/*", f"{BUCKET}/*/b", f"{BUCKET}/a/b"),
            *(f"{BUCKET}/${{aws:username}}/*", f"{BUCKET}/${{s3:prefix}}"),
            *("arn:aws:s?:::*", "arn:aws:s3:::*"),
        ]
    ),
    st.sampled_from(
        [
            {},
            {"StringEquals": {"s3:prefix": "a"}},
            {"StringEquals": {"s3:prefix": "${aws:PrincipalTag/team}"}},
            {"Bool": {"aws:SecureTransport": "true"}},
        ]
    ),
)
DOCUMENTS = st.lists(STATEMENTS, max_size=3).map(lambda each: policy(*each))


def naming(document: Json) -> Json:
    named = {"AWS": [USER, TRUSTING]}
    statements = [{**each, "Principal": named} for each in document["Statement"]]
    return {**document, "Statement": statements}


WORLDS = st.builds(
    lambda own, role, bucket, control: World(
        users={USER: {"policies": {"p": own}}, LOCAL_USER: {"policies": {}, "boundary": own}},
        roles={ROLE: {"trust": trust(root_of(TRUSTED)), "policies": {"p": role}}},
        resources={BUCKET: owned(naming(bucket))},
        layers=Layers(
            accounts={
                TRUSTED: AccountLayers(service_control=(Level(name="l", policies={"c": control}),))
            }
        ),
    ),
    *(DOCUMENTS, DOCUMENTS, DOCUMENTS, DOCUMENTS),
)
CONTEXTS = st.builds(
    Context,
    st.dictionaries(
        st.sampled_from(["s3:prefix", "aws:SecureTransport", "aws:PrincipalTag/team", "x:y"]),
        st.sampled_from(["a", "b", "true"]),
    ),
)
REQUESTS = st.builds(
    Request,
    st.sampled_from([USER, LOCAL_USER, ROLE, SESSION, "*", root_of(TRUSTING)]).map(parse_principal),
    st.sampled_from(["s3:GetObject", "s3:getobject", "s3:PutObject", "sts:AssumeRole"]),
    st.sampled_from(
        [f"{BUCKET}/{key}" for key in ("a/b", "a/c", "x/b", "StageAdmin/x", "a", "zz", "z/\nb")]
        + [BUCKET, f"{BUCKET}2", ROLE, "*", "arn:aws-cn:s3:::other/a"]
    ),
    CONTEXTS,
)


@given(world=WORLDS, requests=st.lists(REQUESTS, min_size=2, max_size=30))
def test_what_is_kept_is_what_would_be_decided(world: World, requests: list[Request]) -> None:
    decisions = Decisions(world)
    for request in requests:
        assert decisions.decide(request) == decide(world, request)
    assert len(decisions) <= len(requests)


def world_of(*statements: Json) -> World:
    return World(
        users={USER: {"policies": {"p": policy(*statements)}}},
        resources={BUCKET: owned(naming(policy(allow("s3:*"))))},
    )


def asked(key: str, **context: Any) -> Request:
    return Request(parse_principal(USER), "s3:GetObject", f"{BUCKET}/{key}", Context(context))


def test_what_no_document_tells_apart_is_decided_once() -> None:
    decisions = Decisions(world_of(allow("s3:Get*", f"{BUCKET}/a/*")))
    for key in ("a/1", "a/2", "a/3"):
        assert decisions.decide(asked(key, **{"aws:SourceIp": "203.0.113.7"})).allowed
    assert len(decisions) == 1
    refused = [decisions.decide(asked(key)) for key in ("b", "c")]
    assert len(decisions) == 2
    assert [f"{BUCKET}/{key}" in each.missing[0] for key, each in zip("bc", refused, strict=True)]
    assert [each.request.resource for each in refused] == [f"{BUCKET}/b", f"{BUCKET}/c"]


def test_what_is_kept_is_not_worked_out_again(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def counted(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            calls.append(name)
            return real(*given, **named)

        return call

    for owner, name in (
        (kept, "decide"),
        (kept._Classes, "of_resource"),
        (kept._Classes, "of_context"),
    ):
        monkeypatch.setattr(owner, name, counted(name, getattr(owner, name)))
    decisions = Decisions(world_of(allow("s3:Get*", f"{BUCKET}/a/*")))
    for key in ("a/1", "a/2", "b"):
        for _ in range(3):
            for address in ("203.0.113.7", "203.0.113.8"):
                decisions.decide(asked(key, **{"aws:SourceIp": address}))
    assert Counter(calls) == {"of_resource": 3, "of_context": 2, "decide": len(decisions)}
    assert len(decisions) == 2


OF_TWO_KEYS = allow(
    "s3:Get*",
    Condition={"StringEquals": {"x:one": "right"}, "StringLike": {"x:two": "right"}},
)
OF_TWO_VARIABLES = allow("s3:Get*", f"{BUCKET}/${{x:one}}/${{x:two}}")
ENDPOINTS = Layers(
    endpoints={
        "right": Endpoint(service="s3", policy=policy(allow(Principal="*"))),
        "wrong": Endpoint(service="s3", policy=policy(allow("s3:PutObject", Principal="*"))),
    }
)


@pytest.mark.parametrize("key", ["x:one", "x:two"])
@pytest.mark.parametrize(
    "own", [[OF_TWO_KEYS], [OF_TWO_VARIABLES], [OF_TWO_VARIABLES, OF_TWO_KEYS]]
)
def test_circumstances_that_a_document_looks_at_are_told_apart(own: list[Json], key: str) -> None:
    decisions = Decisions(world_of(*own))
    for value, is_allowed in (("right", True), ("wrong", False), ("right", True)):
        context = {"x:one": "right", "x:two": "right", key: value}
        assert decisions.decide(asked("right/right", **context)).allowed is is_allowed
    assert len(decisions) == 2


def test_circumstances_that_the_policy_of_a_resource_looks_at_are_told_apart() -> None:
    conditional = allow("s3:*", Condition={"StringEquals": {"x:one": "right"}})
    world = World(
        users={USER: {"policies": {"p": policy(allow())}}},
        resources={BUCKET: owned(naming(policy(conditional))), f"{BUCKET}2": owned(None)},
    )
    decisions = Decisions(world)
    for value, is_allowed in (("right", True), ("wrong", False)):
        assert decisions.decide(asked("a", **{"x:one": value})).allowed is is_allowed


def test_ways_through_an_endpoint_are_told_apart() -> None:
    world = World(
        users={USER: {"policies": {"p": policy(allow())}}},
        resources={BUCKET: owned(naming(policy(allow("s3:*"))))},
        layers=ENDPOINTS,
    )
    decisions = Decisions(world)
    for name, is_allowed in (("right", True), ("wrong", False)):
        assert decisions.decide(asked("a", **{"aws:SourceVpce": name})).allowed is is_allowed


def test_session_policies_are_no_part_of_a_class() -> None:
    decisions = Decisions(world_of(allow()))
    limited = Request(
        *(parse_principal(USER), "s3:GetObject", f"{BUCKET}/a", Context()),
        session_policies=session_policy(allow("s3:PutObject")),
    )
    assert decisions.decide(asked("a")).allowed
    assert not decisions.decide(limited).allowed


def test_what_is_kept_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "_MOST", 3)
    looking = {"StringLike": {"x:y": "*"}}
    world = world_of(allow("s3:Get*", f"{BUCKET}/1"), allow("s3:Get*", Condition=looking))
    decisions = Decisions(world)
    for number in range(12):
        request = asked(str(number), **{"x:y": str(number)})
        assert decisions.decide(request) == decide(world, request)
        assert len(decisions) <= 3
