"""The settings of a stack as its files say them, without the engine and before anything is made."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from cross_account_access.declaration.reader import Problems
from cross_account_access.declaration.settings import Settings, parse
from cross_account_access.errors import UsageError

_PROJECT: Final = "Pulumi.yaml"


def settings_in(file: Path) -> tuple[str, Settings]:
    """Return the project's name, and the settings of a stack file in the project's folder.

    Raises:
        UsageError: a file is not there, is no YAML, or has settings that the program refuses.
    """
    project = _mapping(file.with_name(_PROJECT))
    name = str(project.get("name"))
    values = {
        setting: said.get("value", said.get("default")) if isinstance(said, dict) else said
        for setting, said in (project.get("config") or {}).items()
    }
    prefix = f"{name}:"
    for setting, value in (_mapping(file).get("config") or {}).items():
        if str(setting).startswith(prefix):
            values[setting.removeprefix(prefix)] = value
    problems = Problems()
    settings = parse(values, problems)
    if problems:
        raise UsageError(problems.report(file.name))
    return name, settings


def _mapping(file: Path) -> Mapping[str, Any]:
    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        message = f"{file}: {error.strerror}; name the folder of the program with --cwd"
        raise UsageError(message) from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        message = f"{file}: no YAML: {' '.join(str(error).split())}"
        raise UsageError(message) from error
    if not isinstance(found, dict):
        message = f"{file}: must be a mapping"
        raise UsageError(message)
    return found
