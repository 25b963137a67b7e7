"""The Pulumi command line: found, else installed, else built."""

import os
import shutil
import subprocess
import sys
from functools import partial
from importlib import metadata
from pathlib import Path

from cross_account_access.dev.toolchain.building import Build
from cross_account_access.dev.toolchain.cache import Tool, ensure
from cross_account_access.dev.toolchain.errors import CommandError, ToolchainError
from cross_account_access.dev.toolchain.go_modules import MODULES, Wrapper, version

VERSION = "3.274.1"
"""The version that is installed or built. `modules/pulumi-cli/go.mod` names it too."""
INSTALLER = "https://get.pulumi.com/install.sh"
COMMAND = "pulumi"
LANGUAGE_HOST = "pulumi-language-python"
HOST_SCRIPT = f"{LANGUAGE_HOST}-exec"
PACKAGE_ADD = "package-add"
"""What answers the calls that the language host does not know; its module names it too."""
ENGINE_MODULE = "github.com/pulumi/pulumi/pkg/v3"
SDK_MODULE = "github.com/pulumi/pulumi/sdk/v3"

# Counts what changes in how it is built, at one version.
BUILT = 3

ANSWER_SECONDS = 20.0
DOWNLOAD_SECONDS = 600.0
BUILD_BYTES = 4 * 10**9

LOOK = """\
import sys, urllib.request
try:
    urllib.request.urlopen(sys.argv[1], timeout=15).close()
except OSError as error:
    sys.exit(f"{sys.argv[1]}: {error}")
"""
INSTALL = """\
import sys
from pulumi.automation import PulumiCommand
from semver import VersionInfo
PulumiCommand.install(root=sys.argv[1], version=VersionInfo.parse(sys.argv[2]))
"""


def pulumi() -> Path:
    """The folder of a Pulumi command line that suits our SDK, made ready when there is none.

    In this order: the `pulumi` on PATH, when it is at least as new as the SDK and comes with its
    Python language host; the official installer at a pinned version; the same command built from
    its Go modules, where nothing can be downloaded but modules. The last two are kept in the
    user's cache folder.

    Returns:
        folder for PATH that holds `pulumi` and, there or elsewhere on PATH, its language host.
        It may be a folder of other commands too: put it behind the virtual environment's.

    Raises:
        ToolchainError: none of the three ways is open; the message says what each lacks.
    """
    found, why_not = _on_path()
    return found or ensure(_tool(why_not)) / "bin"


def pulumi_if_ready() -> Path | None:
    """The folder that `pulumi()` would return, or nothing where it would have to work for it."""
    tool = _tool("")
    found, _ = _on_path()
    return found or (tool.folder / "bin" if tool.is_complete() else None)


def _tool(why_not_path: str) -> Tool:
    return Tool(
        name=f"pulumi-{VERSION}-{BUILT}",
        executables=(f"bin/{COMMAND}", f"bin/{LANGUAGE_HOST}"),
        build=partial(_build, why_not_path=why_not_path),
    )


def _on_path() -> tuple[Path | None, str]:
    """The folder of a suitable `pulumi` on PATH, or why there is none."""
    sdk = _sdk_version()
    command = shutil.which(COMMAND)
    if command is None:
        return None, "no pulumi on PATH"
    folder = Path(command).absolute().parent
    if folder == _tool("").folder / "bin":
        return None, "no other pulumi on PATH"
    # An asdf or mise shim answers with what is chosen today, so the answer is never kept.
    try:
        answer = subprocess.run(
            [command, "version"],
            env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=ANSWER_SECONDS,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None, f"{command} does not tell its version"
    oldest = version(sdk)
    answered = version(answer)
    # The SDK refuses a command line of another major version (Pulumi docs, "Automation API").
    if answered < oldest or answered[:1] != oldest[:1]:
        return None, f"{command} is {answer.strip()}, the SDK needs {sdk}"
    search = os.pathsep.join([str(folder), os.environ.get("PATH", os.defpath)])
    if shutil.which(LANGUAGE_HOST, path=search) is None:
        return None, f"{command} has no {LANGUAGE_HOST} beside it or on PATH"
    return folder, ""


def _sdk_version() -> str:
    try:
        return metadata.version("pulumi")
    except metadata.PackageNotFoundError as error:
        message = (
            f"{sys.executable} has no pulumi package; run `make setup`, and then "
            "`.venv/bin/access-toolchain`"
        )
        raise ToolchainError(message) from error


def _build(build: Build, *, why_not_path: str) -> None:
    build.progress.say(why_not_path)
    try:
        _install(build)
    except CommandError as error:
        build.progress.say(f"no official download ({error.reason}); building from Go modules")
    else:
        return
    shutil.rmtree(build.product)
    build.product.mkdir()
    _build_from_modules(build)


def _install(build: Build) -> None:
    """Let Pulumi's SDK run Pulumi's installer."""
    # A first look of its own: without a network the answer should come soon, and looking up a
    # host can hang for longer than any time-out inside the installer.
    build.run(
        [sys.executable, "-c", LOOK, INSTALLER],
        doing="looking for the official installer",
        limit=ANSWER_SECONDS,
    )
    build.run(
        [sys.executable, "-c", INSTALL, build.product, VERSION],
        doing="downloading",
        limit=DOWNLOAD_SECONDS,
    )


def _build_from_modules(build: Build) -> None:
    """Build the engine's command and the language host, each in a wrapper module of its own.

    The language host is of an older SDK, the last that is published as a module, and has a launcher
    in front of it. The script that it starts a program with is of the engine's own version, and so
    is the command that answers the calls which it is too old to know.
    """
    bin_folder, host_folder = build.product / "bin", build.product / "host"
    environment = host_folder / "environment" / "bin"
    for folder in (bin_folder, environment):
        folder.mkdir(parents=True)
    engine, host = Wrapper(build, "pulumi-cli"), Wrapper(build, LANGUAGE_HOST)
    engine.check(
        f"pulumi {VERSION}",
        otherwise=f"put a pulumi of at least {_sdk_version()} on PATH",
        needs=BUILD_BYTES,
    )
    stamp = f"-X {SDK_MODULE}/go/common/version.Version={VERSION}"
    engine.build(
        f"{ENGINE_MODULE}/cmd/pulumi",
        bin_folder / COMMAND,
        stamp=stamp,
        doing="compiling the engine, some minutes",
    )
    host.include(host.source_of(SDK_MODULE) / "python" / "cmd" / LANGUAGE_HOST / "main.go")
    host.build(".", host_folder / LANGUAGE_HOST, stamp=stamp, doing="compiling the language host")
    engine.build(
        f"./{PACKAGE_ADD}",
        host_folder / PACKAGE_ADD,
        stamp=stamp,
        doing="compiling what it is too old for",
    )
    for source, script in (
        (engine.source_of(SDK_MODULE) / "python" / "cmd" / HOST_SCRIPT, host_folder / HOST_SCRIPT),
        (MODULES / LANGUAGE_HOST / "launcher", bin_folder / LANGUAGE_HOST),
        (MODULES / LANGUAGE_HOST / "python", environment / "python"),
    ):
        shutil.copyfile(source, script)
        script.chmod(0o755)
    build.run([bin_folder / COMMAND, "version"], doing="starting the new command")
