"""The documents of roles and callers are those that a reader approved, with the least privilege."""

import json
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cross_account_access.declaration.accounts import Account
from cross_account_access.declaration.kinds import (
    Principals,
    ThirdParty,
)
from cross_account_access.declaration.kinds.bucket_settings import ObjectLock, Replication
from cross_account_access.declaration.machines import HandedOut, Machines
from cross_account_access.declaration.model import (
    Conditions,
    Level,
    Mfa,
    Principal,
    SessionTags,
    SourceIdentity,
    Via,
)
from cross_account_access.declaration.policies.documents import (
    caller_policy,
    key_policy,
    resource_policy,
    revocation_policy,
    service_trust_policy,
)
from cross_account_access.declaration.policies.replication import (
    replication_policy,
    replication_trust_policy,
)
from tests.unit.declaration.documents import (
    ACCOUNTS,
    BUCKET,
    EVERY_CONDITION,
    GOLDEN,
    JOBS,
    KINDS,
    LEVEL_SETS,
    LEVELS,
    NEWS,
    OPERATORS,
    OUR_ORGANIZATION,
    PRODUCTION,
    RECORDS,
    ROLE,
    USER,
    access,
    bucket,
    consumer,
    direct,
    grant,
    shared,
    statements,
    trust,
)

NAMES = sorted(path.stem for path in GOLDEN.glob("*.json"))


def documents() -> dict[str, str]:
    """One document for each golden file, made where a test runs: a mutation run sees no other."""
    return {
        "trust_policy": trust(),
        "assume_role_policy": caller_policy(consumer(), [], ACCOUNTS),
        "access_policy": access(grant([Level.LIST, Level.READ])),
        "access_policy_all_levels": access(grant(LEVELS)),
        "access_policy_prefixes": access(grant(LEVELS, "videos/", "images/")),
        "access_policy_conditions": access(
            grant([Level.LIST, Level.READ], "images/"), conditions=EVERY_CONDITION
        ),
        "access_policy_endpoints": access(
            grant([Level.READ]), conditions=Conditions(vpc_endpoints=("vpce-0123456789abcdef0",))
        ),
        "access_policy_every_kind": access(
            grant([Level.LIST, Level.READ], resource=RECORDS),
            grant([Level.WRITE], resource=RECORDS),
            grant(NEWS.levels, resource=NEWS),
            grant(JOBS.levels, resource=JOBS),
            conditions=Conditions(
                vpc_endpoints=("vpce-0123456789abcdef0",), expires_at="2030-01-31T00:00:00Z"
            ),
        ),
        "bucket_policy_direct": resource_policy(
            RECORDS, shared(direct(expires_at="2030-01-31T00:00:00Z"), OPERATORS), ACCOUNTS
        ),
        "bucket_policy_organization": resource_policy(RECORDS, shared(OUR_ORGANIZATION), ACCOUNTS),
        "topic_policy": resource_policy(NEWS, [], ACCOUNTS),
        "topic_policy_direct": resource_policy(NEWS, shared(direct()), ACCOUNTS),
        "queue_policy": resource_policy(JOBS, [], ACCOUNTS),
        "queue_policy_direct": resource_policy(JOBS, shared(direct()), ACCOUNTS),
        "queue_policy_notified": resource_policy(
            replace(JOBS, notified_by=("records", "orders")), [], ACCOUNTS
        ),
        "key_policy_replica": key_policy(replace(RECORDS, replicas_of=("orders",)), [], ACCOUNTS),
        "replication_trust_policy": replication_trust_policy(RECORDS, PRODUCTION),
        "replication_policy": replication_policy(
            replace(RECORDS, replication=Replication(bucket="copies"), object_lock=ObjectLock()),
            PRODUCTION,
            is_ours=True,
        ),
        "replication_policy_of_prefixes": replication_policy(
            replace(
                RECORDS,
                replication=Replication(
                    bucket="theirs",
                    prefixes=("orders/", "bills/"),
                    kms_key_arn=f"arn:aws:kms:eu-west-1:111122223333:key/{'0' * 8}",
                    delete_markers=True,
                ),
            ),
            PRODUCTION,
            is_ours=False,
        ),
        "key_policy": key_policy(RECORDS, [grant([Level.READ], resource=RECORDS)], ACCOUNTS),
        "key_policy_direct": key_policy(RECORDS, shared(direct()), ACCOUNTS),
        "caller_policy_direct": caller_policy(direct(), shared(direct()), ACCOUNTS),
        "caller_policy_both_ways": caller_policy(
            consumer(),
            [
                grant([Level.READ]),
                grant([Level.SEND], resource=JOBS, via=Via.RESOURCE),
            ],
            ACCOUNTS,
        ),
        "caller_policy_eks_pods": caller_policy(consumer(KINDS["eks_pods"]), [], ACCOUNTS),
        "bucket_policy": bucket(staging_may_list=True),
        "bucket_policy_unlisted": bucket(staging_may_list=False),
        "trust_policy_conditions": trust(conditions=EVERY_CONDITION),
        "assume_role_policy_conditions": caller_policy(
            consumer(conditions=EVERY_CONDITION), [], ACCOUNTS
        ),
        **{
            f"service_trust_policy_{name}": service_trust_policy(
                who.handed_out(ACCOUNTS.trusted), ACCOUNTS.trusted
            )
            for name, who in KINDS.items()
            if isinstance(who, Machines)
        },
        **{
            f"trust_policy_{name}": trust(
                who, Conditions(external_id="vendor-7") if name == "third_party" else None
            )
            for name, who in KINDS.items()
            if name != "user"
        },
    }


