"""What EC2 instances of Staging need to assume a Production role, or to use resources directly."""

from pulumi import ResourceOptions
from pulumi_aws import iam

from components.sharing import Access, Part, description_of
from cross_account_access.declaration.kinds import Instances
from cross_account_access.declaration.policies.documents import caller_policy, service_trust_policy


class TrustedInstances(Part):
    """An instance profile with a role that has an inline policy for its access and nothing else.

    An instance has the role's credentials from its metadata service, so that
    no key lies on it. What others attach or write to the role shows up as drift.
    """

    def __init__(
        self, name: str, instances: Instances, access: Access, opts: ResourceOptions
    ) -> None:
        super().__init__("TrustedInstances", name, access.provider, opts)
        consumer, accounts, child = access.consumer, access.accounts, self.after()
        # `-instances` keeps it apart from the Production role, which has the same type.
        role = iam.Role(
            f"{name}-instances",
            name=instances.role.name,
            path=instances.role.path,
            description=description_of(consumer),
            assume_role_policy=service_trust_policy(accounts.trusted.ec2_service),
            permissions_boundary=instances.role.permissions_boundary,
            opts=self.first,
        )
        policy = iam.RolePolicy(
            name,
            role=role.name,
            name=consumer.own_policy_name,
            policy=caller_policy(consumer, access.grants, accounts),
            opts=child,
        )
        iam.RolePoliciesExclusive(
            f"{name}-instances", role_name=role.name, policy_names=[policy.name], opts=child
        )
        iam.RolePolicyAttachmentsExclusive(
            f"{name}-instances", role_name=role.name, policy_arns=[], opts=child
        )
        iam.InstanceProfile(name, name=instances.instance_profile, role=role.name, opts=child)
        self.register_outputs({"role_arn": role.arn})
