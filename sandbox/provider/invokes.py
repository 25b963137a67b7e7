"""The lookups that the stand-in answers, by token."""

from collections.abc import Callable
from typing import Any

from sandbox.provider.aws import Account


def _get_caller_identity(account: Account, _arguments: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": account.account_id,
        "accountId": account.account_id,
        "arn": account.identity["Arn"],
        "userId": account.identity["UserId"],
    }


def _get_canonical_user_id(account: Account, _arguments: dict[str, Any]) -> dict[str, Any]:
    owner = account.s3.list_buckets(MaxBuckets=1)["Owner"]
    return {"id": owner["ID"], "displayName": owner.get("DisplayName", "")}


def _get_user(account: Account, arguments: dict[str, Any]) -> dict[str, Any]:
    user = account.iam.get_user(UserName=arguments["userName"])["User"]
    return {
        "id": user["UserId"],
        "arn": user["Arn"],
        "path": user["Path"],
        "permissionsBoundary": user.get("PermissionsBoundary", {}).get(
            "PermissionsBoundaryArn", ""
        ),
        "tags": {tag["Key"]: tag["Value"] for tag in user.get("Tags", [])},
        "userId": user["UserId"],
        "userName": user["UserName"],
    }


FUNCTIONS: dict[str, Callable[[Account, dict[str, Any]], dict[str, Any]]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": _get_caller_identity,
    "aws:s3/getCanonicalUserId:getCanonicalUserId": _get_canonical_user_id,
    "aws:iam/getUser:getUser": _get_user,
}
