"""Serves the component to the engine."""

import re
from collections.abc import Sequence
from typing import Final

import pulumi
from pulumi.provider import ConstructResult
from pulumi.provider import main as serve
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.provider.server import ComponentInitError

from cross_account_access import __version__
from cross_account_access.package.component import CrossAccountAccess

NAME: Final = "cross-account-access"


class Host(ComponentProvider):
    """The provider of the package; its schema is inferred from the types of the component."""

    def __init__(self) -> None:
        super().__init__([CrossAccountAccess], NAME, version=__version__)
        mappings = [each.inputs_mapping for each in self._component_defs.values()]
        mappings += [each.properties_mapping for each in self._type_defs.values()]
        self._names = {ours: theirs for mapping in mappings for theirs, ours in mapping.items()}

    def construct(
        self,
        name: str,
        resource_type: str,
        inputs: pulumi.Inputs,
        options: pulumi.ResourceOptions | None = None,
    ) -> ConstructResult:
        """Makes one component.

        Raises:
            pulumi.InputPropertiesError: for a person, naming inputs as the schema does; any other
                error would be shown with its traceback.
        """
        try:
            return super().construct(name, resource_type, inputs, options)
        except ComponentInitError as error:
            if not isinstance(error.inner, pulumi.RunError):
                raise
            told = re.sub(r"\w+", lambda word: self._names.get(word[0], word[0]), str(error))
            # Without a list, even an empty one, the SDK fails to pass the message on.
            raise pulumi.InputPropertiesError(told, errors=[]) from None


def main(arguments: Sequence[str]) -> None:
    """Serves until the engine ends it; the argument is the engine's address."""
    serve(Host(), list(arguments))
