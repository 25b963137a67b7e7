"""What follows from who asks: the keys of the request, and what is left to its sender."""

from __future__ import annotations

from typing import Any

import pytest

from cross_account_access.iam.engine import Context, World, assume, parse_principal
from cross_account_access.iam.engine.context import AtLeast, KeyState, Partial, derived_keys
from tests.unit.iam.engine.accounts import (
    BUCKET,
    FEDERATED,
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
    session_policy,
    trust,
)

ABSENT, PRESENT = KeyState.ABSENT, KeyState.PRESENT
NO_MEMBER = dict.fromkeys(["aws:principalorgid", "aws:principalorgpaths", "aws:username"], ABSENT)
NO_SERVICE = dict.fromkeys(["aws:principalservicename", "aws:principalservicenameslist"], ABSENT)
NOT_SIGNED = (
    NO_MEMBER
    | NO_SERVICE
    | dict.fromkeys(
        [
            *("aws:principalarn", "aws:principalisawsservice", "aws:tokenissuetime"),
            *("aws:multifactorauthage", "aws:multifactorauthpresent"),
        ],
        ABSENT,
    )
)
LOGS = "delivery.logs.amazonaws.com"
OIDC = f"arn:aws:iam::{TRUSTING}:oidc-provider/token.actions.githubusercontent.com"
SAML = f"arn:aws:iam::{TRUSTING}:saml-provider/corporate"
CLOUDFRONT = "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1"

CANONICAL = "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"


def of_identity(account: str, kind: str, arn: Any, user_id: Any, name: Any = ABSENT) -> Any:
    return NO_SERVICE | {
        "aws:principalaccount": (account,),
        "aws:principaltype": (kind,),
        "aws:principalisawsservice": ("false",),
        "aws:principalarn": arn,
        "aws:userid": user_id,
        "aws:username": name,
    }


ISSUED = {"aws:tokenissuetime": PRESENT}


@pytest.mark.parametrize(
    ("principal", "behind", "expected"),
    [
        (
            "*",
            None,
            NOT_SIGNED
            | {
                "aws:principalaccount": ("anonymous",),
                "aws:principaltype": ("Anonymous",),
                "aws:userid": ("anonymous",),
            },
        ),
        (
            LOGS,
            None,
            NO_MEMBER
            | {
                "aws:principalisawsservice": ("true",),
                "aws:principalservicename": (LOGS,),
                "aws:principalservicenameslist": AtLeast((LOGS,)),
            },
        ),
        (OIDC, None, NOT_SIGNED | {"aws:federatedprovider": (OIDC,)}),
        (
            "accounts.google.com",
            None,
            NOT_SIGNED | {"aws:federatedprovider": ("accounts.google.com",)},
        ),
        (SAML, None, NOT_SIGNED),
        (CLOUDFRONT, None, NO_MEMBER),
        (
            root_of(TRUSTED),
            None,
            of_identity(TRUSTED, "Account", (root_of(TRUSTED),), (TRUSTED,)),
        ),
        (USER, None, of_identity(TRUSTED, "User", (USER,), Partial("AIDA"), ("StageAdmin",))),
        (
            FEDERATED,
            None,
            of_identity(TRUSTING, "FederatedUser", (FEDERATED,), (f"{TRUSTING}:ProdAdmin",))
            | ISSUED,
        ),
        (
            SESSION,
            ROLE,
            of_identity(TRUSTING, "AssumedRole", (ROLE,), Partial("AROA", ":test")) | ISSUED,
        ),
        (
            SESSION,
            None,
            of_identity(TRUSTING, "AssumedRole", PRESENT, Partial("AROA", ":test")) | ISSUED,
        ),
        (ROLE, ROLE, of_identity(TRUSTING, "AssumedRole", (ROLE,), Partial("AROA")) | ISSUED),
    ],
)
def test_keys_follow_from_who_asks(principal: str, behind: str | None, expected: Any) -> None:
    assert derived_keys(parse_principal(principal), behind) == expected


