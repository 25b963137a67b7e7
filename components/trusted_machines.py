"""What machines of Staging need to assume a Production role, or to use resources directly."""

import pulumi
from pulumi import ResourceOptions
from pulumi_aws import eks, iam

from components.sharing import Access, Part, description_of
from cross_account_access.declaration.kinds import EksPods, Instances
from cross_account_access.declaration.machines import Machines
from cross_account_access.declaration.policies.documents import caller_policy, service_trust_policy


class TrustedMachines(Part):
    """A role, made or adopted, with an inline policy for its access, and what hands it out.

    Instances get a profile of it, and pods an association of their service account. A service of
    AWS hands out the role's credentials, so that no key lies on a machine. A role of our own has
    nothing else: what others attach or write to it shows up as drift. An adopted one keeps all that
    it has.
    """

    def __init__(
        self, name: str, machines: Machines, access: Access, opts: ResourceOptions
    ) -> None:
        # Both names are part of the contract: they were there before other machines than instances.
        is_ec2 = isinstance(machines, Instances)
        kind, ending = (
            ("TrustedInstances", "instances") if is_ec2 else ("TrustedMachines", "machines")
        )
        super().__init__(kind, name, access.provider, opts)
        consumer, accounts = access.consumer, access.accounts
        # The ending keeps it apart from the Production role, which has the same type.
        own = f"{name}-{ending}"
        role: pulumi.Input[str] = machines.role.name
        if not machines.role.existing:
            role = iam.Role(
                own,
                name=machines.role.name,
                path=machines.role.path,
                description=description_of(consumer),
                assume_role_policy=service_trust_policy(
                    machines.handed_out(accounts.trusted), accounts.trusted
                ),
                permissions_boundary=machines.role.permissions_boundary,
                # IAM deletes no role that others have attached something to.
                force_detach_policies=True,
                opts=self.first,
            ).name
        policy = iam.RolePolicy(
            name,
            role=role,
            name=consumer.own_policy_name,
            policy=caller_policy(consumer, access.grants, accounts),
            opts=self.first if machines.role.existing else self.after(),
        )
        (role_arn,) = machines.principal_arns(accounts)
        if isinstance(machines, EksPods) and consumer.role:
            # Pods have the role from the moment on that this is there: the last of Staging's side.
            eks.PodIdentityAssociation(
                name,
                cluster_name=machines.cluster,
                namespace=machines.namespace,
                service_account=machines.service_account,
                role_arn=role_arn,
                target_role_arn=consumer.role.arn(accounts.trusting),
                disable_session_tags=False,
                opts=self.after(policy),
            )
        if not machines.role.existing:
            iam.RolePoliciesExclusive(
                own, role_name=role, policy_names=[policy.name], opts=self.after()
            )
            iam.RolePolicyAttachmentsExclusive(
                own, role_name=role, policy_arns=[], opts=self.after()
            )
            if isinstance(machines, Instances):
                iam.InstanceProfile(
                    name, name=machines.instance_profile, role=role, opts=self.after()
                )
        self.register_outputs({"role_arn": role_arn})
