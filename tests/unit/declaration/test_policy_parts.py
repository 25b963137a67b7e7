"""A policy too large for AWS is cut into several that together say the same."""

import json
from itertools import chain, pairwise, product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cross_account_access.declaration.model import (
    Conditions,
    Level,
)
from cross_account_access.declaration.policies.parts import in_parts
from cross_account_access.declaration.statements import render
from cross_account_access.facts.quotas import MANAGED_POLICY_CHARACTERS, policy_characters
from tests.unit.declaration.documents import (
    BUCKET,
    EVERY_CONDITION,
    LEVEL_SETS,
    LEVELS,
    access,
    grant,
    statements,
)

SMALL = 700
"""Characters of a part in these tests: a statement or two, or a few prefixes."""

many_grants = st.lists(
    st.tuples(
        st.sampled_from(LEVEL_SETS),
        st.lists(st.from_regex(r"[a-z]{1,80}/", fullmatch=True), max_size=20, unique=True),
    ),
    min_size=1,
    max_size=12,
)
"""One grant for each bucket, with or without prefixes."""
some_conditions = st.sampled_from([Conditions(), EVERY_CONDITION])


def of_many(grants: list[tuple[Any, list[str]]], conditions: Conditions) -> str:
    return access(
        *(
            grant(levels, *prefixes, bucket=f"bucket-{number}")
            for number, (levels, prefixes) in enumerate(grants)
        ),
        conditions=conditions,
    )


def permissions(*documents: str) -> list[str]:
    """What the documents allow, each action on each resource under each prefix, in their order."""
    found = []
    for statement in chain.from_iterable(map(statements, documents)):
        condition = statement.pop("Condition", {})
        prefixes = condition.get("StringLike", {}).pop("s3:prefix", [None])
        resources = statement.pop("Resource")
        for resource, prefix in product(resources, prefixes):
            found.append(json.dumps([statement, condition, resource, prefix]))
    return found


@given(many_grants, some_conditions)
def test_a_policy_in_parts_says_the_same(grants: Any, conditions: Conditions) -> None:
    document = of_many(grants, conditions)
    parts = in_parts(document, SMALL)
    assert permissions(*parts) == permissions(document)
    for part in parts:
        sids = [item["Sid"] for item in statements(part)]
        assert len(sids) == len(set(sids))
        assert policy_characters(part) <= SMALL or len(permissions(part)) == 1


@given(many_grants, some_conditions)
def test_a_part_is_begun_only_where_the_one_before_is_full(
    grants: Any, conditions: Conditions
) -> None:
    parts = in_parts(of_many(grants, conditions), SMALL)
    for part, following in pairwise(parts):
        and_one_more = [*statements(part), statements(following)[0]]
        joined = json.dumps({"Version": "2012-10-17", "Statement": and_one_more})
        assert policy_characters(joined) > SMALL


@given(many_grants, some_conditions)
def test_a_grant_at_the_end_changes_the_last_part_alone(
    grants: Any, conditions: Conditions
) -> None:
    *full, _ = in_parts(of_many(grants, conditions), SMALL)
    more = [*grants, ((Level.LIST, Level.READ), ["another/"])]
    assert in_parts(of_many(more, conditions), SMALL)[: len(full)] == full


def test_a_policy_that_fits_is_one_and_stays_as_it_is() -> None:
    document = access(grant(LEVELS, "images/", "reports/"))
    assert in_parts(document, policy_characters(document)) == [document]
    assert in_parts(document, MANAGED_POLICY_CHARACTERS) == [document]
    assert len(in_parts(document, policy_characters(document) - 1)) == 2


def test_a_statement_too_large_by_itself_is_cut_along_its_prefixes_and_resources() -> None:
    listing = {
        "Sid": "Listing1",
        "Effect": "Allow",
        "Action": ["s3:ListBucket"],
        "Resource": [BUCKET],
        "Condition": {
            "StringLike": {
                "aws:userid": ["AROA*:alice"],
                "s3:prefix": [f"customer-{number:03}/*" for number in range(60)],
            }
        },
    }
    objects = {
        "Sid": "Objects1",
        "Effect": "Allow",
        "Action": ["s3:GetObject"],
        "Resource": [f"{BUCKET}/customer-{number:03}/*" for number in range(60)],
        "Condition": {"StringLike": {"aws:userid": ["AROA*:alice"]}},
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [listing, objects]})
    parts = in_parts(document, SMALL)
    assert permissions(*parts) == permissions(document)
    assert all(policy_characters(part) <= SMALL for part in parts)


def test_a_part_is_full_at_exactly_the_limit() -> None:
    """Both where statements are put together and where one is cut."""
    statement = {"Effect": "Allow", "Action": ["s3:GetObject"]}

    def document(*resources: list[str]) -> str:
        return render([{**statement, "Resource": each} for each in resources])

    pair = policy_characters(document(["aa"], ["bb"]))
    assert in_parts(document(["aa"], ["bb"], ["cc"]), pair) == [
        document(["aa"], ["bb"]),
        document(["cc"]),
    ]
    assert len(in_parts(document(["aa"], ["bb"], ["cc"]), pair - 1)) == 3
    two = policy_characters(document(["aa", "bb"]))
    assert in_parts(document(["aa", "bb", "cc"]), two) == [
        document(["aa", "bb"]),
        document(["cc"]),
    ]
    assert len(in_parts(document(["aa", "bb", "cc"]), two - 1)) == 3
