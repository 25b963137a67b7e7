"""Where documents come from: live accounts, a stack's state, a preview, a revision, or a file."""

import json
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cross_account_access.command.inventory import StackInventory, inventory_of
from cross_account_access.command.live import live
from cross_account_access.command.names import Names
from cross_account_access.errors import UsageError
from cross_account_access.stack import Stack, resources_of_preview, resources_of_state

LIVE: Final = "live"
STATE: Final = "state"
PREVIEW: Final = "preview"
REVISION: Final = "git:"


def read(
    source: str, stack: Stack, *, principal: str | None = None, existing: bool = False
) -> StackInventory:
    """Return the documents.

    Args:
        source: `live`, `state`, `preview`, `git:REVISION` for a preview of the program as it was
            then, or the name of a file that `pulumi stack export` or
            `pulumi preview --json --show-sames` has printed.
        stack: the stack that all but the last are about.
        principal: name of a user or role to look for in the live accounts too.
        existing: whether to read there, too, what the stack shares without managing it.

    Raises:
        UsageError: for a file that is neither, and a revision that does not exist.
        UncheckedError: when the stack or the accounts cannot be read.
    """
    if source == PREVIEW:
        return inventory_of(stack.preview())
    if source == STATE:
        return inventory_of(stack.state())
    if source == LIVE:
        known = inventory_of(stack.state())
        if principal is not None:
            known = known.including(Names(known).principal(principal).arn)
        return live(known.with_existing() if existing else known)
    if source.startswith(REVISION):
        with _checked_out(stack.folder, source.removeprefix(REVISION)) as folder:
            return inventory_of(Stack(folder, stack.selected()).preview())
    return _read_file(Path(source))


@contextmanager
def _checked_out(program: Path, revision: str) -> Iterator[Path]:
    """Give the program's folder as it was at a revision, beside the one that is checked out.

    The virtual environment is the present one: an old program runs on today's packages.
    """
    top = Path(_git(program, "rev-parse", "--show-toplevel"))
    inside = _git(program, "rev-parse", "--show-prefix")
    commit = _git(program, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")
    with tempfile.TemporaryDirectory(prefix="access-") as temporary:
        tree = Path(temporary) / "tree"
        _git(top, "worktree", "add", "--detach", str(tree), commit)
        try:
            folder = tree / inside
            environment = program.resolve() / ".venv"
            if environment.exists() and not (folder / ".venv").exists():
                (folder / ".venv").symlink_to(environment)
            yield folder
        finally:
            _git(top, "worktree", "remove", "--force", str(tree))


def _git(folder: Path, *words: str) -> str:
    try:
        ran = subprocess.run(
            ["git", "-C", str(folder), *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
        )
    except FileNotFoundError as error:
        msg = f"no git on PATH, which {REVISION}REVISION needs"
        raise UsageError(msg) from error
    except subprocess.CalledProcessError as error:
        told = (error.stderr.strip() or "no reason given").splitlines()[-1]
        msg = f"git {' '.join(words)}: {told}"
        raise UsageError(msg) from error
    return ran.stdout.strip()


def _read_file(path: Path) -> StackInventory:
    try:
        value = json.loads(path.read_text())
    except OSError as error:
        msg = f"{path}: {error.strerror}; give live, state, preview, git:REVISION or a file"
        raise UsageError(msg) from error
    except UnicodeDecodeError as error:
        msg = f"{path}: not a text file"
        raise UsageError(msg) from error
    except json.JSONDecodeError as error:
        msg = f"{path}: line {error.lineno}, column {error.colno}: not JSON: {error.msg}"
        raise UsageError(msg) from error
    if isinstance(value, dict) and "deployment" in value:
        return inventory_of(resources_of_state(value))
    if isinstance(value, dict) and "steps" in value:
        return inventory_of(resources_of_preview(value))
    msg = (
        f"{path}: neither a state nor a preview; make one with `pulumi stack export` or"
        " `pulumi preview --json --show-sames`"
    )
    raise UsageError(msg)
