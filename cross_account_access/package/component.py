"""The component in plain values: its inputs are settings, its outputs the contract."""

import re
from typing import Any, Final

from pulumi import Output, ResourceOptions

from components import cross_account_access
from cross_account_access.declaration import settings
from cross_account_access.package.inputs import Inputs
from cross_account_access.program import outputs, preflight
from cross_account_access.program.arguments import arguments_of


class CrossAccountAccess(cross_account_access.CrossAccountAccess):
    """Both sides of cross-account access: what is shared, who is let in, and the roles between."""

    def __init__(self, name: str, args: Inputs, opts: ResourceOptions | None = None) -> None:
        declared = settings.check(_plain(args), where=f"the inputs of {name!r}")
        prefix = f"{name}-"
        preflight.prove(declared, prefix=prefix)
        super().__init__(name, arguments_of(declared, prefix=prefix), opts)
        values = outputs.values_of(declared, self)
        for output, attribute in ATTRIBUTES.items():
            setattr(self, attribute, values[output])


ATTRIBUTES: Final = {name: re.sub("([A-Z])", r"_\1", name).lower() for name in outputs.OUTPUTS}
"""Of the component, by the names of the outputs."""

# From these the SDK infers the outputs of the component.
CrossAccountAccess.__annotations__ = {
    ATTRIBUTES[name]: output.type for name, output in outputs.OUTPUTS.items()
}


class _NotPlain:
    """Stands for a value that is known too late or kept from sight, where a rule meets it."""

    def __repr__(self) -> str:
        return "<an output or a secret; write the value itself>"


def _plain(value: Any) -> Any:  # noqa: ANN401 - what a program may pass
    """The same values with whole numbers: the engine's protocol knows fractions only."""
    match value:
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list():
            return [_plain(item) for item in value]
        case Output():
            return _NotPlain()
        case float() if value.is_integer():
            return int(value)
    return value
