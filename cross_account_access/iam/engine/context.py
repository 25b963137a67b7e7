"""What is known about one request: the keys that conditions and policy variables look up.

A key is in one of six states: its values are known, or begin and end of its value, or some of its
values; it is known to be absent; it is known to be present with a value that nobody stated; or
nothing is known about it. All but known values and absence are why an answer can be unknown; they
are never replaced by a default.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from cross_account_access.iam.checks import mapping, shown, text
from cross_account_access.iam.condition_keys import ALWAYS_PRESENT, DERIVED
from cross_account_access.iam.engine.principals import Principal, PrincipalKind
from cross_account_access.iam.errors import QuestionError


class KeyState(enum.Enum):
    """What is known of a context key whose values are not."""

    ABSENT = "absent"
    PRESENT = "present, value not stated"
    UNSTATED = "not stated"


@dataclass(frozen=True, slots=True)
class Partial:
    """A value of which only begin and end are known."""

    start: str
    end: str = ""


@dataclass(frozen=True, slots=True)
class AtLeast:
    """Several values, of which some are known."""

    values: tuple[str, ...]


Known = tuple[str, ...] | Partial | AtLeast | KeyState

ContextValue = str | bool | int | list[str] | tuple[str, ...]


class Context:
    """The circumstances of a request that only its sender knows.

    Key names are not case-sensitive (AWS: "IAM JSON policy elements: Condition",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html).
    A key that is neither given a value nor listed as absent is unknown.

    Args:
        values: by key name, one value or, for a multivalued key, a list of values.
        absent: names of keys that the request does not carry.

    Raises:
        QuestionError: for a key that follows from the request, is stated twice, or has a value
            that is no text, truth value, whole number or list of texts.
    """

    __slots__ = ("_told", "states")

    def __init__(
        self, values: Mapping[str, ContextValue] | None = None, absent: Iterable[str] = ()
    ) -> None:
        self._told: frozenset[tuple[str, Known]] | None = None
        self.states: dict[str, Known] = {}
        for key, value in mapping({} if values is None else values, "context").items():
            self._state(key, _texts(key, value))
        for name in _listed(absent):
            self._state(text(name, "absent context key"), KeyState.ABSENT)

    @classmethod
    def of(cls, states: Mapping[str, Known]) -> Context:
        """Return a context of what is known of keys, whose names are in lower case."""
        made = cls()
        made.states = dict(states)
        return made

    @property
    def told(self) -> frozenset[tuple[str, Known]]:
        """All that it says, to tell it from others."""
        if self._told is None:
            self._told = frozenset(self.states.items())
        return self._told

    def _state(self, key: str, state: Known) -> None:
        name = key.lower()
        if name in DERIVED:
            msg = (
                f"context key {shown(key)} follows from the principal and the resource;"
                " leave it out"
            )
            raise QuestionError(msg)
        if ":" not in name:
            msg = f"context key {shown(key)} has no service prefix; write it like 'aws:SourceIp'"
            raise QuestionError(msg)
        if name in self.states:
            msg = f"context key {shown(key)} is stated twice; key names are not case-sensitive"
            raise QuestionError(msg)
        self.states[name] = state


def _listed(names: object) -> Iterable[object]:
    if isinstance(names, str):
        return [names]
    if not isinstance(names, Iterable):
        msg = f"absent context keys {shown(names)} are no list; give one"
        raise QuestionError(msg)
    return names


def _texts(key: str, value: object) -> tuple[str, ...]:
    if isinstance(value, bool):
        return (str(value).lower(),)
    if isinstance(value, str | int):
        try:
            return (str(value),)
        except ValueError as error:
            msg = f"context key {shown(key)} has a number with too many digits"
            raise QuestionError(msg) from error
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return tuple(value)
    msg = f"context key {shown(key)} has the value {shown(value)}; give a text or a list of texts"
    raise QuestionError(msg)


_TAGS: Final = "aws:principaltag/"
_WITH_TAGS: Final = "rolesanywhere."
"""The one service that has tags of a principal when it assumes a role, those of a certificate
("Trust model in AWS Identity and Access Management Roles Anywhere",
https://docs.aws.amazon.com/rolesanywhere/latest/userguide/trust-model.html)."""
_OF_SERVICES: Final = ("aws:principalservicename", "aws:principalservicenameslist")
_OF_MEMBERS: Final = ("aws:principalorgid", "aws:principalorgpaths")
_OF_USERS: Final = "aws:username"
_OF_SIGNED_REQUESTS: Final = ("aws:principalarn", "aws:principalisawsservice")
_OF_TEMPORARY_CREDENTIALS: Final = (
    *("aws:multifactorauthage", "aws:multifactorauthpresent", "aws:tokenissuetime"),
)
"""Keys, by what has them."""


def derived_keys(principal: Principal, entity_arn: str | None) -> dict[str, Known]:
    """Return the keys that follow from the principal.

    `aws:PrincipalArn` is the role's ARN for a role session. `aws:username` exists for IAM users
    only. For others who have no account only what the page says is filled in: they belong to no
    organization, and the call with a provider's token is not signed. Sources: AWS, "AWS global
    condition context keys",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html;
    "IAM policy elements: Variables and tags", Principal key values,
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html.
    """
    kind = principal.kind
    if principal.has_identity:
        return _keys_of_identity(principal, entity_arn)
    absent = [*_OF_MEMBERS, _OF_USERS]
    if kind is PrincipalKind.ORIGIN_ACCESS_IDENTITY:
        return dict.fromkeys(absent, KeyState.ABSENT)
    if kind is PrincipalKind.SERVICE:
        return {
            **dict.fromkeys(absent, KeyState.ABSENT),
            "aws:principalisawsservice": ("true",),
            "aws:principalservicename": (principal.arn,),
            "aws:principalservicenameslist": AtLeast((principal.arn,)),
        }
    absent += [*_OF_SERVICES, *_OF_SIGNED_REQUESTS, *_OF_TEMPORARY_CREDENTIALS]
    keys: dict[str, Known] = dict.fromkeys(absent, KeyState.ABSENT)
    if kind is PrincipalKind.ANONYMOUS:
        keys |= {
            "aws:principalaccount": ("anonymous",),
            "aws:principaltype": (kind.value,),
            "aws:userid": ("anonymous",),
        }
    elif ":saml-provider/" not in principal.arn:
        keys["aws:federatedprovider"] = (principal.arn,)
    return keys


def _keys_of_identity(principal: Principal, entity_arn: str | None) -> dict[str, Known]:
    kind = principal.kind
    is_role = kind is PrincipalKind.ROLE
    arn = entity_arn if is_role else principal.arn
    keys: dict[str, Known] = {
        **dict.fromkeys(_OF_SERVICES, KeyState.ABSENT),
        "aws:principalaccount": (principal.account,),
        "aws:principaltype": (kind.value,),
        "aws:principalisawsservice": ("false",),
        "aws:principalarn": KeyState.PRESENT if arn is None else (arn,),
        _OF_USERS: (principal.name,) if kind is PrincipalKind.USER else KeyState.ABSENT,
        "aws:userid": _user_id(principal),
    }
    if is_role or kind is PrincipalKind.FEDERATED_USER:
        keys["aws:tokenissuetime"] = KeyState.PRESENT
    return keys


def _user_id(principal: Principal) -> Known:
    """Return what is known of the ID, whose first letters tell what it is of.

    Source of the letters: AWS, "IAM identifiers",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html.
    """
    if principal.kind is PrincipalKind.ROOT:
        return (principal.account,)
    if principal.kind is PrincipalKind.FEDERATED_USER:
        return (f"{principal.account}:{principal.name}",)
    if principal.kind is PrincipalKind.USER:
        return Partial("AIDA")
    return Partial("AROA", "" if principal.session is None else f":{principal.session}")


class RequestContext:
    """One request as policies see it; made anew for each question and each explanation."""

    __slots__ = (
        "_derived",
        "_owner",
        "_stated",
        "action",
        "doubts",
        "entity_arn",
        "has_boundary",
        "principal",
        "resource",
    )

    def __init__(  # noqa: PLR0913 - one request has this many sides
        self,
        *,
        principal: Principal,
        entity_arn: str | None,
        action: str,
        resource: str,
        owner: str | None,
        context: Context,
        has_boundary: bool = False,
    ) -> None:
        self.principal = principal
        self.entity_arn = entity_arn
        """ARN of the role or user behind a session; `None` when its path is not known."""
        self.action = action
        """Lower case, since action names are not case-sensitive."""
        self.resource = resource
        self.has_boundary = has_boundary
        """Whether a permissions boundary is known to limit the user or role."""
        self.doubts: list[str] | None = None
        """Why statements could not be decided; collected only while an answer is explained."""
        self._stated = context.states
        self._owner = owner
        # Most questions look at none of the derived keys, so they are worked out when one does.
        self._derived: dict[str, Known] | None = None

    def look(self, key: str) -> Known:
        """Return what is known of the key, whose name is given in lower case."""
        # Nothing that is stated of a request makes a member of an organization of nobody.
        if self.principal.has_identity:
            state = self._stated.get(key)
            if state is not None:
                return state
        if self._derived is None:
            self._derived = self._derive()
        state = self._derived.get(key)
        if state is not None:
            return state
        if not self.principal.has_identity:
            if key.startswith(_TAGS) and not self.principal.arn.startswith(_WITH_TAGS):
                return KeyState.ABSENT
            state = self._stated.get(key)
            if state is not None:
                return state
        return KeyState.PRESENT if key in ALWAYS_PRESENT else KeyState.UNSTATED

    def _derive(self) -> dict[str, Known]:
        """Return what follows from principal and resource.

        Sources beside those of `derived_keys`: AWS, "AWS KMS condition keys",
        https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html; "Actions,
        resources, and condition keys for Amazon S3",
        https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html.
        """
        keys = derived_keys(self.principal, self.entity_arn)
        if self._owner is not None and self.resource != "*":
            keys["aws:resourceaccount"] = (self._owner,)
            if self.action.startswith("s3:"):
                keys["s3:resourceaccount"] = (self._owner,)
        if self.principal.account and self.action.startswith("kms:"):
            keys["kms:calleraccount"] = (self.principal.account,)
        return keys

    def doubt(self, reason: str) -> None:
        """Note why something is unknown, when somebody wants to know."""
        if self.doubts is not None and reason not in self.doubts:
            self.doubts.append(reason)
