"""AWS IAM: users and roles."""

from typing import Final

from cross_account_access.iam.services import Service

SERVICE: Final = Service(missing=frozenset({"NoSuchEntity"}))
