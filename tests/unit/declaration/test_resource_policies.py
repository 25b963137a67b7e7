"""The policies of resources and keys, and those of callers that must agree with them."""

import json
import re
from typing import Any

import pytest

from cross_account_access.declaration.kinds import (
    Bucket,
    Queue,
    ThirdParty,
    Topic,
    User,
)
from cross_account_access.declaration.model import (
    Consumer,
    Level,
    Mfa,
    OwnedResource,
    Principal,
)
from cross_account_access.declaration.policies.documents import (
    access_policy,
    caller_policy,
    key_policy,
    resource_policy,
)
from cross_account_access.iam.engine import (
    Context,
    Outcome,
    Request,
    World,
    decide,
    parse_principal,
)
from tests.unit.declaration.documents import (
    ACCOUNTS,
    BUCKET,
    JOBS,
    NEWS,
    OPERATORS,
    OUR_ORGANIZATION,
    PRODUCTION,
    RECORDS,
    ROOT,
    SNS_ACTIONS,
    STAGING,
    access,
    bucket,
    consumer,
    direct,
    grant,
    shared,
    statements,
)


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
        f"| `{level}` | {' | '.join(map(cell, actions[: 2 if has_objects else 1]))} |"
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


@pytest.mark.parametrize(
    ("stated", "refused"),
    [
        ({}, False),
        ({"": "AES256"}, False),
        ({"": "aws:kms"}, True),
        ({"": "aws:kms:dsse"}, True),
        ({"": "aws:kms", "-aws-kms-key-id": "arn:aws:kms:us-west-2:777788889999:key/1"}, True),
        ({"-aws-kms-key-id": "alias/theirs"}, True),
        ({"-customer-algorithm": "AES256"}, True),
    ],
)
def test_an_upload_brings_no_key_into_a_bucket_without_one(
    stated: dict[str, str], refused: bool
) -> None:
    header, owner = "s3:x-amz-server-side-encryption", "arn:aws:iam::111122223333:user/Writer"
    anything = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
    }

    def refuses(shared_bucket: Bucket) -> bool:
        policy = json.loads(resource_policy(shared_bucket, [], ACCOUNTS))
        world = World(
            users={owner: {"policies": {"own": anything}}},
            roles={},
            resources={BUCKET: {"account": "111122223333", "policy": policy}},
        )
        told = {f"{header}{name}": value for name, value in stated.items()}
        unstated = [f"{header}{name}" for name in ("", "-aws-kms-key-id", "-customer-algorithm")]
        context = Context(
            {"aws:SecureTransport": "true", **told},
            absent=[name for name in unstated if name not in told],
        )
        asked = Request(parse_principal(owner), "s3:PutObject", f"{BUCKET}/x", context)
        decision = decide(world, asked)
        assert decision.outcome is not Outcome.UNKNOWN
        return decision.outcome is Outcome.DENIED

    name = "production-test-bucket-101"
    assert refuses(Bucket(name=name)) is refused
    assert not refuses(Bucket(name=name, allow_other_keys=True))


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
