"""KMS keys with which S3 encrypts objects: who reads or writes these needs rights on the key.

AWS says: "Using server-side encryption with AWS KMS keys (SSE-KMS)",
https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html: a key's alias and ID
are those of the account that asks, and who names no key gets the AWS managed one of its account;
"Uploading and copying objects using multipart upload in Amazon S3",
https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html: the parts of an upload are
decrypted; "Reducing the cost of SSE-KMS with Amazon S3 Bucket Keys",
https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-key.html: what the encryption context
is.
"""

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any, Final, NamedTuple

from ministack.core import iam_actions
from ministack.core.responses import get_region, request_scope
from ministack.services import kms, s3

from cross_account_access.dev.sandbox.front.requests import Request, Response, succeeded

KEY: Final = "x-amz-server-side-encryption-aws-kms-key-id"
"""The header that names a key."""

_ENCRYPTION: Final = "x-amz-server-side-encryption"
_BUCKET_KEY: Final = "x-amz-server-side-encryption-bucket-key-enabled"
_MANAGED: Final = "alias/aws/s3"
_OBJECTS: Final = "arn:aws:s3:::"
_READS: Final = ("s3:GetObject", "s3:GetObjectVersion")
_NOT_USABLE: Final = {
    "Disabled": ("KMS.DisabledException", "is disabled."),
    "PendingDeletion": ("KMS.KMSInvalidStateException", "is pending deletion."),
}

_asking: ContextVar[str | None] = ContextVar("account_whose_names_of_keys_count", default=None)


class Use(NamedTuple):
    """What S3 does with a key for who asks for an object."""

    action: str
    key: str
    """Its ARN, which for an AWS managed key is that of the alias."""
    about: str
    """The encryption context: the bucket's ARN where it has a bucket key, else the object's."""

    def conditions(self, account: str) -> dict[str, Any]:
        """What policies are told of it, for a caller of this account."""
        region = self.key.split(":")[3]
        return {
            "kms:ViaService": f"s3.{region}.amazonaws.com",
            "kms:CallerAccount": account,
            "kms:EncryptionContext:aws:s3:arn": self.about,
            "kms:EncryptionContextKeys": ["aws:s3:arn"],
        }


def apply() -> None:
    """Has S3 store which key an object has, by its ARN, and whether by a bucket key."""
    resolve = s3._resolve_sse_write_headers

    def resolved(headers: Mapping[str, str], bucket: str) -> Any:  # noqa: ANN401 - ministack has no types
        if headers.get(_ENCRYPTION) == "aws:kms" and not headers.get(KEY):
            headers = {**headers, KEY: _MANAGED}
        written, error = resolve(headers, bucket)
        if error is None and str(written.get(_ENCRYPTION, "")).startswith("aws:kms"):
            written[KEY] = _arn_of(written.get(KEY) or _default_key(bucket))
            if _has_bucket_key(headers, bucket):
                written[_BUCKET_KEY] = "true"
        return written, error

    s3._resolve_sse_write_headers = resolved
    s3._SSE_STORED_HEADERS = (*s3._SSE_STORED_HEADERS, _BUCKET_KEY)


async def usable(request: Request, serve: Callable[[Request], Awaitable[Response]]) -> Response:
    """Refuses an object to who may not use its key, and whatever has a key that cannot be used."""
    if request.service != "s3":
        return await serve(request)
    _asking.set(request.account)
    if request.action in _READS and request.method == "GET":
        with request_scope(request.account, request.region):
            # Whether there is such an object, and who may have it, is S3's to say first.
            response = await serve(request)
        return (_refusal(request, _reading(request)) if succeeded(response) else None) or response
    if request.action == "s3:PutObject" and request.bucket_and_key[1] and _s3_lets_in(request):
        return _refusal(request, _writing(request)) or await serve(request)
    return await serve(request)


def _s3_lets_in(request: Request) -> bool:
    bucket, key = request.bucket_and_key
    about = (request.method, bucket, key, request.headers, request.query, request.body)
    with request_scope(request.account, request.region):
        return s3._apply_bucket_scope(*about) is None


