"""What the last deployment left of the resources that this one is about to change."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """Resources of the stack's state, by what they are and are called."""

    outputs: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """By URN; none where nothing is deployed."""

    def of(self, token: str, *names: str) -> Mapping[str, Any] | None:
        """Return the outputs of a resource, None where there is none.

        Args:
            token: its type.
            names: its logical name, and those that it may have had before.
        """
        found = (self._by_name.get((token, name)) for name in names)
        return next((outputs for outputs in found if outputs is not None), None)

    def names_of(self, token: str, account_id: str) -> set[str]:
        """Return the names that resources of a type have in an account, by their ARNs."""
        return {
            str(outputs["name"])
            for urn, outputs in self.outputs.items()
            if urn.split("::")[2].rpartition("$")[2] == token
            and str(outputs.get("arn")).split(":")[4:5] == [account_id]
        }

    @cached_property
    def _by_name(self) -> Mapping[tuple[str, str], Mapping[str, Any]]:
        found: dict[tuple[str, str], Mapping[str, Any]] = {}
        for urn, outputs in self.outputs.items():
            *_, types, name = urn.split("::")
            # Of several components in one program the first, as the state has them.
            found.setdefault((types.rpartition("$")[2], name), outputs)
        return found
