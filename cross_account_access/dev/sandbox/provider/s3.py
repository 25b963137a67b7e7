"""S3 buckets and what is set on them."""

import contextlib
import datetime
from collections.abc import Callable, Mapping
from typing import Any

from cross_account_access.dev.sandbox.provider.aws import Account, code
from cross_account_access.dev.sandbox.provider.calls import after_making, tag_list, tag_map, tagged
from cross_account_access.dev.sandbox.provider.schema import (
    OUTPUT,
    OWNER,
    POLICY,
    TAGGED,
    Kind,
    Property,
    ResourceType,
)

GONE = frozenset({"NoSuchBucket", "404"})
"""HeadBucket has no body, so that its error is only the status."""

_NO_LOCATION = "us-east-1"
"""The one region that CreateBucket does not accept as a location constraint."""


def _create_bucket(account: Account, inputs: dict[str, Any]) -> str:
    name = str(inputs["bucket"])
    if account.region == _NO_LOCATION:
        _refuse_own_bucket(account, name)
        account.s3.create_bucket(Bucket=name)
    else:
        location = {"LocationConstraint": account.region}
        account.s3.create_bucket(Bucket=name, CreateBucketConfiguration=location)
    with after_making(name):
        if inputs.get("tags"):
            _put_tags(account, name, inputs["tags"])
    return name


def _refuse_own_bucket(account: Account, name: str) -> None:
    """Makes CreateBucket fail for a bucket of one's own, which us-east-1 alone would accept."""
    exceptions = account.s3.exceptions
    with contextlib.suppress(exceptions.ClientError):
        account.s3.head_bucket(Bucket=name)
        raise exceptions.BucketAlreadyOwnedByYou(
            {"Error": {"Code": "BucketAlreadyOwnedByYou", "Message": "you already own it"}},
            "CreateBucket",
        )


def _read_bucket(account: Account, name: str) -> dict[str, Any]:
    account.s3.head_bucket(Bucket=name)
    tags = _read_tags(account, name)
    return {
        "arn": f"arn:{account.partition}:s3:::{name}",
        "bucket": name,
        "bucketDomainName": f"{name}.s3.amazonaws.com",
        "bucketRegion": account.region,
        "bucketRegionalDomainName": f"{name}.s3.{account.region}.amazonaws.com",
        **tagged(tags),
    }


def _update_bucket(account: Account, name: str, _old: dict[str, Any], new: dict[str, Any]) -> None:
    if new.get("tags"):
        _put_tags(account, name, new["tags"])
    else:
        account.s3.delete_bucket_tagging(Bucket=name)


def _delete_bucket(account: Account, name: str, state: dict[str, Any]) -> None:
    if state.get("forceDestroy"):
        pages = account.s3.get_paginator("list_object_versions").paginate(Bucket=name)
        for page in pages:
            found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            objects = [{"Key": each["Key"], "VersionId": each["VersionId"]} for each in found]
            if objects:
                account.s3.delete_objects(Bucket=name, Delete={"Objects": objects, "Quiet": True})
    account.s3.delete_bucket(Bucket=name)


def _put_tags(account: Account, name: str, tags: dict[str, str]) -> None:
    account.s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tag_list(tags)})


def _read_tags(account: Account, name: str) -> dict[str, str]:
    try:
        return tag_map(account.s3.get_bucket_tagging(Bucket=name)["TagSet"])
    except account.s3.exceptions.ClientError as error:
        if code(error) == "NoSuchTagSet":
            return {}
        raise


# What is set on a bucket: each is one object of the API, put and got as a whole.

_API_NAMES = {
    "id": "ID",
    "kmsMasterKeyId": "KMSMasterKeyID",
    "mfaDelete": "MFADelete",
    "replicaKmsKeyId": "ReplicaKmsKeyID",
    "sseAlgorithm": "SSEAlgorithm",
}


