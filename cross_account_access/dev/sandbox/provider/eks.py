"""Associations of EKS Pod Identity: how pods come to a role without keys."""

from typing import Any

from cross_account_access.dev.sandbox.provider.aws import Account
from cross_account_access.dev.sandbox.provider.calls import given, retag, tagged
from cross_account_access.dev.sandbox.provider.schema import (
    OUTPUT,
    OWNER,
    TAGGED,
    Kind,
    Property,
    ResourceType,
)

_SET = {
    "roleArn": "roleArn",
    "targetRoleArn": "targetRoleArn",
    "disableSessionTags": "disableSessionTags",
}
"""What can be changed, by parameter."""


def _eks(account: Account) -> Any:  # noqa: ANN401 - see Account.client
    return account.client("eks")


def _named(found: str) -> dict[str, str]:
    """The parameters that name an association, from its ID."""
    cluster, _, association = found.partition(",")
    return {"clusterName": cluster, "associationId": association}


def _create(account: Account, inputs: dict[str, Any]) -> str:
    cluster: str = inputs["clusterName"]
    made = _eks(account).create_pod_identity_association(
        clusterName=cluster,
        namespace=inputs["namespace"],
        serviceAccount=inputs["serviceAccount"],
        tags=inputs.get("tags", {}),
        **given(inputs, **_SET),
    )["association"]
    return f"{cluster},{made['associationId']}"


def _read(account: Account, found: str) -> dict[str, Any]:
    told = _eks(account).describe_pod_identity_association(**_named(found))["association"]
    same = (
        *("associationArn", "associationId", "clusterName", "disableSessionTags", "externalId"),
        *("namespace", "roleArn", "serviceAccount", "targetRoleArn"),
    )
    return {**{name: told[name] for name in same if name in told}, **tagged(told.get("tags", {}))}


def _update(account: Account, found: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    eks = _eks(account)
    changed = {name: new.get(name) for name in _SET if old.get(name) != new.get(name)}
    if changed:
        eks.update_pod_identity_association(**_named(found), **given(changed, **_SET))
    retag(
        lambda Tags: eks.tag_resource(resourceArn=old["associationArn"], tags=Tags),  # noqa: N803
        lambda TagKeys: eks.untag_resource(  # noqa: N803
            resourceArn=old["associationArn"], tagKeys=TagKeys
        ),
        {},
        old,
        new,
        as_parameter=dict,
    )


def _delete(account: Account, found: str, _state: dict[str, Any]) -> None:
    _eks(account).delete_pod_identity_association(**_named(found))


RESOURCE_TYPES = (
    ResourceType(
        pulumi_type="aws:eks/podIdentityAssociation:PodIdentityAssociation",
        title="EKS Pod Identity Association",
        properties={
            "associationArn": OUTPUT,
            "associationId": OUTPUT,
            "clusterName": OWNER,
            "disableSessionTags": Property(kind=Kind.BOOLEAN, computed=True),
            "externalId": OUTPUT,
            "namespace": OWNER,
            "region": OUTPUT,
            "roleArn": Property(required=True),
            "serviceAccount": OWNER,
            **TAGGED,
            "targetRoleArn": Property(),
        },
        unsupported=frozenset({"policy", "region"}),
        gone=frozenset({"ResourceNotFoundException"}),
        create=_create,
        read=_read,
        update=_update,
        delete=_delete,
    ),
)
