"""`access outputs`: the stack's outputs for scripts and programs that do not use Pulumi."""

import argparse
import json
import re
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from cross_account_access.credentials.contract import ContractError, read
from cross_account_access.errors import Status, UncheckedError, UsageError
from cross_account_access.facts import quotas
from cross_account_access.stack import add_stack_options, stack_of

_DESCRIPTION: Final = """\
Print the stack's outputs. None of them is secret.

formats:
  json    one document, by the names of the contract
  env     NAME='value' lines for a shell: set -a; . FILE; lists and maps give a line an item
  tfvars  variables of Terraform and OpenTofu
  ssm     AWS CLI commands that put each value into the SSM Parameter Store; pipe them into sh"""

Outputs = Mapping[str, Any]
"""By name: text, a list of text, or a map of either."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add description and arguments."""
    parser.description = _DESCRIPTION
    add_stack_options(parser)
    parser.add_argument("--format", choices=FORMATS, default="json", help="(%(default)s)")
    parser.add_argument(
        "--prefix",
        default="/cross-account-access",
        help="with ssm: where the parameters are (%(default)s)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print them."""
    outputs = stack_of(arguments).outputs()
    try:
        read(outputs)
    except ContractError as error:
        raise UncheckedError(str(error)) from error
    written = FORMATS["json" if arguments.json else arguments.format](outputs, arguments.prefix)
    sys.stdout.write(f"{written}\n")
    return Status.AS_INTENDED


def as_json(outputs: Outputs, _prefix: str) -> str:
    """One JSON document."""
    return json.dumps(outputs, indent=2)


def as_env(outputs: Outputs, _prefix: str) -> str:
    """Assignments that a POSIX shell reads, `ROLE_ARNS_STAGE_ADMIN='...'` for an item of a map.

    Raises:
        UsageError: two items would get the same name.
    """
    origins: dict[str, str] = {}
    lines = []
    for path, value in _items(outputs):
        name = re.sub(r"[^A-Z0-9]+", "_", "_".join([_snake(path[0]), *path[1:]]).upper())
        origin = "/".join(path)
        if name in origins:
            message = f"{origins[name]} and {origin} would both be {name}; use --format json"
            raise UsageError(message)
        origins[name] = origin
        lines.append(f"{name}={shlex.quote(value)}")
    return "\n".join(lines)


def as_tfvars(outputs: Outputs, _prefix: str) -> str:
    """Definitions in HCL, with names in snake case."""
    return "\n".join(f"{_snake(name)} = {_hcl(value)}" for name, value in outputs.items())


def as_ssm(outputs: Outputs, prefix: str) -> str:
    """Commands that put one parameter for each item, `PREFIX/roleArns/stage-admin`.

    Raises:
        UsageError: a name or a value is not what the Parameter Store takes.
    """
    return "\n".join(
        _put_parameter("/".join([prefix.rstrip("/"), *path]), value)
        for path, value in _items(outputs)
        if value
    )


FORMATS: Final[Mapping[str, Callable[[Outputs, str], str]]] = {
    "json": as_json,
    "env": as_env,
    "tfvars": as_tfvars,
    "ssm": as_ssm,
}
"""Every format and what writes it."""


def _items(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:  # noqa: ANN401 - text, a list or a map
    if isinstance(value, str):
        yield path, value
        return
    items = value.items() if isinstance(value, Mapping) else enumerate(value, start=1)
    for key, item in items:
        yield from _items(item, (*path, str(key)))


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _hcl(value: Any) -> str:  # noqa: ANN401 - text, a list or a map
    if isinstance(value, str):
        # HCL's escapes are JSON's, but for its two kinds of templates.
        return json.dumps(value, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")
    if isinstance(value, list):
        return f"[{', '.join(map(_hcl, value))}]"
    items = "".join(f"  {_hcl(key)} = {_hcl(item)}\n" for key, item in value.items())
    return f"{{\n{items}}}" if items else "{}"


def _put_parameter(name: str, value: str) -> str:
    if not re.fullmatch(r"(?:/[a-zA-Z0-9_.-]+)+", name):
        message = f"{name}: a parameter's name has letters, digits and _.- between slashes only"
        raise UsageError(message)
    if len(value) > quotas.ADVANCED_PARAMETER_CHARACTERS:
        message = (
            f"{name}: a parameter has at most {quotas.ADVANCED_PARAMETER_CHARACTERS} characters"
        )
        raise UsageError(message)
    charged = len(value) > quotas.STANDARD_PARAMETER_CHARACTERS
    parameter = {
        "Name": name,
        "Type": "String",
        "Value": value,
        "Overwrite": True,
        "Tier": "Advanced" if charged else "Standard",
    }
    # As one JSON value, since the AWS CLI would fetch a --value that looks like a URL.
    command = f"aws ssm put-parameter --cli-input-json {shlex.quote(json.dumps(parameter))}"
    return f"# An advanced parameter, which AWS charges for:\n{command}" if charged else command