def _api_name(name: str) -> str:
    return _API_NAMES.get(name, name[0].upper() + name[1:])


def to_api(described: Property, value: Any) -> Any:  # noqa: ANN401 - as deep as the API
    """Returns a value in the spelling of the API."""
    match described.kind:
        case Kind.OBJECT:
            fields = described.fields or {}
            return {
                _api_name(name): to_api(fields[name], each)
                for name, each in value.items()
                if each is not None
            }
        case Kind.SET:
            return [to_api(described.item or Property(), each) for each in value]
        case Kind.MAP:
            return tag_list(value)
        case _:
            return value


def from_api(described: Property, value: Any) -> Any:  # noqa: ANN401 - as deep as the API
    """Returns a value of the API in the spelling of the package."""
    match described.kind:
        case Kind.OBJECT:
            return {
                name: from_api(each, value[_api_name(name)])
                for name, each in (described.fields or {}).items()
                if _api_name(name) in value
            }
        case Kind.SET:
            return [from_api(described.item or Property(), each) for each in value]
        case Kind.MAP:
            return tag_map(value)
        case _ if isinstance(value, datetime.datetime):
            return value.strftime("%Y-%m-%dT%H:%M:%SZ")
        case _:
            return value


def bucket_setting(  # noqa: PLR0913 - named, and that is what differs between settings
    name: str,
    title: str,
    properties: Mapping[str, Property],
    *,
    put: Callable[[Account, dict[str, Any]], Any],
    get: Callable[[Account, str], dict[str, Any] | None],
    remove: Callable[[Account, str], Any],
    unset: str = "",
    unsupported: frozenset[str] = frozenset(),
) -> ResourceType:
    """A type that is one setting of one bucket, and goes by the bucket's name.

    Args:
        name: the type's name in the package.
        title: what error messages call it.
        properties: all but the bucket and the region.
        put: sets it, out of the inputs.
        get: reads it, by bucket; without the bucket's name.
        remove: takes it back, by bucket.
        unset: the error code of a bucket that does not have it.
        unsupported: properties of the package beside the region.
    """

    def create(account: Account, inputs: dict[str, Any]) -> str:
        put(account, inputs)
        return str(inputs["bucket"])

    def read(account: Account, bucket: str) -> dict[str, Any] | None:
        found = get(account, bucket)
        return None if found is None else {"bucket": bucket, **found}

    def delete(account: Account, bucket: str, state: dict[str, Any]) -> None:
        if not state.get("skipDestroy"):
            remove(account, bucket)

    return ResourceType(
        pulumi_type=f"aws:s3/{name[0].lower()}{name[1:]}:{name}",
        title=title,
        properties={"bucket": OWNER, "region": OUTPUT, **properties},
        unsupported=unsupported | {"region"},
        gone=GONE | {unset},
        create=create,
        read=read,
        update=lambda account, _bucket, _old, new: put(account, new),
        delete=delete,
    )


def _put_policy(account: Account, inputs: dict[str, Any]) -> None:
    account.s3.put_bucket_policy(Bucket=inputs["bucket"], Policy=inputs["policy"])


def _get_policy(account: Account, bucket: str) -> dict[str, Any]:
    return {"policy": account.s3.get_bucket_policy(Bucket=bucket)["Policy"]}


_OWNERSHIP_RULE = Property(
    kind=Kind.OBJECT, required=True, fields={"objectOwnership": Property(required=True)}
)


def _put_ownership(account: Account, inputs: dict[str, Any]) -> None:
    account.s3.put_bucket_ownership_controls(
        Bucket=inputs["bucket"],
        OwnershipControls={"Rules": [to_api(_OWNERSHIP_RULE, inputs["rule"])]},
    )


def _get_ownership(account: Account, bucket: str) -> dict[str, Any]:
    controls = account.s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]
    return {"rule": from_api(_OWNERSHIP_RULE, controls["Rules"][0])}


