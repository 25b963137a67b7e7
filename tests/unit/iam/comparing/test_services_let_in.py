"""A statement for everybody that means services alone lets them in, and a comparison says so."""

from __future__ import annotations

from typing import Any

import pytest

from cross_account_access.iam.comparing.comparison import compare
from cross_account_access.iam.inventory import Inventory
from tests.support.states import allow, deny, policy

TOPIC = "arn:aws:sns:us-west-2:111122223333:example-orders"
PUBLISH = "sns:Publish"


def inventory(*statements: dict[str, Any]) -> Inventory:
    document = policy(deny("sns:RemovePermission", TOPIC, Principal="*"), *statements)
    topic: Any = {"account": "111122223333", "policy": document}
    return Inventory(accounts=(), users={}, roles={}, resources={TOPIC: topic})


@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}])
@pytest.mark.parametrize(
    "condition",
    [
        {"Bool": {"aws:PrincipalIsAWSService": "true"}},
        {"StringEquals": {"aws:PrincipalServiceName": "logs.amazonaws.com"}},
        {"StringLike": {"aws:PrincipalServiceName": "*.amazonaws.com"}},
        {"ForAnyValue:StringEquals": {"aws:PrincipalServiceNamesList": "logs.amazonaws.com"}},
    ],
)
def test_services_that_are_let_in_are_told(principal: Any, condition: Any) -> None:
    opened = allow(PUBLISH, TOPIC, Principal=principal, Condition=condition)
    told = {
        change.principal
        for change in compare(inventory(), inventory(opened))
        if change.effect.is_widening and change.actions == (PUBLISH,)
    }
    assert told & {"any service of AWS", "logs.amazonaws.com"}


def test_what_services_may_not_is_not_told() -> None:
    condition = {"Bool": {"aws:PrincipalIsAWSService": "true"}}
    refused = deny(PUBLISH, TOPIC, Principal="*", Condition=condition)
    assert compare(inventory(), inventory(refused)) == []
