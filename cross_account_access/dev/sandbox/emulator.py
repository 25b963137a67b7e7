"""The emulated AWS: ministack with enforcement on, as a child process of ours.

The child serves two sockets that the parent opened, so that no port can be
lost between choosing and binding it, and it stops, saving its state, as soon
as its standard input closes: a parent that is killed takes it along.
"""

import contextlib
import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cross_account_access.dev.sandbox.errors import SandboxError

_START_SECONDS = 30.0
_STOP_SECONDS = 15.0
_LOG_LINES = 5

ADMINISTRATION_HEADER = "x-sandbox-administration"
"""Holds the secret in requests to the administrative addresses."""


@dataclass(frozen=True, kw_only=True)
class Emulator:
    """A running emulator."""

    https_endpoint: str
    http_endpoint: str
    secret: str = field(repr=False)
    """New for each run: the secret access key of every account's root, whom no policy holds and
    whose key ID is the account's own ID, and what opens the administrative addresses."""

    def health(self) -> dict[str, Any]:
        """What the emulator says of itself.

        Raises:
            OSError: it does not answer.
        """
        with self._ask("/_ministack/health", method="GET", seconds=1.0) as response:
            answer: dict[str, Any] = json.load(response)
        return answer

    def reset(self) -> None:
        """Empties every account, at once and for good.

        Raises:
            SandboxError: the emulator does not answer.
        """
        try:
            with self._ask("/_ministack/reset", method="POST", seconds=_STOP_SECONDS):
                pass
        except OSError as error:
            message = f"the emulated AWS does not answer a reset: {error}"
            raise SandboxError(message) from error

    def _ask(self, path: str, *, method: str, seconds: float) -> Any:  # noqa: ANN401 - as urlopen
        request = urllib.request.Request(  # noqa: S310 - our own loopback endpoint
            f"{self.http_endpoint}{path}",
            method=method,
            headers={ADMINISTRATION_HEADER: self.secret},
        )
        return urllib.request.urlopen(request, timeout=seconds)  # noqa: S310


@contextlib.contextmanager
def running(
    folder: Path, *, certificate: Path, keep_open: tuple[int, ...] = ()
) -> Iterator[Emulator]:
    """Runs the emulator for as long as the context lasts; its state lives in `folder`.

    Args:
        folder: holds the saved state, the objects and the log.
        certificate: PEM file of the HTTPS endpoint, with its key.
        keep_open: file descriptors that the child holds until it has saved its state.

    Raises:
        SandboxError: the emulator does not come up, or comes up without enforcement.
    """
    folder.mkdir(parents=True, exist_ok=True)
    secret = secrets.token_urlsafe(32)
    log = folder / "emulator.log"
    log.touch(mode=0o600)
    with _loopback_socket() as https, _loopback_socket() as http, log.open("wb") as output:
        https_port, http_port = https.getsockname()[1], http.getsockname()[1]
        child = subprocess.Popen(
            [
                *(sys.executable, "-P", "-m", "cross_account_access.dev.sandbox.serving"),
                *(f"fd://{https.fileno()}", f"fd://{http.fileno()}"),
                str(certificate),
            ],
            env=_environment(folder, http_port, secret),
            # Its state holds the access keys of everybody in both accounts.
            umask=0o077,
            pass_fds=(https.fileno(), http.fileno(), *keep_open),
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            # A Ctrl-C at the terminal is for the command; the emulator outlives it to serve it.
            start_new_session=True,
        )
    emulator = Emulator(
        https_endpoint=f"https://127.0.0.1:{https_port}",
        http_endpoint=f"http://127.0.0.1:{http_port}",
        secret=secret,
    )
    try:
        _wait_until_ready(child, emulator, log)
        yield emulator
    finally:
        _stop(child)


def _loopback_socket() -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    opened.bind(("127.0.0.1", 0))
    return opened


def _environment(folder: Path, http_port: int, secret: str) -> dict[str, str]:
    # Any ambient AWS_* might become part of the credentials of the emulator's roots, and a Docker
    # socket would let it remove containers of another ministack.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {
        **inherited,
        "AUTH": "true",
        "AWS_SECRET_ACCESS_KEY": secret,
        "PERSIST_STATE": "1",
        "STATE_DIR": str(folder / "state"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(folder / "objects"),
        "GATEWAY_PORT": str(http_port),
        "DOCKER_HOST": f"unix://{folder}/no-docker",
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
        "PYTHONPATH": os.pathsep.join(
            filter(None, [str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH")])
        ),
    }


def _wait_until_ready(child: subprocess.Popen[bytes], emulator: Emulator, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while child.poll() is None and time.monotonic() < deadline:
        try:
            health = emulator.health()
        except OSError:
            time.sleep(0.02)
            continue
        if health.get("auth") != "enabled":
            message = f"the emulated AWS came up without enforcement: {health.get('auth')!r}"
            raise SandboxError(message)
        return
    lines = log.read_text(errors="replace").splitlines()[-_LOG_LINES:]
    how = "stopped" if child.poll() is not None else f"did not answer in {_START_SECONDS:.0f} s"
    raise SandboxError("\n".join([f"the emulated AWS {how} while starting; its log ends:", *lines]))


def _stop(child: subprocess.Popen[bytes]) -> None:
    if child.stdin is not None:
        child.stdin.close()
    try:
        child.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
