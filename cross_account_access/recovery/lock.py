"""Who holds the lock of a stack, and whether that update still lives."""

import json
import os
import re
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_TOLD: Final = re.compile(
    r"created by (?P<user>\S+)@(?P<host>\S+) \(pid (?P<process>\d+)\) at (?P<since>\S+)"
)
"""In the engine's own words ("the stack is currently locked by 1 lock(s)"), on every backend that
keeps locks as objects."""
_NAMES_OF_NO_MACHINE: Final = ("", "localhost")
_ENGINE: Final = "pulumi"


@dataclass(frozen=True, kw_only=True)
class Holder:
    """The process that an update runs in, or ran in."""

    user: str
    host: str
    process: int
    since: str

    def __str__(self) -> str:
        """The holder, as the engine tells it."""
        return f"{self.user}@{self.host}, process {self.process}, since {self.since}"

    @property
    def lives(self) -> bool | None:
        """Whether it runs; None where that cannot be known, as on another machine."""
        if self.host in _NAMES_OF_NO_MACHINE or self.host != socket.gethostname():
            return None
        try:
            os.kill(self.process, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return True
        name = _name_of(self.process)
        # The number of a process that has ended is given away again.
        return None if name is None else _ENGINE in name


def holder_in(lock: bytes) -> Holder | None:
    """Return the holder that a lock of a backend names; None where it is not whole."""
    try:
        told = json.loads(lock)
        return Holder(
            user=told["username"],
            host=told["hostname"],
            process=int(told["pid"]),
            since=told["timestamp"],
        )
    except (ValueError, LookupError, TypeError):
        return None


def holders_told(message: str) -> list[Holder]:
    """Return the holders that the engine's refusal of a locked stack names."""
    return [
        Holder(
            user=each["user"],
            host=each["host"],
            process=int(each["process"]),
            since=each["since"],
        )
        for each in _TOLD.finditer(message)
    ]


def _name_of(process: int) -> str | None:
    """The name of a running process; None where the system does not tell."""
    try:
        state, name = _state_and_name(process)
    except (OSError, ValueError):
        return None
    # One that has ended, and that its parent has not asked about yet.
    return "" if state.startswith("Z") else name


def _state_and_name(process: int) -> tuple[str, str]:
    proc = Path("/proc", str(process), "stat")
    if proc.exists():
        # "PID (NAME) STATE …"; a name may have brackets of its own.
        name, _, rest = proc.read_text().partition("(")[2].rpartition(") ")
        return rest, name
    ran = subprocess.run(
        ["ps", "-o", "stat=,comm=", "-p", str(process)],
        capture_output=True,
        text=True,
        check=False,
    )
    state, name = ran.stdout.split(maxsplit=1)
    return state, name
