"""A bare Pulumi program that declares what a deployed stack holds, and the state to go with it.

The program has no components, no settings and no outputs: one statement a resource, with the
values that the engine recorded, and the recorded dependencies. So the engine, the provider and
AWS have the same work as with the original, and what differs is what the original adds.
"""

import copy
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

PROJECT = "flat"
PROJECT_FILE = f"""\
name: {PROJECT}
runtime:
  name: python
  options:
    virtualenv: .venv
options:
  refresh: always
"""

_PROVIDER = "pulumi:providers:aws"
_STACK = "pulumi:pulumi:Stack"
_JSON = re.compile(r"[\[{]|true$|false$")
_CAPITAL = re.compile("(?<=[a-z0-9])(?=[A-Z])")

Resource = Mapping[str, Any]


def program(resources: Sequence[Resource]) -> str:
    """The text of `__main__.py`.

    Args:
        resources: those of a deployment as `pulumi stack export` tells it, in its order.
    """
    declared = [resource for resource in resources if _is_declared(resource)]
    variables = {resource["urn"]: f"r{number}" for number, resource in enumerate(declared)}
    modules = sorted({module for resource in declared if (module := _module(resource["type"]))})
    lines = ["import pulumi", f"from pulumi_aws import {', '.join(['Provider', *modules])}", ""]
    for resource in declared:
        arguments = ", ".join([repr(_name(resource["urn"])), *_arguments(resource, variables)])
        lines.append(f"{variables[resource['urn']]} = {_class(resource['type'])}({arguments})")
    return "\n".join([*lines, ""])


def state(exported: Mapping[str, Any]) -> dict[str, Any]:
    """The state of the flat program's stack: the same resources under the names they have there.

    Args:
        exported: what `pulumi stack export` says of the original.
    """
    moved = copy.deepcopy(dict(exported))
    kept = [
        resource
        for resource in moved["deployment"]["resources"]
        if _is_declared(resource) or resource["type"] == _STACK
    ]
    (stack,) = (_moved(resource["urn"]) for resource in kept if resource["type"] == _STACK)
    known = {resource["urn"] for resource in kept}
    for resource in kept:
        resource["urn"] = _moved(resource["urn"])
        resource.pop("propertyDependencies", None)
        if resource["type"] == _STACK:
            resource["outputs"] = {}
            continue
        resource["parent"] = stack
        resource["dependencies"] = [
            _moved(urn) for urn in resource.get("dependencies", []) if urn in known
        ]
        if "provider" in resource:
            urn, _, provider_id = resource["provider"].rpartition("::")
            resource["provider"] = f"{_moved(urn)}::{provider_id}"
    moved["deployment"]["resources"] = kept
    return moved


def _is_declared(resource: Resource) -> bool:
    # The engine makes the provider that reads the stack's own outputs.
    is_of_engine = resource["type"] == "pulumi:providers:pulumi"
    return bool(resource.get("custom")) and not resource.get("external") and not is_of_engine


def _moved(urn: str) -> str:
    prefix, _, types, name = urn.split("::")
    own_type = types.rpartition("$")[2]
    stack_name = prefix.rpartition(":")[2]
    return "::".join(
        [prefix, PROJECT, own_type, f"{PROJECT}-{stack_name}" if own_type == _STACK else name]
    )


def _name(urn: str) -> str:
    return urn.rpartition("::")[2]


def _module(token: str) -> str | None:
    """`iam` of `aws:iam/role:Role`."""
    return None if token == _PROVIDER else token.split(":")[1].partition("/")[0]


def _class(token: str) -> str:
    """`iam.Role` of `aws:iam/role:Role`."""
    return "Provider" if token == _PROVIDER else f"{_module(token)}.{token.rpartition(':')[2]}"


def _arguments(resource: Resource, variables: Mapping[str, str]) -> Iterator[str]:
    is_provider = resource["type"] == _PROVIDER
    for name, value in resource.get("inputs", {}).items():
        if name.startswith("__") or (is_provider and name == "version"):
            continue
        # Of a provider, all that is not a string is recorded as JSON text.
        plain = json.loads(value) if is_provider and _JSON.match(value) else value
        yield f"{_CAPITAL.sub('_', name).lower()}={plain!r}"
    options = []
    if "provider" in resource:
        options.append(f"provider={variables[resource['provider'].rpartition('::')[0]]}")
    if after := [variables[urn] for urn in resource.get("dependencies", []) if urn in variables]:
        options.append(f"depends_on=[{', '.join(after)}]")
    if resource.get("protect"):
        options.append("protect=True")
    if options:
        yield f"opts=pulumi.ResourceOptions({', '.join(options)})"
