"""Buckets that exist already, and what is set on them."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from botocore.exceptions import ClientError

from cross_account_access.importing.found import (
    Clients,
    Found,
    becomes,
    called,
    lost_tags,
    statements,
    unless,
)
from cross_account_access.stack import StackResource, is_unknown

_UNSET: Final = (
    "NoSuchBucketPolicy",
    "NoSuchLifecycleConfiguration",
    "NoSuchPublicAccessBlockConfiguration",
    "NoSuchTagSet",
    "ObjectLockConfigurationNotFoundError",
    "OwnershipControlsNotFoundError",
    "ReplicationConfigurationNotFoundError",
    "ServerSideEncryptionConfigurationNotFoundError",
)
"""The error codes of a bucket that does not have what was asked for."""
_BLOCKS: Final = (
    "blockPublicAcls",
    "blockPublicPolicy",
    "ignorePublicAcls",
    "restrictPublicBuckets",
)


def _bucket(clients: Clients, resource: StackResource) -> Found | None:
    name = resource.known("bucket")
    try:
        head = clients.s3.head_bucket(Bucket=name, ExpectedBucketOwner=clients.account.id)
    except ClientError as error:
        # HeadBucket has no body, so that its error is only the status.
        status = error.response["Error"]["Code"]
        if status == "404":
            return None
        if status != "403":
            raise
        return Found(
            import_id=None,
            obstacle=f"belongs to another account, or is closed to the profile "
            f"{clients.account.profile}; bucket names are global, so choose another in the stack "
            "file",
        )
    region, planned = head.get("BucketRegion"), clients.account.region
    tags = unless(_UNSET, lambda: clients.s3.get_bucket_tagging(Bucket=name)["TagSet"])
    return Found(
        import_id=name,
        warnings=(*_shared_by_acl(clients, name), *lost_tags(tags or [], resource)),
        obstacle=""
        if region in (None, planned)
        else f"is in {region}, and the stack file says {planned}; correct the region or the name",
    )


def _shared_by_acl(clients: Clients, bucket: str) -> tuple[str, ...]:
    acl = clients.s3.get_bucket_acl(Bucket=bucket)
    others = [
        grant["Grantee"].get("URI") or grant["Grantee"].get("ID")
        for grant in acl["Grants"]
        if grant["Grantee"].get("ID") != acl["Owner"]["ID"]
    ]
    return tuple(
        f"its ACL lets in {other}; S3 does not turn ACLs off before that is removed: aws s3api "
        f"put-bucket-acl --acl private --bucket {bucket} --profile {clients.account.profile}"
        for other in others
    )


def _setting(
    call: str, describe: Callable[[Mapping[str, Any], StackResource], Found]
) -> Callable[[Clients, StackResource], Found | None]:
    """Look for one setting of a bucket of ours.

    Args:
        call: the call of S3 that reads it.
        describe: compares its answer, empty where nothing is set, with the declared; the ID
            that it gives is the bucket's.
    """

    def find(clients: Clients, resource: StackResource) -> Found | None:
        bucket = resource.known("bucket")
        own = {"Bucket": bucket, "ExpectedBucketOwner": clients.account.id}
        # Of somebody else's bucket, or of none, there is nothing to say; the bucket itself tells.
        if unless(("403", "404"), lambda: clients.s3.head_bucket(**own)) is None:
            return None
        answer = unless(_UNSET, lambda: getattr(clients.s3, call)(**own))
        return describe(answer or {}, resource)

    return find


def _found(
    answer: object, resource: StackResource, *changes: str, warnings: Iterable[str] = ()
) -> Found:
    return Found(
        import_id=resource.known("bucket") if answer else None,
        changes=changes,
        warnings=tuple(warnings),
    )


def _ownership(answer: Mapping[str, Any], resource: StackResource) -> Found:
    rules = answer.get("OwnershipControls", {}).get("Rules", [])
    live = next((rule["ObjectOwnership"] for rule in rules), "ObjectWriter")
    planned = resource.known("rule")["objectOwnership"]
    return _found(rules, resource, *becomes("object ownership", live, planned))


def _public_access(answer: Mapping[str, Any], resource: StackResource) -> Found:
    block = answer.get("PublicAccessBlockConfiguration", {})
    live = [name for name in _BLOCKS if block.get(f"{name[0].upper()}{name[1:]}")]
    planned = [name for name in _BLOCKS if resource.known(name)]
    return _found(block, resource, *becomes("public access", _blocked(live), _blocked(planned)))


def _blocked(names: list[str]) -> str:
    if len(names) == len(_BLOCKS):
        return "blocked"
    return f"blocked by {', '.join(names)} only" if names else "not blocked"


def _encryption(answer: Mapping[str, Any], resource: StackResource) -> Found:
    rules = answer.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
    live = [
        _algorithm(rule["ApplyServerSideEncryptionByDefault"], "SSEAlgorithm", "KMSMasterKeyID")
        for rule in rules
        if "ApplyServerSideEncryptionByDefault" in rule
    ]
    planned = [
        _algorithm(rule["applyServerSideEncryptionByDefault"], "sseAlgorithm", "kmsMasterKeyId")
        for rule in resource.known("rules")
    ]
    return _found(rules, resource, *becomes("encryption", ", ".join(live), ", ".join(planned)))


def _algorithm(default: Mapping[str, Any], algorithm: str, key: str) -> str:
    named = default.get(key)
    if is_unknown(named):
        return f"{default[algorithm]} with a key of the stack"
    return f"{default[algorithm]} with {named}" if named else str(default[algorithm])


def _versioning(answer: Mapping[str, Any], resource: StackResource) -> Found:
    live = answer.get("Status", "never enabled")
    planned = resource.known("versioningConfiguration")["status"]
    # Always there: a bucket that was never versioned has a versioning that is off.
    return _found("always", resource, *becomes("versioning", live, planned))


def _lifecycle(answer: Mapping[str, Any], resource: StackResource) -> Found:
    live = [rule.get("ID", "without a name") for rule in answer.get("Rules", [])]
    planned = [rule["id"] for rule in resource.known("rules")]
    return _found(
        live,
        resource,
        *(f"adds the lifecycle rule {rule}" for rule in planned if rule not in live),
        warnings=(f"removes the lifecycle rule {rule}" for rule in live if rule not in planned),
    )


def _logging(answer: Mapping[str, Any], resource: StackResource) -> Found:
    log = answer.get("LoggingEnabled", {})
    live = f"{log['TargetBucket']}/{log['TargetPrefix']}" if log else ""
    planned = f"{resource.known('targetBucket')}/{resource.known('targetPrefix')}"
    return _found(log, resource, *becomes("access log", live, planned))


def _lock(answer: Mapping[str, Any], resource: StackResource) -> Found:
    lock = answer.get("ObjectLockConfiguration", {})
    live = lock.get("Rule", {}).get("DefaultRetention", {})
    planned = resource.known("rule")["defaultRetention"]
    told = (
        _retention(live.get("Mode"), live.get("Days"), live.get("Years")),
        _retention(planned["mode"], planned.get("days"), planned.get("years")),
    )
    return _found(lock, resource, *becomes("object lock", *told))


def _retention(mode: str | None, days: float | None, years: float | None) -> str:
    if mode is None:
        return "none"
    return f"{mode} (days: {days:g})" if days else f"{mode} (years: {years or 0:g})"


def _notification(answer: Mapping[str, Any], resource: StackResource) -> Found:
    """All of a bucket are one setting: what the stack does not declare is no longer told."""
    live = [
        each.get("TopicArn") or each.get("QueueArn") or each.get("LambdaFunctionArn")
        for kind in ("TopicConfigurations", "QueueConfigurations", "LambdaFunctionConfigurations")
        for each in answer.get(kind, ())
    ]
    live += ["EventBridge"] if "EventBridgeConfiguration" in answer else []
    planned = [
        each[arn]
        for kind, arn in (("topics", "topicArn"), ("queues", "queueArn"))
        for each in resource.known(kind) or ()
    ]
    return _targets(live, planned, "tells {} of events", resource)


def _replication(answer: Mapping[str, Any], resource: StackResource) -> Found:
    rules = answer.get("ReplicationConfiguration", {}).get("Rules", [])
    live = [rule["Destination"]["Bucket"] for rule in rules]
    planned = [rule["destination"]["bucket"] for rule in resource.known("rules")]
    return _targets(live, planned, "replicates to {}", resource)


def _targets(
    live: Iterable[str], planned: Iterable[str], words: str, resource: StackResource
) -> Found:
    there, wanted = list(dict.fromkeys(live)), list(dict.fromkeys(planned))
    return _found(
        there,
        resource,
        *(words.format(each) for each in wanted if each not in there),
        warnings=(f"no longer {words.format(each)}" for each in there if each not in wanted),
    )


def _policy(answer: Mapping[str, Any], resource: StackResource) -> Found:
    document = answer.get("Policy")
    live, planned = statements(document), statements(resource.known("policy"))
    return _found(
        document,
        resource,
        *(f"adds the statement {called(each)}" for each in planned if each not in live),
        warnings=(f"removes the statement {called(each)}" for each in live if each not in planned),
    )


FINDERS: Final[Mapping[str, Callable[[Clients, StackResource], Found | None]]] = {
    "aws:s3/bucket:Bucket": _bucket,
    **{
        f"aws:s3/{name[0].lower()}{name[1:]}:{name}": _setting(call, describe)
        for name, call, describe in (
            ("BucketOwnershipControls", "get_bucket_ownership_controls", _ownership),
            ("BucketPublicAccessBlock", "get_public_access_block", _public_access),
            ("BucketServerSideEncryptionConfiguration", "get_bucket_encryption", _encryption),
            ("BucketVersioning", "get_bucket_versioning", _versioning),
            ("BucketLifecycleConfiguration", "get_bucket_lifecycle_configuration", _lifecycle),
            ("BucketLogging", "get_bucket_logging", _logging),
            ("BucketObjectLockConfiguration", "get_object_lock_configuration", _lock),
            ("BucketNotification", "get_bucket_notification_configuration", _notification),
            ("BucketReplicationConfig", "get_bucket_replication", _replication),
            ("BucketPolicy", "get_bucket_policy", _policy),
        )
    },
}
