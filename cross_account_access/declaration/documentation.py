"""Writes what the project says of its settings: `Pulumi.yaml` and the tables of the documentation.

All of it is made from the declarations. `make settings` writes it into the files, and a test holds
the files to it.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import fill
from typing import Final

from cross_account_access.declaration.fields import (
    Field,
    Group,
    Items,
    Nested,
    Number,
    Setting,
    Word,
    group_of,
)
from cross_account_access.declaration.kinds import EXISTING, OWNED
from cross_account_access.declaration.model import SharedResource
from cross_account_access.declaration.settings import SETTINGS

_BEGIN: Final = "written by make settings"
_END: Final = "end of what make settings writes"

_EMPTY: Final[Mapping[object, object]] = {str: "", int: 0, dict[str, str]: {}}
"""What `Pulumi.yaml` has for a setting of a type that must be said, since it has one for each."""


def configuration() -> str:
    """The settings in the section `config` of `Pulumi.yaml`.

    Without types: of a value of another type the engine tells neither the value nor a remedy.
    """
    lines = []
    for each in SETTINGS.fields:
        inside = _group_of(each.setting)
        empty = [] if inside else _EMPTY[each.setting.json_type]
        told = each.setting.words
        if inside:
            told += f" Each: {_in_short(inside)}."
        elif each.is_required:
            told += " Required."
        default = empty if each.is_required or each.default is None else each.default
        lines += [
            f"  {each.name}:",
            "    description: >-",
            fill(told, 120, initial_indent=" " * 6, subsequent_indent=" " * 6),
            f"    default: {json.dumps(default)}",
        ]
    return "\n".join(lines)


def settings_tables() -> str:
    """A table for each group of settings, the outermost first."""
    return "\n\n".join(_tables("", SETTINGS))


def level_tables() -> str:
    """A table of the levels of each kind of resource, with the actions that they allow."""
    return "\n\n".join(_level_table(kind) for kind in (*OWNED, *EXISTING))


def with_section(text: str, made: str) -> str:
    """The text of a file with what is made for it between the lines that mark its place."""
    lines = text.split("\n")
    begin = next(number for number, line in enumerate(lines) if _BEGIN in line)
    end = next(number for number, line in enumerate(lines) if _END in line)
    return "\n".join([*lines[: begin + 1], made, *lines[end:]])


def _group_of(setting: Setting) -> Group | None:
    if isinstance(setting, Nested):
        return group_of(setting.declared)
    return setting.group if isinstance(setting, Items) else None


def _in_short(group: Group) -> str:
    return "; ".join(map(_field_in_short, group.fields))


def _field_in_short(field: Field) -> str:
    if inside := _group_of(field.setting):
        return f"{field.name} ({_in_short(inside)})"
    return f"{field.name} (required)" if field.is_required else field.name


def _tables(path: str, group: Group) -> Iterator[str]:
    rows = [f"| `{each.name}` | {_values(each)} | {each.setting.words} |" for each in group.fields]
    heading = f"## `{path}`\n\n{group.words}\n\n" if path else ""
    yield "\n".join([f"{heading}| Setting | Value | What it is |", "|---|---|---|", *rows])
    for each in group.fields:
        if inside := _group_of(each.setting):
            items = "[]" if isinstance(each.setting, Items) else ""
            yield from _tables(f"{path}.{each.name}{items}".removeprefix("."), inside)


def _values(field: Field) -> str:
    """What may stand there, and what it is where nothing does."""
    setting = field.setting
    told = setting.values
    if isinstance(setting, Number):
        told = f"{setting.allowed.start} to {setting.allowed.stop - 1} {setting.unit}"
    elif isinstance(setting, Word):
        told = " or ".join(f"`{word}`" for word in setting.known)
    if field.is_required:
        return f"{told}, required"
    if isinstance(field.default, str | int) and field.default != "":
        usual = json.dumps(field.default).strip('"')
        told += f"; `{usual}`"
    return told


def _level_table(kind: type[SharedResource]) -> str:
    columns = ["Level", f"On the {kind.kind}", f"On {kind.objects}"]
    columns.append("On the whole account")
    cells = {
        level: [", ".join(f"`{name.split(':')[1]}`" for name in each) for each in actions]
        for level, actions in kind.levels.items()
    }
    # A column that no level has anything in is left out.
    used = [0, *(at + 1 for at, each in enumerate(zip(*cells.values(), strict=True)) if any(each))]
    rows = [columns, ["---"] * len(columns)]
    rows += [[f"`{level}`", *row] for level, row in cells.items()]
    table = "\n".join(
        f"| {' | '.join(row[at] for at in used)} |".replace("  ", " ") for row in rows
    )
    return f"Of a {kind.kind} (actions of `{kind.service}`):\n\n{table}"


MADE: Final = {
    "Pulumi.yaml": configuration,
    "docs/settings.md": settings_tables,
    "docs/shapes.md": level_tables,
}
"""What is made for each file."""


def main() -> None:
    """Writes all of them, in the project that this file is part of."""
    for name, make in MADE.items():
        path = Path(__file__).parents[2] / name
        path.write_text(with_section(path.read_text(), make()))


if __name__ == "__main__":
    main()