_OFF = Property(kind=Kind.BOOLEAN, default=False)
_BLOCKS = Property(
    kind=Kind.OBJECT,
    fields={
        "blockPublicAcls": _OFF,
        "blockPublicPolicy": _OFF,
        "ignorePublicAcls": _OFF,
        "restrictPublicBuckets": _OFF,
    },
)


def _put_public_access_block(account: Account, inputs: dict[str, Any]) -> None:
    blocks = {name: inputs[name] for name in _BLOCKS.fields or {}}
    account.s3.put_public_access_block(
        Bucket=inputs["bucket"], PublicAccessBlockConfiguration=to_api(_BLOCKS, blocks)
    )


def _get_public_access_block(account: Account, bucket: str) -> dict[str, Any]:
    found = account.s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    blocks: dict[str, Any] = from_api(_BLOCKS, found)
    return blocks


_VERSIONING = Property(
    kind=Kind.OBJECT,
    required=True,
    fields={"status": Property(required=True), "mfaDelete": Property(default="Disabled")},
)
_NEVER_VERSIONED = "Disabled"
"""The package's word for a bucket whose versioning was never set; the API has none."""


def _put_versioning(account: Account, inputs: dict[str, Any]) -> None:
    wanted = inputs["versioningConfiguration"]
    if wanted["status"] != _NEVER_VERSIONED:
        account.s3.put_bucket_versioning(
            Bucket=inputs["bucket"], VersioningConfiguration=to_api(_VERSIONING, wanted)
        )


def _get_versioning(account: Account, bucket: str) -> dict[str, Any]:
    found = account.s3.get_bucket_versioning(Bucket=bucket)
    return {"versioningConfiguration": {"status": _NEVER_VERSIONED, **from_api(_VERSIONING, found)}}


def _suspend_versioning(account: Account, bucket: str) -> None:
    if account.s3.get_bucket_versioning(Bucket=bucket).get("Status") == "Enabled":
        account.s3.put_bucket_versioning(
            Bucket=bucket, VersioningConfiguration={"Status": "Suspended"}
        )


_BLOCKED = "BlockedEncryptionTypes"
_ENCRYPTION_RULES = Property(
    kind=Kind.SET,
    required=True,
    item=Property(
        kind=Kind.OBJECT,
        fields={
            "applyServerSideEncryptionByDefault": Property(
                kind=Kind.OBJECT,
                fields={"kmsMasterKeyId": Property(), "sseAlgorithm": Property(required=True)},
            ),
            "blockedEncryptionTypes": Property(kind=Kind.SET, computed=True),
            "bucketKeyEnabled": _OFF,
        },
    ),
)


def _put_encryption(account: Account, inputs: dict[str, Any]) -> None:
    rules = to_api(_ENCRYPTION_RULES, inputs["rules"])
    for rule in rules:
        if _BLOCKED in rule:
            rule[_BLOCKED] = {"EncryptionType": rule[_BLOCKED]}
    account.s3.put_bucket_encryption(
        Bucket=inputs["bucket"], ServerSideEncryptionConfiguration={"Rules": rules}
    )


def _get_encryption(account: Account, bucket: str) -> dict[str, Any]:
    found = account.s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]
    rules = [
        {**rule, **({_BLOCKED: rule[_BLOCKED]["EncryptionType"]} if _BLOCKED in rule else {})}
        for rule in found["Rules"]
    ]
    return {"rules": from_api(_ENCRYPTION_RULES, rules)}


