"""What is assumed of those whose policies are not judged here."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, TypeVar

from cross_account_access.iam.documents import Document
from cross_account_access.iam.engine import IdentityDocuments, RoleDocuments
from cross_account_access.iam.inventory import Inventory, is_unknown_document

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
