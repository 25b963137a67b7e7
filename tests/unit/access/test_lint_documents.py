"""`access lint` judges by what a document allows: a table of documents, and what it finds."""

from __future__ import annotations

import json

import pytest

from cross_account_access.iam.engine import PolicyKind
from cross_account_access.iam.lint.findings import Severity
from cross_account_access.iam.lint.judging import judge
from cross_account_access.iam.lint.subjects import subject_of_text
from tests.support.lint_documents import CASES
from tests.support.states import BUCKET, STAGING, Json, allow, policy


@pytest.mark.parametrize(
    ("kind", "statements", "expected"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_what_is_found_follows_from_what_is_allowed(
    kind: PolicyKind, statements: list[Json], expected: set[str]
) -> None:
    found = list(judge(subject_of_text("document", json.dumps(policy(*statements)), kind)))
    assert {each.rule for each in found if each.severity > Severity.LOW} == expected, found
    assert all("; " in each.message for each in found)


def test_half_of_the_documents_are_passed_in_silence() -> None:
    silent = [what for what, *_, expected in CASES if not expected]
    assert len(CASES) > 150
    assert 0.4 < len(silent) / len(CASES) < 0.6


def asking(operator: str, key: str, value: object) -> Json:
    return allow("s3:GetObject", f"{BUCKET}/*", Principal="*", Condition={operator: {key: value}})


ODD: list[Json] = [
    asking("StringEquals", "no-service", "x"),
    asking("DateGreaterThan", "aws:CurrentTime", []),
    asking("DateGreaterThan", "aws:MultiFactorAuthPresent", "5"),
    asking("NumericLessThan", "aws:SourceIp", "5"),
    asking("BinaryEquals", "aws:PrincipalOrgID", "eA=="),
    asking("ArnLike", "aws:SourceIp", ["", "10.0.0.0/8"]),
    asking("StringLike", "aws:PrincipalArn", "${aws:username}"),
    asking("StringEquals", "aws:TagKeys", [str(number) for number in range(40)]),
    allow("s3:GetObject", "arn:aws:execute-api:us-east-1:123:x", Principal="*"),
    allow("iam:*", "arn:aws:iam::*:role/*", Principal="*"),
    allow("sts:*", "*", Principal="*"),
    allow("NotAnAction:x", "*", Principal="*"),
    allow(
        "sqs:AddPermission",
        "*",
        Principal={"AWS": f"arn:aws:sts::{STAGING}:assumed-role/App/run"},
    ),
]


@pytest.mark.parametrize("statement", ODD)
def test_an_odd_document_is_judged_too(statement: Json) -> None:
    text = json.dumps(policy(statement))
    found = {
        kind: {each.rule for each in judge(subject_of_text("document", text, kind))}
        for kind in (PolicyKind.RESOURCE, PolicyKind.IDENTITY)
    }
    assert "grammar" not in found[PolicyKind.RESOURCE]
    assert found[PolicyKind.IDENTITY] == {"grammar"}
