"""Check: is what a program declares well formed, and what does it mean in full."""

import json
from collections.abc import Mapping
from typing import Any

from pulumi.runtime.rpc import UNKNOWN

from cross_account_access.dev.sandbox.provider import documents
from cross_account_access.dev.sandbox.provider.schema import Kind, Property, ResourceType

DEFAULTS = "__defaults"
"""Input in which the names of the properties that check named itself are kept, as the official
provider keeps them: the engine hides it."""


def check(  # noqa: PLR0913 - the engine gives that many
    resource: ResourceType,
    news: Mapping[str, Any],
    olds: Mapping[str, Any],
    *,
    name: str,
    seed: bytes,
    default_tags: Mapping[str, str],
) -> tuple[dict[str, Any], dict[str, str]]:
    """The inputs in full, and what is wrong with them by property path.

    Args:
        resource: the type.
        news: what the program declares.
        olds: the inputs of before, which keep the names that were made up then.
        name: the logical name.
        seed: what a made-up name ends with comes from this.
        default_tags: the provider's tags; a tag of the resource wins.
    """
    wrong: dict[str, str] = {}
    declared = {
        key: value for key, value in news.items() if value is not None and not key.startswith("__")
    }
    inputs = _object(resource.inputs, declared, "", wrong, resource)
    if default_tags and "tags" in resource.inputs and inputs.get("tags") != UNKNOWN:
        inputs["tags"] = {**default_tags, **inputs.get("tags", {})}
    made_up = []
    for key, described in resource.inputs.items():
        if key in declared and described.conflicts in declared:
            wrong[key] = f"conflicts with {described.conflicts}"
        if described.named_by and key not in inputs:
            kept = olds.get(key) if key in olds.get(DEFAULTS, []) else None
            inputs[key] = kept or f"{described.named_by(name)}-{seed.hex()[:7]}"
            made_up.append(key)
    return {**inputs, DEFAULTS: made_up}, wrong


def _object(
    fields: Mapping[str, Property],
    value: Mapping[str, Any],
    path: str,
    wrong: dict[str, str],
    resource: ResourceType | None = None,
) -> dict[str, Any]:
    checked = {}
    for key, each in value.items():
        where = f"{path}.{key}" if path else key
        if key in fields:
            if each is not None:
                checked[key] = _value(fields[key], each, where, wrong)
        elif resource is not None and key in resource.unsupported:
            wrong[where] = "the stand-in provider does not support this property"
        else:
            wrong[where] = f"no such property; there are {', '.join(sorted(fields))}"
    for key, described in fields.items():
        if key not in checked:
            if described.required:
                wrong[f"{path}.{key}" if path else key] = "missing required property"
            elif described.default is not None:
                checked[key] = described.default
    return checked


def _value(described: Property, value: object, path: str, wrong: dict[str, str]) -> object:
    checked = value
    match described.kind, value:
        case _, text if text == UNKNOWN:
            pass
        case (Kind.STRING, str()) | (Kind.BOOLEAN, bool()):
            pass
        case Kind.INTEGER, int() if not isinstance(value, bool):
            pass
        case Kind.DOCUMENT, dict():
            checked = json.dumps(value)
        case Kind.DOCUMENT, str() as text:
            try:
                documents.parse(text)
            except ValueError as error:
                wrong[path] = f"contains an invalid JSON policy: {error}"
        case Kind.SET, list() as items:
            item = described.item or Property()
            checked = [_value(item, each, f"{path}[{at}]", wrong) for at, each in enumerate(items)]
        case Kind.MAP, dict() as parts:
            checked = {
                key: _value(Property(), each, f"{path}.{key}", wrong)
                for key, each in parts.items()
                if each is not None
            }
        case Kind.OBJECT, dict() as parts:
            checked = _object(described.fields or {}, parts, path, wrong)
        case _:
            wrong[path] = f"expected {described.kind.value}, got {value!r}"
    return checked
