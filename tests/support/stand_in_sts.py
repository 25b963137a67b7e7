"""Stand-ins over loopback HTTP for what the emulated AWS does not do: MFA, faults, EC2 metadata."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

import botocore.session

MFA_CODE = "123456"
FAULTS = {
    "AKIAEXPIRED": ("ExpiredToken", "The security token included in the request is expired"),
    "AKIAUNKNOWN": ("InvalidClientTokenId", "The security token included is invalid."),
    "AKIAWRONGSECRET": (
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided.",
    ),
    "AKIASLOWCLOCK": (
        "SignatureDoesNotMatch",
        "Signature expired: 20260101T000000Z is now earlier than 20260101T010000Z",
    ),
    "AKIAFASTCLOCK": ("RequestExpired", "Request has expired."),
    "AKIADENIED": (
        "AccessDenied",
        "User: arn:aws:iam::444455556666:user/X is not authorized to perform: sts:AssumeRole",
    ),
    "AKIATOOLONG": (
        "ValidationError",
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    ),
}
"""What AWS says to requests that are signed with these access keys."""


@dataclass
class Sts:
    """What a role wants, and what was asked of STS."""

    external_id: str | None = None
    mfa_serial: str | None = None
    lifetime: timedelta | None = None
    """In place of the duration that was asked for."""
    assumed: list[dict[str, str]] = field(default_factory=list)
    """The parameters of every AssumeRole that was granted, and the access key as `Key`."""

    def answer(self, key: str, asked: dict[str, str]) -> str:
        """The result of a request as XML.

        Raises:
            LookupError: with the code and the message of AWS's refusal.
        """
        if key in FAULTS:
            raise LookupError(*FAULTS[key])
        if asked["Action"] == "GetCallerIdentity":
            arn = "arn:aws:sts::111122223333:assumed-role/StageRole/stage-admin"
            return f"<Arn>{arn}</Arn><Account>111122223333</Account><UserId>AROA</UserId>"
        if self.external_id != asked.get("ExternalId"):
            raise LookupError(*FAULTS["AKIADENIED"])
        if self.mfa_serial and (self.mfa_serial, MFA_CODE) != (
            asked.get("SerialNumber"),
            asked.get("TokenCode"),
        ):
            message = "MultiFactorAuthentication failed with invalid MFA one time pass code. "
            raise LookupError("AccessDenied", message)  # noqa: EM101
        self.assumed.append({**asked, "Key": key})
        lifetime = self.lifetime or timedelta(seconds=int(asked["DurationSeconds"]))
        account, _, role = asked["RoleArn"].removeprefix("arn:aws:iam::").partition(":role/")
        arn = f"arn:aws:sts::{account}:assumed-role/{role}/{asked['RoleSessionName']}"
        return (
            f"<AssumedRoleUser><Arn>{arn}</Arn><AssumedRoleId>AROA:x</AssumedRoleId>"
            f"</AssumedRoleUser><Credentials><AccessKeyId>ASIA{len(self.assumed)}</AccessKeyId>"
            "<SecretAccessKey>s3cr3t</SecretAccessKey><SessionToken>t0k3n</SessionToken>"
            f"<Expiration>{datetime.now(UTC) + lifetime:%Y-%m-%dT%H:%M:%SZ}</Expiration>"
            "</Credentials>"
        )


def access_key_of(profile: str) -> str:
    """The access key that the AWS SDK gets by itself from a profile."""
    found = botocore.session.Session(profile=profile).get_credentials()
    assert found is not None
    return str(found.get_frozen_credentials().access_key)


@contextmanager
def serving_sts(sts: Sts) -> Iterator[str]:
    """Serves it; gives the endpoint."""

    class Handler(_Silent):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            key = self.headers["Authorization"].split("Credential=")[1].split("/")[0]
            asked = dict(parse_qsl(body))
            action = asked["Action"]
            try:
                result = sts.answer(key, asked)
            except LookupError as refusal:
                code, message = refusal.args
                error = f"<Code>{code}</Code><Message>{escape(message)}</Message>"
                self.reply(403, f"<ErrorResponse><Error>{error}</Error></ErrorResponse>")
            else:
                self.reply(
                    200,
                    f"<{action}Response><{action}Result>{result}</{action}Result>"
                    f"</{action}Response>",
                )

    with _serving(Handler) as endpoint:
        yield endpoint


@contextmanager
def serving_instance_metadata(access_key_id: str) -> Iterator[str]:
    """Serves an EC2 instance's own credentials ("Instance metadata", version 2)."""
    credentials = {
        "Code": "Success",
        "Type": "AWS-HMAC",
        "AccessKeyId": access_key_id,
        "SecretAccessKey": "x",
        "Token": "x",
        "Expiration": f"{datetime.now(UTC) + timedelta(hours=6):%Y-%m-%dT%H:%M:%SZ}",
        "LastUpdated": "2026-01-01T00:00:00Z",
    }

    class Handler(_Silent):
        def do_PUT(self) -> None:
            self.reply(200, "session-token")

        def do_GET(self) -> None:
            named = self.path.rstrip("/").endswith("security-credentials")
            self.reply(200, "InstanceRole" if named else json.dumps(credentials))

    with _serving(Handler) as endpoint:
        yield endpoint


class _Silent(BaseHTTPRequestHandler):
    def reply(self, status: int, body: str) -> None:
        content = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def _serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()
