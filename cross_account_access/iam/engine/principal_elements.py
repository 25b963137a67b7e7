"""Whom a `Principal` or `NotPrincipal` element names.

Rules: AWS, "AWS JSON policy elements: Principal" and "AWS JSON policy elements: NotPrincipal".
"""

from __future__ import annotations

import enum
import re
from typing import Final

from cross_account_access.iam.engine.errors import DocumentError
from cross_account_access.iam.engine.facts import Facts
from cross_account_access.iam.engine.principals import PrincipalKind

_UNIQUE_ID = re.compile(r"A[A-Z]{3}[A-Z0-9]{12,}")
_NAMED_ARN = re.compile(
    r"arn:[a-z-]+:(?:iam::[a-z0-9]+:(?:user|role)/.+"
    r"|sts::\d{12}:(?:assumed-role/[^/]+/[^/]+|federated-user/[^/]+))"
)
_ACCOUNT = re.compile(r"(?:arn:[a-z-]+:iam::)?(\d{12})(?::root)?")


class Naming(enum.IntEnum):
    """How directly an element names the principal; the order is that of its effect.

    Source: AWS, "Policy evaluation logic", Determining whether a request is allowed or denied
    within an account.
    """

    NONE = 0
    ACCOUNT = 1
    """By its account, which delegates to that account's identity-based policies."""
    ENTITY = 2
    """By the role or user behind the session, so boundary and session policies still limit it."""
    SELF = 3
    """By itself, or as everyone."""


Bounds = tuple[Naming, Naming]
"""The least and the most that the naming can be; equal when it is known."""

_NOT: Final[Bounds] = (Naming.NONE, Naming.NONE)
_ALL: Final[Bounds] = (Naming.SELF, Naming.SELF)
_EITHER: Final[Bounds] = (Naming.NONE, Naming.SELF)


