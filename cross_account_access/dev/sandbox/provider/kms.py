"""KMS keys and their aliases."""

from collections.abc import Mapping
from typing import Any

from cross_account_access.dev.sandbox.provider.aws import Account
from cross_account_access.dev.sandbox.provider.calls import after_making, given, retag, tagged
from cross_account_access.dev.sandbox.provider.schema import (
    OUTPUT,
    TAGGED,
    Kind,
    Property,
    ResourceType,
)

_GONE = frozenset({"NotFoundException"})
_POLICY_NAME = "default"
"""The only name that a key policy can have ("PutKeyPolicy" in the KMS API reference)."""
_ALIAS = "alias/"


def _kms(account: Account) -> Any:  # noqa: ANN401 - see Account.client
    return account.client("kms")


# Keys

_PERIOD = "rotationPeriodInDays"


def _tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"TagKey": key, "TagValue": value} for key, value in sorted(tags.items())]


def _create_key(account: Account, inputs: dict[str, Any]) -> str:
    kms = _kms(account)
    made = kms.create_key(
        Tags=_tag_list(inputs.get("tags", {})),
        **given(inputs, Description="description", Policy="policy"),
    )
    key = {"KeyId": str(made["KeyMetadata"]["KeyId"])}
    with after_making(key["KeyId"]):
        if inputs["enableKeyRotation"]:
            kms.enable_key_rotation(**key, **given(inputs, RotationPeriodInDays=_PERIOD))
        if not inputs["isEnabled"]:
            kms.disable_key(**key)
    return key["KeyId"]


def _read_key(account: Account, key_id: str) -> dict[str, Any] | None:
    kms, key = _kms(account), {"KeyId": key_id}
    metadata = kms.describe_key(**key)["KeyMetadata"]
    if metadata["KeyState"] == "PendingDeletion":
        return None
    listed = kms.get_paginator("list_resource_tags").paginate(**key).build_full_result()
    tags = {tag["TagKey"]: tag["TagValue"] for tag in listed.get("Tags", [])}
    rotation = kms.get_key_rotation_status(**key)
    period = {_PERIOD: rotation.get("RotationPeriodInDays")}
    return {
        "arn": metadata["Arn"],
        "description": metadata.get("Description"),
        "enableKeyRotation": rotation["KeyRotationEnabled"],
        **(period if rotation["KeyRotationEnabled"] else {}),
        "isEnabled": metadata["Enabled"],
        "keyId": metadata["KeyId"],
        "policy": kms.get_key_policy(**key, PolicyName=_POLICY_NAME)["Policy"],
        **tagged(tags),
    }


def _update_key(account: Account, key_id: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    kms, key = _kms(account), {"KeyId": key_id}
    switched = old.get("isEnabled") != new["isEnabled"]
    # A disabled key can hardly be changed: enabling comes first and disabling last.
    if switched and new["isEnabled"]:
        kms.enable_key(**key)
    rotated = [(each.get("enableKeyRotation"), each.get(_PERIOD)) for each in (old, new)]
    if new["enableKeyRotation"] and rotated[0] != rotated[1]:
        kms.enable_key_rotation(**key, **given(new, RotationPeriodInDays=_PERIOD))
    elif old.get("enableKeyRotation") and not new["enableKeyRotation"]:
        kms.disable_key_rotation(**key)
    if "description" in new and old.get("description") != new["description"]:
        kms.update_key_description(**key, Description=new["description"])
    if "policy" in new and old.get("policy") != new["policy"]:
        kms.put_key_policy(**key, PolicyName=_POLICY_NAME, Policy=new["policy"])
    if switched and not new["isEnabled"]:
        kms.disable_key(**key)
    retag(kms.tag_resource, kms.untag_resource, key, old, new, as_parameter=_tag_list)


def _delete_key(account: Account, key_id: str, state: dict[str, Any]) -> None:
    if _read_key(account, key_id) is not None:
        _kms(account).schedule_key_deletion(
            KeyId=key_id, **given(state, PendingWindowInDays="deletionWindowInDays")
        )


# Aliases


def _key_id(key: str) -> str:
    """A key's ID, also out of its ARN."""
    return key.rpartition("/")[2]


def _create_alias(account: Account, inputs: dict[str, Any]) -> str:
    name = str(inputs["name"])
    _kms(account).create_alias(AliasName=name, TargetKeyId=inputs["targetKeyId"])
    return name


def _read_alias(account: Account, name: str) -> dict[str, Any] | None:
    for page in _kms(account).get_paginator("list_aliases").paginate():
        for alias in page["Aliases"]:
            if alias["AliasName"] == name:
                arn, target = alias["AliasArn"], alias["TargetKeyId"]
                return {
                    "arn": arn,
                    "name": name,
                    "targetKeyArn": f"{arn.removesuffix(name)}key/{target}",
                    "targetKeyId": target,
                }
    return None


def _update_alias(account: Account, name: str, _old: dict[str, Any], new: dict[str, Any]) -> None:
    _kms(account).update_alias(AliasName=name, TargetKeyId=new["targetKeyId"])


def _delete_alias(account: Account, name: str, _state: dict[str, Any]) -> None:
    _kms(account).delete_alias(AliasName=name)


RESOURCE_TYPES = (
    ResourceType(
        pulumi_type="aws:kms/key:Key",
        title="KMS Key",
        properties={
            "arn": OUTPUT,
            "deletionWindowInDays": Property(kind=Kind.INTEGER, local=True),
            "description": Property(computed=True),
            "enableKeyRotation": Property(kind=Kind.BOOLEAN, default=False),
            "isEnabled": Property(kind=Kind.BOOLEAN, default=True),
            "keyId": OUTPUT,
            "policy": Property(kind=Kind.DOCUMENT, computed=True),
            "region": OUTPUT,
            _PERIOD: Property(kind=Kind.INTEGER, computed=True),
            **TAGGED,
        },
        unsupported=frozenset(
            {
                *("bypassPolicyLockoutSafetyCheck", "customKeyStoreId", "customerMasterKeySpec"),
                *("keyUsage", "multiRegion", "region", "xksKeyId"),
            }
        ),
        gone=_GONE,
        create=_create_key,
        read=_read_key,
        update=_update_key,
        delete=_delete_key,
    ),
    ResourceType(
        pulumi_type="aws:kms/alias:Alias",
        title="KMS Alias",
        properties={
            "arn": OUTPUT,
            "name": Property(
                computed=True, replaces=True, named_by=lambda logical: f"{_ALIAS}{logical}"
            ),
            "region": OUTPUT,
            "targetKeyArn": OUTPUT,
            "targetKeyId": Property(required=True, meaning=_key_id),
        },
        unsupported=frozenset({"namePrefix", "region"}),
        gone=_GONE,
        create=_create_alias,
        read=_read_alias,
        update=_update_alias,
        delete=_delete_alias,
    ),
)
