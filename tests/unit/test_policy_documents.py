"""The documents are exactly those that a reader approved, and keep the rules of least privilege."""

import json
import re
from itertools import chain, combinations, pairwise, product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cross_account_access.declaration.accounts import Account, Accounts
from cross_account_access.declaration.kinds import (
    Bucket,
    Instances,
    Organization,
    Principals,
    Queue,
    ThirdParty,
    Topic,
    User,
    WebIdentities,
)
from cross_account_access.declaration.kinds.instances import InstanceRole
from cross_account_access.declaration.model import (
    Conditions,
    Consumer,
    Grant,
    Level,
    Mfa,
    OwnedResource,
    Principal,
    Role,
    SessionTags,
    SourceIdentity,
    Via,
)
from cross_account_access.declaration.policies.documents import (
    access_policy,
    caller_policy,
    key_policy,
    resource_policy,
    service_trust_policy,
    trust_policy,
)
from cross_account_access.declaration.policies.parts import in_parts
from cross_account_access.declaration.statements import render
from cross_account_access.facts.quotas import MANAGED_POLICY_CHARACTERS, policy_characters

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parents[1] / "golden"
BUCKET = "arn:aws:s3:::production-test-bucket-101"
ROLE = "arn:aws:iam::111122223333:role/StageRole"
SNS_ACTIONS = {
    *("sns:AddPermission", "sns:DeleteTopic", "sns:GetDataProtectionPolicy"),
    *("sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic", "sns:ListTagsForResource"),
    *("sns:Publish", "sns:PutDataProtectionPolicy", "sns:RemovePermission"),
    *("sns:SetTopicAttributes", "sns:Subscribe"),
}
"""All that a topic policy takes ("Amazon SNS API permissions: Actions and resources reference")."""
STAGING = "arn:aws:iam::444455556666:root"
USER = "arn:aws:iam::444455556666:user/StageAdmin"
LEVELS = Bucket.levels
LEVEL_SETS = list(chain.from_iterable(combinations(LEVELS, n) for n in range(1, len(LEVELS) + 1)))
PRODUCTION = Account(account_id="111122223333", profile="p", region="us-west-2")
ACCOUNTS = Accounts(
    trusting=PRODUCTION,
    trusted=Account(account_id="444455556666", profile="s", region="us-west-2"),
)
EVERY_CONDITION = Conditions(
    external_id="vendor-7",
    mfa=Mfa(max_age=900),
    source_ips=("203.0.113.0/24", "198.51.100.7/32"),
    source_identity=SourceIdentity(values=("Bob", "Alice")),
    session_tags=SessionTags(tags={"team": "data", "project": "apollo"}),
    expires_at="2030-01-31T00:00:00Z",
)
KINDS: dict[str, Principal] = {
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


def consumer(who: Principal | None = None, conditions: Conditions | None = None) -> Consumer:
    return Consumer(
        name="stage-admin",
        principal=who or User(name="StageAdmin"),
        role=Role(name="StageRole", policy_name="StageRoleAccess"),
        conditions=conditions or Conditions(),
    )


def grant(
    levels: Any,
    *prefixes: str,
    bucket: str = "production-test-bucket-101",
    resource: OwnedResource | None = None,
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


def trust(who: Principal | None = None, conditions: Conditions | None = None) -> str:
    return trust_policy(consumer(who, conditions), ACCOUNTS)


def bucket(*, staging_may_list: bool) -> str:
    declared = Bucket(name="production-test-bucket-101", staging_may_list=staging_may_list)
    return resource_policy(declared, [], ACCOUNTS)


RECORDS = Bucket(name="records.of-2030", encryption="kms")
NEWS, JOBS = Topic(name="news"), Queue(name="jobs")


def direct(*, who: Principal | None = None, **conditions: Any) -> Consumer:
    """A consumer that has no role."""
    return Consumer(
        name="data-team",
        principal=who or User(name="Copier"),
        role=None,
        conditions=Conditions(**conditions),
    )


def shared(*consumers: Consumer) -> list[Grant]:
    """Something of every kind, by resource policies."""
    return [
        grant(levels, *prefixes, resource=resource, who=consumer, via=Via.RESOURCE)
        for consumer in consumers
        for resource, levels, prefixes in (
            (RECORDS, [Level.LIST, Level.WRITE], ["images/"]),
            (NEWS, NEWS.levels, []),
            (JOBS, JOBS.levels, []),
        )
    ]


OPERATORS = direct(who=KINDS["principals"], mfa=Mfa(max_age=900))
OUR_ORGANIZATION = direct(who=KINDS["organization_unit"])


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


def test_instances_in_china_are_trusted_by_the_name_that_ec2_has_there() -> None:
    china = Account(account_id="1" * 12, profile="p", region="cn-north-1", partition="aws-cn")
    (item,) = statements(service_trust_policy(china.ec2_service))
    assert item["Principal"] == {"Service": ["ec2.amazonaws.com.cn"]}


def test_plain_http_is_refused_to_everybody_but_tls_to_nobody() -> None:
    deny = statements(bucket(staging_may_list=False))[0]
    assert (deny["Effect"], deny["Principal"], deny["Action"]) == ("Deny", "*", ["s3:*"])
    assert set(deny["Resource"]) == {BUCKET, f"{BUCKET}/*"}
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": ["false"]}}


@pytest.mark.parametrize("kind", [Bucket, Topic, Queue])
def test_the_docs_say_what_each_level_means(kind: type[OwnedResource]) -> None:
    def cell(actions: tuple[str, ...]) -> str:
        return ", ".join(f"`{action.split(':')[1]}`" for action in actions)

    has_objects = any(actions.on_objects for actions in kind.levels.values())
    rows = [
        f"| `{level}` | {' | '.join(map(cell, actions if has_objects else actions[:1]))} |"
        for level, actions in kind.levels.items()
    ]
    told = "\n".join(rows).replace("  ", " ")
    assert told in (ROOT / "docs" / "shapes.md").read_text()


@pytest.mark.parametrize(
    "who", [direct(), OPERATORS, OUR_ORGANIZATION], ids=lambda c: c.principal.kind
)
@pytest.mark.parametrize("resource", [RECORDS, NEWS, JOBS], ids=lambda r: r.kind)
def test_a_resource_and_the_callers_own_policy_allow_the_same(
    resource: OwnedResource, who: Consumer
) -> None:
    def allowed(document: str) -> list[tuple[Any, ...]]:
        narrowed = {key for by_key in trusted.conditions.values() for key in by_key}
        return [
            (
                item["Action"],
                item["Resource"],
                {
                    operator: by_key
                    for operator, by_key in item.get("Condition", {}).items()
                    if not narrowed & set(by_key)
                },
            )
            for item in statements(document)
            if item["Effect"] == "Allow"
        ]

    trusted = who.principal.trust(ACCOUNTS)
    grants = [item for item in shared(who) if item.resource == resource]
    theirs = [
        item for item in allowed(caller_policy(who, grants, ACCOUNTS)) if "kms" not in item[0][0]
    ]
    assert allowed(resource_policy(resource, grants, ACCOUNTS)) == theirs
    assert theirs


def test_a_key_and_the_policies_of_its_users_allow_the_same() -> None:
    def of_key(document: str, sid: str) -> tuple[Any, Any]:
        (item,) = [item for item in statements(document) if re.search(sid, item["Sid"])]
        condition = {key: value for key, value in item["Condition"].items() if key != "ArnEquals"}
        return item["Action"], condition

    writer = shared(direct())
    decides = of_key(key_policy(RECORDS, writer, ACCOUNTS), "DataTeam1Key")
    assert of_key(caller_policy(direct(), writer, ACCOUNTS), "^Key") == decides
    by_role = access(grant([Level.WRITE], resource=RECORDS))
    assert of_key(by_role, "^Key") == of_key(key_policy(RECORDS, [], ACCOUNTS), "UseForBucket")
    assert decides[0] == ["kms:Decrypt", "kms:GenerateDataKey"]


@pytest.mark.parametrize(
    ("levels", "actions"),
    [
        ([Level.LIST], set()),
        ([Level.DELETE], set()),
        ([Level.READ], {"kms:Decrypt"}),
        ([Level.WRITE], {"kms:Decrypt", "kms:GenerateDataKey"}),
        ([Level.READ, Level.WRITE], {"kms:Decrypt", "kms:GenerateDataKey"}),
    ],
)
def test_a_key_is_used_as_far_as_the_levels_need_it(levels: list[Level], actions: set[str]) -> None:
    def used(resource: OwnedResource) -> set[str]:
        document = access(grant(levels, resource=resource))
        return {action for item in statements(document) for action in item["Action"]}

    assert {action for action in used(RECORDS) if action.startswith("kms:")} == actions
    assert used(Bucket(name="records")) == used(RECORDS) - actions


def test_a_key_is_asked_for_neither_address_nor_endpoint_nor_mfa_but_ends() -> None:
    """S3 asks for the key, from its own address."""
    networks: list[dict[str, Any]] = [
        {"source_ips": ("203.0.113.0/24",)},
        {"vpc_endpoints": ("vpce-01234567",)},
    ]
    for network in networks:
        who = direct(expires_at="2030-01-31T00:00:00Z", mfa=Mfa(max_age=900), **network)
        document = key_policy(RECORDS, shared(who), ACCOUNTS)
        (item,) = [item for item in statements(document) if "Key1" in item["Sid"]]
        keys = {key for by_key in item["Condition"].values() for key in by_key}
        assert keys == {
            "aws:CurrentTime",
            "aws:PrincipalArn",
            "kms:EncryptionContext:aws:s3:arn",
            "kms:ViaService",
        }


def test_whoever_may_manage_a_key_may_not_thereby_use_it() -> None:
    administer, use = statements(key_policy(RECORDS, [], ACCOUNTS))
    assert not {"kms:Decrypt", "kms:Encrypt", "kms:CreateGrant"} & set(administer["Action"])
    # AWS refuses a key policy that leaves out who could change it again ("PutKeyPolicy").
    assert "kms:PutKeyPolicy" in administer["Action"]
    assert administer["Principal"] == use["Principal"]
    assert "Condition" not in administer


@pytest.mark.parametrize("resource", [RECORDS, NEWS, JOBS], ids=lambda r: r.kind)
def test_resource_policies_are_of_the_form_that_their_services_take(
    resource: OwnedResource,
) -> None:
    grants = shared(direct(), OPERATORS, OUR_ORGANIZATION)
    document = resource_policy(resource, grants, ACCOUNTS)
    items = statements(document)
    assert len({item["Sid"] for item in items}) == len(items)
    assert all(item["Sid"].isalnum() for item in items)
    assert not re.search("NotPrincipal|CanonicalUser", document)
    for item in items:
        actions = item["Action"]
        if resource is not RECORDS:
            assert item["Resource"] == [resource.arn(PRODUCTION)]
        if resource is NEWS:
            assert set(actions) <= SNS_ACTIONS
        if resource is JOBS:
            assert len(actions) <= 7


def test_no_resource_policy_lets_in_more_than_is_narrowed() -> None:
    for who in (direct(), OPERATORS, OUR_ORGANIZATION):
        for resource in (RECORDS, NEWS, JOBS):
            for item in statements(resource_policy(resource, shared(who), ACCOUNTS)):
                if item["Effect"] == "Allow":
                    keys = {key for by_key in item["Condition"].values() for key in by_key}
                    assert keys & {"aws:PrincipalArn", "aws:PrincipalOrgID"}
                    assert set(item["Principal"]["AWS"]) <= {STAGING, "*"}


@pytest.mark.parametrize(
    ("who", "account"),
    [(User(name="A"), "444455556666"), (ThirdParty(account_id="777788889999"), "777788889999")],
    ids=["user", "third party"],
)
def test_a_subscription_leads_to_the_consumers_own_account(who: Principal, account: str) -> None:
    granted = grant([Level.SUBSCRIBE], resource=NEWS, who=consumer(who))
    (item,) = statements(access_policy(consumer(who), [granted], ACCOUNTS))
    (endpoints,) = item["Condition"]["StringLike"].values()
    assert {endpoint.split(":")[4] for endpoint in endpoints} == {account}
    assert {endpoint.split(":")[2] for endpoint in endpoints} == {"lambda", "sqs"}


def test_grants_of_one_way_are_no_part_of_the_other() -> None:
    both = [grant([Level.READ]), *shared(consumer())]
    assert access_policy(consumer(), both, ACCOUNTS) == access(both[0])
    alone = resource_policy(Bucket(name="production-test-bucket-101"), both, ACCOUNTS)
    assert alone == bucket(staging_may_list=False)


def test_uploads_leave_the_encryption_to_a_bucket_that_has_a_key() -> None:
    refusals = statements(resource_policy(RECORDS, [], ACCOUNTS))[1:]
    header = "s3:x-amz-server-side-encryption"
    assert [item["Condition"] for item in refusals] == [
        {"Null": {header: ["false"]}},
        {"Null": {f"{header}-customer-algorithm": ["false"]}},
    ]
    for item in refusals:
        assert (item["Effect"], item["Principal"], item["Action"]) == (
            "Deny",
            "*",
            ["s3:PutObject"],
        )


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
        assert policy_characters(part) <= SMALL or len(permissions(part)) == 1


@given(many_grants, some_conditions)
def test_a_part_is_begun_only_where_the_one_before_is_full(
    grants: Any, conditions: Conditions
) -> None:
    parts = in_parts(of_many(grants, conditions), SMALL)
    for part, following in pairwise(parts):
        and_one_more = [*statements(part), statements(following)[0]]
        joined = json.dumps({"Version": "2012-10-17", "Statement": and_one_more})
        assert policy_characters(joined) > SMALL


@given(many_grants, some_conditions)
def test_a_grant_at_the_end_changes_the_last_part_alone(
    grants: Any, conditions: Conditions
) -> None:
    *full, _ = in_parts(of_many(grants, conditions), SMALL)
    more = [*grants, ((Level.LIST, Level.READ), ["another/"])]
    assert in_parts(of_many(more, conditions), SMALL)[: len(full)] == full


def test_a_policy_that_fits_is_one_and_stays_as_it_is() -> None:
    document = access(grant(LEVELS, "images/", "reports/"))
    assert in_parts(document, policy_characters(document)) == [document]
    assert in_parts(document, MANAGED_POLICY_CHARACTERS) == [document]
    assert len(in_parts(document, policy_characters(document) - 1)) == 2


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
    assert all(policy_characters(part) <= SMALL for part in parts)


def test_a_part_is_full_at_exactly_the_limit() -> None:
    """Both where statements are put together and where one is cut."""
    statement = {"Effect": "Allow", "Action": ["s3:GetObject"]}

    def document(*resources: list[str]) -> str:
        return render([{**statement, "Resource": each} for each in resources])

    pair = policy_characters(document(["aa"], ["bb"]))
    assert in_parts(document(["aa"], ["bb"], ["cc"]), pair) == [
        document(["aa"], ["bb"]),
        document(["cc"]),
    ]
    assert len(in_parts(document(["aa"], ["bb"], ["cc"]), pair - 1)) == 3
    two = policy_characters(document(["aa", "bb"]))
    assert in_parts(document(["aa", "bb", "cc"]), two) == [
        document(["aa", "bb"]),
        document(["cc"]),
    ]
    assert len(in_parts(document(["aa", "bb", "cc"]), two - 1)) == 3
