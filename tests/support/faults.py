"""A stack behind a proxy that lets calls go wrong, and what it comes to all the same."""

from __future__ import annotations

import re
import shutil
import signal
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cross_account_access.dev.sandbox.box import Sandbox
from tests.support.deployment import ROOT
from tests.support.fault_proxy import RESET, Fault, Proxy
from tests.support.program import Program, Ran
from tests.support.whole import accounts, differences, state_of

SMALL: Final[Mapping[str, Any]] = {
    "buckets": [{"name": "faults-101", "encryption": "kms"}],
    "topics": [{"name": "faults-news"}],
    "queues": [{"name": "faults-jobs"}],
    "consumers": [{"name": "person", "user": {"name": "Person"}, "role": {"name": "PersonAccess"}}],
    "grants": [
        {"consumer": "person", "bucket": "faults-101", "levels": ["list", "read"]},
        {"consumer": "person", "topic": "faults-news", "levels": ["publish"]},
        {"consumer": "person", "queue": "faults-jobs", "levels": ["send"]},
    ],
}
"""The settings of a small stack with something of every service."""
UP: Final = ("pulumi", "up", "--yes", "--skip-preview", "--stack", "prod", "--non-interactive")
RECOVER: Final = ("access", "recover", "--stack", "prod", "--apply")
ALWAYS: Final = 10**6
MENDED: Final[Counter[str]] = Counter()
"""How often a fault was ended by what."""


@dataclass(frozen=True)
class Undisturbed:
    """What an update ends with, and the calls that it made to change something."""

    state: Any
    accounts: Any
    writes: tuple[str, ...]


@dataclass(frozen=True)
class Place:
    """A stack of some settings behind the proxy."""

    box: Sandbox
    proxy: Proxy
    program: Program
    empty: Path
    """A copy of the backend with the stack, and nothing in it."""

    @classmethod
    def made(
        cls, box: Sandbox, folder: Path, proxy: Proxy, address: str, example: str | None
    ) -> Place:
        """Makes an empty stack of an example, or of `SMALL`."""
        program = Program.copied_to(folder, {**box.environment, "AWS_ENDPOINT_URL": address})
        if example is None:
            program.set(**SMALL)
        else:
            shutil.copy2(ROOT / "examples" / example / "Pulumi.prod.yaml", program.folder)
        program.init()
        place = cls(box, proxy, program, folder / "empty")
        shutil.copytree(place._backend, place.empty)
        return place

    @property
    def _backend(self) -> Path:
        return Path(self.program.environment["PULUMI_BACKEND_URL"].removeprefix("file://"))

    def emptied(self) -> None:
        """As before the first `up`."""
        self.proxy.clear()
        self.box.reset()
        shutil.rmtree(self._backend)
        shutil.copytree(self.empty, self._backend)
        for saved in self.program.folder.glob("prod.before-recover*"):
            saved.unlink()

    def undisturbed(self) -> Undisturbed:
        """What an `up` makes of what there is, after which a preview is quiet."""
        self.proxy.clear()
        self.program.up()
        writes = tuple(self.proxy.writes)
        assert self.program.settled()
        return Undisturbed(state_of(self.program), accounts(), writes)

    def disturbed(self, fault: Fault, *command: str) -> Ran:
        """What a command, `UP` if none is named, says that meets a fault."""
        self.proxy.clear(fault)
        ran = self.program.run(*(command or UP))
        self.proxy.clear()
        return ran

    def killed(self, at: int, *command: str) -> None:
        """Has the engine killed once AWS has carried out the call of that number."""
        fault = Fault(at, RESET, ALWAYS, carried_out=True, then=self.program.kill)
        assert self.disturbed(fault, *command).status == -signal.SIGKILL
        MENDED["killed"] += 1

    def mended(self) -> None:
        """Does what the messages say until an `up` succeeds, which it must."""
        ran = self.program.run(*UP)
        if ran.status:
            # The program's own words, or those of an engine that does not come as far.
            assert re.search(
                r"access recover --stack prod|currently locked|load checkpoint", ran.output
            ), ran.output
            self.recover()
            MENDED["ended by access recover"] += 1
            self.program.up()
        else:
            MENDED["ended by pulumi up alone"] += 1

    def recover(self) -> None:
        """Runs the one command."""
        ran = self.program.run(*RECOVER)
        assert ran.status == 0, ran.output

    def check(self, expected: Undisturbed) -> None:
        """The state and both accounts are those of an undisturbed `up`."""
        assert list(differences(expected.state, state_of(self.program))) == []
        assert list(differences(expected.accounts, accounts())) == []
