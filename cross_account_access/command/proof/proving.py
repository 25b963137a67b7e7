"""The proof: what is declared against what the documents say, over all requests.

Both sides are compared twice. First as they are; then with every permissions policy for the
principals outside of Production whom the stack knows, since nobody here decides what else their
administrators give them. What only the second comparison finds is what Production's side leaves
open to them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from cross_account_access.command.inventory import StackInventory
from cross_account_access.command.layers import what_was_seen
from cross_account_access.command.proof.assumed import (
    with_any_policies,
    with_policies_of_others,
    without_trust,
    without_unknown_boundaries,
)
from cross_account_access.command.proof.expected import expected
from cross_account_access.command.proof.invariants import Checked, check
from cross_account_access.command.proof.invariants_file import Invariant
from cross_account_access.command.proof.lockouts import lockouts
from cross_account_access.credentials.contract import Contract, told_of_renewal
from cross_account_access.iam.comparing.comparison import Change, Effect, Examination, examine
from cross_account_access.iam.engine import IdentityDocuments
from cross_account_access.iam.inventory import (
    POLICIES_OF_OTHERS,
    Inventory,
    is_unknown_document,
)

_ANY_POLICIES: Final = "as soon as its own account allows it"
_ALWAYS_ASSUMED: Final = (
    "Production's own administrators may give access to principals of Production, and change all"
    " that is judged here; they are not judged",
)


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What came of it."""

    differences: tuple[Change, ...]
    """Between what is declared and what the documents say, widening first."""
    unread: tuple[str, ...]
    """Documents that are missing, a sentence each: without them nothing is proved."""
    assumptions: tuple[str, ...]
    """What it holds under, a sentence each."""
    layers: tuple[str, ...]
    """What has been seen of the layers around the policies, a sentence each."""
    principals: int
    """Kinds of principals that were told apart."""
    actions: int
    """Kinds of actions."""
    resources: int
    """Kinds of resources."""
    decisions: int
    """Answers that were compared one by one, because documents and declaration say it otherwise."""
    invariants: tuple[Checked, ...] = ()
    """What must never be allowed, whatever is declared."""
    lockouts: tuple[Change, ...] = ()
    """What the policies would keep the owning account's own people from repairing."""

    @property
    def broken(self) -> tuple[Checked, ...]:
        """The invariants that do not hold."""
        return tuple(each for each in self.invariants if not each.holds)

    @property
    def is_proved(self) -> bool:
        """Whether documents allow what is declared and nothing more, and lock nobody out.

        All invariants must hold as well.
        """
        return not (self.differences or self.unread or self.broken or self.lockouts)

    @property
    def is_refuted(self) -> bool:
        """Whether a difference is certain, and does not hang on what is not known."""
        broken = (each for one in self.broken for each in one.differences)
        found = (*self.differences, *self.lockouts, *broken)
        return any(change.effect in (Effect.WIDENS, Effect.NARROWS) for change in found)


def prove(
    contract: Contract, actual: StackInventory, invariants: Sequence[Invariant] = ()
) -> Proof:
    """Compare what is declared with documents, and check invariants.

    Raises:
        UsageError: an invariant has an unknown name, or a pattern that means nothing.
        UncheckedError: the declaration does not say enough.
        DocumentError: a document breaks the policy grammar.
        ComparisonError: patterns overlap in more ways than can be looked at.
    """
    adopted = _adopted(contract)
    judged = without_trust(without_unknown_boundaries(actual), adopted)
    declared = with_policies_of_others(expected(contract, actual.accounts), judged, adopted)
    as_they_are = examine(declared, judged)
    home = contract.production_account_id
    layers = tuple(what_was_seen(actual))
    anyhow = examine(with_any_policies(declared, home), with_any_policies(judged, home))
    return Proof(
        differences=tuple(_all_changes(as_they_are, anyhow)),
        unread=actual.gaps,
        assumptions=(*_ALWAYS_ASSUMED, _about(layers), *_assumptions(contract, actual)),
        layers=layers,
        principals=as_they_are.principals,
        actions=as_they_are.actions,
        resources=as_they_are.resources,
        decisions=as_they_are.decisions + anyhow.decisions,
        invariants=check(invariants, contract, actual),
        lockouts=tuple(lockouts(actual, contract.of_others)),
    )


def unproved(why: str) -> Proof:
    """Return what stands in place of a proof that cannot be tried, with the reason."""
    return Proof(
        differences=(),
        unread=(why,),
        assumptions=(),
        layers=(),
        principals=0,
        actions=0,
        resources=0,
        decisions=0,
    )


def _all_changes(as_they_are: Examination, anyhow: Examination) -> Iterator[Change]:
    """Yield widening first; of the second comparison what the first does not tell."""
    told = {_request(change) for change in as_they_are.changes if change.effect.is_widening}
    widening = [change for change in as_they_are.changes if change.effect.is_widening]
    widening += [
        replace(change, when="; ".join(filter(None, (change.when, _ANY_POLICIES))))
        for change in anyhow.changes
        if change.effect.is_widening and _request(change) not in told
    ]
    yield from dict.fromkeys(widening)
    yield from (change for change in as_they_are.changes if not change.effect.is_widening)


def _request(change: Change) -> tuple[object, ...]:
    return (change.principal, change.through, change.actions, change.resource)


def _about(layers: Sequence[str]) -> str:
    return f"layers around the policies only take access away; {'; '.join(layers)}"


def _assumptions(contract: Contract, actual: StackInventory) -> Iterator[str]:
    yield from told_of_renewal(contract.consumers.values())
    for arn in sorted(contract.of_others):
        yield (
            f"{actual.short(arn)} is not the stack's: what its own policy, and that of its key,"
            " allows is its owner's matter, and not judged"
        )
    for arn in _adopted(contract):
        yield (
            f"{actual.short(arn)} is not the stack's: what others gave it, and whom a role of"
            " others trusts, is its owner's matter, and not judged"
        )
    for arn, identity in _identities(actual):
        short = actual.short(arn)
        if POLICIES_OF_OTHERS in identity.get("policies", {}):
            yield (
                f"policies that others gave {short} are not known; whatever they allow counts, and"
                " they are taken to refuse nothing"
            )
        boundary = identity.get("boundary")
        if boundary is not None and is_unknown_document(boundary):
            yield f"the permissions boundary of {short} is not known; it is taken to refuse nothing"


def _adopted(contract: Contract) -> dict[str, str]:
    """The users and roles that exist apart from the stack, with the name of its policy in each."""
    return {
        consumer.principal_arns[0]: consumer.adopted_policy
        for consumer in contract.consumers.values()
        if consumer.adopted_policy
    }


def _identities(inventory: Inventory) -> Iterable[tuple[str, IdentityDocuments]]:
    return {**inventory.users, **inventory.roles}.items()