def let_in(condition: Any) -> World:
    """A bucket and a key that let everybody in who meets a condition."""
    anybody = policy(allow(Principal="*", Condition=condition))
    return World(
        users={USER: {"policies": {"p": policy(allow())}}},
        resources={BUCKET: owned(anybody), KEY: owned(anybody)},
    )


@pytest.mark.parametrize(
    ("principal", "condition", "stated", "expected"),
    [
        # Nothing that is stated makes a member of an organization, or somebody with tags.
        ("*", {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, "aws:PrincipalOrgID", "denied"),
        (LOGS, {"StringEquals": {"aws:PrincipalTag/a": "o-1"}}, "aws:PrincipalTag/a", "denied"),
        (USER, {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}, "aws:PrincipalOrgID", "allowed"),
        (USER, {"StringEquals": {"aws:PrincipalTag/a": "o-1"}}, "aws:PrincipalTag/a", "allowed"),
        (
            "rolesanywhere.amazonaws.com",
            {"StringEquals": {"aws:PrincipalTag/a": "o-1"}},
            "aws:PrincipalTag/a",
            "allowed",
        ),
        ("*", {"StringEquals": {"aws:Referer": "o-1"}}, "aws:Referer", "allowed"),
        ("*", {"Null": {"aws:UserAgent": "false"}}, "x:y", "allowed"),
        ("*", {"Null": {"aws:Referer": "false"}}, "x:y", "unknown"),
        (USER, {"Null": {"aws:Referer": "false"}}, "x:y", "unknown"),
    ],
)
def test_what_is_stated_of_a_request_counts_where_it_can_be(
    principal: str, condition: Any, stated: str, expected: str
) -> None:
    context = Context({stated: "o-1"})
    assert outcome(let_in(condition), principal, GET, OBJECT, context=context) == expected


@pytest.mark.parametrize(
    ("action", "resource", "key", "value", "expected"),
    [
        (GET, OBJECT, "aws:ResourceAccount", TRUSTING, "allowed"),
        (GET, OBJECT, "s3:ResourceAccount", TRUSTING, "allowed"),
        (GET, OBJECT, "s3:ResourceAccount", TRUSTED, "denied"),
        (GET, OBJECT, "kms:CallerAccount", TRUSTED, "unknown"),
        ("kms:Decrypt", KEY, "aws:ResourceAccount", TRUSTING, "allowed"),
        ("kms:Decrypt", KEY, "s3:ResourceAccount", TRUSTING, "unknown"),
        ("kms:Decrypt", KEY, "kms:CallerAccount", TRUSTED, "allowed"),
        ("kms:Decrypt", KEY, "kms:CallerAccount", TRUSTING, "denied"),
    ],
)
def test_accounts_follow_from_caller_and_resource(
    action: str, resource: str, key: str, value: str, expected: str
) -> None:
    world = let_in({"StringEquals": {key: value}})
    assert outcome(world, USER, action, resource) == expected
    if key == "kms:CallerAccount":
        assert outcome(world, LOGS, action, resource) == "unknown"


def test_what_is_of_no_resource_has_no_account_of_one() -> None:
    condition = {"StringEquals": {"aws:ResourceAccount": TRUSTED}}
    own = policy(allow("s3:ListAllMyBuckets", Condition=condition))
    world = World(users={USER: {"policies": {"p": own}}})
    assert outcome(world, USER, "s3:ListAllMyBuckets", "*") == "unknown"


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ({"AWS": CLOUDFRONT}, "allowed"),
        ({"AWS": [USER, CLOUDFRONT]}, "allowed"),
        ({"AWS": CLOUDFRONT.replace("E1", "E2")}, "denied"),
        ({"AWS": TRUSTED}, "denied"),
        ({"CanonicalUser": CANONICAL}, "unknown"),
        ({"AWS": "*"}, "unknown"),
        ("*", "allowed"),
    ],
)
def test_an_origin_access_identity_is_named_by_its_arn(named: Any, expected: str) -> None:
    world = World(resources={BUCKET: owned(policy(allow(Principal=named)))})
    decision = ask(world, CLOUDFRONT, GET, OBJECT)
    assert decision.outcome.value == expected
    assert bool(decision.unknown) is (expected == "unknown")


