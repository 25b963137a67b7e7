"""Who reaches what, as a graph: principals and resources, and between them what is allowed."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

from cross_account_access.iam.comparing.comparison import Change, Effect, compare, grants
from cross_account_access.iam.inventory import NOTHING, Inventory

OUTSIDE: Final = "outside the stack"
_SHOWN: Final = 3


@dataclass(frozen=True)
class Node:
    """A principal or a resource."""

    id: str
    """A letter and digits, for pictures."""
    full_name: str
    """For people."""
    name: str
    """The same without the account."""
    kind: str
    """`user`, `role`, `outsider` or `resource`."""
    account: str
    """Label of the account, or `OUTSIDE`."""


@dataclass(frozen=True)
class Access:
    """What one may do, by itself or through a role."""

    nodes: tuple[Node, ...]
    """Principal, the role if there is one, resource."""
    actions: tuple[str, ...]
    when: str
    """The circumstances in words; empty for all."""
    is_certain: bool
    """Whether it is allowed, rather than not known."""

    @property
    def label(self) -> str:
        """A few of the actions, and the circumstances."""
        shown = ", ".join(self.actions[:_SHOWN])
        more = f" and {len(self.actions) - _SHOWN} more" if len(self.actions) > _SHOWN else ""
        doubt = "" if self.is_certain else "possibly "
        return f"{doubt}{shown}{more}{', ' if self.when else ''}{self.when}"


class Graph:
    """The graph of an inventory.

    Raises:
        DocumentError: for a document that breaks the policy grammar.
    """

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._nodes: dict[str, Node] = {}
        for arn in (*inventory.users, *inventory.roles, *inventory.resources):
            self._node(inventory.short(arn))
        self.edges = tuple(map(self._access, grants(inventory)))
        """What each may do by itself; roles are principals too."""
        self.rows = tuple(map(self._access, compare(NOTHING, inventory)))
        """What each may do in the end; a role only where nobody is known to assume it."""
        self.nodes = tuple(
            sorted(self._nodes.values(), key=lambda node: (node.account, node.kind, node.name))
        )

    def _access(self, change: Change) -> Access:
        nodes = [self._node(change.principal, is_principal=True)]
        if change.through is not None:
            nodes.append(self._node(change.through))
        nodes.append(self._node(change.resource))
        is_certain = change.effect is Effect.WIDENS
        return Access(tuple(nodes), change.actions, change.when, is_certain)

    def _node(self, name: str, *, is_principal: bool = False) -> Node:
        if name not in self._nodes:
            label, colon, rest = name.partition(":")
            is_ours = bool(colon) and label in self._labels
            kind = {"user": "user", "role": "role"}.get(rest.split("/", 1)[0]) if is_ours else None
            self._nodes[name] = Node(
                id=f"n{len(self._nodes) + 1}",
                full_name=name,
                name=rest if is_ours else name,
                kind=kind or ("outsider" if is_principal else "resource"),
                account=label if is_ours else self._owner(name),
            )
        return self._nodes[name]

    def _owner(self, name: str) -> str:
        """Return the label of the account that owns a bucket or what is in it."""
        bucket = name.split(" ", 1)[0].split("/", 1)[0]
        for arn, documents in self._inventory.resources.items():
            if self._inventory.short(arn) == bucket:
                return self._inventory.label(documents["account"])
        return OUTSIDE

    @cached_property
    def _labels(self) -> frozenset[str]:
        return frozenset(account.label for account in self._inventory.accounts)
