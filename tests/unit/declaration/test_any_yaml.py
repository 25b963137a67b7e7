"""Whatever a stack file holds, a line of ours names the setting; there is never a traceback."""

import json
import re
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from cross_account_access.declaration.fields import (
    Flag,
    Group,
    Items,
    Nested,
    Number,
    Setting,
    Tags,
    Texts,
    Word,
    group_of,
)
from cross_account_access.declaration.reader import Problems
from cross_account_access.declaration.settings import SETTINGS, parse
from tests.support.deployment import stack_values

MOST_CHARACTERS = 800
"""Of a line: a path of three names, a value and a rule with an example."""
NAMES = tuple(each.name for each in SETTINGS.fields)

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(),
    st.text(max_size=12),
    st.binary(max_size=4),
    st.dates(),
    st.datetimes(),
    st.sampled_from(
        [
            "",
            "no",
            "stage-admin",
            "StageAdmin",
            "production-test-bucket-101",
            "resource",
            "read",
            "111122223333",
            "444455556666",
            "2026-01-31 00:00:00 +0000 UTC",
            "9999-12-31T23:59:59-05:00",
            "0001-01-01T00:00:00+05:00",
            "arn:aws:iam::444455556666:role/*-*",
            "arn:aws:secretsmanager:us-west-2:111122223333:secret:my-secret-a1B2c3",
            "https://ci.example.com",
            "x" * 3000,
            date(2026, 1, 31),
            datetime(9999, 12, 31, 23, tzinfo=UTC),
        ]
    ),
)
KEYS = st.one_of(
    st.text(max_size=8), st.sampled_from(["name", "Name", "tags", 7, None, True, "k" * 5000])
)
JUNK = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=6,
)


def values_of(setting: Setting) -> SearchStrategy[Any]:
    """What may stand there, mostly of the type that is expected."""
    expected: SearchStrategy[Any] = SCALARS
    match setting:
        case Nested():
            expected = mappings_of(group_of(setting.declared))
        case Items():
            expected = st.lists(mappings_of(setting.group), max_size=3)
        case Tags():
            expected = st.dictionaries(KEYS, SCALARS, max_size=3)
        case Texts():
            expected = st.lists(SCALARS, max_size=3)
        case Number():
            expected = st.integers()
        case Flag():
            expected = st.booleans()
        case Word():
            expected = st.sampled_from(list(setting.known))
    return st.one_of(expected, expected, expected, JUNK)


def mappings_of(group: Group) -> SearchStrategy[Any]:
    optional = {each.name: values_of(each.setting) for each in group.fields}
    known = st.fixed_dictionaries({}, optional=optional)
    return st.one_of(known, known, known.flatmap(with_a_stranger))


def with_a_stranger(mapping: dict[str, Any]) -> SearchStrategy[Any]:
    return st.builds(lambda key, value: {**mapping, key: value}, KEYS, JUNK)


def problems_of(values: dict[str, Any]) -> list[str]:
    problems = Problems()
    parse(values, problems)
    return problems


SAYS_WHAT_TO_DO = re.compile(r"\bmust\b|; |as in|remove|write|add ")
"""A rule that a value can be made to keep, or a remedy."""


def are_ours(problems: list[str]) -> bool:
    return all(
        each.isprintable()
        and each.startswith(NAMES)
        and ": " in each
        and SAYS_WHAT_TO_DO.search(each.partition(": ")[2])
        and len(each) < MOST_CHARACTERS
        for each in problems
    )


@given(
    values=st.fixed_dictionaries(
        {}, optional={each.name: values_of(each.setting) for each in SETTINGS.fields}
    )
)
def test_any_document_is_read_or_refused_by_the_names_of_its_settings(
    values: dict[str, Any],
) -> None:
    assert are_ours(problems_of(values))


@given(
    name=st.sampled_from(NAMES),
    value=st.one_of(JUNK, *(values_of(each.setting) for each in SETTINGS.fields)),
)
def test_a_setting_of_any_value_beside_right_ones_is_read_or_refused(name: str, value: Any) -> None:
    assert are_ours(problems_of({**stack_values("prod"), name: value}))


@given(name=st.sampled_from(NAMES), text=st.one_of(st.text(), JUNK.map(repr)))
def test_text_in_place_of_any_setting_is_read_or_refused(name: str, text: str) -> None:
    """As the engine passes it, whatever it is."""
    assert are_ours(problems_of({**stack_values("prod"), name: text}))


def test_text_that_no_reader_of_json_takes_is_refused() -> None:
    for text in ("[" * 100_000, "9" * 5000, json.dumps({"a": 1})[:-1]):
        (problem,) = problems_of(stack_values("prod", tags=text))
        assert problem.startswith("tags: '")
        assert len(problem) < 300


@pytest.mark.parametrize("part", ["s" * 3000, "\x1b[31m"], ids=["long", "control characters"])
@pytest.mark.parametrize(
    ("setting", "form"),
    [
        ("resources", {"name": "a", "arn": "arn:aws:{}:us-west-2:111122223333:x"}),
        ("resources", {"name": "a", "arn": "arn:{}:kinesis:us-west-2:111122223333:stream/a"}),
        ("resources", {"name": "a", "arn": "arn:aws:kinesis:us-west-2:{}:stream/a"}),
        ("buckets", {"name": "production-test-bucket-101", "{}": True}),
        ("grants", {"consumer": "{}", "bucket": "{}", "levels": ["{}"], "prefixes": ["/{}"]}),
        ("grants", {"consumer": "stage-admin", "bucket": "a", "actions": ["{}:Get", "s3:{}"]}),
    ],
)
def test_a_refusal_is_a_line_that_can_be_read(setting: str, form: Any, part: str) -> None:
    """Whatever part of the value a rule repeats."""
    values = json.loads(json.dumps(form).replace("{}", json.dumps(part)[1:-1]))
    problems = problems_of({**stack_values("prod"), setting: [values]})
    assert problems
    assert are_ours(problems), problems
