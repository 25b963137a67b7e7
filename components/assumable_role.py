"""The Production role that carries one consumer's access."""

from collections.abc import Iterable, Sequence

import pulumi
from pulumi import ResourceOptions
from pulumi_aws import Provider, iam

from components.policy_documents import access_policy, trust_policy
from model import Accounts, Consumer, Grant, Role


class AssumableRole(pulumi.ComponentResource):
    """A role that one consumer may assume, with its access policy.

    The two `*Exclusive` resources attach the policy and make everything that
    others attach or write to the role show up as drift.
    """

    def __init__(  # noqa: PLR0913 - each is a thing that it is made of
        self,
        name: str,
        *,
        role: Role,
        consumer: Consumer,
        grants: Iterable[Grant],
        accounts: Accounts,
        provider: Provider,
        after: Sequence[pulumi.Resource],
        opts: ResourceOptions,
    ) -> None:
        super().__init__("cross-account-access:index:AssumableRole", name, None, opts)
        child = ResourceOptions(parent=self, provider=provider)
        policy = iam.Policy(
            name,
            name=role.policy_name,
            policy=access_policy(consumer, grants, accounts),
            opts=ResourceOptions(parent=self, provider=provider, depends_on=opts.depends_on),
        )
        made = iam.Role(
            name,
            name=role.name,
            path=role.path,
            assume_role_policy=trust_policy(consumer, accounts),
            max_session_duration=role.max_session_duration,
            permissions_boundary=role.permissions_boundary,
            tags=role.tags,
            # Nothing detaches the policy when the stack is destroyed but this, and IAM deletes
            # neither a policy that is attached nor a role that has one; hence also the order.
            force_detach_policies=True,
            opts=ResourceOptions(parent=self, provider=provider, depends_on=[policy, *after]),
        )
        iam.RolePolicyAttachmentsExclusive(
            name, role_name=made.name, policy_arns=[policy.arn], opts=child
        )
        iam.RolePoliciesExclusive(name, role_name=made.name, policy_names=[], opts=child)
        self.arn = made.arn
        """`arn:PARTITION:iam::ACCOUNT:role/PATH/NAME`"""
        self.policy_arn = policy.arn
        """`arn:PARTITION:iam::ACCOUNT:policy/NAME`"""
        self.register_outputs({"arn": self.arn, "policy_arn": self.policy_arn})
