"""Stand-ins for AWS that answer as a test says, to calls that AWS would understand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from types import SimpleNamespace
from typing import Any

import botocore.session
from botocore import UNSIGNED, xform_name
from botocore.exceptions import ClientError
from botocore.model import OperationModel
from botocore.validate import ParamValidator

from cross_account_access.aws import CLIENT_CONFIG

Answer = Callable[[str, dict[str, Any]], Any]


def error(code: str, operation: str = "Operation") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": f"{code} it is"}}, operation)


@dataclass
class Aws:
    """Answers every call of every client with one function of its name and parameters.

    Among the parameters are `by`, which is `role`, `itself` or `nobody`, and the `endpoint`.
    """

    answer: Answer
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    endpoint: str = "https://s3.us-west-2.amazonaws.com"

    def session(self) -> Any:
        return SimpleNamespace(client=self._client)

    def _client(
        self,
        service: str,
        *,
        config: Any,
        region_name: str | None = None,
        endpoint_url: str | None = None,
        use_ssl: bool = True,
        aws_access_key_id: str | None = None,
        aws_secret_access_key: str | None = None,
        aws_session_token: str | None = None,
    ) -> Any:
        # Nothing waits longer for AWS than it says.
        ours: Any = CLIENT_CONFIG
        assert config.connect_timeout == ours.connect_timeout
        assert region_name in {None, "us-west-2"}
        keys = (aws_access_key_id, aws_secret_access_key, aws_session_token)
        assert keys in {(None, None, None), ("ASIA", "s", "t")}
        endpoint = endpoint_url or self.endpoint
        if not use_ssl and endpoint_url is None:
            endpoint = endpoint.replace("https://s3.", "http://s3.")
        by = "role" if aws_session_token else "itself"
        if config.signature_version is UNSIGNED:
            by = "nobody"
        return _Client(self, service, {"by": by, "endpoint": endpoint})

    def made(self, name: str) -> list[dict[str, Any]]:
        """The parameters of each call of an operation."""
        return [parameters for called, parameters in self.calls if called == name]


class _Client:
    def __init__(self, aws: Aws, service: str, how: dict[str, str]) -> None:
        self._aws = aws
        self._operations = _operations(service)
        self._how = how
        self.meta = SimpleNamespace(endpoint_url=how["endpoint"])

    def get_paginator(self, name: str) -> Any:
        return SimpleNamespace(paginate=lambda **parameters: [getattr(self, name)(**parameters)])

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(**parameters: Any) -> Any:
            shape: Any = self._operations[name].input_shape
            report = ParamValidator().validate(parameters, shape)
            assert not report.has_errors(), report.generate_report()
            told = {**parameters, **self._how}
            self._aws.calls.append((name, told))
            given = self._aws.answer(name, told)
            if isinstance(given, BaseException):
                raise given
            return DEFAULTS.get(name, dict)() if given is None else given

        return call


@cache
def _operations(service: str) -> dict[str, OperationModel]:
    """By the names of a client's methods."""
    model = botocore.session.get_session().get_service_model(service)
    return {xform_name(each): model.operation_model(each) for each in model.operation_names}


DEFAULTS: dict[str, Callable[[], Any]] = {
    "assume_role": lambda: {
        "Credentials": {"AccessKeyId": "ASIA", "SecretAccessKey": "s", "SessionToken": "t"}
    },
    "get_object": lambda: {"Body": SimpleNamespace(close=lambda: None)},
    "create_multipart_upload": lambda: {"UploadId": "u"},
    "get_role": lambda: {"Role": {"MaxSessionDuration": 3600}},
}


@contextmanager
def clock(monkeypatch: Any) -> Iterator[list[float]]:
    """Time that passes only in pauses; gives the pauses."""
    now, pauses = [1000.0], list[float]()

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        now[0] += seconds

    monkeypatch.setattr("time.sleep", sleep)
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    yield pauses
