"""`examples/ec2`: what its script does before it asks AWS, and that systemd takes its units."""

import configparser
import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "ec2"
UNITS = ("replicate-images.service", "replicate-images.timer")
SETTINGS = {"BUCKET": "images", "PREFIX": "", "PROFILE": "Replicator"}
KNOWN = {
    "Description Wants After",
    "Type ExecStart EnvironmentFile Environment TimeoutStartSec User StateDirectory",
    "StateDirectoryMode CacheDirectory CacheDirectoryMode ConfigurationDirectory UMask",
    "NoNewPrivileges ProtectSystem ProtectHome PrivateTmp PrivateDevices ProtectClock",
    "ProtectControlGroups ProtectHostname ProtectKernelLogs ProtectKernelModules",
    "ProtectKernelTunables ProtectProc CapabilityBoundingSet LockPersonality",
    "RestrictAddressFamilies RestrictNamespaces RestrictRealtime RestrictSUIDSGID",
    "SystemCallArchitectures SystemCallFilter",
    "OnBootSec OnUnitInactiveSec RandomizedDelaySec WantedBy",
}
"""Directives of systemd.unit(5), systemd.service(5), systemd.exec(5) and systemd.timer(5)."""


@pytest.fixture
def called(tmp_path: Path) -> Path:
    """Where an `aws` on the path notes its words; it fails as the test tells it to."""
    commands = tmp_path / "commands"
    commands.mkdir()
    notes = tmp_path / "called"
    aws = commands / "aws"
    aws.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > {notes}\nexit ${{FAILS:-0}}\n')
    aws.chmod(0o755)
    (tmp_path / "images").mkdir()
    return notes


def replicate(called: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    folder = called.parent
    environment = {
        "PATH": f"{folder / 'commands'}{os.pathsep}{os.environ['PATH']}",
        "DIRECTORY": str(folder / "images"),
        **SETTINGS,
        **settings,
    }
    return subprocess.run(
        [EXAMPLE / "replicate-images"], env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(("prefix", "source"), [("", "s3://images/"), ("a b/", "s3://images/a b/")])
def test_it_copies_from_the_bucket_below_the_prefix(called: Path, prefix: str, source: str) -> None:
    assert replicate(called, PREFIX=prefix).returncode == 0
    words = called.read_text().splitlines()
    assert words[:4] == ["s3", "sync", source, str(called.parent / "images")]


@pytest.mark.parametrize("status", [1, 2, 255])
def test_a_failure_of_the_copying_is_its_failure(called: Path, status: int) -> None:
    assert replicate(called, FAILS=str(status)).returncode == status


@pytest.mark.parametrize("setting", ["BUCKET", "PROFILE", "DIRECTORY"])
def test_rejects_a_missing_setting_by_name(called: Path, setting: str) -> None:
    ran = replicate(called, **{setting: ""})
    assert ran.returncode == 64
    assert f"{setting} is not set" in ran.stderr
    assert not called.exists()


def test_rejects_a_folder_that_is_not_there(called: Path) -> None:
    ran = replicate(called, DIRECTORY="/no/such/folder")
    assert ran.returncode == 64
    assert "DIRECTORY=/no/such/folder" in ran.stderr
    assert not called.exists()


def test_two_runs_do_not_copy_into_one_folder(called: Path) -> None:
    with (called.parent / "images" / ".replicate-images.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        ran = replicate(called)
    assert ran.returncode == 75
    assert "another run" in ran.stderr
    assert not called.exists()
    assert replicate(called).returncode == 0


def units(folder: Path, old: str = "", new: str = "") -> list[Path]:
    """Copies of both units, with one change, whose command is there."""
    command = folder / "command"
    command.touch(0o755)
    paths = [folder / name for name in UNITS]
    for path in paths:
        text = (
            (EXAMPLE / path.name)
            .read_text()
            .replace("/usr/local/bin/replicate-images", str(command))
        )
        path.write_text(text.replace(old, new) if old else text)
    return paths


def complaints(paths: list[Path]) -> str:
    """What systemd says of units; where there is no systemd, which directives it does not have."""
    if shutil.which("systemd-analyze"):
        ran = subprocess.run(
            ["systemd-analyze", "verify", *paths],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return ran.stdout
    known = {name for line in KNOWN for name in line.split()}
    unknown = set()
    for path in paths:
        parser = configparser.RawConfigParser(strict=False)
        parser.optionxform = str  # type: ignore[assignment,method-assign]
        parser.read(path)
        unknown |= {name for section in parser.sections() for name in parser[section]} - known
    return " ".join(sorted(unknown))


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    assert complaints(units(tmp_path)) == ""


@pytest.mark.parametrize(
    ("old", "new"),
    [("NoNewPrivileges=", "NoNewPrivilege="), ("OnUnitInactiveSec=", "OnUnitInactive=")],
)
def test_a_misspelt_directive_would_be_told(tmp_path: Path, old: str, new: str) -> None:
    assert new.removesuffix("=") in complaints(units(tmp_path, old, new))
