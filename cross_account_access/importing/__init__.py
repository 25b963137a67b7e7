"""What a deployment would make and AWS has already, and the file with which Pulumi imports it.

The program gives its resources names, and a name finds what was made by hand. Of each found thing
it is told what `pulumi up` will change and what others will miss, before anything is imported.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from cross_account_access.aws import explained_failures
from cross_account_access.importing import eks, iam, kms, messaging, s3
from cross_account_access.importing.found import Clients, Found
from cross_account_access.stack import StackAccount, StackResource, accounts_of

_AT_ONCE: Final = 8

_FINDERS: Final[Mapping[str, Callable[[Clients, StackResource], Found | None]]] = {
    **iam.FINDERS,
    **eks.FINDERS,
    **s3.FINDERS,
    **kms.FINDERS,
    **messaging.FINDERS,
}
"""By type token; a resource of another type is made, whatever there is."""

MADE_ONCE: Final = frozenset(
    {
        "aws:eks/podIdentityAssociation:PodIdentityAssociation",
        "aws:iam/instanceProfile:InstanceProfile",
        "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
        "aws:iam/policy:Policy",
        "aws:iam/role:Role",
        "aws:iam/user:User",
        "aws:kms/alias:Alias",
        kms.KEY,
        "aws:s3/bucket:Bucket",
    }
)
"""What AWS refuses to make again, or makes a second time. Topics and queues it gives back to who
makes them again in the same way; the rest are settings and policies, which are written over."""


@dataclass(frozen=True, kw_only=True)
class Existing:
    """A resource that a deployment would make, and what of it is there already."""

    resource: StackResource
    account: StackAccount
    found: Found


def existing(planned: Iterable[StackResource], created: Collection[str]) -> list[Existing]:
    """Look for the resources that a preview would create in the live accounts.

    Args:
        planned: all resources of the preview.
        created: the URNs of those that it would create.

    Returns:
        them by account and logical name, what has parts before its parts.

    Raises:
        UncheckedError: no credentials, those of another account, or a refused or failed call.
    """
    planned = tuple(planned)
    accounts = accounts_of(planned)
    wanted = [
        (accounts[resource.provider], resource)
        for resource in planned
        if resource.urn in created and resource.type in _FINDERS and resource.provider in accounts
    ]
    # Clients are made before threads use them: making one is not safe in threads.
    clients = {account: Clients(account, planned) for account in dict(wanted)}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = pool.map(lambda each: _find(clients[each[0]], each[1]), wanted)
        there = [
            Existing(resource=resource, account=account, found=what)
            for (account, resource), what in zip(wanted, found, strict=True)
            if what is not None
        ]
    # A preview has no order of its own.
    order = list(_FINDERS)
    return sorted(
        there,
        key=lambda each: (each.account.label, each.resource.name, order.index(each.resource.type)),
    )


def _find(clients: Clients, resource: StackResource) -> Found | None:
    with explained_failures(clients.account.profile, clients.account.label):
        return _FINDERS[resource.type](clients, resource)
