"""Serves the component to the engine."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Final

import pulumi
from pulumi.provider import ConstructResult
from pulumi.provider import main as serve
from pulumi.provider.experimental.analyzer import PropertyDefinition
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.provider.experimental.schema import generate_schema
from pulumi.provider.server import ComponentInitError

from cross_account_access import __version__
from cross_account_access.declaration.settings import SETTINGS
from cross_account_access.package.component import CrossAccountAccess
from cross_account_access.package.inputs import DESCRIPTIONS
from cross_account_access.program.outputs import OUTPUTS

NAME: Final = "cross-account-access"


class Host(ComponentProvider):
    """The provider of the package; its schema is inferred from the types of the component."""

    def __init__(self) -> None:
        super().__init__([CrossAccountAccess], NAME, version=__version__)
        (component,) = self._component_defs.values()
        types = self._type_defs.values()
        mappings = [component.inputs_mapping, *(each.properties_mapping for each in types)]
        self._names = {ours: theirs for mapping in mappings for theirs, ours in mapping.items()}
        # The SDK looks for descriptions in source text, which types made at run time have not.
        _describe(component.inputs, component.inputs_mapping, DESCRIPTIONS[SETTINGS.name])
        for each in types:
            each.description = self._with_their_names(each.description or "")
            _describe(each.properties, each.properties_mapping, DESCRIPTIONS[each.name])
        for name, output in component.outputs.items():
            words = OUTPUTS[name].words
            output.description = f"{words[0].upper()}{words[1:]}."
        schema = generate_schema(
            NAME, __version__, None, self._component_defs, self._type_defs, self._dependencies
        )
        self.schema = json.dumps(schema.to_json())

    def _with_their_names(self, told: str) -> str:
        """A text that names inputs as the schema does."""
        return re.sub(r"\w+", lambda word: self._names.get(word[0], word[0]), told)

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
            told = self._with_their_names(str(error))
            # Without a list, even an empty one, the SDK fails to pass the message on.
            raise pulumi.InputPropertiesError(told, errors=[]) from None


def _describe(
    properties: Mapping[str, PropertyDefinition], names: Mapping[str, str], words: Mapping[str, str]
) -> None:
    for theirs, each in properties.items():
        each.description = words[names[theirs]]


def main(arguments: Sequence[str]) -> None:
    """Serves until the engine ends it; the argument is the engine's address."""
    serve(Host(), list(arguments))
