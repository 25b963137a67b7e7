"""All who can ask and all that they can ask for, as far as inventories tell them apart.

Principals outside the stack take part as far as documents can tell them apart: each one that is
named, anybody else of each account, and anybody of any other account. Their own administrators
are taken to allow them everything, since nobody here decides that. Resources outside the stack are
taken to allow everything, so that what a principal may do with them shows as well.
"""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final, cast

from cross_account_access.iam.comparing.asked import EVERYTHING, Asked
from cross_account_access.iam.comparing.cases import following
from cross_account_access.iam.comparing.limits import ComparedLimits, with_open_endpoints
from cross_account_access.iam.comparing.outsiders import Outsiders, Words, is_user_or_role
from cross_account_access.iam.comparing.outsiders import outsiders as find_outsiders
from cross_account_access.iam.comparing.requests import (
    ELSEWHERE,
    ActionGroup,
    action_groups,
    resource_witnesses,
)
from cross_account_access.iam.comparing.statements import (
    OF_OWNER,
    ComparedStatement,
    compared,
    filled,
)
from cross_account_access.iam.comparing.witnesses import Witness
from cross_account_access.iam.documents import Document, PolicyDocument, PolicyKind, read
from cross_account_access.iam.engine import (
    IdentityDocuments,
    Principal,
    ResourceDocuments,
    RoleDocuments,
    World,
    parse_principal,
)
from cross_account_access.iam.inventory import (
    KNOWN_LATER,
    POLICIES_OF_OTHERS,
    AttachedDocument,
    Inventory,
    is_unknown_document,
)
from cross_account_access.iam.layers import NOT_SEEN
from cross_account_access.iam.services import pattern_inside, policy_resource

_ARN_COLONS: Final = 5
_DIGITS: Final = 12
_ACCOUNT: Final = re.compile(rf"\d{{{_DIGITS}}}")


@dataclass(frozen=True)
class ResourceClass:
    """Resources that no document tells apart."""

    witness: Witness
    target: str
    """ARN of the resource that has the policy: of an object it is the bucket."""
    groups: tuple[ActionGroup, ...]
    """The actions that can have it."""
    owner: str = ""
    """The account in which it is looked at, where neither its ARN nor an inventory says."""


@dataclass(frozen=True)
class _Read:
    """A document, and what is compared of it."""

    attached: AttachedDocument
    """Keeps the document, by whose identity this is found again."""
    document: PolicyDocument
    statements: tuple[ComparedStatement, ...]


_Name = tuple[bool, str, str]
"""Whether it is a user, the account, the name without path in lower case: it exists once."""


ByArn = Mapping[str, tuple[ComparedStatement, ...]]
"""The statements of what has an ARN."""


