"""EC2 instances of Staging."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from cross_account_access.declaration import rules
from cross_account_access.declaration.accounts import Accounts
from cross_account_access.declaration.fields import Declared, Nested, Text
from cross_account_access.declaration.model import (
    MustExist,
    Principal,
    Role,
    SignIn,
    Trust,
    boundary_must_exist,
    narrowed_to_principals,
)
from cross_account_access.facts import quotas


@dataclass(frozen=True, kw_only=True)
class InstanceRole(Declared):
    """The role that instances of the Staging account have."""

    name: Annotated[str, Text("The role's name.", rules.iam_name(quotas.ROLE_NAME_CHARACTERS))]
    path: Annotated[str, Text("The role's path; / unless said.", rules.iam_path)] = "/"
    permissions_boundary: Annotated[
        str | None,
        Text(
            "ARN of a managed policy of Staging, or of AWS.",
            rule_for=lambda context: rules.permissions_boundary(context.accounts.trusted),
        ),
    ] = None


@dataclass(frozen=True, kw_only=True)
class Instances(Principal):
    """EC2 instances of the Staging account, by the role of their instance profile."""

    kind = "ec2"
    words = "EC2 instances of Staging."
    example = "{role: {name: StageInstances}}"
    signs_in = SignIn.INSTANCE_METADATA
    is_one_principal = True
    is_machine = True
    own_policy_characters = quotas.ROLE_INLINE_CHARACTERS
    unique_names: ClassVar[Mapping[str, Callable[[Any], str]]] = {
        "role.name": lambda instances: instances.role.name,
        "instance_profile": lambda instances: instances.instance_profile,
    }

    role: Annotated[
        InstanceRole,
        Nested(
            "Their role in Staging, which the stack makes.",
            InstanceRole,
            example="{name: StageInstances}",
        ),
    ]
    instance_profile: Annotated[
        str,
        Text(
            "Name of the instance profile; the role's name unless said.",
            rules.iam_name(quotas.INSTANCE_PROFILE_NAME_CHARACTERS),
            otherwise=lambda read: read["role"].name,
        ),
    ]

    @property
    def chains(self) -> bool:
        """Always: what an instance has are a role's credentials."""
        return True

    def refused_of_role(self, role: Role) -> Iterator[tuple[str, str]]:
        """Sessions end with the hour."""
        if role.max_session_duration > quotas.CHAINED_SESSION_SECONDS:
            yield (
                "max_session_duration",
                "cannot be had by instances: a role that is assumed from another role lasts "
                f"{quotas.CHAINED_SESSION_SECONDS} seconds at the most; remove it",
            )

    def must_exist(self, accounts: Accounts) -> MustExist | None:  # noqa: ARG002
        """The boundary of their role."""
        whose = f"role {self.role.name!r}"
        return boundary_must_exist(self.role.permissions_boundary, "staging", whose)

    def principal_arns(self, accounts: Accounts) -> tuple[str, ...]:
        """The Staging role's."""
        return (accounts.trusted.iam_arn(f"role{self.role.path}{self.role.name}"),)

    def trust(self, accounts: Accounts) -> Trust:
        """By the account, narrowed to the instances' role."""
        return narrowed_to_principals(
            accounts, "TrustInstances", "ArnEquals", self.principal_arns(accounts)
        )
