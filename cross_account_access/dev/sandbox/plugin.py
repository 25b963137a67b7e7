"""Puts the stand-in where the Pulumi engine looks for the `aws` provider plugin."""

import contextlib
import importlib.metadata
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from cross_account_access.dev.sandbox.provider import launcher

_SOURCE = Path(__file__).parents[3]
_PLUGIN = "cross_account_access.dev.sandbox.provider"
_STOP_SECONDS = 5.0


@contextlib.contextmanager
def installed(pulumi_home: Path, folder: Path, *, preloaded: bool) -> Iterator[None]:
    """Makes the stand-in the plugin that the installed pulumi-aws asks for.

    With `SANDBOX_PROVIDER=official` in the environment nothing is installed and the engine
    fetches the official plugin.

    Args:
        pulumi_home: Pulumi's own folder.
        folder: one that nobody else can enter, for a socket.
        preloaded: whether a process that lives as long as the context has the stand-in loaded, so
            that its starts take next to nothing. Without it, and on macOS, each is a process from
            nothing, as a start of any other plugin is.
    """
    version = importlib.metadata.version("pulumi-aws")
    plugin = pulumi_home / "plugins" / f"resource-aws-v{version}"
    command = plugin / "pulumi-resource-aws"
    if os.environ.get("SANDBOX_PROVIDER") == "official":
        command.unlink(missing_ok=True)
        if plugin.exists() and not any(plugin.iterdir()):
            plugin.rmdir()
        yield
        return
    plugin.mkdir(parents=True, exist_ok=True)
    words = ["-P", "-m", _PLUGIN]
    # Apple's frameworks, which look up proxies, end a copy of a process that has used them.
    preloaded = preloaded and sys.platform != "darwin"
    if preloaded:
        words = ["-I", "-S", launcher.__file__, str(folder)]
    command.write_text(
        "#!/bin/sh\n"
        f'PYTHONPATH={shlex.quote(str(_SOURCE))}"${{PYTHONPATH:+:$PYTHONPATH}}" '
        f'exec {shlex.join([sys.executable, *words])} "$@"\n'
    )
    command.chmod(0o755)
    with _preloaded(folder) if preloaded else contextlib.nullcontext():
        yield


@contextlib.contextmanager
def _preloaded(folder: Path) -> Iterator[None]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", f"{_PLUGIN}.preloaded"],
        cwd=folder,
        env={**inherited, "AWS_CONFIG_FILE": os.devnull, "PYTHONPATH": str(_SOURCE)},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        # A Ctrl-C at the terminal is for the command; what it still does needs its plugins.
        start_new_session=True,
    )
    try:
        yield
    finally:
        if process.stdin is not None:
            process.stdin.close()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
