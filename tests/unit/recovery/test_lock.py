"""A lock is judged by the process that it names."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys

import pytest

from cross_account_access.recovery import lock
from cross_account_access.recovery.lock import Holder, holder_in, holders_told

HERE = socket.gethostname()


def held(process: int, host: str = HERE) -> Holder:
    return Holder(user="root", host=host, process=process, since="2026-11-26T00:00:00Z")


def ended() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        return process.pid


def test_an_update_whose_process_has_ended_does_not_live() -> None:
    assert held(ended()).lives is False


def test_an_engine_that_runs_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "_state_and_name", lambda _: ("S 1", "pulumi"))
    assert held(os.getpid()).lives is True


def test_a_number_that_was_given_to_another_program_does_not_live() -> None:
    assert held(os.getpid()).lives is False


def test_what_has_ended_and_nobody_has_asked_about_does_not_live() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert held(process.pid).lives is False
    process.wait()


@pytest.mark.parametrize("host", ["another", "localhost", ""])
def test_nothing_is_known_of_another_machine(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: host if host != "another" else HERE)
    assert held(ended(), host).lives is None


def test_the_engine_tells_who_holds_a_lock() -> None:
    told = (
        "the stack is currently locked by 2 lock(s). Either wait …\n"
        "  s3://b/.pulumi/locks/x.json: created by root@vm (pid 13) at 2026-11-26T00:00:00Z\n"
        "  s3://b/.pulumi/locks/y.json: created by ann@laptop (pid 7) at 2026-11-26T00:01:00Z"
    )
    assert [(each.user, each.host, each.process) for each in holders_told(told)] == [
        ("root", "vm", 13),
        ("ann", "laptop", 7),
    ]


def test_a_lock_names_its_holder() -> None:
    written = {"pid": 13, "username": "root", "hostname": "vm", "timestamp": "2026-11-26T00:00:00Z"}
    assert holder_in(json.dumps(written).encode()) == held(13, "vm")


@pytest.mark.parametrize("content", [b"", b'{"pid": 1', b"[]", b'{"pid": 1}'])
def test_a_lock_that_is_cut_off_names_nobody(content: bytes) -> None:
    assert holder_in(content) is None
