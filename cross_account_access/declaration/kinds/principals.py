"""Users and roles of Staging that somebody else manages."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from cross_account_access.declaration.accounts import Accounts
from cross_account_access.declaration.fields import Texts
from cross_account_access.declaration.model import Principal, Trust, narrowed_to_principals
from cross_account_access.declaration.rules.principal_patterns import principal_pattern


@dataclass(frozen=True, kw_only=True)
class Principals(Principal):
    """Users and roles of the Staging account by ARN pattern, SSO permission sets among them."""

    kind = "principals"
    words = "Users and roles of Staging by pattern."
    example = "{arns: [arn:aws:iam::444455556666:role/data/*]}"

    arns: Annotated[
        tuple[str, ...],
        Texts(
            "ARNs, with * and ? in the part after user/ or role/.",
            rule_for=lambda context: principal_pattern(
                context.accounts.trusted.partition, context.accounts.trusted.account_id
            ),
            example="[arn:aws:iam::444455556666:role/data/*]",
        ),
    ]

    @property
    def chains(self) -> bool:
        """Where a role is among them."""
        return any(":role/" in arn for arn in self.arns)

    @property
    def unmeetable(self) -> Mapping[str, str]:
        """A role's credentials cannot tell of MFA."""
        if not self.chains:
            return {}
        return {
            "mfa": "cannot be met by a role, whose credentials say nothing of MFA; remove it, or "
            "let in users only"
        }

    def profile(self, consumer: str) -> str:
        """The callers', which they name as the consumer."""
        return consumer

    def principal_arns(self, accounts: Accounts) -> tuple[str, ...]:  # noqa: ARG002
        """The patterns."""
        return self.arns

    def trust(self, accounts: Accounts) -> Trust:
        """By the account, narrowed to the patterns."""
        return narrowed_to_principals(accounts, "TrustPrincipals", "ArnLike", sorted(self.arns))
