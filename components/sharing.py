"""What the components of all shared resources, and those of all consumers, have in common."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi import Output, ResourceOptions
from pulumi_aws import Provider

from components.deployed import Deployed
from components.role_change import UNCHANGED, RoleChange
from cross_account_access.declaration.accounts import Accounts
from cross_account_access.declaration.model import Consumer, Grant


@dataclass(frozen=True, kw_only=True)
class Sharing:
    """With whom a resource is shared, and where it is made."""

    grants: Sequence[Grant]
    """All of the stack, of which a resource finds its own."""
    accounts: Accounts
    provider: Provider


@dataclass(frozen=True, kw_only=True)
class Access:
    """What one consumer may do, and where a part of it is made."""

    consumer: Consumer
    grants: Sequence[Grant]
    """All of the consumer."""
    accounts: Accounts
    provider: Provider
    deployed: Deployed
    caller: RoleChange = UNCHANGED
    """What changes of the role or user that the consumer comes with, beside its policy."""


def description_of(consumer: Consumer) -> str:
    """Return what people read of a role in the console, where they would change it by hand."""
    stack = f"{pulumi.get_project()}/{pulumi.get_stack()}"
    return f"Consumer {consumer.name} of the Pulumi stack {stack}, which undoes changes by hand"


class Part(pulumi.ComponentResource):
    """A component of which all is in one account."""

    def __init__(self, kind: str, name: str, provider: Provider, opts: ResourceOptions) -> None:
        super().__init__(f"cross-account-access:index:{kind}", name, None, opts)
        self._provider = provider
        self.first = ResourceOptions(parent=self, provider=provider, depends_on=opts.depends_on)
        """Of what waits for all that the component waits for."""

    def after(self, *previous: pulumi.Resource) -> ResourceOptions:
        """Of what waits for other resources of the component."""
        return ResourceOptions(parent=self, provider=self._provider, depends_on=previous)

    def after_all(self, previous: Sequence[pulumi.Resource]) -> ResourceOptions:
        """Of what waits for others that have waited, or by itself for what the component does."""
        return self.after(*previous) if previous else self.first


class Shared(Part):
    """A resource with the one policy that it can have.

    Grants wait for it as far as it refuses plain HTTP: until then a role that may use it could do
    so over plain HTTP. One part of it waits for the grants: what is made last is destroyed first,
    so that a protected resource refuses before the destroy has taken anything from anybody.
    """

    arn: Output[str]
    key_arn: Output[str] | None = None
    """ARN of the KMS key that is made for it, if there is one."""
    guarded: pulumi.Resource
    """What grants wait for."""
    last: pulumi.Resource
    """What is made last of it, by `complete`."""

    def complete(self, after: Sequence[pulumi.Resource]) -> None:
        """Make the part that waits for the grants.

        Args:
            after: what the grants are made of.
        """
        raise NotImplementedError
