"""The Staging user who may assume one Production role, or use resources as itself."""

from collections.abc import Sequence

import pulumi
from pulumi import ResourceOptions
from pulumi_aws import iam

from components.deployed import Deployed
from components.role_change import UNTRUSTED, RoleChange
from components.sharing import Access, Part
from cross_account_access.declaration.kinds import User
from cross_account_access.declaration.policies.documents import caller_policy


class TrustedUser(Part):
    """An IAM user, made or adopted, with an inline policy for its access.

    A user of our own has that policy and nothing else, but for what `aws login` needs where it
    signs in to the console: what others attach or write to it shows up as drift. An adopted user
    keeps all that it has.
    """

    def __init__(
        self,
        name: str,
        user: User,
        access: Access,
        opts: ResourceOptions,
        after: Sequence[pulumi.Resource] = (),
    ) -> None:
        """Make the user and its policies.

        Args:
            name: logical name.
            user: as declared.
            access: what it is for.
            opts: of the component.
            after: what the user's boundary waits for.
        """
        super().__init__("TrustedUser", name, access.provider, opts)
        consumer, accounts = access.consumer, access.accounts
        user_name: pulumi.Input[str] = user.name
        if not user.existing:
            self.principal = iam.User(
                name,
                name=user.name,
                path=user.path,
                permissions_boundary=user.permissions_boundary,
                # The consumer's access keys are made outside the stack; IAM deletes no user that
                # has one, and a key must not outlive the access that it was made for.
                force_destroy=True,
                # The provider would rename the user, with its keys and password, so that whoever
                # has those would come in as the next one ("IAM Users cannot be renamed",
                # https://github.com/pulumi/pulumi-aws/issues/1610).
                opts=ResourceOptions.merge(
                    self.after_all(after), ResourceOptions(replace_on_changes=["name"])
                ),
            )
            user_name = self.principal.name
            iam.UserPolicyAttachmentsExclusive(
                name,
                user_name=user_name,
                policy_arns=user.attached_policies(accounts.trusted),
                opts=self.after(),
            )
        policy = iam.UserPolicy(
            name,
            user=user_name,
            name=consumer.own_policy_name,
            policy=caller_policy(consumer, access.grants, accounts),
            opts=self.first,
        )
        if not user.existing:
            iam.UserPoliciesExclusive(
                name, user_name=user_name, policy_names=[policy.name], opts=self.after()
            )
        self.arn = user.arn(accounts.trusted)
        """`arn:PARTITION:iam::ACCOUNT:user/PATH/NAME`: known before the user exists, so that a
        preview shows whole policies."""
        self.register_outputs({"arn": self.arn})


def change_of_user(user: User, deployed: Deployed) -> RoleChange:
    """Return what changes of a user beside its policies: its boundary, which a role has too.

    Args:
        user: as declared.
        deployed: of the consumer.
    """
    return RoleChange(
        # One that exists already is its owner's.
        None if user.existing else deployed.of("aws:iam/user:User"),
        name=user.name,
        path=user.path,
        trust=UNTRUSTED,
        boundary=user.permissions_boundary,
    )
