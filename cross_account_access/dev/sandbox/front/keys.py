"""KMS keys: of other accounts, of what S3 encrypts with them, and never without a keeper.

AWS says: "Allowing users in other accounts to use a KMS key",
https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html;
"Using server-side encryption with AWS KMS keys (SSE-KMS)",
https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html; "Reducing the cost of
SSE-KMS with Amazon S3 Bucket Keys",
https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html; "PutKeyPolicy", AWS
KMS API reference, https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html.
"""

import dataclasses
import json
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Final, NamedTuple

from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import kms, s3

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
_KEY: Final = "x-amz-server-side-encryption-aws-kms-key-id"
_OBJECTS: Final = "arn:aws:s3:::"
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
    """Serves a key in its own account, and objects to who may use their key."""
    if request.service == "s3":
        return await _of_objects(request, serve)
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


async def _of_objects(
    request: Request, serve: Callable[[Request], Awaitable[Response]]
) -> Response:
    for use in _uses(request):
        with request_scope(*_home(use.key)):
            record = kms._resolve_key(use.key)
        if record is None:
            return request.refused("KMS.NotFoundException", f"Key '{use.key}' does not exist")
        context = {
            "kms:ViaService": f"s3.{request.region}.amazonaws.com",
            "kms:CallerAccount": request.account,
            "kms:EncryptionContext:aws:s3:arn": use.encryption_context,
        }
        if not request.may(use.action, record["Arn"], context):
            return request.denied(use.action, record["Arn"])
        if record["KeyState"] != "Enabled":
            return request.refused("KMS.DisabledException", f"{record['Arn']} is not enabled.")
    return await serve(request)


class _Use(NamedTuple):
    """What S3 does with a key for who asks for an object."""

    action: str
    key: str
    encryption_context: str
    """The ARN of the bucket where it has a bucket key, else of the object."""


def _uses(request: Request) -> Iterator[_Use]:
    bucket, key = request.bucket_and_key
    owner = s3._bucket_owner_account(bucket)
    if not key or owner is None:
        return
    headers = dict(request.headers)
    source = iam_actions._s3_source_object(headers)
    with request_scope(owner, request.region):
        if request.action in {"s3:GetObject", "s3:GetObjectVersion"} and request.method == "GET":
            yield from _decrypting(bucket, key)
        if request.action == "s3:PutObject" and "uploadId" not in request.query:
            written, _ = s3._resolve_sse_write_headers(headers, bucket)
            if _KEY in (written or {}):
                yield _Use("kms:GenerateDataKey", written[_KEY], _context(bucket, key))
    if source and request.action == "s3:PutObject":
        named, _, of = source[0].removeprefix(_OBJECTS).partition("/")
        with request_scope(s3._bucket_owner_account(named) or owner, request.region):
            yield from _decrypting(named, of)


def _decrypting(bucket: str, key: str) -> Iterator[_Use]:
    stored = (s3._buckets.get(bucket) or {}).get("objects", {}).get(key) or {}
    named = s3._stored_sse_headers(stored).get(_KEY)
    if named:
        yield _Use("kms:Decrypt", named, _context(bucket, key))


def _context(bucket: str, key: str) -> str:
    has_bucket_key = "<BucketKeyEnabled>true<" in (s3._bucket_encryption.get(bucket) or "")
    return f"{_OBJECTS}{bucket}" if has_bucket_key else f"{_OBJECTS}{bucket}/{key}"


def _home(arn: str) -> tuple[str, str]:
    """The account and region of a key, which are the request's own for a key that has no ARN."""
    if not arn.startswith("arn:"):
        return get_account_id(), get_region()
    _, _, _, region, account, *_ = arn.split(":")
    return account, region
