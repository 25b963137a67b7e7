"""KMS keys: of other accounts, and never without a keeper.

AWS says: "Allowing users in other accounts to use a KMS key",
https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html;
"PutKeyPolicy", AWS KMS API reference,
https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html.
"""

import dataclasses
import json
from collections.abc import Awaitable, Callable
from typing import Any, Final

from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import kms

from cross_account_access.dev.sandbox.front.requests import Request, Response
from cross_account_access.dev.sandbox.front.saved import Kind, document_in, malformed

_ACROSS_ACCOUNTS: Final = frozenset(
    {
        *("CreateGrant", "Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey"),
        *("GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext"),
        *("GenerateDataKeyWithoutPlaintext", "GenerateMac", "GetKeyRotationStatus"),
        *("GetPublicKey", "ListGrants", "ReEncrypt", "RetireGrant", "RevokeGrant", "Sign"),
        *("Verify", "VerifyMac"),
    }
)
"""What AWS's table of KMS permissions says can be done with a key of another account."""
_BYPASS: Final = "BypassPolicyLockoutSafetyCheck"


def apply() -> None:
    """Lets policies of keys be found for callers of other accounts; to be called once."""
    key_policy = kms.key_policy_for_arn

    def policy_in_its_account(arn: str) -> Any:  # noqa: ANN401 - ministack has no types
        with request_scope(*_home(arn)):
            return key_policy(arn)

    kms.key_policy_for_arn = policy_in_its_account


def with_named_key(request: Request) -> Request:
    """The request with the key that its ciphertext names, which may be another account's."""
    if request.action != "kms:Decrypt" or request.parameters.get("KeyId"):
        return request
    named = iam_actions._kms_key_id_from_ciphertext(request.parameters.get("CiphertextBlob", ""))
    for key in kms._keys._data.values():
        if key["KeyId"] == named:
            stated = {**request.parameters, "KeyId": key["Arn"]}
            return dataclasses.replace(request, body=json.dumps(stated).encode())
    return request


async def of_other_accounts(
    request: Request, serve: Callable[[Request], Awaitable[Response]]
) -> Response:
    """Serves a key in its own account."""
    arn = str(request.parameters.get("KeyId", "")) if request.service == "kms" else ""
    if request.operation not in _ACROSS_ACCOUNTS:
        return await serve(request)
    with request_scope(*_home(arn)):
        return await serve(request)


async def still_governed(
    request: Request, serve: Callable[[Request], Awaitable[Response]]
) -> Response:
    """Refuses a key policy that does not let its writer write the next one."""
    saved = document_in(request)
    if saved is None or saved.kind is not Kind.KMS or request.parameters.get(_BYPASS):
        return await serve(request)
    caller = iam_evaluator.resolve_principal(request.access_key, request.account)
    asked = iam_evaluator.EvalContext(
        principal_arn=caller.arn,
        principal_type=caller.type,
        principal_account=caller.account,
        action="kms:PutKeyPolicy",
        resource_arn=f"arn:aws:kms:{request.region}:{request.account}:key/new",
        region=request.region,
        principal_keys=caller.keys,
    )
    if iam_evaluator.evaluate_resource_policy(saved.text, asked).decision != "Allow":
        told = "The new key policy will not allow you to update the key policy in the future."
        return malformed(request, saved, told)
    return await serve(request)


def _home(arn: str) -> tuple[str, str]:
    """The account and region of a key, which are the request's own for a key that has no ARN."""
    if not arn.startswith("arn:"):
        return get_account_id(), get_region()
    _, _, _, region, account, *_ = arn.split(":")
    return account, region
