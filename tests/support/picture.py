"""The picture of README: what `access map` draws of the largest example.

`python -m tests.support.picture` draws it anew after a change of the example or of the drawing.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from access.graph import Graph
from access.inventory import inventory_of
from access.stack import Resource
from access.svg import svg
from tests.support.deployment import PROJECT, ROOT, Registered, deploy

FILE = ROOT / "docs" / "access.svg"
EXAMPLE = "many-grants"


def draw(example: str = EXAMPLE) -> str:
    """The picture as `access map --format svg --output` would write it."""
    settings = yaml.safe_load((ROOT / "examples" / example / "Pulumi.prod.yaml").read_text())
    values = {
        key.removeprefix(f"{PROJECT}:"): value if isinstance(value, str) else json.dumps(value)
        for key, value in settings["config"].items()
        if key.startswith(PROJECT)
    }
    registered = deploy(values).resources
    return f"{svg(Graph(inventory_of(map(_resource, registered))))}\n"


def size(path: Path) -> int:
    """How much a stack file declares."""
    config: dict[str, Any] = yaml.safe_load(path.read_text())["config"]
    return sum(len(value) for value in config.values() if isinstance(value, list))


def _resource(registered: Registered) -> Resource:
    inputs = {
        key: json.dumps(value) if registered.type.startswith("pulumi:providers:") else value
        for key, value in registered.inputs.items()
    }
    if registered.type.startswith("pulumi:providers:"):
        inputs = registered.inputs
    return Resource(
        urn=_urn(registered.type, registered.name),
        type=registered.type,
        inputs=inputs,
        provider=_urn("pulumi:providers:aws", registered.provider),
    )


def _urn(token: str, name: str) -> str:
    return f"urn:pulumi:prod::{PROJECT}::{token}::{name}"


if __name__ == "__main__":
    FILE.write_text(draw())
