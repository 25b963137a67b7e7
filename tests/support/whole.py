"""All that a stack has made, in its state and in both accounts, in a form that can be compared."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from botocore.exceptions import ClientError

from tests.support.people import PRODUCTION_ADMIN, STAGING_ADMIN, admin
from tests.support.program import Program

_OF_ONE_RUN: Final = frozenset(
    {
        *("CreateDate", "CreationDate", "CreatedTimestamp", "LastModifiedTimestamp", "UpdateDate"),
        *("CreationTime", "LastUpdatedDate", "RoleId", "UserId", "PolicyId", "InstanceProfileId"),
        *("GroupId", "ResponseMetadata", "DefaultVersionId", "VersionId", "RoleLastUsed"),
        *(
            "created",
            "modified",
            "createDate",
            "createdAt",
            "modifiedAt",
            "uniqueId",
            "policyId",
            "importID",
            "__defaults",
            "attachmentCount",
        ),
    }
)
_WITHOUT_ORDER: Final = ("dependencies",)
_SETTINGS: Final = (
    *("bucket_encryption", "bucket_lifecycle_configuration", "bucket_logging", "bucket_policy"),
    *("bucket_ownership_controls", "bucket_tagging", "bucket_versioning", "public_access_block"),
)
_DRAWN: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\ba-[0-9a-f]{16,}\b")
"""IDs of keys of KMS, of associations of EKS, and what the engine calls its providers."""


def state_of(program: Program) -> Any:
    """The resources of the exported state and what is pending, without what is of one run alone."""
    exported = json.loads(program.pulumi("stack", "export", "--stack", "prod"))["deployment"]
    resources = sorted(exported["resources"], key=lambda each: str(each["urn"]))
    return _timeless({"resources": resources, "pending": exported.get("pending_operations") or []})


def accounts() -> Any:
    """Everything that is in both accounts."""
    return {side: _timeless(_account(side)) for side in (PRODUCTION_ADMIN, STAGING_ADMIN)}


def differences(one: Any, other: Any, path: str = "") -> Iterator[str]:
    """Where two of these are not alike, a line each."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in sorted({*one, *other}):
            yield from differences(one.get(key), other.get(key), f"{path}/{key}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, pair in enumerate(zip(one, other, strict=True)):
            yield from differences(*pair, f"{path}/{number}")
    elif one != other:
        yield f"{path}: {one!r} is {other!r}"


def _account(profile: str) -> dict[str, Any]:
    session = admin(profile)
    return {"iam": _iam(session), "s3": _s3(session), **_others(session)}


def _iam(session: Any) -> dict[str, Any]:
    iam = session.client("iam")

    def listed(call: str, key: str, **names: str) -> list[Any]:
        pages = iam.get_paginator(call).paginate(**names)
        return [each for page in pages for each in page[key]]

    found: dict[str, Any] = {}
    for kind, names in (
        ("role", [each["RoleName"] for each in listed("list_roles", "Roles")]),
        ("user", [each["UserName"] for each in listed("list_users", "Users")]),
    ):
        for name in names:
            named = {f"{kind.title()}Name": name}
            found[f"{kind} {name}"] = {
                "itself": getattr(iam, f"get_{kind}")(**named)[kind.title()],
                "attached": listed(f"list_attached_{kind}_policies", "AttachedPolicies", **named),
                "inline": {
                    policy: getattr(iam, f"get_{kind}_policy")(**named, PolicyName=policy)
                    for policy in listed(f"list_{kind}_policies", "PolicyNames", **named)
                },
            }
    for each in listed("list_policies", "Policies", Scope="Local"):
        version = {"PolicyArn": each["Arn"], "VersionId": each["DefaultVersionId"]}
        found[each["Arn"]] = [each, iam.get_policy_version(**version)["PolicyVersion"]]
    found["profiles"] = listed("list_instance_profiles", "InstanceProfiles")
    found["issuers"] = [
        iam.get_open_id_connect_provider(OpenIDConnectProviderArn=each["Arn"])
        for each in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    ]
    return found


def _s3(session: Any) -> dict[str, Any]:
    s3 = session.client("s3")
    return {
        bucket["Name"]: {
            setting: _answer(getattr(s3, f"get_{setting}"), Bucket=bucket["Name"])
            for setting in _SETTINGS
        }
        for bucket in s3.list_buckets()["Buckets"]
    }


def _others(session: Any) -> dict[str, Any]:
    eks, kms, sns, sqs = (session.client(name) for name in ("eks", "kms", "sns", "sqs"))
    keys = [kms.describe_key(KeyId=each["KeyId"]) for each in kms.list_keys()["Keys"]]
    return {
        "keys": [
            {
                "description": key["KeyMetadata"].get("Description"),
                "policy": kms.get_key_policy(
                    KeyId=key["KeyMetadata"]["KeyId"], PolicyName="default"
                ),
                "tags": kms.list_resource_tags(KeyId=key["KeyMetadata"]["KeyId"])["Tags"],
                "rotation": kms.get_key_rotation_status(KeyId=key["KeyMetadata"]["KeyId"]),
            }
            for key in keys
            if key["KeyMetadata"]["KeyState"] == "Enabled"
        ],
        "associations": [
            eks.describe_pod_identity_association(
                clusterName=cluster, associationId=each["associationId"]
            )["association"]
            for cluster in eks.list_clusters()["clusters"]
            for each in eks.list_pod_identity_associations(clusterName=cluster)["associations"]
        ],
        "aliases": kms.list_aliases()["Aliases"],
        "topics": [
            sns.get_topic_attributes(TopicArn=each["TopicArn"])
            for each in sns.list_topics()["Topics"]
        ],
        "queues": [
            sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
            for url in sqs.list_queues().get("QueueUrls", [])
        ],
    }


def _answer(call: Callable[..., Any], **names: str) -> Any:
    try:
        return call(**names)
    except ClientError as error:
        return error.response["Error"]["Code"]


def _timeless(value: Any, name: str = "") -> Any:
    if isinstance(value, Mapping):
        of = "dependencies" if name == "propertyDependencies" else None
        kept = {key: each for key, each in value.items() if key not in _OF_ONE_RUN}
        return {key: _timeless(each, of or key) for key, each in kept.items()}
    if isinstance(value, list):
        # In the order in which registrations ended.
        ordered = sorted(value) if name in _WITHOUT_ORDER else value
        return [_timeless(each, name) for each in ordered]
    if not isinstance(value, str):
        return value
    # A document is written in one way by the program, and in another one by AWS.
    return _timeless(json.loads(value)) if value.startswith("{") else _DRAWN.sub("ID", value)