@pytest.mark.parametrize(
    ("principal", "listed", "expected"),
    [
        (USER, "*", "allowed"),
        (LOGS, "*", "allowed"),
        (USER, {"AWS": "*"}, "allowed"),
        ("*", {"AWS": "*"}, "allowed"),
        (LOGS, {"AWS": "*"}, "unknown"),
        (LOGS, {"Service": LOGS}, "allowed"),
        (LOGS, {"Service": "logs.amazonaws.com"}, "denied"),
        ("*", {"Service": LOGS}, "denied"),
        (USER, {"Service": LOGS}, "denied"),
        (USER, {"AWS": [USER, TRUSTED]}, "allowed"),
        (USER, {"AWS": USER}, "unknown"),
        (USER, {"AWS": TRUSTED}, "unknown"),
        (USER, {"AWS": f"{USER}2"}, "denied"),
        (USER, {"CanonicalUser": CANONICAL}, "unknown"),
        (root_of(TRUSTED), {"AWS": TRUSTED}, "allowed"),
        (root_of(TRUSTED), {"AWS": root_of(TRUSTED)}, "allowed"),
        (root_of(TRUSTED), {"AWS": USER}, "denied"),
        (SESSION, {"AWS": [SESSION, ROLE, TRUSTING]}, "allowed"),
        (SESSION, {"AWS": [ROLE, TRUSTING]}, "unknown"),
        (SESSION, {"AWS": [SESSION, TRUSTING]}, "unknown"),
        (SESSION, {"AWS": [SESSION, ROLE]}, "unknown"),
        (SESSION, {"AWS": [f"{SESSION}2", f"{ROLE}2", TRUSTED]}, "denied"),
        (ROLE, {"AWS": [SESSION, ROLE, TRUSTING]}, "unknown"),
        (ROLE, {"AWS": SESSION}, "unknown"),
    ],
)
def test_all_but_those_who_are_listed_in_full_are_denied(
    principal: str, listed: Any, expected: str
) -> None:
    own: Any = {"policies": {"p": policy(allow())}}
    others = policy(allow(Principal="*"), deny("s3:*", NotPrincipal=listed))
    world = World(
        users={USER: own},
        roles={ROLE: own | {"trust": policy()}},
        resources={BUCKET: owned(others)},
    )
    decision = ask(world, principal, GET, OBJECT)
    assert decision.outcome.value == expected
    assert bool(decision.unknown) is (expected == "unknown")


CHINA = "arn:aws-cn:s3:::bucket/a"


@pytest.mark.parametrize(
    ("principal", "action", "resource", "told"),
    [
        (USER, GET, CHINA, "access from partition aws to aws-cn does not exist"),
        (root_of(TRUSTED), "sts:AssumeRole", ROLE, "an account's root user cannot assume a role"),
        ("*", "iam:GetUser", USER, "iam:GetUser takes no request without credentials"),
        ("*", "lambda:GetFunction", OBJECT, "lambda:GetFunction takes no request without"),
        (SESSION, "sts:GetSessionToken", "*", "credentials of a role cannot call sts:GetSession"),
        (SESSION, "sts:GetFederationToken", "*", "of a role cannot call sts:GetFederationToken"),
        (
            FEDERATED,
            "sts:AssumeRole",
            ROLE,
            "of GetFederationToken cannot call sts:AssumeRole, nor",
        ),
    ],
)
def test_what_no_policy_could_allow_is_refused_with_the_reason(
    principal: str, action: str, resource: str, told: str
) -> None:
    anything: Any = {"policies": {"p": policy(allow())}}
    anybody = policy(allow(Principal="*"))
    world = World(
        users={USER: anything},
        roles={ROLE: anything | {"trust": trust(TRUSTED)}},
        resources={BUCKET: owned(anybody)},
    )
    decision = ask(world, principal, action, resource)
    assert decision.outcome.value == "denied"
    (line,) = decision.missing
    assert told in line


