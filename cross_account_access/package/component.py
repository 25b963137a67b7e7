"""The component in plain values: its inputs are settings, its outputs the contract."""

import re
from collections.abc import Iterator
from typing import Any, Final

from pulumi import Output, ResourceOptions

from components import cross_account_access
from cross_account_access.declaration import settings
from cross_account_access.declaration.settings import secrets
from cross_account_access.package.inputs import Inputs
from cross_account_access.program import outputs, preflight
from cross_account_access.program.arguments import arguments_of


class CrossAccountAccess(cross_account_access.CrossAccountAccess):
    """Both sides of cross-account access: what is shared, who is let in, and the roles between."""

    def __init__(self, name: str, args: Inputs, opts: ResourceOptions | None = None) -> None:
        hidden = [secrets.refused(path, "a secret or an output") for path in _outputs("", args)]
        declared = settings.check(_plain(args), where=f"the inputs of {name!r}", secret=hidden)
        prefix = f"{name}-"
        declared = preflight.prove(declared, component=name, prefix=prefix)
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


def _plain(value: Any) -> Any:  # noqa: ANN401 - what a program may pass
    """The same values with whole numbers: the engine's protocol knows fractions only."""
    match value:
        case dict():
            return {key: _plain(item) for key, item in value.items()}
        case list():
            return [_plain(item) for item in value]
        case float() if value.is_integer():
            return int(value)
    return value


def _outputs(path: str, value: Any) -> Iterator[str]:  # noqa: ANN401 - as above
    """Where values are that are known too late or kept from sight."""
    match value:
        case Output():
            yield path
        case dict():
            for key, item in value.items():
                yield from _outputs(f"{path}.{key}" if path else key, item)
        case list():
            for index, item in enumerate(value):
                yield from _outputs(f"{path}[{index}]", item)
