"""Every write of the emulated accounts, and what both hold once it is done.

A door stands before the emulated AWS: requests that read pass it, those that write pass one at a
time, after a pause of random length, so that writes that wait for nothing come in any order.
"""

import http.client
import os
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from cross_account_access.iam.comparing.comparison import Change
from cross_account_access.iam.comparing.moments import departures
from cross_account_access.iam.inventory import Inventory
from tests.support.people import PRODUCTION_ADMIN, STAGING_ADMIN, admin

_ACCOUNTS: Final = {"production": "111122223333", "staging": "444455556666"}
_READING: Final = ("Assume", "Describe", "Get", "Head", "List")
_SERVICES: Final = ("iam", "s3", "sns", "sqs", "kms")
_LONGEST_PAUSE_SECONDS: Final = 0.03
_OF_THE_CONNECTION: Final = ("connection", "expect", "transfer-encoding")
_FAILED: Final = 400


@dataclass(frozen=True)
class Account:
    """An account by the name of its provider."""

    id: str
    label: str
    partition: str = "aws"


@dataclass(frozen=True)
class Moment:
    """Both accounts after a write."""

    write: str
    inventory: Inventory


class Moments(list[Moment]):
    """The moments of an update: the first one is before it, the last one its end."""

    def departures(self, before: Inventory, after: Inventory) -> list[tuple[str, Change]]:
        """Where a moment is wider than both together, or narrower, each once with its write."""
        told: dict[tuple[object, ...], tuple[str, Change]] = {}
        judged: list[Inventory] = []
        for moment in self:
            # Most writes say nothing of access.
            if moment.inventory in judged:
                continue
            judged.append(moment.inventory)
            for each in departures(before, after, moment.inventory):
                about = (each.effect, each.principal, each.through, each.resource, each.actions)
                told.setdefault(about, (moment.write, each))
        return list(told.values())


class Reader:
    """Reads both accounts, anew what a service may have written."""

    def __init__(self) -> None:
        self._iam = [admin(each).client("iam") for each in (PRODUCTION_ADMIN, STAGING_ADMIN)]
        self._clients = {each: admin(PRODUCTION_ADMIN).client(each) for each in _SERVICES}
        self._found: dict[str, Any] = {each: self._read(each) for each in _SERVICES}

    def read(self, service: str) -> Inventory:
        """Both accounts after a write of a service."""
        if service in _SERVICES:
            self._found[service] = self._read(service)
        return self.now

    @property
    def now(self) -> Inventory:
        """Both accounts as they were read last."""
        users, roles = self._found["iam"]
        return Inventory(
            accounts=tuple(Account(number, label) for label, number in _ACCOUNTS.items()),
            users=users,
            roles=roles,
            resources={
                arn: {"account": _ACCOUNTS["production"], "policy": policy}
                for service in _SERVICES[1:]
                for arn, policy in self._found[service].items()
            },
        )

    def _read(self, service: str) -> Any:
        reading: dict[str, Callable[[Any], Any]] = {
            "iam": lambda _: self._read_iam(),
            "s3": _buckets,
            "sns": _topics,
            "sqs": _queues,
            "kms": _keys,
        }
        return reading[service](self._clients[service])

    def _read_iam(self) -> tuple[dict[str, Any], dict[str, Any]]:
        users: dict[str, Any] = {}
        roles: dict[str, Any] = {}
        for iam in self._iam:
            details = iam.get_account_authorization_details()
            assert not details.get("IsTruncated")
            managed = {each["Arn"]: _default(each) for each in details["Policies"]}
            users |= {
                each["Arn"]: _identity(iam, each, "UserPolicyList", managed)
                for each in details["UserDetailList"]
                if not each["UserName"].endswith("Administrator")
            }
            for role in details["RoleDetailList"]:
                identity = _identity(iam, role, "RolePolicyList", managed)
                roles[role["Arn"]] = {"trust": role["AssumeRolePolicyDocument"], **identity}
        return users, roles


def _default(policy: Mapping[str, Any]) -> Any:
    (document,) = (
        each["Document"] for each in policy["PolicyVersionList"] if each["IsDefaultVersion"]
    )
    return document


def _identity(
    iam: Any, found: Mapping[str, Any], inline: str, managed: Mapping[str, Any]
) -> dict[str, Any]:
    def document(arn: str) -> Any:
        if arn in managed:
            return managed[arn]
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        answer = iam.get_policy_version(PolicyArn=arn, VersionId=version)
        return answer["PolicyVersion"]["Document"]

    policies = {
        f"inline {each['PolicyName']}": each["PolicyDocument"] for each in found.get(inline, ())
    }
    policies |= {
        each["PolicyArn"]: document(each["PolicyArn"]) for each in found["AttachedManagedPolicies"]
    }
    boundary = found.get("PermissionsBoundary")
    return {
        "policies": policies,
        "boundary": document(boundary["PermissionsBoundaryArn"]) if boundary else None,
    }


