"""The layers around the policies of a stack: where they come from, and what has been seen of them.

Without being asked for, only what the stack or the live accounts say of its own buckets is known.
"""

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from cross_account_access.command.inventory import StackInventory
from cross_account_access.command.layers.accounts import of_accounts
from cross_account_access.command.layers.folder import of_folder
from cross_account_access.iam.inventory import Inventory
from cross_account_access.iam.layers import Layers

_ACCOUNTS: Final = "aws"


def add_layers_option(parser: argparse.ArgumentParser) -> None:
    """Add `--layers`."""
    parser.add_argument(
        "--layers",
        metavar="SOURCE",
        help="policies of the organization (SCP, RCP) and of VPC endpoints, S3 Block Public Access:"
        " a folder of documents; aws, as far as the stack's profiles may read them; aws:PROFILE to"
        " read the organization with another one (default: not read)",
    )


def layers_words(arguments: argparse.Namespace) -> list[str]:
    """Return the option as it was given, for another command."""
    return ["--layers", arguments.layers] if arguments.layers else []


def with_layers(inventory: StackInventory, source: str | None) -> StackInventory:
    """Return the inventory with the layers that a source has; what it lacks stays as it is.

    Args:
        inventory: documents of a stack.
        source: what `--layers` was given.

    Raises:
        UsageError: for a folder that is none, and whatever it has that is no layer.
        UncheckedError: where AWS cannot be asked at all.
        DocumentError: for a document that breaks the policy grammar.
    """
    if source is None:
        return inventory
    kind, _, profile = source.partition(":")
    if kind == _ACCOUNTS:
        found = of_accounts(inventory, profile or None)
    else:
        found = of_folder(Path(source), {arn.split(":")[1] for arn in inventory.resources})
    known = inventory.layers
    layered = replace(
        inventory,
        layers=Layers(
            accounts={**known.accounts, **found.accounts},
            endpoints=found.endpoints if known.endpoints is None else known.endpoints,
            buckets={**known.buckets, **found.buckets},
            reasons=(*known.reasons, *found.reasons),
        ),
    )
    layered.world()
    return layered


def what_was_seen(inventory: Inventory) -> Iterator[str]:
    """Yield a sentence for each kind of layer, and why something has not been seen.

    Grants of KMS keys are read nowhere ("Grants in AWS KMS",
    https://docs.aws.amazon.com/kms/latest/developerguide/grants.html).
    """
    yield from inventory.layers.seen(
        {account.id: account.label for account in inventory.accounts},
        {
            arn: resource["account"]
            for arn, resource in inventory.resources.items()
            if arn.split(":")[2] == "s3"
        },
    )
    if any(arn.split(":")[2] == "kms" for arn in inventory.resources):
        yield "grants of KMS keys: not seen; one can allow what is denied here"
    yield from inventory.layers.reasons
