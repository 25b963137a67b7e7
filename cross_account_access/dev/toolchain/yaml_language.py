"""The language host of Pulumi YAML: found, else built from its Go module."""

import os
import shutil
from pathlib import Path

from cross_account_access.dev.toolchain.building import Build
from cross_account_access.dev.toolchain.cache import Tool, ensure
from cross_account_access.dev.toolchain.go_modules import Wrapper
from cross_account_access.dev.toolchain.pulumi_cli import pulumi_if_ready

VERSION = "1.25.0"
"""The version that is built. `modules/pulumi-language-yaml/go.mod` names it too."""
HOST = "pulumi-language-yaml"
# Counts what changes in how it is built, at one version.
BUILT = 2
MODULE = "github.com/pulumi/pulumi-yaml"
BUILD_BYTES = 2 * 10**9


def yaml_host() -> Path:
    """The folder of the language host that runs YAML programs, made ready when there is none.

    The official Pulumi brings it beside its command. One that was built from modules does not, and
    then it is built as well, into an entry of its own in the cache: whoever runs no YAML program
    does not wait for it.

    Returns:
        folder for PATH.

    Raises:
        ToolchainError: it is neither there nor can it be built; the message says what is lacking.
    """
    return _found() or ensure(_tool()) / "bin"


def yaml_host_if_ready() -> Path | None:
    """The folder that `yaml_host()` would return, or nothing where it would have to build it."""
    tool = _tool()
    return _found() or (tool.folder / "bin" if tool.is_complete() else None)


def _found() -> Path | None:
    beside = pulumi_if_ready()
    path = os.pathsep.join([*([str(beside)] if beside else []), os.environ.get("PATH", os.defpath)])
    found = shutil.which(HOST, path=path)
    return Path(found).absolute().parent if found else None


def _tool() -> Tool:
    return Tool(name=f"{HOST}-{VERSION}-{BUILT}", executables=(f"bin/{HOST}",), build=_build)


def _build(build: Build) -> None:
    output = build.product / "bin" / HOST
    output.parent.mkdir()
    module = Wrapper(build, HOST)
    module.check(
        f"{HOST} {VERSION}",
        otherwise="put the official Pulumi, which brings it, on PATH",
        needs=BUILD_BYTES,
    )
    module.include(module.source_of(MODULE) / "cmd" / HOST / "main.go")
    module.build(".", output, stamp="", doing="compiling, a minute or so")
