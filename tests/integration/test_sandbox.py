"""The sandbox's command, typed in a checkout by somebody who looks what it has left."""

import os
import subprocess
import sys
from pathlib import Path

from cross_account_access.dev import toolchain
from cross_account_access.dev.demo.folder import copy_program

TYPED = """
set -eu
pulumi stack init prod --non-interactive
pulumi up --yes --skip-preview --non-interactive
pulumi config set trust_policy_limit 2048
key=$(aws iam create-access-key --user-name StageAdmin --profile StagingAccountAdmin \
    --query 'AccessKey.[AccessKeyId, SecretAccessKey]' --output text)
set -- $key
aws configure set aws_access_key_id $1 --profile StageAdmin
aws configure set aws_secret_access_key $2 --profile StageAdmin
aws configure set region us-west-2 --profile StageAdmin
access profile --stack prod --install --yes --process
echo evening > evening.txt
aws s3api put-object --bucket production-test-bucket-101 --key a --body evening.txt \
    --profile ProductionAccountAdmin
aws s3api get-object --bucket production-test-bucket-101 --key a copy.txt --profile StageRole
ls "$XDG_CACHE_HOME/cross-account-access/role-sessions"
"""


def test_leaves_the_checkout_and_the_home_as_they_were(tmp_path: Path) -> None:
    checkout, home, state = (tmp_path / name for name in ("checkout", "home", "state"))
    copy_program(checkout)
    (checkout / ".gitignore").write_text(".venv\n__pycache__\n")
    home.mkdir()
    _git(checkout, "init", "--quiet")
    _git(checkout, "add", ".")
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AWS_", "PULUMI_", "XDG_", "SANDBOX_"))
    }
    environment = {
        **inherited,
        "HOME": str(home),
        toolchain.FOLDER_VARIABLE: str(toolchain.cache_folder()),
    }

    command = [sys.executable, "-m", "cross_account_access.dev.sandbox", "run"]
    ran = subprocess.run(
        [*command, "--state", state, "--", "sh", "-c", TYPED],
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.rstrip().endswith(".lock"), "the session of the role was not kept"
    assert _git(checkout, "diff", "--name-only") == ""
    assert _git(checkout, "ls-files", "--others", "--exclude-standard") == ""
    assert list(home.iterdir()) == []
    kept = (state / "project" / "Pulumi.prod.yaml").read_text()
    assert "encryptionsalt:" in kept
    assert "cross-account-access:trust_policy_limit:" in kept


def test_an_example_is_up_when_the_shell_begins(tmp_path: Path) -> None:
    shell = tmp_path / "shell"
    shell.write_text("#!/bin/sh\nexec pulumi preview --expect-no-changes --non-interactive\n")
    shell.chmod(0o755)
    ran = subprocess.run(
        [sys.executable, "-m", "cross_account_access.dev.sandbox", "try", "kms"],
        cwd=tmp_path,
        env={**os.environ, "SHELL": str(shell)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "aws:kms:Key" in ran.stdout


def _git(checkout: Path, *words: str) -> str:
    return subprocess.run(
        ["git", *words], cwd=checkout, capture_output=True, text=True, check=True
    ).stdout
