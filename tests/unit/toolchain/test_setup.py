"""The command of the toolchain, and the Makefile on a fresh machine."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import NoReturn

import pytest

from cross_account_access.dev import toolchain
from cross_account_access.dev.toolchain.__main__ import main
from tests.unit.toolchain.support import NEWER, ROOT, go, script, until


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
        assert (
            "unknown program 'terraform'; known are pulumi, aws, yaml, actionlint"
            in capsys.readouterr().err
        )

    def test_help_names_the_cache(self, caches: Path, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit, match="0"):
            main(["--help"])
        assert str(caches) in capsys.readouterr().out


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
        for name in ("__init__.py", "files.py", "dev/__init__.py", "dev/toolchain"):
            path = folder / "cross_account_access" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(ROOT / "cross_account_access" / name)
        return folder

    def python(self, checkout: Path, body: str) -> Path:
        """Stands for Python and for the environment that it makes; the lock is the real one's."""
        real = f'case "$*" in *toolchain.alone*) exec {shlex.quote(sys.executable)} "$@" ;; esac'
        return script(checkout / "python3.11", f"{real}\n{body}")

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
        python = self.python(
            checkout,
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

    def test_two_at_once_install_once(self, checkout: Path) -> None:
        python = self.python(
            checkout,
            """
            case "$*" in
            *venv*) [ ! -e .venv ] || exit 9
                    mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
            *require-hashes*) echo "$*" >> installed
                              while [ ! -e go ]; do sleep 0.02; done ;;
            esac""",
        )
        command = ["make", f"PYTHON={python}", ".venv/.installed"]
        with subprocess.Popen(command, cwd=checkout) as first:
            try:
                until((checkout / "installed").exists)
                with subprocess.Popen(
                    command, cwd=checkout, stderr=subprocess.PIPE, text=True
                ) as second:
                    assert second.stderr is not None
                    output = second.stderr.readline()
                    (checkout / "go").touch()
                    assert second.wait(30) == 0
            finally:
                (checkout / "go").touch()
            assert first.wait(30) == 0

        assert output == "another set-up of this folder is running; waiting for its end\n"
        assert len((checkout / "installed").read_text().splitlines()) == 1

    def test_an_environment_that_is_a_link_is_left_to_those_whose_it_is(
        self, checkout: Path, tmp_path: Path
    ) -> None:
        other = tmp_path / "environment of another checkout"
        other.mkdir()
        (other / "package").touch()
        (checkout / ".venv").symlink_to(other)
        # `venv --clear` empties what is there, also behind a link.
        python = self.python(
            checkout,
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
