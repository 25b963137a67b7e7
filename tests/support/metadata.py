"""A double of EC2's metadata service, version 2 alone: a token first, then the keys of the role.

The paths and headers are those of "Use the Instance Metadata Service to access instance metadata"
and "Retrieve security credentials from instance metadata" (Amazon EC2 User Guide). The keys that it
hands out are real ones of the emulated STS.
"""

import json
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from tests.support.people import instance

_TOKEN: Final = "/latest/api/token"
_ROLE: Final = "/latest/meta-data/iam/security-credentials/"


@contextmanager
def metadata_service(role_arn: str) -> Iterator[Mapping[str, str]]:
    """Serves one instance with this role; yields the variables that lead the AWS CLI to it."""
    keys = instance(role_arn).get_credentials()
    assert keys is not None
    name = role_arn.rpartition("/")[2]
    now = datetime.now(UTC)
    document = {
        "Code": "Success",
        "Type": "AWS-HMAC",
        "LastUpdated": _moment(now),
        "Expiration": _moment(now + timedelta(hours=1)),
        "AccessKeyId": keys.access_key,
        "SecretAccessKey": keys.secret_key,
        "Token": keys.token,
    }
    answers = {_ROLE: name, f"{_ROLE}{name}": json.dumps(document)}
    token = secrets.token_urlsafe()

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            seconds = self.headers.get("x-aws-ec2-metadata-token-ttl-seconds", "")
            self._answer(token if self.path == _TOKEN and seconds.isdigit() else None, 400)

        def do_GET(self) -> None:
            if self.headers.get("x-aws-ec2-metadata-token") == token:
                self._answer(answers.get(self.path), 404)
            else:
                self._answer(None, 401)

        def _answer(self, body: str | None, otherwise: int) -> None:
            content = (body or "").encode()
            self.send_response(otherwise if body is None else 200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """A test's output is no place for a server's log."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield {
                "AWS_EC2_METADATA_DISABLED": "false",
                "AWS_EC2_METADATA_SERVICE_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
            }
        finally:
            server.shutdown()
            thread.join()


def _moment(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")
