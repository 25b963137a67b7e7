"""`make demo`: shows the main job on two emulated AWS accounts and checks each step."""

import argparse
import contextlib
import filecmp
import io
import json
import secrets
import shlex
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any

from cross_account_access.dev.demo.folder import CHECKOUT, copy_program
from cross_account_access.dev.demo.shell import DiffersError, Shell, cut, essential, hide
from cross_account_access.dev.sandbox import stack_files
from cross_account_access.dev.sandbox.box import Sandbox
from cross_account_access.dev.sandbox.errors import SandboxError
from cross_account_access.dev.toolchain import ToolchainError

_DESCRIPTION = """\
Shows cross-account access from nothing to healed drift: two emulated AWS
accounts, `pulumi up` of the stack prod on the real engine, the proof with the
AWS CLI (what is granted works, what is not is refused) and by `access prove`
(for every request there can be), a widening that `access diff` holds back, a
change behind Pulumi's back, found by `pulumi preview` and undone by `pulumi up`.

Nothing outside of this machine is touched, and the checkout stays as it is.
Each command is shown as one would type it, with its real output; lines of
progress that pulumi writes are left out, and counted."""

_EPILOG = """\
Colours on a terminal, plain text in a pipe; NO_COLOR is honoured.

exit status: 0 every step did what it promised, 1 one did not (two lines say
which), 2 wrong usage, 130 interrupted"""

_SIGNALLED = 128
_PRODUCTION, _STAGING = "--profile ProductionAccountAdmin", "--profile StagingAccountAdmin"
_COLLEAGUE = "StageColleague"
_ADMINISTRATOR_ACCESS = "arn:aws:iam::aws:policy/AdministratorAccess"
_PROOF_LENGTH = 3


def main(arguments: Sequence[str] | None = None) -> int:
    """Shows everything once; returns the exit status."""
    argparse.ArgumentParser(
        prog="python -m cross_account_access.dev.demo",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    ).parse_args(arguments)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _exit)
    if isinstance(sys.stdout, io.TextIOWrapper):
        # What the commands write may hold signs that the reader's encoding lacks.
        sys.stdout.reconfigure(errors="replace")
    try:
        _show()
    except (DiffersError, SandboxError, ToolchainError) as error:
        print(f"demo: {error}")
        return 1
    except KeyboardInterrupt:
        print("demo: interrupted; everything is stopped")
        return _SIGNALLED + signal.SIGINT
    return 0


def _exit(number: int, _frame: FrameType | None) -> None:
    sys.exit(_SIGNALLED + number)


def _show() -> None:
    began = time.monotonic()
    production, staging = stack_files.accounts(CHECKOUT)
    with contextlib.ExitStack() as stack:
        box = stack.enter_context(Sandbox.start(production=production, staging=staging))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="demo-"))) / "program"
        copy_program(folder)
        shell = Shell(folder, box.environment)
        stack.callback(shell.close)
        # A second Ctrl-C would leave running what the first one is stopping.
        stack.callback(signal.signal, signal.SIGINT, signal.SIG_IGN)
        shell.heading("Cross-account access, on two emulated AWS accounts of this machine")
        shell.note(f"Production {production} trusts, Staging {staging} is trusted.")
        access = _deploy(shell)
        _prepare(shell, access, folder)
        _prove(shell, access, folder)
        _refuse(shell, access)
        _decide(shell, access)
        _hold_back(shell)
        _drift(shell, access)
        _heal(shell, access)
    shell.heading(f"Done in {time.monotonic() - began:.0f} s, and everything is stopped")
    shell.note("Shown: both accounts deployed by one program; access that works as granted, is")
    shell.note("refused otherwise, and is proved; a widening held back; drift found and healed.")
    shell.note("README.md leads to two real accounts.")


class _Access:
    """The access of the first consumer who may read, as the outputs of the stack tell it."""

    def __init__(self, outputs: Mapping[str, Any]) -> None:
        proofs = {name: text.splitlines() for name, text in outputs["proofCommands"].items()}
        readers = [name for name, commands in proofs.items() if len(commands) >= _PROOF_LENGTH]
        _expect(
            bool(readers),
            "the stack prod should grant a consumer to read a bucket",
            "no consumer of Pulumi.prod.yaml may, so there is nothing to prove",
        )
        self.consumer = readers[0]
        self.user = outputs["userArns"][self.consumer].rpartition("/")[2]
        self.role = outputs["roleNames"][self.consumer]
        self.role_arn = outputs["roleArns"][self.consumer]
        # Who may write makes its object in between.
        self.assume, *_, self.head, self.get = proofs[self.consumer]
        word_after = dict(pairwise(shlex.split(self.get)))
        self.bucket, self.key = word_after["--bucket"], word_after["--key"]
        self.copy = word_after[self.key]


def _deploy(shell: Shell) -> _Access:
    shell.heading("1. One program deploys both accounts")
    shell.run("pulumi stack init prod")
    shell.run("pulumi up --yes --skip-preview", essential)
    shell.run("pulumi stack output", cut)
    access = _Access(json.loads(shell.run("pulumi stack output --json", hide)))
    shell.passed(f"{access.bucket} and {access.role} in Production, {access.user} in Staging")
    return access


