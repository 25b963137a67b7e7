"""The catalogue as a Pulumi package schema.

"Pulumi Package Schema Reference",
https://www.pulumi.com/docs/iac/guides/building-extending/packages/schema/.
"""

import importlib.metadata
from collections.abc import Mapping
from typing import Any

from cross_account_access.dev.sandbox.provider.schema import Kind, Property, ResourceType

_PLAIN = {
    Kind.STRING: "string",
    Kind.DOCUMENT: "string",
    Kind.BOOLEAN: "boolean",
    Kind.INTEGER: "integer",
}


def describe(resources: Mapping[str, ResourceType]) -> dict[str, Any]:
    """The schema of a package with these resource types and no others."""
    types: dict[str, Any] = {}
    return {
        "name": "aws",
        "version": importlib.metadata.version("pulumi-aws"),
        "meta": {"moduleFormat": "(.*)(?:/[^/]*)"},
        "resources": {
            name: {
                "inputProperties": _properties(resource.inputs, name, types),
                "requiredInputs": _required(resource.inputs),
                "properties": _properties(resource.properties, name, types),
            }
            for name, resource in resources.items()
        },
        "types": types,
    }


def _properties(
    fields: Mapping[str, Property], owner: str, types: dict[str, Any]
) -> dict[str, Any]:
    return {name: _type(each, f"{owner}{_capital(name)}", types) for name, each in fields.items()}


def _type(described: Property, name: str, types: dict[str, Any]) -> dict[str, Any]:
    match described.kind:
        case Kind.SET:
            return {"type": "array", "items": _type(described.item or Property(), name, types)}
        case Kind.MAP:
            return {"type": "object", "additionalProperties": {"type": "string"}}
        case Kind.OBJECT:
            fields = described.fields or {}
            types[name] = {
                "type": "object",
                "properties": _properties(fields, name, types),
                "required": _required(fields),
            }
            return {"$ref": f"#/types/{name}"}
        case plain:
            return {"type": _PLAIN[plain]}


def _required(fields: Mapping[str, Property]) -> list[str]:
    return [name for name, each in fields.items() if each.required]


def _capital(name: str) -> str:
    return name[0].upper() + name[1:]
