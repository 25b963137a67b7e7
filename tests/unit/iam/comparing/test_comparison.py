"""What a change does to access: pairs of documents that widen, narrow, or only say it otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from cross_account_access.command.inventory import inventory_of
from cross_account_access.iam.comparing.comparison import Change, Effect, compare, examine, grants
from cross_account_access.iam.errors import ComparisonError
from cross_account_access.iam.inventory import NOTHING, Inventory
from cross_account_access.stack import resources_of_state
from tests.support.states import (
    ASSUME,
    BUCKET,
    LIST,
    READ,
    ROLE,
    STAGING,
    STAGING_LISTS,
    TLS_ONLY,
    TRUST,
    UNKNOWN,
    USER,
    allow,
    deny,
    export,
    policy,
    resource,
    walkthrough,
)

Json = dict[str, Any]

ROOT = {"AWS": f"arn:aws:iam::{STAGING}:root"}
EXTERNAL_ID = {"StringEquals": {"sts:ExternalId": "example-1"}}
ORGANISATION = {"StringEquals": {"aws:PrincipalOrgID": "o-1234567890"}}
PREFIX = {"StringLike": {"s3:prefix": "reports/*"}}
ONLY_USER = {"ArnEquals": {"aws:PrincipalArn": USER}}
MFA = {"aws:MultiFactorAuthPresent": "true"}
VENDOR = "arn:aws:iam::777788889999:role/Vendor"
DECRYPT = allow(
    "kms:Decrypt",
    "arn:aws:kms:us-west-2:111122223333:key/*",
    Condition={"StringEquals": {"kms:ViaService": "s3.us-west-2.amazonaws.com"}},
)


def inventory(**documents: Any) -> Inventory:
    return inventory_of(resources_of_state(export(walkthrough(**documents))))


def told(changes: list[Change]) -> list[str]:
    marks = dict(zip(Effect, ["+", "+?", "-", "-?"], strict=True))
    return [
        f"{marks[c.effect]} {c.principal} may {', '.join(c.actions)} {c.resource}"
        + (f" through {c.through}" if c.through else "")
        + (f", {c.when}" if c.when else "")
        for c in changes
    ]


def trusting(**more: Any) -> Json:
    """A trust policy that names the Staging account."""
    return policy(allow("sts:AssumeRole", Principal=ROOT, **more))


ADMIN = "staging:user/StageAdmin"
OBJECTS = "production-test-bucket-101/*"
THROUGH = "through production:role/StageRole"
ASSUMES = "may sts:AssumeRole production:role/StageRole"

WIDENING: dict[str, tuple[Json, Json, list[str]]] = {
    "an action more": (
        {},
        {"role": policy(LIST, allow(["s3:GetObject", "s3:PutObject"], f"{BUCKET}/*"))},
        [f"+ {ADMIN} may s3:PutObject {OBJECTS} {THROUGH}"],
    ),
    "a wildcard that means more": (
        {"role": policy(allow("s3:GetObject", f"{BUCKET}/*"))},
        {"role": policy(allow("s3:GetObject*", f"{BUCKET}/*"))},
        [
            f"+ {ADMIN} may s3:GetObjectAcl, s3:GetObjectAnnotation, s3:GetObjectAttributes, "
            "s3:GetObjectLegalHold, s3:GetObjectRetention, s3:GetObjectTagging, "
            "s3:GetObjectTorrent, s3:GetObjectVersion, s3:GetObjectVersionAcl, "
            "s3:GetObjectVersionAnnotation, s3:GetObjectVersionAnnotationForReplication, "
            "s3:GetObjectVersionAttributes, "
            "s3:GetObjectVersionForReplication, s3:GetObjectVersionTagging, "
            f"s3:GetObjectVersionTorrent {OBJECTS} {THROUGH}"
        ],
    ),
    "a wider prefix": (
        {"role": policy(allow("s3:GetObject", f"{BUCKET}/reports/*"))},
        {"role": policy(allow("s3:GetObject", f"{BUCKET}/*"))},
        [
            f"+ {ADMIN} may s3:GetObject {OBJECTS} outside production-test-bucket-101/reports/* "
            f"{THROUGH}"
        ],
    ),
    "another prefix": (
        {"role": policy(allow("s3:GetObject", f"{BUCKET}/reports/*"))},
        {
            "role": policy(
                allow("s3:GetObject", [f"{BUCKET}/reports/*", f"{BUCKET}/images/*"]),
            )
        },
        [f"+ {ADMIN} may s3:GetObject production-test-bucket-101/images/* {THROUGH}"],
    ),
    "a bucket outside the stack": (
        {},
        {"role": policy(LIST, READ, allow("s3:GetObject", "arn:aws:s3:::other/*"))},
        [f"+ {ADMIN} may s3:GetObject other/* {THROUGH}"],
    ),
    "keys of the role's own account, under a condition": (
        {},
        {"role": policy(LIST, READ, DECRYPT)},
        [
            f"+ {ADMIN} may kms:Decrypt production:kms:key/* {THROUGH}, "
            "with kms:ViaService=s3.us-west-2.amazonaws.com"
        ],
    ),
    "a condition dropped": (
        {"role": policy(LIST | {"Condition": PREFIX})},
        {"role": policy(LIST)},
        [
            f"+ {ADMIN} may s3:GetBucketLocation, s3:ListBucket production-test-bucket-101 "
            f"{THROUGH}, unless s3:prefix like reports/*"
        ],
    ),
    "another value of a condition": (
        {"role": policy(LIST | {"Condition": PREFIX})},
        {
            "role": policy(
                LIST | {"Condition": {"StringLike": {"s3:prefix": ["reports/*", "images/*"]}}}
            )
        },
        [
            f"+ {ADMIN} may s3:GetBucketLocation, s3:ListBucket production-test-bucket-101 "
            f"{THROUGH}, with s3:prefix like images/*"
        ],
    ),
    "an operator that a missing key meets": (
        {
            "trust": trusting(
                Condition={**ONLY_USER, "Bool": {"aws:MultiFactorAuthPresent": "true"}}
            )
        },
        {
            "trust": trusting(
                Condition={**ONLY_USER, "BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}}
            )
        },
        [f"+ {ADMIN} {ASSUMES}, with no aws:MultiFactorAuthPresent"],
    ),
    "trust of the whole account": (
        {},
        {"trust": trusting()},
        [f"+ anybody else of staging {ASSUMES}"],
    ),
    "no external ID any more": (
        {"trust": trusting(Condition={**ONLY_USER, **EXTERNAL_ID})},
        {"trust": trusting(Condition=ONLY_USER)},
        [f"+ {ADMIN} {ASSUMES}, unless sts:ExternalId=example-1"],
    ),
    "trust of an organisation": (
        {"trust": policy()},
        {"trust": policy(allow("sts:AssumeRole", Principal="*", Condition=ORGANISATION))},
        [
            f"+ anybody else of production {ASSUMES}, with aws:PrincipalOrgID=o-1234567890",
            f"+ anybody else of staging {ASSUMES}, with aws:PrincipalOrgID=o-1234567890",
            f"+ anybody of any other AWS account {ASSUMES}, with aws:PrincipalOrgID=o-1234567890",
            f"+ production:role/StageRole {ASSUMES}, with aws:PrincipalOrgID=o-1234567890",
            f"+ {ADMIN} {ASSUMES}, with aws:PrincipalOrgID=o-1234567890",
        ],
    ),
    "a third party": (
        {},
        {"trust": policy(TRUST, allow("sts:AssumeRole", Principal={"AWS": VENDOR}))},
        [f"+ 777788889999:role/Vendor {ASSUMES}"],
    ),
    "roles of a pattern": (
        {},
        {
            "trust": policy(
                TRUST,
                allow(
                    "sts:AssumeRole",
                    Principal=ROOT,
                    Condition={
                        "ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{STAGING}:role/app-*"}
                    },
                ),
            )
        },
        [f"+ anybody like staging:role/app-* {ASSUMES}"],
    ),
    "all but users": (
        {"trust": policy()},
        {
            "trust": trusting(
                Condition={
                    "ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::{STAGING}:user/*"},
                }
            )
        },
        [f"+ anybody else of staging {ASSUMES}"],
    ),
    "users of any account": (
        {},
        {
            "bucket": policy(
                TLS_ONLY,
                STAGING_LISTS,
                READ
                | {
                    "Principal": "*",
                    "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/ops-*"}},
                },
            )
        },
        [
            f"+ anybody like arn:aws:iam::*:user/ops-* may s3:GetObject {OBJECTS}",
        ],
    ),
    "an identity provider": (
        {},
        {
            "trust": policy(
                TRUST,
                allow(
                    "sts:AssumeRoleWithWebIdentity",
                    Principal={"Federated": "accounts.google.com"},
                ),
            )
        },
        [
            "+ accounts.google.com may sts:AssumeRoleWithWebIdentity production:role/StageRole",
        ],
    ),
    "plain HTTP": (
        {},
        {"bucket": policy(STAGING_LISTS)},
        [
            "+ anybody else of staging may s3:GetBucketLocation, s3:ListBucket "
            "production-test-bucket-101, over plain HTTP",
            f"+ {ADMIN} may s3:GetBucketLocation, s3:ListBucket production-test-bucket-101 "
            f"{THROUGH}, over plain HTTP",
            f"+ {ADMIN} may s3:GetObject {OBJECTS} {THROUGH}, over plain HTTP",
        ],
    ),
    "a public bucket": (
        {},
        {"bucket": policy(TLS_ONLY, STAGING_LISTS, READ | {"Principal": "*"})},
        [
            f"+ anybody else of production may s3:GetObject {OBJECTS}",
            f"+ anybody else of staging may s3:GetObject {OBJECTS}",
            f"+ anybody of any other AWS account may s3:GetObject {OBJECTS}",
            f"+ anybody, even without signing may s3:GetObject {OBJECTS}",
        ],
    ),
    "an exception of a deny": (
        {"role": policy(READ, deny("s3:*", f"{BUCKET}/secret/*"))},
        {"role": policy(READ, deny("s3:*", f"{BUCKET}/secret/keys/*"))},
        [
            f"+ {ADMIN} may s3:GetObject production-test-bucket-101/secret/* outside "
            f"production-test-bucket-101/secret/keys/* {THROUGH}"
        ],
    ),
    "all but": (
        {"role": policy(READ)},
        {"role": policy({"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"})},
        [],
    ),
    "a user may assume another role": (
        {},
        {"user": policy(allow("sts:AssumeRole", [ROLE, "arn:aws:iam::777788889999:role/Other"]))},
        [f"+ {ADMIN} may sts:AssumeRole 777788889999:role/Other"],
    ),
    "a narrower range and a new one": (
        {"role": policy(READ | {"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}})},
        {"role": policy(READ | {"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/7"}}})},
        [f"+ {ADMIN} may s3:GetObject {OBJECTS} {THROUGH}, with aws:SourceIp in 10.0.0.0/7"],
    ),
}
"""Name: what is before, what is after, and all lines that are told (none: not all are listed)."""


@pytest.mark.parametrize("name", WIDENING)
def test_widening_is_told_in_words(name: str) -> None:
    before, after, lines = WIDENING[name]
    changes = compare(inventory(**before), inventory(**after))
    assert any(change.effect is Effect.WIDENS for change in changes)
    if lines:
        assert told(changes) == lines


@pytest.mark.parametrize("name", [name for name in WIDENING if WIDENING[name][2]])
def test_the_way_back_only_narrows(name: str) -> None:
    before, after, lines = WIDENING[name]
    changes = compare(inventory(**after), inventory(**before))
    assert sorted(told(changes)) == sorted(f"-{line[1:]}" for line in lines)


REWRITING: dict[str, tuple[Json, Json]] = {
    "order of statements": ({}, {"role": policy(READ, LIST)}),
    "a list for a text": (
        {"role": policy(allow("s3:GetObject", f"{BUCKET}/*"))},
        {"role": policy(allow(["s3:GetObject"], [f"{BUCKET}/*"]))},
    ),
    "a statement in two": (
        {},
        {
            "role": policy(
                allow("s3:GetBucketLocation", BUCKET), allow("s3:ListBucket", BUCKET), READ
            )
        },
    ),
    "two statements in one": (
        {},
        {
            "role": policy(
                allow(
                    ["s3:GetBucketLocation", "s3:ListBucket", "s3:GetObject"],
                    [BUCKET, f"{BUCKET}/*"],
                )
            )
        },
    ),
    "case of actions": ({}, {"role": policy(LIST, allow("S3:getobject", f"{BUCKET}/*"))}),
    "a wildcard that means the same": (
        {"user": policy(allow(["sts:AssumeRole"], ROLE))},
        {"user": policy(allow(["sts:AssumeRol?"], ROLE))},
    ),
    "other Sids": ({}, {"role": policy(LIST | {"Sid": "A"}, READ | {"Sid": "B"})}),
    "the account as an ID": (
        {"trust": trusting(Condition=ONLY_USER)},
        {"trust": policy(allow("sts:AssumeRole", Principal={"AWS": STAGING}, Condition=ONLY_USER))},
    ),
    "a condition in other words": (
        {"trust": trusting(Condition={"ArnEquals": {"aws:PrincipalArn": USER}})},
        {"trust": trusting(Condition={"StringEquals": {"aws:PrincipalArn": [USER]}})},
    ),
    "a deny of what nobody may": (
        {},
        {"role": policy(LIST, READ, deny("s3:DeleteObject", f"{BUCKET}/*"))},
    ),
    "a prefix inside another": (
        {},
        {"role": policy(LIST, READ, allow("s3:GetObject", f"{BUCKET}/reports/*"))},
    ),
    "a statement twice": ({}, {"role": policy(LIST, READ, READ)}),
    "the two halves of a condition": (
        {"role": policy(READ)},
        {
            "role": policy(
                READ | {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
                READ | {"Condition": {"Bool": {"aws:SecureTransport": "false"}}},
            )
        },
    ),
    "a grant that the other side does not follow": (
        {},
        {"bucket": policy(TLS_ONLY, STAGING_LISTS, READ | {"Principal": {"AWS": USER}})},
    ),
}
"""Pairs that mean the same."""


@pytest.mark.parametrize("name", REWRITING)
def test_an_equal_rewriting_is_no_change(name: str) -> None:
    before, after = REWRITING[name]
    assert told(compare(inventory(**before), inventory(**after))) == []
    assert told(compare(inventory(**after), inventory(**before))) == []


def test_a_change_can_widen_and_narrow_at_once() -> None:
    changes = compare(
        inventory(role=policy(allow("s3:GetObject", f"{BUCKET}/reports/*"))),
        inventory(role=policy(allow("s3:GetObject", f"{BUCKET}/images/*"))),
    )
    assert told(changes) == [
        f"+ {ADMIN} may s3:GetObject production-test-bucket-101/images/* {THROUGH}",
        f"- {ADMIN} may s3:GetObject production-test-bucket-101/reports/* {THROUGH}",
    ]


def test_what_is_known_only_after_the_deployment_may_widen() -> None:
    after = inventory(
        more=[
            resource(
                "aws:iam/rolePolicy:RolePolicy", "x", role="StageRole", name="x", policy=UNKNOWN
            )
        ]
    )
    changes = compare(inventory(), after)
    assert {change.effect for change in changes} == {Effect.MAY_WIDEN, Effect.MAY_NARROW}
    possible = [change for change in changes if change.effect is Effect.MAY_WIDEN]
    # Objects are reached through access points too, of which only a `*` says all.
    assert any("s3:PutObject" in c.actions and c.resource == "*" for c in possible)
    assert any("s3:ReplicateObject" in c.actions and c.resource == "any object" for c in possible)


def test_what_is_unknown_on_both_sides_hides_nothing() -> None:
    attached = resource(
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        "x",
        role="StageRole",
        policyArn="arn:aws:iam::aws:policy/ReadOnlyAccess",
    )
    assert compare(inventory(more=[attached]), inventory(more=[attached])) == []
    changes = compare(inventory(role=policy(LIST), more=[attached]), inventory(more=[attached]))
    assert told(changes) == [f"+ {ADMIN} may s3:GetObject {OBJECTS} {THROUGH}"]


def test_one_unknown_policy_in_place_of_another_may_widen() -> None:
    def attached(name: str) -> Json:
        arn = f"arn:aws:iam::aws:policy/{name}"
        token = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
        return resource(token, "x", role="StageRole", policyArn=arn)

    changes = compare(
        inventory(more=[attached("ReadOnlyAccess")]), inventory(more=[attached("PowerUserAccess")])
    )
    assert Effect.MAY_WIDEN in {change.effect for change in changes}


def test_a_document_that_is_known_on_neither_side_may_widen() -> None:
    hidden = resource(
        "aws:iam/rolePolicy:RolePolicy", "x", role="StageRole", name="x", policy=UNKNOWN
    )
    effects = {each.effect for each in compare(inventory(more=[hidden]), inventory(more=[hidden]))}
    assert effects == {Effect.MAY_WIDEN}


def test_a_wildcard_in_the_name_of_a_bucket_reaches_other_buckets() -> None:
    """Also where the policy of the one that we know says no."""
    everybody = deny("s3:*", f"{BUCKET}*", Principal="*")
    widened = inventory(role=policy(allow("s3:GetObject", f"{BUCKET}*")), bucket=policy(everybody))
    changes = compare(inventory(role=policy(LIST), bucket=policy(everybody)), widened)
    assert Effect.WIDENS in {change.effect for change in changes}


def test_a_role_outside_can_be_assumed_though_a_policy_names_it() -> None:
    role = VENDOR
    named = policy(deny("s3:PutObject", f"{BUCKET}/*", Principal={"AWS": role}))
    able = inventory(user=policy(allow("sts:AssumeRole", role)), bucket=named)
    changes = compare(inventory(user=policy(), bucket=named), able)
    assert [(each.effect, each.actions) for each in changes] == [
        (Effect.WIDENS, ("sts:AssumeRole",))
    ]


def test_the_policies_that_others_gave_an_adopted_user_are_no_change() -> None:
    adopted = resource(
        "aws:iam/userPolicy:UserPolicy",
        "adopted",
        "staging",
        user="Adopted",
        name="assume",
        policy=policy(ASSUME),
    )
    changes = compare(inventory(trust=trusting()), inventory(trust=trusting(), more=[adopted]))
    assert {change.principal for change in changes} == {"staging:user/Adopted"}
    assert {change.effect for change in changes} == {Effect.WIDENS}


def test_a_new_stack_widens_by_all_that_it_grants() -> None:
    assert told(compare(NOTHING, inventory())) == [
        "+ anybody else of staging may s3:GetBucketLocation, s3:ListBucket "
        "production-test-bucket-101",
        f"+ {ADMIN} may s3:GetBucketLocation, s3:ListBucket production-test-bucket-101 {THROUGH}",
        f"+ {ADMIN} may s3:GetObject {OBJECTS} {THROUGH}",
        f"+ {ADMIN} {ASSUMES}",
    ]


def test_grants_have_roles_as_principals() -> None:
    assert "+ production:role/StageRole may s3:GetObject production-test-bucket-101/*" in told(
        grants(inventory())
    )


def test_a_way_through_a_role_says_how_it_is_assumed() -> None:
    trust = trusting(Condition={**ONLY_USER, **EXTERNAL_ID})
    listed = LIST | {"Condition": PREFIX}
    changes = compare(inventory(trust=trust), inventory(trust=trust, role=policy(listed)))
    assumed = "role assumed with sts:ExternalId=example-1"
    bucket = "production-test-bucket-101"
    assert told(changes) == [
        f"- {ADMIN} may s3:GetBucketLocation, s3:ListBucket {bucket} {THROUGH},"
        f" unless s3:prefix like reports/*; {assumed}",
        f"- {ADMIN} may s3:GetObject {OBJECTS} {THROUGH}, {assumed}",
    ]


TOPIC = "arn:aws:sns:us-west-2:111122223333:news"


def test_a_resource_policy_and_the_callers_own_count_together_only() -> None:
    def with_topic(*statements: Json, user: Json | None = None) -> Inventory:
        topic = resource("aws:sns/topic:Topic", "news", name="news")
        of_topic = resource(
            "aws:sns/topicPolicy:TopicPolicy", "news", arn=TOPIC, policy=policy(*statements)
        )
        return inventory(user=user, more=[topic, of_topic])

    publish = allow("sns:Publish", TOPIC)
    lets_in = publish | {"Principal": ROOT, "Condition": ONLY_USER}
    own = policy(ASSUME, publish)
    gained = [f"+ {ADMIN} may sns:Publish production:sns:news"]
    assert told(compare(with_topic(), with_topic(lets_in, user=own))) == gained
    assert told(compare(with_topic(user=own), with_topic(lets_in, user=own))) == gained
    for one_side in (with_topic(lets_in), with_topic(user=own)):
        assert told(compare(with_topic(), one_side)) == []


def test_a_role_that_nobody_can_assume_still_counts() -> None:
    changes = compare(inventory(trust=policy(), role=policy(LIST)), inventory(trust=policy()))
    assert told(changes) == [f"+ production:role/StageRole may s3:GetObject {OBJECTS}"]


def test_users_folders_are_told_apart_by_name() -> None:
    home = allow("s3:GetObject", f"{BUCKET}/${{aws:username}}/*")
    open_to_user = READ | {"Principal": {"AWS": USER}}
    changes = compare(
        inventory(bucket=policy(open_to_user)),
        inventory(bucket=policy(open_to_user), user=policy(ASSUME, home)),
    )
    assert [c.effect for c in changes] == [Effect.WIDENS]
    assert changes[0].principal == ADMIN
    assert "StageAdmin" in changes[0].resource


def test_patterns_without_end_are_told_and_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cross_account_access.iam.comparing.witnesses._MOST_STATES", 300)
    wild = policy(allow("s3:GetObject", [f"{BUCKET}/*{letter}*z*" for letter in "abcdefgh"]))
    with pytest.raises(ComparisonError, match="too many patterns"):
        compare(inventory(), inventory(role=wild))


def test_the_example_of_a_change_is_the_simplest_of_its_requests() -> None:
    (change,) = compare(
        inventory(), inventory(role=policy(LIST, READ, allow("s3:PutObject", f"{BUCKET}/*")))
    )
    example = change.example
    assert example is not None
    assert (example.principal.arn, example.action) == (ROLE, "s3:PutObject")
    assert example.resource == f"{BUCKET}/z"
    assert example.context.states == {"aws:securetransport": ("true",)}


def test_an_examination_tells_how_much_was_compared() -> None:
    same = examine(inventory(), inventory())
    assert same.changes == ()
    assert same.decisions == 0
    wider = examine(
        inventory(), inventory(role=policy(LIST, allow("s3:GetObject*", f"{BUCKET}/*")))
    )
    assert list(wider.changes) == compare(
        inventory(), inventory(role=policy(LIST, allow("s3:GetObject*", f"{BUCKET}/*")))
    )
    assert wider.decisions > 0
    assert min(wider.principals, wider.actions, wider.resources) > 5
