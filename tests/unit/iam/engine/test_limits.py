"""Layers around the policies: organizations, VPC endpoints, S3 Block Public Access."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from cross_account_access.iam import (
    AccountLayers,
    Context,
    DocumentError,
    Endpoint,
    IamError,
    Layers,
    Level,
    World,
    assume,
    parse_principal,
)
from cross_account_access.iam.layers import ANY_OTHER
from tests.unit.iam.engine.accounts import (
    BUCKET,
    GET,
    KEY,
    LOCAL_USER,
    OBJECT,
    ROLE,
    SESSION,
    TRUSTED,
    TRUSTING,
    USER,
    allow,
    ask,
    deny,
    outcome,
    owned,
    policy,
    root_of,
    trust,
)

Json = dict[str, Any]

LINKED = f"arn:aws:iam::{TRUSTING}:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX"
FULL = policy(allow())
ENDPOINT = "vpce-0123456789abcdef0"


def level(*documents: Json, name: str = "root") -> Level:
    return Level(name=name, policies={f"p{n}": each for n, each in enumerate(documents)})


def controlled(document: Any) -> Json:
    statements = [{**each, "Principal": "*"} for each in document["Statement"]]
    return {**document, "Statement": statements}


def of_service(account: str, *levels: Level) -> Layers:
    return Layers(accounts={account: AccountLayers(service_control=levels)})


def of_resource(account: str, *levels: Level) -> Layers:
    levels = tuple(
        replace(each, policies={n: controlled(d) for n, d in each.policies.items()})
        for each in levels
    )
    return Layers(accounts={account: AccountLayers(resource_control=levels)})


def world(layers: Layers, *, bucket: Json | None = None) -> World:
    """Everybody may do everything, as far as their own and the bucket's policies go."""
    anything: Any = {"policies": {"all": FULL}}
    named = {"AWS": [TRUSTED, TRUSTING]}
    return World(
        users={USER: anything, LOCAL_USER: anything},
        roles={
            ROLE: {"trust": trust(root_of(TRUSTED)), "policies": {"all": FULL}},
            LINKED: {"trust": trust(root_of(TRUSTED)), "policies": {"all": FULL}},
        },
        resources={
            BUCKET: owned(bucket or policy(allow("s3:*", Principal=named))),
            KEY: owned(policy(allow("kms:*", Principal=named))),
        },
        layers=layers,
    )


def test_every_level_must_allow_and_none_may_deny() -> None:
    reads, writes = policy(allow("s3:Get*")), policy(allow("s3:Put*"))
    for levels, answer in (
        ((level(FULL), level(FULL)), "allowed"),
        ((level(FULL), level(reads)), "allowed"),
        ((level(reads), level(writes)), "denied"),
        ((level(reads, writes), level(FULL)), "allowed"),
        ((level(FULL, policy(deny(GET))), level(FULL)), "denied"),
        ((level(FULL), level(policy(deny("kms:*")))), "denied"),
        ((), "allowed"),
    ):
        assert outcome(world(of_service(TRUSTED, *levels)), USER, GET, OBJECT) == answer, levels


def test_service_control_policies_bind_the_callers_account_only() -> None:
    closed = level(policy(deny()), FULL)
    at_home, abroad = of_service(TRUSTED, closed), of_service(TRUSTING, closed)
    assert outcome(world(at_home), USER, GET, OBJECT) == "denied"
    assert outcome(world(abroad), USER, GET, OBJECT) == "allowed"
    assert outcome(world(abroad), SESSION, GET, OBJECT) == "denied"
    assert outcome(world(abroad), root_of(TRUSTING), GET, OBJECT) == "denied"
    assert outcome(world(abroad), LINKED, GET, OBJECT) == "allowed"
    federated = f"arn:aws:sts::{TRUSTING}:federated-user/ProdAdmin"
    assert outcome(world(abroad), federated, GET, OBJECT) == "denied"


def test_they_bind_who_is_named_by_the_resource_itself() -> None:
    named = policy(allow(GET, f"{BUCKET}/*", Principal={"AWS": LOCAL_USER}))
    layers = of_service(TRUSTING, level(policy(allow("kms:*"))))
    assert outcome(world(Layers(), bucket=named), LOCAL_USER, GET, OBJECT) == "allowed"
    assert outcome(world(layers, bucket=named), LOCAL_USER, GET, OBJECT) == "denied"


@pytest.mark.parametrize("caller", ["*", "cloudtrail.amazonaws.com"])
def test_only_resource_control_policies_bind_anonymous_callers_and_services(caller: str) -> None:
    open_bucket = policy(allow("s3:*", Principal="*"))
    closed = level(FULL, policy(deny()))
    for layers, answer in (
        (of_service(TRUSTING, closed), "allowed"),
        (of_resource(TRUSTING, closed), "denied"),
    ):
        assert outcome(world(layers, bucket=open_bucket), caller, GET, OBJECT) == answer


