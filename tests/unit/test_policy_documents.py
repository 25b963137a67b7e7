"""The documents are exactly those that a reader approved, and keep the rules of least privilege."""

import json
import re
from itertools import chain, combinations, pairwise, product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.policy_documents import (
    access_policy,
    caller_policy,
    resource_policy,
    service_trust_policy,
    trust_policy,
)
from components.policy_parts import MANAGED_POLICY_CHARACTERS, in_parts, policy_size
from model import (
    Account,
    Accounts,
    Bucket,
    Conditions,
    Consumer,
    Grant,
    InstanceRole,
    Instances,
    Level,
    Organization,
    Principals,
    Resource,
    Role,
    SessionTags,
    SourceIdentity,
    ThirdParty,
    User,
    Via,
    WebIdentities,
    Who,
)

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parents[1] / "golden"
BUCKET = "arn:aws:s3:::production-test-bucket-101"
ROLE = "arn:aws:iam::111122223333:role/StageRole"
STAGING = "arn:aws:iam::444455556666:root"
USER = "arn:aws:iam::444455556666:user/StageAdmin"
LEVELS = Bucket.levels
LEVEL_SETS = list(chain.from_iterable(combinations(LEVELS, n) for n in range(1, len(LEVELS) + 1)))
ACCOUNTS = Accounts(
    trusting=Account(account_id="111122223333", profile="p", region="us-west-2"),
    trusted=Account(account_id="444455556666", profile="s", region="us-west-2"),
)
EVERY_CONDITION = Conditions(
    external_id="vendor-7",
    mfa_max_age=900,
    source_ips=("203.0.113.0/24", "198.51.100.7/32"),
    source_identity=SourceIdentity(values=("Bob", "Alice")),
    session_tags=SessionTags(tags={"team": "data", "project": "apollo"}),
    expires_at="2030-01-31T00:00:00Z",
)
KINDS: dict[str, Who] = {
    "user": User(name="StageAdmin"),
    "ec2": Instances(
        role=InstanceRole(name="Replicator", path="/machines/"), instance_profile="Replicator"
    ),
    "third_party": ThirdParty(account_id="777788889999"),
    "oidc": WebIdentities(
        issuer="token.actions.githubusercontent.com",
        audience="sts.amazonaws.com",
        subjects=("repo:our-org/site:ref:refs/heads/main",),
    ),
    "oidc_wildcard": WebIdentities(
        issuer="gitlab.example.com",
        audience="https://gitlab.example.com",
        subjects=("project_path:our-org/*", "project_path:our-org/site:ref:main"),
    ),
    "principals": Principals(
        arns=("arn:aws:iam::444455556666:user/b*", "arn:aws:iam::444455556666:role/data/*")
    ),
    "organization": Organization(id="o-a1b2c3d4e5"),
    "organization_unit": Organization(
        id="o-a1b2c3d4e5", paths=("o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*",)
    ),
}


def consumer(who: Who | None = None, conditions: Conditions | None = None) -> Consumer:
    return Consumer(
        name="stage-admin",
        who=who or User(name="StageAdmin"),
        role=Role(name="StageRole", policy_name="StageRoleAccess"),
        conditions=conditions or Conditions(),
    )


def grant(
    levels: Any,
    *prefixes: str,
    bucket: str = "production-test-bucket-101",
    resource: Resource | None = None,
    who: Consumer | None = None,
    via: Via = Via.ROLE,
) -> Grant:
    return Grant(
        consumer=who or consumer(),
        resource=resource or Bucket(name=bucket),
        levels=tuple(levels),
        prefixes=prefixes,
        via=via,
    )


def access(*grants: Grant, conditions: Conditions | None = None) -> str:
    return access_policy(consumer(conditions=conditions), grants, ACCOUNTS)


def trust(who: Who | None = None, conditions: Conditions | None = None) -> str:
    return trust_policy(consumer(who, conditions), ACCOUNTS)


def bucket(*, staging_may_list: bool) -> str:
    declared = Bucket(name="production-test-bucket-101", staging_may_list=staging_may_list)
    return resource_policy(declared, [], ACCOUNTS)


def statements(document: str) -> list[dict[str, Any]]:
    parsed: list[dict[str, Any]] = json.loads(document)["Statement"]
    return parsed


APPROVED = {
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
    "bucket_policy": bucket(staging_may_list=True),
    "bucket_policy_tls_only": bucket(staging_may_list=False),
    "trust_policy_conditions": trust(conditions=EVERY_CONDITION),
    "assume_role_policy_conditions": caller_policy(
        consumer(conditions=EVERY_CONDITION), [], ACCOUNTS
    ),
    "service_trust_policy": service_trust_policy(ACCOUNTS.trusted.ec2_service),
    **{
        f"trust_policy_{name}": trust(
            who, Conditions(external_id="vendor-7") if name == "third_party" else None
        )
        for name, who in KINDS.items()
        if name != "user"
    },
}


@pytest.mark.parametrize("name", APPROVED)
def test_document_is_the_approved_one(name: str) -> None:
    assert json.loads(APPROVED[name]) == json.loads((GOLDEN / f"{name}.json").read_text())


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
        elif item["Action"] != ["s3:GetBucketLocation"]:
            assert item["Action"] == ["s3:ListBucket"]
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
def test_no_trust_names_a_user_or_role_and_each_is_narrowed(who: Who) -> None:
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


