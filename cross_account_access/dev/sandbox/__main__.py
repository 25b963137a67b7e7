"""`access-sandbox`: runs a command, or a shell, beside two emulated AWS accounts."""

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from cross_account_access.dev.sandbox import examples, prompt, stack_files, working_copy
from cross_account_access.dev.sandbox.box import Sandbox
from cross_account_access.dev.sandbox.errors import SandboxError

_USAGE_ERROR = 2
_NOT_EXECUTABLE = 126
_NOT_FOUND = 127
_SIGNALLED = 128

_DESCRIPTION = """\
Two emulated AWS accounts on this machine, Production and Staging, with access
rules enforced. They exist while the command runs and are stopped with it."""

_WHAT_THE_COMMAND_SEES = """\
The command finds the profiles ProductionAccountAdmin and StagingAccountAdmin,
pulumi with a file backend and a passphrase, the aws command and boto3, all
pointed at the two accounts; credentials of the caller are not passed on.
In a Pulumi project it runs in a copy with stack files of its own: your folder
stays as it is.

examples:
  access-sandbox run -- aws s3 ls --profile ProductionAccountAdmin
  access-sandbox run --state .sandbox -- pulumi stack init prod
  access-sandbox run --state .sandbox -- pulumi up --stack prod
  access-sandbox shell --state .sandbox
  access-sandbox try kms

The exit status is the command's own; 2 for bad usage."""

_HINT = """\
Two emulated AWS accounts: Production {production}, Staging {staging}.
{where}
Things to type:
  {first}
  pulumi preview
  access verify
  access --help
  aws sts get-caller-identity --profile ProductionAccountAdmin
  aws s3 ls --profile ProductionAccountAdmin
  aws iam list-users --profile StagingAccountAdmin
{kept}
"""

_IN_A_COPY = """\
You are in a copy of your project: its stack files, and what you write here, are
the sandbox's; all other files are your own, through links."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(_USAGE_ERROR, f"{self.prog}: {message}; see --help\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Carries out one command line; returns the exit status."""
    options = _parser().parse_args(arguments)
    try:
        if options.verb == "try":
            return _run([_shell()], *examples.accounts(options.example), example=options.example)
        command = _command(options.command) if options.verb == "run" else [_shell()]
        production, staging = (
            stack_files.parse_pair(options.accounts)
            if options.accounts is not None
            else stack_files.accounts(Path.cwd())
        )
        return _run(command, production, staging, options.state, hint=options.verb == "shell")
    except SandboxError as error:
        sys.stderr.write(f"sandbox: {error}\n")
        return _USAGE_ERROR
    except KeyboardInterrupt:
        return _SIGNALLED + signal.SIGINT


def _run(  # noqa: PLR0913 - what the verbs differ in
    command: Sequence[str],
    production: str,
    staging: str,
    state: Path | None = None,
    *,
    hint: bool = True,
    example: str | None = None,
) -> int:
    # Before there is a command to pass it to, a request to stop unwinds like Ctrl-C does.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _exit)
    with Sandbox.start(production=production, staging=staging, state=state) as box:
        environment = box.environment
        workplace = working_copy.of(examples.CHECKOUT if example else Path.cwd(), box.folder)
        prompt.write(box.folder / "home")
        if example is not None and workplace is not None:
            examples.deploy(example, workplace, environment)
        if hint:
            where = _IN_A_COPY if workplace is not None else "You are in your own folder."
            kept = f"Kept in {state}." if state else "Everything here is gone when you leave."
            first = "pulumi stack output" if example else "pulumi stack init prod && pulumi up"
            told = {"production": production, "staging": staging, "where": where}
            sys.stdout.write(_HINT.format(first=first, kept=kept, **told))
            sys.stdout.flush()
        try:
            child = subprocess.Popen(command, env=environment, cwd=workplace)
        except FileNotFoundError:
            sys.stderr.write(f"sandbox: {command[0]}: command not found\n")
            return _NOT_FOUND
        except OSError as error:
            sys.stderr.write(f"sandbox: {command[0]}: {error.strerror}\n")
            return _NOT_EXECUTABLE
        return _wait(child)


def _wait(child: subprocess.Popen[bytes]) -> int:
    def pass_on(number: int, _frame: FrameType | None) -> None:
        child.send_signal(number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, pass_on)
    # The terminal sends Ctrl-C to the command as well; what it means is the command's to say.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    status = child.wait()
    return status if status >= 0 else _SIGNALLED - status


def _exit(number: int, _frame: FrameType | None) -> None:
    sys.exit(_SIGNALLED + number)


def _command(words: list[str]) -> list[str]:
    command = words[1:] if words[:1] == ["--"] else words
    if not command:
        message = "nothing to run; say: access-sandbox run -- COMMAND"
        raise SandboxError(message)
    return command


def _shell() -> str:
    return os.environ.get("SHELL") or "/bin/sh"


def _folder(text: str) -> Path:
    if not text:
        message = "expected a folder, got nothing"
        raise argparse.ArgumentTypeError(message)
    return Path(text)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="access-sandbox",
        description=_DESCRIPTION,
        epilog=_WHAT_THE_COMMAND_SEES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="run|shell|try")
    options = "[--accounts PRODUCTION,STAGING] [--state DIR]"
    run = verbs.add_parser(
        "run",
        help="run a command and return its exit status",
        usage=f"%(prog)s {options} -- COMMAND ...",
    )
    shell = verbs.add_parser("shell", help="open $SHELL", usage=f"%(prog)s {options}")
    example = verbs.add_parser("try", help="deploy an example, and open $SHELL beside it")
    example.add_argument("example", metavar="EXAMPLE", help="a folder of examples/")
    for verb in (run, shell):
        verb.description = _DESCRIPTION
        verb.epilog = _WHAT_THE_COMMAND_SEES
        verb.formatter_class = argparse.RawDescriptionHelpFormatter
        verb.add_argument(
            "--accounts",
            metavar="PRODUCTION,STAGING",
            help="account IDs; without it, those that Pulumi.*.yaml in this folder name",
        )
        verb.add_argument(
            "--state",
            metavar="DIR",
            type=_folder,
            help="keep accounts, keys and stacks in this folder for the next run",
        )
    run.add_argument("command", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser


if __name__ == "__main__":
    sys.exit(main())
