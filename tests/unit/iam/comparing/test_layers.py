"""Layers around the policies take part in what differs, for every request that they tell apart."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cross_account_access.iam import (
    AccountLayers,
    Change,
    Context,
    Effect,
    Endpoint,
    Inventory,
    Layers,
    Level,
    Outcome,
    Request,
    compare,
    decide,
    parse_principal,
)

PRODUCTION, STAGING = "111122223333", "444455556666"
BUCKET = "arn:aws:s3:::reports"
USER = f"arn:aws:iam::{STAGING}:user/Ana"
OTHER = f"arn:aws:iam::{STAGING}:user/Ben"
ROLE = f"arn:aws:iam::{PRODUCTION}:role/Reader"
ENDPOINT = "vpce-0123456789abcdef0"

Json = dict[str, Any]


def policy(*statements: Json) -> Json:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def say(effect: str, action: Any = "*", resource: Any = "*", **more: Any) -> Json:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


FULL = policy(say("Allow"))


def public(document: Json) -> Json:
    return {**document, "Statement": [{**each, "Principal": "*"} for each in document["Statement"]]}


def levels(*documents: Json) -> tuple[Level, ...]:
    return tuple(Level(name=f"{n}", policies={"p": each}) for n, each in enumerate(documents))


PLAIN = Inventory(
    accounts=(),
    users={USER: {"policies": {"all": FULL}}},
    roles={
        ROLE: {
            "trust": policy(
                {"Effect": "Allow", "Principal": {"AWS": USER}, "Action": "sts:AssumeRole"}
            ),
            "policies": {"own": policy(say("Allow", "s3:*", [BUCKET, f"{BUCKET}/*"]))},
        }
    },
    resources={
        BUCKET: {
            "account": PRODUCTION,
            "policy": policy(
                say("Allow", "s3:Get*", f"{BUCKET}/*", Principal={"AWS": [USER, OTHER]})
            ),
        }
    },
)


def told(before: Inventory, after: Inventory) -> set[tuple[str, str, str, str]]:
    def words(change: Change) -> tuple[str, str, str, str]:
        actions = {each.split(":")[1][:3] for each in change.actions}
        return change.effect.value, change.principal, "/".join(sorted(actions)), change.when

    return set(map(words, compare(before, after)))


def layered(**accounts: AccountLayers) -> Inventory:
    named = {"production": PRODUCTION, "staging": STAGING}
    found = {named[name]: each for name, each in accounts.items()}
    return replace(PLAIN, layers=Layers(accounts=found))


def test_a_service_control_policy_narrows_for_its_accounts_own_and_no_others() -> None:
    denied = AccountLayers(service_control=levels(FULL, policy(say("Allow", "kms:*"))))
    narrowed = {(effect, who) for effect, who, *_ in told(PLAIN, layered(staging=denied))}
    assert {who for _, who in narrowed} == {f"{STAGING}:user/Ana", f"{STAGING}:user/Ben"}
    assert {effect for effect, _ in narrowed} == {"narrows", "may narrow"}
    through = compare(PLAIN, layered(production=denied))
    assert {(each.effect, each.through) for each in through} == {
        (Effect.NARROWS, f"{PRODUCTION}:role/Reader")
    }
    assert told(layered(staging=denied), layered(staging=denied)) == set()
    lifted = {effect for effect, *_ in told(layered(staging=denied), PLAIN)}
    assert lifted == {"widens", "may widen"}


def test_a_resource_control_policy_narrows_for_everybody() -> None:
    denied = AccountLayers(
        resource_control=levels(public(FULL), public(policy(say("Deny", "s3:Get*"))))
    )
    # The second level allows nothing at all.
    changes = told(PLAIN, layered(production=denied))
    assert {who for _, who, *_ in changes} >= {f"{STAGING}:user/Ana", f"{STAGING}:user/Ben"}
    # Whether it has a say in sts:AssumeRoot is open.
    assert {effect for effect, *_ in changes} == {"narrows", "may narrow"}
    assert {who for effect, who, *_ in changes if effect == "may narrow"} == {f"{STAGING}:user/Ana"}
    # In the other account it is about what that account has alone.
    elsewhere = compare(PLAIN, layered(staging=denied))
    assert {change.resource.partition(":")[0] for change in elsewhere} == {STAGING}


def test_an_endpoint_narrows_what_comes_through_it() -> None:
    reading = public(policy(say("Allow", "s3:Get*")))
    layers = Layers(endpoints={ENDPOINT: Endpoint(service="s3", policy=reading)})
    changes = told(PLAIN, replace(PLAIN, layers=layers))
    assert {effect for effect, *_ in changes} == {"narrows"}
    assert {when.split(";")[0] for *_, when in changes} == {f"with aws:SourceVpce={ENDPOINT}"}
    assert not any("Get" in actions.split("/") for _, _, actions, _ in changes)


def test_a_public_statement_narrows_where_public_access_is_blocked() -> None:
    def with_bucket(*more: Json, blocked: bool) -> Inventory:
        document = policy(
            say("Allow", "s3:Get*", f"{BUCKET}/*", Principal={"AWS": [USER, OTHER]}), *more
        )
        layers = Layers(buckets={BUCKET: True}) if blocked else Layers()
        resources = {BUCKET: {"account": PRODUCTION, "policy": document}}
        return replace(PLAIN, resources=resources, layers=layers)  # type: ignore[arg-type]

    web = say("Allow", "s3:GetObject", f"{BUCKET}/web/*", Principal="*")
    before, after = with_bucket(blocked=True), with_bucket(web, blocked=True)
    changes = told(before, after)
    assert {effect for effect, *_ in changes} == {"narrows"}
    assert f"{STAGING}:user/Ben" in {who for _, who, *_ in changes}
    open_ones = told(with_bucket(blocked=False), with_bucket(web, blocked=False))
    assert {effect for effect, *_ in open_ones} == {"widens"}


STATEMENTS = st.builds(
    lambda effect, action, resource, condition: say(
        effect, action, resource, **({"Condition": condition} if condition else {})
    ),
    st.sampled_from(["Allow", "Allow", "Deny"]),
    st.sampled_from(["*", "s3:*", "s3:Get*", "s3:PutObject", "sts:*"]),
    st.sampled_from(["*", f"{BUCKET}/*", f"{BUCKET}/a*"]),
    st.sampled_from(
        [
            {},
            {},
            {"StringEquals": {"aws:RequestedRegion": "us-west-2"}},
            {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{STAGING}:user/A*"}},
            {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-1234567890"}},
            {"Bool": {"aws:SecureTransport": "false"}},
        ]
    ),
)
DOCUMENTS = st.lists(STATEMENTS, min_size=1, max_size=2).map(lambda each: policy(*each))
LEVELS = st.none() | st.lists(DOCUMENTS, max_size=2).map(lambda each: levels(*each))
PUBLIC_LEVELS = st.none() | st.lists(DOCUMENTS, max_size=2).map(
    lambda each: levels(*map(public, each))
)
ACCOUNTS = st.builds(
    lambda service, resource: AccountLayers(service_control=service, resource_control=resource),
    LEVELS,
    PUBLIC_LEVELS,
)
ENDPOINTS = st.none() | DOCUMENTS.map(
    lambda each: {ENDPOINT: Endpoint(service="s3", policy=public(each))}
)
LAYERS = st.builds(
    lambda production, staging, endpoints: Layers(
        accounts={PRODUCTION: production, STAGING: staging}, endpoints=endpoints
    ),
    ACCOUNTS,
    ACCOUNTS,
    ENDPOINTS,
)
CONTEXTS = st.builds(
    lambda region, organization, tls, endpoint: Context(
        {
            "aws:RequestedRegion": region,
            "aws:SecureTransport": tls,
            **({} if organization is None else {"aws:PrincipalOrgID": organization}),
            **({} if endpoint is None else {"aws:SourceVpce": endpoint}),
        },
        absent=[
            *(["aws:PrincipalOrgID"] if organization is None else []),
            *(["aws:SourceVpce"] if endpoint is None else []),
        ],
    ),
    st.sampled_from(["us-west-2", "eu-west-1"]),
    st.sampled_from([None, "o-1234567890", "o-0987654321"]),
    st.booleans(),
    st.sampled_from([None, ENDPOINT]),
)


@given(
    before=LAYERS,
    after=LAYERS,
    who=st.sampled_from([USER, OTHER, ROLE]),
    action=st.sampled_from(["s3:GetObject", "s3:PutObject"]),
    key=st.sampled_from(["a", "b"]),
    context=CONTEXTS,
)
def test_whatever_layers_make_possible_is_told(
    before: Layers, after: Layers, who: str, action: str, key: str, context: Context
) -> None:
    old, new = replace(PLAIN, layers=before), replace(PLAIN, layers=after)
    request = Request(parse_principal(who), action, f"{BUCKET}/{key}", context)

    def asked(found: Inventory) -> Outcome:
        users = {**found.users, OTHER: found.users[USER]}
        return decide(replace(found, users=users).world(), request).outcome

    was, is_now = asked(old), asked(new)
    effects = {change.effect for change in compare(old, new)}
    if was is Outcome.DENIED and is_now is Outcome.ALLOWED:
        assert Effect.WIDENS in effects
    if was is Outcome.ALLOWED and is_now is Outcome.DENIED:
        assert Effect.NARROWS in effects
    assert compare(new, new) == []
