"""ARNs of AWS GovCloud (US) and of the China Regions, of which ministack knows none.

AWS says: "Identify AWS resources with Amazon Resource Names (ARNs)",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html. Inside, all ARNs are of the
partition `aws`: in requests that are signed for a region of another partition, and in their
answers, the two change places, so that an ARN of the wrong partition is as wrong as it is on AWS.
"""

import dataclasses
import re
from typing import Any, Final

from cross_account_access.dev.sandbox.front.requests import Request, Response
from cross_account_access.facts import partitions

_INSIDE: Final = "aws"
_ARN: Final = re.compile(rb"(arn(?::|%3A))(aws(?:-[a-z-]+)?)(:|%3A)", re.IGNORECASE)


def inside(request: Request) -> Request:
    """The request as ministack knows ARNs."""
    partition = partitions.partition_of(request.region)
    if partition == _INSIDE:
        return request
    body = request.body if _is_content(request) else _exchanged(request.body, partition)
    return dataclasses.replace(
        request,
        path=_exchanged_text(request.path, partition),
        headers={
            name: _exchanged_text(value, partition) for name, value in request.headers.items()
        },
        body=body,
        query={
            name: [_exchanged_text(value, partition) for value in values]
            for name, values in request.query.items()
        },
    )


def outside(request: Request, response: Response) -> Response:
    """The answer as the partition of the request knows ARNs."""
    partition = partitions.partition_of(request.region)
    status, headers, body = response
    if partition == _INSIDE or _is_content(request) or not isinstance(body, bytes):
        return response
    told: dict[str, Any] = {
        name: _exchanged_text(value, partition) if isinstance(value, str) else value
        for name, value in headers.items()
        if name.lower() != "content-length"
    }
    return status, told, _exchanged(body, partition)


def _is_content(request: Request) -> bool:
    """Say whether the body, of request or answer, is what somebody keeps in an object."""
    return request.service == "s3" and bool(request.bucket_and_key[1]) and not request.query


def _exchanged(text: bytes, partition: str) -> bytes:
    other = {_INSIDE.encode(): partition.encode(), partition.encode(): _INSIDE.encode()}
    return _ARN.sub(lambda arn: arn[1] + other.get(arn[2], arn[2]) + arn[3], text)


def _exchanged_text(text: str, partition: str) -> str:
    return _exchanged(text.encode(), partition).decode()
