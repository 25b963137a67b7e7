"""A role that trusts itself, where a third party demands it."""

import json
from dataclasses import replace

import pytest

from cross_account_access.declaration.kinds import ThirdParty
from cross_account_access.declaration.model import Conditions, Consumer, Level
from cross_account_access.declaration.policies.documents import access_policy, trust_policy
from cross_account_access.iam.engine import (
    Context,
    Outcome,
    RoleDocuments,
    World,
    assume,
    parse_principal,
)
from tests.unit.declaration.documents import ACCOUNTS, EVERY_CONDITION, ROLE, consumer, grant
from tests.unit.declaration.stack_file import consumer as written
from tests.unit.declaration.stack_file import grant as written_grant
from tests.unit.declaration.stack_file import problems_of, vendor

PROVIDER = "arn:aws:iam::777788889999:role/Collector"
OTHER = "arn:aws:iam::111122223333:role/Other"
NOBODY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sts:*"}],
}
ANYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}


GRANTED = {"grants": [written_grant(), written_grant(consumer="other")]}


def renewing(conditions: Conditions) -> Consumer:
    made = consumer(ThirdParty(account_id="777788889999"), conditions)
    assert made.role
    return replace(made, role=replace(made.role, trusts_itself=True))


def may(
    who: Consumer, caller: str, external_id: str | None, *, now: str = "2026-01-01T00:00:00Z"
) -> bool:
    trust, access = trust_policy(who, ACCOUNTS), access_policy(who, [grant([Level.READ])], ACCOUNTS)
    other: RoleDocuments = {"policies": {"own": ANYTHING}, "trust": NOBODY}
    world = World(
        users={},
        roles={
            ROLE: {"policies": {"access": json.loads(access)}, "trust": json.loads(trust)},
            OTHER: other,
            PROVIDER: other,
        },
        resources={},
    )
    told = {"sts:ExternalId": external_id} if external_id else {}
    absent = [] if external_id else ["sts:ExternalId"]
    context = Context({"aws:CurrentTime": now, **told}, absent=absent)
    decision = assume(world, parse_principal(caller), ROLE, context).decision
    assert decision.outcome is not Outcome.UNKNOWN
    return decision.outcome is Outcome.ALLOWED


def test_the_role_and_the_provider_come_in_with_the_external_id_and_nobody_else() -> None:
    who = renewing(Conditions(external_id="vendor-7"))
    for caller, comes in ((PROVIDER, True), (ROLE, True), (OTHER, False)):
        assert may(who, caller, "vendor-7") is comes
        assert not may(who, caller, "another-customer")
        assert not may(who, caller, None)


def test_a_role_that_does_not_trust_itself_is_not_renewed() -> None:
    who = consumer(ThirdParty(account_id="777788889999"), Conditions(external_id="vendor-7"))
    assert may(who, PROVIDER, "vendor-7")
    assert not may(who, ROLE, "vendor-7")


def test_the_end_of_the_access_ends_renewal() -> None:
    who = renewing(Conditions(external_id="vendor-7", expires_at="2030-01-31T00:00:00Z"))
    assert may(who, ROLE, "vendor-7")
    assert not may(who, ROLE, "vendor-7", now="2030-01-31T00:00:01Z")


def test_no_two_statements_of_the_trust_have_one_name() -> None:
    statements = json.loads(trust_policy(renewing(EVERY_CONDITION), ACCOUNTS))["Statement"]
    names = [each["Sid"] for each in statements]
    assert len(names) == len(set(names)) == 6


def test_it_is_for_third_parties_alone() -> None:
    role = {"name": "OtherRole", "trusts_itself": True}
    assert problems_of(consumers=[written(), {**vendor(), "role": role}], **GRANTED) == []
    (told,) = problems_of(consumers=[written(role=role)])
    assert told.startswith(
        "consumers[0].role.trusts_itself: True is for a third_party that demands it, not for user"
    )


@pytest.mark.parametrize("value", ["yes", 1, None])
def test_it_is_true_or_false(value: object) -> None:
    role = {"name": "OtherRole", "trusts_itself": value}
    told = problems_of(consumers=[written(), {**vendor(), "role": role}], **GRANTED)
    assert any("trusts_itself" in each and "must be true or false" in each for each in told)
