"""Which circumstances conditions tell apart, and the words for a set of them."""

from __future__ import annotations

from typing import Any

import pytest

from cross_account_access.iam.comparing.circumstances import (
    choices,
    context,
    describe,
    dimensions,
)
from cross_account_access.iam.documents import Condition, PolicyKind, read
from cross_account_access.iam.errors import ComparisonError

Json = dict[str, Any]


def conditions(element: Json) -> tuple[Condition, ...]:
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": element}
    return read({"Statement": statement}, PolicyKind.IDENTITY, "p").statements[0].conditions


def states(element: Json) -> list[Any]:
    (dimension,) = dimensions(conditions(element), {})
    return [variant.value for variant in dimension.variants]


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        ({"Bool": {"aws:SecureTransport": "true"}}, ["true", "false"]),
        ({"Bool": {"aws:MultiFactorAuthPresent": True}}, ["true", "false", None]),
        ({"StringEquals": {"sts:ExternalId": "a"}}, ["x", "a", None]),
        ({"StringEquals": {"sts:ExternalId": "a*"}}, ["x", "a*", None]),
        ({"StringLike": {"s3:prefix": "a*"}}, ["x", "a", None]),
        ({"StringEqualsIgnoreCase": {"s3:prefix": "a"}}, ["x", "A", "a", None]),
        ({"Null": {"s3:prefix": "true"}}, ["any", None]),
        ({"NumericLessThan": {"s3:max-keys": "10"}}, ["9", "10", "11", None]),
        ({"NumericLessThan": {"s3:max-keys": [10, 11]}}, ["9", "10", "11", "10.5", "12", None]),
        (
            {"DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}},
            [
                "2025-12-31T23:59:59+00:00",
                "2026-01-01T00:00:00+00:00",
                "2026-01-01T00:00:01+00:00",
            ],
        ),
        (
            {"IpAddress": {"aws:SourceIp": "10.0.0.0/30"}},
            ["10.0.0.0", "9.255.255.255", "10.0.0.1", "10.0.0.3", "10.0.0.2", "10.0.0.4", None],
        ),
        (
            {"ForAnyValue:StringEquals": {"aws:TagKeys": ["a"]}},
            [("x",), ("a",), ("x", "a"), None],
        ),
        ({"ArnLike": {"aws:SourceArn": "arn:aws:s3:::b"}}, ["x", "arn:aws:s3:::b", None]),
    ],
)
def test_every_state_that_matters_is_there(element: Json, expected: list[Any]) -> None:
    found = states(element)
    assert [str(each) for each in found] == [str(each) for each in expected]


def test_keys_that_follow_from_the_request_are_no_circumstances() -> None:
    element = {"ArnLike": {"aws:PrincipalArn": "*"}, "StringEquals": {"aws:username": "x"}}
    assert dimensions(conditions(element), {}) == ()


def test_a_variable_stands_for_what_fills_it() -> None:
    found = conditions({"StringLike": {"s3:prefix": "${aws:username}/*"}})
    (dimension,) = dimensions(found, {"${aws:username}": "Ann"})
    assert [variant.value for variant in dimension.variants] == ["x", "Ann/", None]


@pytest.mark.parametrize(
    "element",
    [
        {"NumericLessThan": {"s3:max-keys": "${x}"}},
        {"DateLessThan": {"aws:CurrentTime": "soon"}},
        {"IpAddress": {"aws:SourceIp": "home"}},
        {"StringEquals": {f"aws:PrincipalTag/{n}": list("abcdef") for n in range(9)}},
        {"ForAllValues:StringEquals": {"aws:TagKeys": list("abcdefgh")}},
    ],
)
def test_gives_up_rather_than_guess(element: Json) -> None:
    with pytest.raises(ComparisonError):
        dimensions(conditions(element), {})


def words(element: Json, wanted: Any) -> list[str]:
    """Describe the combinations whose values, by key, are wanted."""
    keys = dimensions(conditions(element), {})
    chosen = {
        choice
        for choice in choices(keys)
        if wanted(
            {
                dimension.key: dimension.variants[number].value
                for dimension, number in zip(keys, choice, strict=True)
            }
        )
    }
    return describe(keys, chosen)


BOTH = {
    "Bool": {"aws:SecureTransport": "true"},
    "StringEquals": {"sts:ExternalId": "a", "aws:PrincipalOrgID": "o-1"},
}
RANGES = {
    "NumericLessThan": {"s3:max-keys": ["10", "20"]},
    "DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"},
    "ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": ["o-1/*", "o-2/*"]},
    "IpAddress": {"aws:SourceIp": "10.0.0.0/8"},
}
KEYS, TIME, PATHS, ADDRESS = (
    "s3:max-keys",
    "aws:currenttime",
    "aws:principalorgpaths",
    "aws:sourceip",
)
TLS, EXTERNAL, ORG = "aws:securetransport", "sts:externalid", "aws:principalorgid"


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (lambda _at: True, [""]),
        (lambda at: at[TLS] == "true", [""]),
        (lambda at: at[TLS] == "false", ["over plain HTTP"]),
        (lambda at: at[EXTERNAL] == "a", ["with sts:ExternalId=a"]),
        (lambda at: at[EXTERNAL] is None, ["with no sts:ExternalId"]),
        (lambda at: at[EXTERNAL] == "x", ["with another sts:ExternalId"]),
        (lambda at: at[EXTERNAL] != "a", ["unless sts:ExternalId=a"]),
        (
            lambda at: at[EXTERNAL] == "a" and at[ORG] == "o-1",
            ["with aws:PrincipalOrgID=o-1 and sts:ExternalId=a"],
        ),
        (
            lambda at: at[EXTERNAL] == "a" or at[ORG] == "o-1",
            ["with aws:PrincipalOrgID=o-1", "with sts:ExternalId=a"],
        ),
    ],
)
def test_a_set_of_circumstances_in_words(wanted: Any, expected: list[str]) -> None:
    assert words(BOTH, wanted) == expected


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (lambda at: at[KEYS] == "9", ["with s3:max-keys below 10"]),
        (lambda at: at[KEYS] == "15", ["with s3:max-keys between 10 and 20"]),
        (lambda at: at[TIME] < "2026", ["with aws:CurrentTime before 2026-01-01T00:00:00+00:00"]),
        (
            lambda at: bool(at[PATHS]) and "o-1/" in at[PATHS],
            ["with aws:PrincipalOrgPaths like o-1/*"],
        ),
        (
            lambda at: (at[ADDRESS] or "").startswith("10."),
            ["with aws:SourceIp in 10.0.0.0/8"],
        ),
    ],
)
def test_ranges_and_sets_in_words(wanted: Any, expected: list[str]) -> None:
    assert words(RANGES, wanted) == expected


def test_a_combination_is_a_context_of_the_engine() -> None:
    keys = dimensions(conditions(BOTH), {})
    last = list(choices(keys))[-1]
    states = context(keys, last).states
    assert str(states[EXTERNAL]) == "KeyState.ABSENT"
    assert states[TLS] == ("false",)
