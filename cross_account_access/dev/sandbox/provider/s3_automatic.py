"""What S3 does by itself with what is written into a bucket: it keeps, tells and replicates it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from cross_account_access.dev.sandbox.provider.aws import Account
from cross_account_access.dev.sandbox.provider.s3 import bucket_setting, from_api, to_api
from cross_account_access.dev.sandbox.provider.schema import Kind, Property

_STATUS: Final = Property(required=True)


def _object(fields: Mapping[str, Property], *, required: bool = False) -> Property:
    return Property(kind=Kind.OBJECT, required=required, fields=fields)


_SWITCH: Final = _object({"status": _STATUS})

# Object lock

_RULE: Final = _object(
    {
        "defaultRetention": _object(
            {
                "days": Property(kind=Kind.INTEGER),
                "mode": Property(),
                "years": Property(kind=Kind.INTEGER),
            },
            required=True,
        )
    }
)


def _put_lock(account: Account, inputs: Mapping[str, Any]) -> None:
    lock = {"ObjectLockEnabled": inputs["objectLockEnabled"]}
    if inputs.get("rule"):
        lock["Rule"] = to_api(_RULE, inputs["rule"])
    account.s3.put_object_lock_configuration(Bucket=inputs["bucket"], ObjectLockConfiguration=lock)


def _get_lock(account: Account, bucket: str) -> dict[str, Any]:
    found = account.s3.get_object_lock_configuration(Bucket=bucket)["ObjectLockConfiguration"]
    return {
        "objectLockEnabled": found["ObjectLockEnabled"],
        "rule": from_api(_RULE, found["Rule"]) if "Rule" in found else None,
    }


def _remove_lock(account: Account, bucket: str) -> None:
    """Object lock cannot be switched off: the rule goes alone."""
    _put_lock(account, {"bucket": bucket, "objectLockEnabled": "Enabled"})


# Notifications

_TARGETS: Final = {
    "lambdaFunctions": ("LambdaFunctionConfigurations", "lambdaFunctionArn"),
    "queues": ("QueueConfigurations", "queueArn"),
    "topics": ("TopicConfigurations", "topicArn"),
}
_FILTERS: Final = {"filterPrefix": "prefix", "filterSuffix": "suffix"}


def _target(arn: str) -> Property:
    return Property(
        kind=Kind.SET,
        item=_object(
            {
                "events": Property(kind=Kind.SET, required=True),
                "filterPrefix": Property(),
                "filterSuffix": Property(),
                "id": Property(computed=True),
                # The SDK does not ask for that of a function.
                arn: Property(required=arn != "lambdaFunctionArn"),
            }
        ),
    )


def _put_notification(account: Account, inputs: Mapping[str, Any]) -> None:
    wanted: dict[str, Any] = {
        key: [_to_notification(each, arn) for each in inputs[name]]
        for name, (key, arn) in _TARGETS.items()
        if inputs.get(name)
    }
    if inputs.get("eventbridge"):
        wanted["EventBridgeConfiguration"] = {}
    account.s3.put_bucket_notification_configuration(
        Bucket=inputs["bucket"], NotificationConfiguration=wanted
    )


def _to_notification(each: Mapping[str, Any], arn: str) -> dict[str, Any]:
    rules = [{"Name": name, "Value": each[key]} for key, name in _FILTERS.items() if each.get(key)]
    return {
        "Events": each["events"],
        f"{arn[0].upper()}{arn[1:]}": each[arn],
        **({"Id": each["id"]} if each.get("id") else {}),
        **({"Filter": {"Key": {"FilterRules": rules}}} if rules else {}),
    }


def _get_notification(account: Account, bucket: str) -> dict[str, Any] | None:
    found = account.s3.get_bucket_notification_configuration(Bucket=bucket)
    told: dict[str, Any] = {
        name: list(_from_notification(found[key], arn))
        for name, (key, arn) in _TARGETS.items()
        if found.get(key)
    }
    if "EventBridgeConfiguration" in found:
        told["eventbridge"] = True
    return told or None


def _from_notification(found: list[dict[str, Any]], arn: str) -> Iterator[dict[str, Any]]:
    for each in found:
        rules = each.get("Filter", {}).get("Key", {}).get("FilterRules", [])
        values = {rule["Name"].lower(): rule["Value"] for rule in rules}
        yield {
            "events": each["Events"],
            "id": each["Id"],
            arn: each[f"{arn[0].upper()}{arn[1:]}"],
            **{key: values[name] for key, name in _FILTERS.items() if values.get(name)},
        }


# Replication

_MINUTES: Final = {"minutes": Property(kind=Kind.INTEGER, required=True)}
_RULES: Final = Property(
    kind=Kind.SET,
    required=True,
    item=_object(
        {
            "deleteMarkerReplication": _SWITCH,
            "destination": _object(
                {
                    "accessControlTranslation": _object({"owner": Property(required=True)}),
                    "account": Property(),
                    "bucket": Property(required=True),
                    "encryptionConfiguration": _object(
                        {"replicaKmsKeyId": Property(required=True)}
                    ),
                    "metrics": _object({"eventThreshold": _object(_MINUTES), "status": _STATUS}),
                    "replicationTime": _object(
                        {"status": _STATUS, "time": _object(_MINUTES, required=True)}
                    ),
                    "storageClass": Property(),
                },
                required=True,
            ),
            "existingObjectReplication": _SWITCH,
            "filter": _object(
                {
                    "and": _object({"prefix": Property(), "tags": Property(kind=Kind.MAP)}),
                    "prefix": Property(),
                    "tag": _object(
                        {"key": Property(required=True), "value": Property(required=True)}
                    ),
                }
            ),
            "id": Property(computed=True),
            "prefix": Property(),
            "priority": Property(kind=Kind.INTEGER),
            "sourceSelectionCriteria": _object(
                {"replicaModifications": _SWITCH, "sseKmsEncryptedObjects": _SWITCH}
            ),
            "status": _STATUS,
        }
    ),
)


def _put_replication(account: Account, inputs: Mapping[str, Any]) -> None:
    rules = to_api(_RULES, inputs["rules"])
    account.s3.put_bucket_replication(
        Bucket=inputs["bucket"],
        ReplicationConfiguration={"Role": inputs["role"], "Rules": rules},
    )


def _get_replication(account: Account, bucket: str) -> dict[str, Any]:
    found = account.s3.get_bucket_replication(Bucket=bucket)["ReplicationConfiguration"]
    return {"role": found["Role"], "rules": from_api(_RULES, found["Rules"])}


RESOURCE_TYPES = (
    bucket_setting(
        "BucketNotification",
        "S3 Bucket Notification",
        {
            "eventbridge": Property(kind=Kind.BOOLEAN, default=False),
            **{name: _target(arn) for name, (_, arn) in _TARGETS.items()},
        },
        put=_put_notification,
        get=_get_notification,
        remove=lambda account, bucket: _put_notification(account, {"bucket": bucket}),
    ),
    bucket_setting(
        "BucketObjectLockConfiguration",
        "S3 Bucket Object Lock Configuration",
        {"objectLockEnabled": Property(default="Enabled", replaces=True), "rule": _RULE},
        put=_put_lock,
        get=_get_lock,
        remove=_remove_lock,
        unset="ObjectLockConfigurationNotFoundError",
        unsupported=frozenset({"expectedBucketOwner", "token"}),
    ),
    bucket_setting(
        "BucketReplicationConfig",
        "S3 Bucket Replication Configuration",
        {"role": Property(required=True), "rules": _RULES},
        put=_put_replication,
        get=_get_replication,
        remove=lambda account, bucket: account.s3.delete_bucket_replication(Bucket=bucket),
        unset="ReplicationConfigurationNotFoundError",
        unsupported=frozenset({"token"}),
    ),
)
