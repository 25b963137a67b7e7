"""What a deployment takes away for a moment only, as far as its preview tells.

Between two writes of one deployment a role can have the one and not yet the other. What it may do
before and after is then refused until the last one.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from cross_account_access.iam.comparing.comparison import Change, steps
from cross_account_access.iam.inventory import Inventory


def narrower_for_a_moment(moments: Iterable[Inventory]) -> list[Change]:
    """Return what is refused in between though it is allowed at the beginning and at the end.

    Users and resources have one document each, which changes in one write, so that roles alone are
    looked at.

    Args:
        moments: the stack at the beginning, after each step, and at the end.

    Raises:
        DocumentError: for a document that breaks the policy grammar.
        ComparisonError: for patterns that overlap in more ways than can be looked at.
    """
    coming = iter(moments)
    first = next(coming)
    # A stack that is not deployed yet has nothing to lose.
    known = [first, *coming] if first.roles else [first]
    if len(known) == 1:
        return []
    return list(dict.fromkeys(each for arn in first.roles for each in _of(arn, known)))


def _of(arn: str, moments: Sequence[Inventory]) -> Iterator[Change]:
    before, *between, after = (_alone(arn, each) for each in moments)
    judged = [before, after]
    for moment in between:
        if moment not in judged:
            judged.append(moment)
            yield from (c for c in steps(before, after, moment) if not c.effect.is_widening)


def _alone(arn: str, moment: Inventory) -> Inventory:
    """Return a moment with what a role may do, whoever may assume it."""
    roles = {arn: moment.roles[arn]} if arn in moment.roles else {}
    return replace(moment, users={}, roles=roles, resources={}, gaps=())
