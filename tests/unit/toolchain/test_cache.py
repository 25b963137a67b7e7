"""The cache of tools, its folder, and what is told while one is built."""

import io
import os
import pwd
import signal
import subprocess
import time
from pathlib import Path
from typing import NoReturn

import pytest

from cross_account_access.dev.toolchain import progress
from cross_account_access.dev.toolchain.building import Build
from cross_account_access.dev.toolchain.cache import cache_folder
from cross_account_access.dev.toolchain.errors import CommandError, ToolchainError
from tests.unit.toolchain.support import build_well, lives, ready, start, until


class TestCache:
    def test_a_second_run_builds_nothing_and_starts_no_process(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        first = ready(build_well)
        capsys.readouterr()
        monkeypatch.delattr(subprocess, "Popen")
        # Nor does it wait for another program's build.
        monkeypatch.delattr("fcntl.flock")

        assert ready(lambda _: pytest.fail("built again")) == first
        assert capsys.readouterr().err == ""

    def test_only_the_tool_and_its_log_are_kept(self, caches: Path) -> None:
        ready(build_well)

        assert {entry.name for entry in caches.iterdir()} == {"lock", "tool-1", "tool-1.log"}
        assert [entry.name for entry in (caches / "tool-1").iterdir()] == ["run"]

    def test_a_tool_that_lost_a_file_is_built_again(self) -> None:
        folder = ready(build_well)
        (folder / "run").unlink()
        (folder / "stale").touch()

        ready(build_well)

        assert [entry.name for entry in folder.iterdir()] == ["run"]

    def test_an_interrupted_build_leaves_nothing_that_looks_ready(self, caches: Path) -> None:
        def interrupted(shop: Build) -> None:
            build_well(shop)
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            ready(interrupted)

        assert {entry.name for entry in caches.iterdir()} == {"lock", "tool-1.log"}
        assert (ready(build_well) / "run").exists()

    def test_no_moment_leaves_both_a_ready_tool_and_what_its_build_needed(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rename = Path.rename
        left: list[Path] = []

        def watched(source: Path, target: Path) -> Path:
            left.extend(entry for entry in source.parent.rglob("*") if entry.name == "leftover")
            return rename(source, target)

        monkeypatch.setattr(Path, "rename", watched)

        assert (ready(build_well) / "run").exists()
        assert left == []

    def test_a_killed_build_takes_its_commands_along_and_is_cleared_away(
        self, tmp_path: Path, caches: Path
    ) -> None:
        pid_file = tmp_path / "pid"
        # The inner shell is a grandchild, as a compiler is one of `go build`.
        command = f"sh -c 'echo $$ > {pid_file}; sleep 60'; true"
        killed = start(f'build.run(["sh", "-c", "{command}"], doing="compiling")')
        until(lambda: pid_file.exists() and bool(pid_file.read_text().strip()))
        grandchild = int(pid_file.read_text())

        killed.send_signal(signal.SIGKILL)
        killed.communicate()

        until(lambda: not lives(grandchild))
        assert list(caches.glob("*.unfinished"))
        ready(build_well, name="tool-2")
        assert not list(caches.glob("*.unfinished"))

    def test_the_cache_stays_locked_until_the_last_command_of_a_killed_build_has_ended(
        self, tmp_path: Path
    ) -> None:
        begun, go_on = tmp_path / "begun", tmp_path / "go_on"
        daemon = tmp_path / "daemon.py"
        daemon.write_text(
            f"""\
import os, pathlib, time
if os.fork():
    time.sleep(60)
os.setsid()  # escapes what ends the rest
pathlib.Path({str(begun)!r}).touch()
while not pathlib.Path({str(go_on)!r}).exists():
    time.sleep(0.02)
"""
        )
        killed = start(f'build.run([sys.executable, "{daemon}"], doing="compiling")')
        until(begun.exists)
        killed.kill()
        second = start("pass")
        assert second.stderr is not None

        output = second.stderr.readline()
        go_on.touch()
        second.communicate()
        killed.communicate()

        assert "waiting for another set-up" in output
        assert second.returncode == 0

    def test_two_runs_at_once_build_once_and_the_second_says_that_it_waits(
        self, tmp_path: Path
    ) -> None:
        built, go_on = tmp_path / "built", tmp_path / "go_on"
        body = (
            f'build.run(["sh", "-c", "echo built >> {built}; '
            f'while [ ! -e {go_on} ]; do sleep 0.02; done"], doing="compiling")'
        )
        first = start(body)
        until(built.exists)
        second = start(body)
        assert second.stderr is not None
        waiting = second.stderr.readline()
        go_on.touch()
        first.communicate()
        second.communicate()

        assert "waiting for another set-up" in waiting
        assert (first.returncode, second.returncode) == (0, 0)
        assert built.read_text() == "built\n"

    def test_a_broken_build_is_tried_once_more_from_nothing(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        seen: list[list[str]] = []

        def broken_once(shop: Build) -> None:
            seen.append([entry.name for entry in shop.product.iterdir()])
            (shop.product / "debris").touch()
            if len(seen) == 1:
                shop.run(["sh", "-c", "echo flaky network; exit 3"], doing="downloading")
            build_well(shop)

        ready(broken_once)

        assert seen == [[], []]
        assert "flaky network" in capsys.readouterr().err

    def test_a_build_that_breaks_twice_names_its_log_and_shows_its_end(self, caches: Path) -> None:
        attempts: list[Build] = []

        def broken(shop: Build) -> None:
            attempts.append(shop)
            shop.run(["sh", "-c", "seq 1 500; echo out of luck; exit 3"], doing="compiling")

        with pytest.raises(CommandError) as caught:
            ready(broken)

        log = caches / "tool-1.log"
        message = str(caught.value)
        assert len(attempts) == 2
        assert message.startswith(f"compiling failed (exit status 3); the last lines of {log}:")
        assert message.endswith("500\n    out of luck")
        assert "\n    480\n" not in message
        assert "\n17\n" in log.read_text()
        assert {entry.name for entry in caches.iterdir()} == {"lock", "tool-1.log"}

    def test_what_a_second_try_cannot_repair_is_not_tried_twice(self) -> None:
        attempts: list[Build] = []

        def hopeless(shop: Build) -> None:
            attempts.append(shop)
            message = "no compiler"
            raise ToolchainError(message)

        with pytest.raises(ToolchainError, match="no compiler"):
            ready(hopeless)
        assert len(attempts) == 1

    def test_a_command_that_hangs_is_ended(self) -> None:
        begin = time.monotonic()

        def hanging(shop: Build) -> None:
            shop.run(["sleep", "60"], doing="downloading", limit=0.05)

        with pytest.raises(CommandError, match="downloading took longer than 0 s"):
            ready(hanging)
        assert time.monotonic() - begin < 10

    def test_a_program_that_is_not_there_is_named(self) -> None:
        def misspelt(shop: Build) -> None:
            shop.run(["no-such-program"], doing="compiling")

        with pytest.raises(CommandError, match="compiling failed: no-such-program cannot be start"):
            ready(misspelt)

    def test_a_cache_that_cannot_be_written_is_named_with_the_remedy(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "file").touch()
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))

        with pytest.raises(ToolchainError, match=r"file/cross.*Not a directory.*XDG_CACHE_HOME"):
            ready(build_well)


class TestCacheFolder:
    def test_without_xdg_it_is_in_the_home_folder(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("XDG_CACHE_HOME")
        monkeypatch.setenv("HOME", "/home/ada")
        monkeypatch.setattr("sys.platform", "linux")
        assert cache_folder() == Path("/home/ada/.cache/cross-account-access")
        monkeypatch.setattr("sys.platform", "darwin")
        assert cache_folder() == Path("/home/ada/Library/Caches/cross-account-access")

    def test_a_relative_xdg_folder_is_ignored(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("XDG_CACHE_HOME", "caches")
        monkeypatch.setenv("HOME", "/home/ada")
        assert cache_folder().is_relative_to("/home/ada")

    @pytest.mark.parametrize("home", [None, ""])
    def test_without_home_the_user_database_decides(
        self, home: str | None, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("XDG_CACHE_HOME")
        monkeypatch.delenv("HOME", raising=False)
        if home is not None:
            monkeypatch.setenv("HOME", home)
        assert cache_folder().is_relative_to(pwd.getpwuid(os.getuid()).pw_dir)

    def test_without_any_home_the_remedy_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def unknown(user: int) -> NoReturn:
            raise KeyError(user)

        monkeypatch.delenv("XDG_CACHE_HOME")
        monkeypatch.delenv("HOME", raising=False)
        monkeypatch.setattr("pwd.getpwuid", unknown)
        with pytest.raises(ToolchainError, match="no home folder; set XDG_CACHE_HOME"):
            cache_folder()
        monkeypatch.setenv("HOME", "somewhere")
        with pytest.raises(ToolchainError, match="no home folder; set XDG_CACHE_HOME"):
            cache_folder()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class TestProgress:
    @pytest.fixture
    def clock(self, monkeypatch: pytest.MonkeyPatch) -> list[float]:
        now = [1000.0]
        monkeypatch.setattr("time.monotonic", lambda: now[0])
        return now

    def test_a_pipe_gets_a_line_at_once_and_then_one_every_twenty_seconds(
        self, clock: list[float]
    ) -> None:
        stream = io.StringIO()
        shown = progress.Progress("tool-1", stream)
        for _ in range(410):
            shown.show("compiling")
            clock[0] += 0.1

        assert stream.getvalue().splitlines() == [
            "tool-1, 0 s: compiling",
            "tool-1, 20 s: compiling",
            "tool-1, 40 s: compiling",
        ]

    def test_a_terminal_gets_one_line_that_is_redrawn_and_never_wraps(
        self, clock: list[float], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("COLUMNS", "40")
        stream = Terminal()
        shown = progress.Progress("tool-1", stream)
        for doing, detail in (
            ("compiling", "example.com/a/long/name/of/a/package"),
            ("compiling", "some words of which not all fit"),
            ("compiling", "short"),
            ("compiling " + "x" * 100, "detail"),
        ):
            shown.show(doing, detail)
            clock[0] += 1
        shown.done()

        *drawn, last = stream.getvalue().split("\r\x1b[K")[1:]
        assert drawn[:3] == [
            "tool-1, 0 s: compiling: \N{HORIZONTAL ELLIPSIS}/of/a/package",
            "tool-1, 1 s: compiling: some words of\N{HORIZONTAL ELLIPSIS}",
            "tool-1, 2 s: compiling: short",
        ]
        assert len(drawn) == 4
        assert all(len(line) < 40 and "\n" not in line for line in drawn)
        assert last == "tool-1: ready after 4 s\n"

    def test_work_that_says_nothing_is_told_all_the_same(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(progress, "PLAIN_SECONDS", 0.0)
        monkeypatch.setattr(progress, "POLL_SECONDS", 0.001)
        stream = io.StringIO()

        with progress.Progress("tool-1", stream).during("removing"):
            until(lambda: stream.getvalue().count(": removing\n") > 2)

    def test_a_pipe_gets_whole_names(self) -> None:
        stream, name = io.StringIO(), "example.com/" + "x" * 100
        progress.Progress("tool-1", stream).show("compiling", name)
        assert stream.getvalue() == f"tool-1, 0 s: compiling: {name}\n"

    def test_what_the_command_says_is_told_meanwhile(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(progress, "PLAIN_SECONDS", 0.0)

        def talking(shop: Build) -> None:
            shop.run(["sh", "-c", "echo fetching alpha; sleep 0.2"], doing="downloading")
            build_well(shop)

        ready(talking)

        assert " s: downloading: fetching alpha\n" in capsys.readouterr().err
