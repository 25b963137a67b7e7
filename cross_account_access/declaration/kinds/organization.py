"""Organizations of AWS Organizations."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

from cross_account_access.declaration import rules
from cross_account_access.declaration.accounts import Accounts
from cross_account_access.declaration.fields import Text, Texts
from cross_account_access.declaration.model import Principal, Trust


@dataclass(frozen=True, kw_only=True)
class Organization(Principal):
    """Everybody in an organization of AWS Organizations, or in units of it."""

    kind = "organization"
    words = "An organization, or units of it."
    example = "{id: o-a1b2c3d4e5}"

    id: Annotated[str, Text("As in o-a1b2c3d4e5.", rules.organization_id)]
    paths: Annotated[
        tuple[str, ...],
        Texts(
            "Units, as in o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*; the whole organization "
            "unless said.",
            rule_for=lambda context: rules.organization_path(context.read["id"]),
            example="[o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*]",
        ),
    ] = ()

    @property
    def claims(self) -> Mapping[str, Sequence[str]]:
        """The organization, and units where there are some."""
        units = {"aws:PrincipalOrgPaths": sorted(self.paths)} if self.paths else {}
        return {"aws:PrincipalOrgID": [self.id], **units}

    def principal_arns(self, accounts: Accounts) -> tuple[str, ...]:  # noqa: ARG002
        """None: no ARN names an organization."""
        return ()

    def home_account(self, accounts: Accounts) -> str | None:  # noqa: ARG002
        """None: there are many."""
        return None

    def trust(self, accounts: Accounts) -> Trust:  # noqa: ARG002
        """By everybody, narrowed to the organization, since no principal element can name one."""
        conditions: dict[str, Mapping[str, Sequence[str]]] = {
            "StringEquals": {"aws:PrincipalOrgID": [self.id]}
        }
        if self.paths:
            # The key has several values: an account is below each unit on its path.
            conditions["ForAnyValue:StringLike"] = {"aws:PrincipalOrgPaths": sorted(self.paths)}
        return Trust(sid="TrustOrganization", principal={"AWS": ["*"]}, conditions=conditions)
