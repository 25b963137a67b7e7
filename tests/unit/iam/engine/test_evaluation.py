"""Decisions: rows from AWS's own pages, then what a decision tells its reader."""

from __future__ import annotations

from typing import Any

import pytest

from cross_account_access.iam.engine import (
    Context,
    Policy,
    World,
    assume,
    parse_principal,
)
from tests.unit.iam.engine.accounts import (
    ASSUME,
    BUCKET,
    CARLOS,
    FEDERATED,
    GET,
    KEY,
    LOCAL_USER,
    MAY_ASSUME,
    OBJECT,
    OTHER_USER,
    READ,
    ROLE,
    SESSION,
    TRUSTED,
    TRUSTING,
    USER,
    Json,
    allow,
    ask,
    at_bucket,
    deny,
    outcome,
    owned,
    policy,
    root_of,
    session_policy,
    trust,
)

EVALUATION = "Policy evaluation logic"
SINGLE = "Policy evaluation for requests within a single account"
CROSS = "Cross-account policy evaluation logic"
BOUNDARIES = "Permissions boundaries for IAM entities"
POLICIES = "Policies and permissions in IAM"
PRINCIPAL = "AWS JSON policy elements: Principal"
NOT_PRINCIPAL = "AWS JSON policy elements: NotPrincipal"
COMPARED = "How IAM roles differ from resource-based policies"
ASSUME_ROLE = "AssumeRole (AWS STS API reference)"
FEDERATION = "GetFederationToken (AWS STS API reference)"
IDENTITY = "GetCallerIdentity (AWS STS API reference)"
EXTERNAL = "How to use an external ID when granting access to a third party"
KEY_POLICIES = "Key policies in AWS KMS"
BUCKET_POLICY = "PutBucketPolicy (Amazon S3 API reference)"


CARLOS_SAME = World(
    users={
        CARLOS: {
            "policies": {
                "carlos": policy(
                    allow(["s3:GetBucketLocation", "s3:ListAllMyBuckets"], "arn:aws:s3:::*"),
                    allow("s3:*", ["arn:aws:s3:::carlossalazar/*", "arn:aws:s3:::carlossalazar"]),
                    deny("s3:*", "arn:aws:s3:::*log*"),
                )
            }
        },
        LOCAL_USER: {},
    },
    resources={
        "arn:aws:s3:::carlossalazar": owned(
            policy(
                allow(
                    "s3:*",
                    ["arn:aws:s3:::carlossalazar/*", "arn:aws:s3:::carlossalazar"],
                    Principal={"AWS": CARLOS},
                )
            )
        ),
        "arn:aws:s3:::carlossalazar-logs": owned(None),
    },
)
CARLOS_ABROAD = f"arn:aws:iam::{TRUSTED}:user/carlossalazar"
CARLOS_CROSS = World(
    users={
        CARLOS_ABROAD: {
            "policies": {
                "carlos": policy(
                    allow("s3:ListAllMyBuckets"),
                    allow("s3:*Object*", "arn:aws:s3:::Production/*"),
                    deny("s3:*", ["arn:aws:s3:::*log*", "arn:aws:s3:::*log*/*"]),
                )
            }
        }
    },
    resources={
        "arn:aws:s3:::Production": owned(
            policy(
                allow(
                    ["s3:GetObject*", "s3:PutObject*", "s3:ReplicateObject", "s3:RestoreObject"],
                    "arn:aws:s3:::Production/*",
                    Principal={"AWS": CARLOS_ABROAD},
                )
            )
        ),
        "arn:aws:s3:::Production-logs": owned(None),
    },
)
SHIRLEY = f"arn:aws:iam::{TRUSTING}:user/ShirleyRodriguez"


def shirley(*statements: Any) -> World:
    limit = policy(allow(["s3:*", "cloudwatch:*", "ec2:*"]))
    return World(
        users={SHIRLEY: {"policies": {"p": policy(*statements)}, "boundary": limit}},
        resources={BUCKET: owned(None)},
    )


