"""KMS keys and aliases that exist already.

A key has no name of its own. It is found by the alias that the stack would give it, else by its
description and tags, as one that no alias names yet: what an update has made whose answer was lost.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cross_account_access.importing.found import Clients, Found, becomes, lost_tags
from cross_account_access.stack import StackResource

KEY: Final = "aws:kms/key:Key"
_ALIAS: Final = "aws:kms/alias:Alias"


@dataclass(frozen=True, kw_only=True)
class UnclaimedKey:
    """A key that is as the stack would make one, and that no alias names."""

    id: str
    made: str
    """When, for ordering."""
    rotates: bool
    """Whether rotation is on, as the provider has it as soon as it knows the ID of a key."""
    tags: tuple[Mapping[str, str], ...]
    """Each with `Key` and `Value`."""


def unclaimed_keys(clients: Clients, resource: StackResource) -> Iterator[UnclaimedKey]:
    """Find the keys of the resource's description and tags that are in use and have no alias."""
    named = set(_aliases(clients).values())
    for page in clients.kms.get_paginator("list_keys").paginate():
        for each in page["Keys"]:
            if each["KeyId"] not in named:
                key = _of_ours(clients, resource, each["KeyId"])
                if key is not None:
                    yield key


def _key(clients: Clients, resource: StackResource) -> Found | None:
    # The one that the provider knew of; the emulated and the real KMS date them to the second.
    keys = unclaimed_keys(clients, resource)
    unclaimed = sorted(keys, key=lambda each: (each.rotates, each.made))
    key = _named(clients, resource) or next(iter(unclaimed[::-1]), None)
    if key is None:
        return None
    return Found(
        import_id=key.id,
        warnings=(
            *(
                f"stands beside the key {other.id}, which is the same and which nobody names"
                for other in unclaimed
                if other != key
            ),
            *lost_tags(key.tags, resource),
        ),
    )


def _named(clients: Clients, resource: StackResource) -> UnclaimedKey | None:
    """The key that has an alias of the resource already."""
    aliases = _aliases(clients)
    for alias in clients.waiting_for(resource, _ALIAS):
        target = aliases.get(str(alias.known("name")))
        key = _of_ours(clients, resource, target) if target else None
        if key is not None:
            return key
    return None


def _of_ours(clients: Clients, resource: StackResource, key_id: str) -> UnclaimedKey | None:
    key = clients.kms.describe_key(KeyId=key_id)["KeyMetadata"]
    if key["KeyState"] != "Enabled" or key.get("Description") != resource.known("description"):
        return None
    pages = clients.kms.get_paginator("list_resource_tags").paginate(KeyId=key_id)
    tags = [
        {"Key": tag["TagKey"], "Value": tag["TagValue"]} for page in pages for tag in page["Tags"]
    ]
    wanted = (resource.known("tags") or {}).items()
    if not wanted <= {tag["Key"]: tag["Value"] for tag in tags}.items():
        return None
    return UnclaimedKey(
        id=key_id,
        made=str(key["CreationDate"]),
        rotates=clients.kms.get_key_rotation_status(KeyId=key_id)["KeyRotationEnabled"],
        tags=tuple(tags),
    )


def _alias(clients: Clients, resource: StackResource) -> Found | None:
    name = str(resource.known("name"))
    target = _aliases(clients).get(name)
    if target is None:
        return None
    planned = resource.known("targetKeyId")
    return Found(import_id=name, changes=becomes("key", target, planned) if planned else ())


def _aliases(clients: Clients) -> dict[str, Any]:
    """The key IDs by the names of the aliases; those of AWS's own keys may have none yet."""
    pages = clients.kms.get_paginator("list_aliases").paginate()
    return {
        alias["AliasName"]: alias["TargetKeyId"]
        for page in pages
        for alias in page["Aliases"]
        if "TargetKeyId" in alias
    }


FINDERS: Final[Mapping[str, Callable[[Clients, StackResource], Found | None]]] = {
    KEY: _key,
    _ALIAS: _alias,
}