@dataclass(frozen=True)
class Side:
    """One of the worlds."""

    inventory: Inventory
    world: World
    """All but the rivals."""
    rivals: Mapping[str, IdentityDocuments]
    """Users and roles outside the stack of whose name there is another one in their account. A
    document can speak of both, though one of them at most exists."""
    own: ByArn
    """Statements of identity-based policies and boundaries, by principal."""
    of_target: ByArn
    """Statements of resource-based and trust policies, by resource."""
    missing: frozenset[str]
    """ARNs that do not exist: only another side has them, or one of ours has their name."""
    federated: Mapping[str, IdentityDocuments]
    """Federated users outside the stack, by ARN, with the policies of the user behind each."""
    bounded: frozenset[str]
    """ARNs of those with a boundary, which refuses what it does not speak of."""
    limits: ComparedLimits
    resources: Mapping[str, ResourceDocuments]
    """All that have policies, those outside the stack too."""
    _grown: dict[frozenset[str], World | None] = field(default_factory=dict)

    @property
    def is_limited(self) -> bool:
        """Whether any layer around the policies has been seen."""
        return self.limits.layers is not NOT_SEEN

    def limiting(self, name: str, resource: ResourceClass) -> tuple[ComparedStatement, ...]:
        """Return the statements of layers that bind a principal at a resource."""
        return self.limits.statements(_account_of(name), self.owner_of(resource))

    def shape(self, name: str, resource: ResourceClass, service: str) -> tuple[object, ...]:
        """Return what decides of what no such statement is about."""
        shape = self.limits.shape(_account_of(name), self.owner_of(resource), service)
        return (*shape, self.world.cuts_off(resource.target))

    def owner_of(self, resource: ResourceClass) -> str:
        """Return the account of a resource, empty where that is not known."""
        if resource.owner:
            return resource.owner
        found = self.resources.get(resource.target)
        return found["account"] if found else _account_of(resource.target)

    def world_of(self, principal: Principal, resource: ResourceClass) -> World | None:
        """Return a world with both, `None` where both cannot exist."""
        target = resource.target
        if resource.owner:
            return self._with_owner(target, resource.owner)
        if principal.arn in self.federated:
            return self._with_user_behind(principal)
        asked = self.rivals.keys() & {_holder_of(principal), target} if self.rivals else ()
        if not asked:
            return self.world
        key = frozenset(asked)
        if key not in self._grown:
            can_exist = len({_name_of(arn) for arn in key}) == len(key)
            self._grown[key] = self._including(key) if can_exist else None
        return self._grown[key]

    def _with_owner(self, target: str, owner: str) -> World | None:
        """Return a world in which a resource outside the stack is of a certain account."""
        key = frozenset({target, owner})
        if key not in self._grown:
            policy = self.resources[target]["policy"]
            moved: ResourceDocuments = {"account": owner, "policy": policy}
            self._grown[key] = self.world.including(resources={target: moved})
        return self._grown[key]

    def _with_user_behind(self, principal: Principal) -> World | None:
        """Return a world in which the user behind a federated user may do everything.

        Anybody of the account may be behind it: the name of the session says nothing of that.
        """
        key = frozenset({principal.arn})
        if key not in self._grown:
            behind = f"arn:{principal.partition}:iam::{principal.account}:user/{principal.name}"
            name = _name_of(behind)
            ours = (arn for arn in self.inventory.users if _name_of(arn) == name)
            users = {next(ours, behind): self.federated[principal.arn]}
            self._grown[key] = self.world.including(users=users)
        return self._grown[key]

    def _including(self, arns: Iterable[str]) -> World:
        users = {arn: self.rivals[arn] for arn in arns if ":user/" in arn}
        roles = {arn: cast(RoleDocuments, self.rivals[arn]) for arn in arns if ":role/" in arn}
        return self.world.including(users=users, roles=roles)


