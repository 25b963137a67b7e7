"""actionlint, by which tests check the workflows that we hand out: built from its Go module."""

from pathlib import Path

from cross_account_access.dev.toolchain.building import Build
from cross_account_access.dev.toolchain.cache import Tool, ensure
from cross_account_access.dev.toolchain.go_modules import Wrapper

VERSION = "1.7.12"
"""The version that is built. `modules/actionlint/go.mod` names it too."""
COMMAND = "actionlint"
MODULE = "github.com/rhysd/actionlint"
BUILD_BYTES = 10**9


def actionlint() -> Path:
    """The folder of the command, made ready when there is none.

    Returns:
        folder for PATH.

    Raises:
        ToolchainError: it cannot be built; the message says what is lacking.
    """
    return ensure(_tool()) / "bin"


def actionlint_if_ready() -> Path | None:
    """The folder that `actionlint()` would return, or nothing where it would have to build it."""
    tool = _tool()
    return tool.folder / "bin" if tool.is_complete() else None


def _tool() -> Tool:
    return Tool(name=f"{COMMAND}-{VERSION}", executables=(f"bin/{COMMAND}",), build=_build)


def _build(build: Build) -> None:
    output = build.product / "bin" / COMMAND
    output.parent.mkdir()
    module = Wrapper(build, COMMAND)
    module.check(
        f"{COMMAND} {VERSION}", otherwise="leave out the tests of workflows", needs=BUILD_BYTES
    )
    module.build(f"{MODULE}/cmd/{COMMAND}", output, stamp="", doing="compiling, half a minute")
