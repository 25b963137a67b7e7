"""Pods of an EKS cluster of Staging, by EKS Pod Identity with a target role."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Final

from cross_account_access.declaration.accounts import Account, Accounts
from cross_account_access.declaration.fields import Text
from cross_account_access.declaration.machines import HandedOut, Machines, of_account
from cross_account_access.declaration.model import Conditions, MustExist, SessionTags, SignIn

_OF_ANY_VALUE: Final = ("eks-cluster-name", "kubernetes-pod-name", "kubernetes-pod-uid")
"""Session tags of EKS beside those that are asked for ("Grant Pods access to AWS resources based on
tags", https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html)."""


def cluster_name(value: str) -> str | None:
    """The name of a cluster.

    Source: "CreateCluster", Amazon EKS API reference,
    https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html.
    """
    if re.fullmatch(r"[0-9A-Za-z][A-Za-z0-9_-]{0,99}", value):
        return None
    return (
        "must be the name of a cluster, 1 to 100 letters, digits, - and _, without its ARN; it "
        "begins with a letter or a digit"
    )


def dns_label(value: str) -> str | None:
    """A label of DNS, which the name of a namespace is.

    Source: "Object Names and IDs",
    https://kubernetes.io/docs/concepts/overview/working-with-objects/names/.
    """
    if re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", value):
        return None
    return "must be the name of a namespace: 1 to 63 lower-case letters, digits and -"


def dns_subdomain(value: str) -> str | None:
    """A name of DNS, which that of a service account is.

    Source: "Object Names and IDs",
    https://kubernetes.io/docs/concepts/overview/working-with-objects/names/.
    """
    part = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
    if len(value) <= 253 and re.fullmatch(rf"{part}(?:\.{part})*", value):  # noqa: PLR2004
        return None
    return "must be the name of a service account: lower-case letters, digits, - and dots"


@dataclass(frozen=True, kw_only=True)
class EksPods(Machines):
    """Pods of one service account of an EKS cluster in the Staging account."""

    kind = "eks_pods"
    words = "Pods of EKS in Staging, by EKS Pod Identity."
    example = "{role: {name: StagePods}, cluster: apps, namespace: web, service_account: shop}"
    signs_in = SignIn.POD_IDENTITY
    service = "pods.eks"
    called = "pods"
    only_by_role = "EKS gives pods the Production role's credentials, and not those of Staging"
    # "Learn how EKS Pod Identity grants pods access to AWS services": a service account of a
    # cluster has one association, https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html.
    unique_names: ClassVar[Mapping[str, Callable[[Any], str]]] = {
        **Machines.unique_names,
        "service_account": lambda pods: f"{pods.cluster}/{pods.namespace}/{pods.service_account}",
    }

    cluster: Annotated[str, Text("Name of the cluster, in Staging's region.", cluster_name)]
    namespace: Annotated[str, Text("Namespace of the service account.", dns_label)]
    service_account: Annotated[str, Text("The service account whose pods come in.", dns_subdomain)]

    @property
    def is_given_role(self) -> bool:
        """Always."""
        return True

    def handed_out(self, owner: Account) -> HandedOut:
        """For the pods of the service account, as EKS tells by session tags.

        Source: "Create IAM role with trust policy required by EKS Pod Identity",
        https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html.
        """
        tags = {f"aws:RequestTag/{key}": [value] for key, value in self._tags(owner).items()}
        return HandedOut(
            service=self.service,
            claims={**of_account(owner, self._cluster_arn(owner)), **tags},
            about_session=("sts:TagSession",),
        )

    @property
    def unmeetable(self) -> Mapping[str, str]:
        """EKS assumes the role, from where it is, and says what it says."""
        why = "is not to be said of pods: EKS states an external ID and tags of its own; remove it"
        stated = ("external_id", "more_external_ids", "source_identity", "session_tags")
        where = (
            "cannot be met by pods, whose role EKS assumes from addresses of its own; remove it, "
            "or write vpc_endpoints"
        )
        return {**super().unmeetable, **dict.fromkeys(stated, why), "source_ips": where}

    def always_stated(self, conditions: Conditions, accounts: Accounts) -> Conditions:
        """The external ID of the association, and the tags of the session.

        Both follow from the names, so that the trust policy need not wait for the association.

        Source: "Access AWS Resources using EKS Pod Identity Target IAM Roles",
        https://docs.aws.amazon.com/eks/latest/userguide/pod-id-assign-target-role.html.
        """
        owner = accounts.trusted
        names = (self.cluster, self.namespace, self.service_account)
        return replace(
            conditions,
            external_id="/".join((owner.region, owner.account_id, *names)),
            session_tags=SessionTags(tags=self._tags(owner), others=_OF_ANY_VALUE),
        )

    def must_exist(self, accounts: Accounts) -> Iterator[MustExist]:
        """The cluster, besides."""
        yield from super().must_exist(accounts)

        def problem(answer: Mapping[str, Any] | None) -> str | None:
            if answer is not None:
                return None
            return (
                f"consumers: account {accounts.trusted.account_id} has no EKS cluster "
                f"{self.cluster!r} in {accounts.trusted.region}; correct cluster or staging_region"
            )

        yield MustExist(
            side="staging",
            client="eks",
            method="describe_cluster",
            parameters={"name": self.cluster},
            absent="ResourceNotFoundException",
            problem=problem,
            # Who may make an association need not be one who may look at the cluster.
            if_allowed=True,
        )

    def _cluster_arn(self, owner: Account) -> str:
        return owner.regional_arn("eks", f"cluster/{self.cluster}")

    def _tags(self, owner: Account) -> Mapping[str, str]:
        return {
            "eks-cluster-arn": self._cluster_arn(owner),
            "kubernetes-namespace": self.namespace,
            "kubernetes-service-account": self.service_account,
        }
