"""Whom the policies name that lie in the accounts."""

from __future__ import annotations

from typing import Any

import pytest

from cross_account_access.command.verification.named import named_in
from cross_account_access.iam.errors import DocumentError
from cross_account_access.iam.inventory import Inventory
from tests.support.states import allow, deny, policy
from tests.unit.verification.declared import BUCKET, PRODUCTION, QUEUE, ROLE, STAGING, USER

ROOT = f"arn:aws:iam::{STAGING}:root"


def named(*, trust: Any = None, bucket: Any = None) -> dict[str, tuple[str, ...]]:
    return named_in(
        Inventory(
            accounts=(),
            users={},
            roles={ROLE: {"trust": trust or policy(allow("sts:AssumeRole", Principal="*"))}},
            resources={
                BUCKET: {"account": PRODUCTION, "policy": bucket},
                QUEUE: {"account": PRODUCTION, "policy": None},
            },
        )
    )


def test_principals_of_every_element_are_told_by_the_policy_that_names_them() -> None:
    principals = {
        "AWS": [ROOT, USER],
        "Service": "ec2.amazonaws.com",
        "Federated": "cognito-identity.amazonaws.com",
        "CanonicalUser": "0123456789abcdef",
    }
    trust = policy(allow("sts:AssumeRole", Principal=principals))
    bucket = policy(allow("s3:GetObject", f"{BUCKET}/*", Principal={"AWS": "777788889999"}))
    assert named(trust=trust, bucket=bucket) == {
        ROLE: (ROOT, USER, "cognito-identity.amazonaws.com", "ec2.amazonaws.com"),
        BUCKET: ("777788889999",),
    }


def test_whom_conditions_name_counts_in_whatever_case_the_key_is_written() -> None:
    conditions = {
        "ArnLike": {"aws:principalARN": [USER]},
        "StringEquals": {"AWS:PrincipalAccount": STAGING, "aws:PrincipalOrgID": "o-1"},
    }
    trust = policy(allow("sts:AssumeRole", Principal={"AWS": ROOT}, Condition=conditions))
    assert named(trust=trust)[ROLE] == tuple(sorted((STAGING, ROOT, USER)))


@pytest.mark.parametrize(
    "statement",
    [
        deny("s3:*", f"{BUCKET}/*", Principal={"AWS": USER}),
        {**allow("s3:*", f"{BUCKET}/*"), "NotPrincipal": {"AWS": USER}},
    ],
)
def test_whom_a_statement_keeps_out_is_not_named(statement: dict[str, Any]) -> None:
    assert named(bucket=policy(statement))[BUCKET] == ()


def test_a_document_that_cannot_be_read_is_told() -> None:
    with pytest.raises(DocumentError, match=f"resource-based policy of {BUCKET}: line 1"):
        named(bucket="{")
