"""What a session of a role carries into the role that it assumes next.

AWS says: "Monitor and control actions taken with assumed roles",
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html: a
source identity stays, and cannot be changed; "Pass session tags in AWS STS",
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html: transitive tags stay. For
either the next role asks its permission as if the session had stated it.
"""

import dataclasses
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from ministack.core import iam_evaluator
from ministack.services import sts

from cross_account_access.dev.sandbox.front.requests import Request, Response, succeeded
from cross_account_access.dev.sandbox.front.sessions import access_key_in

_ACTION: Final = "sts:AssumeRole"
_IDENTITY: Final = "SourceIdentity"
_TRANSITIVE: Final = "TransitiveTagKeys"
"""Where a session of ministack keeps either, by the names of the request's parameters."""
_END: Final = b"</AssumeRoleResult>"


def apply() -> None:
    """Tells the emulated AWS of the source identity of a session; to be called once."""
    principal_keys = iam_evaluator._principal_keys

    def keys_with_identity(credential: Any) -> dict[str, Any]:  # noqa: ANN401 - ministack has no types
        keys: dict[str, Any] = principal_keys(credential)
        session = sts._sessions.get(credential.access_key_id) or {}
        if _IDENTITY in session:
            keys["aws:sourceidentity"] = session[_IDENTITY]
        return keys

    iam_evaluator._principal_keys = keys_with_identity
    sts._principal_keys = keys_with_identity


def stated(request: Request) -> tuple[Request, Response | None]:
    """The request with what its caller's session carries, and the refusal of what it cannot."""
    session = sts._sessions.get(request.access_key) or {}
    if request.action != _ACTION or not (session.keys() & {_IDENTITY, _TRANSITIVE}):
        return request, None
    given = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    identity = session.get(_IDENTITY)
    if identity and given.setdefault(_IDENTITY, identity) != identity:
        told = f"The source identity of the session is {identity}, which cannot be changed."
        return request, request.refused("AccessDenied", told, 403)
    keys = session.get(_TRANSITIVE, [])
    tags = {tag["Key"]: tag["Value"] for tag in session["SessionTags"] if tag["Key"] in keys}
    own = {key.lower() for key in _tag_keys(given)}
    if own & {key.lower() for key in tags}:
        told = (
            "One of the specified transitive tag keys can't be set because it conflicts with a "
            "transitive tag key from the calling session."
        )
        return request, request.refused("InvalidParameterValue", told)
    first_tag, first_key = len(own) + 1, len(_members(given, _TRANSITIVE)) + 1
    for number, (key, value) in enumerate(tags.items()):
        given[f"Tags.member.{first_tag + number}.Key"] = key
        given[f"Tags.member.{first_tag + number}.Value"] = value
        given[f"{_TRANSITIVE}.member.{first_key + number}"] = key
    return dataclasses.replace(request, body=urlencode(given).encode()), None


async def kept(request: Request, serve: Callable[[Request], Awaitable[Response]]) -> Response:
    """Keeps with a new session what it carries on, and tells its source identity."""
    response = await serve(request)
    if request.action != _ACTION or not succeeded(response):
        return response
    session = sts._sessions.get(access_key_in(response))
    if session is None:
        return response
    transitive = _members(request.parameters, _TRANSITIVE)
    session |= {_TRANSITIVE: transitive} if transitive else {}
    identity = request.parameters.get(_IDENTITY)
    if identity is None:
        return response
    session[_IDENTITY] = identity
    status, headers, body = response
    # It has no character that XML needs escaped.
    element = f"<{_IDENTITY}>{identity}</{_IDENTITY}>".encode()
    return status, headers, body.replace(_END, element + _END)


def _members(given: Mapping[str, str], name: str) -> list[str]:
    return [value for key, value in given.items() if key.startswith(f"{name}.member.")]


def _tag_keys(given: Mapping[str, str]) -> list[str]:
    return [
        value
        for key, value in given.items()
        if key.startswith("Tags.member.") and key.endswith(".Key")
    ]
