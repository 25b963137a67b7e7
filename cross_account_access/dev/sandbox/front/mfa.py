"""Virtual MFA devices whose codes count, and `aws:MultiFactorAuthPresent` for who shows one.

AWS says: "Secure API access with MFA",
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html. A
code belongs to one request of `sts:AssumeRole`, or to a session of `sts:GetSessionToken`; sessions
of roles carry none. Codes are those of "TOTP: Time-Based One-Time Password Algorithm",
https://www.rfc-editor.org/rfc/rfc6238. AWS takes a code once; here it may be used again.
"""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any, Final

from ministack.core import iam_evaluator
from ministack.services import iam, sts

from cross_account_access.dev.sandbox.front.requests import Request, Response, succeeded
from cross_account_access.dev.sandbox.front.sessions import access_key_in

_STEP_SECONDS: Final = 30
_DIGITS: Final = 6
_SEED_BYTES: Final = 40
_SIGNED_IN: Final = "MfaAuthenticatedAt"
"""Where a session of ministack keeps when its MFA code was shown."""

_shown: ContextVar[bool] = ContextVar("mfa_code_of_the_request_is_right", default=False)


def apply() -> None:
    """Tells the emulated AWS of codes that were shown, in this process; to be called once."""
    principal_keys = iam_evaluator._principal_keys

    def keys_with_mfa(credential: Any) -> dict[str, Any]:  # noqa: ANN401 - ministack has no types
        keys: dict[str, Any] = principal_keys(credential)
        session = sts._sessions.get(credential.access_key_id) or {}
        if _shown.get() or _SIGNED_IN in session:
            since = time.time() - session.get(_SIGNED_IN, time.time())
            keys |= {
                "aws:multifactorauthpresent": "true",
                "aws:multifactorauthage": str(int(since)),
            }
        return keys

    iam_evaluator._principal_keys = keys_with_mfa
    sts._principal_keys = keys_with_mfa


def code_shown(request: Request) -> Response | None:
    """Looks at the code of a request before policies are asked; a wrong one is refused."""
    _shown.set(False)
    if request.action not in {"sts:AssumeRole", "sts:GetSessionToken"}:
        return None
    serial, code = (request.parameters.get(name) for name in ("SerialNumber", "TokenCode"))
    if not serial and not code:
        return None
    device = iam._mfa_devices.get(serial or "")
    signer = iam._access_keys.get(request.access_key) or {}
    whose = device and device["User"]
    if not whose or whose != signer.get("UserName") or code not in codes(device, around=1):
        told = "MultiFactorAuthentication failed with invalid MFA one time pass code."
        return request.refused("AccessDenied", told, 403)
    _shown.set(True)
    return None


async def devices_with_codes(
    request: Request, serve: Callable[[Request], Awaitable[Response]]
) -> Response:
    """Gives a new device a seed that makes codes, asks for two of them, and signs sessions in."""
    if request.action == "iam:EnableMFADevice":
        device = iam._mfa_devices.get(request.parameters.get("SerialNumber", ""))
        given = [request.parameters.get(f"AuthenticationCode{number}") for number in (1, 2)]
        if device is not None and not set(given) <= set(codes(device, around=2)):
            told = "Authentication code for device is not valid"
            return request.refused("InvalidAuthenticationCode", told, 403)
    response = await serve(request)
    if request.action == "iam:CreateVirtualMFADevice" and succeeded(response):
        return _with_seed(request, response)
    if request.action == "sts:GetSessionToken" and succeeded(response) and _shown.get():
        sts._sessions[access_key_in(response)][_SIGNED_IN] = time.time()
    return response


def codes(device: dict[str, Any], *, around: int) -> list[str]:
    """The codes of a device: the present one, and those of steps before and after it."""
    key = base64.b32decode(device["Base32StringSeed"])
    now = int(time.time()) // _STEP_SECONDS
    return [_code(key, step) for step in range(now - around, now + around + 1)]


def _code(key: bytes, step: int) -> str:
    digest = hmac.new(key, step.to_bytes(8, "big"), hashlib.sha1).digest()
    offset = digest[-1] & 0xF
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFFFFFF
    return str(number % 10**_DIGITS).zfill(_DIGITS)


def _with_seed(request: Request, response: Response) -> Response:
    """The answer with a seed in base 32, which ministack's is not."""
    given = request.parameters
    path = given.get("Path") or "/"
    serial = f"arn:aws:iam::{request.account}:mfa{path}{given['VirtualMFADeviceName']}"
    device = iam._mfa_devices[serial]
    made, seed = device["Base32StringSeed"], base64.b32encode(secrets.token_bytes(_SEED_BYTES))
    device["Base32StringSeed"] = seed.decode()
    status, headers, body = response
    told = body.replace(base64.b64encode(made.encode()), base64.b64encode(seed))
    return status, headers, told
