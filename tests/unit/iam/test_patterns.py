"""Wildcards mean what IAM says, and nothing else is special."""

import time

import pytest

from cross_account_access.iam.patterns import matches


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("s3:Get*", "s3:GetObject", True),
        ("s3:Get*", "s3:PutObject", False),
        ("*", "", True),
        ("?", "", False),
        ("a?c", "abc", True),
        ("a?c", "abbc", False),
        ("*/x", "a/b/x", True),
        ("a*", "a\nb", True),
        ("a", "A", False),
        ("[ab]", "a", False),
        ("[ab]", "[ab]", True),
        ("a.c", "abc", False),
        ("${*}", "${}", True),
    ],
)
def test_only_star_and_question_mark_are_special(pattern: str, text: str, expected: bool) -> None:
    assert matches(pattern, text) is expected


def test_many_stars_take_no_longer_than_the_text_is_long() -> None:
    start = time.process_time()
    assert not matches("*a" * 60, "a" * 59 + "b" * 60)
    assert time.process_time() - start < 1
