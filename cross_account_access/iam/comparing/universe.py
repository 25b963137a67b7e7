"""All who can ask and all that they can ask for, as far as two inventories tell them apart.

Principals outside the stack take part as far as documents can tell them apart: each one that is
named, anybody else of each account, and anybody of any other account. Their own administrators
are taken to allow them everything, since nobody here decides that. Resources outside the stack are
taken to allow everything, so that what a principal may do with them shows as well.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Final

from cross_account_access.command.inventory import (
    KNOWN_LATER,
    POLICIES_OF_OTHERS,
    Document,
    Inventory,
    is_unknown_document,
)
from cross_account_access.iam.comparing.requests import (
    ELSEWHERE,
    ActionGroup,
    action_groups,
    resource_kinds,
)
from cross_account_access.iam.comparing.statements import Statement, filled, statements
from cross_account_access.iam.comparing.witnesses import Kind, kinds
from cross_account_access.iam.engine import (
    IdentityDocuments,
    PrincipalKind,
    QuestionError,
    ResourceDocuments,
    RoleDocuments,
    World,
    parse_principal,
)

_ARN_COLONS: Final = 5
_ACCOUNT: Final = re.compile(r"\d{12}")
_NOBODY: Final[Mapping[str, Any]] = {"Version": "2012-10-17", "Statement": []}


@dataclass(frozen=True)
class Resource:
    """One kind of resource."""

    kind: Kind
    target: str
    """ARN of the resource that has the policy: of an object it is the bucket."""
    groups: tuple[ActionGroup, ...]
    """The actions that can have it."""


@dataclass(frozen=True)
class Side:
    """One of the two worlds."""

    inventory: Inventory
    world: World
    own: Mapping[str, tuple[Statement, ...]]
    """Statements of identity-based policies and boundaries, by principal."""
    of_target: Mapping[str, tuple[Statement, ...]]
    """Statements of resource-based and trust policies, by resource."""
    missing: frozenset[str]
    """ARNs that only the other side has."""


class Universe:
    """Two inventories with everything that they can be asked about.

    Raises:
        UncheckedError: for a document that breaks the policy grammar.
    """

    def __init__(self, before: Inventory, after: Inventory) -> None:
        before, after = _without_what_is_unknown_in_both(before, after)
        self._inventories = (before, after)
        for inventory in self._inventories:
            inventory.world()
        self.known = {*before.users, *after.users, *before.roles, *after.roles}
        """ARNs of users and roles of either side."""
        self.targets = {*before.resources, *after.resources, *before.roles, *after.roles}
        """ARNs of resources and roles of either side."""
        self._documents = [*_documents(before), *_documents(after)]
        self._statements = [
            statement for document in self._documents for statement in statements(document)
        ]
        self._label = {**_labels(before), **_labels(after)}

    def short(self, arn: str) -> str:
        """A name for people."""
        before, after = self._inventories
        return (after if after.accounts else before).short(arn)

    @cached_property
    def action_patterns(self) -> frozenset[str]:
        """All action patterns of the documents."""
        return frozenset(pattern for each in self._statements for pattern in each.actions)

    @cached_property
    def outsiders(self) -> Mapping[str, str]:
        """Principals outside the stack, with what to call them."""
        named: set[str] = set()
        accounts = {account.id for each in self._inventories for account in each.accounts}
        others = {"*": "anybody, even without signing"}
        for statement in self._statements:
            for kind, name in statement.principals:
                if kind in ("Service", "Federated"):
                    others[name] = name
                else:
                    named.add(name)
            for condition in statement.conditions:
                if condition.key.lower() in ("aws:principalarn", "aws:principalaccount"):
                    named |= set(condition.values)
        accounts |= {match for name in named for match in _ACCOUNT.findall(name)}
        patterns = {name for name in named if name.startswith("arn:")}
        general = {
            f"arn:{self._partition}:iam::{account}:{kind}/?*": account
            for account in (*accounts, ELSEWHERE)
            for kind in ("user", "role")
        }
        for each in kinds(sorted({*patterns, *general, *self.known})):
            if each.text in self.known or not _is_user_or_role(each.text):
                continue
            special = each.matches - general.keys()
            if special:
                best = max(special, key=len)
                plain = self.short(best)
                others[each.text] = plain if each.text == best else f"anybody like {plain}"
            else:
                account = next(general[pattern] for pattern in each.matches)
                others[each.text] = self._anybody_of(account)
        return others

    def _anybody_of(self, account: str) -> str:
        if account == ELSEWHERE:
            return "anybody of any other AWS account"
        label = self._label.get(account)
        return f"anybody else of {label}" if label else f"anybody of account {account}"

    @cached_property
    def _partition(self) -> str:
        return next((arn.split(":")[1] for arn in sorted(self.targets | self.known)), "aws")

    @cached_property
    def groups(self) -> list[ActionGroup]:
        """The actions, in groups that no document tells apart."""
        return action_groups(self._statements)

    @cached_property
    def resources(self) -> list[Resource]:
        """One resource of each kind; the first is `*`, for actions that have none."""
        return [
            Resource(
                kind,
                target_of(kind.text),
                tuple(group for group in self.groups if group.is_about(kind.text)),
            )
            for kind in self._kinds_and_forms[0]
        ]

    @property
    def forms(self) -> Mapping[str, str]:
        """Words for the patterns that stand for all resources of a form."""
        return self._kinds_and_forms[1]

    @cached_property
    def _kinds_and_forms(self) -> tuple[list[Kind], Mapping[str, str]]:
        users = [arn.rsplit("/", 1)[-1] for each in self._inventories for arn in each.users]
        more = {text for document in self._documents for text in filled(document, users)}
        return resource_kinds(self._statements, more | self.targets, self._partition)

    @cached_property
    def sides(self) -> tuple[Side, Side]:
        """Before and after."""
        before, after = (
            self._side(inventory, name)
            for inventory, name in zip(self._inventories, ("before", "after"), strict=True)
        )
        return before, after

    def _side(self, inventory: Inventory, name: str) -> Side:
        users: dict[str, IdentityDocuments] = dict(inventory.users)
        roles: dict[str, RoleDocuments] = dict(inventory.roles)
        resources: dict[str, ResourceDocuments] = dict(inventory.resources)
        for arn in self.outsiders:
            if ":user/" in arn:
                users[arn] = {"policies": {"own": self._everything_elsewhere(arn)}}
            elif _is_user_or_role(arn):
                policies = {"own": self._everything_elsewhere(arn)}
                roles.setdefault(_role_of(arn), {"policies": policies, "trust": _NOBODY})
        for resource in self.resources[1:]:
            self._add_outside(resource.target, roles, resources)
        world = Inventory(accounts=(), users=users, roles=roles, resources=resources).world()
        own = {
            arn: tuple(
                _of_side(statement, name)
                for document in _documents_of(identity)
                for statement in statements(document)
            )
            for arn, identity in {**users, **roles}.items()
        }
        attached = [(arn, each["policy"]) for arn, each in resources.items()]
        attached += [(arn, each["trust"]) for arn, each in roles.items()]
        of_target = {
            arn: tuple(_of_side(statement, name) for statement in statements(policy))
            for arn, policy in attached
            if policy
        }
        present = {*inventory.users, *inventory.roles, *inventory.resources}
        missing = frozenset((self.known | self.targets) - present)
        return Side(inventory, world, own, of_target, missing)

    def _everything_elsewhere(self, arn: str) -> Document:
        """Return what an outsider's administrator may have given.

        Within the account of a resource an identity-based policy alone suffices, and the account
        may give it to whom it likes; only what the resource says by itself is of interest there.
        """
        account = arn.split(":")[4]
        own = [
            text
            for each in self._inventories
            for target, documents in each.resources.items()
            if documents["account"] == account and ":kms:" not in target
            for text in (target, f"{target}/*")
        ]
        but = {"NotResource": own} if own else {"Resource": "*"}
        return {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", **but}}

    @cached_property
    def _roots(self) -> list[str]:
        """The accounts of our principals: to name one leaves it to the policies of the caller.

        To name everybody would decide by itself within the account of the resource.
        """
        accounts = {arn.split(":")[4] for arn in self.known}
        return [f"arn:{self._partition}:iam::{account}:root" for account in sorted(accounts)]

    def _add_outside(
        self,
        target: str,
        roles: dict[str, RoleDocuments],
        resources: dict[str, ResourceDocuments],
    ) -> None:
        """Let a resource outside the stack allow all, so that the caller's side decides."""
        if target in self.targets or target in resources or target in roles:
            return
        service, account = target.split(":")[2], target.split(":")[4]
        everything = {"Effect": "Allow", "Principal": {"AWS": self._roots}, "Action": "*"}
        if service == "iam" and _is_user_or_role(target) and ":role/" in target:
            roles[target] = {"trust": {"Version": "2012-10-17", "Statement": everything}}
        elif service not in ("iam", "sts") and _ACCOUNT.fullmatch(account or ELSEWHERE):
            policy = {"Version": "2012-10-17", "Statement": {**everything, "Resource": "*"}}
            resources[target] = {"account": account or ELSEWHERE, "policy": policy}


