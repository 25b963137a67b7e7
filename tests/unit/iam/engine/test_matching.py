"""Texts of which only begin and end are known, and what patterns say of themselves."""

from __future__ import annotations

from typing import Any

import pytest

from cross_account_access.iam.engine import World
from cross_account_access.iam.engine.matching import PatternSet, Shape
from tests.unit.iam.engine.accounts import BUCKET, GET, OBJECT, TRUSTING, allow, ask, policy

LIKE, EQUALS, FOLDED = "StringLike", "StringEquals", "StringEqualsIgnoreCase"
NEITHER = "StringNotEqualsIgnoreCase"


def answer(session: str, condition: Any) -> tuple[str, tuple[str, ...]]:
    """May it read, if a condition about its user ID, AROA and what AWS appends, is met?"""
    role = f"arn:aws:iam::{TRUSTING}:role/Reader"
    world = World(
        roles={
            role: {
                "trust": policy(),
                "policies": {"p": policy(allow(GET, Condition=condition))},
            }
        },
        resources={BUCKET: {"account": TRUSTING, "policy": None}},
    )
    who = f"arn:aws:sts::{TRUSTING}:assumed-role/Reader/{session}"
    decision = ask(world, who, GET, OBJECT)
    return decision.outcome.value, decision.unknown


@pytest.mark.parametrize(
    ("session", "operator", "pattern", "expected"),
    [
        # Whatever AWS puts between.
        ("test", LIKE, "*", "allowed"),
        ("test", LIKE, "AROA*:test", "allowed"),
        ("test", LIKE, "A*:test", "allowed"),
        ("test", LIKE, "AR*OA*:te?t", "allowed"),
        ("test", LIKE, "????*", "allowed"),
        ("test", LIKE, ["AIDA*", "AROA*:test"], "allowed"),
        # For some of it.
        ("test", LIKE, "AROA:test", "unknown"),
        ("test", LIKE, "AROAEXAMPLE:test", "unknown"),
        ("test", LIKE, "AROA??*:test", "unknown"),
        ("test", LIKE, "AROA*x:test", "unknown"),
        ("test", EQUALS, "AROAEXAMPLE:test", "unknown"),
        ("test", EQUALS, "AROA*:test", "unknown"),
        ("test", FOLDED, "aroaexample:TEST", "unknown"),
        ("Test", FOLDED, "AROAEXAMPLE:test", "unknown"),
        ("test", NEITHER, "aroaexample:TEST", "unknown"),
        # For none.
        ("test", LIKE, "A", "denied"),
        ("test", LIKE, "AROA", "denied"),
        ("test", LIKE, "AROA:tes", "denied"),
        ("test", LIKE, "AIDA*:test", "denied"),
        ("test", LIKE, "AROA*:other", "denied"),
        ("ROAx", LIKE, "?ROAx", "denied"),
        ("test", EQUALS, "A*", "denied"),
        ("test", FOLDED, "aidaexample:test", "denied"),
        ("test", FOLDED, "aroaexample:other", "denied"),
        ("test", NEITHER, "aidaexample:test", "allowed"),
    ],
)
def test_a_value_known_in_part_matches_for_any_middle_for_some_or_for_none(
    session: str, operator: str, pattern: Any, expected: str
) -> None:
    outcome, unknown = answer(session, {operator: {"aws:userid": pattern}})
    assert outcome == expected
    begin = "aroa" if operator in (FOLDED, NEITHER) else "AROA"
    assert [f"'{begin}'" in each for each in unknown] == [True] * (expected == "unknown")


def test_a_variable_in_a_pattern_leaves_a_value_known_in_part_open() -> None:
    assert answer("test", {LIKE: {"aws:userid": "AIDA${aws:username}"}})[0] == "unknown"


def test_patterns_are_told_by_the_text_that_they_begin_with() -> None:
    patterns = PatternSet(
        ["*", f"{BUCKET}/a/*/1", f"{BUCKET}/b", f"{BUCKET}/${{s3:prefix}}/*"],
        shape=Shape.GLOB,
        variables=True,
    )
    texts = ("other", f"{BUCKET}/a/x:y/1", f"{BUCKET}/b")
    assert [
        (beginning, matcher and [matcher.match(each) for each in texts])
        for beginning, matcher in patterns.matchers()
    ] == [
        ("", [True, True, True]),
        (f"{BUCKET}/a/", [False, True, False]),
        (f"{BUCKET}/b", [False, False, True]),
        (f"{BUCKET}/", None),
    ]
    assert patterns.keys == {"s3:prefix"}
