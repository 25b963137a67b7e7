"""`iam:PassRole`: who gives a role to a service needs leave for that role.

AWS says: "Grant a user permissions to pass a role to an AWS service",
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html.
"""

import re
from collections.abc import Awaitable, Callable, Iterator
from typing import Final

from ministack.services import iam

from cross_account_access.dev.sandbox.front.requests import Request, Response

_ROLE: Final = re.compile(
    rb'(?:"(?:Role|RoleArn|roleArn)": ?"|<Role>)(arn:aws:iam::\d{12}:role/[^"<]+)'
)
_NOT_PASSED: Final = ("iam", "kms", "sns", "sqs", "sts")
"""Services that are told of roles and given none."""
_PASSED_TO: Final = {
    "iam": "ec2.amazonaws.com",
    "ecs": "ecs-tasks.amazonaws.com",
    "eks": "pods.eks.amazonaws.com",
}


async def allowed(request: Request, serve: Callable[[Request], Awaitable[Response]]) -> Response:
    """Refuses who may not pass the roles that a request gives to a service."""
    service = _PASSED_TO.get(request.service, f"{request.service}.amazonaws.com")
    for role in _passed(request):
        if not request.may("iam:PassRole", role, {"iam:PassedToService": service}):
            return request.denied("iam:PassRole", role)
    return await serve(request)


def _passed(request: Request) -> Iterator[str]:
    if request.action == "iam:AddRoleToInstanceProfile":
        role = iam._roles.get(request.parameters.get("RoleName", ""))
        if role is not None:
            yield role["Arn"]
    elif request.service not in _NOT_PASSED and request.method in {"POST", "PUT"}:
        yield from (found.decode() for found in _ROLE.findall(_document(request)))


def _document(request: Request) -> bytes:
    """The body, unless it is an object's content."""
    is_object = request.service == "s3" and request.bucket_and_key[1]
    return b"" if is_object else request.body
