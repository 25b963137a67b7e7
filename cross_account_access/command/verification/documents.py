"""The documents that lie in both accounts, read again when an answer disappoints."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from cross_account_access.command.inventory import StackInventory
from cross_account_access.command.live import live
from cross_account_access.command.verification.deduction import Deduction
from cross_account_access.command.verification.rows import Row

_Found = TypeVar("_Found")


class Documents:
    """What both accounts hold.

    Args:
        known: the principals and resources whose documents are read.
        owner: the account that owns the resources, 12 digits.

    Raises:
        UncheckedError: no credentials, those of another account, or a refused or failed call.
    """

    def __init__(self, known: StackInventory, owner: str) -> None:
        self._known = known
        self._owner = owner
        self.latest = live(known)

    def read_again(self) -> None:
        """Look at what lies there now.

        Raises:
            UncheckedError: as when they were read first.
        """
        self.latest = live(self._known)

    def deduction(self, rows: Sequence[Row], *, again: bool) -> Deduction:
        """What the engine makes of them; of those that lie there now, if they are read again."""
        if again:
            self.read_again()
        return Deduction(self.latest, rows, self._owner)

    def of(self, stack: StackInventory) -> StackInventory:
        """Those of the principals and resources of a stack alone."""
        latest = self.latest
        gone = [
            f"{arn} no longer exists"
            for known, found in (
                (stack.users, latest.users),
                (stack.roles, latest.roles),
                (stack.resources, latest.resources),
            )
            for arn in known
            if arn not in found
        ]
        return replace(
            stack,
            users=_only(latest.users, stack.users),
            roles=_only(latest.roles, stack.roles),
            resources=_only(latest.resources, stack.resources),
            gaps=(*stack.gaps, *gone),
            layers=latest.layers,
        )


def _only(found: Mapping[str, _Found], wanted: Mapping[str, object]) -> dict[str, _Found]:
    return {arn: each for arn, each in found.items() if arn in wanted}
