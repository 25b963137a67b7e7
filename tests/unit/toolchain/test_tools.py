"""Pulumi, its YAML language and the AWS CLI: found, installed or built."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from cross_account_access.dev import toolchain
from cross_account_access.dev.toolchain import (
    aws_command,
    go_modules,
    pulumi_cli,
    workflow_linter,
    yaml_language,
)
from cross_account_access.dev.toolchain.__main__ import main
from cross_account_access.dev.toolchain.building import Build
from cross_account_access.dev.toolchain.errors import ToolchainError
from tests.unit.toolchain.support import NEWER, go, script

HOST_PYTHON = go_modules.MODULES / "pulumi-language-python" / "python"


def environment(folder: Path, name: str) -> None:
    """One whose Python tells the name and what it is asked."""
    (folder / "bin").mkdir(parents=True)
    script(folder / "bin" / "python", f'echo "{name}: $*"')


def tool(caches: Path) -> Path:
    (folder,) = caches.glob(f"pulumi-{pulumi_cli.VERSION}*/")
    return folder


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
        monkeypatch.setattr(pulumi_cli, "ANSWER_SECONDS", 0.5 if "sleep" in answer else 20.0)
        script(commands / "pulumi", answer)
        if host:
            script(commands / "pulumi-language-python", "")
        go(commands)

        assert toolchain.pulumi() == tool(caches) / "bin"
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

        assert folder == tool(caches) / "bin"
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

        assert not (folder.parent / "half").exists()
        assert "no official download (reset); building from Go modules" in capsys.readouterr().err

    @pytest.mark.usefixtures("offline")
    def test_a_build_from_modules_yields_the_whole_trio_and_removes_its_caches(
        self, commands: Path, caches: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        notes = go(commands)
        monkeypatch.setenv("GOFLAGS", "-insecure-by-choice")

        folder = toolchain.pulumi()

        made = sorted(str(entry.relative_to(folder.parent)) for entry in folder.parent.glob("*/*"))
        assert made == [
            "bin/pulumi",
            "bin/pulumi-language-python",
            "host/environment",
            "host/package-add",
            "host/pulumi-language-python",
            "host/pulumi-language-python-exec",
        ]
        assert all(os.access(folder.parent / entry, os.X_OK) for entry in made)
        assert not list(caches.glob("*.unfinished"))
        calls = notes.read_text().splitlines()
        assert all(call.startswith(str(caches)) for call in calls)
        assert all(" 0 -insecure-by-choice " in call for call in calls)
        engine, host, package_add = (call for call in calls if " build " in call)
        assert f"common/version.Version={pulumi_cli.VERSION} " in engine
        assert engine.endswith("/pkg/v3/cmd/pulumi")
        assert host.split()[0].endswith("/pulumi-language-python")
        assert host.endswith("/host/pulumi-language-python .")
        assert package_add.endswith("/host/package-add ./package-add")

    @pytest.mark.usefixtures("offline")
    def test_its_language_host_gets_an_environment_that_finds_that_of_the_project(
        self, commands: Path, tmp_path: Path
    ) -> None:
        go(commands)
        host = toolchain.pulumi() / "pulumi-language-python"
        script(
            host.parents[1] / "host" / host.name,
            """
            case "$1" in -virtualenv=*) "${1#-virtualenv=}/bin/python" -V ;; esac
            "$PULUMI_PYTHON_CMD" -V
            echo "$2" """,
        )
        environment(tmp_path / ".venv", ".venv")
        (tmp_path / "Pulumi.yaml").write_text("runtime: {options: {virtualenv: .venv}}\n")

        told = subprocess.check_output([host, "127.0.0.1:1"], cwd=tmp_path, text=True)
        assert told.splitlines() == [".venv: -V", ".venv: -V", "127.0.0.1:1"]

    @pytest.mark.parametrize(
        ("project", "used"),
        [
            ("runtime:\n  name: python\n  options:\n    virtualenv: .venv\n", ".venv"),
            ('runtime:\n  options:\n    virtualenv: "my venv" # here\n', "my venv"),
            ("runtime: {name: python, options: {virtualenv: ../outside}}\n", "../outside"),
            ("runtime: python\n# virtualenv: .venv\n", "python3 on PATH"),
            (None, "python3 on PATH"),
        ],
    )
    def test_the_environment_is_that_of_the_project_wherever_in_it_one_is(
        self, commands: Path, tmp_path: Path, project: str | None, used: str
    ) -> None:
        folder = tmp_path / "project" / "sub folder"
        folder.mkdir(parents=True)
        script(commands / "python3", 'echo "python3 on PATH: $*"')
        for name in (".venv", "my venv", "../outside"):
            environment(folder.parent / name, name)
        if project is not None:
            (folder.parent / "Pulumi.yaml").write_text(project)

        told = subprocess.check_output([HOST_PYTHON, "program"], cwd=folder, text=True)
        assert told == f"{used}: program\n"

    def test_an_environment_that_is_not_there_is_made_by_an_installation_only(
        self, commands: Path, tmp_path: Path
    ) -> None:
        script(
            commands / "python3",
            'mkdir -p "$3/bin"; printf "#!/bin/sh\\necho made: \\$*" > "$3/bin/python"; '
            'chmod +x "$3/bin/python"',
        )
        (tmp_path / "Pulumi.yaml").write_text("runtime: {options: {virtualenv: .venv}}\n")

        def ran(*words: str) -> subprocess.CompletedProcess[str]:
            command = [str(HOST_PYTHON), *words]
            return subprocess.run(
                command, cwd=tmp_path, capture_output=True, text=True, check=False
            )

        refused = ran("program")
        assert refused.returncode == 1
        assert "/.venv, which is not there: run pulumi install" in refused.stderr
        # The host makes one where it was told that there is one.
        assert ran("-m", "venv", "anywhere").returncode == 0
        assert [path.name for path in tmp_path.glob("*venv*")] == []
        assert ran("-m", "pip", "install", "x").stdout == "made: -m pip install x\n"
        assert ran("program").stdout == "made: program\n"

    def test_a_package_has_the_environment_of_its_own(self, tmp_path: Path) -> None:
        package = tmp_path / "package"
        environment(package / ".venv", "the package's")
        (package / "PulumiPlugin.yaml").write_text("runtime: {options: {virtualenv: .venv}}\n")
        (tmp_path / "Pulumi.yaml").write_text(f"packages:\n  ours: {package}\n")

        for program in (str(package), ""):
            told = subprocess.check_output([HOST_PYTHON, program, "1"], cwd=tmp_path, text=True)
            assert told == f"the package's: {package} 1\n"

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
        assert folder.parent in caches.glob(f"{self.HOST}-{yaml_language.VERSION}-*")
        assert not list(caches.glob("*.unfinished"))
        (build,) = [call for call in notes.read_text().splitlines() if " build " in call]
        assert build.endswith(f"/bin/{self.HOST} .")
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


def test_the_version_of_actionlint_is_the_same_wherever_it_is_written() -> None:
    wrapper = (go_modules.MODULES / workflow_linter.COMMAND / "go.mod").read_text()
    assert f"require {workflow_linter.MODULE} v{workflow_linter.VERSION}\n" in wrapper


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
