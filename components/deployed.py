"""The policies of a consumer as they are deployed."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from components.sharing import Access
from cross_account_access.facts.quotas import MANAGED_POLICIES_OF_ROLE

ROLE: Final = "aws:iam/role:Role"
POLICY: Final = "aws:iam/policy:Policy"
ROLE_POLICY: Final = "aws:iam/rolePolicy:RolePolicy"
_MOST_NUMBERS: Final = 2 * MANAGED_POLICIES_OF_ROLE
"""Each document may have a successor beside it."""


def numbered(number: int) -> str:
    """End the logical name of a part; no consumer's name has a dot in it."""
    return "" if number == 1 else f".{number}"


def documents(access: Access, token: str, suffix: str = "") -> dict[int, str]:
    """Return the deployed documents of a kind by their numbers."""
    return {number: str(each["policy"]) for number, each in _of_kind(access, token, suffix)}


def names(access: Access, token: str, suffix: str = "") -> dict[int, str]:
    """Return the names of the same."""
    return {number: str(each["name"]) for number, each in _of_kind(access, token, suffix)}


def document(access: Access, token: str, suffix: str) -> str | None:
    """Return a deployed document, None where there is none."""
    found = access.recorded.of(token, *(f"{each}{suffix}" for each in access.names))
    return None if found is None else str(found["policy"])


def _of_kind(access: Access, token: str, suffix: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    for number in range(1, _MOST_NUMBERS):
        logical = (f"{each}{suffix}{numbered(number)}" for each in access.names)
        found = access.recorded.of(token, *logical)
        if found is not None:
            yield number, found


def changed(there: Mapping[int, str], wanted: Mapping[int, str]) -> set[int]:
    """Return the numbers of those deployed documents that are to say something else."""
    both = there.keys() & wanted.keys()
    return {number for number in both if not same(there[number], wanted[number])}


def same(one: str | None, other: str | None) -> bool:
    """Compare two documents, whatever white space they have."""
    if one is None or other is None:
        return one is other
    return bool(json.loads(one) == json.loads(other))
