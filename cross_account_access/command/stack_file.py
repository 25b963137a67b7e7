"""Changes one setting in a stack file and leaves every other character of it, comments too."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import yaml

_CONSUMERS: Final = ":consumers"


class StackFileError(Exception):
    """The file does not have the setting in a form that can be edited; the message says what."""


def stack_file(folder: Path, stack: str) -> Path:
    """Return where a stack's settings are; of the name `ORGANIZATION/PROJECT/STACK`, the last."""
    return folder / f"Pulumi.{stack.rsplit('/', 1)[-1]}.yaml"


def with_role_setting(text: str, consumer: str, name: str, value: str | None) -> str:
    """Return a stack file's text with a setting of a consumer's role, or without it.

    Args:
        text: of the file.
        consumer: its name.
        name: of the setting.
        value: what needs no escape in double quotes; None to remove the setting.

    Raises:
        StackFileError: there is no such role, or it is written in another place.
    """
    role = _role(text, consumer)
    pairs: list[tuple[yaml.Node, yaml.Node]] = role.value
    there = next((pair for pair in pairs if pair[0].value == name), None)
    if there is None and value is None:
        return text
    if there is None:
        return _inserted(text, role, f'{name}: "{value}"')
    key, old = there
    if value is not None:
        return text[: old.start_mark.index] + f'"{value}"' + text[old.end_mark.index :]
    return _removed(text, role, key, old)


def _role(text: str, consumer: str) -> yaml.MappingNode:
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise StackFileError(" ".join(str(error).split())) from error
    for settings in _values(root, "config"):
        for key, listed in settings.value if isinstance(settings, yaml.MappingNode) else ():
            if not key.value.endswith(_CONSUMERS) or not isinstance(listed, yaml.SequenceNode):
                continue
            for each in listed.value:
                names = [node.value for node in _values(each, "name")]
                for role in _values(each, "role") if names == [consumer] else ():
                    is_here = role.start_mark.index > each.start_mark.index
                    if isinstance(role, yaml.MappingNode) and role.value and is_here:
                        return role
    message = f"it has no role of consumer {consumer} that is written out there"
    raise StackFileError(message)


def _values(node: yaml.Node | None, name: str) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        yield from (value for key, value in node.value if key.value == name)


def _inserted(text: str, role: yaml.MappingNode, setting: str) -> str:
    """Put it first: where the last one ends, only its kind of value knows."""
    first = role.value[0][0].start_mark
    between = ", " if role.flow_style else f"{_newline(text)}{' ' * first.column}"
    return text[: first.index] + setting + between + text[first.index :]


def _removed(text: str, role: yaml.MappingNode, key: yaml.Node, value: yaml.Node) -> str:
    start, end = key.start_mark.index, value.end_mark.index
    keys = [each[0] for each in role.value]
    at = next(number for number, each in enumerate(keys) if each is key)
    if at + 1 < len(keys):
        return text[:start] + text[keys[at + 1].start_mark.index :]
    if role.flow_style:
        return text[: role.value[at - 1][1].end_mark.index] + text[end:]
    line_end = text.find("\n", end)
    return text[: text.rfind("\n", 0, start) + 1] + (text[line_end + 1 :] if line_end >= 0 else "")


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"
