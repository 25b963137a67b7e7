"""Refuses settings that name other accounts than those that the stack was made in.

The engine updates a provider whose account changes in place. What the stack has made would then be
looked for in the new account, not be found, and leave the state while it lives on in the old one.
"""

import json
import time
from collections.abc import Mapping
from typing import Any, Final

import pulumi
from pulumi.runtime import invoke

from cross_account_access.declaration.accounts import Account

_READ: Final = "pulumi:pulumi:readStackResourceOutputs"
"""The engine's own function, by which Pulumi's SDK for Node.js lists the outputs of a stack's
resources, as those stand in the state that the last operation left, finished or not.
"""
_PROVIDER: Final = "pulumi:providers:aws"
_TRIES: Final = 50
_PAUSE_SECONDS: Final = 0.1


def refuse_others(
    sides: Mapping[str, Account], recorded: Mapping[str, Any], *, prefix: str
) -> None:
    """Compares the accounts of the settings with those of the providers in the state.

    Args:
        sides: the accounts that the settings name, by side, which the providers are named after.
        recorded: the outputs of the stack's resources, as `recorded_outputs` returns them.
        prefix: before the logical names of the providers, as in `arguments_of`.

    Raises:
        pulumi.RunError: an account is another one, with how to move.
    """
    stack = pulumi.get_stack()
    problems = []
    for side, account in sides.items():
        provider = provider_of(recorded, f"{prefix}{side}")
        if provider is None:
            continue
        made_in = json.loads(provider["allowedAccountIds"])
        if account.account_id not in made_in:
            problems.append(
                f"  {side}_account_id is {account.account_id}, but stack {stack!r} was made in "
                f"account {', '.join(made_in)}"
            )
    if problems:
        told = "\n".join(problems)
        message = (
            f"stack {stack!r} belongs to other accounts; nothing was changed:\n{told}\n"
            "  to move, make a new stack (pulumi stack init; access import takes over what its "
            "accounts have already), and end this one with pulumi destroy, without --run-program, "
            "which goes to its own accounts"
        )
        raise pulumi.RunError(message)


def provider_of(recorded: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    """The outputs of an AWS provider of the stack by its logical name, None where it has none."""
    urn = f"urn:pulumi:{pulumi.get_stack()}::{pulumi.get_project()}::{_PROVIDER}::{name}"
    found = recorded.get(urn)
    return found["outputs"] if found else None


def recorded_outputs() -> Mapping[str, Any]:
    """The outputs of the stack's resources by URN, `{"type": "...", "outputs": {...}}` each.

    A backend of files may be writing the state at that moment: the engine then meets half a file.

    Raises:
        pulumi.RunError: they cannot be read.
    """
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    tries = 0
    while True:
        try:
            outputs: Mapping[str, Any] = invoke(_READ, {"stackName": stack}).value["outputs"]
        # The SDK has no narrower one for what the engine refuses.
        except Exception as error:
            tries += 1
            if tries == _TRIES:
                message = (
                    f"the accounts that stack {stack!r} was made in cannot be read from its state; "
                    f"nothing was changed, so try again ({error})"
                )
                raise pulumi.RunError(message) from error
            time.sleep(_PAUSE_SECONDS)
        else:
            return outputs