class Universe:
    """Inventories with everything that they can be asked about.

    Args:
        given: two of them, or more.
        asked: what must be told apart although no document does.

    Raises:
        DocumentError: for a document that breaks the policy grammar.
    """

    def __init__(self, given: Sequence[Inventory], asked: Asked = EVERYTHING) -> None:
        self._asked = asked
        # Refuses what is no inventory, before anything else looks at it.
        worlds = [each.world() for each in given]
        self._inventories = [
            _with_open_endpoints(each) for each in _without_what_is_unknown_in_all(given)
        ]
        self._limits = [ComparedLimits(each.layers) for each in self._inventories]
        self._worlds = tuple(
            world if each is whole else each.world()
            for each, whole, world in zip(self._inventories, given, worlds, strict=True)
        )
        self.known = {arn for each in self._inventories for arn in (*each.users, *each.roles)}
        """ARNs of users and roles of any side."""
        self.targets = {arn for each in self._inventories for arn in (*each.resources, *each.roles)}
        """ARNs of resources and roles of any side."""
        self._read: dict[tuple[int, PolicyKind], _Read] = {}
        """What has been read, by document; many resources outside the stack share one."""
        known = [self._said(each) for side in self._inventories for each in side.documents()]
        limits = [each for limits in self._limits for each in limits.documents]
        self._documents = [*(each.document for each in known), *limits]
        self._statements = [
            *(statement for each in known for statement in each.statements),
            *(statement for each in limits for statement in compared(each)),
        ]
        self._label = {
            id: label for each in self._inventories for id, label in _labels(each).items()
        }
        self._given_elsewhere: dict[str, Document] = {}

    def _said(self, attached: AttachedDocument) -> _Read:
        key = id(attached.document), attached.kind
        if key not in self._read:
            document = read(attached.document, attached.kind, attached.holder)
            self._read[key] = _Read(attached, document, tuple(compared(document)))
        return self._read[key]

    def short(self, arn: str) -> str:
        """A name for people."""
        named = [each for each in self._inventories if each.accounts]
        return (named or self._inventories)[-1].short(arn)

    @cached_property
    def action_patterns(self) -> frozenset[str]:
        """All action patterns of the documents."""
        return frozenset(pattern for each in self._statements for pattern in each.actions)

    @cached_property
    def outsiders(self) -> Outsiders:
        """Principals outside the stack."""
        by_target: dict[str, list[ComparedStatement]] = {target: [] for target in self.targets}
        for inventory in self._inventories:
            for each in inventory.documents():
                if each.kind.names_principals:
                    by_target[each.holder] += self._said(each).statements
        everywhere = [
            statement
            for limits in self._limits
            for document in limits.documents
            for statement in compared(document)
        ]
        accounts = {account.id for each in self._inventories for account in each.accounts}
        words = Words(self._partition, frozenset(accounts), self.short, self._anybody_of)
        return find_outsiders(by_target, everywhere, self.known, words, self._asked.principal)

    @cached_property
    def numbers_at(self) -> Mapping[str, tuple[int, ...]]:
        """Places in the list of resources of those that have one policy, by its holder."""
        found: dict[str, list[int]] = defaultdict(list)
        for number, resource in enumerate(self.resources):
            found[resource.target].append(number)
        return {target: tuple(each) for target, each in found.items()}

    @cached_property
    def numbers_for(self) -> Mapping[str, tuple[int, ...]]:
        """The same for each principal outside: those of whose policies it is told apart."""
        found: dict[str, list[int]] = defaultdict(list)
        for target, names in sorted(self.outsiders.at.items()):
            for name in names:
                found[name] += self.numbers_at.get(target, ())
        return {name: tuple(sorted(each)) for name, each in found.items()}

    def anybody_in(self, account: str) -> Iterator[str]:
        """Yield ARNs of those who stand for all others of an account."""
        told = self._anybody_of(account)
        yield from (arn for arn, words in self.outsiders.names.items() if words == told)

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
        return action_groups(self._statements, self._asked.one_action)

    @cached_property
    def resources(self) -> list[ResourceClass]:
        """The resources, in classes; the first is `*`, for actions that have none."""
        found = []
        for witness in self._witnesses_and_forms[0]:
            target = policy_resource(witness.text)
            groups = tuple(group for group in self.groups if group.is_about(witness.text))
            is_open = target != "*" and target not in self.targets and not _account_of(target)
            owners = ("", *self._owners) if is_open else ("",)
            found += [ResourceClass(witness, target, groups, owner) for owner in owners]
        return found

    @cached_property
    def _owners(self) -> list[str]:
        """The accounts, known or named, in which documents tell resources apart by their owner."""
        said = {
            value
            for statement in self._statements
            for each in statement.conditions
            if each.key.lower() in OF_OWNER
            for value in each.values
        }
        ours = {*self._label, *(arn.split(":")[4] for arn in self.known)} if said else set()
        return sorted((ours | set(filter(_ACCOUNT.fullmatch, map(_filled_up, said)))) - {ELSEWHERE})

    def alike(self, number: int) -> range:
        """Return the places of what differs from a resource by its owner alone."""
        resources = self.resources
        first = last = number
        while first and resources[first].owner:
            first -= 1
        while last + 1 < len(resources) and resources[last + 1].owner:
            last += 1
        return range(first, last + 1)

    def owner_words(self, number: int) -> str:
        """Say whose a resource is that is told apart by its owner."""
        owner = self.resources[number].owner
        label = self._label.get(owner)
        return f"of {label or f'account {owner}'}" if owner else "of any other account"

    @property
    def forms(self) -> Mapping[str, str]:
        """Words for the patterns that stand for all resources of a form."""
        return self._witnesses_and_forms[1]

    @cached_property
    def _witnesses_and_forms(self) -> tuple[list[Witness], Mapping[str, str]]:
        has_variables = any(each.has_variables for each in self._statements)
        fillings = list(self._fillings()) if has_variables else []
        more = {text for document in self._documents for text in filled(document, fillings)}
        # What is inside one of the targets is told apart from what is inside any other resource.
        inside = {pattern for arn in self.targets if (pattern := pattern_inside(arn)) is not None}
        if self._asked.resource is not None and self._asked.resource != "*":
            more.add(self._asked.resource)
        # What IAM and STS have is their account's alone: no policy lets anybody else in.
        accounts = {arn.split(":")[4] for arn in self.known}
        of_account = {
            f"arn:{self._partition}:{service}::{account}:*"
            for service in ("iam", "sts")
            for account in accounts
        }
        patterns = more | self.targets | inside | of_account
        return resource_witnesses(
            self._statements, patterns, self.groups, self._partition, self._owners
        )

    def _fillings(self) -> Iterator[Mapping[str, str]]:
        """Yield what follows from each principal and the owner of each resource, by key."""
        owners = {each["account"] for one in self._inventories for each in one.resources.values()}
        for arn in (*sorted(self.known), *self.outsiders.names):
            for owner in sorted({ELSEWHERE, *self._owners, *owners}):
                yield following(parse_principal(arn), owner)

    @cached_property
    def sides(self) -> tuple[Side, ...]:
        """The worlds, in the order of their inventories."""
        return tuple(
            self._side(inventory, world, limits, f"side {number}")
            for number, (inventory, world, limits) in enumerate(
                zip(self._inventories, self._worlds, self._limits, strict=True)
            )
        )

    def _side(self, inventory: Inventory, world: World, limits: ComparedLimits, name: str) -> Side:
        users, roles, resources = self._outside
        outside = {**users, **roles}
        ours = {*inventory.users, *inventory.roles}
        taken = {_name_of(arn) for arn in ours}
        counts = Counter(_name_of(arn) for arn in outside.keys() - ours)
        rivals = {
            arn: documents
            for arn, documents in outside.items()
            if arn not in ours and _name_of(arn) not in taken and counts[_name_of(arn)] > 1
        }
        left_out = {*ours, *rivals, *(arn for arn in outside if _name_of(arn) in taken)}
        everything = replace(
            inventory,
            users={**users, **inventory.users},
            roles={**roles, **inventory.roles},
            resources={**resources, **inventory.resources},
        )
        own: dict[str, list[ComparedStatement]] = defaultdict(list)
        of_target: dict[str, list[ComparedStatement]] = defaultdict(list)
        for each in everything.documents():
            found = of_target if each.kind.names_principals else own
            found[each.holder] += (
                _of_kind(_of_side(statement, name), each.kind)
                for statement in self._said(each).statements
            )
        present = ours | inventory.resources.keys()
        impossible = {arn for arn in outside if arn not in ours and _name_of(arn) in taken}
        return Side(
            inventory=inventory,
            world=world.including(
                users={arn: each for arn, each in users.items() if arn not in left_out},
                roles={arn: each for arn, each in roles.items() if arn not in left_out},
                resources={
                    arn: each for arn, each in resources.items() if arn not in inventory.resources
                },
            ),
            rivals=rivals,
            own={arn: tuple(each) for arn, each in own.items()},
            of_target={arn: tuple(each) for arn, each in of_target.items()},
            federated={
                arn: {"policies": {"own": self._everything_elsewhere(_account_of(arn))}}
                for arn in self.outsiders.names
                if ":federated-user/" in arn
            },
            bounded=frozenset(
                arn
                for arn, identity in {**inventory.users, **inventory.roles}.items()
                if identity.get("boundary") is not None
            ),
            missing=frozenset(((self.known | self.targets) - present) | impossible),
            limits=limits,
            resources=everything.resources,
        )

    @cached_property
    def _outside(
        self,
    ) -> tuple[
        Mapping[str, IdentityDocuments],
        Mapping[str, RoleDocuments],
        Mapping[str, ResourceDocuments],
    ]:
        """Users, roles and resources outside the stack, with what they are taken to allow."""
        users: dict[str, IdentityDocuments] = {}
        roles: dict[str, RoleDocuments] = {}
        resources: dict[str, ResourceDocuments] = {}
        for arn in self.outsiders.names:
            if is_user_or_role(arn):
                policies = {"own": self._everything_elsewhere(_account_of(arn))}
                if ":user/" in arn:
                    users[arn] = {"policies": policies}
                else:
                    holder = _holder_of(parse_principal(arn))
                    roles[holder] = {"policies": policies, "trust": self._open_trust}
        for resource in self.resources[1:]:
            self._add_outside(resource.target, roles, resources)
        return users, roles, resources

    def _everything_elsewhere(self, account: str) -> Document:
        """Return what the administrator of an outsider's account may have given.

        Within the account of a resource an identity-based policy alone suffices, and the account
        may give it to whom it likes; only what the resource says by itself is of interest there.
        """
        if (found := self._given_elsewhere.get(account)) is not None:
            return found
        own = [
            text
            for each in self._inventories
            for target, documents in each.resources.items()
            if documents["account"] == account and ":kms:" not in target
            for text in (target, f"{target}/*")
        ]
        but = {"NotResource": own} if own else {"Resource": "*"}
        statement = {"Effect": "Allow", "Action": "*", **but}
        made = self._given_elsewhere[account] = _document_of(statement)
        return made

    @cached_property
    def _roots(self) -> list[str]:
        """The accounts of our principals: to name one leaves it to the policies of the caller.

        To name everybody would decide by itself within the account of the resource.
        """
        accounts = {arn.split(":")[4] for arn in self.known}
        return [f"arn:{self._partition}:iam::{account}:root" for account in sorted(accounts)]

    @cached_property
    def _open_trust(self) -> Document:
        """The trust policy of a role outside the stack."""
        return _document_of(self._open_statement)

    @cached_property
    def _open_policy(self) -> Document:
        """The resource-based policy of a resource outside the stack."""
        return _document_of({**self._open_statement, "Resource": "*"})

    @property
    def _open_statement(self) -> Mapping[str, Any]:
        return {"Effect": "Allow", "Principal": {"AWS": self._roots}, "Action": "*"}

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
        if service == "iam" and is_user_or_role(target) and ":role/" in target:
            roles[target] = {"trust": self._open_trust}
        elif service not in ("iam", "sts") and _ACCOUNT.fullmatch(account or ELSEWHERE):
            resources[target] = {"account": account or ELSEWHERE, "policy": self._open_policy}


