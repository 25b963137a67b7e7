"""The stand-in's catalogue against the pulumi-aws SDK, type by type."""

import importlib
import inspect
import re
from collections.abc import Iterator, Mapping
from types import ModuleType
from typing import Any

import pulumi_aws
import pytest

from cross_account_access.dev.sandbox.provider import package_schema
from cross_account_access.dev.sandbox.provider.catalogue import RESOURCE_TYPES
from cross_account_access.dev.sandbox.provider.invokes import FUNCTIONS
from cross_account_access.dev.sandbox.provider.schema import Kind, Property, ResourceType

EVERY_TYPE = pytest.mark.parametrize(
    "resource", RESOURCE_TYPES.values(), ids=lambda each: each.pulumi_type.rpartition(":")[2]
)


def parts(token: str) -> tuple[str, str]:
    """Module and name, out of `aws:MODULE/name:Name`."""
    _, path, name = token.split(":")
    return path.split("/")[0], name


class Sdk:
    """What the SDK says of one resource type."""

    def __init__(self, pulumi_type: str) -> None:
        service, name = parts(pulumi_type)
        self.package: ModuleType = getattr(pulumi_aws, service)
        self.resource: Any = getattr(self.package, name)
        file = importlib.import_module(self.resource.__module__)
        self.properties = described(getattr(file, f"_{name}State"))
        making = self.resource._internal_init
        python_names = set(inspect.signature(making).parameters) - {"resource_name", "opts"}
        self.inputs = {
            each
            for each, (python_name, _) in self.properties.items()
            if python_name in python_names
        }
        required = re.findall(r"Missing required property '(\w+)'", inspect.getsource(making))
        self.required = {
            each for each, (python_name, _) in self.properties.items() if python_name in required
        }

    def nested(self, annotation: str) -> Any:
        """The class of the objects in the annotation, or `None`."""
        found = re.search(r"'(\w+Args)'", annotation)
        return found and getattr(
            importlib.import_module(f"{self.package.__name__}._inputs"), found[1]
        )


def described(owner: type) -> dict[str, tuple[str, str]]:
    """Python name and annotation of each property, by its Pulumi name."""
    return {
        getattr(each.fget, "_pulumi_name", name): (name, str(each.fget.__annotations__["return"]))
        for name, each in vars(owner).items()
        if isinstance(each, property)
    }


def kind(annotation: str) -> Kind:
    for sign, meant in (
        ("PolicyDocumentArgs", Kind.DOCUMENT),
        ("Sequence", Kind.SET),
        ("Mapping", Kind.MAP),
        ("Args'", Kind.OBJECT),
        ("bool", Kind.BOOLEAN),
        ("int", Kind.INTEGER),
    ):
        if sign in annotation:
            return meant
    return Kind.STRING


def differences(
    sdk: Sdk, mine: Mapping[str, Property], theirs: Mapping[str, tuple[str, str]], path: str = ""
) -> Iterator[str]:
    for name, each in mine.items():
        where = f"{path}{name}"
        if name not in theirs:
            yield f"{where}: the SDK has no such property"
            continue
        annotation = theirs[name][1]
        # Some documents, such as key policies, are plain text in the SDK.
        meant = {Kind.DOCUMENT, Kind.STRING} if each.kind is Kind.DOCUMENT else {each.kind}
        if kind(annotation) not in meant:
            yield f"{where}: {each.kind} here, {annotation} in the SDK"
        made_of = each.item if each.kind is Kind.SET else each
        nested = sdk.nested(annotation) if each.kind in (Kind.SET, Kind.OBJECT) else None
        if nested is None or made_of is None:
            continue
        fields, inner = made_of.fields or {}, described(nested)
        yield from (f"{where}.{missing}: not here" for missing in inner.keys() - fields.keys())
        yield from differences(sdk, fields, inner, f"{where}.")
        parameters = inspect.signature(nested).parameters
        for field, (python_name, _) in inner.items():
            required = parameters[python_name].default is inspect.Parameter.empty
            if field in fields and fields[field].required is not required:
                yield f"{where}.{field}: required {fields[field].required}, SDK {required}"


@EVERY_TYPE
def test_type_is_one_of_the_sdk(resource: ResourceType) -> None:
    assert Sdk(resource.pulumi_type).resource.pulumi_type == resource.pulumi_type


@EVERY_TYPE
def test_every_input_of_the_sdk_is_supported_or_named_as_unsupported(
    resource: ResourceType,
) -> None:
    sdk = Sdk(resource.pulumi_type)

    assert resource.inputs.keys() | resource.unsupported >= sdk.inputs
    assert resource.inputs.keys() <= sdk.inputs
    assert not resource.inputs.keys() & resource.unsupported


@EVERY_TYPE
def test_every_output_of_the_sdk_is_told_or_named_as_unsupported(resource: ResourceType) -> None:
    sdk = Sdk(resource.pulumi_type)

    assert resource.properties.keys() | resource.unsupported == sdk.properties.keys()


@EVERY_TYPE
def test_required_inputs_are_those_of_the_sdk(resource: ResourceType) -> None:
    required = {name for name, each in resource.inputs.items() if each.required}

    assert required == Sdk(resource.pulumi_type).required


@EVERY_TYPE
def test_kinds_and_nested_objects_are_those_of_the_sdk(resource: ResourceType) -> None:
    sdk = Sdk(resource.pulumi_type)

    assert list(differences(sdk, resource.properties, sdk.properties)) == []


@pytest.mark.parametrize("token", FUNCTIONS)
def test_function_is_one_of_the_sdk(token: str) -> None:
    module, name = parts(token)
    snake = re.sub(r"([A-Z])", lambda found: f"_{found[1].lower()}", name)
    package = pulumi_aws if module == "index" else getattr(pulumi_aws, module)

    assert f"'{token}'" in inspect.getsource(getattr(package, snake))


def test_package_schema_refers_only_to_types_that_it_has() -> None:
    schema = package_schema.describe(RESOURCE_TYPES)

    referred = set(re.findall(r"#/types/([\w:/]+)", str(schema)))
    assert referred == set(schema["types"])
    assert set(schema["resources"]) == set(RESOURCE_TYPES)
