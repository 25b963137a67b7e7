"""Layers from a folder of documents, whose layout `docs/access/layers.md` tells.

Whatever lies in it and is no part of that layout is an error: a document that is silently left out
would change answers.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from cross_account_access.errors import UsageError
from cross_account_access.iam.layers import AccountLayers, Endpoint, Layers, Level, Levels

_ORGANIZATION: Final = "organization"
_MANAGEMENT: Final = "management-account"
_ENDPOINTS: Final = "vpc-endpoints"
_BLOCKS: Final = "block-public-access"
_SERVICE_CONTROL: Final = "service-control-policies"
_RESOURCE_CONTROL: Final = "resource-control-policies"
_ACCOUNT: Final = re.compile(r"\d{12}")
_SETTINGS: Final = frozenset(
    {"BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"}
)


def of_folder(folder: Path, partitions: Collection[str]) -> Layers:
    """Read the layers.

    Args:
        folder: where the documents lie.
        partitions: of the stack's resources, to name buckets.

    Raises:
        UsageError: it is no folder, or has something that is no layer.
    """
    listed = _listed(folder)
    for name in listed:
        if name not in (_ORGANIZATION, _ENDPOINTS, _BLOCKS):
            raise _unexpected(
                folder / name, f"here are {_ORGANIZATION}/, {_ENDPOINTS}/ and {_BLOCKS}/"
            )
    blocks = _blocks(folder / _BLOCKS) if _BLOCKS in listed else {}
    accounts: dict[str, _Pair] = {}
    for account, levels in _organization(folder / _ORGANIZATION) if _ORGANIZATION in listed else ():
        if account in accounts:
            raise _unexpected(folder / _ORGANIZATION, f"account {account} has two places there")
        accounts[account] = levels
    for name in filter(_ACCOUNT.fullmatch, blocks):
        accounts.setdefault(name, (None, None))
    return Layers(
        accounts={
            account: AccountLayers(
                service_control=service,
                resource_control=resource,
                restricts_public_buckets=blocks.get(account),
            )
            for account, (service, resource) in accounts.items()
        },
        endpoints=dict(_endpoints(folder / _ENDPOINTS)) if _ENDPOINTS in listed else None,
        buckets={
            f"arn:{partition}:s3:::{name}": restricts
            for name, restricts in blocks.items()
            if not _ACCOUNT.fullmatch(name)
            for partition in partitions
        },
    )


_Pair = tuple[Levels | None, Levels | None]
"""Service and resource control policies; None where the organization uses none of them."""


def _organization(root: Path) -> Iterator[tuple[str, _Pair]]:
    used = {
        kind: any(path.is_dir() and path.name == kind for path in root.rglob(kind))
        for kind in (_SERVICE_CONTROL, _RESOURCE_CONTROL)
    }
    management = root / _MANAGEMENT
    if management.exists():
        account = _text(management).strip()
        if not _ACCOUNT.fullmatch(account):
            raise _unexpected(management, "it holds the ID of an account, 12 digits, alone")
        yield account, ((), ())
    yield from _below(root, "root", {kind: () for kind, is_used in used.items() if is_used})


def _below(folder: Path, name: str, above: Mapping[str, Levels]) -> Iterator[tuple[str, _Pair]]:
    """Yield the accounts below the root or a unit, each with the levels that lead to it."""
    levels = {kind: (*each, _level(folder, name, kind)) for kind, each in above.items()}
    if _ACCOUNT.fullmatch(folder.name):
        yield folder.name, (levels.get(_SERVICE_CONTROL), levels.get(_RESOURCE_CONTROL))
    for inside in _listed(folder):
        path = folder / inside
        if inside in (_SERVICE_CONTROL, _RESOURCE_CONTROL) and path.is_dir():
            continue
        if inside == _MANAGEMENT and name == "root":
            continue
        if not path.is_dir() or _ACCOUNT.fullmatch(folder.name):
            raise _unexpected(
                path,
                f"here are {_SERVICE_CONTROL}/, {_RESOURCE_CONTROL}/ and folders of units and"
                " accounts",
            )
        yield from _below(path, inside, levels)


def _level(folder: Path, name: str, kind: str) -> Level:
    path = folder / kind
    policies = dict(_documents(path)) if path.is_dir() else {}
    if not policies:
        msg = (
            f"{path}: no policy, but every level has one as soon as the organization uses them; put"
            " AWS's own there, which allows everything"
        )
        raise UsageError(msg)
    return Level(name=name, policies=policies)


def _endpoints(folder: Path) -> Iterator[tuple[str, Endpoint]]:
    for service in _listed(folder):
        for name, document in _documents(folder / service):
            yield name, Endpoint(service=service, policy=document)


def _blocks(folder: Path) -> dict[str, bool]:
    """Read settings as `aws s3control get-public-access-block` prints them."""
    found = {}
    for name, value in _documents(folder):
        settings = value.get("PublicAccessBlockConfiguration", value)
        is_settings = isinstance(settings, dict) and settings.keys() <= _SETTINGS
        if not is_settings or not all(isinstance(each, bool) for each in settings.values()):
            raise _unexpected(
                folder / f"{name}.json", f"it has {', '.join(sorted(_SETTINGS))}, true or false"
            )
        found[name] = settings.get("RestrictPublicBuckets", False)
    return found


def _documents(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the JSON objects of a folder by the names of their files."""
    for name in _listed(folder):
        path = folder / name
        if path.suffix != ".json":
            raise _unexpected(path, "here are documents, NAME.json")
        try:
            value = json.loads(_text(path))
        except ValueError as error:
            msg = f"{path}: not JSON: {str(error).splitlines()[0]}"
            raise UsageError(msg) from error
        except RecursionError as error:
            msg = f"{path}: nested too deeply for a document"
            raise UsageError(msg) from error
        if not isinstance(value, dict):
            raise _unexpected(path, "a document is a JSON object")
        yield path.stem, value


def _listed(folder: Path) -> list[str]:
    try:
        return sorted(each.name for each in folder.iterdir())
    except OSError as error:
        msg = f"{folder}: {error.strerror}; --layers takes aws, aws:PROFILE or a folder"
        raise UsageError(msg) from error


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        msg = f"{path}: {error.strerror}"
        raise UsageError(msg) from error
    except UnicodeDecodeError as error:
        msg = f"{path}: not a text file"
        raise UsageError(msg) from error


def _unexpected(path: Path, rule: str) -> UsageError:
    return UsageError(f"{path}: no layer; {rule}")
