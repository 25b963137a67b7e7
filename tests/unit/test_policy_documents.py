"""The documents are exactly those that a reader approved, and keep the rules of least privilege."""

import json
from itertools import chain, combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.policy_documents import (
    LEVELS,
    access_policy,
    assume_role_policy,
    bucket_policy,
    trust_policy,
)
from model import Level

GOLDEN = Path(__file__).parents[1] / "golden"
BUCKET = "arn:aws:s3:::production-test-bucket-101"
ROLE = "arn:aws:iam::111122223333:role/StageRole"
STAGING = "arn:aws:iam::444455556666:root"
USER = "arn:aws:iam::444455556666:user/StageAdmin"
LEVEL_SETS = list(chain.from_iterable(combinations(Level, n) for n in range(1, len(Level) + 1)))


def statements(document: str) -> list[dict[str, Any]]:
    parsed: list[dict[str, Any]] = json.loads(document)["Statement"]
    return parsed


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("trust_policy", trust_policy(trusted_root_arn=STAGING, principal_arn=USER)),
        ("assume_role_policy", assume_role_policy(role_arn=ROLE)),
        ("access_policy", access_policy([(BUCKET, [Level.LIST, Level.READ])])),
        ("access_policy_all_levels", access_policy([(BUCKET, list(Level))])),
        ("bucket_policy", bucket_policy(bucket_arn=BUCKET, listed_by=[STAGING])),
        ("bucket_policy_tls_only", bucket_policy(bucket_arn=BUCKET, listed_by=[])),
    ],
)
def test_document_is_the_approved_one(name: str, document: str) -> None:
    assert json.loads(document) == json.loads((GOLDEN / f"{name}.json").read_text())


@pytest.mark.parametrize("levels", LEVEL_SETS)
def test_levels_compose_and_none_implies_another(levels: tuple[Level, ...]) -> None:
    expected = {action for level in levels for actions in LEVELS[level] for action in actions}
    document = access_policy([(BUCKET, levels)])
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
    document = access_policy([(BUCKET, levels)])
    assert not refused & {action for item in statements(document) for action in item["Action"]}


@given(
    st.lists(
        st.tuples(
            st.sampled_from([f"arn:aws:s3:::bucket-{n}" for n in range(9)]),
            st.sampled_from(LEVEL_SETS),
        ),
        min_size=1,
        unique_by=lambda grant: grant[0],
    )
)
def test_access_policy_names_granted_buckets_only_and_no_wildcard_action(
    grants: list[tuple[str, tuple[Level, ...]]],
) -> None:
    document = access_policy(grants)
    items = statements(document)
    buckets = {resource.removesuffix("/*") for item in items for resource in item["Resource"]}
    assert buckets == {bucket for bucket, _ in grants}
    assert not [action for item in items for action in item["Action"] if "*" in action]
    assert len({item["Sid"] for item in items}) == len(items)
    assert all(item["Sid"].isalnum() for item in items)
    for item in items:
        on_objects = all(resource.endswith("/*") for resource in item["Resource"])
        own = {action for actions in LEVELS.values() for action in actions.on_objects}
        assert on_objects == bool(own & set(item["Action"]))


def test_the_order_of_levels_does_not_change_the_text() -> None:
    forward = access_policy([(BUCKET, list(Level))])
    assert forward == access_policy([(BUCKET, list(reversed(Level)))])


def test_trust_and_permission_name_each_other() -> None:
    (trust,) = statements(trust_policy(trusted_root_arn=STAGING, principal_arn=USER))
    (permission,) = statements(assume_role_policy(role_arn=ROLE))
    assert trust["Action"] == permission["Action"] == ["sts:AssumeRole"]
    assert trust["Condition"] == {"ArnEquals": {"aws:PrincipalArn": [USER]}}
    assert permission["Resource"] == [ROLE]


def test_plain_http_is_refused_to_everybody_but_tls_to_nobody() -> None:
    deny = statements(bucket_policy(bucket_arn=BUCKET, listed_by=[]))[0]
    assert (deny["Effect"], deny["Principal"], deny["Action"]) == ("Deny", "*", ["s3:*"])
    assert set(deny["Resource"]) == {BUCKET, f"{BUCKET}/*"}
    assert deny["Condition"] == {"Bool": {"aws:SecureTransport": ["false"]}}
