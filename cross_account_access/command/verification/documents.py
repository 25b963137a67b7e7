"""The documents that lie in both accounts, read again when an answer disappoints."""

from collections.abc import Sequence

from cross_account_access.command.inventory import StackInventory
from cross_account_access.command.live import live
from cross_account_access.command.verification.deduction import Deduction
from cross_account_access.command.verification.rows import Row


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

    def deduction(self, rows: Sequence[Row], *, again: bool) -> Deduction:
        """What the engine makes of them; of those that lie there now, if they are read again."""
        if again:
            self.latest = live(self._known)
        return Deduction(self.latest, rows, self._owner)
