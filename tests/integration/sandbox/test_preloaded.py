"""The plugin as a copy of a process that has the stand-in loaded."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import grpc  # type: ignore[import-untyped]
import pytest
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from cross_account_access.dev.sandbox import plugin

SECONDS = 30.0
pytestmark = pytest.mark.skipif(sys.platform == "darwin", reason="none is preloaded on macOS")


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """What the engine starts, while a sandbox runs."""
    home, folder = (tmp_path_factory.mktemp(name) for name in ("home", "folder"))
    with plugin.installed(home, folder, preloaded=True):
        wait_for((folder / "plugin.socket").exists, "the socket")
        yield find(home)


def find(home: Path) -> Path:
    (command,) = home.glob("plugins/resource-aws-v*/pulumi-resource-aws")
    return command


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited {SECONDS:.0f} s for {what}"
        time.sleep(0.01)


@contextmanager
def started(command: Path, **environment: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The process that the engine knows, and the port at which the plugin serves."""
    with subprocess.Popen(
        [command, "127.0.0.1:1"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    ) as process:
        assert process.stdout is not None
        try:
            yield process, int(process.stdout.readline())
        finally:
            process.kill()


def refusal(port: int, profile: str) -> str:
    request = provider_pb2.ConfigureRequest()
    request.args.update({"profile": profile})
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        with pytest.raises(grpc.RpcError) as raised:
            provider_pb2_grpc.ResourceProviderStub(channel).Configure(request, timeout=SECONDS)
        return str(raised.value.details())


def is_served(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


def test_has_the_environment_of_its_own_start(command: Path, tmp_path: Path) -> None:
    config = tmp_path / "config of one start"
    config.write_text("[profile known]\n")

    with started(command) as (_, bare), started(command, AWS_CONFIG_FILE=str(config)) as (_, port):
        assert refusal(bare, "known") == "failed to get shared config profile, known"
        assert "missing region" in refusal(port, "known")


def test_ends_well_when_the_engine_interrupts_it(command: Path) -> None:
    with started(command) as (process, port):
        process.send_signal(signal.SIGINT)

        assert process.wait(SECONDS) == 0
        assert not is_served(port)


def test_does_not_outlive_what_the_engine_started(command: Path) -> None:
    with started(command) as (process, port):
        process.kill()

        wait_for(lambda: not is_served(port), "the end of the plugin")


def test_nothing_is_loaded_anew(command: Path) -> None:
    with started(command) as (process, _):
        loaded = Path(f"/proc/{process.pid}/maps")
        if not loaded.exists():
            pytest.skip("reads /proc")
        assert "grpc" not in loaded.read_text()


def test_a_plugin_in_use_outlives_the_sandbox_and_the_next_is_loaded_anew(tmp_path: Path) -> None:
    home, folder = tmp_path / "home", tmp_path / "folder"
    folder.mkdir()
    with ExitStack() as in_use:
        with plugin.installed(home, folder, preloaded=True):
            wait_for((folder / "plugin.socket").exists, "the socket")
            command = find(home)
            _, port = in_use.enter_context(started(command))
        assert is_served(port)
        _, another = in_use.enter_context(started(command))
        assert is_served(another)
