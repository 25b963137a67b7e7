"""Which circumstances conditions tell apart, and the words for a set of them."""

from __future__ import annotations

from typing import Any

import pytest

from cross_account_access.iam.comparing.cases import Cases
from cross_account_access.iam.comparing.circumstances import dimension_of
from cross_account_access.iam.comparing.statements import compared
from cross_account_access.iam.documents import Condition, PolicyKind, read
from cross_account_access.iam.engine import Context, parse_principal
from cross_account_access.iam.errors import ComparisonError

Json = dict[str, Any]

ANN = parse_principal("arn:aws:iam::111122223333:user/Ann")


def conditions(element: Json) -> tuple[Condition, ...]:
    statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": element}
    return read({"Statement": statement}, PolicyKind.IDENTITY, "p").statements[0].conditions


def cases(*elements: Json) -> Cases:
    """The cases of statements, one for each element."""
    listed = [
        {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": each} for each in elements
    ]
    document = {"Version": "2012-10-17", "Statement": listed}
    found = tuple(compared(read(document, PolicyKind.IDENTITY, "p")))
    return Cases(found, (), ANN, {"aws:username": "Ann"})


def states(element: Json) -> list[Any]:
    found = conditions(element)
    dimension = dimension_of(found[0].key.lower(), found, lambda value: value)
    return [variant.value for variant in dimension.variants]


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        ({"Bool": {"aws:SecureTransport": "true"}}, ["true", "false"]),
        ({"Bool": {"aws:MultiFactorAuthPresent": True}}, ["true", "false", None]),
        ({"StringEquals": {"sts:ExternalId": "a"}}, ["x", "a", None]),
        ({"StringEquals": {"sts:ExternalId": "a*"}}, ["x", "a*", None]),
        ({"StringLike": {"s3:prefix": "a*"}}, ["x", "a", None]),
        ({"StringEquals": {"s3:prefix": ["", "a"]}}, ["", "x", "a", None]),
        ({"StringNotLike": {"s3:prefix": "?*"}}, ["", "x", None]),
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


def contexts(found: Cases) -> list[Context]:
    return [circumstances for _, circumstances in found]


def test_keys_that_follow_from_the_request_are_no_circumstances() -> None:
    element = {"ArnLike": {"aws:PrincipalArn": "*"}, "StringEquals": {"aws:username": "x"}}
    (only,) = contexts(cases(element))
    assert only.states == {}


def test_a_variable_stands_for_what_fills_it() -> None:
    found = contexts(cases({"StringLike": {"s3:prefix": "${aws:username}/*"}}))
    assert [each.states["s3:prefix"] for each in found] == [("x",), ("Ann/",)]


@pytest.mark.parametrize(
    "element",
    [
        {"NumericLessThan": {"s3:max-keys": "${x}"}},
        {"DateLessThan": {"aws:CurrentTime": "soon"}},
        {"IpAddress": {"aws:SourceIp": "home"}},
        {
            "ForAnyValue:StringLike": {"aws:TagKeys": "a*"},
            "StringLike": {"aws:TagKeys": list("abcdefgh")},
        },
    ],
)
def test_gives_up_rather_than_guess(element: Json) -> None:
    with pytest.raises(ComparisonError):
        cases(element)


def words(element: Json, wanted: Any) -> list[str]:
    """Describe the combinations whose values, by key, are wanted."""
    found = Cases((), conditions(element), ANN, {})
    return found.describe({case for case, each in found if wanted(values(each))})


def values(circumstances: Context) -> dict[str, Any]:
    """By key: one, several, or None where there is none."""
    return {
        key: None if not isinstance(state, tuple) else state[0] if len(state) == 1 else state
        for key, state in circumstances.states.items()
    }


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


def test_circumstances_that_no_statement_tells_apart_are_one_case() -> None:
    element = {"IpAddress": {"aws:SourceIp": [f"203.0.113.{n}/32" for n in range(40)]}}
    element |= {"StringEquals": {f"aws:RequestTag/{n}": list("abcdef") for n in range(40)}}
    found = cases(element)
    assert len(list(found)) == 2
    all_met = {case for case, _ in found if case == (True,)}
    (told,) = found.describe(all_met)
    assert told.startswith("unless another aws:RequestTag/0 or no aws:RequestTag/0 or another ")
    assert told.endswith(" or no aws:SourceIp")
    stated = found.plainest(all_met).states
    assert stated["aws:requesttag/7"] == ("a",)
    assert len(stated) == 41


def test_values_of_a_set_that_do_the_same_are_one() -> None:
    found = cases({"ForAllValues:StringEquals": {"aws:TagKeys": [f"tag{n}" for n in range(30)]}})
    met = {case for case, _ in found if case == (True,)}
    assert len(list(found)) == 2
    assert found.describe(met) == ["unless another aws:TagKeys"]


def test_what_a_variable_compares_is_told_apart() -> None:
    element = {"StringNotEquals": {"aws:RequestTag/a": "${aws:RequestTag/b}"}}
    seen = {tuple(sorted(values(each).items(), key=str)) for _, each in cases(element)}
    assert len(seen) == 9


def test_a_combination_is_a_context_of_the_engine() -> None:
    states = [values(each) for _, each in Cases((), conditions(BOTH), ANN, {})]
    assert {EXTERNAL: None, TLS: "false", ORG: None} in states
    assert len(states) == 2 * 3 * 3
