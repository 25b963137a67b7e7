"""The texts that stand for all texts."""

import fnmatch
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cross_account_access.iam.comparing.witnesses import witnesses
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