_NUMBER = Property(kind=Kind.INTEGER)
_LIFECYCLE_RULES = Property(
    kind=Kind.SET,
    item=Property(
        kind=Kind.OBJECT,
        fields={
            "id": Property(required=True),
            "status": Property(required=True),
            "prefix": Property(),
            "filter": Property(
                kind=Kind.OBJECT,
                fields={
                    "and": Property(
                        kind=Kind.OBJECT,
                        fields={
                            # S3 puts the zero there itself, where several conditions meet.
                            "objectSizeGreaterThan": Property(kind=Kind.INTEGER, default=0),
                            "objectSizeLessThan": _NUMBER,
                            "prefix": Property(),
                            "tags": Property(kind=Kind.MAP),
                        },
                    ),
                    "objectSizeGreaterThan": _NUMBER,
                    "objectSizeLessThan": _NUMBER,
                    "prefix": Property(),
                    "tag": Property(
                        kind=Kind.OBJECT,
                        fields={"key": Property(required=True), "value": Property(required=True)},
                    ),
                },
            ),
            "abortIncompleteMultipartUpload": Property(
                kind=Kind.OBJECT, fields={"daysAfterInitiation": _NUMBER}
            ),
            "expiration": Property(
                kind=Kind.OBJECT,
                fields={
                    "date": Property(),
                    "days": _NUMBER,
                    "expiredObjectDeleteMarker": Property(kind=Kind.BOOLEAN),
                },
            ),
            "noncurrentVersionExpiration": Property(
                kind=Kind.OBJECT,
                fields={
                    "newerNoncurrentVersions": _NUMBER,
                    "noncurrentDays": Property(kind=Kind.INTEGER, required=True),
                },
            ),
            "noncurrentVersionTransitions": Property(
                kind=Kind.SET,
                item=Property(
                    kind=Kind.OBJECT,
                    fields={
                        "newerNoncurrentVersions": _NUMBER,
                        "noncurrentDays": Property(kind=Kind.INTEGER, required=True),
                        "storageClass": Property(required=True),
                    },
                ),
            ),
            "transitions": Property(
                kind=Kind.SET,
                item=Property(
                    kind=Kind.OBJECT,
                    fields={
                        "date": Property(),
                        "days": _NUMBER,
                        "storageClass": Property(required=True),
                    },
                ),
            ),
        },
    ),
)


def _put_lifecycle(account: Account, inputs: dict[str, Any]) -> None:
    rules = [
        # The API wants a filter, or the older prefix, in every rule.
        each if each.get("prefix") else {"filter": {}, **each}
        for each in inputs.get("rules", [])
    ]
    account.s3.put_bucket_lifecycle_configuration(
        Bucket=inputs["bucket"],
        LifecycleConfiguration={"Rules": to_api(_LIFECYCLE_RULES, rules)},
        TransitionDefaultMinimumObjectSize=inputs["transitionDefaultMinimumObjectSize"],
    )


def _get_lifecycle(account: Account, bucket: str) -> dict[str, Any]:
    found = account.s3.get_bucket_lifecycle_configuration(Bucket=bucket)
    return {
        "rules": from_api(_LIFECYCLE_RULES, found["Rules"]),
        "transitionDefaultMinimumObjectSize": found.get("TransitionDefaultMinimumObjectSize"),
    }


_LOGGING = Property(
    kind=Kind.OBJECT,
    fields={"targetBucket": Property(required=True), "targetPrefix": Property(required=True)},
)


def _put_logging(account: Account, inputs: dict[str, Any]) -> None:
    target = {name: inputs[name] for name in _LOGGING.fields or {}}
    account.s3.put_bucket_logging(
        Bucket=inputs["bucket"],
        BucketLoggingStatus={"LoggingEnabled": to_api(_LOGGING, target)},
    )


def _get_logging(account: Account, bucket: str) -> dict[str, Any] | None:
    found = account.s3.get_bucket_logging(Bucket=bucket).get("LoggingEnabled")
    target: dict[str, Any] | None = found and from_api(_LOGGING, found)
    return target


def _stop_logging(account: Account, bucket: str) -> None:
    account.s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={})


