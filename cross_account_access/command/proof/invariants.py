"""Whether invariants hold, decided for every request.

An invariant is a statement that denies. It holds where such a statement, in every policy that has a
say, would take nothing away: the documents as they are allow no request that they would not allow
with it. Both are compared as in a proof, so that what breaks it comes with a request.

Those who are let in where others are not may be so by a role. So nobody else may assume a role that
reaches what is forbidden to them: of an exception the role is compared with the trust policy that
is declared, of anybody else with one that denies as well.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from cross_account_access.command.inventory import StackInventory
from cross_account_access.command.proof.assumed import with_any_policies, without_unknown_boundaries
from cross_account_access.command.proof.expected import expected
from cross_account_access.command.proof.invariants_file import Invariant
from cross_account_access.command.proof.named import Block, Names, catches, is_of
from cross_account_access.credentials.contract import Consumer, Contract
from cross_account_access.errors import UsageError
from cross_account_access.iam.comparing.comparison import Change, examine
from cross_account_access.iam.documents import Document
from cross_account_access.iam.engine import (
    IdentityDocuments,
    Principal,
    ResourceDocuments,
    RoleDocuments,
)
from cross_account_access.iam.patterns import matches
from cross_account_access.iam.services import policy_resource

_ASSUMING: Final = "sts:assumerole"
_OWN: Final = "of the invariant"
_Statement = dict[str, Any]


@dataclass(frozen=True)
class Checked:
    """An invariant, and what breaks it."""

    name: str
    differences: tuple[Change, ...]
    """What is allowed and must not be."""

    @property
    def holds(self) -> bool:
        """Whether nothing does."""
        return not self.differences


def check(
    invariants: Sequence[Invariant], contract: Contract, actual: StackInventory
) -> tuple[Checked, ...]:
    """Check each.

    Raises:
        UsageError: a name is unknown, or a pattern means nothing that there is.
        UncheckedError: the declaration does not say enough.
        DocumentError: a document breaks the policy grammar.
        ComparisonError: patterns overlap in more ways than can be looked at.
    """
    checks = [_Check(each, contract, actual) for each in invariants]
    return tuple(Checked(each.invariant.name, tuple(each.broken())) for each in checks)


class _Check:
    """One invariant, with its names understood."""

    def __init__(self, invariant: Invariant, contract: Contract, actual: StackInventory) -> None:
        self.invariant = invariant
        self._names = Names(contract, actual, invariant.name)
        self._resources = self._names.resources(invariant.resources, invariant.actions)
        self._forbidden = self._names.but(invariant.who, invariant.exceptions)
        self._exceptions = self._names.consumers(invariant.exceptions)
        self._contract = contract
        self._documents = without_unknown_boundaries(actual)
        self._home = contract.production_account_id
        self._declared = expected(contract, actual.accounts) if self._exceptions else None

    def broken(self) -> Iterator[Change]:
        """Yield what is allowed and must not be."""
        reach = self._reach()
        self._check_exceptions(reach)
        reaching = {who for change in reach for who in (change.principal, change.through)}
        told: set[tuple[object, ...]] = set()
        for change in (*self._found(self._documents), *self._found(self._anyhow())):
            about = (change.principal, change.through, change.actions, change.resource)
            if about in told or not self._counts(change, reaching):
                continue
            told.add(about)
            yield change

    def _anyhow(self) -> StackInventory:
        return with_any_policies(self._documents, self._home)

    def _reach(self) -> list[Change]:
        """All who may do it at all, with whatever policies of their own."""
        documents = self._anyhow()
        denied = self._with_denials(documents, [{}])
        found = examine(denied, documents).changes
        return [change for change in found if self._is_judged(change)]

    def _found(self, documents: StackInventory) -> Iterator[Change]:
        restricted = self._with_trusts(self._with_denials(documents, self._forbidden))
        for change in examine(restricted, documents).changes:
            if change.effect.is_widening and self._is_judged(change):
                yield change

    def _is_judged(self, change: Change) -> bool:
        """What principals outside of Production may do elsewhere is no matter of Production's."""
        request = change.example
        if request is None or request.principal.account == self._home:
            return True
        targets = {*self._documents.resources, *self._documents.roles}
        return policy_resource(request.resource) in targets

    def _counts(self, change: Change, reaching: set[str | None]) -> bool:
        """Whether who may assume a role reaches what is forbidden, unless assuming it is."""
        request = change.example
        if request is None or not request.action.lower().startswith(_ASSUMING):
            return True
        if any(
            _is(each, request.principal) and request.resource == each.role_arn
            for each in self._exceptions
            if not each.claims
        ):
            return False  # in other circumstances than are declared
        is_asked = any(matches(each, request.resource) for each in self._resources) and any(
            matches(each.lower(), request.action.lower()) for each in self.invariant.actions
        )
        return is_asked or self._documents.short(request.resource) in reaching

    def _check_exceptions(self, reach: Iterable[Change]) -> None:
        """Refuse exceptions none of which is one: then the resource is not what was meant."""
        if not self._exceptions:
            return
        for change in reach:
            request = change.example
            if request is None or any(_is(each, request.principal) for each in self._exceptions):
                return
        names = ", ".join(each.name for each in self._exceptions)
        actions, resources = (
            " or ".join(each) for each in (self.invariant.actions, self.invariant.resources)
        )
        message = (
            f"{self.invariant.name}: except: {names} may not {actions} on {resources} anyway;"
            " correct the pattern, or leave the exception out"
        )
        raise UsageError(message)

    # The same documents with the denial.

    def _with_denials(
        self, documents: StackInventory, forbidden: Sequence[Block]
    ) -> StackInventory:
        """Deny it to the forbidden wherever a policy has a say in it."""
        statements = [
            {
                "Effect": "Deny",
                "Action": list(self.invariant.actions),
                "Resource": list(self._resources),
                "Condition": {**self._when(block)},
            }
            for block in forbidden
        ]
        own = {_OWN: _policy(statements)}
        everybody = [{**each, "Principal": "*"} for each in statements]
        trusts = [
            {key: value for key, value in each.items() if key != "Resource"} for each in everybody
        ]
        resources: dict[str, ResourceDocuments] = {
            arn: {**each, "policy": _extended(each["policy"], everybody)}
            if self._is_asked(arn)
            else each
            for arn, each in documents.resources.items()
        }
        roles: dict[str, RoleDocuments] = {
            arn: {
                **role,
                "trust": _extended(role["trust"], trusts) if self._is_asked(arn) else role["trust"],
                "policies": {**role.get("policies", {}), **own},
            }
            for arn, role in documents.roles.items()
        }
        users: dict[str, IdentityDocuments] = {
            arn: {**user, "policies": {**user.get("policies", {}), **own}}
            for arn, user in documents.users.items()
        }
        return replace(documents, users=users, roles=roles, resources=resources)

    def _when(self, block: Block) -> Block:
        """The circumstances beside who it is."""
        both: dict[str, Mapping[str, Sequence[str]]] = dict(block)
        for operator, keys in self.invariant.when.items():
            both[operator] = {**both.get(operator, {}), **keys}
        return both

    def _is_asked(self, arn: str) -> bool:
        return any(is_of(pattern, arn) for pattern in self._resources)

    def _with_trusts(self, documents: StackInventory) -> StackInventory:
        """Let nobody into a role by whom it is not declared, or to whom it is forbidden."""
        kept = {arn for each in self._exceptions for arn in (each.role_arn, *each.principal_arns)}
        roles: dict[str, RoleDocuments] = dict(documents.roles)
        for arn, role in documents.roles.items():
            trust = role["trust"]
            if arn in kept and self._declared is not None and arn in self._declared.roles:
                trust = self._declared.roles[arn]["trust"]
            elif not any(catches(block, arn) for block in self._forbidden):
                denials = [
                    {
                        "Effect": "Deny",
                        "Principal": "*",
                        "Action": "sts:AssumeRole*",
                        "Condition": block,
                    }
                    for block in self._forbidden
                ]
                trust = _extended(trust, denials)
            roles[arn] = {**role, "trust": trust}
        return replace(documents, roles=roles)


def _is(consumer: Consumer, principal: Principal) -> bool:
    """Whether a principal is one of those whom a consumer's ARNs mean, or its role."""
    arns = [arn for arn in (consumer.role_arn, *consumer.principal_arns) if arn]
    whole_account = f":{principal.account}:root"
    return any(matches(arn, principal.arn) or arn.endswith(whole_account) for arn in arns)


def _policy(statements: Sequence[_Statement]) -> Document:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def _extended(document: Document | None, more: Sequence[_Statement]) -> Document:
    """A document with statements more; none has none."""
    if document is None:
        return _policy(more)
    parsed = json.loads(document) if isinstance(document, str) else document
    statements = parsed["Statement"]
    listed = statements if isinstance(statements, list) else [statements]
    return {**parsed, "Statement": [*listed, *more]}
