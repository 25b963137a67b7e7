"""A person at a terminal, who types what the docs print."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from cross_account_access.dev.sandbox.box import Sandbox
from tests.support.deployment import ACCESS
from tests.support.printed import printed
from tests.support.program import SECONDS, Program, Ran


def typed(program: Program, command: str, **environment: str) -> Ran:
    """Runs a command as at a terminal, and says yes to what it asks."""
    ours, theirs = pty.openpty()
    os.write(ours, b"y\n" * 3)
    path = f"{Path(ACCESS).parent}{os.pathsep}{program.environment['PATH']}"
    try:
        ran = subprocess.run(
            ["sh", "-c", command],
            cwd=program.folder,
            env={
                **program.environment,
                "PATH": path,
                "BROWSER": "true",
                "GITHUB_STEP_SUMMARY": "summary.md",
                "PULUMI_SKIP_CONFIRMATIONS": "true",
                **environment,
            },
            stdin=theirs,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    finally:
        os.close(ours)
        os.close(theirs)
    return Ran(ran.returncode, ran.stdout)


def deployed_as_in_readme(program: Program) -> list[str]:
    """Types what README prints to deploy and to make the user's key; says what that was."""
    commands = [
        command
        for command in sorted(printed("README.md"), key=lambda each: not each.startswith("pulumi"))
        if command.startswith(("pulumi", "aws iam"))
    ]
    for command in commands:
        ran = typed(program, command)
        assert ran.status == 0, ran.output
    return commands


def own_files(box: Sandbox, home: Path) -> Mapping[str, str]:
    """The environment of the sandbox with AWS files that may change."""
    own = {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache")}
    for variable in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        own[variable] = str(home / variable.lower())
        shutil.copy2(box.environment[variable], own[variable])
    return {**box.environment, **own}