def _document_of(statement: Mapping[str, Any]) -> Document:
    """Return a document as text, which is compiled once for all that have it."""
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


def _of_side(statement: ComparedStatement, name: str) -> ComparedStatement:
    """Tell what is not known yet on one side from what is not known on the other."""
    if any(each.key.startswith(KNOWN_LATER) for each in statement.conditions):
        return statement.marked(name)
    return statement


def _of_kind(statement: ComparedStatement, kind: PolicyKind) -> ComparedStatement:
    """Tell what a boundary says from the same in a policy, which allows it by itself."""
    if kind is PolicyKind.BOUNDARY:
        return statement.marked("boundary")
    return statement


def _holder_of(principal: Principal) -> str:
    """Return the user or role that has the policies; of a session the role, without its path."""
    if principal.session is None:
        return principal.arn
    return f"arn:{principal.partition}:iam::{principal.account}:role/{principal.name}"


def _account_of(arn: str) -> str:
    """Return the account of a principal or resource, empty where its name does not say."""
    return arn.split(":")[4] if arn.startswith("arn:") else ""


def _filled_up(pattern: str) -> str:
    """Return an account that a pattern means, or what is no account."""
    begin, star, end = pattern.replace("?", "9").partition("*")
    return f"{begin}{'9' * (_DIGITS - len(begin) - len(end)) if star else ''}{end}"


