"""AWS STS: sessions of roles. What may be asked of a role is no level, and stands in rows."""

from typing import Final

from cross_account_access.iam.services import Service

SERVICE: Final = Service(refusals=frozenset({"AccessDenied"}))
