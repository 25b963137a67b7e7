"""A copy of the program with stacks of its own, driven by the real pulumi in the sandbox."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from cross_account_access.dev.demo.folder import copy_program
from cross_account_access.stack import named
from tests.support.deployment import PROJECT

SECONDS = 180


@dataclass(frozen=True)
class Ran:
    """What one command said."""

    status: int
    output: str


@dataclass(frozen=True)
class Program:
    """The program in a folder of its own, so that what it writes stays out of the checkout."""

    folder: Path
    environment: Mapping[str, str]

    @classmethod
    def copied_to(cls, folder: Path, environment: Mapping[str, str]) -> "Program":
        """Copies the program and gives it an empty backend, which it must not share."""
        copy_program(folder / "program")
        backend = folder / "backend"
        backend.mkdir()
        return cls(folder / "program", {**environment, "PULUMI_BACKEND_URL": backend.as_uri()})

    def run(self, *command: str, **environment: str) -> Ran:
        """Runs any command in the program's folder, without judging its exit status."""
        with subprocess.Popen(
            command,
            cwd=self.folder,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                output, _ = process.communicate(timeout=SECONDS)
            except subprocess.TimeoutExpired:
                # With all that it started: a plugin would keep the pipe open for ever.
                os.killpg(process.pid, signal.SIGKILL)
                raise
        return Ran(process.returncode, output)

    def pulumi(self, *arguments: str) -> str:
        """Runs pulumi, which must succeed."""
        ran = self.run("pulumi", *arguments, "--non-interactive")
        assert ran.status == 0, ran.output
        return ran.output

    def refused(self, *arguments: str) -> str:
        """Runs pulumi, which must fail."""
        ran = self.run("pulumi", *arguments, "--non-interactive")
        assert ran.status != 0, ran.output
        return ran.output

    def up(self, stack: str = "prod") -> str:
        """Deploys; a preview first is left to those who want to see it."""
        return self.pulumi("up", "--yes", "--skip-preview", "--stack", stack)

    def drift(self, stack: str = "prod") -> str:
        """What `pulumi preview` reports, which must not be nothing."""
        return self.refused("preview", "--expect-no-changes", "--diff", "--stack", stack)

    def settled(self, stack: str = "prod") -> bool:
        """Whether `pulumi preview` finds the cloud as declared."""
        ran = self.run(
            "pulumi", "preview", "--expect-no-changes", "--stack", stack, "--non-interactive"
        )
        return ran.status == 0

    def init(self, stack: str = "prod") -> None:
        """Makes an empty stack."""
        self.pulumi("stack", "init", stack)

    def outputs(self, stack: str = "prod") -> dict[str, Any]:
        """The stack's outputs, as another project would read them."""
        return named(json.loads(self.pulumi("stack", "output", "--json", "--stack", stack)))

    def resources(self, stack: str = "prod") -> list[dict[str, Any]]:
        """The resources in the state file."""
        exported = json.loads(self.pulumi("stack", "export", "--stack", stack))
        found: list[dict[str, Any]] = exported["deployment"].get("resources", [])
        return found

    def set(self, stack: str = "prod", **values: object) -> None:
        """Changes settings in the stack file."""
        path = self.folder / f"Pulumi.{stack}.yaml"
        content = yaml.safe_load(path.read_text())
        content["config"] |= {f"{PROJECT}:{name}": value for name, value in values.items()}
        path.write_text(yaml.safe_dump(content))

    def settings(self, stack: str = "prod") -> dict[str, Any]:
        """The settings in the stack file."""
        content = yaml.safe_load((self.folder / f"Pulumi.{stack}.yaml").read_text())
        return {key.removeprefix(f"{PROJECT}:"): value for key, value in content["config"].items()}

    def kill(self) -> None:
        """Kills the engine and all that it has started, in whichever groups those are."""
        for each in Path("/proc").glob("[0-9]*"):
            try:
                if (each / "cwd").resolve().is_relative_to(self.folder):
                    os.kill(int(each.name), signal.SIGKILL)
            except OSError:
                # Ended meanwhile, or somebody else's.
                continue

    def interrupted(self, verb: str, *, after: str) -> str:
        """Starts `pulumi VERB`, sends Ctrl-C once it has said `after`, and waits for its end."""
        with subprocess.Popen(
            ["pulumi", verb, "--yes", "--skip-preview", "--stack", "prod", "--non-interactive"],
            cwd=self.folder,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as process:
            output = []
            for line in _lines(process):
                output.append(line)
                if after in line:
                    process.send_signal(signal.SIGINT)
                    after = "\0"
            process.wait(SECONDS)
        # A destroy that was cancelled ends as one that was not.
        assert "^C received; cancelling" in "".join(output), "".join(output)
        return "".join(output)


def _lines(process: "subprocess.Popen[str]") -> Iterator[str]:
    assert process.stdout is not None
    yield from process.stdout
