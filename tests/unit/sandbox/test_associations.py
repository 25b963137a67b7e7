"""Associations of EKS Pod Identity, which moto lacks: what the stand-in asks of EKS."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.unit.sandbox.engine import Engine

ASSOCIATION = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
INPUTS = {
    "clusterName": "apps",
    "namespace": "web",
    "serviceAccount": "shop",
    "roleArn": "arn:aws:iam::123456789012:role/Shop",
    "targetRoleArn": "arn:aws:iam::111122223333:role/ShopAccess",
    "disableSessionTags": False,
}


class Eks:
    """The calls of EKS for one association."""

    def __init__(self) -> None:
        self.found: dict[str, Any] | None = None

    def create_pod_identity_association(self, **asked: Any) -> dict[str, Any]:
        arn = "arn:aws:eks:us-west-2:123456789012:podidentityassociation/apps/a-1"
        self.found = {**asked, "associationId": "a-1", "associationArn": arn, "externalId": "x/y"}
        return {"association": self.found}

    def describe_pod_identity_association(self, **asked: Any) -> dict[str, Any]:
        assert asked == {"clusterName": "apps", "associationId": "a-1"}
        if self.found is None:
            absent: Any = {"Error": {"Code": "ResourceNotFoundException"}}
            raise ClientError(absent, "DescribePodIdentityAssociation")
        return {"association": self.found}

    def update_pod_identity_association(self, **asked: Any) -> None:
        assert self.found is not None
        self.found |= asked

    def delete_pod_identity_association(self, **_: Any) -> None:
        self.found = None

    def tag_resource(self, **asked: Any) -> None:
        assert self.found is not None
        assert asked["resourceArn"] == self.found["associationArn"]
        self.found["tags"] |= asked["tags"]

    def untag_resource(self, **asked: Any) -> None:
        assert self.found is not None
        for key in asked["tagKeys"]:
            del self.found["tags"][key]


@pytest.fixture
def eks(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Eks:
    stand_in = Eks()
    account = engine.stand_in._account
    assert account is not None
    monkeypatch.setitem(account._clients, "eks", stand_in)
    return stand_in


def test_it_is_made_read_changed_and_removed(engine: Engine, eks: Eks) -> None:
    made, state = engine.create(ASSOCIATION, INPUTS)
    assert made == "apps,a-1"
    assert (state["externalId"], state["tags"]) == ("x/y", {"stack": "s"})
    assert engine.diff(ASSOCIATION, made, state, INPUTS).diffs == []

    changed = {**INPUTS, "roleArn": f"{INPUTS['roleArn']}2", "tags": {"team": "web"}}
    assert engine.diff(ASSOCIATION, made, state, changed).replaces == []
    engine.update(ASSOCIATION, made, state, changed)
    assert eks.found
    assert (eks.found["roleArn"], eks.found["tags"]["team"]) == (changed["roleArn"], "web")

    engine.delete(ASSOCIATION, made, state)
    assert engine.read(ASSOCIATION, made, state, {})[0] == ""


@pytest.mark.usefixtures("eks")
@pytest.mark.parametrize("name", ["clusterName", "namespace", "serviceAccount"])
def test_of_another_service_account_it_is_another(engine: Engine, name: str) -> None:
    made, state = engine.create(ASSOCIATION, INPUTS)
    assert engine.diff(ASSOCIATION, made, state, {**INPUTS, name: "other"}).replaces == [name]


def test_session_tags_that_somebody_disables_are_drift(engine: Engine, eks: Eks) -> None:
    made, state = engine.create(ASSOCIATION, INPUTS)
    eks.update_pod_identity_association(disableSessionTags=True)
    _, drifted, _ = engine.read(ASSOCIATION, made, state, INPUTS)
    assert engine.diff(ASSOCIATION, made, drifted, INPUTS).diffs == ["disableSessionTags"]
