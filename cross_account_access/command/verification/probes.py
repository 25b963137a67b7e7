"""Asks AWS: makes the request of a row as the one whom it is about, and reads the answer.

Only the error code with which a service says no is a refusal. Anything else that goes wrong, such
as a bucket that is not there, throttling or an expired token, leaves the row undecided.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any, Final

import boto3
from botocore import UNSIGNED as WITHOUT_SIGNATURE
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from cross_account_access.aws import CLIENT_CONFIG, code_and_message
from cross_account_access.command.calls import make
from cross_account_access.command.verification.findings import Finding, Found, Judge
from cross_account_access.command.verification.probe_objects import ProbeObjects
from cross_account_access.command.verification.rows import (
    UNSIGNED,
    Assume,
    Circumstances,
    Expected,
    LongSession,
    Row,
    Use,
)
from cross_account_access.iam.services import Place, client_of, service_of, services

SESSION_SECONDS: Final = 900
"""The shortest that STS gives ("AssumeRole",
https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html): a session cannot be ended,
so it should end soon."""
_RENEWED_AFTER: Final = 600.0
_SESSION_NAME: Final = "access-verify"


class _NotAskedError(Exception):
    """Something that the request needs is not there."""


class _NoObjectError(Exception):
    """No object is known to exist, and a missing one is answered as a forbidden one."""


@dataclass(frozen=True, kw_only=True)
class Actors:
    """Whose credentials are at hand."""

    sessions: Mapping[str, boto3.Session]
    """By the actor's name, as in `Caller`."""
    production: boto3.Session | None
    """An administrator of Production, who reads settings."""
    region: str
    """Of the resources."""
    plain_http_endpoint: str | None = None
    """Where plain HTTP is answered; None for where AWS answers it."""


@dataclass(frozen=True, eq=False)
class _Identity:
    """Who signs a request: a session, as itself or with other keys than its own."""

    session: boto3.Session
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    since: float = 0
    """When the keys were given, on the clock of this process."""