@pytest.mark.parametrize(
    ("principal", "action", "expected"),
    [
        (USER, "sts:GetCallerIdentity", "allowed"),
        (USER, "sts:GetSessionToken", "allowed"),
        (USER, "sts:GetFederationToken", "denied"),
        (SESSION, "sts:GetCallerIdentity", "allowed"),
        (FEDERATED, "sts:GetCallerIdentity", "allowed"),
        (FEDERATED, "s3:ListAllMyBuckets", "denied"),
        ("*", "s3:ListAllMyBuckets", "denied"),
    ],
)
def test_some_calls_need_no_permission(principal: str, action: str, expected: str) -> None:
    world = World(users={USER: {"policies": {"p": policy(deny())}}})
    assert outcome(world, principal, action, "*") == expected


def test_a_federated_user_calls_iam_in_the_console_alone() -> None:
    world = World(users={LOCAL_USER: {"policies": {"p": policy(allow())}}})
    for action, resource, reasons in (
        ("iam:ListUsers", "*", 1),
        ("s3:ListAllMyBuckets", "*", 0),
    ):
        decision = ask(world, FEDERATED, action, resource, session=session_policy(allow()))
        assert decision.allowed is not bool(reasons)
        assert ["session of the console" in each for each in decision.unknown] == [True] * reasons


def test_a_session_keeps_what_is_not_of_who_assumed_it() -> None:
    of_caller = {
        "aws:MultiFactorAuthPresent": "true",
        "aws:MultiFactorAuthAge": "7",
        "aws:PrincipalTag/team": "red",
        "aws:TokenIssueTime": "2030-01-01T00:00:00Z",
        "aws:userid": "AIDA1",
    }
    of_account = {"aws:PrincipalOrgID": "o-1", "aws:PrincipalOrgPaths": "o-1/r-1/"}
    of_call = {"aws:SourceIp": "203.0.113.7", "sts:ExternalId": "x"}
    context = Context({**of_caller, **of_account, **of_call})
    for principal, kept in ((USER, of_call), (f"{ROLE}2", of_call | of_account)):
        found = assume(World(), parse_principal(principal), ROLE, context, session_name="s")
        assert found.context.states == {key.lower(): (value,) for key, value in kept.items()}
        assert found.session == parse_principal(SESSION.replace("/test", "/s"))
    assert assume(World(), parse_principal(USER), ROLE).session == parse_principal(ROLE)


LIST = "aws:PrincipalServiceNamesList"


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        ("ForAnyValue:StringEquals", LOGS, "allowed"),
        ("ForAnyValue:StringEquals", "${aws:PrincipalServiceName}", "allowed"),
        ("ForAnyValue:StringEquals", "logs.amazonaws.com", "unknown"),
        ("ForAllValues:StringEquals", "logs.amazonaws.com", "denied"),
        ("ForAllValues:StringEquals", LOGS, "unknown"),
        ("StringEquals", LOGS, "unknown"),
    ],
)
def test_a_list_of_which_some_is_known_decides_where_the_rest_cannot_matter(
    operator: str, value: str, expected: str
) -> None:
    decision = ask(let_in({operator: {LIST: value}}), LOGS, GET, OBJECT)
    assert decision.outcome.value == expected
    named = [f"{operator} {LIST} may have more values" in each for each in decision.unknown]
    assert named == [True] * (expected == "unknown")
