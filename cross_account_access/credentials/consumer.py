"""Which stack, and which of its consumers, a command is about."""

import argparse
import json
from pathlib import Path
from typing import Any

from cross_account_access.credentials.contract import Consumer, Contract, ContractError, read
from cross_account_access.errors import UncheckedError, UsageError
from cross_account_access.stack import add_stack_options, stack_of


def add_consumer_options(parser: argparse.ArgumentParser) -> None:
    """Add `--consumer` and the options of the stack."""
    parser.add_argument(
        "--consumer", metavar="NAME", help="one of the stack; may be left out when there is one"
    )
    add_stack_options(parser)
    parser.add_argument(
        "--outputs",
        metavar="FILE",
        type=Path,
        help="what access outputs printed, for those who cannot read the stack",
    )


def contract_of(arguments: argparse.Namespace) -> Contract:
    """The contract of the stack, or of the file, that the options name.

    Raises:
        UncheckedError: there is no such stack, or its outputs are not the contract.
        UsageError: there is no such file, or it is no JSON.
    """
    outputs = _file(arguments.outputs) if arguments.outputs else stack_of(arguments).outputs()
    try:
        return read(outputs)
    except ContractError as error:
        raise UncheckedError(str(error)) from error


def _file(path: Path) -> dict[str, Any]:
    try:
        outputs = json.loads(path.read_bytes())
    except OSError as error:
        message = f"--outputs {path}: {error.strerror}"
        raise UsageError(message) from error
    except ValueError as error:
        message = f"--outputs {path}: is no JSON; make it with access outputs > FILE"
        raise UsageError(message) from error
    if not isinstance(outputs, dict):
        message = f"--outputs {path}: must be one JSON object, as access outputs prints"
        raise UsageError(message)
    return outputs


def consumer_of(arguments: argparse.Namespace, contract: Contract) -> Consumer:
    """The consumer that `--consumer` names, or the only one.

    Raises:
        UsageError: there is no such consumer, or several to choose from.
    """
    name = arguments.consumer
    if name is None:
        if len(contract.consumers) != 1:
            known = ", ".join(sorted(contract.consumers)) or "none"
            message = f"name one of the stack's consumers with --consumer; it has: {known}"
            raise UsageError(message)
        (name,) = contract.consumers
    try:
        return contract.consumer(name)
    except ContractError as error:
        message = f"--consumer: {error}"
        raise UsageError(message) from error
