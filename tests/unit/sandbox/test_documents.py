"""When two policy documents count as the same."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cross_account_access.dev.sandbox.provider.documents import canonical

STATEMENT = {
    "Sid": "One",
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::222222222222:root"},
    "Action": ["s3:GetObject", "s3:ListBucket"],
    "Resource": "arn:aws:s3:::bucket",
    "Condition": {"StringEquals": {"aws:PrincipalArn": ["a", "b"]}},
}


def document(*statements: dict[str, Any], **elements: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements), **elements})


@pytest.mark.parametrize(
    ("element", "value"),
    [
        ("Action", ["s3:ListBucket", "s3:GetObject"]),
        ("Action", ["S3:listbucket", "s3:GetObject", "s3:GetObject"]),
        ("Resource", ["arn:aws:s3:::bucket"]),
        ("Principal", {"AWS": ["222222222222"]}),
        ("Condition", {"StringEquals": {"AWS:principalarn": ["b", "a"]}}),
    ],
)
def test_another_spelling_of_an_element_is_the_same(element: str, value: object) -> None:
    assert canonical(document({**STATEMENT, element: value})) == canonical(document(STATEMENT))


@pytest.mark.parametrize(
    ("element", "value"),
    [
        ("Sid", "Two"),
        ("Effect", "Deny"),
        ("Action", ["s3:GetObject"]),
        ("Resource", "arn:aws:s3:::BUCKET"),
        ("Principal", {"AWS": "333333333333"}),
        ("Principal", {"AWS": "arn:aws:iam::222222222222:user/A"}),
        ("Principal", "*"),
        ("Condition", {"StringLike": {"aws:PrincipalArn": ["a", "b"]}}),
        ("Condition", {"StringEquals": {"aws:PrincipalArn": ["a"]}}),
        ("Condition", {}),
    ],
)
def test_another_meaning_of_an_element_is_not_the_same(element: str, value: object) -> None:
    assert canonical(document({**STATEMENT, element: value})) != canonical(document(STATEMENT))


def test_everyone_is_everyone_however_it_is_written() -> None:
    one, other = {**STATEMENT, "Principal": "*"}, {**STATEMENT, "Principal": {"AWS": "*"}}

    assert canonical(document(one)) == canonical(document(other))


def test_a_boolean_condition_is_its_text() -> None:
    one = {**STATEMENT, "Condition": {"Bool": {"aws:SecureTransport": False}}}
    other = {**STATEMENT, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}

    assert canonical(document(one)) == canonical(document(other))


def test_a_statement_alone_is_a_list_of_one() -> None:
    assert canonical(document(Statement=STATEMENT)) == canonical(document(STATEMENT))


def test_versions_differ_and_none_is_the_oldest() -> None:
    assert canonical(document(Version="2008-10-17")) != canonical(document())
    assert canonical('{"Statement": []}') == canonical(document(Version="2008-10-17"))


def test_text_that_is_no_document_is_only_the_same_as_itself() -> None:
    assert canonical("not JSON") == "not JSON"
    assert canonical("[]") != canonical("{}")


statements = st.lists(
    st.fixed_dictionaries(
        {
            "Effect": st.sampled_from(["Allow", "Deny"]),
            "Action": st.lists(st.sampled_from(["s3:Get", "s3:Put", "iam:Get"]), min_size=1),
            "Resource": st.sampled_from(["*", "arn:a", "arn:b"]),
        }
    ),
    max_size=4,
)


@given(statements, st.randoms(use_true_random=False))
def test_the_order_of_statements_and_lists_means_nothing(
    given_statements: list[dict[str, Any]], random: Any
) -> None:
    shuffled = [
        {**each, "Action": random.sample(each["Action"], len(each["Action"]))}
        for each in random.sample(given_statements, len(given_statements))
    ]

    assert canonical(document(*shuffled)) == canonical(document(*given_statements))
