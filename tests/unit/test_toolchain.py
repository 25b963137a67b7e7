"""Set-up: what it promises to a person on a fresh, busy, broken or offline machine."""

import http.server
import io
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path
from typing import NoReturn

import pytest

from cross_account_access.dev import toolchain
from cross_account_access.dev.toolchain import (
    aws_command,
    building,
    go_modules,
    progress,
    pulumi_cli,
    yaml_language,
)
from cross_account_access.dev.toolchain.__main__ import main
from cross_account_access.dev.toolchain.building import Build
from cross_account_access.dev.toolchain.cache import Tool, cache_folder, ensure
from cross_account_access.dev.toolchain.errors import CommandError, ToolchainError

ROOT = Path(__file__).parents[2]
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


@pytest.fixture(autouse=True)
def caches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    monkeypatch.setattr(building, "POLL_SECONDS", 0.01)
    return tmp_path / "caches" / "cross-account-access"


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH beside the system's; holds no pulumi and no go."""
    folder = tmp_path / "commands"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin")
    assert shutil.which("pulumi") is None
    assert shutil.which("go") is None
    return folder


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """The official installer does not answer."""
    monkeypatch.setattr(pulumi_cli, "INSTALLER", "http://127.0.0.1:9/install.sh")


@pytest.fixture
def installer(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The official installer answers."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_address[1]}/install.sh"
        monkeypatch.setattr(pulumi_cli, "INSTALLER", url)
        yield
        server.shutdown()
        thread.join()


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
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


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

        said = second.stderr.readline()
        go_on.touch()
        second.communicate()
        killed.communicate()

        assert "waiting for another set-up" in said
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
        for _ in range(3):
            shown.show("compiling " + "x" * 100)
            clock[0] += 1
        shown.done()

        *drawn, last = stream.getvalue().split("\r\x1b[K")[1:]
        assert len(drawn) == 3
        assert all(len(line) < 40 and "\n" not in line for line in drawn)
        assert last == "tool-1: ready after 3 s\n"

    def test_what_the_command_says_is_told_meanwhile(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(progress, "PLAIN_SECONDS", 0.0)

        def talking(shop: Build) -> None:
            shop.run(["sh", "-c", "echo fetching alpha; sleep 0.2"], doing="downloading")
            build_well(shop)

        ready(talking)

        assert " s: downloading: fetching alpha\n" in capsys.readouterr().err


class TestPulumi:
    def test_a_recent_pulumi_on_path_is_taken(self, commands: Path, caches: Path) -> None:
        script(commands / "pulumi", f"echo {NEWER}")
        script(commands / "pulumi-language-python", "")

        assert toolchain.pulumi() == commands
        assert not caches.exists()

    def test_its_language_host_may_be_elsewhere_on_path(
        self, commands: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        script(commands / "pulumi", f"echo {NEWER}")
        (tmp_path / "hosts").mkdir()
        script(tmp_path / "hosts" / "pulumi-language-python", "")
        monkeypatch.setenv("PATH", f"{os.environ['PATH']}{os.pathsep}{tmp_path / 'hosts'}")

        assert toolchain.pulumi() == commands

    @pytest.mark.parametrize(
        ("answer", "host", "reason"),
        [
            ("echo v3.271.9", True, r"pulumi is v3\.271\.9, the SDK needs 3\.\d+\.\d+"),
            ("echo v4.0.0", True, r"pulumi is v4\.0\.0, the SDK needs"),
            ("echo a riddle", True, "pulumi is a riddle, the SDK needs"),
            ("exit 1", True, "pulumi does not tell its version"),
            ("exec sleep 60", True, "pulumi does not tell its version"),
            (f"echo {NEWER}", False, "pulumi has no pulumi-language-python beside it or on PATH"),
        ],
    )
    @pytest.mark.usefixtures("offline")
    def test_an_unsuitable_one_on_path_is_passed_over_with_the_reason(
        self,
        answer: str,
        host: bool,
        reason: str,
        commands: Path,
        caches: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.setattr(pulumi_cli, "ANSWER_SECONDS", 2.0)
        script(commands / "pulumi", answer)
        if host:
            script(commands / "pulumi-language-python", "")
        go(commands)

        assert toolchain.pulumi() == caches / f"pulumi-{pulumi_cli.VERSION}" / "bin"
        assert re.search(reason, capsys.readouterr().err)

    @pytest.mark.usefixtures("installer")
    def test_the_official_download_comes_before_a_build(
        self, commands: Path, caches: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        notes = go(commands)
        monkeypatch.setattr(
            pulumi_cli,
            "INSTALL",
            """\
import pathlib, sys
folder = pathlib.Path(sys.argv[1]) / "bin"
folder.mkdir()
(folder / "pulumi").touch(0o755)
(folder / "pulumi-language-python").touch(0o755)
(folder / "version").write_text(sys.argv[2])
""",
        )

        folder = toolchain.pulumi()

        assert folder == caches / f"pulumi-{pulumi_cli.VERSION}" / "bin"
        assert (folder / "version").read_text() == pulumi_cli.VERSION
        assert not notes.exists()

    @pytest.mark.usefixtures("installer")
    def test_a_download_that_breaks_off_leaves_nothing_in_what_is_built(
        self, commands: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        go(commands)
        broken = "import pathlib, sys; pathlib.Path(sys.argv[1], 'half').touch(); sys.exit('reset')"
        monkeypatch.setattr(pulumi_cli, "INSTALL", broken)

        folder = toolchain.pulumi()

        assert [entry.name for entry in folder.parent.iterdir()] == ["bin"]
        assert "no official download (reset); building from Go modules" in capsys.readouterr().err

    @pytest.mark.usefixtures("offline")
    def test_a_build_from_modules_yields_the_whole_trio_and_removes_its_caches(
        self, commands: Path, caches: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        notes = go(commands)
        monkeypatch.setenv("GOFLAGS", "-insecure-by-choice")

        folder = toolchain.pulumi()

        assert sorted(entry.name for entry in folder.iterdir()) == [
            "pulumi",
            "pulumi-language-python",
            "pulumi-language-python-exec",
        ]
        assert all(os.access(entry, os.X_OK) for entry in folder.iterdir())
        assert not list(caches.glob("*.unfinished"))
        calls = notes.read_text().splitlines()
        assert all(call.startswith(str(caches)) for call in calls)
        assert all(" 0 -insecure-by-choice " in call for call in calls)
        engine, host = (call for call in calls if " build " in call)
        assert f"common/version.Version={pulumi_cli.VERSION} " in engine
        assert engine.endswith("/pkg/v3/cmd/pulumi")
        assert host.endswith("/sdk/v3/python/cmd/pulumi-language-python")

    @pytest.mark.usefixtures("offline")
    def test_once_built_neither_network_nor_go_is_needed(
        self, commands: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        go(commands)
        folder = toolchain.pulumi()
        (commands / "go").unlink()
        monkeypatch.delattr(subprocess, "Popen")

        assert toolchain.pulumi() == folder
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
        assert toolchain.pulumi() == folder

    @pytest.mark.usefixtures("offline")
    def test_our_own_on_path_is_made_again_when_it_is_broken(
        self, commands: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        go(commands)
        folder = toolchain.pulumi()
        monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
        (folder / "pulumi-language-python").unlink()

        assert toolchain.pulumi() == folder
        assert (folder / "pulumi-language-python").exists()

    @pytest.mark.usefixtures("offline", "commands")
    def test_without_network_and_go_the_remedies_are_told(self) -> None:
        expected = (
            r"can be neither downloaded nor built: no go on PATH; connect to the internet, or "
            r"install Go 1\.\d+\.\d+ or later, or put a pulumi of at least 3\.\d+\.\d+ on PATH"
        )
        with pytest.raises(ToolchainError, match=expected):
            toolchain.pulumi()

    @pytest.mark.usefixtures("offline")
    @pytest.mark.parametrize("version", ["go1.18.4", "go1.26.5"])
    def test_a_go_that_is_too_old_is_told_before_anything_is_built(
        self, version: str, commands: Path
    ) -> None:
        notes = go(commands, version)
        with pytest.raises(ToolchainError, match=f"{version}, which is too old; .*install Go 1"):
            toolchain.pulumi()
        assert " build " not in notes.read_text()

    @pytest.mark.usefixtures("offline")
    def test_a_go_that_refuses_says_why(self, commands: Path) -> None:
        script(commands / "go", "echo 'go.mod requires go >= 1.26.6' >&2; exit 1")
        with pytest.raises(
            ToolchainError, match=r"the go on PATH; .*\(go\.mod requires go >= 1\.26\.6\)$"
        ):
            toolchain.pulumi()

    @pytest.mark.usefixtures("offline")
    def test_too_small_a_disk_is_told_before_anything_is_built(
        self, commands: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        notes = go(commands)
        monkeypatch.setattr(pulumi_cli, "BUILD_BYTES", 10**18)
        with pytest.raises(ToolchainError, match=r"needs \d+ GB .* GB free; .*XDG_CACHE_HOME"):
            toolchain.pulumi()
        assert " build " not in notes.read_text()

    def test_the_version_is_the_same_wherever_it_is_written(self) -> None:
        wrapper = (go_modules.MODULES / "pulumi-cli" / "go.mod").read_text()
        assert f"require {pulumi_cli.ENGINE_MODULE} v{pulumi_cli.VERSION}\n" in wrapper


class TestYamlHost:
    HOST = "pulumi-language-yaml"

    def test_the_one_beside_pulumi_or_on_path_is_used(
        self, commands: Path, caches: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        script(commands / "pulumi", f"echo {NEWER}")
        script(commands / "pulumi-language-python", "")
        (tmp_path / "hosts").mkdir()
        script(tmp_path / "hosts" / self.HOST, "")
        monkeypatch.setenv("PATH", f"{os.environ['PATH']}{os.pathsep}{tmp_path / 'hosts'}")

        assert toolchain.yaml_host() == tmp_path / "hosts"
        script(commands / self.HOST, "")
        assert toolchain.yaml_host() == commands
        assert not caches.exists()

    @pytest.mark.usefixtures("offline")
    def test_it_is_built_once_and_pulumi_is_not_built_again_for_it(
        self, commands: Path, caches: Path
    ) -> None:
        notes = go(commands)
        pulumi = toolchain.pulumi()
        notes.write_text("")

        folder = toolchain.yaml_host()

        assert [entry.name for entry in folder.iterdir()] == [self.HOST]
        assert folder == caches / f"{self.HOST}-{yaml_language.VERSION}" / "bin"
        assert not list(caches.glob("*.unfinished"))
        (build,) = [call for call in notes.read_text().splitlines() if " build " in call]
        assert build.endswith(f"github.com/pulumi/pulumi-yaml/cmd/{self.HOST}")
        (commands / "go").unlink()
        assert toolchain.yaml_host() == folder
        assert toolchain.pulumi() == pulumi

    @pytest.mark.usefixtures("commands")
    def test_without_go_the_remedy_is_told(self) -> None:
        expected = f"{self.HOST} .* neither downloaded nor built: no go .* official Pulumi"
        with pytest.raises(ToolchainError, match=expected):
            toolchain.yaml_host()

    def test_the_version_is_the_same_wherever_it_is_written(self) -> None:
        wrapper = (go_modules.MODULES / self.HOST / "go.mod").read_text()
        assert f"require {yaml_language.MODULE} v{yaml_language.VERSION}\n" in wrapper

    def test_it_is_made_ready_only_where_it_is_named(
        self, commands: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        script(commands / self.HOST, "")
        assert main(["path", "yaml"]) == 0
        assert capsys.readouterr().out == f"{commands}\n"
        (commands / self.HOST).unlink()
        assert main(["path", "yaml"]) == 1
        assert main(["path"]) == 1
        told = capsys.readouterr().err.splitlines()
        assert told[0].startswith("toolchain: yaml not ready")
        assert told[1].startswith("toolchain: pulumi and aws not ready")


class TestAwsCli:
    @pytest.fixture(autouse=True)
    def _no_packages(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """An environment whose Python tells its arguments."""

        def run(_: Build, command: list[str | Path], **__: object) -> str:
            if "venv" in command:
                python = Path(command[-1]) / "bin" / "python"
                python.parent.mkdir(parents=True)
                script(python, "printf '<%s>' \"$@\"")
            return ""

        monkeypatch.setattr(Build, "run", run)

    def test_its_folder_holds_the_command_alone(self) -> None:
        assert [entry.name for entry in toolchain.aws_cli().iterdir()] == ["aws"]

    def test_the_command_passes_its_words_on_also_when_the_cache_was_moved(
        self, tmp_path: Path
    ) -> None:
        moved = tmp_path / "a cache"
        toolchain.aws_cli().parent.rename(moved)
        words = ["s3api", "head-object", "--key", "two words"]

        answer = subprocess.check_output([moved / "bin" / "aws", *words], text=True)

        assert answer == "<-I><-m><awscli><s3api><head-object><--key><two words>"

    def test_other_pins_are_another_tool(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first = toolchain.aws_cli()
        pins = tmp_path / "requirements.txt"
        pins.write_text("awscli==1.0.0")
        monkeypatch.setattr(aws_command, "REQUIREMENTS", pins)

        assert toolchain.aws_cli() != first

    def test_an_environment_whose_python_is_gone_is_made_again(self) -> None:
        python = toolchain.aws_cli().parent / "environment" / "bin" / "python"
        python.unlink()
        python.symlink_to("/no/such/python3.11")

        toolchain.aws_cli()

        assert os.access(python, os.X_OK)


class TestCommand:
    @pytest.mark.usefixtures("offline")
    def test_ensure_tells_where_each_program_is(
        self, commands: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        go(commands)
        assert main(["ensure", "pulumi"]) == 0
        assert capsys.readouterr().out == f"pulumi: {toolchain.pulumi()}\n"

    def test_path_makes_nothing(
        self, commands: Path, caches: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        script(commands / "pulumi", f"echo {NEWER}")
        script(commands / "pulumi-language-python", "")

        assert main(["path", "pulumi"]) == 0
        assert capsys.readouterr().out == f"{commands}\n"
        assert main(["path"]) == 1
        assert "aws not ready; run `access-toolchain ensure`" in capsys.readouterr().err
        assert not caches.exists()

    @pytest.mark.usefixtures("offline", "commands")
    def test_an_error_is_told_without_a_traceback(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["ensure", "pulumi"]) == 1
        assert capsys.readouterr().err.splitlines()[-1].startswith("toolchain: pulumi 3.")

    def test_a_python_without_the_sdk_is_told_how_to_get_it(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        def absent(name: str) -> NoReturn:
            raise metadata.PackageNotFoundError(name)

        monkeypatch.setattr(metadata, "version", absent)

        assert main(["ensure", "pulumi"]) == 1
        assert "has no pulumi package; run `make setup`" in capsys.readouterr().err

    def test_an_unknown_program_is_a_usage_error(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit, match="2"):
            main(["ensure", "terraform"])
        assert "unknown program 'terraform'; known are pulumi, aws, yaml" in capsys.readouterr().err

    def test_help_names_the_cache(self, caches: Path, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit, match="0"):
            main(["--help"])
        assert str(caches) in capsys.readouterr().out


def pins(name: str) -> dict[str, str]:
    text = (ROOT / name).read_text()
    return dict(re.findall(r"^([a-z0-9-]+)==([^\s;]+)", text, re.MULTILINE))


class TestPins:
    FILES = ("requirements.txt", "requirements-dev.txt", "requirements-awscli.txt")

    @pytest.mark.parametrize("name", FILES)
    def test_every_package_is_pinned_by_hash_and_no_registry_is_named(self, name: str) -> None:
        text = (ROOT / name).read_text()
        blocks = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
        assert blocks
        assert all(re.match(r"[a-z0-9-]+==.*\n    --hash=sha256:", block) for block in blocks)
        assert "://" not in text

    def test_the_tests_run_on_the_versions_of_the_program(self) -> None:
        program, tests = pins("requirements.txt"), pins("requirements-dev.txt")
        shared = program.keys() & tests.keys()
        assert "botocore" in shared
        assert {name: tests[name] for name in shared} == {name: program[name] for name in shared}

    def test_the_program_brings_no_tool_of_development(self) -> None:
        assert not pins("requirements.txt").keys() & {"pytest", "mypy", "ruff", "moto", "ministack"}


class TestMakefile:
    @pytest.fixture
    def checkout(self, tmp_path: Path) -> Path:
        folder = tmp_path / "checkout"
        (folder / ".ci").mkdir(parents=True)
        for name in (
            *("Makefile", ".ci/run", "pyproject.toml"),
            *("requirements.txt", "requirements-dev.txt"),
        ):
            shutil.copy(ROOT / name, folder / name)
        return folder

    def make(self, checkout: Path, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["make", *words],
            cwd=checkout,
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=False,
        )

    def test_make_alone_lists_every_command(self, checkout: Path) -> None:
        listed = re.findall(r"^  make ([a-z]+) +\S", self.make(checkout).stdout, re.MULTILINE)
        (phony,) = re.findall(r"^\.PHONY: (.*)$", (checkout / "Makefile").read_text(), re.MULTILINE)
        assert listed == phony.split()

    def test_too_old_a_python_is_refused_with_the_remedy(self, checkout: Path) -> None:
        old = script(checkout / "python3.9", "exit 1")
        answer = self.make(checkout, f"PYTHON={old}", "setup")
        assert answer.returncode != 0
        assert answer.stdout == ""
        assert f"No Python of 3.11 or later with its venv module (tried: {old})" in answer.stderr
        assert "make PYTHON=" in answer.stderr
        assert not (checkout / ".venv").exists()

    def test_an_environment_is_made_once_and_again_when_its_pins_change(
        self, checkout: Path
    ) -> None:
        # Stands for Python and for the environment that it makes; notes each installation.
        python = script(
            checkout / "python3.11",
            """
            case "$*" in
            *venv*) mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
            *require-hashes*) echo "$*" >> installed ;;
            esac""",
        )
        setup = (f"PYTHON={python}", "setup")
        installed = checkout / "installed"

        self.make(checkout, *setup)
        self.make(checkout, *setup)
        (first,) = installed.read_text().splitlines()
        assert "--require-hashes -r requirements.txt -r requirements-dev.txt" in first

        os.utime(checkout / ".venv" / ".installed", (0, 0))
        self.make(checkout, *setup)
        assert len(installed.read_text().splitlines()) == 2

        (checkout / ".venv" / "bin" / "python").unlink()
        self.make(checkout, *setup)
        assert len(installed.read_text().splitlines()) == 3

    def test_an_environment_that_is_a_link_is_left_to_those_whose_it_is(
        self, checkout: Path, tmp_path: Path
    ) -> None:
        other = tmp_path / "environment of another checkout"
        other.mkdir()
        (other / "package").touch()
        (checkout / ".venv").symlink_to(other)
        # Stands for Python; `venv --clear` empties what is there, also behind a link.
        python = script(
            checkout / "python3.11",
            """
            case "$*" in
            *venv*) mkdir -p .venv/bin && rm -rf .venv/* && mkdir .venv/bin
                    cp "$0" .venv/bin/python ;;
            esac""",
        )

        assert self.make(checkout, f"PYTHON={python}", "setup").returncode == 0

        assert (other / "package").exists()
        assert not (checkout / ".venv").is_symlink()

    def test_ci_runs_make_test_in_the_checkout(self, checkout: Path, commands: Path) -> None:
        script(commands / "make", 'echo "$PWD $*"')
        answer = subprocess.check_output(["bash", checkout / ".ci" / "run"], cwd="/", text=True)
        assert answer == f"{checkout} test\n"
