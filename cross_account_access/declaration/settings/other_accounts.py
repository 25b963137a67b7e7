"""Reads the accounts beside the two that the stack manages, whose principals it may let in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cross_account_access.declaration.accounts import Account
from cross_account_access.declaration.fields import Context, Field, Setting
from cross_account_access.declaration.reader import Fields
from cross_account_access.declaration.rules import account_id, logical_name

_EXAMPLE: Final = '{analytics: "777788889999"}'


@dataclass(frozen=True)
class AccountIds(Setting):
    """Account IDs by names of ours."""

    json_type = dict[str, str]
    values = "account IDs by name"

    def read(self, source: Fields, name: str, default: Any, context: Context) -> dict[str, str]:  # noqa: ANN401, ARG002
        """Each a name with an account ID."""
        value = source.take(name, {})
        if not isinstance(value, Mapping):
            source.refuse(name, f"must be a mapping, as in {_EXAMPLE}")
            return {}
        for key in value:
            if broken := logical_name(str(key)):
                source.problems.about(source.path(name), key, broken)
        ids = Fields(value, source.problems, source.path(name))
        # What is no text is told here, and not once more where its principals are let in.
        return {
            str(key): ids.text(key, account_id) or str(each or "") for key, each in value.items()
        }


ACCOUNTS: Final = Field(
    "accounts",
    AccountIds(
        "Further accounts whose principals may be let in by pattern, by names of ours; nothing is "
        "made in them.",
        example=_EXAMPLE,
    ),
    {},
)
"""The setting that lists them."""


def problems(
    listed: Mapping[str, str], production: Account, staging: Account
) -> Iterator[tuple[str, str, str]]:
    """What is listed and is one of the stack's own, or listed twice: setting, value and rule."""
    seen = {production.account_id: "Production", staging.account_id: "Staging"}
    for name, account in listed.items():
        if account and account in seen:
            yield f"accounts.{name}", account, f"is {seen[account]} already; remove it"
        seen.setdefault(account, f"accounts.{name}")
