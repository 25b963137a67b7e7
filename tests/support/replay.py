"""A Pulumi program that makes what a recorded state holds, resource by resource, as it is there.

Types, names, parents, providers, protection, dependencies and outputs are those of `state.json` in
its folder, so that the stack comes into that state with resources that exist. An identifier that
AWS chose anew is replaced wherever it is named.
"""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pulumi
from pulumi import Output, ResourceOptions

STACK = "pulumi:pulumi:Stack"
PROVIDER = "pulumi:providers:"

recorded = json.loads(Path("state.json").read_text())["deployment"]["resources"]
identifiers = {resource["urn"]: resource["id"] for resource in recorded if resource["custom"]}
made: dict[str, pulumi.Resource] = {}


def as_made(value: Any, dependencies: Collection[str]) -> Any:
    """A recorded value with the identifiers that these resources have now."""

    def replaced(now: dict[str, str]) -> Any:
        text = json.dumps(value)
        for urn, identifier in now.items():
            text = text.replace(identifiers[urn], identifier)
        return json.loads(text)

    now: dict[str, Any] = {
        urn: resource.id
        for urn, resource in made.items()
        if urn in dependencies and isinstance(resource, pulumi.CustomResource)
    }
    return Output.all(**now).apply(replaced) if now else value


def make(resource: dict[str, Any]) -> pulumi.Resource:
    token, name = resource["type"], resource["urn"].rpartition("::")[2]
    opts = ResourceOptions(
        parent=made.get(resource["parent"]),
        protect=resource.get("protect"),
        depends_on=[made[urn] for urn in resource.get("dependencies", [])],
    )
    if not resource["custom"]:
        return pulumi.ComponentResource(token, name, None, opts)
    inputs = {
        key: as_made(resource["inputs"][key], dependencies)
        # What has no entry here the provider and the engine have put in, and will again.
        for key, dependencies in resource["propertyDependencies"].items()
    }
    if token.startswith(PROVIDER):
        opts.version = resource["inputs"]["version"]
        return pulumi.ProviderResource(token.removeprefix(PROVIDER), name, inputs, opts)
    provider = made[resource["provider"].rpartition("::")[0]]
    assert isinstance(provider, pulumi.ProviderResource)
    opts.provider = provider
    return pulumi.CustomResource(token, name, inputs, opts)


for each in recorded:
    if each["type"] != STACK:
        made[each["urn"]] = make(each)
for each in recorded:
    outputs = {key: as_made(value, made) for key, value in each.get("outputs", {}).items()}
    if each["type"] == STACK:
        for key, value in outputs.items():
            pulumi.export(key, value)
    elif isinstance(component := made[each["urn"]], pulumi.ComponentResource):
        component.register_outputs(outputs)
