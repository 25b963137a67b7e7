"""Machines to which a service of AWS hands out a role of Staging, by which they come in."""

from abc import ABC
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar

from cross_account_access.declaration import rules
from cross_account_access.declaration.accounts import Account, Accounts
from cross_account_access.declaration.fields import Declared, Flag, Nested, Text
from cross_account_access.declaration.model import (
    MustExist,
    Principal,
    Role,
    Trust,
    boundary_must_exist,
    narrowed_to_principals,
)
from cross_account_access.facts import quotas


@dataclass(frozen=True, kw_only=True)
class StagingRole(Declared):
    """The role that machines of the Staging account have."""

    name: Annotated[str, Text("The role's name.", rules.iam_name(quotas.ROLE_NAME_CHARACTERS))]
    path: Annotated[str, Text("The role's path; / unless said.", rules.iam_path)] = "/"
    existing: Annotated[
        bool,
        Flag("Whether it exists already: it then gets one inline policy, and keeps all it has."),
    ] = False
    permissions_boundary: Annotated[
        str | None,
        Text(
            "ARN of a managed policy of Staging, or of AWS.",
            rule_for=lambda context: rules.permissions_boundary(context.accounts.trusted),
        ),
    ] = None

    def problems(self, accounts: Accounts) -> Iterator[tuple[str, str]]:  # noqa: ARG002
        """The boundary of a role that exists is its owner's."""
        if self.existing and self.permissions_boundary:
            yield (
                "permissions_boundary",
                "cannot be said of a role that exists, whose boundary is its owner's; remove it",
            )


@dataclass(frozen=True, kw_only=True)
class HandedOut:
    """How a service of AWS assumes a role for machines."""

    service: str
    """As in `ecs-tasks`: what stands before `.amazonaws.com` in its principal."""
    claims: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """What the service's request says, by condition key; one of the values, in which `*` is a
    wildcard."""
    about_session: tuple[str, ...] = ()
    """The actions by which it says something of the session."""


@dataclass(frozen=True, kw_only=True)
class Machines(Principal, ABC):
    """Machines with a role in Staging that a service of AWS hands out to them."""

    is_one_principal = True
    is_machine = True
    own_policy_characters = quotas.ROLE_INLINE_CHARACTERS
    unique_names: ClassVar[Mapping[str, Callable[[Any], str]]] = {
        "role.name": lambda machines: machines.role.name
    }
    service: ClassVar[str]
    """The service, as in `ecs-tasks`: what stands before `.amazonaws.com` in its principal."""
    called: ClassVar[str]
    """What they are, in a word or two."""
    sid: ClassVar[str] = "TrustMachines"
    """Of the statement that trusts them."""

    role: Annotated[
        StagingRole,
        Nested(
            "Their role in Staging, which the stack makes unless it exists.",
            StagingRole,
            example="{name: StageMachines}",
        ),
    ]

    @property
    def is_adopted(self) -> bool:
        """As declared of its role."""
        return self.role.existing

    def handed_out(self, owner: Account) -> HandedOut:  # noqa: ARG002 - where something narrows it
        """How they get their role; the service's request says nothing but where a kind says so."""
        return HandedOut(service=self.service)

    @property
    def chains(self) -> bool:
        """Always: what a machine has are a role's credentials."""
        return True

    def refused_of_role(self, role: Role) -> Iterator[tuple[str, str]]:
        """Sessions end with the hour."""
        yield from super().refused_of_role(role)
        if role.max_session_duration > quotas.CHAINED_SESSION_SECONDS:
            yield (
                "max_session_duration",
                f"cannot be had by {self.called}: a role that is assumed from another role lasts "
                f"{quotas.CHAINED_SESSION_SECONDS} seconds at the most; remove it",
            )

    def must_exist(self, accounts: Accounts) -> Iterator[MustExist]:
        """The role where it exists, else its boundary."""
        if not self.role.existing:
            whose = f"role {self.role.name!r}"
            yield from boundary_must_exist(self.role.permissions_boundary, "staging", whose)
            return
        (wanted,) = self.principal_arns(accounts)
        service = accounts.trusted.service_principal(self.service)

        def problem(answer: Mapping[str, Any] | None) -> str | None:
            if answer is None:
                return (
                    f"consumers: account {accounts.trusted.account_id} has no role "
                    f"{self.role.name!r}; correct its name, or remove existing: true to have it "
                    "made"
                )
            role = answer["Role"]
            if role["Arn"] != wanted:
                return (
                    f"consumers: role {self.role.name!r} is {role['Arn']}; write name: "
                    f"{role['RoleName']} and path: {role['Path']} to adopt it"
                )
            if service not in str(role["AssumeRolePolicyDocument"]):
                return (
                    f"consumers: the trust policy of role {self.role.name!r} does not name "
                    f"{service}, so that no {self.called} can have it; have its owner add that, or "
                    "name another role"
                )
            return None

        yield MustExist(
            side="staging",
            client="iam",
            method="get_role",
            parameters={"RoleName": self.role.name},
            absent="NoSuchEntity",
            problem=problem,
        )

    def principal_arns(self, accounts: Accounts) -> tuple[str, ...]:
        """The Staging role's."""
        return (accounts.trusted.iam_arn(f"role{self.role.path}{self.role.name}"),)

    def trust(self, accounts: Accounts) -> Trust:
        """By the account, narrowed to the machines' role."""
        return narrowed_to_principals(
            accounts, self.sid, "ArnEquals", self.principal_arns(accounts)
        )


def of_account(owner: Account, source: str) -> Mapping[str, Sequence[str]]:
    """That a service acts for an account, and there for some of its resources.

    Source: "The confused deputy problem",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html.
    """
    return {"aws:SourceAccount": [owner.account_id], "aws:SourceArn": [source]}
