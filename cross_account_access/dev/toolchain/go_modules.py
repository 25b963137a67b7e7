"""Commands compiled from Go modules, where nothing can be downloaded but modules."""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from cross_account_access.dev.toolchain.building import Build
from cross_account_access.dev.toolchain.errors import CommandError, ToolchainError

MODULES = Path(__file__).parent / "modules"

Version = tuple[int, ...]


class Wrapper:
    """A module of `modules` that pins one command; Go keeps to the scratch of the build.

    Args:
        build: where it is compiled.
        name: the module's folder.
    """

    def __init__(self, build: Build, name: str) -> None:
        self._build = build
        self._folder = build.scratch / name
        shutil.copytree(MODULES / name, self._folder)
        self._env = {
            "CGO_ENABLED": "0",
            # A go.work of the user's above the cache folder is not about us.
            "GOWORK": "off",
            # Some 3 GB, all in the folder that is thrown away.
            **{
                variable: str(build.scratch / variable.lower())
                for variable in ("GOPATH", "GOMODCACHE", "GOCACHE", "GOTMPDIR")
            },
        }
        Path(self._env["GOTMPDIR"]).mkdir(exist_ok=True)

    def check(self, product: str, *, otherwise: str, needs: int) -> None:
        """Refuse early what would fail late, and for good.

        A Go of 1.21 or later that is older than the module asks for fetches the right one by itself
        unless GOTOOLCHAIN forbids it (Go documentation, "Go Toolchains"), so Go itself is asked,
        inside the module.

        Args:
            product: what is compiled, with its version.
            otherwise: what a person can do instead.
            needs: bytes of disk, for a while.

        Raises:
            ToolchainError: there is no Go that can do it, or not the room.
        """
        needed = self._needed_go()
        remedy = (
            f"connect to the internet, or install Go {needed} or later, or {otherwise}; "
            "then try again"
        )
        if shutil.which("go") is None:
            message = f"{product} can be neither downloaded nor built: no go on PATH; {remedy}"
            raise ToolchainError(message)
        try:
            go = self._go(["env", "GOVERSION"], doing="looking for Go")
        except CommandError as error:
            message = f"{product} cannot be built with the go on PATH; {remedy} ({error.reason})"
            raise ToolchainError(message) from error
        if version(go) < version(needed):
            message = f"{product} cannot be built with {go}, which is too old; {remedy}"
            raise ToolchainError(message)
        free = shutil.disk_usage(self._build.scratch).free
        if free < needs:
            message = (
                f"building {product} needs {needs / 10**9:.0f} GB for a while, and "
                f"{self._build.scratch.parent.parent} has {free / 10**9:.1f} GB free; make "
                "room, or set XDG_CACHE_HOME to a folder with more"
            )
            raise ToolchainError(message)

    def build(self, package: str, output: Path, *, stamp: str, doing: str) -> None:
        """Compile one command; `stamp` is what its linker is told of the version."""
        # Writable modules can be removed like any other folder.
        build = ["build", "-v", "-mod=mod", "-modcacherw", "-ldflags", f"-s -w {stamp}".strip()]
        self._go([*build, "-o", output, package], doing=doing)

    def source_of(self, module: str) -> Path:
        """The folder of a module's source code, which is fetched when it is not there."""
        self._go(["mod", "download", "-modcacherw", module], doing=f"fetching {module}")
        words = ["list", "-mod=mod", "-m", "-f", "{{.Dir}}", module]
        return Path(self._go(words, doing=f"looking for {module}"))

    def include(self, source: Path) -> None:
        """Compile a file of another module together with those of this one."""
        shutil.copyfile(source, self._folder / source.name)

    def _go(self, words: Sequence[str | Path], *, doing: str) -> str:
        return self._build.run(["go", *words], doing=doing, cwd=self._folder, env=self._env)

    def _needed_go(self) -> str:
        lines = (self._folder / "go.mod").read_text().splitlines()
        return next(line.removeprefix("go ") for line in lines if line.startswith("go "))


def version(text: str) -> Version:
    """The first dotted number of a text; empty, and so older than any, when there is none."""
    match = re.search(r"\d+(?:\.\d+)+", text)
    return tuple(int(part) for part in match[0].split(".")) if match else ()
