"""Diff: what would change, and whether AWS can change it in place."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cross_account_access.dev.sandbox.provider.checking import DEFAULTS
from cross_account_access.dev.sandbox.provider.schema import (
    Property,
    ResourceType,
    is_unknown,
    same,
)


@dataclass(frozen=True)
class Change:
    """One property, or part of one, that differs."""

    path: str
    """As the engine writes it, for example `tags.Owner`."""
    old: object
    new: object
    replaces: bool


def changes(
    resource: ResourceType, state: Mapping[str, Any], inputs: Mapping[str, Any]
) -> list[Change]:
    """What the inputs change about the state, one entry for each property that differs."""
    found: list[Change] = []
    for name, described in resource.inputs.items():
        old, new = state.get(name), inputs.get(name)
        if new is None and described.computed:
            continue
        if is_unknown(new) or not same(described, old, new):
            found += _parts(name, described, old, new)
    return found


def delete_first(
    resource: ResourceType, state: Mapping[str, Any], inputs: Mapping[str, Any]
) -> bool:
    """Whether a replacement needs the name of what it replaces, since the program fixed it."""
    return any(
        described.named_by is not None
        and name not in inputs.get(DEFAULTS, [])
        and state.get(name) == inputs.get(name)
        for name, described in resource.inputs.items()
    )


def _parts(path: str, described: Property, old: object, new: object) -> list[Change]:
    """The change by its smallest parts, so that a preview names the tag and not all tags."""
    if isinstance(old, dict) and isinstance(new, dict):
        fields = described.fields or {}
        return [
            change
            for key in sorted({*old, *new})
            if not same(fields.get(key, Property()), old.get(key), new.get(key))
            for change in _parts(
                _step(path, key), fields.get(key, Property()), old.get(key), new.get(key)
            )
        ]
    return [Change(path, old, new, described.replaces)]


def _step(path: str, key: str) -> str:
    if key.replace("_", "").isalnum():
        return f"{path}.{key}"
    escaped = key.replace("\\", "\\\\").replace('"', '\\"')
    return f'{path}["{escaped}"]'