def test_a_source_identity_of_any_value_can_be_required() -> None:
    assuming, identity = statements(trust(conditions=Conditions(source_identity=SourceIdentity())))
    assert assuming["Condition"]["Null"] == {"sts:SourceIdentity": ["false"]}
    assert identity["Action"] == ["sts:SetSourceIdentity"]


def test_mfa_is_asked_for_in_the_trust_policy_and_never_with_if_exists() -> None:
    conditions = Conditions(mfa_max_age=900)
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


def test_instances_in_china_are_trusted_by_the_name_that_ec2_has_there() -> None:
    china = Account(account_id="1" * 12, profile="p", region="cn-north-1", partition="aws-cn")
    (item,) = statements(service_trust_policy(china.ec2_service))
    assert item["Principal"] == {"Service": ["ec2.amazonaws.com.cn"]}


def test_plain_http_is_refused_to_everybody_but_tls_to_nobody() -> None:
    deny = statements(bucket(staging_may_list=False))[0]
    assert (deny["Effect"], deny["Principal"], deny["Action"]) == ("Deny", "*", ["s3:*"])
    assert set(deny["Resource"]) == {BUCKET, f"{BUCKET}/*"}
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": ["false"]}}


def test_the_docs_say_what_each_level_means() -> None:
    def cell(actions: tuple[str, ...]) -> str:
        return ", ".join(f"`{action.removeprefix('s3:')}`" for action in actions)

    rows = [
        f"| `{level}` | {' | '.join(map(cell, actions))} |".replace("  ", " ")
        for level, actions in LEVELS.items()
    ]
    assert "\n".join(rows) in (ROOT / "docs" / "shapes.md").read_text()


SMALL = 700
"""Characters of a part in these tests: a statement or two, or a few prefixes."""

many_grants = st.lists(
    st.tuples(
        st.sampled_from(LEVEL_SETS),
        st.lists(st.from_regex(r"[a-z]{1,80}/", fullmatch=True), max_size=20, unique=True),
    ),
    min_size=1,
    max_size=12,
)
"""One grant for each bucket, with or without prefixes."""
some_conditions = st.sampled_from([Conditions(), EVERY_CONDITION])


def of_many(grants: list[tuple[Any, list[str]]], conditions: Conditions) -> str:
    return access(
        *(
            grant(levels, *prefixes, bucket=f"bucket-{number}")
            for number, (levels, prefixes) in enumerate(grants)
        ),
        conditions=conditions,
    )


def permissions(*documents: str) -> list[str]:
    """What the documents allow, each action on each resource under each prefix, in their order."""
    found = []
    for statement in chain.from_iterable(map(statements, documents)):
        condition = statement.pop("Condition", {})
        prefixes = condition.get("StringLike", {}).pop("s3:prefix", [None])
        resources = statement.pop("Resource")
        for resource, prefix in product(resources, prefixes):
            found.append(json.dumps([statement, condition, resource, prefix]))
    return found


@given(many_grants, some_conditions)
def test_a_policy_in_parts_says_the_same(grants: Any, conditions: Conditions) -> None:
    document = of_many(grants, conditions)
    parts = in_parts(document, SMALL)
    assert permissions(*parts) == permissions(document)
    for part in parts:
        sids = [item["Sid"] for item in statements(part)]
        assert len(sids) == len(set(sids))
        assert policy_size(part) <= SMALL or len(permissions(part)) == 1


@given(many_grants, some_conditions)
def test_a_part_is_begun_only_where_the_one_before_is_full(
    grants: Any, conditions: Conditions
) -> None:
    parts = in_parts(of_many(grants, conditions), SMALL)
    for part, following in pairwise(parts):
        and_one_more = [*statements(part), statements(following)[0]]
        joined = json.dumps({"Version": "2012-10-17", "Statement": and_one_more})
        assert policy_size(joined) > SMALL


@given(many_grants, some_conditions)
def test_a_grant_at_the_end_changes_the_last_part_alone(
    grants: Any, conditions: Conditions
) -> None:
    *full, _ = in_parts(of_many(grants, conditions), SMALL)
    more = [*grants, ((Level.LIST, Level.READ), ["another/"])]
    assert in_parts(of_many(more, conditions), SMALL)[: len(full)] == full


def test_a_policy_that_fits_is_one_and_stays_as_it_is() -> None:
    document = access(grant(LEVELS, "images/", "reports/"))
    assert in_parts(document, policy_size(document)) == [document]
    assert in_parts(document, MANAGED_POLICY_CHARACTERS) == [document]
    assert len(in_parts(document, policy_size(document) - 1)) == 2


def test_a_statement_too_large_by_itself_is_cut_along_its_prefixes_and_resources() -> None:
    listing = {
        "Sid": "Listing1",
        "Effect": "Allow",
        "Action": ["s3:ListBucket"],
        "Resource": [BUCKET],
        "Condition": {
            "StringLike": {
                "aws:userid": ["AROA*:alice"],
                "s3:prefix": [f"customer-{number:03}/*" for number in range(60)],
            }
        },
    }
    objects = {
        "Sid": "Objects1",
        "Effect": "Allow",
        "Action": ["s3:GetObject"],
        "Resource": [f"{BUCKET}/customer-{number:03}/*" for number in range(60)],
        "Condition": {"StringLike": {"aws:userid": ["AROA*:alice"]}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [listing, objects]})
    parts = in_parts(document, SMALL)
    assert permissions(*parts) == permissions(document)
    assert all(policy_size(part) <= SMALL for part in parts)
