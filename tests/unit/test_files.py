"""Locks between processes, and files that change whole or not at all."""

import fcntl
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from cross_account_access.files import locked, staged, write_private


def test_a_lock_that_is_free_is_held_until_the_end(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with locked(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with path.open() as other, pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
    with path.open() as other:
        fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_who_waits_for_a_lock_is_asked_meanwhile_and_gives_up(tmp_path: Path) -> None:
    waits: list[int] = []
    with (
        locked(tmp_path / "lock"),
        pytest.raises(TimeoutError),
        locked(tmp_path / "lock", seconds=0.2, while_waiting=lambda: waits.append(1)),
    ):
        pass
    assert waits


def test_a_process_that_inherits_the_descriptor_holds_the_lock_too(tmp_path: Path) -> None:
    with locked(tmp_path / "lock") as lock:
        child = subprocess.Popen(
            [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, pass_fds=[lock]
        )
    with pytest.raises(TimeoutError), locked(tmp_path / "lock", seconds=0):
        pass
    child.communicate(b"\n")
    with locked(tmp_path / "lock", seconds=0):
        pass


def test_a_file_is_replaced_in_private(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    path.chmod(0o644)
    with path.open() as reader:
        write_private(path, "new")
        assert reader.read() == "old"
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("of somebody else")
    (tmp_path / "file").symlink_to(target)
    write_private(tmp_path / "file", "new")
    assert target.read_text() == "of somebody else"
    assert not (tmp_path / "file").is_symlink()


def test_what_is_staged_and_not_put_in_place_is_gone(tmp_path: Path) -> None:
    with staged(tmp_path / "file", "new") as ready:
        assert list(tmp_path.iterdir()) == [ready]
    assert list(tmp_path.iterdir()) == []
