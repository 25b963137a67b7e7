"""What is known about one request: the keys that conditions and policy variables look up.

A key is in one of four states: its values are known, it is known to be absent, it is known to be
present with a value that nobody stated, or nothing is known about it. The last two are why an
answer can be unknown; they are never replaced by a default.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping

from cross_account_access.iam.condition_keys import ALWAYS_PRESENT, DERIVED
from cross_account_access.iam.engine.principals import Principal, PrincipalKind
from cross_account_access.iam.errors import QuestionError


class KeyState(enum.Enum):
    """What is known of a context key whose values are not."""

    ABSENT = "absent"
    PRESENT = "present, value not stated"
    UNSTATED = "not stated"


Known = tuple[str, ...] | KeyState

ContextValue = str | bool | int | list[str] | tuple[str, ...]


class Context:
    """The circumstances of a request that only its sender knows.

    Key names are not case-sensitive (AWS: "IAM JSON policy elements: Condition"). A key that is
    neither given a value nor listed as absent is unknown.

    Args:
        values: by key name, one value or, for a multivalued key, a list of values.
        absent: names of keys that the request does not carry.

    Raises:
        QuestionError: for a key that follows from the request, is stated twice, or has a value
            that is no text, truth value, whole number or list of texts.
    """

    __slots__ = ("states",)

    def __init__(
        self, values: Mapping[str, ContextValue] | None = None, absent: Iterable[str] = ()
    ) -> None:
        self.states: dict[str, Known] = {}
        for key, value in (values or {}).items():
            self._state(key, _texts(key, value))
        for key in [absent] if isinstance(absent, str) else absent:
            self._state(key, KeyState.ABSENT)

    def _state(self, key: str, state: Known) -> None:
        name = key.lower()
        if name in DERIVED:
            msg = f"context key {key!r} follows from the principal and the resource; leave it out"
            raise QuestionError(msg)
        if ":" not in name:
            msg = f"context key {key!r} has no service prefix; write it like 'aws:SourceIp'"
            raise QuestionError(msg)
        if name in self.states:
            msg = f"context key {key!r} is stated twice; key names are not case-sensitive"
            raise QuestionError(msg)
        self.states[name] = state


def _texts(key: str, value: object) -> tuple[str, ...]:
    if isinstance(value, bool):
        return (str(value).lower(),)
    if isinstance(value, str | int):
        return (str(value),)
    if isinstance(value, list | tuple) and all(isinstance(item, str) for item in value):
        return tuple(value)
    msg = f"context key {key!r} has the value {value!r}; give a text or a list of texts"
    raise QuestionError(msg)


def derived_keys(principal: Principal, entity_arn: str | None) -> dict[str, Known]:
    """Return the keys that follow from the principal (AWS: "AWS global condition context keys").

    `aws:PrincipalArn` is the role's ARN for a role session. `aws:username` exists for IAM users
    only. For a service or an identity provider only what the page says is filled in.
    """
    kind = principal.kind
    if kind is PrincipalKind.SERVICE:
        return {"aws:principalisawsservice": ("true",), "aws:username": KeyState.ABSENT}
    if kind is PrincipalKind.PROVIDER:
        return {}
    if kind is PrincipalKind.ANONYMOUS:
        return {
            "aws:principalaccount": ("anonymous",),
            "aws:principaltype": (kind.value,),
            "aws:principalarn": KeyState.ABSENT,
            "aws:principalisawsservice": KeyState.ABSENT,
            "aws:username": KeyState.ABSENT,
        }
    is_role = kind is PrincipalKind.ROLE
    arn = entity_arn if is_role else principal.arn
    keys: dict[str, Known] = {
        "aws:principalaccount": (principal.account,),
        "aws:principaltype": (kind.value,),
        "aws:principalisawsservice": ("false",),
        "aws:principalarn": KeyState.PRESENT if arn is None else (arn,),
        "aws:username": (principal.name,) if kind is PrincipalKind.USER else KeyState.ABSENT,
    }
    if is_role or kind is PrincipalKind.FEDERATED_USER:
        keys["aws:tokenissuetime"] = KeyState.PRESENT
    return keys


class RequestContext:
    """One request as policies see it; made anew for each question and each explanation."""

    __slots__ = (
        "_derived",
        "_owner",
        "_stated",
        "action",
        "doubts",
        "entity_arn",
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
    ) -> None:
        self.principal = principal
        self.entity_arn = entity_arn
        """ARN of the role or user behind a session; `None` when its path is not known."""
        self.action = action
        """Lower case, since action names are not case-sensitive."""
        self.resource = resource
        self.doubts: list[str] | None = None
        """Why statements could not be decided; collected only while an answer is explained."""
        self._stated = context.states
        self._owner = owner
        # Most questions look at none of the derived keys, so they are worked out when one does.
        self._derived: dict[str, Known] | None = None

    def look(self, key: str) -> Known:
        """Return what is known of the key, whose name is given in lower case."""
        state = self._stated.get(key)
        if state is not None:
            return state
        if self._derived is None:
            self._derived = derived_keys(self.principal, self.entity_arn)
            if self._owner is not None and self.resource != "*":
                self._derived["aws:resourceaccount"] = (self._owner,)
        state = self._derived.get(key)
        if state is not None:
            return state
        return KeyState.PRESENT if key in ALWAYS_PRESENT else KeyState.UNSTATED

    def doubt(self, reason: str) -> None:
        """Note why something is unknown, when somebody wants to know."""
        if self.doubts is not None and reason not in self.doubts:
            self.doubts.append(reason)
