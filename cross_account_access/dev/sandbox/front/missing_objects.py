"""A missing object is told to who may list its bucket; everybody else is denied.

AWS says: "GetObject", https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from ministack.services import s3

from cross_account_access.dev.sandbox.front.requests import Request, Response

_NOT_FOUND: Final = 404
_READS: Final = ("s3:GetObject", "s3:GetObjectVersion")


async def told_to_who_may_list(
    request: Request, serve: Callable[[Request], Awaitable[Response]]
) -> Response:
    """Denies a missing object to who may not list."""
    response = await serve(request)
    bucket, key = request.bucket_and_key
    reads = request.action in _READS and key and s3._bucket_owner_account(bucket)
    if (
        not reads
        or response[0] != _NOT_FOUND
        or request.may("s3:ListBucket", f"arn:aws:s3:::{bucket}")
    ):
        return response
    return request.refused("AccessDenied", "Access Denied", 403)
