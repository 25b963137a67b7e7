"""The policies of a consumer as they are deployed."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

from components.recorded import Recorded
from cross_account_access.declaration.model import Consumer
from cross_account_access.facts.quotas import MANAGED_POLICIES_OF_ROLE

ROLE: Final = "aws:iam/role:Role"
POLICY: Final = "aws:iam/policy:Policy"
ROLE_POLICY: Final = "aws:iam/rolePolicy:RolePolicy"
_MOST_NUMBERS: Final = 2 * MANAGED_POLICIES_OF_ROLE
"""Each document may have a successor beside it."""


def numbered(number: int) -> str:
    """End the logical name of a part; no consumer's name has a dot in it."""
    return "" if number == 1 else f".{number}"


@dataclass(frozen=True)
class Deployed:
    """What is deployed of one consumer."""

    recorded: Recorded
    names: Sequence[str]
    """The logical name of its parts, and the one that they had before, if they had another."""

    @classmethod
    def of_consumer(cls, component: str, consumer: Consumer, recorded: Recorded) -> Self:
        """Take what has the logical names of a consumer in a component of this name."""
        names = (consumer.name, consumer.renamed_from)
        return cls(recorded, tuple(f"{component}-{each}" for each in names if each))

    def of(self, token: str, suffix: str = "") -> Mapping[str, Any] | None:
        """Return the outputs of a resource of a type, None where there is none."""
        return self.recorded.of(token, *(f"{each}{suffix}" for each in self.names))

    def document(self, token: str, suffix: str) -> str | None:
        """Return a deployed document, None where there is none."""
        found = self.of(token, suffix)
        return None if found is None else str(found["policy"])

    def documents(self, token: str, suffix: str = "") -> dict[int, str]:
        """Return the deployed documents of a kind by their numbers."""
        found = self.parts(token, suffix)
        return {number: str(each["policy"]) for number, each in found.items()}

    def parts(self, token: str, suffix: str = "") -> dict[int, Mapping[str, Any]]:
        """Return the outputs of the same."""
        found = {
            number: self.of(token, f"{suffix}{numbered(number)}")
            for number in range(1, _MOST_NUMBERS)
        }
        return {number: each for number, each in found.items() if each is not None}


def changed(there: Mapping[int, str], wanted: Mapping[int, str]) -> set[int]:
    """Return the numbers of those deployed documents that are to say something else."""
    both = there.keys() & wanted.keys()
    return {number for number in both if not same(there[number], wanted[number])}


def same(one: str | None, other: str | None) -> bool:
    """Compare two documents, whatever white space they have."""
    if one is None or other is None:
        return one is other
    return bool(json.loads(one) == json.loads(other))
