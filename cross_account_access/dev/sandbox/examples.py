"""The examples of the checkout, each of which can be tried in the sandbox."""

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from cross_account_access.dev.sandbox import stack_files
from cross_account_access.dev.sandbox.errors import SandboxError

CHECKOUT = Path(__file__).parents[3]
_STACK = "prod"
_STACK_FILE = f"Pulumi.{_STACK}.yaml"


def accounts(example: str) -> tuple[str, str]:
    """Account IDs of Production and Staging in the stack file of an example.

    Raises:
        SandboxError: there is no such example.
    """
    known = sorted(path.parent.name for path in CHECKOUT.glob(f"examples/*/{_STACK_FILE}"))
    if example not in known:
        message = f"no example {example!r} with a stack file of its own; try {', '.join(known)}"
        raise SandboxError(message)
    return stack_files.accounts(CHECKOUT / "examples" / example)


def deploy(example: str, workplace: Path, environment: Mapping[str, str]) -> None:
    """Makes the example the stack of the sandbox's copy; what pulumi says is seen.

    A stack that cannot be deployed is left as it is: what it needs first may be made by hand.
    """
    shutil.copyfile(CHECKOUT / "examples" / example / _STACK_FILE, workplace / _STACK_FILE)
    for command in (
        ["pulumi", "stack", "init", _STACK],
        ["pulumi", "up", "--yes", "--skip-preview", "--suppress-outputs", "--stack", _STACK],
    ):
        sys.stdout.write(f"$ {' '.join(command)}\n")
        sys.stdout.flush()
        if subprocess.run(command, cwd=workplace, env=environment, check=False).returncode:
            sys.stdout.write(
                f"examples/{example}/README.md says what this example needs first.\n"
                if (CHECKOUT / "examples" / example / "README.md").exists()
                else "Make what it lacks, then pulumi up again.\n"
            )
            return
