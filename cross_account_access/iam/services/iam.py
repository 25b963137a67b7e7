"""AWS IAM: users and roles."""

from typing import Final

from cross_account_access.iam.services import Service

SERVICE: Final = Service(
    missing=frozenset({"NoSuchEntity"}),
    forms={
        "arn:${Partition}:iam::${Account}:role/${RoleNameWithPath}": "any role",
        "arn:${Partition}:iam::${Account}:user/${UserNameWithPath}": "any user",
    },
)