def _buckets(s3: Any) -> dict[str, Any]:
    def policy(bucket: str) -> Any:
        try:
            return s3.get_bucket_policy(Bucket=bucket)["Policy"]
        except s3.exceptions.ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchBucketPolicy":
                raise
            return None

    names = [each["Name"] for each in s3.list_buckets()["Buckets"]]
    return {f"arn:aws:s3:::{each}": policy(each) for each in names}


def _topics(sns: Any) -> dict[str, Any]:
    found = {
        each["TopicArn"]: sns.get_topic_attributes(**each)["Attributes"].get("Policy")
        for each in sns.list_topics()["Topics"]
    }
    # What SNS itself gives a topic lets in nobody but its owner.
    return {arn: None if "__default_policy_ID" in (p or "") else p for arn, p in found.items()}


def _queues(sqs: Any) -> dict[str, Any]:
    found = (
        sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        for url in sqs.list_queues().get("QueueUrls", [])
    )
    return {each["QueueArn"]: each.get("Policy") or None for each in found}


def _keys(kms: Any) -> dict[str, Any]:
    """Those that can be used: not those that wait for their deletion."""
    return {
        each["KeyArn"]: kms.get_key_policy(KeyId=each["KeyId"], PolicyName="default")["Policy"]
        for each in kms.list_keys()["Keys"]
        if kms.describe_key(KeyId=each["KeyId"])["KeyMetadata"]["Enabled"]
    }


@contextmanager
def recorded(
    endpoint: str, *, seed: int = 0, written: Callable[[int], None] = lambda _: None
) -> Iterator[tuple[str, Moments]]:
    """The address of a door before the emulated AWS, and the moments that are written through it.

    Args:
        endpoint: the emulated AWS, by HTTPS.
        seed: of the pauses.
        written: is told the number of each write, from 1, before its answer goes back.
    """
    reader = Reader()
    moments = Moments([Moment("the beginning", reader.now)])
    one_by_one, random = threading.Lock(), Random(seed)  # noqa: S311 - no secret
    behind = urlsplit(endpoint)
    trusting = ssl.create_default_context(cafile=os.environ["AWS_CA_BUNDLE"])

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            self._behind = http.client.HTTPSConnection(
                str(behind.hostname), behind.port, context=trusting
            )

        def finish(self) -> None:
            self._behind.close()
            super().finish()

        def log_message(self, *_: object) -> None:
            """Says nothing."""

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            write = _write(self.command, self.path, headers, body)
            if write is None:
                self._answer(*self._asked(body))
                return
            time.sleep(random.random() * _LONGEST_PAUSE_SECONDS)
            with one_by_one:
                answer = self._asked(body)
                if answer[0] < _FAILED:
                    moments.append(Moment(write, reader.read(_service(headers))))
                    written(len(moments) - 1)
            self._answer(*answer)

        def _asked(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
            self._behind.putrequest(
                self.command, self.path, skip_host=True, skip_accept_encoding=True
            )
            for name, value in self.headers.items():
                if name.lower() not in _OF_THE_CONNECTION:
                    self._behind.putheader(name, value)
            self._behind.endheaders(body or None)
            response = self._behind.getresponse()
            return response.status, response.getheaders(), response.read()

        def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
            self.send_response_only(status)
            length = dict(headers).get("content-length", "0")
            for name, value in headers:
                if name.lower() not in (*_OF_THE_CONNECTION, "content-length"):
                    self.send_header(name, value)
            is_head = self.command == "HEAD"
            self.send_header("content-length", length if is_head else str(len(content)))
            self.end_headers()
            self.wfile.write(b"" if is_head else content)

    for method in ("DELETE", "GET", "HEAD", "POST", "PUT"):
        setattr(Door, f"do_{method}", Door._serve)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", moments
    finally:
        server.shutdown()
        server.server_close()


def _service(headers: Mapping[str, str]) -> str:
    return headers["authorization"].split("Credential=")[1].split("/")[3]


def _write(method: str, path: str, headers: Mapping[str, str], body: bytes) -> str | None:
    """What a request writes, in AWS's words; None for one that reads."""
    parameters = dict(parse_qsl(body.decode())) if b"Action=" in body else {}
    action = parameters.get("Action") or headers.get("x-amz-target", "").rpartition(".")[2]
    if not action:
        return None if method in ("GET", "HEAD") else f"{method} {path}"
    named = (parameters[key] for key in ("RoleName", "UserName", "PolicyArn") if key in parameters)
    return None if action.startswith(_READING) else " ".join([action, *named])
