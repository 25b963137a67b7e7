"""Service providers in accounts of their own."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from cross_account_access.declaration import rules
from cross_account_access.declaration.accounts import Accounts
from cross_account_access.declaration.fields import Text
from cross_account_access.declaration.model import Principal, Trust


@dataclass(frozen=True, kw_only=True)
class ThirdParty(Principal):
    """A service provider that calls from an account of its own, with an external ID."""

    kind = "third_party"
    words = "A service provider in its own account."
    example = '{account_id: "777788889999"}'
    is_machine = True
    only_by_role = "no resource policy can ask for its external ID"
    required_conditions = ("external_id",)

    account_id: Annotated[str, Text("The provider's account: 12 digits.", rules.account_id)]

    def problems(self, accounts: Accounts) -> Iterator[tuple[str, str]]:
        """The account is none of the stack's."""
        for side, account in (("Production", accounts.trusting), ("Staging", accounts.trusted)):
            if self.account_id == account.account_id:
                yield "account_id", f"is the {side} account, which is no third party"

    def principal_arns(self, accounts: Accounts) -> tuple[str, ...]:
        """The root of the provider's account, which stands for all of it."""
        return (f"arn:{accounts.trusting.partition}:iam::{self.account_id}:root",)

    def home_account(self, accounts: Accounts) -> str | None:  # noqa: ARG002
        """The provider's."""
        return self.account_id

    def trust(self, accounts: Accounts) -> Trust:
        """By the provider's account; the consumer's external ID narrows it."""
        return Trust(sid="TrustThirdParty", principal={"AWS": self.principal_arns(accounts)})
