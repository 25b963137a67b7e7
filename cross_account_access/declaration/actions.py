"""Actions as grants name them, by what AWS's service reference says that they are about."""

import re
from collections.abc import Iterable
from functools import cache

from cross_account_access.facts import service_reference
from cross_account_access.facts.service_reference import Action


def is_pattern(action: str) -> bool:
    """Whether it may mean several actions."""
    return "*" in action or "?" in action


@cache
def meant(action: str) -> tuple[Action, ...]:
    """The known actions that an action or a pattern of a service's actions means."""
    if not is_pattern(action):
        found = service_reference.action(action)
        return (found,) if found else ()
    spelled = re.escape(action.lower()).replace(r"\*", ".*").replace(r"\?", ".")
    known = service_reference.actions(action.partition(":")[0].lower())
    return tuple(each for name, each in known.items() if re.fullmatch(spelled, name))


def takes_one(action: str, arns: Iterable[str]) -> bool:
    """Whether an action, or one of those that a pattern means, can have one of these resources."""
    listed = list(arns)
    return any(each.is_about(arn) for each in meant(action) for arn in listed)


def takes_none(action: str) -> bool:
    """Whether an action has no resource, so that it is allowed for the account or not at all.

    Never of a pattern: allowed on `*`, it would mean every resource of the service.
    """
    return not is_pattern(action) and all(not each.resources for each in meant(action))


def is_reading(action: str) -> bool:
    """Whether an action, or all that a pattern means, only reads."""
    return all({"List", "Read"} >= set(each.access_level.split(", ")) for each in meant(action))
