"""Principals and texts that patterns mean, and those that they just do not mean."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cross_account_access.command.verification.patterns import (
    instance_of,
    instances_of,
    sibling_of,
)
from cross_account_access.declaration.rules.principal_patterns import principal_pattern
from cross_account_access.iam.patterns import matches
from tests.unit.verification.declared import STAGING

PATTERNS = st.text(alphabet="abc/:_-[]*?", min_size=1).filter(lambda text: text.strip("*?"))


@given(pattern=PATTERNS, others=st.lists(PATTERNS, max_size=3))
def test_a_sibling_is_matched_by_none_of_the_patterns(pattern: str, others: list[str]) -> None:
    near = sibling_of(pattern, others)
    if near is not None:
        assert not any(matches(each, near) for each in (pattern, *others))
    assert matches(pattern, instance_of(pattern))


NAMES = st.text(alphabet="abX/*?", min_size=1, max_size=8)
PRINCIPALS = st.builds(
    f"arn:aws:iam::{STAGING}:{{}}/{{}}".format, st.sampled_from(["user", "role"]), NAMES
)


def accepted(pattern: str) -> bool:
    return principal_pattern("aws", STAGING)(pattern) is None


@given(patterns=st.lists(PRINCIPALS.filter(accepted), min_size=1, max_size=6, unique=True))
def test_principals_of_any_patterns_have_names_of_their_own(patterns: list[str]) -> None:
    instances = instances_of(patterns)
    assert all(map(matches, patterns, instances))
    names, wanted = (
        [each.rsplit("/", 1)[-1].lower() for each in arns] for arns in (instances, patterns)
    )
    fixed = [name for name in wanted if not set("*?") & set(name)]
    repeated = len(fixed) - len(set(fixed))
    assert len(set(names)) == len(patterns) - repeated
    for pattern in patterns:
        near = sibling_of(pattern, patterns)
        assert near is None or not any(matches(each, near) for each in patterns)


def test_a_pattern_that_ends_with_a_joint_has_a_sibling_too() -> None:
    assert sibling_of("role/data-*") == "role/data_xx"
    assert sibling_of("role/data_*") == "role/data-xx"
    assert sibling_of("user/Reader", ["user/Reader-*"]) == "user/Reader_x"


@pytest.mark.parametrize(
    ("pattern", "loosened"),
    [
        ("role/data-*", "role/data*"),
        ("user/Reader", "user/Reader*"),
        ("role/data/*", "role/*"),
        ("*AWSReservedSSO_Analysts_*", "*AWSReservedSSO_*"),
        ("repo:ours/site:*", "repo:ours/*"),
        ("refs/heads/release*", "refs/heads/*"),
        ("o-1/r-1/ou-1/*", "o-1/r-1/*"),
    ],
)
def test_a_pattern_that_was_loosened_lets_the_sibling_in(pattern: str, loosened: str) -> None:
    near = sibling_of(pattern)
    assert near is not None
    assert matches(loosened, near)
