"""Who makes a request, and whom a `Principal` or `NotPrincipal` element names.

Rules: AWS, "AWS JSON policy elements: Principal" and "AWS JSON policy elements: NotPrincipal".
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from access.engine.errors import DocumentError, QuestionError

if TYPE_CHECKING:
    from access.engine.facts import Facts

_CALLER = re.compile(
    r"arn:(?P<partition>[a-z-]+):(?:"
    r"iam::(?P<iam>\d{12}):(?P<kind>root|user|role|saml-provider|oidc-provider)(?:/(?P<path>.+))?"
    r"|sts::(?P<sts>\d{12}):assumed-role/(?P<role>[^/]+)/(?P<session>[^/]+)"
    r"|sts::(?P<fed>\d{12}):federated-user/(?P<user>[^/]+)"
    r")"
)
_SERVICE = re.compile(r"[a-z0-9.-]+\.(?:amazonaws\.com(?:\.cn)?|internal)")
_UNIQUE_ID = re.compile(r"A[A-Z]{3}[A-Z0-9]{12,}")
_NAMED_ARN = re.compile(
    r"arn:[a-z-]+:(?:iam::[a-z0-9]+:(?:user|role)/.+"
    r"|sts::\d{12}:(?:assumed-role/[^/]+/[^/]+|federated-user/[^/]+))"
)
_ACCOUNT = re.compile(r"(?:arn:[a-z-]+:iam::)?(\d{12})(?::root)?")


class PrincipalKind(enum.Enum):
    """What kind of principal makes the request; the value is its `aws:PrincipalType`.

    Source: AWS, "IAM policy elements: Variables and tags", Principal key values. Services and
    identity providers have no documented value.
    """

    ROOT = "Account"
    USER = "User"
    ROLE = "AssumedRole"
    FEDERATED_USER = "FederatedUser"
    ANONYMOUS = "Anonymous"
    SERVICE = "service"
    PROVIDER = "identity provider"


_WITHOUT_IDENTITY: Final = (
    PrincipalKind.ANONYMOUS,
    PrincipalKind.SERVICE,
    PrincipalKind.PROVIDER,
)


@dataclass(frozen=True, slots=True)
class Principal:
    """One who makes requests."""

    kind: PrincipalKind
    arn: str
    """As given: an ARN, a service's or provider's name, or `*` for an anonymous caller."""
    account: str = ""
    """12 digits; empty for services, providers by name and anonymous callers."""
    partition: str = ""
    name: str = ""
    """Name without path of the user or role (for a session: of the one behind it)."""
    session: str | None = None
    """Session name; `None` for a role ARN, which stands for any session of the role."""

    @property
    def has_identity(self) -> bool:
        """Whether identity-based policies can apply to it at all."""
        return self.kind not in _WITHOUT_IDENTITY

    @property
    def short(self) -> str:
        """The name for messages, like `user/StageAdmin`."""
        return self.arn.rsplit(":", 1)[-1] if self.arn.startswith("arn:") else self.arn


def parse_principal(text: str) -> Principal:
    """Read who makes the request.

    Args:
        text: ARN of a user, a role (any session of it), a role session, a federated user session,
            an account's root user or an identity provider; a service principal such as
            `ec2.amazonaws.com`; a web identity provider such as `accounts.google.com`; or `*` for
            an anonymous caller.

    Raises:
        QuestionError: for anything else.
    """
    if text == "*":
        return Principal(PrincipalKind.ANONYMOUS, text)
    if match := _CALLER.fullmatch(text):
        return _from_arn(text, match)
    if _SERVICE.fullmatch(text) and text != "cognito-identity.amazonaws.com":
        return Principal(PrincipalKind.SERVICE, text)
    if re.fullmatch(r"[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:/\S*)?", text):
        return Principal(PrincipalKind.PROVIDER, text)
    msg = (
        f"principal {text!r} is no user, role, session, root, service or identity provider;"
        " give an ARN such as arn:aws:iam::111122223333:user/Name"
    )
    raise QuestionError(msg)


def _from_arn(text: str, match: re.Match[str]) -> Principal:
    partition = match["partition"]
    if match["sts"]:
        role, session = match["role"], match["session"]
        return Principal(PrincipalKind.ROLE, text, match["sts"], partition, role, session)
    if match["fed"]:
        kind = PrincipalKind.FEDERATED_USER
        return Principal(kind, text, match["fed"], partition, match["user"], match["user"])
    kind = {
        "root": PrincipalKind.ROOT,
        "user": PrincipalKind.USER,
        "role": PrincipalKind.ROLE,
    }.get(match["kind"], PrincipalKind.PROVIDER)
    if (kind is PrincipalKind.ROOT) == bool(match["path"]):
        msg = f"principal {text!r} is incomplete or has too much; root has no name, others have one"
        raise QuestionError(msg)
    name = (match["path"] or "").rsplit("/", 1)[-1]
    return Principal(kind, text, match["iam"], partition, name)


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


def account_of(arn: str) -> str:
    """Return the account field of an ARN, empty where the ARN has none (as for S3 buckets)."""
    return arn.split(":", 5)[4]
