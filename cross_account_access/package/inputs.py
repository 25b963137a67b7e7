"""The settings of a stack file as the inputs of the component, for the schema of the package."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, NotRequired, TypedDict

from cross_account_access.declaration.fields import Group, Items, Nested, Setting, group_of
from cross_account_access.declaration.settings import SETTINGS

DESCRIPTIONS: Final[dict[str, Mapping[str, str]]] = {}
"""What the inputs of each type are, by the name of the type and of the input."""


def _type_of(setting: Setting) -> object:
    if isinstance(setting, Nested):
        return _typed_dict(group_of(setting.declared))
    if isinstance(setting, Items):
        return list[_typed_dict(setting.group)]  # type: ignore[misc] # the analyzer reads it
    return setting.json_type


def _typed_dict(group: Group) -> type:
    """The type that the SDK's analyzer makes a type of the schema of."""
    types: dict[str, Any] = {}
    for each in group.fields:
        found: Any = _type_of(each.setting)
        types[each.name] = found if each.is_required else NotRequired[found]
        if former := each.setting.former:
            # The engine drops what the schema does not have, and nobody would hear of it.
            types[former.name] = NotRequired[str if former.values else found]
    DESCRIPTIONS[group.name] = dict(_descriptions(group))
    made = TypedDict(group.name, types)  # type: ignore[misc] # the analyzer reads it
    made.__doc__ = group.words
    return made


def _descriptions(group: Group) -> Iterator[tuple[str, str]]:
    for each in group.fields:
        yield each.name, each.setting.words
        if former := each.setting.former:
            yield former.name, f"Former name of {each.name}, accepted until version 2."


if TYPE_CHECKING:
    Inputs = dict[str, Any]
else:
    Inputs = _typed_dict(SETTINGS)
