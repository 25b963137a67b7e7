"""Condition operators, set operators, missing keys and policy variables, row by row.

Pages of the IAM User Guide are named by their titles. Every row is one statement that allows
`s3:GetObject` under the condition; `None` in the context means that the key is absent.
"""

from __future__ import annotations

from typing import Any

import pytest

from cross_account_access.iam.engine import (
    Context,
    Decision,
    DocumentError,
    PolicyKind,
    World,
    compile_policy,
)
from tests.unit.iam.engine.accounts import BUCKET, OBJECT, SESSION, USER, allow, ask, policy

OPERATORS = "IAM JSON policy elements: Condition operators"
SETS = "Single-valued vs. multivalued context keys"
SET_EXAMPLES = "Multivalued context key examples"
MULTIPLE = "Conditions with multiple context keys or values"
VARIABLES = "IAM policy elements: Variables and tags"
CONDITION = "IAM JSON policy elements: Condition"

TEAM = "aws:PrincipalTag/team"
TAGS = "aws:TagKeys"

HOLDS, FAILS, OPEN = "allowed", "denied", "unknown"


def answer(condition: Any, values: dict[str, Any] | None, principal: str = USER) -> str:
    return decision(condition, values, principal).outcome.value


def told(condition: Any, values: dict[str, Any]) -> tuple[str, ...]:
    return decision(condition, values, USER).unknown