def _of_side(statement: Statement, name: str) -> Statement:
    """Tell what is not known yet on one side from what is not known on the other."""
    if any(each.key.startswith(KNOWN_LATER) for each in statement.conditions):
        return replace(statement, meaning=f"{name}: {statement.meaning}")
    return statement


def target_of(resource: str) -> str:
    """Return the ARN of the resource that has the policy: of an object it is the bucket."""
    return resource.split("/", 1)[0] if resource.split(":")[2:3] == ["s3"] else resource


def _role_of(arn: str) -> str:
    """Return the role behind a session; its path does not matter to who it is."""
    principal = parse_principal(arn)
    role = f"arn:{principal.partition}:iam::{principal.account}:role/{principal.name}"
    return arn if principal.session is None else role


def _is_user_or_role(arn: str) -> bool:
    """Say whether this can be the ARN of one; their names and paths have no colon."""
    try:
        kind = parse_principal(arn).kind
    except QuestionError:
        return False
    return kind in (PrincipalKind.USER, PrincipalKind.ROLE) and arn.count(":") == _ARN_COLONS


def _labels(inventory: Inventory) -> dict[str, str]:
    return {account.id: account.label for account in inventory.accounts}


def _documents(inventory: Inventory) -> Iterator[Document]:
    for identity in (*inventory.users.values(), *inventory.roles.values()):
        yield from _documents_of(identity)
    for role in inventory.roles.values():
        yield role["trust"]
    for resource in inventory.resources.values():
        if resource["policy"]:
            yield resource["policy"]