class Probes:
    """Makes requests; role sessions are kept in memory, and last for a quarter of an hour."""

    def __init__(self, actors: Actors, objects: ProbeObjects) -> None:
        self._actors = actors
        self._objects = objects
        # Clients of role sessions come from a session that there is: a new one would read all that
        # the library knows of a service again.
        self._base = next(iter(actors.sessions.values()), actors.production) or boto3.Session()
        self._nobody = _Identity(self._base)
        self._callers = {name: _Identity(session) for name, session in actors.sessions.items()}
        self._roles: dict[tuple[str, str], _Identity] = {}
        self._clients: dict[tuple[_Identity, str, bool], Any] = {}
        # Making a client is not safe in threads.
        self._lock = Lock()

    def obstacle(self, row: Row) -> str | None:
        """Why nobody at hand can make the request of a row; None if somebody can."""
        actor, circumstances = row.caller.actor, row.circumstances
        if isinstance(row.ask, LongSession):
            return None if self._actors.production else "no administrator of Production at hand"
        leaves_a_trace = isinstance(row.ask, Use) and not row.ask.operation.calls
        has_no_credentials = actor != UNSIGNED and actor not in self._actors.sessions
        reasons = (
            (row.is_hypothetical, "nobody can make this request at will"),
            (actor is None, "nobody at hand is such a principal"),
            (leaves_a_trace, "it would leave something behind"),
            (has_no_credentials, f"no credentials of {actor} at hand"),
            (circumstances.mfa_age is not None, "a code of an MFA device is asked for"),
            (
                circumstances.source_ip is not None or circumstances.vpc_endpoint is not None,
                "requests must come from certain addresses or through a VPC endpoint",
            ),
        )
        return next((reason for holds, reason in reasons if holds), None)

    def ask(self, row: Row) -> Finding:
        """Make the request of a row that has no obstacle; it may turn out to have one."""
        started = time.perf_counter()
        code: str | None = None
        why = ""
        obstacle = None
        try:
            found = self._answer(row)
        except ClientError as error:
            code, message = code_and_message(error)
            found = Found.REFUSED if code in _refusals(row) else Found.UNDECIDED
            why = f"{error.operation_name}: {message}"
            if isinstance(row.ask, Use) and code in row.ask.operation.invalid:
                obstacle = "AWS did not refuse a request that was made so as to have no effect"
        except _NoObjectError as error:
            found, obstacle = Found.UNDECIDED, str(error)
        except (BotoCoreError, _NotAskedError) as error:
            found, why = Found.UNDECIDED, " ".join(str(error).split())
        return Finding(
            found=found,
            judge=Judge.AWS,
            obstacle=obstacle,
            code=code,
            why=why,
            seconds=time.perf_counter() - started,
        )

    def _answer(self, row: Row) -> Found:
        ask = row.ask
        if isinstance(ask, LongSession):
            return self._answer_on_length(ask)
        if isinstance(ask, Assume):
            self._assume(str(row.caller.actor), ask.role_arn, row.circumstances)
            return Found.ALLOWED
        identity = self._identity(row, ask)
        client = self._client(
            identity,
            client_of(ask.place.arn, ask.operation),
            plain=row.circumstances.is_plain_http,
        )
        place = ask.place
        if ask.operation.needs_object:
            place = replace(place, existing=self._existing(row, place, identity))
        self._call(row, ask, client, place)
        return Found.ALLOWED

    def _call(self, row: Row, ask: Use, client: Any, place: Place) -> None:  # noqa: ANN401
        """Make the call, and note what it may have left: whatever was not plainly refused."""
        leaves = ask.operation.leaves_something
        try:
            make(client, ask.operation.calls, place)
        except ClientError as error:
            is_refusal = code_and_message(error)[0] in _refusals(row)
            leaves = leaves and not (is_refusal and row.expected is Expected.REFUSED)
            raise
        finally:
            if leaves:
                self._objects.wrote(place, client)

    def _answer_on_length(self, ask: LongSession) -> Found:
        """Read the role's maximum: a long session that was given could not be taken back."""
        if self._actors.production is None:
            msg = "only an administrator of Production can read the longest session of the role"
            raise _NotAskedError(msg)
        iam = self._actors.production.client("iam", config=CLIENT_CONFIG)
        role = iam.get_role(RoleName=ask.role_arn.rpartition("/")[2])["Role"]
        is_longer = int(role["MaxSessionDuration"]) > ask.longest
        return Found.ALLOWED if is_longer else Found.REFUSED

    def _assume(self, actor: str, role_arn: str, circumstances: Circumstances) -> _Identity:
        """Get a session of the role."""
        tags = {
            key: value for key, value in circumstances.session_tags.items() if value is not None
        }
        options = {
            "ExternalId": circumstances.external_id,
            "SourceIdentity": circumstances.source_identity,
            "Tags": [{"Key": key, "Value": value} for key, value in tags.items()] or None,
        }
        given = self._client(self._callers[actor], "sts").assume_role(
            RoleArn=role_arn,
            RoleSessionName=_SESSION_NAME,
            DurationSeconds=SESSION_SECONDS,
            **{name: value for name, value in options.items() if value is not None},
        )["Credentials"]
        keys = {
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"],
        }
        return _Identity(self._base, keys, time.monotonic())

    def _identity(self, row: Row, ask: Use) -> _Identity:
        """Whoever makes the request: a session of the role, the caller itself, or nobody."""
        actor = str(row.caller.actor)
        if actor == UNSIGNED:
            return self._nobody
        if ask.role_arn is None:
            return self._callers[actor]
        key = (actor, ask.role_arn)
        held = self._roles.get(key)
        if held is None or time.monotonic() - held.since > _RENEWED_AFTER:
            try:
                held = self._assume(actor, ask.role_arn, row.circumstances)
            except ClientError as error:
                msg = f"its role could not be assumed ({code_and_message(error)[0]})"
                raise _NotAskedError(msg) from error
            self._roles[key] = held
        return held

    def _existing(self, row: Row, place: Place, identity: _Identity) -> str:
        """The key of an object that exists: the administrator's, or one that the caller sees."""
        try:
            key = self._objects.below(place)
        except ClientError as error:
            code, _ = code_and_message(error)
            msg = f"the administrator of Production could not put an object there ({code})"
            raise _NotAskedError(msg) from error
        if key is None and row.expected is Expected.ALLOWED:
            key = self._objects.seen_by(self._client(identity, "s3"), place)
        if key is None:
            msg = f"no object is known to exist in {place.name}, and a missing one tells nothing"
            raise _NoObjectError(msg)
        return key

    def _client(self, identity: _Identity, service: str, *, plain: bool = False) -> Any:  # noqa: ANN401
        key = (identity, service, plain)
        with self._lock:
            if key not in self._clients:
                self._clients[key] = self._made_client(identity, service, plain=plain)
            return self._clients[key]

    def _made_client(self, identity: _Identity, service: str, *, plain: bool) -> Any:  # noqa: ANN401
        config = CLIENT_CONFIG
        if identity is self._nobody:
            config = config.merge(Config(signature_version=WITHOUT_SIGNATURE))
        options: dict[str, Any] = {
            "config": config,
            "region_name": self._actors.region,
            **identity.keys,
        }
        if plain:
            options |= {"use_ssl": False, "endpoint_url": self._actors.plain_http_endpoint}
        maker: Any = identity.session
        client = maker.client(service, **options)
        if plain and not client.meta.endpoint_url.startswith("http://"):
            msg = "no endpoint of plain HTTP is known; name one with --plain-http-endpoint"
            raise _NotAskedError(msg)
        return client


def _refusals(row: Row) -> frozenset[str]:
    if isinstance(row.ask, Use):
        return service_of(row.ask.place.arn).refusals
    return services()["sts"].refusals