def _name_of(arn: str) -> _Name:
    """Return what the ARNs of users and roles that cannot exist together have in common."""
    return ":user/" in arn, arn.split(":")[4], arn.rsplit("/", 1)[-1].lower()


def _labels(inventory: Inventory) -> dict[str, str]:
    return {account.id: account.label for account in inventory.accounts}


def _with_open_endpoints(inventory: Inventory) -> Inventory:
    layers = with_open_endpoints(inventory.layers)
    return inventory if layers is inventory.layers else replace(inventory, layers=layers)


def _without_what_is_unknown_in_all(given: Sequence[Inventory]) -> list[Inventory]:
    """Leave out policies of others whose content is not known on any side.

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

    found = [unknown(each) for each in given]
    everywhere = set.intersection(*found)
    everywhere |= {each for each in set.union(*found) if each[1] == POLICIES_OF_OTHERS}
    return [_without(each, everywhere) for each in given]


def _labelled(identity: IdentityDocuments) -> Iterator[tuple[str, Document]]:
    yield from identity.get("policies", {}).items()
    boundary = identity.get("boundary")
    if boundary is not None:
        yield _label_of_boundary(boundary), boundary


def _label_of_boundary(boundary: Document) -> str:
    """One boundary in place of another has another text, even where its content is not known."""
    return f"boundary {boundary}"


def _without(inventory: Inventory, left_out: set[tuple[str, str]]) -> Inventory:
    if not left_out:
        return inventory

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

    return replace(
        inventory,
        users={arn: kept(arn, user) for arn, user in inventory.users.items()},
        roles={
            arn: {"trust": role["trust"], **kept(arn, role)}
            for arn, role in inventory.roles.items()
        },
    )
