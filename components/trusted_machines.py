"""What machines of Staging need to assume a Production role, or to use resources directly."""

from collections.abc import Sequence

import pulumi
from pulumi import ResourceOptions
from pulumi_aws import eks, iam

from components.deployed import ROLE, ROLE_POLICY, Deployed, changed, numbered
from components.role_change import RoleChange
from components.sharing import Access, Part, description_of
from cross_account_access.declaration.accounts import Accounts
from cross_account_access.declaration.kinds import EksPods, Instances
from cross_account_access.declaration.machines import Machines
from cross_account_access.declaration.policies.documents import caller_policy, service_trust_policy
from cross_account_access.declaration.policies.keeping import laid_out
from cross_account_access.facts.quotas import ROLE_INLINE_CHARACTERS


class TrustedMachines(Part):
    """A role, made or adopted, with an inline policy for its access, and what hands it out.

    Instances get a profile of it, and pods an association of their service account. A service of
    AWS hands out the role's credentials, so that no key lies on a machine. A role of our own has
    nothing else: what others attach or write to it shows up as drift. An adopted one keeps all that
    it has.
    """

    def __init__(
        self,
        name: str,
        machines: Machines,
        access: Access,
        opts: ResourceOptions,
        after: Sequence[pulumi.Resource] = (),
    ) -> None:
        """Make the role and all that goes with it.

        Args:
            name: logical name.
            machines: as declared.
            access: what it is for.
            opts: of the component.
            after: what the role's trust waits for.
        """
        # The name is part of the contract: it was there before other machines than instances.
        kind = "TrustedInstances" if isinstance(machines, Instances) else "TrustedMachines"
        super().__init__(kind, name, access.provider, opts)
        consumer, accounts = access.consumer, access.accounts
        own = f"{name}{_ending(machines)}"
        change = access.caller
        text = caller_policy(consumer, access.grants, accounts)
        there = access.deployed.documents(ROLE_POLICY)
        wanted = laid_out(
            text,
            ROLE_INLINE_CHARACTERS,
            there,
            trust_changes=change.changes,
            shuts_out=change.shuts_out,
        )

        def put(number: int, of: pulumi.Input[str], opts: ResourceOptions) -> iam.RolePolicy:
            return iam.RolePolicy(
                f"{name}{numbered(number)}",
                role=of,
                name=consumer.own_policy_name_of_part(number),
                policy=wanted[number],
                opts=opts,
            )

        # As in `AssumableRole`: what the role may no longer do goes before its trust changes.
        early = changed(there, wanted) if change.is_in_place else set[int]()
        # One of another name would be there until the end.
        policies = [
            put(
                number,
                machines.role.name,
                ResourceOptions.merge(self.first, ResourceOptions(delete_before_replace=True)),
            )
            for number in sorted(early)
        ]
        role: pulumi.Input[str] = machines.role.name
        if not machines.role.existing:
            self.principal = iam.Role(
                own,
                name=machines.role.name,
                path=machines.role.path,
                description=description_of(consumer),
                assume_role_policy=_trust(machines, accounts),
                permissions_boundary=machines.role.permissions_boundary,
                # IAM deletes no role that others have attached something to.
                force_detach_policies=True,
                opts=self.after_all((*policies, *after)),
            )
            role = self.principal.name
        policies += [
            put(number, role, self.first if machines.role.existing else self.after())
            for number in wanted
            if number not in early
        ]
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
                opts=self.after(*policies),
            )
        if not machines.role.existing:
            iam.RolePoliciesExclusive(
                own,
                role_name=role,
                policy_names=[each.name for each in policies],
                opts=self.after(),
            )
            iam.RolePolicyAttachmentsExclusive(
                own, role_name=role, policy_arns=[], opts=self.after()
            )
            if isinstance(machines, Instances):
                iam.InstanceProfile(
                    name, name=machines.instance_profile, role=role, opts=self.after()
                )
        self.register_outputs({"role_arn": role_arn})


def change_of_machines(machines: Machines, accounts: Accounts, deployed: Deployed) -> RoleChange:
    """Return what changes of the role that machines have in Staging, beside its policy.

    Args:
        machines: as declared.
        accounts: of the stack.
        deployed: of the consumer.
    """
    role = machines.role
    return RoleChange(
        # One that exists already is its owner's.
        None if role.existing else deployed.of(ROLE, _ending(machines)),
        name=role.name,
        path=role.path,
        trust=_trust(machines, accounts),
        boundary=role.permissions_boundary,
    )


def _trust(machines: Machines, accounts: Accounts) -> str:
    return service_trust_policy(machines.handed_out(accounts.trusted), accounts.trusted)


def _ending(machines: Machines) -> str:
    """End the logical name of the role: the Production role has the same type.

    Both are part of the contract: instances were there before other machines.
    """
    return "-instances" if isinstance(machines, Instances) else "-machines"
