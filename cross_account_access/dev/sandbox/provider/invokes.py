"""The lookups that the stand-in answers, by token."""

from collections.abc import Callable
from typing import Any

from cross_account_access.dev.sandbox.provider.aws import Account


def _get_canonical_user_id(account: Account, _arguments: dict[str, Any]) -> dict[str, Any]:
    owner = account.s3.list_buckets(MaxBuckets=1)["Owner"]
    return {"id": owner["ID"], "displayName": owner.get("DisplayName", "")}


FUNCTIONS: dict[str, Callable[[Account, dict[str, Any]], dict[str, Any]]] = {
    "aws:s3/getCanonicalUserId:getCanonicalUserId": _get_canonical_user_id,
}
