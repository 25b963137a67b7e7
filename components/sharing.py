"""What the components of all shared resources, and those of all consumers, have in common."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi import Output
from pulumi_aws import Provider

from cross_account_access.declaration.accounts import Accounts
from cross_account_access.declaration.model import Consumer, Grant


@dataclass(frozen=True, kw_only=True)
class Sharing:
    """With whom a resource is shared, and where it is made."""

    grants: Sequence[Grant]
    """All of the stack, of which a resource finds its own."""
    accounts: Accounts
    provider: Provider
    policy_after: Sequence[pulumi.Resource]
    """What the policy of the resource waits for: what is made last is destroyed first, so that a
    protected resource refuses before the destroy has taken anything from anybody."""


@dataclass(frozen=True, kw_only=True)
class Access:
    """What one consumer may do, and where a part of it is made."""

    consumer: Consumer
    grants: Sequence[Grant]
    """All of the consumer."""
    accounts: Accounts
    provider: Provider


class Shared(pulumi.ComponentResource):
    """A resource with the one policy that it can have."""

    arn: Output[str]
    key_arn: Output[str] | None = None
    """ARN of the KMS key that is made for it, if there is one."""
