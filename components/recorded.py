"""What the last deployment left of the resources that this one is about to change."""

from collections.abc import Mapping
from dataclasses import dataclass, field
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
        for name in names:
            for urn, outputs in self.outputs.items():
                if urn.endswith((f"${token}::{name}", f"::{token}::{name}")):
                    return outputs
        return None
