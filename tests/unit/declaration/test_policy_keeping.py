"""A deployed policy keeps what it says in the documents that it is in, whatever is added."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cross_account_access.declaration.model import Conditions
from cross_account_access.declaration.policies.keeping import NOTHING, laid_out, say_the_same
from cross_account_access.declaration.policies.parts import in_parts
from cross_account_access.declaration.policies.shutting_out import (
    asks_for_others,
    covers,
    shuts_out,
)
from cross_account_access.facts.quotas import MANAGED_POLICIES_OF_ROLE, policy_characters
from tests.unit.declaration.test_policy_parts import SMALL, of_many, permissions

Policies = list[str]

policies = st.lists(
    st.lists(
        st.tuples(
            st.sampled_from([["read"], ["delete"], ["list", "read"]]),
            st.lists(
                st.sampled_from([f"{letter * 60}/" for letter in "abcdefgh"]),
                max_size=8,
                unique=True,
            ),
        ),
        min_size=1,
        max_size=4,
    ).map(lambda grants: of_many(grants, Conditions())),
    min_size=2,
    max_size=3,
)
few = st.lists(
    st.lists(
        st.tuples(
            st.sampled_from([["read"], ["list"], ["delete"], ["list", "read"]]),
            st.lists(st.sampled_from(["a/", "b/", "c/"]), max_size=2, unique=True),
        ),
        min_size=1,
        max_size=3,
    ).map(lambda grants: of_many(grants, Conditions())),
    min_size=2,
    max_size=4,
)


def said(*documents: str) -> set[str]:
    """What documents allow, whatever the statements are called."""
    found = set()
    for one in permissions(*(each for each in documents if each != NOTHING)):
        statement, *rest = json.loads(one)
        found |= {json.dumps([statement["Effect"], each, *rest]) for each in statement["Action"]}
    return found


@given(policies)
def test_nothing_that_stays_is_ever_missing_whichever_document_is_written_first(
    versions: Policies,
) -> None:
    deployed: dict[int, str] = {}
    for version in versions:
        planned = laid_out(version, SMALL, deployed)
        assert said(*planned.values()) == said(version)
        if deployed and len(planned) <= len(in_parts(version, SMALL)) + len(deployed):
            stays = said(*deployed.values()) & said(version)
            for number, document in deployed.items():
                # One that is not planned is detached when all others are written.
                if number in planned:
                    written = {**deployed, number: planned[number]}
                    assert stays <= said(*written.values())
                assert stays & said(document) <= said(*planned.values())
        deployed = planned


@given(policies)
def test_what_is_deployed_is_left_as_it_is(versions: Policies) -> None:
    deployed: dict[int, str] = {}
    for version in versions:
        deployed = laid_out(version, SMALL, deployed)
        assert laid_out(version, SMALL, deployed) == deployed


@given(few)
def test_where_somebody_is_shut_out_deployed_documents_only_lose(versions: Policies) -> None:
    deployed = laid_out(versions[0], SMALL, {})
    for version in versions[1:]:
        planned = laid_out(version, SMALL, deployed, trust_changes=True, shuts_out=True)
        assert said(*planned.values()) == said(version)
        for number, document in deployed.items():
            assert said(planned[number]) <= said(document)
        assert laid_out(version, SMALL, planned) == planned
        deployed = planned


@given(few)
def test_where_somebody_is_let_in_no_document_goes_before_it_says_less(versions: Policies) -> None:
    for before, after in pairwise(versions):
        deployed = laid_out(before, SMALL, {})
        planned = laid_out(after, SMALL, deployed, trust_changes=True)
        assert deployed.keys() <= planned.keys()


def test_a_policy_that_fits_into_one_document_again_is_one_with_its_next_change() -> None:
    before, after = (of_many([([level], ["a/"])], Conditions()) for level in ("read", "delete"))
    apart = laid_out(after, SMALL, laid_out(before, SMALL, {}), trust_changes=True, shuts_out=True)
    assert apart == {1: NOTHING, 2: after}
    assert laid_out(before, SMALL, apart) == {1: before}
    assert policy_characters(NOTHING) < SMALL


@pytest.mark.parametrize(("room", "documents"), [(0, 1), (-1, 2)])
def test_a_document_takes_as_much_as_the_limit_lets_it(room: int, documents: int) -> None:
    before = of_many([(["read"], ["a/"])], Conditions())
    after = of_many([(["read"], [f"{letter}/" for letter in "abcdef"])], Conditions())
    limit = policy_characters(after) + room
    planned = laid_out(after, limit, {1: before}, trust_changes=True)
    assert said(*planned.values()) == said(after)
    assert len(planned) == documents
    # As many as fit: one more would be too long.
    sizes = [policy_characters(document) for document in planned.values()]
    assert sizes[0] <= limit < sizes[0] + sizes[-1]
    left = [json.loads(each)["Statement"] for each in list(planned.values())[1:]]
    assert all(len(statement["Resource"]) == 1 for each in left for statement in each)


def test_a_policy_is_laid_out_anew_where_a_role_could_not_have_so_many_documents() -> None:
    """Where nobody comes or goes meanwhile, nothing is wider or narrower for long."""
    prefixes = [f"{letter * 60}/" for letter in "abcdefghijklmnopqrst"]
    whole = of_many([(["read"], prefixes)], Conditions())
    apart = {
        number: of_many([(["read"], [prefix])], Conditions())
        for number, prefix in enumerate(prefixes[:MANAGED_POLICIES_OF_ROLE], start=1)
    }
    most = laid_out(of_many([(["read"], prefixes[:10])], Conditions()), SMALL, apart)
    assert most == apart
    full = {number: document for number, document in apart.items() if number <= 9}
    limit = policy_characters(full[1])
    ten = of_many([(["read"], prefixes[:10])], Conditions())
    assert len(laid_out(ten, limit, full)) == MANAGED_POLICIES_OF_ROLE
    anew = laid_out(whole, SMALL, dict(list(apart.items())[:9]))
    assert said(*anew.values()) == said(whole)
    assert len(anew) <= MANAGED_POLICIES_OF_ROLE
    eleven = of_many([(["read"], prefixes[:11])], Conditions())
    assert laid_out(eleven, limit, apart) == dict(enumerate(in_parts(eleven, limit), start=1))
    kept = laid_out(eleven, limit, apart, trust_changes=True)
    assert {number: kept[number] for number in apart} == apart


def test_a_statement_that_only_asks_for_more_stays_where_it_is() -> None:
    grants = [(["read"], ["a/"]), (["list", "delete"], ["b/"])]
    before = of_many(grants, Conditions())
    after = of_many(grants[:1], Conditions(source_ips=("203.0.113.0/24",)))
    planned = laid_out(after, SMALL, {1: before}, trust_changes=True, shuts_out=True)
    assert planned == {1: after}


def test_a_statement_that_asks_for_more_moves_no_other() -> None:
    before = of_many([(["read"], ["a/"]), (["delete"], ["b/"])], Conditions())
    kept, changed = json.loads(before)["Statement"]
    fewer = {**changed, "Condition": {"IpAddress": {"aws:SourceIp": ["203.0.113.0/24"]}}}
    after = json.dumps({"Version": "2012-10-17", "Statement": [kept, fewer]})
    limit = policy_characters(after)
    planned = laid_out(after, limit, {1: before}, trust_changes=True, shuts_out=True)
    assert planned.keys() == {1}
    assert said(*planned.values()) == said(after)


def test_what_two_documents_say_stays_in_the_first() -> None:
    first, both = (of_many([(["read"], each)], Conditions()) for each in (["a/"], ["a/", "b/"]))
    planned = laid_out(both, SMALL, {1: first, 2: both}, trust_changes=True)
    assert planned[1] == first
    assert said(planned[2]) == said(both) - said(first)


def test_a_number_that_is_free_is_taken_first() -> None:
    first, both = (of_many([(["read"], each)], Conditions()) for each in (["a/"], ["a/", "b/"]))
    planned = laid_out(both, policy_characters(first), {2: first})
    assert planned.keys() == {1, 2}


def test_order_and_names_of_statements_are_no_difference() -> None:
    one, other = (
        of_many([(["read"], each)], Conditions()) for each in (["a/", "b/"], ["b/", "a/"])
    )
    assert say_the_same(one, in_parts(other, SMALL))
    assert not say_the_same(one, in_parts(of_many([(["read"], ["a/"])], Conditions()), SMALL))


def trust(principal: str = "444455556666", **conditions: Any) -> str:
    statement = {
        "Sid": "Trust",
        "Effect": "Allow",
        "Principal": {"AWS": [f"arn:aws:iam::{principal}:root"]},
        "Action": ["sts:AssumeRole"],
        "Condition": conditions,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.mark.parametrize(
    ("less", "more"),
    [
        (
            trust(StringEquals={"sts:ExternalId": ["one"]}),
            trust(StringEquals={"sts:ExternalId": ["one", "two"]}),
        ),
        (trust(Bool={"aws:MultiFactorAuthPresent": ["true"]}), trust()),
        (
            trust(DateLessThan={"aws:CurrentTime": ["2098-01-01T00:00:00Z"]}),
            trust(DateLessThan={"aws:CurrentTime": ["2099-01-01T00:00:00Z"]}),
        ),
        (
            trust(NumericLessThan={"aws:MultiFactorAuthAge": ["900"]}),
            trust(NumericLessThan={"aws:MultiFactorAuthAge": ["3600"]}),
        ),
    ],
)
def test_a_trust_that_only_lets_more_in_shuts_nobody_out(less: str, more: str) -> None:
    assert not shuts_out(less, more)
    assert not shuts_out(less, less)
    assert shuts_out(more, less)


@pytest.mark.parametrize(
    "changes", [{"Effect": "Deny"}, {"Resource": ["arn:aws:s3:::b/*"]}, {"Action": ["s3:List"]}]
)
def test_a_statement_covers_none_of_another_effect_resource_or_action(
    changes: dict[str, Any],
) -> None:
    one = {"Sid": "A", "Effect": "Allow", "Action": ["s3:Get"], "Resource": ["arn:aws:s3:::a/*"]}
    assert covers({**one, "Sid": "B", "Action": ["s3:Get", "s3:List"]}, one)
    assert not covers({**one, **changes}, one)


@pytest.mark.parametrize(
    "condition",
    [
        ("StringNotEquals", ["one"], ["one", "two"]),
        # As texts the former is less, as times it is not known.
        ("DateLessThan", ["2098-01-01T00:00:00Z"], ["2098-01-01T00:00:00.000Z"]),
        ("DateGreaterThan", ["2098-01-01T00:00:00Z"], ["2099-01-01T00:00:00Z"]),
    ],
)
def test_what_texts_do_not_show_may_shut_somebody_out(
    condition: tuple[str, list[str], list[str]],
) -> None:
    operator, before, after = condition
    old, new = (
        trust("444455556666", **{operator: {"aws:CurrentTime": each}}) for each in (before, after)
    )
    assert shuts_out(old, new)
    assert not shuts_out(old, old)


def test_one_value_may_stand_outside_of_a_list() -> None:
    as_aws_has_it = trust(StringEquals={"sts:ExternalId": "one"})
    assert not shuts_out(as_aws_has_it, trust(StringEquals={"sts:ExternalId": ["one", "two"]}))
    assert not shuts_out(trust(StringEquals={"sts:ExternalId": ["one"]}), as_aws_has_it)


def test_a_trust_of_others_shuts_out_whom_it_let_in() -> None:
    assert shuts_out(trust(), trust("777788889999"))
    one, two = (trust(StringEquals={"sts:ExternalId": [each]}) for each in ("one", "two"))
    assert shuts_out(one, two)


@pytest.mark.parametrize(
    ("before", "after", "others"),
    [
        (["one"], ["other"], True),
        (["one"], ["one", "other"], False),
        (["one"], None, False),
        (None, ["other"], False),
        (None, None, False),
    ],
)
def test_other_external_ids_are_none_of_those_before(
    before: list[str] | None, after: list[str] | None, others: bool
) -> None:
    old, new = (
        trust(StringEquals={"sts:ExternalId": ids}) if ids else trust() for ids in (before, after)
    )
    assert asks_for_others(old, new) is others
