"""Service providers in accounts of their own."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Final

from cross_account_access.declaration import rules
from cross_account_access.declaration.accounts import Accounts
from cross_account_access.declaration.fields import Text, Texts
from cross_account_access.declaration.model import Principal, Trust
from cross_account_access.declaration.rules import Rule
from cross_account_access.facts import quotas

_PART: Final = r"[\w+=,.@-]"
_NAMED: Final = "|".join(
    rf"{kind}/(?:{_PART}+/)*{_PART}{{1,{limit}}}"
    for kind, limit in (
        ("role", quotas.ROLE_NAME_CHARACTERS),
        ("user", quotas.OLD_USER_NAME_CHARACTERS),
    )
)


@dataclass(frozen=True, kw_only=True)
class ThirdParty(Principal):
    """A service provider that calls from an account of its own, with an external ID."""

    kind = "third_party"
    words = "A service provider in its own account."
    example = '{account_id: "777788889999"}'
    is_machine = True
    only_by_role = "no resource policy can ask for its external ID"
    may_renew = True
    required_conditions = ("external_id",)

    account_id: Annotated[str, Text("The provider's account: 12 digits.", rules.account_id)]

    arns: Annotated[
        tuple[str, ...],
        Texts(
            "ARNs of the provider's roles and users, where it names them; else its whole account.",
            rule_for=lambda context: _of_provider(
                context.accounts.trusting.partition, str(context.read["account_id"])
            ),
            example="[arn:aws:iam::777788889999:role/Collector]",
        ),
    ] = ()

    @property
    def chains(self) -> bool:
        """Where a role is named."""
        return any(":role/" in arn for arn in self.arns)

    def problems(self, accounts: Accounts) -> Iterator[tuple[str, str]]:
        """The account is none of the stack's."""
        for side, account in (("Production", accounts.trusting), ("Staging", accounts.trusted)):
            if self.account_id == account.account_id:
                yield (
                    "account_id",
                    f"is the {side} account, which is no third party; name the provider's own",
                )

    def principal_arns(self, accounts: Accounts) -> tuple[str, ...]:
        """Those that are named, or the root of the provider's account, which stands for all."""
        return self.arns or (self._root(accounts),)

    def _root(self, accounts: Accounts) -> str:
        return f"arn:{accounts.trusting.partition}:iam::{self.account_id}:root"

    def home_account(self, accounts: Accounts) -> str | None:  # noqa: ARG002
        """The provider's."""
        return self.account_id

    def trust(self, accounts: Accounts) -> Trust:
        """By the provider's account; the consumer's external ID narrows it, and who is named."""
        return Trust(
            sid="TrustThirdParty",
            principal={"AWS": [self._root(accounts)]},
            conditions={"ArnEquals": {"aws:PrincipalArn": sorted(self.arns)}} if self.arns else {},
        )


def _of_provider(partition: str, account: str) -> Rule:
    """A role or user of the provider, as `aws:PrincipalArn` has it; none has an empty part.

    Source: "AWS global condition context keys",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html.
    """

    def rule(value: str) -> str | None:
        example = f"arn:{partition or 'aws'}:iam::{account}:role/Collector"
        parts = re.fullmatch(rf"arn:([^:]*):iam::([^:]*):(?:{_NAMED})", value, re.ASCII)
        if not parts:
            return f"must be the whole ARN of a role or user, without wildcards, as in {example}"
        if partition and parts[1] != partition:
            return f"must be of partition {partition}, as Production is, as in {example}"
        if parts[2] != account:
            return f"must be of the provider's account, {account}, as in {example}"
        return None

    return rule
