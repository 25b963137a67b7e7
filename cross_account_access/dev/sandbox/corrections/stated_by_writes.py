"""What a write of an S3 object states, and needs permission for, beside the object itself.

"Required permissions for Amazon S3 API operations",
https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html: an ACL in
the request needs `s3:PutObjectAcl`, tags need `s3:PutObjectTagging`, and to copy an object that has
tags is to read and to write them. ministack 1.5.33 asks for `s3:PutObject` alone.

What a write states of its key is part of the request too ("Actions, resources, and condition keys
for Amazon S3",
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html); ministack
shows policies the kind of encryption alone.
"""

import dataclasses
from contextvars import ContextVar
from typing import Any

from ministack.core import iam_actions, iam_evaluator
from ministack.services import s3

_Permission = tuple[str, str]
"""An action and the ARN of its object."""

_stated: ContextVar[tuple[_Permission, ...]] = ContextVar("stated_by_the_request", default=())
_OBJECTS = "arn:aws:s3:::"
_OF_KEY = (
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-customer-algorithm",
)


def apply() -> None:
    """Replaces three functions of ministack, in this process; to be called once."""
    additional_checks = iam_actions.s3_additional_checks
    resource_policy = iam_evaluator.evaluate_resource_policy
    object_context = iam_actions._s3_object_context

    def context_with_key(
        action: str, parameters: dict[str, Any], path: str, headers: dict[str, str]
    ) -> dict[str, Any]:
        context: dict[str, Any] = object_context(action, parameters, path, headers)
        if action == "s3:PutObject" and "uploadId" not in parameters:
            context |= {f"s3:{name}": headers[name] for name in _OF_KEY if name in headers}
        return context

    # Asked of the caller's own policies, and of those of a bucket in the caller's account.
    def checks_with_stated(
        method: str,
        path: str,
        headers: dict[str, str],
        body: bytes,
        parameters: dict[str, Any],
    ) -> list[_Permission]:
        writes = iam_actions._s3_action(method, path, parameters) == "PutObject"
        # The parts of an upload state nothing: its begin does.
        stated = _permissions(path, headers) if writes and "uploadId" not in parameters else ()
        _stated.set(stated)
        return [*additional_checks(method, path, headers, body, parameters), *stated]

    # Asked of the policy of a bucket in another account.
    def resource_policy_with_stated(document: Any, context: Any, **more: Any) -> Any:  # noqa: ANN401 - ministack has no types
        answer = resource_policy(document, context, **more)
        actions = [action for action, arn in _stated.get() if arn == context.resource_arn]
        if answer.decision != "Allow" or _owner(context.resource_arn) == context.principal_account:
            return answer
        also = (
            resource_policy(document, dataclasses.replace(context, action=action), **more)
            for action in actions
        )
        return next((each for each in also if each.decision != "Allow"), answer)

    iam_actions.s3_additional_checks = checks_with_stated
    iam_actions._s3_object_context = context_with_key
    iam_evaluator.evaluate_resource_policy = resource_policy_with_stated


def _permissions(path: str, headers: dict[str, str]) -> tuple[_Permission, ...]:
    written = f"{_OBJECTS}{path.lstrip('/')}"
    needed = []
    if any(name == "x-amz-acl" or name.startswith("x-amz-grant-") for name in headers):
        needed.append(("s3:PutObjectAcl", written))
    source = iam_actions._s3_source_object(headers)
    copies_tags = headers.get("x-amz-tagging-directive", "COPY").upper() == "COPY"
    if source and copies_tags and _has_tags(*source):
        arn, version = source
        reads = "s3:GetObjectVersionTagging" if version else "s3:GetObjectTagging"
        needed += [(reads, arn), ("s3:PutObjectTagging", written)]
    elif headers.get("x-amz-tagging"):
        needed.append(("s3:PutObjectTagging", written))
    return tuple(needed)


def _has_tags(arn: str, version: str | None) -> bool:
    bucket, _, key = arn.removeprefix(_OBJECTS).partition("/")
    owner = _owner(arn)
    if owner is None:
        return False
    with s3.request_scope(owner, s3.get_region()):
        parameters = {"versionId": [version]} if version else {}
        return bool(s3.object_tags_for_condition(bucket, key, parameters))


def _owner(arn: str) -> str | None:
    """The account of a bucket, or of an object's bucket."""
    owner: str | None = s3._bucket_owner_account(arn.removeprefix(_OBJECTS).partition("/")[0])
    return owner
