"""Refuses settings by which the stack would take over who deploys it.

A role or user of the stack has its consumer's policies and no others. Whoever deploys with one that
is there already, and has it imported, would take away its own permissions, and with them that to
repair it.
"""

from collections.abc import Iterator, Mapping

from cross_account_access.declaration.kinds import User
from cross_account_access.declaration.machines import Machines
from cross_account_access.declaration.settings import Settings

_Identity = tuple[str, str]
"""What it is, role or user, and its name in lower case: IAM knows names in any case."""


def taken_over(declared: Settings, deployers: Mapping[str, str]) -> Iterator[str]:
    """What is wrong where the stack would make what a profile stands for, a line each.

    Args:
        declared: what is to be made.
        deployers: by side the ARN of the identity of its profile, as STS tells it.
    """
    profiles = {"production": declared.production.profile, "staging": declared.staging.profile}
    for consumer in declared.consumers:
        made: list[tuple[str, str, str]] = []
        if consumer.role:
            made.append(("production", "role", consumer.role.name))
        match consumer.principal:
            case User(existing=False, name=name):
                made.append(("staging", "user", name))
            case Machines(role=role) if not role.existing:
                made.append(("staging", "role", role.name))
        for side, kind, name in made:
            if _identity(deployers[side]) == (kind, name.lower()):
                yield (
                    f"consumers: {kind} {name!r} of consumer {consumer.name!r} is who deploys with "
                    f"{side}_profile {profiles[side]!r}, and would lose all other policies; give "
                    f"the consumer a {kind} of its own"
                )


def _identity(arn: str) -> _Identity | None:
    """Who a caller is; None for the account's root and sessions without a role.

    Source: "IAM identifiers",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html.
    """
    kind, *path = arn.split(":", 5)[5].split("/")
    if kind == "assumed-role":
        return "role", path[0].lower()
    return ("user", path[-1].lower()) if kind == "user" else None
