"""A cache and a PATH of each test's own, and the official installer's answer."""

import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from cross_account_access.dev.toolchain import building, pulumi_cli


@pytest.fixture(autouse=True)
def caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    monkeypatch.setattr(building, "POLL_SECONDS", 0.01)
    return tmp_path / "caches" / "cross-account-access"


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH beside the system's; holds no pulumi and no go."""
    folder = tmp_path / "commands"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin")
    assert shutil.which("pulumi") is None
    assert shutil.which("go") is None
    return folder


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """The official installer does not answer."""
    monkeypatch.setattr(pulumi_cli, "INSTALLER", "http://127.0.0.1:9/install.sh")


@pytest.fixture
def installer(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The official installer answers."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        url = f"http://127.0.0.1:{server.server_address[1]}/install.sh"
        monkeypatch.setattr(pulumi_cli, "INSTALLER", url)
        yield
        server.shutdown()
        thread.join()
