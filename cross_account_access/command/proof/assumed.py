"""What is assumed of those whose policies are not judged here."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Final, TypeVar

from cross_account_access.iam.documents import Document
from cross_account_access.iam.engine import IdentityDocuments, RoleDocuments
from cross_account_access.iam.inventory import UNKNOWN_TRUST, Inventory, is_unknown_document

_Inventory = TypeVar("_Inventory", bound=Inventory)

_ANYTHING: Final = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}


def without_unknown_boundaries(inventory: _Inventory) -> _Inventory:
    """Leave out boundaries whose content is not known: they give no access."""

    def known(boundary: Document | None) -> Document | None:
        return None if boundary is None or is_unknown_document(boundary) else boundary

    users: dict[str, IdentityDocuments] = {
        arn: {**user, "boundary": known(user.get("boundary"))}
        for arn, user in inventory.users.items()
    }
    roles: dict[str, RoleDocuments] = {
        arn: {**role, "boundary": known(role.get("boundary"))}
        for arn, role in inventory.roles.items()
    }
    return replace(inventory, users=users, roles=roles)


def without_trust(inventory: _Inventory, arns: Collection[str]) -> _Inventory:
    """Leave out whom roles trust that are somebody else's: it is not the declaration's matter."""
    roles: dict[str, RoleDocuments] = {
        arn: {**role, "trust": UNKNOWN_TRUST} if arn in arns else role
        for arn, role in inventory.roles.items()
    }
    return replace(inventory, roles=roles)


def with_policies_of_others(
    declared: _Inventory, actual: Inventory, ours: Mapping[str, str]
) -> _Inventory:
    """Give those whom the stack adopts all that others gave them, which is not its matter.

    Args:
        declared: where they have what is declared.
        actual: where they have all that they have.
        ours: by ARN of such a user or role, the name of the policy that the stack wrote.
    """

    def of_others(arn: str, identity: IdentityDocuments | None) -> Mapping[str, Document]:
        policies = identity.get("policies", {}) if identity else {}
        return {name: each for name, each in policies.items() if name != ours[arn]}

    users: dict[str, IdentityDocuments] = {
        arn: {**user, "policies": {**user["policies"], **of_others(arn, actual.users.get(arn))}}
        if arn in ours
        else user
        for arn, user in declared.users.items()
    }
    roles: dict[str, RoleDocuments] = {
        arn: {**role, "policies": {**role["policies"], **of_others(arn, actual.roles.get(arn))}}
        if arn in ours
        else role
        for arn, role in declared.roles.items()
    }
    return replace(declared, users=users, roles=roles)


def with_any_policies(inventory: _Inventory, production: str) -> _Inventory:
    """Give those outside of Production a policy that allows everything."""

    def is_outside(arn: str) -> bool:
        return arn.split(":")[4] != production

    more: Mapping[str, Document] = {"any": _ANYTHING}
    users: dict[str, IdentityDocuments] = {
        arn: {"policies": more} if is_outside(arn) else user
        for arn, user in inventory.users.items()
    }
    roles: dict[str, RoleDocuments] = {
        arn: {"trust": role["trust"], "policies": more} if is_outside(arn) else role
        for arn, role in inventory.roles.items()
    }
    return replace(inventory, users=users, roles=roles)
