"""Runs the program on Pulumi's mocks and hands back what it registered, as plain data."""

import asyncio
import json
import runpy
import signal
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from types import MappingProxyType
from typing import Any
from unittest.mock import patch

import pulumi
import yaml
from pulumi.runtime import MockCallArgs, MockResourceArgs, Mocks, set_all_config, set_mocks
from pulumi.runtime.proto.source_pb2 import StackTrace
from pulumi.runtime.settings import set_root_resource
from pulumi.runtime.stack import Stack, run_in_stack

from cross_account_access.stack import named

ROOT = Path(__file__).parents[2]
ACCESS = str(Path(sysconfig.get_path("scripts"), "access"))
"""The installed command."""
PROJECT = "cross-account-access"
_SECONDS = 60
CANONICAL_IDS = {"production": "a" * 64, "staging": "b" * 64}


@dataclass
class Registered:
    """One resource as the program registered it, with the name of its provider."""

    type: str
    name: str
    inputs: dict[str, Any]
    provider: str
    outputs: dict[str, Any] = field(default_factory=dict)
    """What is known of it besides."""


@dataclass
class Recorder(Mocks):
    """Echoes inputs, and computes ARNs and identities from the provider that a resource names."""

    resources: list[Registered] = field(default_factory=list)
    invokes: list[tuple[str, str]] = field(default_factory=list)
    accounts: dict[str, str] = field(default_factory=dict)

    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        """Records the registration."""
        provider = _provider_name(args.provider)
        if args.typ == "pulumi:providers:aws":
            self.accounts[args.name] = json.loads(args.inputs["allowedAccountIds"])[0]
        computed = self._computed(args, provider)
        inputs = dict(args.inputs)
        self.resources.append(Registered(args.typ, args.name, inputs, provider, computed))
        state = {**inputs, **computed}
        return f"{args.name}_id", state

    def call(self, args: MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        """Answers the invokes that the program makes."""
        provider = _provider_name(args.provider)
        self.invokes.append((args.token, provider))
        match args.token:
            case "aws:s3/getCanonicalUserId:getCanonicalUserId":
                answer = {"id": CANONICAL_IDS[provider.rpartition("-")[2]]}
            case token:
                message = f"no mock for {token}"
                raise AssertionError(message)
        return answer, []

    def _computed(self, args: MockResourceArgs, provider: str) -> dict[str, Any]:
        account = self.accounts.get(provider, "")
        name, path = args.inputs.get("name"), args.inputs.get("path")
        iam, region = f"arn:aws:iam::{account}", f"us-west-2:{account}"
        computed = {
            "aws:s3/bucket:Bucket": {"arn": f"arn:aws:s3:::{args.inputs.get('bucket')}"},
            "aws:sns/topic:Topic": {"arn": f"arn:aws:sns:{region}:{name}"},
            "aws:sqs/queue:Queue": {
                "arn": f"arn:aws:sqs:{region}:{name}",
                "url": f"https://sqs.us-west-2.amazonaws.com/{account}/{name}",
            },
            "aws:kms/key:Key": {
                "arn": f"arn:aws:kms:{region}:key/of-{args.name}",
                "keyId": f"of-{args.name}",
            },
            "aws:iam/role:Role": {"arn": f"{iam}:role{path}{name}"},
            "aws:iam/user:User": {"arn": f"{iam}:user{path}{name}"},
            "aws:iam/policy:Policy": {"arn": f"{iam}:policy/{name}"},
        }
        return computed.get(args.typ, {})


@dataclass
class Deployment:
    """What one run of the program registered and exported."""

    resources: list[Registered]
    invokes: list[tuple[str, str]]
    outputs: dict[str, Any]
    """By the names of the contract."""
    exported: frozenset[str]
    """The names under which they are exported."""

    def of_type(self, token: str) -> list[Registered]:
        """The resources of a type, in the order of registration."""
        return [resource for resource in self.resources if resource.type == token]

    def one(self, token: str) -> Registered:
        """The only resource of a type."""
        (resource,) = self.of_type(token)
        return resource


def stack_values(stack: str, **changes: object) -> dict[str, str]:
    """A stack file's settings as the engine passes them; a change to None removes one."""
    return as_passed({**declared_in(ROOT / f"Pulumi.{stack}.yaml"), **changes})


@cache
def declared_in(file: Path) -> Mapping[str, Any]:
    """The settings of a stack file, as they are written there."""
    config = yaml.safe_load(file.read_text())["config"]
    return {
        key.removeprefix(f"{PROJECT}:"): value
        for key, value in config.items()
        if key.startswith(f"{PROJECT}:")
    }


def as_passed(settings: Mapping[str, Any]) -> dict[str, str]:
    """Settings as the engine passes them, without those that are None."""
    return {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in settings.items()
        if value is not None
    }


def deploy(
    values: Mapping[str, str],
    *,
    stack: str = "prod",
    preview: bool = False,
    recorded: Mapping[str, Any] = MappingProxyType({}),
) -> Deployment:
    """Runs `__main__.py` with these settings and waits for everything that it registered.

    Args:
        values: the settings.
        stack: the stack's name.
        preview: whether it is no update.
        recorded: the resources of the stack's state by URN, each as `{"outputs": {...}}`.
    """
    recorder = Recorder()
    interrupt = signal.getsignal(signal.SIGINT)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        set_mocks(recorder, project=PROJECT, stack=stack, preview=preview)
        # The mocks made one; a run of the program makes its own.
        set_root_resource(None)  # type: ignore[arg-type]
        set_all_config({f"{PROJECT}:{key}": value for key, value in values.items()})
        outputs: dict[str, Any] = {}

        def program() -> None:
            # The mocks have no AWS to ask; the proof has tests of its own.
            with (
                patch(
                    "cross_account_access.program.preflight.prove", lambda declared, **_: declared
                ),
                patch(
                    "cross_account_access.program.arguments.recorded_outputs",
                    lambda: recorded,
                ),
                # Nobody asks the mocks for the line that made a resource; finding it takes long.
                patch("pulumi.runtime.resource._get_stack_trace", StackTrace),
            ):
                runpy.run_path(str(ROOT / "__main__.py"), run_name="__main__")
            stack_resource = pulumi.runtime.get_root_resource()
            assert isinstance(stack_resource, Stack)
            for name, value in stack_resource.outputs.items():
                pulumi.Output.from_input(value).apply(partial(outputs.__setitem__, name))

        # What fails in an output's callback can leave the mocks waiting for ever.
        loop.run_until_complete(asyncio.wait_for(run_in_stack(program), _SECONDS))
    finally:
        asyncio.set_event_loop(None)
        loop.close()
        # The program leaves interruptions to the engine.
        signal.signal(signal.SIGINT, interrupt)
    return Deployment(recorder.resources, recorder.invokes, named(outputs), frozenset(outputs))


def _provider_name(reference: str | None) -> str:
    return reference.split("::")[-2] if reference else ""