@pytest.mark.parametrize("name", NAMES)
def test_document_is_the_approved_one(name: str) -> None:
    assert json.loads(documents()[name]) == json.loads((GOLDEN / f"{name}.json").read_text())


def test_every_document_has_an_approved_one() -> None:
    assert sorted(documents()) == NAMES


@pytest.mark.parametrize("levels", LEVEL_SETS)
def test_levels_compose_and_none_implies_another(levels: tuple[Level, ...]) -> None:
    expected = {action for level in levels for actions in LEVELS[level] for action in actions}
    document = access(grant(levels))
    granted = {action for item in statements(document) for action in item["Action"]}
    assert granted == expected


@pytest.mark.parametrize(
    ("levels", "refused"),
    [
        ([Level.LIST], {"s3:GetObject", "s3:PutObject", "s3:DeleteObject"}),
        ([Level.READ], {"s3:ListBucket", "s3:PutObject", "s3:DeleteObject"}),
        ([Level.WRITE], {"s3:ListBucket", "s3:DeleteObject"}),
        (
            [Level.DELETE],
            {"s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObjectVersion"},
        ),
    ],
)
def test_a_level_leaves_out_what_the_others_grant(levels: list[Level], refused: set[str]) -> None:
    document = access(grant(levels))
    assert not refused & {action for item in statements(document) for action in item["Action"]}


@given(
    st.lists(
        st.tuples(st.sampled_from([f"bucket-{n}" for n in range(9)]), st.sampled_from(LEVEL_SETS)),
        min_size=1,
        unique_by=lambda grant: grant[0],
    )
)
def test_access_policy_names_granted_buckets_only_and_no_wildcard_action(
    grants: list[tuple[str, tuple[Level, ...]]],
) -> None:
    items = statements(access(*(grant(levels, bucket=name) for name, levels in grants)))
    buckets = {resource.removesuffix("/*") for item in items for resource in item["Resource"]}
    assert buckets == {f"arn:aws:s3:::{name}" for name, _ in grants}
    assert not [action for item in items for action in item["Action"] if "*" in action]
    assert len({item["Sid"] for item in items}) == len(items)
    assert all(item["Sid"].isalnum() for item in items)
    for item in items:
        on_objects = all(resource.endswith("/*") for resource in item["Resource"])
        own = {action for actions in LEVELS.values() for action in actions.on_objects}
        assert on_objects == bool(own & set(item["Action"]))


