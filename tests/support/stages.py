"""A stack that is edited, and the moments of each deployment.

What has been deployed once is kept, both accounts and the state, so that the next edit of it begins
there without another deployment.
"""

import contextlib
import copy
import json
import os
import shutil
import signal
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Final

import yaml

from cross_account_access.dev.sandbox import emulator
from cross_account_access.dev.sandbox.box import Sandbox
from tests.support.deployment import ACCESS, PROJECT, ROOT
from tests.support.edited_parts import Settings
from tests.support.existing import make_existing
from tests.support.moments import Moments, recorded
from tests.support.people import pointed_at
from tests.support.program import Program, Ran

UP: Final = ("pulumi", "up", "--yes", "--skip-preview", "--stack", "prod", "--non-interactive")
_NOTHING: Final = ""
"""Stands for the settings of a stack that is not deployed."""
_LIVING: Final = ("accounts", "backend")
"""Folders of what changes: the emulated AWS, and the state of the stack."""


class Stage:
    """An example in accounts of its own."""

    def __init__(self, box: Sandbox, folder: Path, example: str) -> None:
        self._box, self._folder = box, folder
        self._kept: dict[str, Path] = {}
        self._running = contextlib.ExitStack()
        self.program = Program.copied_to(folder, box.environment)
        if example != "prod":
            stack_file = ROOT / "examples" / example / "Pulumi.prod.yaml"
            shutil.copy2(stack_file, self.program.folder)
        self._start().reset()
        self.program.init()
        make_existing(self.program)
        self._settings = self.program.settings()
        self._deployed: str | None = _NOTHING
        self._end()
        self._start()

    def close(self) -> None:
        """Ends the accounts."""
        self._running.close()

    @property
    def settings(self) -> Settings:
        """Those of the example, with nothing protected."""
        found = {
            key: copy.deepcopy(value) for key, value in self._settings.items() if ":" not in key
        }
        for kind in ("buckets", "topics", "queues"):
            for each in found.get(kind, ()):
                if not each.get("existing"):
                    each["protect"] = False
        return found

    def put(self, settings: Settings) -> None:
        """Makes these the settings, and nothing else."""
        path = self.program.folder / "Pulumi.prod.yaml"
        content = yaml.safe_load(path.read_text())
        others = {k: v for k, v in content["config"].items() if not k.startswith(f"{PROJECT}:")}
        ours = {f"{PROJECT}:{key}": value for key, value in settings.items()}
        path.write_text(yaml.safe_dump({**content, "config": {**others, **ours}}))

    def reach(self, settings: Settings) -> None:
        """Has settings deployed, and nothing else in the accounts."""
        wanted = _key(settings)
        self.put(settings)
        if wanted == self._deployed:
            return
        if wanted in self._kept:
            self._return_to(wanted)
            return
        if self._deployed != _NOTHING:
            self._return_to(_NOTHING)
        self.program.up()
        self._deployed = wanted
        self._end()
        self._start()

    def changed(self, settings: Settings, seed: int) -> tuple[Ran, Moments]:
        """Deploys other settings, and records the moments."""
        self.put(settings)
        before = self._deployed
        ran, moments = self.watched(*UP, seed=seed)
        if ran.status == 0:
            self._deployed = _key(settings)
        elif len(moments) == 1:
            self._deployed = before
        return ran, moments

    def watched(self, *command: str, seed: int = 0) -> tuple[Ran, Moments]:
        """Runs a command that changes who knows what, and records the moments."""
        self._deployed = None
        with recorded(os.environ["AWS_ENDPOINT_URL"], seed=seed) as (address, moments):
            ran = self.program.run(*command, AWS_ENDPOINT_URL=address)
        return ran, moments

    def killed(self, at: int) -> Moments:
        """Starts an update and kills it, with all that it started, when so much is written.

        One that ends before that many writes is not killed.
        """
        self._deployed = None
        started: list[subprocess.Popen[bytes]] = []

        def kill(number: int) -> None:
            if number == at:
                os.killpg(started[0].pid, signal.SIGKILL)

        with recorded(os.environ["AWS_ENDPOINT_URL"], written=kill) as (address, moments):
            process = subprocess.Popen(
                UP,
                cwd=self.program.folder,
                env={**self.program.environment, "AWS_ENDPOINT_URL": address},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            started.append(process)
            process.wait()
            # Plugins are in groups of their own.
            self.program.kill()
        assert process.returncode == (-signal.SIGKILL if len(moments) > at else 0)
        return moments

    def recover(self) -> None:
        """Does what `docs/operations.md` says after a kill."""
        told = self.program.run(ACCESS, "recover", "--apply", "--stack", "prod")
        assert told.status == 0, told.output

    def _start(self) -> Sandbox:
        certificate = self._box.folder / "tls" / "server-and-key.pem"
        accounts = emulator.running(self._folder / "accounts", certificate=certificate)
        box = replace(self._box, emulator=self._running.enter_context(accounts))
        self._running.enter_context(pointed_at(box))
        backend = self.program.environment["PULUMI_BACKEND_URL"]
        self.program = replace(
            self.program, environment={**box.environment, "PULUMI_BACKEND_URL": backend}
        )
        return box

    def _end(self) -> None:
        """Ends the accounts, which saves them, and keeps what is deployed."""
        self._running.close()
        if self._deployed is not None and self._deployed not in self._kept:
            kept = self._kept[self._deployed] = self._folder / f"kept-{len(self._kept)}"
            for name in _LIVING:
                shutil.copytree(self._folder / name, kept / name)

    def _return_to(self, key: str) -> None:
        """Has what was deployed once."""
        self._end()
        for name in _LIVING:
            shutil.rmtree(self._folder / name)
            shutil.copytree(self._kept[key] / name, self._folder / name)
        self._start()
        self._deployed = key


def _key(settings: Settings) -> str:
    return json.dumps(settings, sort_keys=True)
