"""Associations of EKS Pod Identity that exist already."""

from collections.abc import Callable, Mapping
from typing import Final

from cross_account_access.importing.found import Clients, Found, becomes, lost_tags, unless
from cross_account_access.stack import StackResource


def _association(clients: Clients, resource: StackResource) -> Found | None:
    """Look for the one that a service account of a cluster can have."""
    cluster = resource.known("clusterName")
    listed = unless(
        {"ResourceNotFoundException"},
        lambda: clients.eks.list_pod_identity_associations(
            clusterName=cluster,
            namespace=resource.known("namespace"),
            serviceAccount=resource.known("serviceAccount"),
        )["associations"],
    )
    if not listed:
        return None
    named = {"clusterName": cluster, "associationId": listed[0]["associationId"]}
    live = clients.eks.describe_pod_identity_association(**named)["association"]
    tags = [{"Key": key, "Value": value} for key, value in live.get("tags", {}).items()]
    return Found(
        import_id=f"{cluster},{live['associationId']}",
        id=live["associationId"],
        changes=(
            *becomes("role", live["roleArn"], resource.known("roleArn")),
            *becomes("target role", live.get("targetRoleArn"), resource.known("targetRoleArn")),
            *(("session tags are given again",) if live.get("disableSessionTags") else ()),
        ),
        warnings=lost_tags(tags, resource),
    )


FINDERS: Final[Mapping[str, Callable[[Clients, StackResource], Found | None]]] = {
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": _association,
}
