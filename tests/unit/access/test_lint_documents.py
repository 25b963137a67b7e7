"""`access lint` judges by what a document allows: a table of documents, and what it finds."""

from __future__ import annotations

import json

import pytest

from cross_account_access.iam.engine import PolicyKind
from cross_account_access.iam.lint.findings import Severity
from cross_account_access.iam.lint.judging import judge
from cross_account_access.iam.lint.subjects import subject_of_text
from tests.support.lint_documents import CASES
from tests.support.states import Json, policy


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