RESOURCE_TYPES = (
    ResourceType(
        pulumi_type="aws:s3/bucket:Bucket",
        title="S3 Bucket",
        properties={
            "arn": OUTPUT,
            "bucket": Property(computed=True, replaces=True, named_by=str.lower),
            "bucketDomainName": OUTPUT,
            "bucketRegion": OUTPUT,
            "bucketRegionalDomainName": OUTPUT,
            "forceDestroy": Property(kind=Kind.BOOLEAN, default=False, local=True),
            "region": OUTPUT,
            **TAGGED,
        },
        unsupported=frozenset(
            {
                *("accelerationStatus", "acl", "bucketNamespace", "bucketPrefix", "corsRules"),
                *("grants", "hostedZoneId", "lifecycleRules", "logging", "policy", "region"),
                *("objectLockConfiguration", "objectLockEnabled", "replicationConfiguration"),
                *("requestPayer", "serverSideEncryptionConfiguration", "versioning", "website"),
                *("websiteDomain", "websiteEndpoint"),
            }
        ),
        gone=GONE,
        create=_create_bucket,
        read=_read_bucket,
        update=_update_bucket,
        delete=_delete_bucket,
    ),
    bucket_setting(
        "BucketPolicy",
        "S3 Bucket Policy",
        {"policy": POLICY},
        put=_put_policy,
        get=_get_policy,
        remove=lambda account, bucket: account.s3.delete_bucket_policy(Bucket=bucket),
        unset="NoSuchBucketPolicy",
    ),
    bucket_setting(
        "BucketOwnershipControls",
        "S3 Bucket Ownership Controls",
        {"rule": _OWNERSHIP_RULE},
        put=_put_ownership,
        get=_get_ownership,
        remove=lambda account, bucket: account.s3.delete_bucket_ownership_controls(Bucket=bucket),
        unset="OwnershipControlsNotFoundError",
    ),
    bucket_setting(
        "BucketPublicAccessBlock",
        "S3 Bucket Public Access Block",
        {
            **(_BLOCKS.fields or {}),
            "skipDestroy": Property(kind=Kind.BOOLEAN, default=False, local=True),
        },
        put=_put_public_access_block,
        get=_get_public_access_block,
        remove=lambda account, bucket: account.s3.delete_public_access_block(Bucket=bucket),
        unset="NoSuchPublicAccessBlockConfiguration",
    ),
    bucket_setting(
        "BucketVersioning",
        "S3 Bucket Versioning",
        {"versioningConfiguration": _VERSIONING},
        put=_put_versioning,
        get=_get_versioning,
        remove=_suspend_versioning,
        unsupported=frozenset({"expectedBucketOwner", "mfa"}),
    ),
    bucket_setting(
        "BucketServerSideEncryptionConfiguration",
        "S3 Bucket Encryption",
        {"rules": _ENCRYPTION_RULES},
        put=_put_encryption,
        get=_get_encryption,
        remove=lambda account, bucket: account.s3.delete_bucket_encryption(Bucket=bucket),
        unset="ServerSideEncryptionConfigurationNotFoundError",
        unsupported=frozenset({"expectedBucketOwner"}),
    ),
    bucket_setting(
        "BucketLifecycleConfiguration",
        "S3 Bucket Lifecycle Configuration",
        {
            "rules": _LIFECYCLE_RULES,
            "transitionDefaultMinimumObjectSize": Property(default="all_storage_classes_128K"),
        },
        put=_put_lifecycle,
        get=_get_lifecycle,
        remove=lambda account, bucket: account.s3.delete_bucket_lifecycle(Bucket=bucket),
        unset="NoSuchLifecycleConfiguration",
        unsupported=frozenset({"expectedBucketOwner", "timeouts"}),
    ),
    bucket_setting(
        "BucketLogging",
        "S3 Bucket Logging",
        _LOGGING.fields or {},
        put=_put_logging,
        get=_get_logging,
        remove=_stop_logging,
        unsupported=frozenset({"expectedBucketOwner", "targetGrants", "targetObjectKeyFormat"}),
    ),
)
