"""What a stack declares, also one that is only planned: its outputs, with the ARNs to come."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from cross_account_access.command.inventory import StackInventory
from cross_account_access.credentials.contract import Contract, ContractError, read
from cross_account_access.errors import UncheckedError
from cross_account_access.iam.services import service_name
from cross_account_access.stack import is_unknown

_SERVICES: Final = {"bucketArns": "s3", "topicArns": "sns", "queueArns": "sqs", "kmsKeyArns": "kms"}
"""Of which service an output has ARNs by name."""


def declared(inventory: StackInventory) -> Contract:
    """Return the contract in the outputs of a stack.

    An ARN that is known only after the deployment is that of the resource in the inventory.

    Raises:
        UncheckedError: the outputs have no contract that is understood.
    """
    outputs = dict(inventory.outputs)
    for name, service in _SERVICES.items():
        told = outputs.get(name)
        if isinstance(told, Mapping):
            there = [arn for arn in inventory.resources if service_name(arn) == service]
            outputs[name] = {
                each: _planned(each, there) if is_unknown(arn) else arn
                for each, arn in told.items()
            }
    try:
        return read(outputs)
    except ContractError as error:
        raise UncheckedError(str(error)) from error


def _planned(name: str, arns: Iterable[str]) -> Any:  # noqa: ANN401 - text, or nothing to read
    """Return the ARN of what has a name, or whose logical name ends with it, as that of a key."""
    by_last = {arn.replace("/", ":").rsplit(":", 1)[-1]: arn for arn in arns}
    called = [last for last in by_last if last == name or last.endswith(f"-{name}")]
    return by_last[min(called, key=len)] if called else None
