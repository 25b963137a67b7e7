"""The AWS CLI, in a virtual environment of its own."""

import hashlib
import sys
from pathlib import Path

from cross_account_access.dev.toolchain.building import Build
from cross_account_access.dev.toolchain.cache import Tool, ensure

REQUIREMENTS = Path(__file__).parents[3] / "requirements-awscli.txt"

# Relative, so that a cache that was moved still works; isolated (-I), so that no PYTHONPATH of
# the caller changes what the AWS CLI imports.
LAUNCHER = """\
#!/bin/sh
exec "${0%/*}/../environment/bin/python" -I -m awscli "$@"
"""


def aws_cli() -> Path:
    """The folder of an `aws` command, made ready in the user's cache folder when it is absent.

    Returns:
        folder for PATH; `aws` is all that it holds, so that it hides nothing.

    Raises:
        ToolchainError: its packages cannot be installed.
    """
    return ensure(_tool()) / "bin"


def aws_cli_if_ready() -> Path | None:
    """The folder that `aws_cli()` would return, or nothing where it would have to work for it."""
    tool = _tool()
    return tool.folder / "bin" if tool.is_complete() else None


def _tool() -> Tool:
    pins = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    return Tool(
        name=f"awscli-{pins[:12]}",
        # The interpreter is a link to the Python it was made with, which may have been removed.
        executables=("bin/aws", "environment/bin/python"),
        build=_build,
    )


def _build(build: Build) -> None:
    environment = build.product / "environment"
    python = environment / "bin" / "python"
    build.run([sys.executable, "-m", "venv", environment], doing="making its environment")
    build.run(
        [python, "-m", "pip", "install", "--require-hashes", "-r", REQUIREMENTS],
        doing="installing",
    )
    launcher = build.product / "bin" / "aws"
    launcher.parent.mkdir()
    launcher.write_text(LAUNCHER)
    launcher.chmod(0o755)
    build.run([launcher, "--version"], doing="starting the new command")