@given(
    st.lists(st.sampled_from(["a/", "b/", "c/d/", "images/"]), min_size=1, unique=True),
    st.sampled_from(LEVEL_SETS),
)
def test_a_confined_grant_reaches_nothing_beside_its_prefixes(
    prefixes: list[str], levels: tuple[Level, ...]
) -> None:
    for item in statements(access(grant(levels, *prefixes))):
        if any("/" in resource for resource in item["Resource"]):
            assert {text.removeprefix(f"{BUCKET}/") for text in item["Resource"]} == {
                f"{prefix}*" for prefix in prefixes
            }
        elif item["Sid"] != "Bucket1":
            assert set(item["Action"]) <= {"s3:ListBucket", "s3:ListBucketVersions"}
            assert item["Condition"] == {
                "StringLike": {"s3:prefix": sorted(f"{prefix}*" for prefix in prefixes)}
            }


def test_grants_of_the_same_levels_are_one_and_of_others_are_not() -> None:
    merged = access(grant([Level.READ], "b/"), grant([Level.READ], "a/"))
    assert merged == access(grant([Level.READ], "a/", "b/"))
    items = statements(access(grant([Level.READ], "a/"), grant([Level.DELETE], "b/")))
    assert {tuple(item["Action"]): item["Resource"] for item in items} == {
        ("s3:GetObject",): [f"{BUCKET}/a/*"],
        ("s3:DeleteObject",): [f"{BUCKET}/b/*"],
    }


def test_the_order_of_declarations_does_not_change_the_text() -> None:
    turned_round = reversed(list(LEVELS))
    assert access(grant(LEVELS, "b/", "a/")) == access(grant(turned_round, "a/", "b/"))
    several = Principals(arns=("arn:aws:iam::444455556666:user/b", USER))
    turned = Principals(arns=(USER, "arn:aws:iam::444455556666:user/b"))
    assert trust(several) == trust(turned)


@pytest.mark.parametrize("who", KINDS.values(), ids=KINDS)
def test_no_trust_names_a_user_or_role_and_each_is_narrowed(who: Principal) -> None:
    conditions = Conditions(external_id="vendor-7") if isinstance(who, ThirdParty) else None
    for item in statements(trust(who, conditions)):
        (names,) = item["Principal"].values()
        assert all(re.search(r":root$|:oidc-provider/|^\*$", name) for name in names)
        keys = {key for by_key in item["Condition"].values() for key in by_key}
        if names == ["*"]:
            assert "aws:PrincipalOrgID" in keys
        assert keys & {"aws:PrincipalArn", "aws:PrincipalOrgID", "sts:ExternalId"} or any(
            key.endswith(":sub") for key in keys
        )


def test_trust_and_permission_name_each_other() -> None:
    (trusting,) = statements(trust())
    (permission,) = statements(caller_policy(consumer(), [], ACCOUNTS))
    assert trusting["Action"] == permission["Action"] == ["sts:AssumeRole"]
    assert trusting["Condition"] == {"ArnEquals": {"aws:PrincipalArn": [USER]}}
    assert permission["Resource"] == [ROLE]


def test_both_sides_allow_the_same_about_the_session() -> None:
    theirs = statements(caller_policy(consumer(conditions=EVERY_CONDITION), [], ACCOUNTS))
    ours = statements(trust(conditions=EVERY_CONDITION))
    assert [item["Action"] for item in theirs] == [item["Action"] for item in ours]
    assert theirs[0]["Condition"]["StringEquals"] == {"sts:ExternalId": ["vendor-7"]}
    for their, our in zip(theirs[1:], ours[1:], strict=True):
        # A request to tag or to name a session knows no external ID.
        assert "sts:ExternalId" not in json.dumps([their, our])
        assert their["Condition"].items() <= our["Condition"].items()


