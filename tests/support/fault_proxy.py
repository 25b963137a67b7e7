"""What stands between the provider and the emulated AWS, and lets one call or more go wrong.

It listens on loopback, at a port that is free, for as long as its context lasts, and hands every
request on as it came: signatures cover the host's name, which stays that of the proxy.
"""

from __future__ import annotations

import http.client
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

_READS: Final = ("Get", "List", "Describe", "Head", "Simulate", "Generate", "AssumeRole")
_HOP_BY_HOP: Final = ("connection", "keep-alive", "transfer-encoding", "content-length")
_SECONDS: Final = 30


@dataclass(frozen=True)
class Call:
    """One request, as far as a fault asks."""

    name: str
    """Of the action, like `CreateRole`; for S3 the method and what is asked for, `PUT ?policy`."""
    key: str
    """The access key that signed it."""
    form: str
    """Of the answer: `query`, `json` or `s3`."""

    @property
    def writes(self) -> bool:
        """Whether it changes something."""
        if self.form == "s3":
            return not self.name.startswith(("GET", "HEAD"))
        return not self.name.startswith(_READS)


@dataclass(frozen=True)
class Answer:
    """What the proxy says in the place of AWS."""

    status: int
    code: str
    message: str = "a fault of the test"

    def body(self, form: str) -> bytes:
        """In the words of the service's protocol."""
        if form == "json":
            return f'{{"__type":"{self.code}","message":"{self.message}"}}'.encode()
        error = f"<Code>{self.code}</Code><Message>{self.message}</Message>"
        if form == "s3":
            return f"<Error>{error}</Error>".encode()
        return f"<ErrorResponse><Error><Type>Sender</Type>{error}</Error></ErrorResponse>".encode()


RESET: Final = Answer(0, "")
"""No answer: the connection is reset."""


@dataclass
class Fault:
    """What goes wrong, from a call on that changes something."""

    at: int
    """Which one of those it meets, from 1; 0 for the first call of all."""
    answer: Answer | None = None
    """What is said instead of AWS's own; None for AWS's own."""
    calls: int = 1
    """How many calls it lasts, counted from the first; more than a run has for one that stays."""
    carried_out: bool = False
    """Whether AWS gets the request all the same."""
    meets: Callable[[Call], bool] = field(default=lambda _: True)
    """Which calls it meets at all, those that read among them."""
    same_key: bool = False
    """Whether it stays with who made the first call: one account, with one profile."""
    wait: float = 0
    """Seconds before the answer."""
    then: Callable[[], None] = field(default=lambda: None)
    """Done at the first call, once AWS has answered or instead of that."""
    _seen: int = field(default=0, init=False)
    _struck: int = field(default=0, init=False)
    _key: str = field(default="", init=False)

    def strikes(self, call: Call) -> bool:
        """Whether this call meets it; counts it."""
        if not self.meets(call) or (self.same_key and self._key not in ("", call.key)):
            return False
        if not self._struck:
            # What only reads begins nothing.
            self._seen += call.writes
            if self._seen < self.at:
                return False
            self._key = call.key
        self._struck += 1
        return self._struck <= self.calls

    @property
    def begins(self) -> bool:
        """Whether the call that it struck was the first."""
        return self._struck == 1


class Proxy:
    """Hands requests on, and counts those that change something."""

    def __init__(self, upstream: str, authority: str) -> None:
        self._host = urlsplit(upstream).netloc
        self._context = ssl.create_default_context(cafile=authority)
        self._lock = threading.Lock()
        self.clear()

    def clear(self, *faults: Fault) -> None:
        """Counts anew, with other faults or none."""
        with self._lock:
            self._faults = faults
            self.writes: list[str] = []

    def struck(self, call: Call) -> tuple[Fault | None, bool]:
        """The fault that this call meets, and whether it begins there."""
        with self._lock:
            if call.writes:
                self.writes.append(call.name)
            for fault in self._faults:
                if fault.strikes(call):
                    return fault, fault.begins
        return None, False

    def forward(self, method: str, path: str, headers: Any, body: bytes) -> tuple[int, Any, bytes]:
        """AWS's own answer."""
        upstream = http.client.HTTPSConnection(self._host, timeout=_SECONDS, context=self._context)
        try:
            upstream.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in headers.items():
                if name.lower() != "expect":
                    upstream.putheader(name, value)
            upstream.endheaders(body)
            response = upstream.getresponse()
            return response.status, response.getheaders(), response.read()
        finally:
            upstream.close()


@contextmanager
def proxied(upstream: str, authority: str) -> Iterator[tuple[Proxy, str]]:
    """A proxy before an endpoint, and its own address.

    Args:
        upstream: the address of the emulated AWS, over HTTPS.
        authority: file with the certificate of who signed that of the upstream.
    """
    proxy = Proxy(upstream, authority)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(proxy))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield proxy, f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(proxy: Proxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            # A client that was killed takes its connections along.
            try:
                super().handle_one_request()
            except OSError:
                self.close_connection = True

        def serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            call = _call(self.command, self.path, self.headers, body)
            fault, begins = proxy.struck(call)
            if fault is None:
                self.say(*proxy.forward(self.command, self.path, self.headers, body))
                return
            own = None
            if fault.answer is None or fault.carried_out:
                own = proxy.forward(self.command, self.path, self.headers, body)
            time.sleep(fault.wait)
            if begins:
                fault.then()
            if fault.answer is None:
                assert own is not None
                self.say(*own)
            elif fault.answer is RESET:
                self.close_connection = True
            else:
                told = fault.answer.body(call.form)
                kind = "application/x-amz-json-1.1" if call.form == "json" else "text/xml"
                self.say(fault.answer.status, [("Content-Type", kind)], told)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = serve  # noqa: N815 - as the base has it

        def say(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in _HOP_BY_HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    return Handler


def _call(method: str, path: str, headers: Any, body: bytes) -> Call:
    signed = headers.get("Authorization", "").partition("Credential=")[2]
    key = signed.partition("/")[0]
    target = headers.get("X-Amz-Target")
    if target:
        return Call(target.rpartition(".")[2], key, "json")
    action = parse_qs(body.decode("latin-1")).get("Action") if method == "POST" else None
    if action:
        return Call(action[0], key, "query")
    asked = urlsplit(path).query.partition("&")[0]
    return Call(f"{method} ?{asked}" if asked else method, key, "s3")
