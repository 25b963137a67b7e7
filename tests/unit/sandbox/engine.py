"""Asks the stand-in as the engine does, in an account of moto: wiring, not access."""

import asyncio
import contextlib
import json
from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError
from pulumi.provider.experimental import provider
from pulumi.provider.experimental.property_value import PropertyValue

from cross_account_access.dev.sandbox.provider.verbs import StandIn

ACCOUNT = "123456789012"
REGION = "us-west-2"
POLICY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
    }
)
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}
        ],
    }
)


def wrap(value: Any) -> PropertyValue:
    if isinstance(value, dict):
        return PropertyValue({name: wrap(each) for name, each in value.items()})
    if isinstance(value, list):
        return PropertyValue([wrap(each) for each in value])
    if isinstance(value, int) and not isinstance(value, bool):
        return PropertyValue(float(value))
    return PropertyValue(value)


def plain(value: Any) -> Any:
    inner = value.value if isinstance(value, PropertyValue) else value
    if isinstance(inner, tuple):
        return [plain(each) for each in inner]
    if isinstance(inner, Mapping):
        return {name: plain(each) for name, each in inner.items()}
    return inner


def values(properties: Mapping[str, PropertyValue]) -> dict[str, Any]:
    return {name: plain(each) for name, each in properties.items()}


class Engine:
    """Asks the stand-in as the engine does: check, then the verb."""

    def __init__(self) -> None:
        # asyncio.run would look through the tasks of all tests for some of its own.
        self.loop = asyncio.new_event_loop()
        self.stand_in = StandIn()
        arguments = {"region": REGION, "defaultTags": json.dumps({"tags": {"stack": "s"}})}
        self.ask(
            self.stand_in.configure(
                provider.ConfigureRequest({}, self.wrapped(arguments), False, False)
            )
        )

    def client(self, service: str) -> Any:
        return self.stand_in._account.client(service)

    def ask(self, verb: Any) -> Any:
        return self.loop.run_until_complete(verb)

    def wrapped(self, values: dict[str, Any]) -> dict[str, PropertyValue]:
        return {name: wrap(each) for name, each in values.items()}

    def urn(self, pulumi_type: str) -> str:
        return f"urn:pulumi:prod::project::component:index:Parent${pulumi_type}::logical"

    def check(self, pulumi_type: str, inputs: dict[str, Any]) -> dict[str, Any]:
        request = provider.CheckRequest(
            self.urn(pulumi_type), {}, self.wrapped(inputs), b"\x00" * 8
        )
        answer = self.ask(self.stand_in.check(request))
        assert not answer.failures
        return values(answer.inputs)

    def create(
        self, pulumi_type: str, inputs: dict[str, Any], *, preview: bool = False
    ) -> tuple[str, dict[str, Any]]:
        full = self.wrapped(self.check(pulumi_type, inputs))
        request = provider.CreateRequest(self.urn(pulumi_type), full, 0, preview)
        answer = self.ask(self.stand_in.create(request))
        return answer.resource_id, plain(answer.properties)

    def read(
        self, pulumi_type: str, resource_id: str, state: dict[str, Any], inputs: dict[str, Any]
    ) -> tuple[str, dict[str, Any], dict[str, Any]]:
        request = provider.ReadRequest(
            self.urn(pulumi_type), resource_id, self.wrapped(state), self.wrapped(inputs)
        )
        answer = self.ask(self.stand_in.read(request))
        return answer.resource_id, plain(answer.properties), plain(answer.inputs)

    def diff(
        self, pulumi_type: str, resource_id: str, state: dict[str, Any], inputs: dict[str, Any]
    ) -> provider.DiffResponse:
        full = self.wrapped(self.check(pulumi_type, inputs))
        request = provider.DiffRequest(
            self.urn(pulumi_type), resource_id, self.wrapped(state), full, []
        )
        response: provider.DiffResponse = self.ask(self.stand_in.diff(request))
        return response

    def update(
        self, pulumi_type: str, resource_id: str, state: dict[str, Any], inputs: dict[str, Any]
    ) -> dict[str, Any]:
        full = self.wrapped(self.check(pulumi_type, inputs))
        request = provider.UpdateRequest(
            self.urn(pulumi_type), resource_id, self.wrapped(state), full, 0, [], False
        )
        answer = self.ask(self.stand_in.update(request))
        return values(answer.properties)

    def delete(self, pulumi_type: str, resource_id: str, state: dict[str, Any]) -> None:
        request = provider.DeleteRequest(self.urn(pulumi_type), resource_id, self.wrapped(state), 0)
        self.ask(self.stand_in.delete(request))


@contextlib.contextmanager
def refused(client: Any, operation: str, code: str) -> Iterator[None]:
    """While it lasts, one operation of the client ends in an AWS error."""

    def answer(**_: object) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "no"}}, operation)

    event = f"before-call.{client.meta.service_model.service_name}.{operation}"
    client.meta.events.register_first(event, answer)
    yield
    client.meta.events.unregister(event, answer)


@contextlib.contextmanager
def answered(client: Any, operation: str) -> Iterator[list[Any]]:
    """While it lasts, one operation that moto lacks answers that it is done; its parameters."""
    asked: list[Any] = []

    def answer(params: Any, **_: object) -> tuple[Any, dict[str, Any]]:
        asked.append(params["body"])
        return SimpleNamespace(status_code=200), {}

    event = f"before-call.{client.meta.service_model.service_name}.{operation}"
    client.meta.events.register_first(event, answer)
    yield asked
    client.meta.events.unregister(event, answer)
