"""The user's cache folder: tools by version, each complete or absent."""

import os
import pwd
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cross_account_access.dev.toolchain.building import Build
from cross_account_access.dev.toolchain.errors import CommandError, ToolchainError
from cross_account_access.dev.toolchain.progress import Progress
from cross_account_access.files import locked

ATTEMPTS = 2
UNFINISHED = ".unfinished"

FOLDER_VARIABLE = "SANDBOX_TOOLS"
"""Names the folder of the tools where the caches of the sandbox stand for the user's."""


@dataclass(frozen=True, kw_only=True)
class Tool:
    """Something to have in the cache."""

    name: str
    """Folder in the cache: the tool and what tells its versions apart."""
    executables: tuple[str, ...]
    """Paths in that folder without which the tool is not complete."""
    build: Callable[[Build], None]
    """Fills the build's `product`."""

    def is_complete(self) -> bool:
        """Whether the cache has this tool; a look at a few files, no process is started."""
        return all(os.access(self.folder / path, os.X_OK) for path in self.executables)

    @property
    def folder(self) -> Path:
        """Where the tool is, or will be."""
        return cache_folder() / self.name


def cache_folder() -> Path:
    """Our folder among the user's caches (XDG Base Directory Specification; Apple's on macOS).

    Raises:
        ToolchainError: neither the environment nor the user database names a home.
    """
    if kept := os.environ.get(FOLDER_VARIABLE):
        return Path(kept)
    named = Path(os.environ.get("XDG_CACHE_HOME", ""))
    # The specification says that a relative path is to be ignored.
    if named.is_absolute():
        return named / "cross-account-access"
    home = Path(os.environ.get("HOME") or _registered_home())
    if not home.is_absolute():
        message = "this user has no home folder; set XDG_CACHE_HOME to a folder to keep tools in"
        raise ToolchainError(message)
    caches = "Library/Caches" if sys.platform == "darwin" else ".cache"
    return home / caches / "cross-account-access"


def _registered_home() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return ""


def ensure(tool: Tool) -> Path:
    """Have a tool in the cache, building it when it is not there.

    Two runs at once build once: the second waits. A build becomes visible by one rename when it
    is complete, so that an interruption at any moment leaves the tool absent; what was left by
    a dead run is removed by the next one. A build whose command fails is tried once more from
    nothing.

    Returns:
        the tool's folder.

    Raises:
        ToolchainError: the tool cannot be built, or the cache cannot be written.
    """
    if tool.is_complete():
        return tool.folder
    cache = cache_folder()
    progress = Progress(tool.name)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with locked(
            cache / "lock",
            while_waiting=lambda: progress.show("waiting for another set-up that is running"),
        ) as lock:
            # While we waited, another run may have done it.
            if not tool.is_complete():
                _build(tool, progress, lock)
                progress.done()
    except OSError as error:
        message = (
            f"{tool.name} cannot be put into {cache}: {error.strerror or error}; free or repair "
            "that folder, or set XDG_CACHE_HOME to another one"
        )
        raise ToolchainError(message) from error
    finally:
        progress.stop()
    return tool.folder


def _build(tool: Tool, progress: Progress, lock: int) -> None:
    log = tool.folder.with_name(f"{tool.name}.log")
    log.write_bytes(b"")
    unfinished = tool.folder.with_name(f"{tool.name}{UNFINISHED}")
    build = Build(
        product=unfinished / "product",
        scratch=unfinished / "scratch",
        log=log,
        progress=progress,
        lock=lock,
    )
    for attempt in range(1, ATTEMPTS + 1):
        # Under the lock nobody else builds: all that is unfinished was left by the dead.
        for leftover in cache_folder().glob(f"*{UNFINISHED}"):
            with progress.during("removing what an interrupted run left"):
                shutil.rmtree(leftover)
        build.product.mkdir(parents=True)
        build.scratch.mkdir()
        try:
            tool.build(build)
            # Before the rename, since nobody looks for leftovers once the tool is complete.
            with progress.during("removing what the build no longer needs"):
                shutil.rmtree(build.scratch)
            with suppress(FileNotFoundError):
                shutil.rmtree(tool.folder)
            build.product.rename(tool.folder)
        except CommandError as error:
            if attempt == ATTEMPTS:
                raise
            progress.say(f"{error}\n{tool.name}: trying once more from nothing")
        else:
            return
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
