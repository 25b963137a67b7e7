"""What a moment in the middle of a deployment allows beyond what held before it and will after it.

A deployment is many writes, and people ask between any two of them. A moment is wider where it
allows what was allowed neither before nor will be after, and narrower where it refuses what both
allow. A role is two steps, to assume it and to use it, and one that is assumed from another role
is three: a moment that has the principals of the one side and the grants of the other is wider
though each step alone is not.
"""

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from cross_account_access.iam.comparing.comparison import Change, grants, steps
from cross_account_access.iam.inventory import Inventory

_ASSUMING = "sts:Assume"


def departures(before: Inventory, after: Inventory, moment: Inventory) -> list[Change]:
    """Return where a moment is wider than before and after together, or narrower than both.

    Raises:
        DocumentError: for a document that breaks the policy grammar.
        ComparisonError: for patterns that overlap in more ways than can be looked at.
    """
    direct = steps(before, after, moment)
    roles = {moment.short(arn): arn for arn in moment.roles}
    gained, kept = (_widened(steps(side, moment), roles) for side in (before, after))
    onward = _onward(moment, roles) if gained and kept else {}
    mixed = (*_through(gained, kept, onward), *_through(kept, gained, onward))
    told = {(each.principal, each.resource, each.actions) for each in direct}
    return [*direct, *(c for c in mixed if (c.principal, c.resource, c.actions) not in told)]


_Steps = Mapping[str, tuple[list[Change], list[Change]]]
"""By short name of a role: who may assume it, and what it may do."""
_NONE: Final[tuple[list[Change], list[Change]]] = ([], [])


def _widened(changes: Iterable[Change], roles: Mapping[str, str]) -> _Steps:
    """Return what a moment allows and one side does not."""
    found: dict[str, tuple[list[Change], list[Change]]] = defaultdict(lambda: ([], []))
    for each in changes:
        if not each.effect.is_widening:
            continue
        if _assumes(each, roles):
            found[each.resource][0].append(each)
        if each.principal in roles:
            found[each.principal][1].append(each)
    return found


def _assumes(change: Change, roles: Container[str]) -> bool:
    return change.resource in roles and change.actions[0].startswith(_ASSUMING)


def _onward(moment: Inventory, roles: Container[str]) -> Mapping[str, set[str]]:
    """Return by role those that may be assumed from it, one after the other, and itself."""
    next_ones: dict[str, set[str]] = defaultdict(set)
    for each in grants(moment):
        if each.principal in roles and _assumes(each, roles):
            next_ones[each.principal].add(each.resource)
    found: dict[str, set[str]] = {}
    for role in next_ones:
        reached, waiting = {role}, [role]
        while waiting:
            new = next_ones.get(waiting.pop(), set()) - reached
            reached |= new
            waiting += new
        found[role] = reached
    return found


def _through(assuming: _Steps, using: _Steps, onward: Mapping[str, set[str]]) -> Iterator[Change]:
    """Yield what those who may assume a role on one side alone use of the other side alone."""
    for role, (by, _) in assuming.items():
        for used in (
            each for last in onward.get(role, {role}) for each in using.get(last, _NONE)[1]
        ):
            for assumed in by:
                how = f"role assumed {assumed.when}" if assumed.when else ""
                when = "; ".join(filter(None, (used.when, how)))
                yield replace(used, principal=assumed.principal, through=role, when=when)