CHINESE = f"arn:aws-cn:iam::{TRUSTED}:user/StageAdmin"
IN_CHINA = World(
    users={CHINESE: {"policies": {"p": policy(READ)}}},
    resources={BUCKET: owned(policy(allow(GET, f"{BUCKET}/*", Principal={"AWS": CHINESE})))},
)
NO_S3 = policy(allow("ec2:*"))
ONLY_EC2 = session_policy(allow("ec2:*"))
ONLY_S3 = session_policy(allow("s3:*"))


@pytest.mark.parametrize(
    ("page", "world", "principal", "action", "resource", "expected"),
    [
        (
            SINGLE,
            CARLOS_SAME,
            CARLOS,
            "s3:PutObject",
            "arn:aws:s3:::carlossalazar-logs/f",
            "denied",
        ),
        (SINGLE, CARLOS_SAME, CARLOS, "s3:PutObject", "arn:aws:s3:::carlossalazar/f", "allowed"),
        (SINGLE, CARLOS_SAME, LOCAL_USER, "s3:PutObject", "arn:aws:s3:::carlossalazar/f", "denied"),
        (
            CROSS,
            CARLOS_CROSS,
            CARLOS_ABROAD,
            "s3:PutObject",
            "arn:aws:s3:::Production-logs/f",
            "denied",
        ),
        (
            CROSS,
            CARLOS_CROSS,
            CARLOS_ABROAD,
            "s3:PutObject",
            "arn:aws:s3:::Production/f",
            "allowed",
        ),
        (
            CROSS,
            CARLOS_CROSS,
            CARLOS_ABROAD,
            "s3:DeleteObject",
            "arn:aws:s3:::Production/f",
            "denied",
        ),
        (BOUNDARIES, shirley(allow("iam:CreateUser")), SHIRLEY, "iam:CreateUser", "*", "denied"),
        (BOUNDARIES, shirley(allow("s3:*")), SHIRLEY, GET, OBJECT, "allowed"),
        (BOUNDARIES, shirley(), SHIRLEY, GET, OBJECT, "denied"),
        # One account: either side suffices.
        (EVALUATION, at_bucket(LOCAL_USER), LOCAL_USER, GET, OBJECT, "allowed"),
        (EVALUATION, at_bucket(CARLOS, user=[READ]), LOCAL_USER, GET, OBJECT, "allowed"),
        (EVALUATION, at_bucket(CARLOS), LOCAL_USER, GET, OBJECT, "denied"),
        (EVALUATION, at_bucket(LOCAL_USER, user=[deny("s3:*")]), LOCAL_USER, GET, OBJECT, "denied"),
        # Who is named decides whether a boundary limits what the resource's policy grants.
        (EVALUATION, at_bucket(LOCAL_USER, boundary=NO_S3), LOCAL_USER, GET, OBJECT, "allowed"),
        (EVALUATION, at_bucket(ROLE), SESSION, GET, OBJECT, "allowed"),
        (EVALUATION, at_bucket(ROLE, boundary=NO_S3), SESSION, GET, OBJECT, "denied"),
        (EVALUATION, at_bucket(SESSION, boundary=NO_S3), SESSION, GET, OBJECT, "allowed"),
        (EVALUATION, at_bucket(SESSION[:-4] + "else"), SESSION, GET, OBJECT, "denied"),
        (EVALUATION, at_bucket(SESSION), ROLE, GET, OBJECT, "unknown"),
        (EVALUATION, at_bucket(root_of(TRUSTING)), SESSION, GET, OBJECT, "denied"),
        (EVALUATION, at_bucket(root_of(TRUSTING), role=[READ]), SESSION, GET, OBJECT, "allowed"),
        (
            EVALUATION,
            at_bucket(root_of(TRUSTING), role=[READ], boundary=NO_S3),
            SESSION,
            GET,
            OBJECT,
            "denied",
        ),
        (
            EVALUATION,
            at_bucket(SESSION, boundary=policy(deny("s3:*"))),
            SESSION,
            GET,
            OBJECT,
            "denied",
        ),
        (EVALUATION, at_bucket(CARLOS), root_of(TRUSTING), GET, OBJECT, "allowed"),
        # Across accounts both sides must allow.
        (CROSS, at_bucket(USER, user=[READ]), USER, GET, OBJECT, "allowed"),
        (CROSS, at_bucket(root_of(TRUSTED), user=[READ]), USER, GET, OBJECT, "allowed"),
        (CROSS, at_bucket(TRUSTED, user=[READ]), USER, GET, OBJECT, "allowed"),
        (CROSS, at_bucket(USER), USER, GET, OBJECT, "denied"),
        (CROSS, at_bucket(OTHER_USER, user=[READ]), USER, GET, OBJECT, "denied"),
        (CROSS, at_bucket(root_of(TRUSTING), user=[READ]), USER, GET, OBJECT, "denied"),
        (CROSS, at_bucket(USER, user=[READ, deny(GET)]), USER, GET, OBJECT, "denied"),
        (CROSS, at_bucket(root_of(TRUSTED)), root_of(TRUSTED), GET, OBJECT, "allowed"),
        (CROSS, at_bucket(USER), root_of(TRUSTED), GET, OBJECT, "denied"),
        # Everyone.
        (PRINCIPAL, at_bucket("*"), LOCAL_USER, GET, OBJECT, "allowed"),
        (PRINCIPAL, at_bucket("*", boundary=NO_S3), SESSION, GET, OBJECT, "allowed"),
        (PRINCIPAL, at_bucket("*"), USER, GET, OBJECT, "denied"),
        (PRINCIPAL, at_bucket("*", user=[READ]), USER, GET, OBJECT, "allowed"),
        (PRINCIPAL, at_bucket("*"), "*", GET, OBJECT, "allowed"),
        (PRINCIPAL, at_bucket(root_of(TRUSTING)), "*", GET, OBJECT, "denied"),
        (
            PRINCIPAL,
            at_bucket(
                statement=allow(
                    GET,
                    f"{BUCKET}/*",
                    Principal="*",
                    Condition={"ArnEquals": {"aws:PrincipalArn": ROLE}},
                ),
                boundary=NO_S3,
            ),
            SESSION,
            GET,
            OBJECT,
            "allowed",
        ),
        # A deleted user's ID names nobody; a canonical ID cannot be told from here.
        (PRINCIPAL, at_bucket("AIDACKCEVSQ6C2EXAMPLE", user=[READ]), USER, GET, OBJECT, "denied"),
        (
            PRINCIPAL,
            at_bucket(
                statement=allow(GET, f"{BUCKET}/*", Principal={"CanonicalUser": "79a59df9"}),
                user=[READ],
            ),
            USER,
            GET,
            OBJECT,
            "unknown",
        ),
        (
            PRINCIPAL,
            at_bucket(
                statement=allow(
                    GET, f"{BUCKET}/*", Principal={"Service": "cloudtrail.amazonaws.com"}
                )
            ),
            "cloudtrail.amazonaws.com",
            GET,
            OBJECT,
            "allowed",
        ),
        (PRINCIPAL, at_bucket(USER), "cloudtrail.amazonaws.com", GET, OBJECT, "denied"),
        (PRINCIPAL, at_bucket("*"), "cloudtrail.amazonaws.com", GET, OBJECT, "unknown"),
        (COMPARED, IN_CHINA, CHINESE, GET, OBJECT, "denied"),
        (IDENTITY, shirley(deny("*")), SHIRLEY, "sts:GetCallerIdentity", "*", "allowed"),
        (
            BUCKET_POLICY,
            at_bucket(statement=deny("s3:*", "*", Principal="*")),
            root_of(TRUSTING),
            "s3:PutBucketPolicy",
            BUCKET,
            "allowed",
        ),
        (
            BUCKET_POLICY,
            at_bucket(statement=deny("s3:*", "*", Principal="*")),
            root_of(TRUSTING),
            "s3:ListBucket",
            BUCKET,
            "denied",
        ),
        (
            BUCKET_POLICY,
            at_bucket(statement=deny("s3:*", "*", Principal="*"), user=[allow("s3:*")]),
            LOCAL_USER,
            "s3:PutBucketPolicy",
            BUCKET,
            "denied",
        ),
    ],
)
def test_decision_is_the_one_of_the_page(
    page: str, world: World, principal: str, action: str, resource: str, expected: str
) -> None:
    assert outcome(world, principal, action, resource) == expected, page


