"""The picture of README: what `access map` draws of an example with many grants.

`python -m tests.support.picture` draws it anew after a change of the example or of the drawing.
"""

from __future__ import annotations

from cross_account_access.command.drawing.graph import Graph
from cross_account_access.command.drawing.svg import svg
from cross_account_access.command.inventory import inventory_of
from cross_account_access.stack import StackResource
from tests.support.deployment import PROJECT, ROOT, Registered, as_passed, declared_in, deploy

FILE = ROOT / "docs" / "access.svg"
EXAMPLE = "many-grants"


def draw() -> str:
    """The picture as `access map --format svg --from preview` draws it: keys have no IDs yet."""
    # In a state file resources come as they were made, which is in another order every time.
    registered = sorted(resources(EXAMPLE), key=lambda each: (each.type, each.name))
    return f"{svg(Graph(inventory_of(map(_resource, registered))))}\n"


def resources(example: str) -> list[Registered]:
    """What the program makes of an example."""
    file = ROOT / "examples" / example / "Pulumi.prod.yaml"
    return deploy(as_passed(declared_in(file))).resources


def _resource(registered: Registered) -> StackResource:
    return StackResource(
        urn=_urn(registered.type, registered.name),
        type=registered.type,
        inputs=registered.inputs,
        provider=_urn("pulumi:providers:aws", registered.provider),
    )


def _urn(token: str, name: str) -> str:
    return f"urn:pulumi:prod::{PROJECT}::{token}::{name}"


if __name__ == "__main__":
    FILE.write_text(draw())
