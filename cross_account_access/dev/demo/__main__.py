"""`make demo`: shows the main job on two emulated AWS accounts and checks each step."""

import argparse
import contextlib
import io
import os
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from cross_account_access.dev.demo.folder import CHECKOUT, copy_program
from cross_account_access.dev.demo.screen import Screen
from cross_account_access.dev.demo.shell import DiffersError, Shell
from cross_account_access.dev.demo.story import Story
from cross_account_access.dev.sandbox import stack_files
from cross_account_access.dev.sandbox.box import Sandbox
from cross_account_access.dev.sandbox.errors import SandboxError
from cross_account_access.dev.toolchain import ToolchainError

_SIGNALLED = 128

_DESCRIPTION = """\
Shows cross-account access from nothing to healed drift: two emulated AWS
accounts, `pulumi up` of the stack prod on the real engine, the proof with the
AWS CLI (what is granted works, everything else is refused), a change behind
Pulumi's back, found by `pulumi preview` and undone by `pulumi up`.

Nothing outside of this machine is touched, and the checkout stays as it is.
Each command is shown as one would type it, with its real output; lines of
progress that pulumi writes are left out, and said to be."""

_EPILOG = """\
Colours and a clock on a terminal, plain text in a pipe; NO_COLOR is honoured.

exit status: 0 every step did what it promised, 1 one did not (two lines say
which), 2 wrong usage, 130 interrupted"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Tells the story once; returns the exit status."""
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
    screen = Screen(sys.stdout)
    try:
        _tell(screen)
    except (DiffersError, SandboxError, ToolchainError) as error:
        screen.failed(f"demo: {error}")
        return 1
    except KeyboardInterrupt:
        screen.failed("demo: interrupted; everything is stopped")
        return _SIGNALLED + signal.SIGINT
    except BrokenPipeError:
        # The reader has left; Python would complain once more when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _SIGNALLED + signal.SIGPIPE
    return 0


def _tell(screen: Screen) -> None:
    production, staging = stack_files.accounts(CHECKOUT)
    screen.title("Cross-account access, on two emulated AWS accounts of this machine")
    screen.note(f"Production {production} trusts, Staging {staging} is trusted.")
    with contextlib.ExitStack() as stack:
        box = stack.enter_context(Sandbox.start(production=production, staging=staging))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="demo-")))
        program = folder / "program"
        copy_program(program)
        shell = Shell(screen, program, box.environment)
        stack.callback(shell.close)
        # A second Ctrl-C would leave running what the first one is stopping.
        stack.callback(signal.signal, signal.SIGINT, signal.SIG_IGN)
        Story(screen=screen, shell=shell, folder=program).tell()
    screen.heading(f"Done in {screen.seconds:.0f} s, and everything is stopped")
    screen.note("Shown: both accounts deployed by one program; access that works as granted and is")
    screen.note("refused otherwise; drift found and healed. README.md leads to two real accounts.")


def _exit(number: int, _frame: FrameType | None) -> None:
    sys.exit(_SIGNALLED + number)


if __name__ == "__main__":
    sys.exit(main())
