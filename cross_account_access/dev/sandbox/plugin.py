"""Puts the stand-in where the Pulumi engine looks for the `aws` provider plugin."""

import importlib.metadata
import os
import shlex
import sys
from pathlib import Path


def install(pulumi_home: Path) -> None:
    """Makes the stand-in the plugin that the installed pulumi-aws asks for.

    With `SANDBOX_PROVIDER=official` in the environment nothing is installed and the engine
    fetches the official plugin.
    """
    version = importlib.metadata.version("pulumi-aws")
    folder = pulumi_home / "plugins" / f"resource-aws-v{version}"
    launcher = folder / "pulumi-resource-aws"
    if os.environ.get("SANDBOX_PROVIDER") == "official":
        launcher.unlink(missing_ok=True)
        if folder.exists() and not any(folder.iterdir()):
            folder.rmdir()
        return
    folder.mkdir(parents=True, exist_ok=True)
    source = Path(__file__).parents[3]
    launcher.write_text(
        "#!/bin/sh\n"
        f'PYTHONPATH={shlex.quote(str(source))}"${{PYTHONPATH:+:$PYTHONPATH}}" '
        f'exec {shlex.quote(sys.executable)} -P -m cross_account_access.dev.sandbox.provider "$@"\n'
    )
    launcher.chmod(0o755)