class PrincipalElement:
    """A compiled `Principal` or `NotPrincipal`.

    A unique ID such as `AIDA…` stands in a policy once its user or role is deleted and names
    nobody any more (AWS: "AWS JSON policy elements: Principal", IAM user principals).

    Args:
        element: the element's JSON value.
        negated: whether it is `NotPrincipal`.
        where: the place for messages.

    Raises:
        DocumentError: for a form that the grammar does not have.
    """

    __slots__ = (
        "_accounts",
        "_arns",
        "_canonical",
        "_every_aws",
        "_everyone",
        "_negated",
        "_others",
    )

    def __init__(self, element: object, *, negated: bool, where: str) -> None:
        self._negated = negated
        self._everyone = element == "*"
        self._every_aws = False
        self._canonical = False
        self._accounts: set[str] = set()
        self._arns: set[str] = set()
        self._others: set[str] = set()
        if self._everyone:
            return
        if not isinstance(element, dict) or not element:
            msg = f'{where}: {element!r} is no principal; write "*" or {{"AWS": "<ARN>"}}'
            raise DocumentError(msg)
        for kind, value in element.items():
            for name in value if isinstance(value, list) else [value]:
                self._add(kind, name, f"{where}.{kind}")

    def _add(self, kind: str, name: object, where: str) -> None:
        if kind not in ("AWS", "Service", "Federated", "CanonicalUser"):
            msg = f"{where}: {kind!r} is no kind of principal; use AWS, Service or Federated"
            raise DocumentError(msg)
        if not isinstance(name, str) or not name:
            msg = f"{where}: {name!r} is no principal; give a text"
            raise DocumentError(msg)
        if kind == "AWS":
            self._add_aws(name, where)
        elif "*" in name or "?" in name:
            msg = f"{where}: {name!r} has a wildcard, but a principal must be named in full"
            raise DocumentError(msg)
        elif kind == "CanonicalUser":
            self._canonical = True
        else:
            self._others.add(name)

    def _add_aws(self, name: str, where: str) -> None:
        if name == "*":
            self._every_aws = True
        elif "*" in name or "?" in name:
            msg = f"{where}: {name!r} has a wildcard, but a principal must be named in full or be *"
            raise DocumentError(msg)
        elif match := _ACCOUNT.fullmatch(name):
            self._accounts.add(match[1])
        elif _NAMED_ARN.fullmatch(name) or _UNIQUE_ID.fullmatch(name):
            self._arns.add(name)
        else:
            msg = (
                f"{where}: {name!r} is no AWS principal; name an account ID, or the ARN of an"
                " account's root, a user, a role or a session"
            )
            raise DocumentError(msg)

    def naming(self, facts: Facts) -> Bounds:
        """Return how the element names the principal of the request."""
        if self._negated:
            return self._names_all_others(facts)
        if self._everyone:
            return _ALL
        if not facts.principal.has_identity:
            return self._names_outsider(facts)
        return _ALL if self._every_aws else self._names_identity(facts)

    def _names_outsider(self, facts: Facts) -> Bounds:
        principal = facts.principal
        is_anonymous = principal.kind is PrincipalKind.ANONYMOUS
        if principal.arn in self._others or (is_anonymous and self._every_aws):
            return _ALL
        if self._every_aws:
            facts.doubt("whether AWS: * includes services and identity providers")
            return _EITHER
        return _NOT

    def _names_identity(self, facts: Facts) -> Bounds:
        principal = facts.principal
        named, behind, account = self._named(facts)
        if named:
            return _ALL
        least = Naming.ENTITY if behind else Naming.ACCOUNT if account else Naming.NONE
        if named is None:
            facts.doubt(f"which session of role {principal.name} makes the request")
            return least, Naming.SELF
        if self._canonical and least is Naming.NONE:
            facts.doubt("which account a CanonicalUser principal stands for")
            return least, Naming.ACCOUNT
        return least, least

    def _named(self, facts: Facts) -> tuple[bool | None, bool | None, bool]:
        """Say whether the list has the principal itself, the one behind it, and its account.

        Returns `None` for itself when that depends on the session's name, and for the one behind
        it when there is none.
        """
        principal = facts.principal
        account = principal.account in self._accounts
        if principal.kind in (PrincipalKind.USER, PrincipalKind.ROOT):
            return principal.arn in self._arns, None, account
        word = "role" if principal.kind is PrincipalKind.ROLE else "user"
        prefix = f"arn:{principal.partition}:iam::{principal.account}:{word}/"
        if facts.entity_arn is not None:
            behind = facts.entity_arn in self._arns
        else:
            behind = any(
                arn.startswith(prefix) and arn.rsplit("/", 1)[-1] == principal.name
                for arn in self._arns
            )
        if principal.session is not None:
            return principal.arn in self._arns, behind, account
        sessions = (
            f"arn:{principal.partition}:sts::{principal.account}:assumed-role/{principal.name}/"
        )
        is_open = any(arn.startswith(sessions) for arn in self._arns)
        return None if is_open else False, behind, account

    def _names_all_others(self, facts: Facts) -> Bounds:
        """Apply `NotPrincipal`: everybody is meant but those who are listed.

        AWS may check the account, then the role, then the session, and recommends to list all of
        them; a list that has only some is therefore not decided here (AWS: "AWS JSON policy
        elements: NotPrincipal", NotPrincipal with Deny).
        """
        if self._everyone:
            return _NOT
        if not facts.principal.has_identity:
            least, most = self._names_outsider(facts)
            return _EITHER if least is not most else _ALL if least is Naming.NONE else _NOT
        if self._every_aws:
            return _NOT
        named, behind, account = self._named(facts)
        listed = [account]
        if facts.principal.kind is not PrincipalKind.ROOT:
            listed.append(named is True)
        if behind is not None:
            listed.append(behind)
        if all(listed):
            return _NOT
        if any(listed) or named is None or self._canonical:
            facts.doubt("NotPrincipal lists only a part of the principal, its role and its account")
            return _EITHER
        return _ALL