@pytest.mark.parametrize(
    ("page", "named", "own", "session", "expected"),
    [
        (POLICIES, OTHER_USER, [READ], ONLY_S3, "allowed"),
        (POLICIES, OTHER_USER, [READ], ONLY_EC2, "denied"),
        (POLICIES, OTHER_USER, [], ONLY_S3, "denied"),
        (POLICIES, ROLE, [], ONLY_S3, "allowed"),
        (POLICIES, ROLE, [], ONLY_EC2, "denied"),
        (POLICIES, SESSION, [], ONLY_EC2, "allowed"),
        (POLICIES, SESSION, [], session_policy(deny("s3:*")), "denied"),
    ],
)
def test_session_policy_limits_all_but_what_names_the_session(
    page: str, named: str, own: list[Json], session: tuple[Policy, ...], expected: str
) -> None:
    world = at_bucket(named, role=own)
    assert outcome(world, SESSION, GET, OBJECT, session=session) == expected, page


@pytest.mark.parametrize(
    ("page", "named", "own", "session", "expected"),
    [
        (FEDERATION, OTHER_USER, [READ], (), "denied"),
        (FEDERATION, OTHER_USER, [READ], ONLY_S3, "allowed"),
        (FEDERATION, FEDERATED, [], (), "allowed"),
        (EVALUATION, LOCAL_USER, [], ONLY_S3, "allowed"),
        (EVALUATION, LOCAL_USER, [], ONLY_EC2, "denied"),
    ],
)
def test_federated_session_has_what_its_session_policy_lets_through(
    page: str, named: str, own: list[Json], session: tuple[Policy, ...], expected: str
) -> None:
    world = at_bucket(named, user=own)
    assert outcome(world, FEDERATED, GET, OBJECT, session=session) == expected, page


