"""Whom a `Principal` or `NotPrincipal` element names.

Rules: AWS, "AWS JSON policy elements: Principal" and "AWS JSON policy elements: NotPrincipal".
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from typing import Final

from cross_account_access.iam.checks import shown
from cross_account_access.iam.engine.context import RequestContext
from cross_account_access.iam.engine.principals import PrincipalKind
from cross_account_access.iam.errors import DocumentError

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
    nobody any more (AWS: "AWS JSON policy elements: Principal", IAM user principals,
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html).

    Args:
        principals: as the reader of documents has them.
        negated: whether it is `NotPrincipal`.
        where: the statement, for messages.

    Raises:
        DocumentError: for a name that the grammar does not have.
    """

    __slots__ = (
        "_accounts",
        "_arns",
        "_canonical",
        "_every_aws",
        "_everyone",
        "_others",
        "is_negated",
    )

    def __init__(self, principals: Iterable[tuple[str, str]], *, negated: bool, where: str) -> None:
        self.is_negated = negated
        self._everyone = False
        self._every_aws = False
        self._canonical = False
        self._accounts: set[str] = set()
        self._arns: set[str] = set()
        self._others: set[str] = set()
        element = "NotPrincipal" if negated else "Principal"
        for kind, name in principals:
            self._add(kind, name, f"{where}.{element}.{kind}")

    def _add(self, kind: str, name: str, where: str) -> None:
        if kind == "*":
            self._everyone = True
        elif kind == "AWS":
            self._add_aws(name, where)
        elif "*" in name or "?" in name:
            msg = f"{where}: {shown(name)} has a wildcard, but a principal must be named in full"
            raise DocumentError(msg)
        elif kind == "CanonicalUser":
            self._canonical = True
        else:
            self._others.add(name)

    def _add_aws(self, name: str, where: str) -> None:
        if name == "*":
            self._every_aws = True
        elif "*" in name or "?" in name:
            msg = (
                f"{where}: {shown(name)} has a wildcard, but a principal must be named in full or"
                " be *"
            )
            raise DocumentError(msg)
        elif match := _ACCOUNT.fullmatch(name):
            self._accounts.add(match[1])
        elif _NAMED_ARN.fullmatch(name) or _UNIQUE_ID.fullmatch(name):
            self._arns.add(name)
        else:
            msg = (
                f"{where}: {shown(name)} is no AWS principal; name an account ID, or the ARN of an"
                " account's root, a user, a role or a session"
            )
            raise DocumentError(msg)

    def naming(self, request: RequestContext) -> Bounds:
        """Return how the element names the principal of the request."""
        if self.is_negated:
            return self._names_all_others(request)
        if self._everyone:
            return _ALL
        if not request.principal.has_identity:
            return self._names_outsider(request)
        return _ALL if self._every_aws else self._names_identity(request)

    def _names_outsider(self, request: RequestContext) -> Bounds:
        principal = request.principal
        is_anonymous = principal.kind is PrincipalKind.ANONYMOUS
        if principal.arn in self._others or (is_anonymous and self._every_aws):
            return _ALL
        if principal.kind is PrincipalKind.ORIGIN_ACCESS_IDENTITY:
            if principal.arn in self._arns:
                return _ALL
            if self._canonical:
                request.doubt("whether a CanonicalUser principal stands for it")
                return _EITHER
        if self._every_aws:
            request.doubt("whether AWS: * includes services and identity providers")
            return _EITHER
        return _NOT

    def _names_identity(self, request: RequestContext) -> Bounds:
        principal = request.principal
        named, behind, account = self._named(request)
        if named:
            return _ALL
        least = Naming.ENTITY if behind else Naming.ACCOUNT if account else Naming.NONE
        if named is None:
            request.doubt(f"which session of role {principal.name} makes the request")
            return least, Naming.SELF
        if self._canonical and least is Naming.NONE:
            request.doubt("which account a CanonicalUser principal stands for")
            return least, Naming.ACCOUNT
        return least, least

    def _named(self, request: RequestContext) -> tuple[bool | None, bool | None, bool]:
        """Say whether the list has the principal itself, the one behind it, and its account.

        Returns `None` for itself when that depends on the session's name, and for the one behind
        it when there is none.
        """
        principal = request.principal
        account = principal.account in self._accounts
        if principal.kind in (PrincipalKind.USER, PrincipalKind.ROOT):
            return principal.arn in self._arns, None, account
        word = "role" if principal.kind is PrincipalKind.ROLE else "user"
        prefix = f"arn:{principal.partition}:iam::{principal.account}:{word}/"
        if request.entity_arn is not None:
            behind = request.entity_arn in self._arns
        else:
            behind = any(
                arn.startswith(prefix) and arn.rpartition("/")[2] == principal.name
                for arn in self._arns
            )
        if principal.session is not None:
            return principal.arn in self._arns, behind, account
        sessions = (
            f"arn:{principal.partition}:sts::{principal.account}:assumed-role/{principal.name}/"
        )
        is_open = any(arn.startswith(sessions) for arn in self._arns)
        return None if is_open else False, behind, account

    def _names_all_others(self, request: RequestContext) -> Bounds:
        """Apply `NotPrincipal`: everybody is meant but those who are listed.

        AWS may check the account, then the role, then the session, and recommends to list all of
        them; a list that has only some is therefore not decided here (AWS: "AWS JSON policy
        elements: NotPrincipal", NotPrincipal with Deny,
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html).
        """
        if self._everyone:
            return _NOT
        if not request.principal.has_identity:
            least, most = self._names_outsider(request)
            return _EITHER if least is not most else _ALL if least is Naming.NONE else _NOT
        if self._every_aws:
            return _NOT
        named, behind, account = self._named(request)
        listed = [account]
        if request.principal.kind is not PrincipalKind.ROOT:
            listed.append(named is True)
        if behind is not None:
            listed.append(behind)
        if all(listed):
            return _NOT
        if any(listed) or named is None or self._canonical:
            request.doubt(
                "NotPrincipal lists only a part of the principal, its role and its account"
            )
            return _EITHER
        return _ALL
