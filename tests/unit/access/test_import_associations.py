"""An association of EKS Pod Identity that exists is found by its service account; moto lacks it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cross_account_access.importing import eks
from cross_account_access.importing.found import Found
from cross_account_access.stack import StackResource

TOKEN = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
WANTED = {
    "clusterName": "apps",
    "namespace": "web",
    "serviceAccount": "shop",
    "roleArn": "arn:aws:iam::444455556666:role/Shop",
    "targetRoleArn": "arn:aws:iam::111122223333:role/ShopAccess",
    "tags": {"stack": "prod"},
}


def found(live: dict[str, Any] | None, *, has_cluster: bool = True) -> Found | None:
    def listed(**asked: str) -> dict[str, Any]:
        assert asked == {
            name: WANTED[name] for name in ("clusterName", "namespace", "serviceAccount")
        }
        if not has_cluster:
            absent: Any = {"Error": {"Code": "ResourceNotFoundException"}}
            raise ClientError(absent, "ListPodIdentityAssociations")
        return {"associations": [{"associationId": "a-1"}] if live is not None else []}

    def described(**asked: str) -> dict[str, Any]:
        assert asked == {"clusterName": "apps", "associationId": "a-1"}
        return {"association": {**WANTED, "associationId": "a-1", **(live or {})}}

    clients: Any = SimpleNamespace(
        eks=SimpleNamespace(
            list_pod_identity_associations=listed, describe_pod_identity_association=described
        )
    )
    resource = StackResource(urn=f"urn:pulumi:s::p::{TOKEN}::a", type=TOKEN, inputs=WANTED)
    return eks.FINDERS[TOKEN](clients, resource)


def test_one_that_is_as_declared_is_imported_without_a_change() -> None:
    there = found({})
    assert there
    assert (there.import_id, there.changes, there.warnings) == ("apps,a-1", (), ())


@pytest.mark.parametrize(
    ("live", "told"),
    [
        (
            {"roleArn": "arn:aws:iam::444455556666:role/Old"},
            "role: arn:aws:iam::444455556666:role/Old becomes",
        ),
        ({"targetRoleArn": None}, "target role: none becomes arn:aws:iam::111122223333:role/Shop"),
        ({"disableSessionTags": True}, "session tags are given again"),
    ],
)
def test_what_an_update_changes_is_told(live: dict[str, Any], told: str) -> None:
    there = found(live)
    assert there
    (change,) = there.changes
    assert change.startswith(told)


def test_tags_of_others_that_go_are_told() -> None:
    there = found({"tags": {"stack": "prod", "team": "web"}})
    assert there
    assert there.warnings == ("removes the tag team=web",)


def test_without_a_cluster_or_an_association_there_is_none() -> None:
    assert found(None) is None
    assert found({}, has_cluster=False) is None