def at_role(*named: str, own: Any = (), boundary: Any = None, **more: Any) -> World:
    document = trust(*named, **more)
    user: Any = {"policies": {"p": policy(*own)}, "boundary": boundary}
    return World(
        users={USER: user, LOCAL_USER: user, OTHER_USER: user}, roles={ROLE: {"trust": document}}
    )


@pytest.mark.parametrize(
    ("page", "world", "principal", "expected"),
    [
        (ASSUME_ROLE, at_role(LOCAL_USER), LOCAL_USER, "allowed"),
        (ASSUME_ROLE, at_role(root_of(TRUSTING), own=[MAY_ASSUME]), LOCAL_USER, "allowed"),
        (ASSUME_ROLE, at_role(root_of(TRUSTING)), LOCAL_USER, "denied"),
        (ASSUME_ROLE, at_role(root_of(TRUSTED), own=[MAY_ASSUME]), LOCAL_USER, "denied"),
        (ASSUME_ROLE, at_role(LOCAL_USER, boundary=NO_S3), LOCAL_USER, "allowed"),
        (ASSUME_ROLE, at_role(root_of(TRUSTED), own=[MAY_ASSUME]), USER, "allowed"),
        (ASSUME_ROLE, at_role(USER, own=[MAY_ASSUME]), USER, "allowed"),
        (ASSUME_ROLE, at_role(USER), USER, "denied"),
        (ASSUME_ROLE, at_role(USER, own=[MAY_ASSUME]), OTHER_USER, "denied"),
        (ASSUME_ROLE, at_role(USER, own=[MAY_ASSUME], boundary=NO_S3), USER, "denied"),
        (ASSUME_ROLE, at_role(root_of(TRUSTED)), root_of(TRUSTED), "denied"),
        (ASSUME_ROLE, at_role(root_of(TRUSTING)), root_of(TRUSTING), "denied"),
    ],
)
def test_role_needs_its_trust_even_within_the_account(
    page: str, world: World, principal: str, expected: str
) -> None:
    assert outcome(world, principal, ASSUME, ROLE) == expected, page


