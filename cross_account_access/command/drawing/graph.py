"""Who reaches what, as a graph: principals and resources, and between them what is allowed."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from cross_account_access.command.change_words import shown_when
from cross_account_access.command.drawing.wording import Use, levels, plain, without_prefix
from cross_account_access.iam.comparing.comparison import Change, Effect, compare, grants
from cross_account_access.iam.inventory import NOTHING, Inventory
from cross_account_access.printable import one_line

OUTSIDE: Final = "outside the stack"
_ABOUT_SESSION: Final = frozenset({"sts:SetSourceIdentity", "sts:TagSession", "sts:SetContext"})


@dataclass(frozen=True)
class Node:
    """A principal or a resource."""

    id: str
    """A letter and digits, for pictures; the same whenever the same is drawn."""
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
    """What one may do with a resource, by itself or through a role, in the same circumstances."""

    nodes: tuple[Node, ...]
    """Principal, the role if there is one, resource."""
    words: str
    """Levels and prefixes, like `list, read under published/`."""
    uses: tuple[tuple[str, tuple[str, ...], str], ...]
    """Resource or pattern, all its actions, and the exact circumstances; of each part."""
    when: str
    """The circumstances in plain words; empty for all."""
    is_certain: bool
    """Whether it is allowed, rather than not known."""

    @property
    def actions(self) -> tuple[str, ...]:
        """All actions of all parts."""
        return tuple(sorted({action for _, actions, _ in self.uses for action in actions}))

    @property
    def label(self) -> str:
        """The words, and the circumstances."""
        doubt = "" if self.is_certain else "possibly "
        return f"{doubt}{self.words}{', ' if self.when else ''}{self.when}"


_Key = tuple[str, str, str, str, bool]
"""Principal, role, resource, circumstances, whether it is certain."""


class Graph:
    """The graph of an inventory.

    Raises:
        DocumentError: for a document that breaks the policy grammar.
    """

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        edges = self._gathered(grants(inventory))
        rows = self._gathered(compare(NOTHING, inventory))
        self.nodes = self._numbered(edges, rows)
        self._by_name = {node.full_name: node for node in self.nodes}
        self.edges = tuple(
            access
            for key, changes in edges.items()
            for access in [self._access(key, changes)]
            if not self._is_detail(key, changes, edges)
        )
        """What each may do by itself; roles are principals too."""
        self.rows = tuple(self._access(key, changes) for key, changes in rows.items())
        """What each may do in the end; a role only where nobody is known to assume it."""

    def _gathered(self, changes: Iterable[Change]) -> dict[_Key, list[tuple[Change, str]]]:
        """Put together what is about one resource in the same circumstances, in a fixed order.

        The prefix that listing is confined to is no circumstance of its own.
        """
        found: dict[_Key, list[tuple[Change, str]]] = defaultdict(list)
        for change in changes:
            prefix, when = without_prefix(change.when)
            key = (
                change.principal,
                change.through or "",
                self._target(change.resource),
                when,
                change.effect is Effect.WIDENS,
            )
            found[key].append((change, prefix))
        return {
            key: sorted(found[key], key=lambda each: (each[0].resource, each[0].actions))
            for key in sorted(found)
        }

    @staticmethod
    def _is_detail(key: _Key, changes: Sequence[tuple[Change, str]], edges: Iterable[_Key]) -> bool:
        """Say whether it is only about the session that another edge is the way to."""
        about = {action for change, _ in changes for action in change.actions}
        others = [each for each in edges if each[:3] == key[:3] and each != key]
        return about <= _ABOUT_SESSION and bool(others)

    def _access(self, key: _Key, changes: Sequence[tuple[Change, str]]) -> Access:
        principal, role, target, when, is_certain = key
        names = [principal, *([role] if role else []), target]
        uses = [
            Use(
                change.actions,
                change.resource.removeprefix(target).lstrip("/")
                if change.resource != target
                else None,
            )
            for change, _ in changes
        ]
        listed = next((prefix for _, prefix in changes if prefix), "")
        return Access(
            nodes=tuple(self._by_name[one_line(name)] for name in names),
            words=one_line(levels(self._service(target, changes), uses, listed)),
            uses=tuple(
                (one_line(change.resource), change.actions, one_line(change.when))
                for change, _ in changes
            ),
            when=one_line(plain(shown_when(when))),
            is_certain=is_certain,
        )

    def _service(self, target: str, changes: Sequence[tuple[Change, str]]) -> str:
        arn = self._arns.get(target)
        return arn.split(":")[2] if arn else changes[0][0].actions[0].split(":")[0]

    def _target(self, resource: str) -> str:
        """Return the resource of the stack that this is, or is inside of, else the text itself."""
        parts = resource.split(" outside ", 1)[0].split("/")
        starts = ("/".join(parts[:number]) for number in range(len(parts), 0, -1))
        return next((each for each in starts if each in self._arns), resource)

    @cached_property
    def _arns(self) -> dict[str, str]:
        return {self._inventory.short(arn): arn for arn in self._inventory.resources}

    def _numbered(self, *found: Iterable[_Key]) -> tuple[Node, ...]:
        """Return a node for everything that is named, in a fixed order."""
        principals = {key[0] for keys in found for key in keys}
        inventory = self._inventory
        own = (*inventory.users, *inventory.roles, *inventory.resources)
        names = {inventory.short(arn) for arn in own} | principals
        names |= {name for keys in found for key in keys for name in key[1:3] if name}
        nodes = [self._node(name, is_principal=name in principals) for name in names]
        nodes.sort(key=lambda node: (node.account, node.kind, node.name, node.full_name))
        return tuple(
            Node(f"n{number}", node.full_name, node.name, node.kind, node.account)
            for number, node in enumerate(nodes, start=1)
        )

    def _node(self, name: str, *, is_principal: bool) -> Node:
        label, colon, rest = name.partition(":")
        is_ours = bool(colon) and label in self._labels
        kind = {"user": "user", "role": "role"}.get(rest.split("/", 1)[0]) if is_ours else None
        return Node(
            id="",
            full_name=one_line(name),
            name=one_line(rest if is_ours else name),
            kind=kind or ("outsider" if is_principal else "resource"),
            account=label if is_ours else self._owner(name),
        )

    def _owner(self, name: str) -> str:
        """Return the label of the account that owns a resource."""
        arn = self._arns.get(self._target(name))
        if arn is None:
            return OUTSIDE
        return self._inventory.label(self._inventory.resources[arn]["account"])

    @cached_property
    def _labels(self) -> frozenset[str]:
        return frozenset(account.label for account in self._inventory.accounts)
