"""Differences in access between two readings of a stack, comparable and complete.

What a preview cannot know of others is taken from the live accounts, and who is newly let into a
role is told with all that the role reaches.
"""

from collections.abc import Iterator
from dataclasses import replace

from cross_account_access.iam.comparing.comparison import Change, Effect, compare, grants
from cross_account_access.iam.documents import Document
from cross_account_access.iam.engine import IdentityDocuments
from cross_account_access.iam.inventory import (
    KNOWN_LATER,
    POLICIES_OF_OTHERS,
    Inventory,
    is_unknown_document,
)

_GROUP = "group "
"""Begins the label of a policy that a user has of a group, which only the live accounts tell."""


def changes_between(before: Inventory, after: Inventory) -> list[Change]:
    """Return the differences, widening first, each with what is reached through a role.

    Raises:
        DocumentError: for a document that breaks the policy grammar.
        ComparisonError: for patterns that overlap in more ways than can be looked at.
    """
    changes = compare(before, after)
    told = {_about(each) for each in changes}
    reached = (
        each
        for is_widening, side in ((True, after), (False, before))
        for each in _reach([c for c in changes if c.effect.is_widening is is_widening], side)
    )
    more = [each for each in reached if _about(each) not in told]
    order = list(Effect)
    return sorted(
        [*changes, *more], key=lambda c: (order.index(c.effect), c.principal, c.through or "")
    )


def undoes(change: Change, drift: list[Change]) -> bool:
    """Say whether a change takes back what others changed."""
    return any(
        change.effect.is_widening is not each.effect.is_widening and _what(change) == _what(each)
        for each in drift
    )


def _reach(changes: list[Change], side: Inventory) -> Iterator[Change]:
    """Yield what those who are let into a role, or no longer, do through it."""
    roles = {side.short(arn) for arn in side.roles}
    let_in = [
        each
        for each in changes
        if each.resource in roles and any(a.startswith("sts:AssumeRole") for a in each.actions)
    ]
    allowed = grants(side) if let_in else []
    for change in let_in:
        for each in allowed:
            if each.principal == change.resource and not each.actions[0].startswith("sts:"):
                assumed = f"role assumed {change.when}" if change.when else ""
                yield replace(
                    each,
                    effect=_joined(change.effect, each.effect),
                    principal=change.principal,
                    through=change.resource,
                    when="; ".join(filter(None, (each.when, assumed))),
                )


def _joined(assume: Effect, use: Effect) -> Effect:
    """Say what both steps together are: certain where both are."""
    if use is Effect.WIDENS:
        return assume
    return Effect.MAY_WIDEN if assume.is_widening else Effect.MAY_NARROW


def _about(change: Change) -> tuple[Effect, str, str | None, str, tuple[str, ...]]:
    return change.effect, change.principal, change.through, change.resource, change.actions


def _what(change: Change) -> tuple[str, str | None, str, tuple[str, ...], str]:
    return change.principal, change.through, change.resource, change.actions, change.when


def as_deployed(planned: Inventory, state: Inventory, live: Inventory) -> Inventory:
    """Return a plan with what it leaves alone and does not know: policies of others.

    Args:
        planned: the stack as a deployment would leave it.
        state: as the last one left it.
        live: as it lies in the accounts.
    """
    return _filled(planned, state, live, with_groups=True)


def as_left(state: Inventory, live: Inventory) -> Inventory:
    """Return a state with what it never knew of others, taken to be as it was."""
    return _filled(state, state, live, with_groups=False)


def _filled(known: Inventory, state: Inventory, live: Inventory, *, with_groups: bool) -> Inventory:
    def filled(arn: str, documents: IdentityDocuments) -> IdentityDocuments:
        found = {**live.users, **live.roles}.get(arn)
        if found is None:
            return documents
        there = found.get("policies", {})
        made = {**state.users, **state.roles}.get(arn, {}).get("policies", {})
        own = documents.get("policies", {})
        policies = {
            label: _known(document, there.get(label))
            for label, document in own.items()
            if label != POLICIES_OF_OTHERS
        }
        if POLICIES_OF_OTHERS in own:
            policies |= {each: there[each] for each in there.keys() - made.keys() - own.keys()}
        elif with_groups:
            policies |= {each: there[each] for each in there if each.startswith(_GROUP)}
        boundary = documents.get("boundary")
        if boundary is not None:
            boundary = _known(boundary, found.get("boundary"))
        elif POLICIES_OF_OTHERS in own:
            boundary = found.get("boundary")
        return {"policies": policies, "boundary": boundary}

    return replace(
        known,
        users={arn: filled(arn, user) for arn, user in known.users.items()},
        roles={
            arn: {"trust": role["trust"], **filled(arn, role)} for arn, role in known.roles.items()
        },
    )


def _known(document: Document, found: Document | None) -> Document:
    """Return the live text of a document that the stack names and does not make."""
    is_of_others = is_unknown_document(document) and KNOWN_LATER not in str(document)
    return found if is_of_others and found is not None else document
