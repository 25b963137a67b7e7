"""The provider's configuration: which account it opens, and the guard on it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cross_account_access.dev.sandbox.provider.aws import Account, ConfigurationError
from cross_account_access.dev.sandbox.provider.schema import is_unknown

_MEANT = {
    "profile": str,
    "region": str,
    "allowedAccountIds": list,
    "forbiddenAccountIds": list,
    "defaultTags": dict,
    "endpoints": list,
    "s3UsePathStyle": bool,
    "skipCredentialsValidation": bool,
    "skipMetadataApiCheck": bool,
    "skipRegionValidation": bool,
    "skipRequestingAccountId": bool,
    # Which plugin the engine should take, which it has done by now.
    "version": str,
}


@dataclass(frozen=True)
class Configuration:
    """An opened account that passed the guard, and the tags that everything in it gets."""

    account: Account
    default_tags: dict[str, str] = field(default_factory=dict)


def problems(arguments: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong with the arguments of a provider, by property."""
    wrong = {}
    for name, value in _decoded(arguments).items():
        if name not in _MEANT:
            wrong[name] = "the stand-in provider does not support this setting"
        elif not is_unknown(value) and not isinstance(value, _MEANT[name]):
            wrong[name] = f"expected {_MEANT[name].__name__}, got {value!r}"
    return wrong


def open_account(arguments: Mapping[str, Any]) -> Configuration:
    """Opens the account and holds it against the allowed and the forbidden ones.

    Raises:
        ConfigurationError: no such profile, refused credentials, or an account that is not
            allowed; worded as the official provider words it.
    """
    known = _decoded(arguments)
    endpoints: dict[str, str] = {}
    for group in known.get("endpoints", []):
        endpoints.update({name: url for name, url in group.items() if url})
    account = Account(
        profile=known.get("profile"),
        region=known.get("region"),
        endpoints=endpoints,
        path_style=known.get("s3UsePathStyle", False),
    )
    allowed, forbidden = known.get("allowedAccountIds"), known.get("forbiddenAccountIds", [])
    if (allowed and account.account_id not in allowed) or account.account_id in forbidden:
        message = f"AWS account ID not allowed: {account.account_id}"
        raise ConfigurationError(message)
    return Configuration(account, known.get("defaultTags", {}).get("tags") or {})


def _decoded(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments as values: the engine passes everything but strings as JSON text."""
    decoded = {}
    for name, value in arguments.items():
        if value is None or name.startswith("__"):
            continue
        decoded[name] = value
        if isinstance(value, str) and not is_unknown(value) and _MEANT.get(name) is not str:
            try:
                decoded[name] = json.loads(value)
            except ValueError:
                continue
    return decoded