def test_trust_policy_does_not_speak_of_other_actions_on_the_role() -> None:
    world = at_role(LOCAL_USER, action="*")
    assert outcome(world, LOCAL_USER, "iam:DeleteRole", ROLE) == "denied"
    world = at_role(USER, own=[allow("iam:GetRole", ROLE)])
    assert outcome(world, LOCAL_USER, "iam:GetRole", ROLE) == "allowed"


@pytest.mark.parametrize(
    ("provider", "action", "key"),
    [
        ("accounts.google.com", "sts:AssumeRoleWithWebIdentity", "Federated"),
        (
            f"arn:aws:iam::{TRUSTING}:saml-provider/Okta",
            "sts:AssumeRoleWithSAML",
            "Federated",
        ),
        ("ec2.amazonaws.com", ASSUME, "Service"),
    ],
)
def test_services_and_identity_providers_need_only_the_trust(
    provider: str, action: str, key: str
) -> None:
    document = policy({"Effect": "Allow", "Principal": {key: provider}, "Action": action})
    world = World(roles={ROLE: {"trust": document}})
    assert assume(world, parse_principal(provider), ROLE).decision.allowed
    assert outcome(at_role(USER), provider, action, ROLE) == "denied"


WITH_ID = {"StringEquals": {"sts:ExternalId": "Unique ID Assigned by Example Corp"}}


@pytest.mark.parametrize(
    ("context", "expected"),
    [
        (Context({"sts:ExternalId": "Unique ID Assigned by Example Corp"}), "allowed"),
        (Context({"sts:ExternalId": "Another"}), "denied"),
        (Context(absent=["sts:ExternalId"]), "denied"),
        (Context(), "unknown"),
    ],
)
def test_external_id_is_needed_where_the_trust_asks_for_it(context: Context, expected: str) -> None:
    world = at_role(root_of(TRUSTED), own=[MAY_ASSUME], Condition=WITH_ID)
    assert outcome(world, USER, ASSUME, ROLE, context=context) == expected, EXTERNAL


USE = allow("kms:Decrypt", KEY)


@pytest.mark.parametrize(
    ("named", "own", "principal", "expected"),
    [
        (root_of(TRUSTING), [USE], LOCAL_USER, "allowed"),
        (root_of(TRUSTING), [], LOCAL_USER, "denied"),
        (OTHER_USER, [USE], LOCAL_USER, "denied"),
        (LOCAL_USER, [], LOCAL_USER, "allowed"),
        (OTHER_USER, [], root_of(TRUSTING), "denied"),
        (root_of(TRUSTING), [], root_of(TRUSTING), "allowed"),
        (root_of(TRUSTED), [USE], USER, "allowed"),
        (root_of(TRUSTED), [], USER, "denied"),
        (root_of(TRUSTING), [USE], USER, "denied"),
    ],
)
def test_identity_policies_reach_a_key_only_through_its_key_policy(
    named: str, own: list[Json], principal: str, expected: str
) -> None:
    user: Any = {"policies": {"p": policy(*own)}}
    key = policy(allow("kms:*", "*", Principal={"AWS": named}))
    world = World(users={USER: user, LOCAL_USER: user}, resources={KEY: owned(key)})
    assert outcome(world, principal, "kms:Decrypt", KEY) == expected, KEY_POLICIES