def decision(condition: Any, values: dict[str, Any] | None, principal: str) -> Decision:
    stated = {key: value for key, value in (values or {}).items() if value is not None}
    absent = [key for key, value in (values or {}).items() if value is None]
    documents = {"p": policy(allow("s3:GetObject", f"{BUCKET}/*", Condition=condition))}
    account = principal.split(":")[4]
    world = World(
        users={USER: {"policies": documents}},
        roles={
            "arn:aws:iam::111122223333:role/StageRole": {
                "trust": policy({"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}),
                "policies": documents,
            }
        },
        resources={BUCKET: {"account": account, "policy": None}},
    )
    context = Context(stated, absent=absent)
    return ask(world, principal, "s3:GetObject", OBJECT, context=context)


ROWS: list[tuple[str, Any, dict[str, Any], str]] = [
    # Text.
    (OPERATORS, {"StringEquals": {TEAM: "red"}}, {TEAM: "red"}, HOLDS),
    (OPERATORS, {"StringEquals": {TEAM: "red"}}, {TEAM: "Red"}, FAILS),
    (OPERATORS, {"StringEquals": {TEAM: "r*"}}, {TEAM: "red"}, FAILS),
    (OPERATORS, {"StringEquals": {TEAM: "red"}}, {TEAM: None}, FAILS),
    (OPERATORS, {"StringEquals": {TEAM: "red"}}, {}, OPEN),
    (OPERATORS, {"StringNotEquals": {TEAM: "red"}}, {TEAM: "blue"}, HOLDS),
    (OPERATORS, {"StringNotEquals": {TEAM: "red"}}, {TEAM: "red"}, FAILS),
    (OPERATORS, {"StringNotEquals": {TEAM: "red"}}, {TEAM: None}, HOLDS),
    (OPERATORS, {"StringEqualsIgnoreCase": {TEAM: "RED"}}, {TEAM: "red"}, HOLDS),
    (OPERATORS, {"StringNotEqualsIgnoreCase": {TEAM: "RED"}}, {TEAM: "red"}, FAILS),
    (OPERATORS, {"StringLike": {"s3:prefix": ["", "home/"]}}, {"s3:prefix": ""}, HOLDS),
    (OPERATORS, {"StringLike": {"s3:prefix": "home/*"}}, {"s3:prefix": "home/a/b"}, HOLDS),
    (OPERATORS, {"StringLike": {"s3:prefix": "home/?"}}, {"s3:prefix": "home/ab"}, FAILS),
    (OPERATORS, {"StringLike": {"s3:prefix": "Home/*"}}, {"s3:prefix": "home/a"}, FAILS),
    (OPERATORS, {"StringNotLike": {"s3:prefix": "home/*"}}, {"s3:prefix": "home/a"}, FAILS),
    (OPERATORS, {"StringNotLike": {"s3:prefix": "home/*"}}, {"s3:prefix": None}, HOLDS),
    # Numbers.
    (OPERATORS, {"NumericLessThanEquals": {"s3:max-keys": "10"}}, {"s3:max-keys": 10}, HOLDS),
    (OPERATORS, {"NumericLessThanEquals": {"s3:max-keys": 10}}, {"s3:max-keys": 11}, FAILS),
    (OPERATORS, {"NumericLessThan": {"s3:max-keys": 10}}, {"s3:max-keys": 10}, FAILS),
    (OPERATORS, {"NumericLessThan": {"s3:max-keys": 10}}, {"s3:max-keys": 9}, HOLDS),
    (OPERATORS, {"NumericEquals": {"s3:max-keys": "10.0"}}, {"s3:max-keys": "10"}, HOLDS),
    (OPERATORS, {"NumericNotEquals": {"s3:max-keys": 10}}, {"s3:max-keys": 10}, FAILS),
    (OPERATORS, {"NumericNotEquals": {"s3:max-keys": 10}}, {"s3:max-keys": None}, HOLDS),
    (OPERATORS, {"NumericGreaterThan": {"s3:max-keys": 9}}, {"s3:max-keys": 10}, HOLDS),
    (OPERATORS, {"NumericGreaterThan": {"s3:max-keys": 10}}, {"s3:max-keys": 10}, FAILS),
    (OPERATORS, {"NumericGreaterThanEquals": {"s3:max-keys": 10}}, {"s3:max-keys": 10}, HOLDS),
    (OPERATORS, {"NumericEquals": {"s3:max-keys": 10}}, {"s3:max-keys": "ten"}, OPEN),
    # Dates.
    (
        OPERATORS,
        {"DateGreaterThan": {"aws:TokenIssueTime": "2020-01-01T00:00:01Z"}},
        {"aws:TokenIssueTime": "2020-01-01T00:00:02Z"},
        HOLDS,
    ),
    (
        OPERATORS,
        {"DateGreaterThan": {"aws:TokenIssueTime": "2020-01-01T00:00:01Z"}},
        {"aws:TokenIssueTime": None},
        FAILS,
    ),
    (
        OPERATORS,
        {"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00+01:00"}},
        {"aws:CurrentTime": "2019-12-31T23:30:00Z"},
        FAILS,
    ),
    (
        OPERATORS,
        {"DateLessThanEquals": {"aws:CurrentTime": "2020-01"}},
        {"aws:CurrentTime": "2020-01-01"},
        HOLDS,
    ),
    (OPERATORS, {"DateEquals": {"aws:EpochTime": "1577836800"}}, {"aws:EpochTime": "2020"}, HOLDS),
    (
        OPERATORS,
        {"DateNotEquals": {"aws:CurrentTime": "2020-01-01"}},
        {"aws:CurrentTime": "2020-01-01T00:00:00Z"},
        FAILS,
    ),
    (
        OPERATORS,
        {"DateGreaterThanEquals": {"aws:CurrentTime": "2020-01-02"}},
        {"aws:CurrentTime": "2020-01-01"},
        FAILS,
    ),
    # Truth values.
    (OPERATORS, {"Bool": {"aws:SecureTransport": "true"}}, {"aws:SecureTransport": True}, HOLDS),
    (OPERATORS, {"Bool": {"aws:SecureTransport": True}}, {"aws:SecureTransport": "false"}, FAILS),
    (OPERATORS, {"Bool": {"aws:SecureTransport": "TRUE"}}, {"aws:SecureTransport": "true"}, HOLDS),
    (OPERATORS, {"Bool": {"aws:SecureTransport": "true"}}, {"aws:SecureTransport": "True"}, HOLDS),
    (
        OPERATORS,
        {"Bool": {"a:b": "${aws:PrincipalTag/team}"}},
        {"a:b": "true", TEAM: "true"},
        HOLDS,
    ),
    (OPERATORS, {"Bool": {"a:b": "${aws:PrincipalTag/team}"}}, {"a:b": "true", TEAM: "red"}, FAILS),
    (
        OPERATORS,
        {"Bool": {"aws:MultiFactorAuthPresent": "true"}},
        {"aws:MultiFactorAuthPresent": None},
        FAILS,
    ),
    (
        OPERATORS,
        {"BoolIfExists": {"aws:MultiFactorAuthPresent": "true"}},
        {"aws:MultiFactorAuthPresent": None},
        HOLDS,
    ),
    # Binary.
    (OPERATORS, {"BinaryEquals": {"x:key": "QmluYXJ5"}}, {"x:key": "QmluYXJ5"}, HOLDS),
    (OPERATORS, {"BinaryEquals": {"x:key": "QmluYXJ5"}}, {"x:key": "QmluYXJ6"}, FAILS),
    (OPERATORS, {"BinaryEquals": {"x:key": "QmluYXJ5"}}, {"x:key": "QmluYXJ5é"}, OPEN),
    (OPERATORS, {"BinaryEquals": {"x:key": "QmluYXJ5"}}, {"x:key": "QmluYX"}, OPEN),
    # Addresses.
    (
        OPERATORS,
        {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
        {"aws:SourceIp": "203.0.113.9"},
        HOLDS,
    ),
    (
        OPERATORS,
        {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
        {"aws:SourceIp": "203.0.114.0"},
        FAILS,
    ),
    (
        OPERATORS,
        {"IpAddress": {"aws:SourceIp": "203.0.113.7"}},
        {"aws:SourceIp": "203.0.113.8"},
        FAILS,
    ),
    (
        OPERATORS,
        {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24", "2001:DB8:1234:5678::/64"]}},
        {"aws:SourceIp": "2001:db8:1234:5678::1"},
        HOLDS,
    ),
    (
        OPERATORS,
        {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
        {"aws:SourceIp": "203.0.113.9"},
        FAILS,
    ),
    (
        OPERATORS,
        {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
        {"aws:SourceIp": None},
        HOLDS,
    ),
    # ARNs: the page's own pair, where StringLike matches and ArnLike does not.
    (
        OPERATORS,
        {"StringLike": {"aws:SourceArn": "arn:aws:someservice:*:111122223333:finance/*"}},
        {
            "aws:SourceArn": "arn:aws:someservice:us-east-2:999999999999:store/abc:"
            "111122223333:finance/document.txt"
        },
        HOLDS,
    ),
    (
        OPERATORS,
        {"ArnLike": {"aws:SourceArn": "arn:aws:someservice:*:111122223333:finance/*"}},
        {
            "aws:SourceArn": "arn:aws:someservice:us-east-2:999999999999:store/abc:"
            "111122223333:finance/document.txt"
        },
        FAILS,
    ),
    (
        OPERATORS,
        {"ArnEquals": {"aws:SourceArn": "arn:aws:sns:*:123456789012:topic"}},
        {"aws:SourceArn": "arn:aws:sns:us-east-1:999999999999:x:123456789012:topic"},
        FAILS,
    ),
    (
        OPERATORS,
        {"ArnEquals": {"aws:SourceArn": "arn:aws:sns:*:123456789012:topic-*"}},
        {"aws:SourceArn": "arn:aws:sns:us-east-1:123456789012:topic-a:b"},
        HOLDS,
    ),
    (
        OPERATORS,
        {"ArnNotLike": {"aws:SourceArn": "arn:aws:sns:*:123456789012:topic-*"}},
        {"aws:SourceArn": "arn:aws:sns:us-east-1:123456789012:topic-a"},
        FAILS,
    ),
    (
        OPERATORS,
        {"ArnNotEquals": {"aws:SourceArn": "arn:aws:sns:*:123456789012:t"}},
        {"aws:SourceArn": None},
        HOLDS,
    ),
    (
        OPERATORS,
        {"ArnLike": {"aws:SourceArn": "arn:aws:sns:*"}},
        {"aws:SourceArn": "arn:aws:sns:r:1:t"},
        OPEN,
    ),
    # IfExists.
    (
        OPERATORS,
        {"StringLikeIfExists": {"ec2:InstanceType": "t1.*"}},
        {"ec2:InstanceType": None},
        HOLDS,
    ),
    (
        OPERATORS,
        {"StringLikeIfExists": {"ec2:InstanceType": "t1.*"}},
        {"ec2:InstanceType": "t2.x"},
        FAILS,
    ),
    (OPERATORS, {"StringNotEqualsIfExists": {TEAM: "red"}}, {TEAM: None}, HOLDS),
    (OPERATORS, {"StringEqualsIfExists": {TEAM: "red"}}, {}, OPEN),
    # Null.
    (OPERATORS, {"Null": {"aws:TokenIssueTime": "true"}}, {"aws:TokenIssueTime": None}, HOLDS),
    (OPERATORS, {"Null": {"aws:TokenIssueTime": "true"}}, {"aws:TokenIssueTime": "2020"}, FAILS),
    (OPERATORS, {"Null": {"aws:TokenIssueTime": False}}, {"aws:TokenIssueTime": "2020"}, HOLDS),
    (OPERATORS, {"Null": {"aws:TokenIssueTime": "false"}}, {"aws:TokenIssueTime": None}, FAILS),
    (OPERATORS, {"Null": {"aws:TokenIssueTime": "true"}}, {}, OPEN),
    (OPERATORS, {"Null": {"aws:SecureTransport": "false"}}, {}, HOLDS),
    (CONDITION, {"Null": {TAGS: "true"}}, {TAGS: ""}, HOLDS),
    # Several keys and values: and between keys, or between values, nor when negated.
    (MULTIPLE, {"StringEquals": {TEAM: ["red", "blue"]}}, {TEAM: "blue"}, HOLDS),
    (MULTIPLE, {"StringNotEquals": {TEAM: ["red", "blue"]}}, {TEAM: "blue"}, FAILS),
    (MULTIPLE, {"StringEquals": {TEAM: "red", "x:y": "1"}}, {TEAM: "red", "x:y": "2"}, FAILS),
    (
        MULTIPLE,
        {"StringEquals": {TEAM: "red"}, "Bool": {"x:y": True}},
        {TEAM: "red", "x:y": False},
        FAILS,
    ),
    (
        MULTIPLE,
        {"StringEquals": {TEAM: "red"}, "Bool": {"x:y": True}},
        {TEAM: "red", "x:y": True},
        HOLDS,
    ),
    (MULTIPLE, {"StringEquals": {TEAM: "red"}, "Bool": {"x:y": True}}, {"x:y": False}, FAILS),
    # Sets.
    (SETS, {"ForAllValues:StringEquals": {TAGS: ["a", "b"]}}, {TAGS: ["a", "b"]}, HOLDS),
    (SETS, {"ForAllValues:StringEquals": {TAGS: ["a", "b"]}}, {TAGS: ["a", "c"]}, FAILS),
    (SETS, {"ForAllValues:StringEquals": {TAGS: ["a", "b"]}}, {TAGS: None}, HOLDS),
    (SETS, {"ForAllValues:StringEquals": {TAGS: ["a", "b"]}}, {TAGS: []}, HOLDS),
    (SETS, {"ForAllValues:StringEquals": {TAGS: ["a", "b"]}}, {TAGS: ""}, HOLDS),
    (SETS, {"ForAllValues:StringEquals": {TAGS: ["a", "b"]}}, {}, OPEN),
    (SETS, {"ForAnyValue:StringEquals": {TAGS: ["a", "b"]}}, {TAGS: ["c", "b"]}, HOLDS),
    (SETS, {"ForAnyValue:StringEquals": {TAGS: ["a", "b"]}}, {TAGS: ["c", "d"]}, FAILS),
    (SETS, {"ForAnyValue:StringEquals": {TAGS: ["a", "b"]}}, {TAGS: None}, FAILS),
    (SETS, {"ForAnyValue:StringEquals": {TAGS: ["a", "b"]}}, {TAGS: []}, FAILS),
    (SETS, {"ForAnyValue:StringNotEquals": {TAGS: ["a"]}}, {TAGS: None}, FAILS),
    (SETS, {"StringEquals": {TAGS: ["a", "b"]}}, {TAGS: ["a", "b"]}, OPEN),
    (SET_EXAMPLES, {"ForAllValues:StringNotLike": {TAGS: "key1*"}}, {TAGS: ["key1:legal"]}, FAILS),
    (
        SET_EXAMPLES,
        {"ForAllValues:StringNotLike": {TAGS: "key1*"}},
        {TAGS: ["key1:hr", "key1:personnel"]},
        FAILS,
    ),
    (SET_EXAMPLES, {"ForAllValues:StringNotLike": {TAGS: "key1*"}}, {TAGS: ["key2:audit"]}, HOLDS),
    (SET_EXAMPLES, {"ForAllValues:StringNotLike": {TAGS: "key1*"}}, {TAGS: None}, HOLDS),
    # Key names and policy variables.
    (
        CONDITION,
        {"IpAddress": {"AWS:SourceIP": "203.0.113.0/24"}},
        {"aws:sourceip": "203.0.113.1"},
        HOLDS,
    ),
    (VARIABLES, {"StringEquals": {"x:y": "${aws:username}"}}, {"x:y": "StageAdmin"}, HOLDS),
    (VARIABLES, {"StringEquals": {"x:y": "${AWS:UserName}"}}, {"x:y": "Mallory"}, FAILS),
    (VARIABLES, {"StringLike": {"x:y": "a/${aws:username}/*"}}, {"x:y": "a/StageAdmin/b"}, HOLDS),
    (VARIABLES, {"StringEquals": {"x:y": f"${{{TEAM}}}"}}, {"x:y": "red", TEAM: None}, FAILS),
    (VARIABLES, {"StringNotEquals": {"x:y": f"${{{TEAM}}}"}}, {"x:y": "red", TEAM: None}, HOLDS),
    (
        VARIABLES,
        {"StringEquals": {"x:y": f"${{{TEAM}, 'all'}}"}},
        {"x:y": "all", TEAM: None},
        HOLDS,
    ),
    (
        VARIABLES,
        {"StringEquals": {"x:y": f"${{{TEAM}, 'all'}}"}},
        {"x:y": "all", TEAM: "red"},
        FAILS,
    ),
    (VARIABLES, {"StringEquals": {"x:y": f"${{{TEAM}}}"}}, {"x:y": "red"}, OPEN),
    (VARIABLES, {"StringEquals": {"x:y": f"team-${{{TEAM}}}"}}, {"x:y": "red"}, FAILS),
    (VARIABLES, {"StringLike": {"x:y": "${aws:username}*b"}}, {"x:y": "StageAdmin:a:b"}, HOLDS),
    (
        VARIABLES,
        {"ArnLike": {"x:y": "arn:aws:sns:*:1:*-${aws:username}"}},
        {"x:y": "arn:aws:sns:us-east-1:1:a:b-StageAdmin"},
        HOLDS,
    ),
    (VARIABLES, {"StringLike": {"x:y": "${*}"}}, {"x:y": "anything"}, FAILS),
    (VARIABLES, {"StringLike": {"x:y": "a${*}${?}${$}"}}, {"x:y": "a*?$"}, HOLDS),
    (VARIABLES, {"StringLike": {"x:y": f"${{{TEAM}}}"}}, {"x:y": "red", TEAM: "*"}, FAILS),
    (
        VARIABLES,
        {"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:*:${aws:username}"}},
        {"aws:SourceArn": "arn:aws:sns:us-east-1:1:StageAdmin"},
        HOLDS,
    ),
    (
        VARIABLES,
        {"StringEqualsIgnoreCase": {"x:y": "${aws:username}"}},
        {"x:y": "STAGEADMIN"},
        HOLDS,
    ),
]


@pytest.mark.parametrize(("page", "condition", "values", "expected"), ROWS)
def test_condition_is_judged_as_the_page_says(
    page: str, condition: Any, values: dict[str, Any], expected: str
) -> None:
    assert answer(condition, values) == expected, page


@pytest.mark.parametrize(
    ("condition", "values", "reason"),
    [
        ({"StringEquals": {TEAM: "red"}}, {}, f"context key {TEAM} is not stated"),
        (
            {"StringEquals": {"aws:RequestTag/cost center": "1"}},
            {},
            "context key aws:RequestTag/cost center is not stated",
        ),
        (
            {"NumericEquals": {"x:key": 10}},
            {"x:key": "ten"},
            "the request's value 'ten', which is no number",
        ),
        (
            {"DateLessThan": {"x:key": "2030-01-01T00:00:00Z"}},
            {"x:key": "soon"},
            "the request's value 'soon', which is no date with a time zone",
        ),
        (
            {"NumericEquals": {"aws:userid": 1}},
            {},
            "the value that begins with 'AIDA' is not stated",
        ),
        ({"Null": {TAGS: "true"}}, {}, f"whether the request has context key {TAGS.lower()}"),
        (
            {"ArnLike": {"x:key": "arn:aws:sns:*"}},
            {"x:key": "arn:aws:sns:r:1:t"},
            "a wildcard that would have to reach beyond a colon of the ARN",
        ),
        (
            {"StringEquals": {TAGS: "a"}},
            {TAGS: ["a", "b"]},
            f"StringEquals {TAGS} has no set operator, but the key has not one value",
        ),
        (
            {"ForAnyValue:StringEqualsIfExists": {TAGS: "a"}},
            {TAGS: None},
            "AWS's pages contradict each other about ForAnyValue:StringEqualsIfExists"
            f" {TAGS} of a request without the key",
        ),
        (
            {"StringNotEquals": {"x:y": f"${{{TEAM}}}"}},
            {"x:y": "red", TEAM: ["red", "blue"]},
            f"context key {TEAM.lower()} has several values",
        ),
        (
            {"StringEquals": {"x:y": f"${{{TEAM}}}"}},
            {"x:y": "red"},
            f"context key {TEAM.lower()} is not stated",
        ),
    ],
)
def test_an_open_condition_is_told_with_what_it_depends_on(
    condition: Any, values: dict[str, Any], reason: str
) -> None:
    assert told(condition, values) == (
        f"statement 1 of identity-based policy 'p' of user/StageAdmin depends on this: {reason}",
    )


def test_variables_are_plain_text_in_the_older_policy_language() -> None:
    condition = {"StringEquals": {"x:y": "${aws:username}"}}
    document = policy(allow("s3:GetObject", "*", Condition=condition), version="2008-10-17")
    world = World(
        users={USER: {"policies": {"p": document}}},
        resources={BUCKET: {"account": "444455556666", "policy": None}},
    )
    literal = Context({"x:y": "${aws:username}"})
    assert ask(world, USER, "s3:GetObject", OBJECT, context=literal).allowed
    name = Context({"x:y": "StageAdmin"})
    assert not ask(world, USER, "s3:GetObject", OBJECT, context=name).allowed


@pytest.mark.parametrize(
    ("key", "value", "principal"),
    [
        ("aws:PrincipalArn", USER, USER),
        ("aws:PrincipalAccount", "444455556666", USER),
        ("aws:PrincipalType", "User", USER),
        ("aws:username", "StageAdmin", USER),
        ("aws:ResourceAccount", "444455556666", USER),
        ("aws:PrincipalArn", "arn:aws:iam::111122223333:role/StageRole", SESSION),
        ("aws:PrincipalType", "AssumedRole", SESSION),
        ("aws:PrincipalIsAWSService", "false", SESSION),
    ],
)
def test_keys_that_follow_from_the_request_are_known(key: str, value: str, principal: str) -> None:
    assert answer({"StringEquals": {key: value}}, {}, principal) == HOLDS
    assert answer({"StringNotEquals": {key: value}}, {}, principal) == FAILS


def test_a_role_session_has_no_user_name() -> None:
    assert answer({"Null": {"aws:username": "true"}}, {}, SESSION) == HOLDS


def test_a_role_session_has_a_token_issue_time_of_unknown_value() -> None:
    assert answer({"Null": {"aws:TokenIssueTime": "false"}}, {}, SESSION) == HOLDS
    later = {"DateGreaterThan": {"aws:TokenIssueTime": "2020-01-01"}}
    assert answer(later, {}, SESSION) == OPEN


@pytest.mark.parametrize(
    ("condition", "named"),
    [
        ({"NumericEquals": {"a:\nb": "ten"}}, "NumericEquals.a: b: 'ten' is no number"),
        ({"DateEquals": {"a:b": "9" * 400}}, "is no date"),
        ({"StringEqual": {"a:b": "c"}}, "did you mean 'StringEquals'"),
        ({"NullIfExists": {"a:b": "true"}}, "Null stands alone"),
        ({"ForAnyValue:Null": {"a:b": "true"}}, "Null stands alone"),
        ({"NumericEquals": {"a:b": "ten"}}, "'ten' is no number"),
        ({"NumericEquals": {"a:b": "NaN"}}, "'NaN' is no number"),
        ({"NumericEquals": {"a:b": "${c:d}"}}, "policy variables are for text and ARN"),
        ({"DateEquals": {"a:b": "yesterday"}}, "'yesterday' is no date"),
        ({"DateEquals": {"a:b": "2020-01-01T00:00:00"}}, "time zone"),
        ({"Bool": {"a:b": "yes"}}, "'yes' is no truth value"),
        ({"Bool": {"a:b": "tru?"}}, "'tru?' is no truth value"),
        ({"Bool": {"a:b": "*"}}, "'*' is no truth value"),
        ({"IpAddress": {"a:b": "${c:d}"}}, "policy variables are for text and ARN"),
        ({"Null": {"a:b": "maybe"}}, "'maybe' is no truth value"),
        ({"IpAddress": {"a:b": "300.0.0.1"}}, "'300.0.0.1' is no IP address"),
        ({"BinaryEquals": {"a:b": "%%%"}}, "'%%%' is no base64 text"),
        ({"StringEquals": {"a:b": {"c": 1}}}, "is no text, number or truth value"),
        ({"StringEquals": "a:b"}, "no JSON object of condition keys"),
        ("StringEquals", "no JSON object of operators"),
    ],
)
def test_rejects_a_condition_that_cannot_be_compared(condition: Any, named: str) -> None:
    document = policy(allow("s3:GetObject", "*", Condition=condition))
    with pytest.raises(DocumentError) as caught:
        compile_policy(document, PolicyKind.IDENTITY, "policy 'p'")
    message = str(caught.value)
    assert named in message
    assert message.startswith("policy 'p': Statement[0].Condition")
    assert "\n" not in message
