"""The workflows for GitHub Actions, by the linter that knows GitHub's own grammar."""

import subprocess
from pathlib import Path

import pytest

from cross_account_access.dev.toolchain.workflow_linter import COMMAND, actionlint
from tests.support.deployment import ROOT

WORKFLOWS = sorted((ROOT / "examples" / "github-actions").glob("*.yml"))


@pytest.fixture(scope="module")
def linter() -> Path:
    return actionlint() / COMMAND


def checked(linter: Path, path: Path) -> subprocess.CompletedProcess[str]:
    # Alone, as in somebody's `.github/workflows`, and without the checkers that may be on PATH.
    command: list[str | Path] = [linter, "-no-color", "-shellcheck=", "-pyflakes=", path]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_has_no_problem(linter: Path, path: Path) -> None:
    ran = checked(linter, path)
    assert (ran.returncode, ran.stdout) == (0, "")


def test_a_broken_workflow_has_one(linter: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.yml"
    broken.write_text(WORKFLOWS[0].read_text().replace("timeout-minutes", "timeout-minute", 1))
    assert 'unexpected key "timeout-minute"' in checked(linter, broken).stdout
