"""Users and roles of Staging that somebody else manages."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated

from cross_account_access.declaration.accounts import Accounts
from cross_account_access.declaration.fields import Texts
from cross_account_access.declaration.model import Principal, Trust, narrowed_to_principals
from cross_account_access.declaration.rules import Rule
from cross_account_access.declaration.rules.principal_patterns import principal_pattern


@dataclass(frozen=True, kw_only=True)
class Principals(Principal):
    """Users and roles of Staging or a listed account by ARN pattern, SSO permission sets too."""

    kind = "principals"
    words = "Users and roles of Staging, or of a listed account, by pattern."
    example = "{arns: [arn:aws:iam::444455556666:role/data/*]}"

    arns: Annotated[
        tuple[str, ...],
        Texts(
            "ARNs of Staging, or of one of the accounts, with * and ? in the part after user/ or "
            "role/.",
            rule_for=lambda context: _pattern(context.accounts),
            example="[arn:aws:iam::444455556666:role/data/*]",
        ),
    ]

    def problems(self, accounts: Accounts) -> Iterator[tuple[str, str]]:  # noqa: ARG002
        """All are of one account, which the trust policy names."""
        if len({_account_of(arn) for arn in self.arns}) > 1:
            yield "arns", "are of several accounts; make a consumer of each account's"

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
        home = replace(accounts.trusted, account_id=_account_of(self.arns[0]))
        return narrowed_to_principals(
            replace(accounts, trusted=home), "TrustPrincipals", "ArnLike", sorted(self.arns)
        )

    def home_account(self, accounts: Accounts) -> str:  # noqa: ARG002
        """That of the patterns."""
        return _account_of(self.arns[0])


def _account_of(arn: str) -> str:
    return arn.split(":")[4] if arn.count(":") > 4 else ""  # noqa: PLR2004 - of an ARN


def _pattern(accounts: Accounts) -> Rule:
    """Some users or roles of Staging, or of a listed account."""

    def rule(value: str) -> str | None:
        trusted, named = accounts.trusted, _account_of(value)
        account = named if named in accounts.others else trusted.account_id
        return principal_pattern(trusted.partition, account)(value)

    return rule
