"""Rows that the engine decides, from documents of both accounts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cross_account_access.command.verification.deduction import Deduction
from cross_account_access.command.verification.findings import Finding, Found, Judge, Permission
from cross_account_access.command.verification.rows import Assume, Expected
from cross_account_access.credentials.contract import Contract, Grant
from cross_account_access.iam.engine import PolicyKind
from cross_account_access.iam.inventory import Inventory, unknown_document
from cross_account_access.iam.patterns import matches
from tests.support.states import allow, deny, policy
from tests.unit.verification.declared import (
    BUCKET,
    PRODUCTION,
    QUEUE,
    ROLE,
    STAGING,
    TABLE,
    TOPIC,
    USER,
    consumer,
    contract,
    grant,
    rows,
)

RESOURCE = PolicyKind.RESOURCE
KEY = f"arn:aws:kms:us-west-2:{PRODUCTION}:key/1"
READ = allow("s3:GetObject", f"{BUCKET}/*")
READER = contract(consumer(grant("read")))


def inventory(
    *access: Any, trust: Any = None, bucket: Any = None, own: Any = None, **resources: Any
) -> Inventory:
    """What lies in both accounts where one user may assume one role."""
    ours = allow(
        ["sts:AssumeRole", "sts:TagSession"], Principal={"AWS": f"arn:aws:iam::{STAGING}:root"}
    )
    return Inventory(
        accounts=(),
        users={USER: {"policies": {"own": own or policy(allow("sts:*", ROLE))}}},
        roles={ROLE: {"trust": trust or policy(ours), "policies": {"access": policy(*access)}}},
        resources={BUCKET: {"account": PRODUCTION, "policy": bucket}, **resources},
    )


def decided(what: str, lying: Inventory, declared: Contract = READER) -> Finding:
    made = rows(declared)
    (row,) = (row for row in made if row.what == what)
    return Deduction(lying, made, PRODUCTION).decide(row)


def test_the_grounds_are_told() -> None:
    finding = decided("read shared", inventory(READ))
    assert (finding.found, finding.judge) == (Found.ALLOWED, Judge.ENGINE)
    assert "identity-based policy 'access' of role/ReaderAccess" in finding.why
    finding = decided("read shared", inventory(deny("s3:GetObject", "*"), READ))
    assert finding.found is Found.REFUSED
    assert "statement 1" in finding.why
    finding = decided("delete in shared", inventory(READ))
    assert finding.found is Found.REFUSED
    assert "no identity-based statement" in finding.why


def test_what_cannot_be_known_is_undecided() -> None:
    finding = decided(
        "read shared", inventory(READ, bucket=unknown_document("bucket-policy", RESOURCE))
    )
    assert finding.found is Found.UNDECIDED
    assert "bucket-policy" in finding.why


def test_an_object_under_a_key_needs_the_key_too() -> None:
    declared = contract(consumer(grant("read")), kms_key_arns={"shared": KEY})
    root = {"AWS": f"arn:aws:iam::{PRODUCTION}:root"}
    key: Any = {"account": PRODUCTION, "policy": policy(allow("kms:*", "*", Principal=root))}
    context = {
        "StringEquals": {
            "kms:EncryptionContext:aws:s3:arn": BUCKET,
            "kms:ViaService": "s3.us-west-2.amazonaws.com",
        }
    }
    decrypt = allow("kms:Decrypt", KEY, Condition=context)
    without = inventory(READ, **{KEY: key})
    assert decided("read shared", without, declared).found is Found.REFUSED
    with_it = inventory(READ, decrypt, **{KEY: key})
    assert decided("read shared", with_it, declared).found is Found.ALLOWED


STARTED = "2020-01-01T00:00:00Z"


@pytest.mark.parametrize(
    "condition",
    [
        {"Null": {"aws:SourceVpce": "true"}},
        {"Null": {"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "true"}},
        {"DateGreaterThan": {"aws:CurrentTime": STARTED, "aws:TokenIssueTime": STARTED}},
        {"Bool": {"aws:SecureTransport": "true"}},
    ],
)
def test_what_a_request_carries_is_known(condition: dict[str, Any]) -> None:
    """Of one who comes as itself: with its own key, by the internet, now."""
    declared = contract(consumer(grant("read", via="resource"), role_arn=None))
    for wanted, found in ((condition, Found.ALLOWED), (opposite(condition), Found.REFUSED)):
        reader = allow("s3:GetObject", f"{BUCKET}/*", Condition=wanted)
        bucket = policy({**reader, "Principal": {"AWS": USER}})
        lying = inventory(own=policy(reader), bucket=bucket)
        assert decided("read shared", lying, declared).found is found


@pytest.mark.parametrize(
    "condition",
    [
        {"Null": {"sts:ExternalId": "true", "sts:SourceIdentity": "true", "aws:TagKeys": "true"}},
        {"Null": {"aws:MultiFactorAuthPresent": "true", "aws:MultiFactorAuthAge": "true"}},
        {"StringEquals": {"sts:RoleSessionName": "access-verify"}},
    ],
)
def test_what_a_request_for_a_role_carries_is_known(condition: dict[str, Any]) -> None:
    root = {"AWS": f"arn:aws:iam::{STAGING}:root"}
    for wanted, found in ((condition, Found.ALLOWED), (opposite(condition), Found.REFUSED)):
        trust = policy(allow("sts:AssumeRole", Principal=root, Condition=wanted))
        assert decided("assume ReaderAccess", inventory(READ, trust=trust)).found is found


def opposite(condition: dict[str, Any]) -> dict[str, Any]:
    ((operator, keys),) = condition.items()
    other = {"DateGreaterThan": "DateLessThan", "StringEquals": "StringNotEquals"}
    if operator in other:
        return {other[operator]: keys}
    return {operator: {key: {"true": "false"}[value] for key, value in keys.items()}}


def test_the_policy_of_a_table_is_about_its_indexes_too() -> None:
    declared = contract(consumer(grant("read", arn=TABLE)))
    query = allow("dynamodb:Query", [TABLE, f"{TABLE}/index/*"])
    closed = policy(deny("dynamodb:Query", f"{TABLE}/index/*", Principal="*"))
    what = "query an index of table/orders"
    for table, found in ((None, Found.ALLOWED), (closed, Found.REFUSED)):
        resource: Any = {"account": PRODUCTION, "policy": table}
        assert decided(what, inventory(query, **{TABLE: resource}), declared).found is found
    only_table = inventory(allow("dynamodb:Query", TABLE), **{TABLE: resource})
    assert decided(what, only_table, declared).found is Found.REFUSED


@pytest.mark.parametrize(
    ("key", "value"),
    [
        # A topic has this one unless somebody writes its policy anew.
        ("AWS:SourceOwner", PRODUCTION),
        ("aws:SourceAccount", PRODUCTION),
        ("aws:SourceArn", f"{BUCKET}-of-others"),
        ("aws:SourceOrgID", "o-a1b2c3d4e5"),
    ],
)
@pytest.mark.parametrize(("arn", "levels"), [(TOPIC, ("publish",)), (QUEUE, ("send", "receive"))])
def test_what_services_alone_can_state_leaves_no_row_open(
    arn: str, levels: tuple[str, ...], key: str, value: str
) -> None:
    declared = contract(consumer(grant(*levels, arn=arn)), buckets=())
    service = arn.split(":")[2]
    told = allow(
        [f"{service}:Publish", f"{service}:Subscribe", f"{service}:SendMessage"],
        arn,
        Principal={"AWS": "*"},
        Condition={"StringEquals": {key: value}},
    )
    resource: Any = {"account": PRODUCTION, "policy": policy(told)}
    lying = inventory(
        allow([f"{service}:Publish", f"{service}:SendMessage"], arn), **{arn: resource}
    )
    made = [row for row in rows(declared) if arn.rsplit(":", 1)[-1] in row.what]
    found = {row.what: Deduction(lying, made, PRODUCTION).decide(row).found for row in made}
    assert made
    assert Found.UNDECIDED not in found.values()
    assert (
        found[f"{'publish' if arn == TOPIC else 'send'} to {arn.rsplit(':', 1)[-1]}"]
        is Found.ALLOWED
    )


def test_stating_tags_needs_leave_of_both_sides() -> None:
    declared = contract(consumer(grant("read"), session_tags={"team": "data"}))
    assert decided("assume ReaderAccess", inventory(READ), declared).found is Found.ALLOWED
    own = policy(allow("sts:AssumeRole", ROLE))
    assert decided("assume ReaderAccess", inventory(READ, own=own), declared).found is Found.REFUSED


@pytest.mark.parametrize(
    "names",
    [
        ("role/data/*", "role/ops/*"),
        # No two of these can be there at the same time.
        ("role/data/Deploy", "role/ops/deploy"),
        ("user/ops/Reader", "user/people/*"),
    ],
)
def test_principals_of_one_name_are_decided_apart(names: tuple[str, str]) -> None:
    arns = tuple(f"arn:aws:iam::{STAGING}:{name}" for name in names)
    declared = contract(consumer(grant("read"), kind="principals", principal_arns=arns))
    root = {"AWS": f"arn:aws:iam::{STAGING}:root"}
    for pattern, *others in (arns, arns[::-1]):
        like = {"ArnLike": {"aws:PrincipalArn": pattern}}
        trust = policy(allow("sts:AssumeRole", Principal=root, Condition=like))
        made = [row for row in rows(declared) if isinstance(row.ask, Assume)]
        deduction = Deduction(inventory(READ, trust=trust), made, PRODUCTION)
        for row in made:
            found = deduction.decide(row).found
            is_meant = matches(pattern, row.caller.arn)
            assert found is (Found.ALLOWED if is_meant else Found.REFUSED), row.what
        assert len({row.caller.arn for row in made if row.expected is Expected.ALLOWED}) == 2
        assert not any(matches(pattern, other) for other in others)


def test_stating_a_source_identity_needs_leave_of_both_sides() -> None:
    declared = contract(consumer(grant("read"), source_identity_required=True))
    lying = inventory(READ)
    # The trust lets in without it.
    assert decided("assume ReaderAccess", lying, declared).found is Found.REFUSED
    root = {"AWS": f"arn:aws:iam::{STAGING}:root"}
    trust = policy(allow(["sts:AssumeRole", "sts:SetSourceIdentity"], Principal=root))
    lying = inventory(READ, trust=trust)
    assert decided("assume ReaderAccess", lying, declared).found is Found.ALLOWED


@pytest.mark.parametrize(
    ("changes", "action", "conditions"),
    [
        (
            {"source_identity_required": True, "source_identities": ("Alice",)},
            "sts:SetSourceIdentity",
            {"StringEquals": {"sts:SourceIdentity": "Alice"}},
        ),
        (
            {"session_tags": {"team": "data"}},
            "sts:TagSession",
            {
                "StringEquals": {"aws:RequestTag/team": "data"},
                "ForAllValues:StringEquals": {"aws:TagKeys": ["team"]},
                "Null": {"aws:TagKeys": "false"},
            },
        ),
    ],
)
def test_what_is_stated_is_seen_by_conditions(
    changes: Any, action: str, conditions: dict[str, Any]
) -> None:
    root = {"AWS": f"arn:aws:iam::{STAGING}:root"}
    trust = policy(
        allow("sts:AssumeRole", Principal=root),
        allow(action, Principal=root, Condition=conditions),
    )
    declared = contract(consumer(grant("read"), **changes))
    lying = inventory(READ, trust=trust)
    assert decided("assume ReaderAccess", lying, declared).found is Found.ALLOWED
    (wrong,) = [
        row.what
        for row in rows(declared)
        if row.what.endswith(("with a wrong source identity", "with a further session tag"))
    ]
    assert decided(wrong, lying, declared).found is Found.REFUSED


def test_several_grounds_are_told_one_after_the_other() -> None:
    declared = contract(consumer(grant("read", via="resource"), role_arn=None))
    bucket = policy(allow("s3:GetObject", f"{BUCKET}/*", Principal={"AWS": USER}))
    own = policy(allow("s3:GetObject", f"{BUCKET}/*"))
    finding = decided("read shared", inventory(own=own, bucket=bucket), declared)
    assert finding.found is Found.ALLOWED
    first, second = finding.why.split("; ")
    assert "identity-based policy 'own' of user/Reader" in first
    assert "resource-based policy of" in second
    assert not any(each.startswith("X") or each.endswith("X") for each in (first, second))
    assert 0 < finding.seconds < 60


def test_a_request_is_signed_with_credentials_of_this_moment() -> None:
    fresh = {"DateGreaterThan": {"aws:TokenIssueTime": "2020-01-01T00:00:00Z"}}
    stale = {"DateLessThan": {"aws:TokenIssueTime": "2020-01-01T00:00:00Z"}}
    access = {**READ, "Condition": fresh}
    assert decided("read shared", inventory(access)).found is Found.ALLOWED
    access = {**READ, "Condition": stale}
    assert decided("read shared", inventory(access)).found is Found.REFUSED


def test_the_age_of_mfa_and_the_address_are_those_of_the_row() -> None:
    root = {"AWS": f"arn:aws:iam::{STAGING}:root"}
    conditions = {
        "Bool": {"aws:MultiFactorAuthPresent": "true"},
        "NumericLessThanEquals": {"aws:MultiFactorAuthAge": "900"},
        "IpAddress": {"aws:SourceIp": "203.0.113.0/24"},
    }
    trust = policy(allow("sts:AssumeRole", Principal=root, Condition=conditions))
    declared = contract(
        consumer(grant("read"), mfa=True, mfa_max_age=900, source_ips=("203.0.113.0/24",))
    )
    for how, found in (
        ("", Found.ALLOWED),
        (" without MFA", Found.REFUSED),
        (" with MFA of 901 seconds ago", Found.REFUSED),
        (" from 192.0.2.1", Found.REFUSED),
    ):
        lying = inventory(READ, trust=trust)
        assert decided(f"assume ReaderAccess{how}", lying, declared).found is found
    # Where nothing is said of addresses, a request comes from anywhere.
    plain = contract(consumer(grant("read"), mfa=True, mfa_max_age=900))
    found_for = decided("assume ReaderAccess", inventory(READ, trust=trust), plain)
    assert found_for.found is Found.UNDECIDED


def test_a_session_of_a_role_has_no_age_of_mfa() -> None:
    recent = {"NumericLessThanIfExists": {"aws:MultiFactorAuthAge": "900"}}
    access = {**READ, "Condition": recent}
    assert decided("read shared", inventory(access)).found is Found.ALLOWED


def test_a_session_of_a_role_has_no_mfa() -> None:
    """An access policy that asks for it refuses everything."""
    with_mfa = {**READ, "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}}}
    declared = contract(consumer(grant("read"), mfa=True, mfa_max_age=60))
    assert decided("read shared", inventory(with_mfa), declared).found is Found.REFUSED


def test_a_consumer_is_judged_by_its_own_policies_but_for_rows_about_the_trust() -> None:
    declared = contract(consumer(grant("read"), external_id="e-1"))
    stated = {"Condition": {"StringEquals": {"sts:ExternalId": "e-1"}}}
    own = policy({**allow("sts:*", ROLE), **stated})
    open_trust = inventory(READ, own=own)
    what = "assume ReaderAccess without its external ID"
    assert decided(what, open_trust, declared).found is Found.REFUSED
    anyway = decided(f"{what}, whatever its own policy allows", open_trust, declared)
    assert anyway.found is Found.ALLOWED


ANALYST = f"arn:aws:iam::{STAGING}:role/sso/Analysts_a"


def judged(declared: Contract, what: str, *own: Any, **lying: Any) -> Finding:
    """The finding on a principal that exists, with policies of its own."""
    made = rows(declared, existing={"reader": (ANALYST,)})
    (row,) = (row for row in made if row.what == what)
    known = inventory(READ, **lying)
    policies = {f"own{index}": policy(each) for index, each in enumerate(own)}
    role: Any = {"trust": policy(), "policies": policies}
    known = replace(known, roles={**known.roles, ANALYST: role})
    return Deduction(known, made, PRODUCTION).decide(row)


def of_pattern(*grants: Grant, **changes: Any) -> Contract:
    pattern = f"arn:aws:iam::{STAGING}:role/sso/*Analysts_*"
    return contract(consumer(*grants, kind="principals", principal_arns=(pattern,), **changes))


def test_what_somebody_elses_principal_lacks_is_told() -> None:
    declared = of_pattern(grant("read"), session_tags={"team": "data"})
    needed = Permission(actions=("sts:AssumeRole", "sts:TagSession"), resource=ROLE)
    finding = judged(declared, "assume ReaderAccess")
    assert (finding.found, finding.lacking) == (Found.REFUSED, (needed,))
    assert "no identity-based statement of role/sso/Analysts_a" in finding.why
    half = judged(declared, "assume ReaderAccess", allow("sts:AssumeRole", ROLE))
    assert (half.found, half.lacking) == (Found.REFUSED, (needed,))
    finding = judged(declared, "assume ReaderAccess", allow(list(needed.actions), ROLE))
    assert (finding.found, finding.lacking) == (Found.ALLOWED, ())


def test_nothing_is_lacking_that_would_not_help() -> None:
    declared, what = of_pattern(grant("read")), "assume ReaderAccess"
    denied = judged(declared, what, deny("sts:*", "*"))
    assert (denied.found, denied.lacking) == (Found.REFUSED, ())
    other = {"AWS": f"arn:aws:iam::{PRODUCTION}:root"}
    closed = judged(declared, what, trust=policy(allow("sts:AssumeRole", Principal=other)))
    assert (closed.found, closed.lacking) == (Found.REFUSED, ())
    # It has to be refused.
    assert judged(declared, f"{what} as another principal of Staging").lacking == ()
    # What the stack made itself, the stack mends.
    assert decided(what, inventory(READ, own=policy(READ))).lacking == ()


@pytest.mark.parametrize(
    ("prefixes", "place", "resource"),
    [((), "shared", f"{BUCKET}/*"), (("images/",), "shared/images/", f"{BUCKET}/images/*")],
)
def test_what_is_lacking_for_a_resource_is_about_all_that_is_granted(
    prefixes: tuple[str, ...], place: str, resource: str
) -> None:
    direct = grant("read", via="resource", prefixes=prefixes)
    declared = of_pattern(direct, role_arn=None)
    bucket = policy(allow("s3:GetObject", resource, Principal={"AWS": ANALYST}))
    what = f"read {place} as role/sso/Analysts_a"
    finding = judged(declared, what, bucket=bucket)
    needed = Permission(actions=("s3:GetObject",), resource=resource)
    assert (finding.found, finding.lacking) == (Found.REFUSED, (needed,))
    enough = judged(declared, what, allow("s3:GetObject", resource), bucket=bucket)
    assert (enough.found, enough.lacking) == (Found.ALLOWED, ())


def test_what_is_lacking_includes_indexes_and_keys() -> None:
    table = of_pattern(grant("read", arn=TABLE, via="resource"), role_arn=None)
    everything = [TABLE, f"{TABLE}/index/*"]
    open_table: Any = {
        "account": PRODUCTION,
        "policy": policy(allow("dynamodb:*", everything, Principal={"AWS": ANALYST})),
    }
    what = "query an index of table/orders as role/sso/Analysts_a"
    (needed,) = judged(table, what, **{TABLE: open_table}).lacking
    assert needed == Permission(actions=("dynamodb:Query",), resource=f"{TABLE}/index/*")

    under_key = contract(
        *of_pattern(grant("read", via="resource"), role_arn=None).consumers.values(),
        kms_key_arns={"shared": KEY},
    )
    bucket = policy(allow("s3:GetObject", f"{BUCKET}/*", Principal={"AWS": ANALYST}))
    key: Any = {
        "account": PRODUCTION,
        "policy": policy(allow("kms:Decrypt", "*", Principal={"AWS": ANALYST})),
    }
    what = "read shared as role/sso/Analysts_a"
    assert judged(under_key, what, bucket=bucket, **{KEY: key}).lacking == (
        Permission(actions=("s3:GetObject",), resource=f"{BUCKET}/*"),
        Permission(actions=("kms:Decrypt",), resource=KEY),
    )


ISSUER = "token.example.com"
PROVIDER = f"arn:aws:iam::{PRODUCTION}:oidc-provider/{ISSUER}"
CLAIMS = {f"{ISSUER}:sub": "repo:a:main", f"{ISSUER}:aud": "us"}


@pytest.mark.parametrize("key", CLAIMS)
@pytest.mark.parametrize("broken", ["ForAllValues:StringEquals", "StringEqualsIfExists", None])
def test_a_trust_that_does_without_a_claim_is_found(key: str, broken: str | None) -> None:
    declared = contract(
        consumer(
            grant("read"),
            kind="oidc",
            principal_arns=(PROVIDER,),
            claims={name: (value,) for name, value in CLAIMS.items()},
        )
    )
    what = f"assume ReaderAccess without {key}"

    def found(conditions: dict[str, dict[str, str]]) -> Found:
        statement = allow(
            "sts:AssumeRoleWithWebIdentity",
            Principal={"Federated": PROVIDER},
            Condition=conditions,
        )
        lying = inventory(READ, trust=policy(statement))
        assert decided("assume ReaderAccess", lying, declared).found is Found.ALLOWED
        return decided(what, lying, declared).found

    assert found({"StringEquals": CLAIMS}) is Found.REFUSED
    rest = {name: value for name, value in CLAIMS.items() if name != key}
    loosened = {broken: {key: CLAIMS[key]}} if broken else {}
    assert found({"StringEquals": rest, **loosened}) is Found.ALLOWED


@pytest.mark.parametrize(
    ("holder", "what"),
    [
        (USER, "assume any role of Production that trusts Staging"),
        (ROLE, "assume any role of Production that trusts Production, as ReaderAccess"),
    ],
)
def test_a_further_policy_that_assumes_any_role_is_found(holder: str, what: str) -> None:
    made = rows(READER, made=frozenset({USER, ROLE}))
    (row,) = (row for row in made if row.what == what)

    def found(further: Any) -> Found:
        lying = inventory(READ)
        docs: Any = {**lying.users, **lying.roles}[holder]
        docs["policies"] = {**docs["policies"], "group Admins: assume": policy(further)}
        return Deduction(lying, made, PRODUCTION).decide(row).found

    assert found(allow("s3:ListBucket", BUCKET)) is Found.REFUSED
    assert found(allow("sts:AssumeRole", ROLE)) is Found.REFUSED
    assert found(allow("sts:*", "*")) is Found.ALLOWED
    assert found(allow("sts:AssumeRole", f"arn:aws:iam::{PRODUCTION}:role/*")) is Found.ALLOWED
