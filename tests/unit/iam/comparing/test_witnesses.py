"""The texts that stand for all texts."""

import fnmatch
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cross_account_access.iam.comparing.witnesses import (
    fresh_for,
    group_witnesses,
    witnesses,
)
from cross_account_access.iam.errors import ComparisonError


def matching(patterns: list[str], text: str) -> frozenset[str]:
    return frozenset(
        pattern
        for pattern in patterns
        if re.fullmatch(
            re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), text, re.DOTALL
        )
    )


def test_a_prefix_inside_another_makes_three_kinds() -> None:
    found = {witness.matches: witness.text for witness in witnesses(["b/*", "b/reports/*"])}
    assert found == {
        frozenset(): "x",
        frozenset({"b/*"}): "b/",
        frozenset({"b/*", "b/reports/*"}): "b/reports/",
    }


def test_patterns_that_cross_have_a_text_in_common() -> None:
    crossing = frozenset({"a*", "*b"})
    assert any(witness.matches == crossing for witness in witnesses(["a*", "*b"]))


def test_a_stranger_is_a_character_that_no_pattern_mentions() -> None:
    texts = [witness.text for witness in witnesses(["x*", "q"]) if not witness.matches]
    assert texts == ["z"]


@given(
    patterns=st.lists(st.text("ab*?", min_size=1, max_size=5), min_size=1, max_size=4),
    text=st.text("abc", min_size=1, max_size=7),
)
def test_every_text_is_of_one_of_the_kinds(patterns: list[str], text: str) -> None:
    found = witnesses(patterns)
    assert matching(patterns, text) in {witness.matches for witness in found}
    for witness in found:
        assert witness.text
        assert witness.matches == matching(patterns, witness.text)


@given(
    patterns=st.lists(st.text("ab*?", min_size=1, max_size=5), min_size=2, max_size=5, unique=True),
    text=st.text("abc", min_size=1, max_size=7),
    cut=st.integers(0, 5),
)
def test_every_text_is_of_one_of_the_sets_of_groups(
    patterns: list[str], text: str, cut: int
) -> None:
    groups = [each for each in (frozenset(patterns[:cut]), frozenset(patterns[cut:])) if each]
    found = group_witnesses(patterns, groups, fresh=fresh_for(patterns), most_states=20_000)

    def met(matched: frozenset[str]) -> frozenset[int]:
        return frozenset(n for n, group in enumerate(groups) if group & matched)

    assert met(matching(patterns, text)) in {met(witness.matches) for witness in found}
    for witness in found:
        assert witness.matches == matching(patterns, witness.text)


def test_groups_are_quickly_told_apart_where_sets_are_not() -> None:
    patterns = [f"a*-{number}-*" for number in range(40)]
    with pytest.raises(ComparisonError):
        witnesses(patterns, most_states=2_000)
    found = group_witnesses(patterns, [frozenset(patterns)], fresh="x", most_states=2_000)
    assert {bool(each.matches) for each in found} == {True, False}
    assert len(found) == 2


def test_gives_up_on_what_would_take_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cross_account_access.iam.comparing.witnesses._MOST_STATES", 300)
    patterns = [f"*{letter}*z*" for letter in "abcdefgh"]
    with pytest.raises(ComparisonError):
        witnesses(patterns)
    assert len(witnesses(patterns[:2])) == 4


def test_the_shell_has_the_same_idea_of_a_match() -> None:
    for witness in witnesses(["a?c*", "*c"]):
        matched = {p for p in ("a?c*", "*c") if fnmatch.fnmatchcase(witness.text, p)}
        assert witness.matches == matched
