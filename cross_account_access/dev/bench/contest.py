"""The program and its baselines side by side, on one deployment of a given number of grants."""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from cross_account_access.dev.bench import flat
from cross_account_access.dev.demo.folder import CHECKOUT, copy_program
from cross_account_access.dev.sandbox.box import Sandbox

COMMANDS: Mapping[str, Sequence[str]] = {
    "preview": ("preview",),
    "up": ("up", "--yes", "--skip-preview"),
}
"""What is measured, with nothing to change; both look at AWS first (`refresh: always`)."""

_STACK = "bench"
_PREFIX = "cross-account-access:"
_SKIP_CHECKPOINTS = {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}
_OBSERVER = Path(__file__).with_name("observer")
_FLOOR = Path(__file__).with_name("floor.py")


class BenchError(Exception):
    """A command that is to be measured fails; the message says how."""


@dataclass(frozen=True)
class Times:
    """Seconds of one command, a value a round."""

    ours: list[float] = field(default_factory=list)
    flat: list[float] = field(default_factory=list)
    floor: list[float] = field(default_factory=list)

    @property
    def to_flat(self) -> float:
        """Median of the rounds' ratios of ours to flat."""
        return statistics.median(a / b for a, b in zip(self.ours, self.flat, strict=True))

    @property
    def to_floor(self) -> float:
        """Median of the rounds' ratios of ours to the floor."""
        return statistics.median(a / b for a, b in zip(self.ours, self.floor, strict=True))


@dataclass(frozen=True)
class _Folder:
    """A Pulumi project whose stack is deployed."""

    path: Path
    environment: Mapping[str, str]

    def pulumi(self, *arguments: str, **environment: str) -> str:
        ran = subprocess.run(
            ["pulumi", *arguments, "--non-interactive", "--stack", _STACK],
            cwd=self.path,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if ran.returncode != 0:
            message = f"pulumi {arguments[0]} of {self.path.name} failed:\n{ran.stdout}"
            raise BenchError(message)
        return ran.stdout

    def unchanged(self, command: str) -> None:
        """Runs a command that must find nothing to change."""
        self.pulumi(*COMMANDS[command], "--expect-no-changes")

    def observed(self) -> "_Notes":
        """Runs a preview that must find nothing to change, and writes down what it does."""
        notes = self.path.with_name(f"notes-{self.path.name}")
        notes.mkdir()
        observer = {"PYTHONPATH": str(_OBSERVER), "BENCH_NOTES": str(notes)}
        self.pulumi(*COMMANDS["preview"], "--expect-no-changes", **observer)
        return _Notes(int((notes / "memory").read_text()), notes / "calls")


@dataclass(frozen=True)
class _Notes:
    memory: int
    calls: Path


@dataclass(frozen=True, kw_only=True)
class Contest:
    """One deployment, and the three that are compared on it."""

    resources: int
    """Of our stack, components among them."""
    made_in: float
    """Seconds that `pulumi up` took from nothing, without checkpoints."""
    calls: int
    """AWS calls of our preview; an `up` without change makes the same."""
    memory: tuple[int, int]
    """Peak bytes of the process that runs the program in a preview: ours, flat."""
    ours: _Folder
    flat: _Folder
    recorded: Path
    """The calls, for the floor."""

    @classmethod
    @contextmanager
    def of(cls, box: Sandbox, grants: int) -> Iterator["Contest"]:
        """Deploys this many buckets, consumers (each a user and a role) and grants."""
        box.reset()
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            folder = Path(name)
            backend = folder / "backend"
            backend.mkdir()
            environment = {**box.environment, "PULUMI_BACKEND_URL": backend.as_uri()}
            # Set on many build machines; people's own keep what Python has compiled.
            environment.pop("PYTHONDONTWRITEBYTECODE", None)
            ours, bare = (_Folder(folder / part, environment) for part in ("ours", "flat"))
            copy_program(ours.path)
            (ours.path / f"Pulumi.{_STACK}.yaml").write_text(yaml.safe_dump(_settings(grants)))
            _make_stack(ours)
            start = time.monotonic()
            ours.pulumi("up", "--yes", "--skip-preview", **_SKIP_CHECKPOINTS)
            made_in = time.monotonic() - start
            exported = json.loads(ours.pulumi("stack", "export"))
            resources = exported["deployment"]["resources"]
            bare.path.mkdir()
            (bare.path / "Pulumi.yaml").write_text(flat.PROJECT_FILE)
            (bare.path / "__main__.py").write_text(flat.program(resources))
            (bare.path / ".venv").symlink_to(sys.prefix)
            _make_stack(bare)
            (folder / "state.json").write_text(json.dumps(flat.state(exported)))
            bare.pulumi("stack", "import", "--file", str(folder / "state.json"))
            # Their time does not count: these runs also fill the caches.
            by_us, by_flat = ours.observed(), bare.observed()
            yield cls(
                resources=len(resources),
                made_in=made_in,
                calls=len(by_us.calls.read_text().splitlines()),
                memory=(by_us.memory, by_flat.memory),
                ours=ours,
                flat=bare,
                recorded=by_us.calls,
            )

    def race(self, rounds: int) -> dict[str, Times]:
        """Times each command of both programs, and the floor, in turn, round by round.

        Returns:
            by the names of `COMMANDS`.
        """
        times = {command: Times() for command in COMMANDS}
        for _ in range(rounds):
            floor = _seconds(self._floor)
            for command, found in times.items():
                found.ours.append(_seconds(partial(self.ours.unchanged, command)))
                found.flat.append(_seconds(partial(self.flat.unchanged, command)))
                found.floor.append(floor)
        return times

    def _floor(self) -> None:
        subprocess.run(
            [sys.executable, str(_FLOOR), str(self.recorded)],
            env=dict(self.ours.environment),
            check=True,
        )


def _make_stack(folder: _Folder) -> None:
    folder.pulumi("stack", "init")


def _seconds(run: Callable[[], None]) -> float:
    start = time.monotonic()
    run()
    return time.monotonic() - start


def _settings(grants: int) -> dict[str, Any]:
    """The stack file of prod, with its first bucket, consumer and grant repeated."""
    content: dict[str, Any] = yaml.safe_load((CHECKOUT / "Pulumi.prod.yaml").read_text())
    config = content["config"]
    bucket, consumer, grant = (
        config[f"{_PREFIX}{name}"][0] for name in ("buckets", "consumers", "grants")
    )
    numbers = range(1, grants + 1)
    config[f"{_PREFIX}buckets"] = [{**bucket, "name": f"bench-bucket-{n}"} for n in numbers]
    config[f"{_PREFIX}consumers"] = [
        {
            **consumer,
            "name": f"consumer-{n}",
            "user": {**consumer["user"], "name": f"BenchUser{n}"},
            "role": {**consumer["role"], "name": f"BenchRole{n}"},
        }
        for n in numbers
    ]
    config[f"{_PREFIX}grants"] = [
        {**grant, "consumer": f"consumer-{n}", "bucket": f"bench-bucket-{n}"} for n in numbers
    ]
    return content
