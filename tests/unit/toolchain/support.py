"""Stand-ins for Go and for what a tool is built by, and waiting for other processes."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from cross_account_access.dev.toolchain.building import Build
from cross_account_access.dev.toolchain.cache import Tool, ensure

ROOT = Path(__file__).parents[3]
NEWER = "v3.999.0"

# Builds a tool in a process of its own: `{body}` is what the builder does.
BUILDER = """\
import sys
from pathlib import Path
from cross_account_access.dev.toolchain.cache import Tool, ensure

def fill(build):
    {body}
    (build.product / "run").touch(0o755)

ensure(Tool(name="tool-1", executables=("run",), build=fill))
"""


def script(path: Path, body: str) -> Path:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


def go(folder: Path, version: str = "go1.99.0") -> Path:
    """A go that answers as the real one, compiles to shell scripts, and notes its surroundings."""
    notes = folder / "notes"
    script(
        folder / "go",
        f"""
        echo "$PWD $CGO_ENABLED $GOFLAGS $*" >> {notes}
        case "$1" in
        env) echo "go: downloading go1.99.9" >&2; echo {version} ;;
        mod)
            for command in python/cmd/pulumi-language-python cmd/pulumi-language-yaml; do
                mkdir -p "$GOMODCACHE/sdk/$command"
                touch "$GOMODCACHE/sdk/$command/main.go"
            done ;;
        list) echo "go: downloading a module v1.0.0" >&2; echo "$GOMODCACHE/sdk" ;;
        build)
            mkdir -p "$GOMODCACHE/sdk/python/cmd" "$GOCACHE"
            echo script > "$GOMODCACHE/sdk/python/cmd/pulumi-language-python-exec"
            while [ "$1" != -o ]; do shift; done
            printf '#!/bin/sh\\necho built\\n' > "$2" && chmod +x "$2" ;;
        esac""",
    )
    return notes


def ready(build: Callable[[Build], None], name: str = "tool-1") -> Path:
    return ensure(Tool(name=name, executables=("run",), build=build))


def build_well(shop: Build) -> None:
    (shop.product / "run").touch(0o755)
    (shop.scratch / "leftover").touch()


def start(body: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", BUILDER.format(body=body)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
    )


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "not within thirty seconds"
        time.sleep(0.01)


def lives(pid: int) -> bool:
    """Whether a process runs; one that is dead and not yet collected does not."""
    try:
        os.kill(pid, 0)
        state = Path(f"/proc/{pid}/stat").read_text()
    except ProcessLookupError:  # it may end at any moment, also while we read
        return False
    except FileNotFoundError:
        return not Path("/proc/self").exists()
    return state.rpartition(")")[2].split()[0] != "Z"
