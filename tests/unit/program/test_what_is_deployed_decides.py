"""What is deployed decides in which document a statement lies, and what is refused in one go."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest

from cross_account_access.declaration.policies.keeping import NOTHING
from tests.support.deployment import Deployment, deploy, stack_values

POLICY, INLINE = "aws:iam/policy:Policy", "aws:iam/rolePolicy:RolePolicy"
ATTACHED = "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive"
BUCKET = "production-test-bucket-101"


def values(user: str = "StageAdmin", level: str = "read", **role: Any) -> dict[str, str]:
    consumer = {
        "name": "stage-admin",
        "user": {"name": user},
        "role": {"name": "StageRole", **role},
    }
    grant = {"consumer": "stage-admin", "bucket": BUCKET, "levels": [level]}
    return stack_values("prod", consumers=[consumer], grants=[grant])


def then(before: dict[str, str], after: dict[str, str]) -> Deployment:
    """The second of two deployments."""
    recorded = {
        f"urn:pulumi:prod::cross-account-access::parent${each.type}::{each.name}": {
            "outputs": {**each.inputs, **each.outputs}
        }
        for each in deploy(before).resources
    }
    return deploy(after, recorded=recorded)


def documents(deployment: Deployment, token: str) -> dict[str, str]:
    return {each.name: each.inputs["policy"] for each in deployment.of_type(token)}


def actions(document: str) -> list[str]:
    return [action for each in json.loads(document)["Statement"] for action in each["Action"]]


def test_what_does_not_change_is_planned_as_it_is() -> None:
    for role in ({}, {"policy": "inline"}):
        before = values(**role)
        again, first = (
            {(each.type, each.name): each.inputs for each in deployment.resources}
            for deployment in (then(before, before), deploy(before))
        )
        assert again == first


def test_grants_alone_change_in_the_document_that_is_there() -> None:
    changed = documents(then(values(), values(level="delete")), POLICY)
    assert {name: actions(text) for name, text in changed.items()} == {
        "access-stage-admin": ["s3:DeleteObject"]
    }


def test_new_grants_for_others_stand_in_a_document_of_their_own() -> None:
    changed = then(values(), values(user="Another", level="delete"))
    found = documents(changed, POLICY)
    assert found["access-stage-admin"] == NOTHING
    assert actions(found["access-stage-admin.2"]) == ["s3:DeleteObject"]
    (attached,) = (each for each in changed.of_type(ATTACHED) if each.name == "access-stage-admin")
    (arn,) = attached.inputs["policyArns"]
    assert arn.endswith(":policy/StageRoleAccess-2")


def test_grants_inside_the_role_are_kept_apart_alike() -> None:
    inline = {"policy": "inline"}
    changed = then(values(**inline), values(user="Another", level="delete", **inline))
    found = documents(changed, INLINE)
    assert found["access-stage-admin.inline"] == NOTHING
    assert actions(found["access-stage-admin.inline.2"]) == ["s3:DeleteObject"]


def test_the_kind_of_policy_does_not_change_together_with_trust_and_grants() -> None:
    with pytest.raises(pulumi.RunError, match=r"deploy the new role\.policy first"):
        then(values(), values(user="Another", level="delete", policy="inline"))
    then(values(), values(user="Another", policy="inline"))
    then(values(), values(level="delete", policy="inline"))
