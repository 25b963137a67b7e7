"""The Production role that carries one consumer's access."""

from collections.abc import Sequence

import pulumi
from pulumi import ResourceOptions
from pulumi_aws import iam

from components.sharing import Access, Part, description_of
from cross_account_access.declaration.model import Role
from cross_account_access.declaration.policies.documents import (
    access_policy,
    revocation_policy,
    trust_policy,
)
from cross_account_access.declaration.policies.parts import in_parts
from cross_account_access.facts.quotas import MANAGED_POLICY_CHARACTERS
from cross_account_access.facts.revocation import POLICY_NAME


class AssumableRole(Part):
    """A role that one consumer may assume, with its access policy.

    The policy is part of the role, or managed policies beside it: as many as its size needs, which
    is one but for very many grants. The two `*Exclusive` resources attach these and make everything
    that others attach or write to the role show up as drift.
    """

    def __init__(
        self,
        name: str,
        role: Role,
        access: Access,
        after: Sequence[pulumi.Resource],
        opts: ResourceOptions,
    ) -> None:
        super().__init__("AssumableRole", name, access.provider, opts)

        consumer, accounts = access.consumer, access.accounts
        document = access_policy(consumer, access.grants, accounts)
        beside = [] if role.inline_policy else in_parts(document, MANAGED_POLICY_CHARACTERS)
        policies = [
            iam.Policy(
                # No consumer's name has a dot in it.
                name if number == 1 else f"{name}.{number}",
                name=role.name_of_part(number),
                policy=part,
                opts=self.first,
            )
            for number, part in enumerate(beside, start=1)
        ]
        made = iam.Role(
            name,
            name=role.name,
            path=role.path,
            description=description_of(consumer),
            assume_role_policy=trust_policy(consumer, accounts),
            max_session_duration=role.max_session_duration,
            permissions_boundary=role.permissions_boundary,
            tags=role.tags,
            # Nothing detaches the policy when the stack is destroyed but this, and IAM deletes
            # neither a policy that is attached nor a role that has one; hence also the order.
            force_detach_policies=True,
            # Each of these has waited for what the component waits for.
            opts=self.after(*policies, *after) if policies or after else self.first,
        )
        inline = [
            iam.RolePolicy(
                # The plain name is that of the policy of instances in their own account.
                f"{name}.inline",
                role=made.name,
                name=role.policy_name,
                policy=part,
                opts=self.after(),
            )
            for part in ([document] if role.inline_policy else [])
        ]
        if role.revoked_before:
            inline.append(
                iam.RolePolicy(
                    # No consumer's name has a dot in it.
                    f"{name}.revoked",
                    role=made.name,
                    name=POLICY_NAME,
                    policy=revocation_policy(role.revoked_before),
                    opts=self.after(),
                )
            )
        self.policy_arns = [policy.arn for policy in policies]
        """`arn:PARTITION:iam::ACCOUNT:policy/NAME`; none where the policy is part of the role."""

        # One after the other: where the kind of policy changes, the new one is in force before the
        # old one is taken away.
        attached = iam.RolePolicyAttachmentsExclusive(
            name, role_name=made.name, policy_arns=self.policy_arns, opts=self.after(*inline)
        )
        iam.RolePoliciesExclusive(
            name,
            role_name=made.name,
            policy_names=[policy.name for policy in inline],
            opts=self.after(attached),
        )
        self.arn = made.arn
        """`arn:PARTITION:iam::ACCOUNT:role/PATH/NAME`"""
        self.register_outputs({"arn": self.arn, "policy_arns": self.policy_arns})