BOB = "arn:aws:iam::444455556666:user/Bob"
APP_ROLE = "arn:aws:iam::444455556666:role/cross-account-read-only-role"
APP = "arn:aws:sts::444455556666:assumed-role/cross-account-read-only-role/cross-account-audit-app"


@pytest.mark.parametrize(
    ("listed", "principal", "expected"),
    [
        ([BOB, root_of(TRUSTED)], BOB, "allowed"),
        ([BOB, root_of(TRUSTED)], "arn:aws:iam::999999999999:user/Eve", "denied"),
        ([BOB], BOB, "unknown"),
        ([root_of(TRUSTED)], BOB, "unknown"),
        ([APP, APP_ROLE, root_of(TRUSTED)], APP, "allowed"),
        ([APP, root_of(TRUSTED)], APP, "unknown"),
        ([APP_ROLE, root_of(TRUSTED)], APP, "unknown"),
        ([BOB], APP, "denied"),
        ([BOB, root_of(TRUSTED)], "ec2.amazonaws.com", "denied"),
        ([BOB, root_of(TRUSTED)], "*", "denied"),
    ],
)
def test_not_principal_denies_all_who_are_not_listed_in_full(
    listed: list[str], principal: str, expected: str
) -> None:
    everything: Any = {"policies": {"p": policy(allow())}}
    world = World(
        users={BOB: everything, "arn:aws:iam::999999999999:user/Eve": everything},
        roles={APP_ROLE: {"trust": trust(BOB), "policies": {"p": policy(allow())}}},
        resources={
            BUCKET: owned(
                policy(
                    deny("s3:*", "*", NotPrincipal={"AWS": listed}),
                    allow("s3:*", "*", Principal="*"),
                )
            )
        },
    )
    assert outcome(world, principal, GET, OBJECT) == expected, NOT_PRINCIPAL


def test_a_statement_for_somebody_else_is_not_offered_as_nearly_enough() -> None:
    statement = allow(GET, "*", Principal={"AWS": OTHER_USER}, Condition=WITH_ID)
    wrong = Context({"sts:ExternalId": "wrong"})
    decision = ask(at_bucket(statement=statement, user=[READ]), USER, GET, OBJECT, context=wrong)
    assert decision.missing == (
        f"the resource-based policy of {BUCKET} does not allow user/StageAdmin {GET} on {OBJECT}",
    )


def test_an_explicit_deny_is_cited_and_nothing_is_missing() -> None:
    world = at_bucket(USER, user=[READ, deny(GET, "*", Sid="Never")])
    decision = ask(world, USER, GET, OBJECT)
    assert [citation.sid for citation in decision.caller_side] == ["Never"]
    assert (decision.resource_side, decision.missing, decision.unknown) == ((), (), ())


@pytest.mark.parametrize(
    ("world", "principal", "session", "missing"),
    [
        (
            at_bucket(CARLOS, role=[READ], boundary=NO_S3),
            SESSION,
            (),
            "the permissions boundary of assumed-role/StageRole/test does not allow"
            f" s3:GetObject on {OBJECT}",
        ),
        (
            at_bucket(CARLOS, role=[READ]),
            SESSION,
            ONLY_EC2,
            f"no session policy of assumed-role/StageRole/test allows s3:GetObject on {OBJECT}",
        ),
        (
            at_bucket(CARLOS, user=[READ]),
            USER,
            (),
            f"the resource-based policy of {BUCKET} does not allow user/StageAdmin"
            f" s3:GetObject on {OBJECT}",
        ),
    ],
)
def test_a_limit_that_refuses_is_named(
    world: World, principal: str, session: tuple[Policy, ...], missing: str
) -> None:
    decision = ask(world, principal, GET, OBJECT, session=session)
    assert decision.missing == (missing,)
