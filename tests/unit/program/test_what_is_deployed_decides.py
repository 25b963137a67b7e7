"""What is deployed decides in which document a statement lies, and what is refused in one go."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pulumi
import pytest

from cross_account_access.declaration.policies.keeping import NOTHING
from tests.support.deployment import Deployment, deploy, stack_values

POLICY, INLINE = "aws:iam/policy:Policy", "aws:iam/rolePolicy:RolePolicy"
ROLE = "aws:iam/role:Role"
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
    direct = of_functions("resize", via="resource")
    for before in (values(), values(policy="inline"), of_pods(), direct):
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


PODS_ROLE = ("aws:iam/role:Role", "access-shop-machines")
SHOP_ROLE = ("aws:iam/role:Role", "access-shop")
OWN_POLICY = (INLINE, "access-shop")
ACCESS_POLICY = (POLICY, "access-shop")
GIVEN = (ATTACHED, "access-shop")


def of_pods(namespace: str = "web", level: str = "read", **conditions: Any) -> dict[str, str]:
    consumer = {
        "name": "shop",
        "eks_pods": {
            "role": {"name": "Shop"},
            "cluster": "apps",
            "namespace": namespace,
            "service_account": "shop",
        },
        "role": {"name": "ShopAccess"},
        "conditions": conditions,
    }
    grant = {"consumer": "shop", "bucket": BUCKET, "levels": [level]}
    return stack_values("prod", consumers=[consumer], grants=[grant])


def of_functions(
    function: str,
    level: str = "read",
    via: str = "role",
    role: Mapping[str, str] = MappingProxyType({}),
    **conditions: Any,
) -> dict[str, str]:
    consumer: dict[str, Any] = {
        "name": "shop",
        "lambda_functions": {"role": {"name": "Shop"}, "functions": [function]},
        "conditions": conditions,
    }
    if via == "role":
        consumer["role"] = {"name": "ShopAccess", **role}
    grant = {"consumer": "shop", "bucket": BUCKET, "levels": [level], "via": via}
    return stack_values("prod", consumers=[consumer], grants=[grant])


def in_order(deployment: Deployment, *wanted: tuple[str, str]) -> bool:
    """Whether each is made after the one before it."""
    made = [(each.type, each.name) for each in deployment.resources]
    return [each for each in made if each in wanted] == [*wanted]


def test_new_grants_for_other_machines_stand_in_a_document_of_their_own() -> None:
    changed = then(of_pods(), of_pods("others", "delete"))
    found = documents(changed, POLICY)
    assert found["access-shop"] == NOTHING
    assert actions(found["access-shop.2"]) == ["s3:DeleteObject"]
    assert in_order(changed, ACCESS_POLICY, SHOP_ROLE, PODS_ROLE, GIVEN)
    # EKS states the namespace as external ID, with which nobody comes in until both roles know it.
    assert documents(changed, INLINE)["access-shop"] == NOTHING
    assert in_order(changed, OWN_POLICY, PODS_ROLE, (INLINE, "access-shop.2"))


def test_of_two_roles_the_one_that_lets_somebody_in_changes_last() -> None:
    for before, after, order in (
        ("2097-01-01", "2098-01-01", (PODS_ROLE, SHOP_ROLE)),
        ("2098-01-01", "2097-01-01", (SHOP_ROLE, PODS_ROLE)),
    ):
        changed = then(
            of_functions("resize", expires_at=before), of_functions("others", expires_at=after)
        )
        assert in_order(changed, ACCESS_POLICY, *order, GIVEN)
        assert documents(changed, INLINE) == documents(deploy(of_functions("resize")), INLINE)


def test_two_roles_that_both_let_others_in_do_not_change_in_one_go() -> None:
    before: Any = {"source_ips": ["198.51.100.0/24"]}
    after: Any = {"source_ips": ["203.0.113.0/24"]}
    with pytest.raises(pulumi.RunError, match="deploy one of them first"):
        then(of_functions("resize", **before), of_functions("others", **after))
    then(of_functions("resize", **before), of_functions("resize", **after))
    endpoints = (["vpce-1a2b3c4d"], ["vpce-5e6f7a8b"])
    then(of_pods(vpc_endpoints=endpoints[0]), of_pods("others", vpc_endpoints=endpoints[1]))


def test_a_role_that_is_new_waits_for_nothing_but_itself() -> None:
    after = of_functions("others", role={"revoked_before": "2026-01-01T00:00:00Z"})
    changed = then(of_functions("resize", via="resource"), after)
    assert in_order(changed, SHOP_ROLE, (INLINE, "access-shop.revoked"))


def test_what_other_machines_newly_use_directly_comes_after_their_trust() -> None:
    direct = "delete", "resource"
    changed = then(of_functions("resize", via="resource"), of_functions("others", *direct))
    found = documents(changed, INLINE)
    assert found["access-shop"] == NOTHING
    assert actions(found["access-shop.2"]) == ["s3:DeleteObject"]
    assert in_order(changed, OWN_POLICY, PODS_ROLE, (INLINE, "access-shop.2"))


def test_what_machines_use_directly_changes_in_the_document_that_is_there() -> None:
    direct = "delete", "resource"
    changed = then(of_functions("resize", via="resource"), of_functions("resize", *direct))
    assert {name: actions(text) for name, text in documents(changed, INLINE).items()} == {
        "access-shop": ["s3:DeleteObject"]
    }


def test_the_name_of_a_policy_does_not_change_together_with_trust_and_grants() -> None:
    for kind in ("managed", "inline"):
        before = values(policy=kind)
        renamed: Any = {"policy": kind, "policy_name": "Another"}
        with pytest.raises(pulumi.RunError, match=r"deploy the new role\.policy_name first"):
            then(before, values(user="Another", level="delete", **renamed))
        then(before, values(user="Another", **renamed))
        then(before, values(level="delete", **renamed))


def test_a_user_loses_a_boundary_between_what_its_role_loses_and_what_it_gains() -> None:
    def bounded(level: str, **user: Any) -> dict[str, str]:
        consumer = {
            "name": "shop",
            "user": {"name": "Shop", **user},
            "role": {"name": "ShopAccess"},
        }
        grant = {"consumer": "shop", "bucket": BUCKET, "levels": [level]}
        return stack_values("prod", consumers=[consumer], grants=[grant])

    read_only = {"permissions_boundary": "arn:aws:iam::aws:policy/ReadOnlyAccess"}
    changed = then(bounded("read", **read_only), bounded("delete"))
    assert actions(documents(changed, POLICY)["access-shop"]) == ["s3:DeleteObject"]
    user = ("aws:iam/user:User", "access-shop")
    assert in_order(changed, ACCESS_POLICY, SHOP_ROLE, user, GIVEN)
    narrowed = then(bounded("read"), bounded("delete", **read_only))
    assert documents(narrowed, POLICY)["access-shop"] == NOTHING


def for_everybody(path: str, *users: str, user_role: str = "") -> dict[str, str]:
    """An organization, narrowed to a unit of it, beside users with a role each."""
    organization = {"id": "o-a1b2c3d4e5", "paths": [f"o-a1b2c3d4e5/r-ab12/{path}/*"]}
    consumers: list[dict[str, Any]] = [
        {"name": "everybody", "organization": organization, "role": {"name": "EverybodyAccess"}},
        *(
            {"name": user, "user": {"name": user}, "role": {"name": user_role or f"{user}Access"}}
            for user in users
        ),
    ]
    grants = [
        {"consumer": each["name"], "bucket": BUCKET, "levels": ["read"]} for each in consumers
    ]
    return stack_values("prod", consumers=consumers, grants=grants)


@pytest.mark.parametrize(
    "after",
    [
        for_everybody("ou-ab12-22222222"),
        for_everybody("ou-ab12-22222222", "staying", user_role="Another"),
    ],
    ids=["its consumer is removed", "it gets another name"],
)
def test_nobody_is_let_in_by_everybody_together_with_a_role_that_goes(
    after: dict[str, str],
) -> None:
    before = for_everybody("ou-ab12-11111111", "staying")
    with pytest.raises(pulumi.RunError, match=r"the role 'stayingAccess', which goes last.*deploy"):
        then(before, after)


def test_a_role_that_comes_or_goes_hinders_nobody_who_lets_in_no_more() -> None:
    narrow = for_everybody("ou-ab12-11111111")
    others = for_everybody("ou-ab12-22222222", "coming")
    for before, after in ((for_everybody("ou-ab12-11111111", "leaving"), narrow), (narrow, others)):
        trusts = {each.inputs["assumeRolePolicy"] for each in then(before, after).of_type(ROLE)}
        assert trusts == {each.inputs["assumeRolePolicy"] for each in deploy(after).of_type(ROLE)}
