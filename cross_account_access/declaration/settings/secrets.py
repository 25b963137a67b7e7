"""Finds settings that are given as secrets, none of which could stay one.

The engine hands values to the program decrypted. What a setting says goes into policy documents and
outputs, and so into the state in plain text, whatever its stack file kept it as.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

_ENCRYPTED: Final = "secure"
"""The one key of a mapping that stands for an encrypted value in a stack file ("Configuration",
https://www.pulumi.com/docs/iac/concepts/config/)."""


def refused(setting: str, what: str = "a secret") -> str:
    """The problem of a setting that is given as a secret, or as something else that hides it.

    That an external ID is no secret: "Access to AWS accounts owned by third parties",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html.
    """
    return (
        f"{setting}: is given as {what}, but every setting stands in plain text in policy "
        "documents, outputs or the state, for whoever may read those; AWS takes an external ID for "
        "no secret either. Give the value itself, as pulumi config set --plaintext does"
    )


def places(setting: str, file: Path, project: str) -> list[str]:
    """Where in a setting the stack file has secrets; the setting itself where it cannot be told.

    Args:
        setting: its name; something of it is a secret.
        file: of the stack; the secret may come from elsewhere, as an environment of Pulumi ESC.
        project: the namespace of the settings.
    """
    try:
        config = yaml.safe_load(file.read_text())["config"]
        found = list(_encrypted(setting, config[f"{project}:{setting}"]))
    except (OSError, ValueError, TypeError, KeyError, yaml.YAMLError):
        return [setting]
    return found or [setting]


def _encrypted(path: str, value: Any) -> Iterator[str]:  # noqa: ANN401 - YAML is anything
    if isinstance(value, dict):
        if [*value] == [_ENCRYPTED]:
            yield path
        for name, item in value.items():
            yield from _encrypted(f"{path}.{name}", item)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _encrypted(f"{path}[{index}]", item)
