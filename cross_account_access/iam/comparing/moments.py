"""What a moment in the middle of a deployment allows beyond what held before it and will after it.

A deployment is many writes, and people ask between any two of them. A moment is wider where it
allows what was allowed neither before nor will be after, and narrower where it refuses what both
allow. A role is two steps, to assume it and to use it: a moment that has the principals of the one
side and the grants of the other is wider though each step alone is not.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from cross_account_access.iam.comparing.comparison import Change, steps
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
    mixed = (*_through(gained, kept), *_through(kept, gained))
    told = {(each.principal, each.resource, each.actions) for each in direct}
    return [*direct, *(c for c in mixed if (c.principal, c.resource, c.actions) not in told)]


_Steps = Mapping[str, tuple[list[Change], list[Change]]]
"""By short name of a role: who may assume it, and what it may do."""


def _widened(changes: Iterable[Change], roles: Mapping[str, str]) -> _Steps:
    """Return what a moment allows and one side does not."""
    found: dict[str, tuple[list[Change], list[Change]]] = defaultdict(lambda: ([], []))
    for each in changes:
        if not each.effect.is_widening:
            continue
        if each.resource in roles and each.actions[0].startswith(_ASSUMING):
            found[each.resource][0].append(each)
        elif each.principal in roles:
            found[each.principal][1].append(each)
    return found


def _through(assuming: _Steps, using: _Steps) -> Iterator[Change]:
    """Yield what those who may assume a role on one side alone use of the other side alone."""
    for role in assuming.keys() & using.keys():
        for assumed in assuming[role][0]:
            for used in using[role][1]:
                by = f"role assumed {assumed.when}" if assumed.when else ""
                when = "; ".join(filter(None, (used.when, by)))
                yield replace(used, principal=assumed.principal, through=role, when=when)
