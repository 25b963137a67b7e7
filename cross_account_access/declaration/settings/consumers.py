"""Reads who gets access."""

from typing import Final

from cross_account_access.declaration.fields import (
    Context,
    Field,
    Group,
    Items,
    Nested,
    group_of,
    read_group,
)
from cross_account_access.declaration.kinds import PRINCIPALS, User
from cross_account_access.declaration.model import Conditions, Consumer, Principal, Role
from cross_account_access.declaration.reader import Fields

_KINDS: Final = {kind.kind: kind for kind in PRINCIPALS}
_OWN: Final = {each.name: each for each in group_of(Consumer).fields}
ROLE_EXAMPLE: Final = _OWN["role"].setting.example


def _read_consumer(source: Fields, context: Context) -> Consumer:
    name = _OWN["name"].read(source, context)
    choice = source.choice({word: kind.example for word, kind in _KINDS.items()})
    principal = None
    if choice:
        word, inside = choice
        principal = read_group(_KINDS[word], inside, context.accounts)
    role_source = source.optional_mapping("role", ROLE_EXAMPLE)
    role = read_group(Role, role_source, context.accounts) if role_source else None
    if role and role_source and principal:
        for setting, reason in principal.refused_of_role(role):
            role_source.refuse(setting, reason)
    conditions = _read_conditions(source, principal, context)
    if principal and role:
        conditions = principal.always_stated(conditions, context.accounts)
    read = Consumer(
        name=name,
        # Whatever it is, what was read is not used where the choice failed.
        principal=principal or User(name=""),
        role=role,
        renamed_from=_OWN["renamed_from"].read(source, context),
        conditions=conditions,
    )
    source.done()
    return read


def _read_conditions(source: Fields, principal: Principal | None, context: Context) -> Conditions:
    required = principal.required_conditions if principal else ()
    read = source.mapping if required else source.optional_mapping
    inside = read("conditions", _OWN["conditions"].setting.example)
    if inside is None:
        return Conditions()
    conditions = read_group(Conditions, inside, context.accounts, required)
    for name, reason in principal.unmeetable.items() if principal else ():
        if inside.has(name):
            inside.refuse(name, reason)
    return conditions


def _group() -> Group:
    kinds = tuple(
        Field(word, Nested(kind.words, kind, example=kind.example), None)
        for word, kind in _KINDS.items()
    )
    name, *others = _OWN.values()
    *first, last = _KINDS
    words = f"Who gets access: exactly one of {', '.join(first)} and {last}."
    return Group("Consumer", words, (name, *kinds, *others))


CONSUMERS: Final = Items(
    "Who gets access.",
    group=_group(),
    example="{name: stage-admin, user: {name: StageAdmin}, role: {name: StageRole}}",
    item=_read_consumer,
)
"""The setting `consumers`; the kind of an item is the one word of the kinds that it has."""
