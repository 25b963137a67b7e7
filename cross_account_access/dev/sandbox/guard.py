"""What stands before the emulated AWS, so that nobody else on this machine can use it.

Its sockets are on loopback, which every user of the machine and every web page that one of them
opens can reach. As shipped, ministack 1.5.33 takes the ID of an account for the access key of its
root and does not check that signature, serves some ninety services, some of which run code, and
answers its administrative addresses for anybody, with leave for pages of every origin.
"""

import hmac
import re
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from ministack import app as gateway
from ministack.core import iam_evaluator

from cross_account_access.dev.sandbox.emulator import ADMINISTRATION_HEADER

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[..., Awaitable[None]]

SERVICES: Final = (
    *("dynamodb", "dynamodbstreams", "ecr", "eks", "events", "iam", "kinesis", "kms", "lambda"),
    *("logs", "s3", "secretsmanager", "sns", "sqs", "ssm", "states", "sts"),
)
"""What the program, its examples, the access command and what docs print speak to; S3 Control is
part of `s3`."""
_MODULES: Final = frozenset(gateway.SERVICE_REGISTRY[name]["module"] for name in SERVICES)
_PROCESSES: Final = frozenset(
    {"os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.system", "subprocess.Popen"}
)
"""Audit events of starting a process ("Audit events table",
https://docs.python.org/3/library/audit_events.html)."""

# No bucket is there whose policy could let everybody do it.
_NEVER_ANONYMOUS: Final = ("s3:CreateBucket", "s3:ListAllMyBuckets")
_ADMINISTRATIVE: Final = re.compile(r"/(_|health$)")
# A bucket's or an account's name may stand before the host; a longer name leads to other services,
# or comes from a page whose own name leads to this machine.
_HOST: Final = re.compile(r"(127\.0\.0\.1|([a-z0-9-]+\.)?localhost)(:\d+)?")


def guarded(application: Application, secret: str) -> Application:
    """The application behind the guard; requests that it refuses do not reach it.

    Args:
        application: serves ASGI.
        secret: what `ADMINISTRATION_HEADER` must hold for an administrative address.
    """

    async def serve(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await application(scope, receive, send)
        elif scope["type"] != "http" or not _welcome(scope["path"], _headers(scope), secret):
            await _refuse(scope, receive, send)
        else:
            await application(scope, receive, _without_leave_for_pages(send))

    return serve


def apply() -> None:
    """Serves `SERVICES` alone, and a root to whom signs with the secret; to be called once.

    From then on this process starts no other, so that a function of Lambda can be made and asked
    for, and its code never runs.

    The secret is what ministack finds as `AWS_SECRET_ACCESS_KEY` in its environment.
    """
    load = gateway._get_module
    enforce, check = iam_evaluator.enforce, iam_evaluator.check_credentials

    def load_served(name: str) -> Any:  # noqa: ANN401 - ministack has no types
        return load(name) if name in _MODULES else gateway._ErrorModule(name, "off in the sandbox")

    def enforce_signed(access_key: str, action: str, *more: Any, **named: Any) -> Any:  # noqa: ANN401
        if action in _NEVER_ANONYMOUS and iam_evaluator._anonymous.get():
            return iam_evaluator.AuthError("AccessDenied", "Access Denied")
        return enforce(access_key, action, *more, **named) or _unsigned_root(access_key)

    def check_signed(access_key: str, *more: Any, **named: Any) -> Any:  # noqa: ANN401
        return check(access_key, *more, **named) or _unsigned_root(access_key)

    sys.addaudithook(_start_nothing)
    gateway._get_module = load_served
    # Asked for every request, of a service that is off: no domain of somebody's own leads here.
    gateway._resolve_custom_domain_request = lambda _host, _path: None
    gateway.SERVICE_HANDLERS = {name: gateway.SERVICE_HANDLERS[name] for name in SERVICES}
    iam_evaluator.enforce = enforce_signed
    iam_evaluator.check_credentials = check_signed
    # Where ministack looks whether a signature may be left unchecked.
    iam_evaluator._is_root_key = lambda _access_key: False


def _start_nothing(event: str, _arguments: object) -> None:
    if event in _PROCESSES:
        message = "the sandbox starts no process"
        raise PermissionError(message)


def _unsigned_root(access_key: str) -> Any:  # noqa: ANN401
    """A refusal of who says to be a root, unless this request's signature was found right."""
    key = access_key or ""
    if not iam_evaluator.is_root_access_key(key) or iam_evaluator._anonymous.get():
        return None
    if key and iam_evaluator._verified_key.get() == key:
        return None
    return iam_evaluator.AuthError(
        "InvalidClientTokenId", "The security token included in the request is invalid."
    )


def _welcome(path: str, headers: Mapping[str, str], secret: str) -> bool:
    if "origin" in headers or not _HOST.fullmatch(headers.get("host", "")):
        return False
    given = headers.get(ADMINISTRATION_HEADER, "")
    return not _ADMINISTRATIVE.match(path) or hmac.compare_digest(given, secret)


def _headers(scope: Message) -> dict[str, str]:
    pairs = ((each.decode("latin-1") for each in header) for header in scope["headers"])
    return {name.lower(): value for name, value in pairs}


async def _refuse(scope: Message, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008})
        return
    told = b"The sandbox belongs to the command that it runs, and does not serve this.\n"
    headers = [(b"content-type", b"text/plain"), (b"content-length", str(len(told)).encode())]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": told})


def _without_leave_for_pages(send: Send) -> Send:
    async def sent(message: Message) -> None:
        headers = message.get("headers")
        if headers is not None:
            kept = [each for each in headers if not each[0].lower().startswith(b"access-control-")]
            message = {**message, "headers": kept}
        await send(message)

    return sent