def _documents_of(identity: IdentityDocuments) -> Iterator[Document]:
    yield from identity.get("policies", {}).values()
    boundary = identity.get("boundary")
    if boundary is not None:
        yield boundary


def _without_what_is_unknown_in_both(
    before: Inventory, after: Inventory
) -> tuple[Inventory, Inventory]:
    """Leave out policies of others whose content is not known on either side.

    They are taken to be the same there. So are those that others gave a user whom the stack only
    adopts. What the stack itself makes stays: it may differ.
    """

    def unknown(inventory: Inventory) -> set[tuple[str, str]]:
        return {
            (arn, label)
            for arn, identity in {**inventory.users, **inventory.roles}.items()
            for label, document in _labelled(identity)
            if is_unknown_document(document) and KNOWN_LATER not in str(document)
        }

    both = unknown(before) & unknown(after)
    both |= {each for each in unknown(before) | unknown(after) if each[1] == POLICIES_OF_OTHERS}
    return _without(before, both), _without(after, both)


def _labelled(identity: IdentityDocuments) -> Iterator[tuple[str, Document]]:
    yield from identity.get("policies", {}).items()
    boundary = identity.get("boundary")
    if boundary is not None:
        yield _label_of_boundary(boundary), boundary


def _label_of_boundary(boundary: Document) -> str:
    """One boundary in place of another has another text, even where its content is not known."""
    return f"boundary {boundary}"


def _without(inventory: Inventory, left_out: set[tuple[str, str]]) -> Inventory:
    def kept(arn: str, identity: IdentityDocuments) -> IdentityDocuments:
        policies = {
            label: document
            for label, document in identity.get("policies", {}).items()
            if (arn, label) not in left_out
        }
        boundary = identity.get("boundary")
        if boundary is not None and (arn, _label_of_boundary(boundary)) in left_out:
            boundary = None
        return {"policies": policies, "boundary": boundary}

    return Inventory(
        accounts=inventory.accounts,
        users={arn: kept(arn, user) for arn, user in inventory.users.items()},
        roles={
            arn: {"trust": role["trust"], **kept(arn, role)}
            for arn, role in inventory.roles.items()
        },
        resources=inventory.resources,
        gaps=inventory.gaps,
    )