def _refusal(request: Request, uses: Iterator[Use]) -> Response | None:
    for use in uses:
        if not request.access_key:
            told = (
                "Requests specifying Server Side Encryption with AWS KMS managed keys require AWS "
                "Signature Version 4."
            )
            return request.refused("InvalidArgument", told)
        if use.key.endswith(f":{_MANAGED}"):
            if use.key.split(":")[4] != request.account:
                return _denied(request, use.action, use.key)
            continue
        record = _record(use.key)
        if record is None:
            return request.refused("KMS.NotFoundException", f"Key '{use.key}' does not exist")
        if not request.may(use.action, record["Arn"], use.conditions(request.account)):
            return _denied(request, use.action, record["Arn"])
        if record["KeyState"] != "Enabled":
            code, told = _NOT_USABLE.get(record["KeyState"], _NOT_USABLE["Disabled"])
            return request.refused(code, f"{record['Arn']} {told}")
    return None


def _denied(request: Request, action: str, key: str) -> Response:
    """A denial that blames neither policy, for either may be it."""
    told = f"User: {request.caller} is not authorized to perform: {action} on resource: {key}"
    return request.refused("AccessDenied", told, 403)


def _reading(request: Request) -> Iterator[Use]:
    versions = request.query.get("versionId", [""])
    yield from decrypting(*request.bucket_and_key, versions[0])


def _writing(request: Request) -> Iterator[Use]:
    bucket, key = request.bucket_and_key
    headers = s3._merge_hoisted_amz_headers(dict(request.headers), request.query)
    with request_scope(s3._bucket_owner_account(bucket), request.region):
        if "uploadId" in request.query:
            action = "kms:Decrypt"
            stored = s3._multipart_uploads.get(request.query["uploadId"][0]) or {}
        else:
            action = "kms:GenerateDataKey"
            written, _ = s3._resolve_sse_write_headers(headers, bucket)
            stored = {"preserved_headers": written or {}}
    yield from _uses(action, stored, bucket, key)
    source = iam_actions._s3_source_object(headers)
    if source:
        named, _, of = source[0].removeprefix(_OBJECTS).partition("/")
        yield from decrypting(named, of, source[1])


def decrypting(bucket: str, key: str, version: str = "") -> Iterator[Use]:
    """What S3 does with the key of an object, or of a version of it, that somebody reads."""
    owner = s3._bucket_owner_account(bucket)
    if owner is None:
        return
    with request_scope(owner, get_region()):
        stored = (s3._buckets.get(bucket) or {}).get("objects", {}).get(key) or {}
        for each in s3._object_versions.get((bucket, key), []) if version else ():
            if each["version_id"] == version:
                stored = each
    yield from _uses("kms:Decrypt", stored, bucket, key)


def _uses(action: str, stored: Mapping[str, Any], bucket: str, key: str) -> Iterator[Use]:
    told = s3._stored_sse_headers(stored)
    if KEY in told:
        about = bucket if told.get(_BUCKET_KEY) else f"{bucket}/{key}"
        yield Use(action, told[KEY], f"{_OBJECTS}{about}")


def _record(arn: str) -> Any:  # noqa: ANN401
    _, _, _, region, account, *_ = arn.split(":")
    with request_scope(account, region):
        return kms._resolve_key(arn)


def _arn_of(named: str) -> str:
    """The ARN of a key that somebody names by it, by its ID or by an alias of the own account."""
    if named.startswith("arn:") and ":key/" in named:
        return named
    region, account = get_region(), _asking.get() or s3.get_account_id()
    if named.startswith("arn:"):
        _, _, _, region, account, *_ = named.split(":")
    with request_scope(account, region):
        record = kms._resolve_key(named)
    if record is not None:
        return str(record["Arn"])
    kind = named if named.startswith("alias/") else f"key/{named}"
    return named if named.startswith("arn:") else f"arn:aws:kms:{region}:{account}:{kind}"


def _default_key(bucket: str) -> str:
    """The key that a bucket's default encryption names."""
    found = re.search(r"<KMSMasterKeyID>([^<]+)<", s3._bucket_encryption.get(bucket) or "")
    return found[1].strip() if found else _MANAGED


def _has_bucket_key(headers: Mapping[str, str], bucket: str) -> bool:
    stated = headers.get(_BUCKET_KEY)
    by_default = "<BucketKeyEnabled>true<" in (s3._bucket_encryption.get(bucket) or "")
    return by_default if stated is None else stated.lower() == "true"
