"""How long a session of a role may be.

AWS says: "AssumeRole", AWS STS API reference,
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html: no longer than the role
allows, and an hour where a session of a role asks for it.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Final

from ministack.services import iam, sts

from cross_account_access.dev.sandbox.front.requests import Request, Response, succeeded
from cross_account_access.facts import quotas

_ASSUMING: Final = ("sts:AssumeRole", "sts:AssumeRoleWithWebIdentity")
_ACCESS_KEY: Final = re.compile(rb'AccessKeyId(?:>|": ?")([A-Z0-9]+)')


async def not_too_long(
    request: Request, serve: Callable[[Request], Awaitable[Response]]
) -> Response:
    """Refuses a session that is longer than its role allows, or than chained roles have."""
    response = await serve(request)
    # Asked last: who may not assume a role is told nothing of it.
    if request.action not in _ASSUMING or not succeeded(response):
        return response
    asked = int(request.parameters.get("DurationSeconds") or quotas.DEFAULT_SESSION_SECONDS)
    arn = request.parameters["RoleArn"]
    role = iam._roles.get_scoped(arn.split(":")[4], None, arn.rpartition("/")[2]) or {}
    if asked > int(role.get("MaxSessionDuration") or quotas.DEFAULT_ROLE_SESSION_SECONDS):
        told = "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    elif ":assumed-role/" in request.caller and asked > quotas.CHAINED_SESSION_SECONDS:
        told = (
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by "
            "role chaining"
        )
    else:
        return response
    sts._sessions.pop(access_key_in(response), None)
    return request.refused("ValidationError", told)


def access_key_in(response: Response) -> str:
    """The ID of the access key that an answer of STS hands out."""
    found = _ACCESS_KEY.search(response[2])
    return found[1].decode() if found else ""
