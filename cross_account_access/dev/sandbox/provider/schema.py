"""How a resource type is described: its properties as data and its four calls as functions.

Property names, here and in every state and input, are those of the Pulumi package.
"""

import enum
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pulumi.runtime.rpc import UNKNOWN

from cross_account_access.dev.sandbox.provider import documents
from cross_account_access.dev.sandbox.provider.aws import Account


class Kind(enum.Enum):
    """What values a property takes."""

    STRING = "a string"
    BOOLEAN = "true or false"
    INTEGER = "a whole number"
    DOCUMENT = "a policy document"
    SET = "a list"
    """Order means nothing to AWS."""
    MAP = "a map of strings"
    OBJECT = "an object"


@dataclass(frozen=True, kw_only=True)
class Property:
    """One property of a resource type, or of an object inside one."""

    kind: Kind = Kind.STRING
    required: bool = False
    default: Any = None
    """Put in by check where the program says nothing."""
    computed: bool = False
    """Where the program says nothing AWS or the stand-in chooses, and any choice is right."""
    output: bool = False
    """Only ever told by AWS; a program cannot set it."""
    local: bool = False
    """Kept in the state alone: AWS does not know it, so a read leaves it as it is."""
    replaces: bool = False
    """The documentation says: changing this forces a new resource."""
    named_by: Callable[[str], str] | None = None
    """Makes a name out of the logical name where the program gives none."""
    meaning: Callable[[str], str] | None = None
    """What spellings that mean the same have in common, where the kind does not tell it. A state
    then has AWS's own spelling."""
    conflicts: str | None = None
    """The property that may not be set beside this one."""
    item: "Property | None" = None
    """What a set is made of; strings where nothing is said."""
    fields: "Mapping[str, Property] | None" = None
    """What an object is made of."""


# Properties that many types have.

OUTPUT = Property(output=True)
NAME = Property(computed=True, replaces=True, named_by=lambda logical: logical)
RENAMED = replace(NAME, replaces=False)
"""The name of what is renamed where it is."""
OWNER = Property(required=True, replaces=True)
"""What the resource belongs to."""
POLICY = Property(kind=Kind.DOCUMENT, required=True)
TAGGED = {"tags": Property(kind=Kind.MAP), "tagsAll": Property(kind=Kind.MAP, output=True)}
"""The tags of a resource, and all of them with those of the provider."""


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """One type of the package, with what the stand-in does for it.

    The calls get the account, and inputs or states as plain values. They may let the errors
    of AWS through: `gone` names those that mean that the thing is not there.
    """

    pulumi_type: str
    """The type token, for example `aws:iam/role:Role`."""
    title: str
    """What error messages call it."""
    properties: Mapping[str, Property]
    unsupported: frozenset[str] = frozenset()
    """Properties of the package that the stand-in does not have; using one is an error."""
    gone: frozenset[str]
    create: Callable[[Account, dict[str, Any]], str]
    """Makes it out of its inputs; returns its ID."""
    read: Callable[[Account, str], dict[str, Any] | None]
    """What AWS says of it by ID, `None` when it is not there."""
    update: Callable[[Account, str, dict[str, Any], dict[str, Any]], None]
    """Changes it from an old state to new inputs, in place."""
    delete: Callable[[Account, str, dict[str, Any]], None]
    """Removes it, by ID and last state."""

    @property
    def inputs(self) -> dict[str, Property]:
        """The properties that a program may set."""
        return {name: each for name, each in self.properties.items() if not each.output}


def policy_type(  # noqa: PLR0913 - what the policies of services differ in
    *,
    pulumi_type: str,
    title: str,
    owner: str,
    outputs: Iterable[str] = (),
    gone: frozenset[str],
    put: Callable[[Account, str, str], None],
    read: Callable[[Account, str], dict[str, Any] | None],
    delete: Callable[[Account, str], None],
) -> ResourceType:
    """The type of a policy that is an attribute of its owner, by whose ID it goes.

    `owner` is the property that names it, `outputs` what AWS tells besides the policy, and
    `delete` leaves the owner as it was without the policy. The rest is as in `ResourceType`.
    """

    def create(account: Account, inputs: dict[str, Any]) -> str:
        put(account, inputs[owner], inputs["policy"])
        return str(inputs[owner])

    return ResourceType(
        pulumi_type=pulumi_type,
        title=title,
        properties={
            owner: OWNER,
            "policy": POLICY,
            **dict.fromkeys(["region", *outputs], OUTPUT),
        },
        unsupported=frozenset({"region"}),
        gone=gone,
        create=create,
        read=read,
        update=lambda account, owner_id, _old, new: put(account, owner_id, new["policy"]),
        delete=lambda account, owner_id, _state: delete(account, owner_id),
    )


class UnfinishedError(Exception):
    """A resource exists, but a later step of making it failed; the cause says why."""

    def __init__(self, resource_id: str) -> None:
        super().__init__(resource_id)
        self.resource_id = resource_id


def is_unknown(value: object) -> bool:
    """Whether the value, or a value inside it, is only known once something else is made."""
    if isinstance(value, dict):
        return any(map(is_unknown, value.values()))
    if isinstance(value, list):
        return any(map(is_unknown, value))
    return bool(value == UNKNOWN)


def same(described: Property, one: object, other: object) -> bool:
    """Whether two values mean the same to AWS."""
    return bool(
        _canonical(described, one) == _canonical(described, _computed(described, one, other))
    )


def _computed(described: Property, old: object, new: object) -> object:
    """What is wanted, with what AWS says wherever a part is left to AWS."""
    match described.kind, old, new:
        case Kind.SET, list(), list() if len(old) == len(new):
            item = described.item or Property()
            return [_computed(item, *pair) for pair in zip(old, new, strict=True)]
        case Kind.OBJECT, dict(), dict():
            fields = described.fields or {}
            left = {name for name, each in fields.items() if each.computed and name not in new}
            return {**{name: old[name] for name in left & set(old)}, **new}
    return new


def _canonical(described: Property, value: object) -> object:
    """A value that is equal for values that mean the same; nothing, empty and default are."""
    match described.kind, described.default if value is None else value:
        case _, empty if empty in (None, "", [], {}):
            return None
        case Kind.DOCUMENT, str() as text:
            return documents.canonical(text)
        case Kind.SET, list() as items:
            item = described.item or Property()
            return sorted((_canonical(item, each) for each in items), key=repr)
        case Kind.OBJECT, dict() as parts:
            fields = described.fields or {}
            known = {name: _canonical(each, parts.get(name)) for name, each in fields.items()}
            return {name: each for name, each in known.items() if each is not None} or None
        case _, str() as text if described.meaning:
            return described.meaning(text)
        case _, given:
            return given
