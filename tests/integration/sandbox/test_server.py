"""What the engine hears from the plugin's process."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grpc  # type: ignore[import-untyped]
import pytest
from google.protobuf import empty_pb2  # type: ignore[import-untyped]
from pulumi.provider.experimental.property_value import PropertyValue
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc, status_pb2

from cross_account_access.dev.sandbox.provider.server import _details
from cross_account_access.dev.sandbox.provider.verbs import HalfMadeError

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def plugin() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "cross_account_access.dev.sandbox.provider", "127.0.0.1:1"],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "AWS_CONFIG_FILE": "/nowhere"},
    )
    yield process
    process.kill()
    process.wait()
    assert process.stdout is not None
    process.stdout.close()


@pytest.fixture(scope="module")
def stub(plugin: subprocess.Popen[str]) -> Iterator[provider_pb2_grpc.ResourceProviderStub]:
    assert plugin.stdout is not None
    port = int(plugin.stdout.readline())
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield provider_pb2_grpc.ResourceProviderStub(channel)


def test_refusals_are_one_line_without_a_traceback(
    stub: provider_pb2_grpc.ResourceProviderStub,
) -> None:
    request = provider_pb2.ConfigureRequest()
    request.args.update({"profile": "Nobody", "region": "us-west-2"})

    with pytest.raises(grpc.RpcError) as refusal:
        stub.Configure(request)

    assert refusal.value.details() == "failed to get shared config profile, Nobody"


def test_says_which_version_it_stands_in_for(
    stub: provider_pb2_grpc.ResourceProviderStub,
) -> None:
    schema = json.loads(stub.GetSchema(provider_pb2.GetSchemaRequest()).schema)

    assert schema["name"] == "aws"
    assert "aws:s3/bucket:Bucket" in schema["resources"]


def test_another_region_is_another_provider_and_other_tags_are_not(
    stub: provider_pb2_grpc.ResourceProviderStub,
) -> None:
    def replaces(old: dict[str, str], new: dict[str, str]) -> list[str]:
        request = provider_pb2.DiffRequest()
        request.olds.update(old)
        request.news.update(new)
        return list(stub.DiffConfig(request).replaces)

    assert replaces({"region": "us-west-2"}, {"region": "eu-west-1"}) == ["region"]
    assert replaces({"region": "us-west-2"}, {"region": "us-west-2", "defaultTags": "{}"}) == []


def test_what_was_half_made_travels_with_its_id_and_inputs() -> None:
    refusal = HalfMadeError("why", "the-bucket", {"bucket": PropertyValue("the-bucket")})

    ((_, sent),) = _details(refusal)

    told = provider_pb2.ErrorResourceInitFailed()
    assert status_pb2.Status.FromString(sent).details[0].Unpack(told)
    assert (told.id, list(told.reasons)) == ("the-bucket", ["why"])
    assert told.properties["bucket"] == "the-bucket"


def test_ends_when_the_engine_interrupts_it(
    plugin: subprocess.Popen[str], stub: provider_pb2_grpc.ResourceProviderStub
) -> None:
    stub.GetPluginInfo(empty_pb2.Empty())

    plugin.send_signal(signal.SIGINT)

    assert plugin.wait(timeout=4) == 0
