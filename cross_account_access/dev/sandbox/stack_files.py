"""Which two accounts the stack files of the current project name."""

import re
from pathlib import Path
from typing import Any

import yaml

from cross_account_access.dev.sandbox.errors import SandboxError

_PRODUCTION = "cross-account-access:production_account_id"
_STAGING = "cross-account-access:staging_account_id"
_REMEDY = "name the accounts with --accounts PRODUCTION,STAGING"


def accounts(folder: Path) -> tuple[str, str]:
    """Account IDs of Production and Staging, as every `Pulumi.*.yaml` in the folder names them.

    Raises:
        SandboxError: no stack file names both, or two stack files disagree, or an ID is not
            12 digits in quotes.
    """
    found: dict[tuple[str, str], str] = {}
    for path in sorted(folder.glob("Pulumi.*.yaml")):
        config = _config(path)
        if _PRODUCTION in config and _STAGING in config:
            pair = tuple(_account(config[key], f"{path.name}: {key}") for key in _BOTH)
            found.setdefault((pair[0], pair[1]), path.name)
    if not found:
        message = f"no Pulumi.*.yaml in {folder} names both accounts; {_REMEDY}"
        raise SandboxError(message)
    if len(found) > 1:
        told = "; ".join(f"{name}: {','.join(pair)}" for pair, name in found.items())
        message = f"the stack files name different accounts ({told}); {_REMEDY}"
        raise SandboxError(message)
    return next(iter(found))


def parse_pair(text: str) -> tuple[str, str]:
    """Account IDs out of `PRODUCTION,STAGING`.

    Raises:
        SandboxError: not two different IDs of 12 digits.
    """
    production, comma, staging = text.partition(",")
    if not comma:
        message = f"--accounts takes two account IDs as PRODUCTION,STAGING, got {text!r}"
        raise SandboxError(message)
    pair = (_account(production, "--accounts"), _account(staging, "--accounts"))
    if pair[0] == pair[1]:
        message = f"--accounts names {pair[0]} twice; Production and Staging must be two accounts"
        raise SandboxError(message)
    return pair


_BOTH = (_PRODUCTION, _STAGING)


def _account(value: object, where: str) -> str:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{12}", value):
        return value
    quote = " in quotes" if not isinstance(value, str) else ""
    message = f"{where}: an account ID is 12 digits{quote}, got {value!r}"
    raise SandboxError(message)


def _config(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        message = f"cannot read {path.name}: {' '.join(str(error).split())}"
        raise SandboxError(message) from error
    config = content.get("config") if isinstance(content, dict) else None
    return config if isinstance(config, dict) else {}