def _prepare(shell: Shell, access: _Access, folder: Path) -> None:
    shell.heading("2. The administrators hand out a key and store an object")
    shell.note("Pulumi makes no access key. The second command answers `aws configure`,")
    shell.note("so that the secret goes into a profile and appears nowhere else.")
    # Not compressible to a name, a size or a date that an earlier run could have left.
    (folder / access.key).write_bytes(secrets.token_bytes(4096))
    shell.run_together(
        [
            f"aws s3api put-object --bucket {access.bucket} --key {access.key} "
            f"--body {access.key} {_PRODUCTION}",
            _new_key(access.user),
            f"aws iam create-user --user-name {_COLLEAGUE} {_STAGING}",
        ]
    )
    shell.run_together(
        [
            f"aws iam attach-user-policy --user-name {_COLLEAGUE} "
            f"--policy-arn {_ADMINISTRATOR_ACCESS} {_STAGING}",
            _new_key(_COLLEAGUE),
        ]
    )
    shell.run(
        "pulumi stack output cliProfiles --json | python3 -c "
        f"'import json, sys; print(json.load(sys.stdin)[\"{access.consumer}\"])' "
        '>> "$AWS_CONFIG_FILE"'
    )
    shell.passed(
        f"profiles {access.user} and {access.role} are ready, and one for {_COLLEAGUE}, "
        "another administrator of Staging"
    )


def _new_key(user: str) -> str:
    """The administrator's command for a consumer's access key.

    `aws configure` reads the answers to its four questions, one a line: key, secret, region,
    format. Nothing secret is printed, or is an argument that other processes could see.
    """
    return (
        f"aws iam create-access-key --user-name {user} {_STAGING} --output text --query "
        "\"AccessKey.[[AccessKeyId],[SecretAccessKey],['us-west-2'],['json']]\" "
        f"| aws configure --profile {user} >/dev/null"
    )


def _prove(shell: Shell, access: _Access, folder: Path) -> None:
    shell.heading("3. The proof: what is granted works")
    shell.note("The three commands of the stack's output proofCommands.")
    answer, *_ = shell.run_together([access.assume, access.head, access.get])
    session = answer.strip()
    sessions = access.role_arn.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/")
    _expect(
        session.startswith(f"{sessions}/"),
        f"the session should be one of {access.role_arn}",
        f"AWS says it is {session}",
    )
    shell.passed(f"{access.user} became {session}")
    _expect(
        filecmp.cmp(folder / access.key, folder / access.copy, shallow=False),
        f"{access.copy} should be what was stored as {access.key}",
        "they differ",
    )
    shell.passed(f"{access.copy} is what was stored as {access.key}, byte for byte")


def _refuse(shell: Shell, access: _Access) -> None:
    shell.heading("4. The proof: what is not granted is refused")
    as_role, as_user = f"--profile {access.role}", f"--profile {access.user}"
    stored = f"--bucket {access.bucket} --key {access.key}"
    shell.refuse_together(
        {
            "the role may read, not write": (
                f"aws s3api put-object {stored} --body {access.key} {as_role}"
            ),
            "the role may not delete": f"aws s3api delete-object {stored} {as_role}",
            f"{access.user} without the role": access.get.replace(as_role, as_user),
            f"{_COLLEAGUE} may not have the role": access.assume.replace(
                as_user, f"--profile {_COLLEAGUE}"
            ),
            "plain HTTP, even to the administrator of Production": (
                access.get.replace(as_role, _PRODUCTION)
                + ' --endpoint-url "$SANDBOX_PLAIN_HTTP_ENDPOINT"'
            ),
        }
    )


def _decide(shell: Shell, access: _Access) -> None:
    shell.heading("5. Decided for every request, not only for those that were tried")
    shell.run_together(
        ["access prove", f"access who-can s3:GetObject s3://{access.bucket}/{access.key}"]
    )
    shell.passed("whoever asks for whatever: what is declared is allowed, and nothing more")


def _hold_back(shell: Shell) -> None:
    shell.heading("6. A change that widens access is told before it is deployed")
    shell.run("cp Pulumi.prod.yaml declared.yaml")
    shell.run("pulumi config set --path 'cross-account-access:grants[0].levels[2]' write")
    told = shell.hold_back("access diff")
    _expect("s3:PutObject" in told, "access diff should tell of s3:PutObject", "it does not")
    shell.run("mv declared.yaml Pulumi.prod.yaml")
    shell.passed("with status 1, so that a pipeline stops there")


def _drift(shell: Shell, access: _Access) -> None:
    shell.heading("7. Somebody changes Production behind Pulumi's back")
    shell.run_together(
        [
            f"aws iam attach-role-policy --role-name {access.role} "
            f"--policy-arn {_ADMINISTRATOR_ACCESS} {_PRODUCTION}",
            f"aws s3api put-public-access-block --bucket {access.bucket} "
            "--public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,"
            f"BlockPublicPolicy=false,RestrictPublicBuckets=true {_PRODUCTION}",
        ]
    )
    preview = shell.run("pulumi preview --diff", essential)
    for trace in (_ADMINISTRATOR_ACCESS, "blockPublicPolicy: false => true"):
        _expect(
            trace in preview,
            f"pulumi preview should show the change: {trace}",
            "it does not mention it",
        )
    shell.passed("pulumi preview shows both changes, and that up will undo them")


def _heal(shell: Shell, access: _Access) -> None:
    shell.heading("8. pulumi up heals it")
    shell.run("pulumi up --yes --skip-preview", essential)
    attached, block = shell.run_together(
        [
            f"aws iam list-attached-role-policies --role-name {access.role} {_PRODUCTION} "
            '--query "AttachedPolicies[].PolicyName"',
            f"aws s3api get-public-access-block --bucket {access.bucket} {_PRODUCTION} "
            '--query "PublicAccessBlockConfiguration.BlockPublicPolicy"',
        ]
    )
    _expect(
        "AdministratorAccess" not in attached and json.loads(block) is True,
        "both accounts should be as declared again",
        "AWS still shows the change",
    )
    shell.passed("both accounts are as declared again")


def _expect(kept: bool, promise: str, otherwise: str) -> None:
    if not kept:
        message = f"{promise}\n{otherwise}"
        raise DiffersError(message)


if __name__ == "__main__":
    sys.exit(main())