def test_resource_control_policies_bind_the_account_of_the_resource_and_some_services() -> None:
    closed = level(FULL, policy(deny()))
    ours, theirs = of_resource(TRUSTING, closed), of_resource(TRUSTED, closed)
    assert outcome(world(ours), USER, GET, OBJECT) == "denied"
    assert outcome(world(theirs), USER, GET, OBJECT) == "allowed"
    assert outcome(world(ours), LINKED, GET, OBJECT) == "allowed"
    assert outcome(world(ours), USER, "kms:Decrypt", KEY) == "denied"
    assert outcome(world(ours), USER, "kms:RetireGrant", KEY) == "allowed"
    user = f"arn:aws:iam::{TRUSTING}:user/ProdAdmin"
    assert outcome(world(ours), LOCAL_USER, "iam:GetUser", user) == "allowed"
    assert not assume(world(ours), parse_principal(USER), ROLE).decision.allowed
    assert assume(world(theirs), parse_principal(USER), ROLE).decision.allowed


def test_a_resource_control_policy_sees_what_the_caller_is() -> None:
    outside = {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-1234567890"}}
    no_service = {"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}
    perimeter = policy(deny("s3:*", Condition={**outside, **no_service}))
    made = world(
        of_resource(TRUSTING, level(FULL, perimeter)),
        bucket=policy(allow("s3:*", Principal="*")),
    )
    member = Context({"aws:PrincipalOrgID": "o-1234567890"})
    stranger = Context({"aws:PrincipalOrgID": "o-9999999999"})
    assert outcome(made, USER, GET, OBJECT, context=member) == "allowed"
    assert outcome(made, USER, GET, OBJECT, context=stranger) == "denied"
    assert outcome(made, USER, GET, OBJECT) == "unknown"
    assert outcome(made, "*", GET, OBJECT) == "denied"
    assert outcome(made, "cloudtrail.amazonaws.com", GET, OBJECT) == "allowed"


def test_the_answer_cites_what_decides() -> None:
    sid = deny("s3:*", Sid="NoStorage")
    denied = ask(world(of_service(TRUSTED, level(FULL, policy(sid)))), USER, GET, OBJECT)
    assert [each.effect for each in denied.caller_side] == ["Deny"]
    assert [str(each) for each in denied.caller_side] == [
        "statement 'NoStorage' of service control policy p1 of root"
    ]
    denied = ask(world(of_resource(TRUSTING, level(FULL, policy(sid)))), USER, GET, OBJECT)
    assert [str(each) for each in denied.resource_side] == [
        "statement 'NoStorage' of resource control policy p1 of root"
    ]
    lacking = ask(
        world(of_service(TRUSTED, level(FULL), level(policy(allow("kms:*")), name="ou-a"))),
        *(USER, GET, OBJECT),
    )
    assert lacking.missing == (
        f"no statement of the service control policies of ou-a for account {TRUSTED} allows"
        f" {GET} on {OBJECT}",
    )


def test_a_role_of_which_only_the_name_is_like_a_services_is_not_decided() -> None:
    session = f"arn:aws:sts::{TRUSTING}:assumed-role/AWSServiceRoleForY/s"
    for documents, matters in (
        ((FULL,), False),
        ((FULL, policy(deny())), True),
        ((policy(allow("kms:*")),), True),
    ):
        made = World(
            resources={BUCKET: owned(policy(allow("s3:*", Principal={"AWS": session})))},
            layers=of_service(TRUSTING, level(*documents)),
        )
        decision = ask(made, session, GET, OBJECT)
        assert decision.outcome.value == "unknown"
        told = f"whether {decision.request.principal.short} is a service-linked role"
        assert (told in decision.unknown) is matters


def endpoint(document: Json) -> Layers:
    return Layers(endpoints={ENDPOINT: Endpoint(service="s3", policy=controlled(document))})


@pytest.mark.parametrize(
    ("circumstances", "action", "answer"),
    [
        (Context({"aws:SourceVpce": ENDPOINT}), GET, "allowed"),
        (Context({"aws:SourceVpce": ENDPOINT}), "s3:PutObject", "denied"),
        (Context({"aws:SourceVpce": "vpce-other"}), GET, "unknown"),
        (Context(absent=["aws:SourceVpce"]), "s3:PutObject", "allowed"),
        (Context(), GET, "allowed"),
        (Context(), "s3:PutObject", "unknown"),
    ],
)
def test_an_endpoint_limits_what_comes_through_it(
    circumstances: Context, action: str, answer: str
) -> None:
    made = world(endpoint(policy(allow("s3:Get*"))))
    assert outcome(made, USER, action, OBJECT, context=circumstances) == answer


def test_an_endpoint_is_for_its_service_alone() -> None:
    made = world(endpoint(policy(deny())))
    assert outcome(made, USER, "kms:Decrypt", KEY) == "allowed"
    through = Context({"aws:SourceVpce": ENDPOINT})
    assert outcome(made, USER, "kms:Decrypt", KEY, context=through) == "allowed"
    assert outcome(made, "*", GET, OBJECT, context=through) == "denied"


READS, WRITES = (controlled(policy(allow(f"s3:{word}*"))) for word in ("Get", "Put"))
DENIES = controlled(policy(deny("s3:*", Sid="Closed")))
OPEN = controlled(
    policy(allow("s3:*", Condition={"StringEquals": {"aws:RequestTag/cost center": "1"}}))
)


def ways(by_endpoint: Json) -> Layers:
    """Endpoints by names that begin with their service."""
    return Layers(
        endpoints={
            name: Endpoint(service=name.partition("-")[0], policy=document)
            for name, document in by_endpoint.items()
        }
    )


@pytest.mark.parametrize(
    ("layers", "through", "answer", "told"),
    [
        # One of several, wherever it stands among them.
        (
            ways({"kms-1": WRITES, "s3-1": WRITES}),
            "s3-1",
            "denied",
            "policy of VPC endpoint s3-1 allows s3:GetOb",
        ),
        (ways({"kms-1": WRITES, "s3-1": READS}), "kms-1", "allowed", ""),
        (
            ways({"kms-1": WRITES, "s3-1": WRITES}),
            ["kms-1", "s3-1"],
            "denied",
            "policy of VPC endpoint s3-1 allows",
        ),
        (
            ways({"s3-1": READS, "s3-2": DENIES}),
            "s3-2",
            "denied",
            "'Closed' of policy of VPC endpoint s3-2",
        ),
        (
            ways({"s3-1": OPEN}),
            "s3-1",
            "unknown",
            "context key aws:RequestTag/cost center is not stated",
        ),
        (
            ways({"s3-1": READS}),
            "vpce-9",
            "unknown",
            "the policy of VPC endpoint vpce-9 is not known",
        ),
        # What is known of all others.
        (
            ways({"s3-1": READS, ANY_OTHER: WRITES}),
            "vpce-9",
            "denied",
            "no statement of the policy of VPC end",
        ),
        (ways({"s3-1": WRITES, ANY_OTHER: READS}), "vpce-9", "allowed", ""),
        # Whichever it comes through.
        (ways({"kms-1": WRITES, "s3-1": READS}), None, "allowed", ""),
        (
            ways({"kms-1": READS, "s3-1": WRITES}),
            None,
            "unknown",
            "whether it comes through VPC endpoint s3-1",
        ),
        (
            ways({"s3-1": READS, "s3-2": DENIES}),
            None,
            "unknown",
            "whether it comes through VPC endpoint s3-2",
        ),
    ],
)
def test_a_request_is_limited_by_the_endpoint_that_it_comes_through(
    layers: Layers, through: Any, answer: str, told: str
) -> None:
    context = Context({} if through is None else {"aws:SourceVpce": through})
    decision = ask(world(layers), USER, GET, OBJECT, context=context)
    assert decision.outcome.value == answer
    lines = [*decision.missing, *decision.unknown, *map(str, decision.caller_side)]
    assert any(told in each for each in lines), lines
    if answer == "unknown":
        assert len(decision.unknown) == 1


@pytest.mark.parametrize("through", [None, "vpce-9"])
def test_a_deny_decides_whatever_endpoint_a_request_comes_through(through: str | None) -> None:
    own = policy(deny("s3:*", Sid="Never"))
    made = World(
        users={USER: {"policies": {"p": own}}},
        resources={BUCKET: owned(policy(allow(Principal={"AWS": USER})))},
        layers=ways({"s3-1": WRITES}),
    )
    context = Context({} if through is None else {"aws:SourceVpce": through})
    decision = ask(made, USER, GET, OBJECT, context=context)
    assert decision.outcome.value == "denied"
    assert [each.sid for each in decision.caller_side] == ["Never"]
    assert decision.resource_side == ()


PUBLIC = allow(GET, f"{BUCKET}/*", Principal="*")
NAMED = allow("s3:*", [BUCKET, f"{BUCKET}/*"], Principal={"AWS": [USER, TRUSTING]})
SERVICE = allow("s3:*", Principal={"Service": "cloudtrail.amazonaws.com"})


@pytest.mark.parametrize(
    ("layers", "answer"),
    [
        (Layers(), "allowed"),
        (Layers(buckets={BUCKET: True}), "denied"),
        (Layers(buckets={BUCKET: False}), "allowed"),
        (
            Layers(
                buckets={BUCKET: False},
                accounts={TRUSTING: AccountLayers(restricts_public_buckets=True)},
            ),
            "denied",
        ),
        (Layers(accounts={TRUSTED: AccountLayers(restricts_public_buckets=True)}), "allowed"),
    ],
)
def test_one_public_statement_cuts_off_every_other_account(layers: Layers, answer: str) -> None:
    made = world(layers, bucket=policy(NAMED, PUBLIC, SERVICE))
    assert outcome(made, USER, "s3:PutObject", OBJECT) == answer
    assert outcome(made, "*", GET, OBJECT) == answer
    assert outcome(made, LOCAL_USER, "s3:PutObject", OBJECT) == "allowed"
    assert outcome(made, "cloudtrail.amazonaws.com", "s3:PutObject", OBJECT) == "allowed"
    only_named = world(layers, bucket=policy(NAMED, SERVICE))
    assert outcome(only_named, USER, "s3:PutObject", OBJECT) == "allowed"


def test_the_answer_tells_block_public_access() -> None:
    made = world(Layers(buckets={BUCKET: True}), bucket=policy(NAMED, PUBLIC | {"Sid": "Web"}))
    told = " ".join(ask(made, USER, GET, OBJECT).missing)
    assert "S3 Block Public Access" in told
    assert "statement 'Web' makes the policy of the bucket public" in told


ODD: list[Any] = [5, "x", {}, [], ("x",), {1: 2}, {"x": None}, object(), "A" * 2_000_000]
PLACES: dict[str, Callable[[Any], object]] = {
    "layers": lambda value: World(layers=value),
    "accounts": lambda value: Layers(accounts=value),
    "account": lambda value: Layers(accounts={TRUSTED: value}),
    "endpoints": lambda value: Layers(endpoints=value),
    "buckets": lambda value: Layers(buckets=value),
    "bucket": lambda value: Layers(buckets={BUCKET: value}),
    "levels": lambda value: AccountLayers(service_control=value),
    "restricts": lambda value: AccountLayers(restricts_public_buckets=value),
    "name": lambda value: Level(name=value, policies={}),
    "policies": lambda value: World(layers=of_service(TRUSTED, Level(name="x", policies=value))),
    "policy": lambda value: World(layers=of_service(TRUSTED, level(value))),
    "service": lambda value: Endpoint(service=value, policy=FULL),
    "endpoint": lambda value: World(
        layers=Layers(endpoints={"x": Endpoint(service="s3", policy=value)})
    ),
}


@pytest.mark.parametrize("place", PLACES)
def test_odd_layers_are_told_in_one_line_or_accepted(place: str) -> None:
    messages = []
    for value in ODD:
        try:
            PLACES[place](value)
        except IamError as error:
            messages.append(str(error))
    assert len(messages) > len(ODD) / 2
    assert all("\n" not in each and len(each) < 700 for each in messages)


@pytest.mark.parametrize(
    "document",
    [
        policy(allow(Principal={"AWS": TRUSTED})),
        policy(allow(NotPrincipal="*")),
        policy(allow()),
    ],
)
def test_a_resource_control_policy_is_about_everybody(document: Json) -> None:
    layers = AccountLayers(resource_control=(level(document),))
    with pytest.raises(DocumentError, match="Principal"):
        World(layers=Layers(accounts={TRUSTING: layers}))


def test_a_service_control_policy_names_nobody() -> None:
    with pytest.raises(DocumentError, match="Principal"):
        World(layers=of_service(TRUSTING, level(policy(allow(Principal="*")))))


def test_it_is_told_what_has_been_seen() -> None:
    accounts, buckets = {TRUSTING: "production", TRUSTED: "staging"}, {BUCKET: TRUSTING}
    assert list(Layers().seen(accounts, buckets)) == [
        "service control policies: not seen",
        "resource control policies: not seen",
        "VPC endpoint policies: not seen",
        "S3 Block Public Access: not seen",
    ]
    some = Layers(
        accounts={TRUSTING: AccountLayers(service_control=(), restricts_public_buckets=False)},
        endpoints={},
        buckets={BUCKET: False},
    )
    assert list(some.seen(accounts, buckets)) == [
        "service control policies: not seen of staging",
        "resource control policies: not seen",
        "VPC endpoint policies: seen",
        "S3 Block Public Access: seen",
    ]