def test_what_is_allowed_but_not_required_may_be_left_out() -> None:
    lenient = Conditions(
        source_identity=SourceIdentity(required=False, values=("Alice",)),
        session_tags=SessionTags(required=False, tags={"team": "data"}),
    )
    assuming, identity, tags = statements(trust(conditions=lenient))
    assert assuming["Condition"] == {"ArnEquals": {"aws:PrincipalArn": [USER]}}
    assert identity["Condition"]["StringEquals"] == {"sts:SourceIdentity": ["Alice"]}
    assert tags["Condition"]["StringEqualsIfExists"] == {"aws:RequestTag/team": ["data"]}


def test_sessions_from_before_a_moment_are_denied_everything() -> None:
    (only,) = statements(revocation_policy("2030-01-31T00:00:00Z"))
    assert (only["Effect"], only["Action"], only["Resource"]) == ("Deny", ["*"], ["*"])
    assert only["Condition"] == {"DateLessThan": {"aws:TokenIssueTime": ["2030-01-31T00:00:00Z"]}}


def test_a_source_identity_of_any_value_can_be_required() -> None:
    assuming, identity = statements(trust(conditions=Conditions(source_identity=SourceIdentity())))
    assert assuming["Condition"]["Null"] == {"sts:SourceIdentity": ["false"]}
    assert identity["Action"] == ["sts:SetSourceIdentity"]


def test_mfa_is_asked_for_in_the_trust_policy_and_never_with_if_exists() -> None:
    conditions = Conditions(mfa=Mfa(max_age=900))
    asked = statements(trust(conditions=conditions))[0]["Condition"]
    assert asked["Bool"] == {"aws:MultiFactorAuthPresent": ["true"]}
    assert asked["NumericLessThan"] == {"aws:MultiFactorAuthAge": ["900"]}
    # A role's credentials say nothing of MFA: asked for later, it would refuse everything.
    assert "MultiFactor" not in access(grant([Level.READ]), conditions=conditions)


def test_every_statement_that_grants_access_ends_with_the_expiry() -> None:
    conditions = Conditions(expires_at="2030-01-31T00:00:00Z")
    for item in (
        *statements(access(grant(LEVELS, "images/"), conditions=conditions)),
        *statements(trust(conditions=conditions)),
    ):
        assert item["Condition"]["DateLessThan"] == {"aws:CurrentTime": ["2030-01-31T00:00:00Z"]}


def test_pods_state_the_same_on_both_sides_and_the_trust_asks_for_each_of_their_names() -> None:
    who = consumer(KINDS["eks_pods"])
    theirs, ours = (
        statements(caller_policy(who, [], ACCOUNTS)),
        statements(trust(KINDS["eks_pods"])),
    )
    assert [item["Action"] for item in theirs] == [item["Action"] for item in ours]
    asked = ours[0]["Condition"]["StringEquals"]
    assert asked["sts:ExternalId"] == ["us-west-2/444455556666/apps/web/shop"]
    names = {key: value for key, (value,) in asked.items() if key.startswith("aws:RequestTag/")}
    assert set(names.values()) == {"arn:aws:eks:us-west-2:444455556666:cluster/apps", "web", "shop"}
    # Of the tags that EKS gives beside, any value will do; further ones nobody gives.
    (keys,) = {
        tuple(item["Condition"]["ForAllValues:StringEquals"]["aws:TagKeys"])
        for item in (theirs[1], ours[1])
    }
    assert len(keys) == 6
    assert {f"aws:RequestTag/{key}" for key in keys} > set(names)


def test_instances_in_china_are_trusted_by_the_name_that_ec2_has_there() -> None:
    china = Account(account_id="1" * 12, profile="p", region="cn-north-1", partition="aws-cn")
    (item,) = statements(service_trust_policy(HandedOut(service="ec2"), china))
    assert item["Principal"] == {"Service": ["ec2.amazonaws.com.cn"]}
