"""SQS queues and their policies."""

import json
from typing import Any
from urllib.parse import urlsplit

from cross_account_access.dev.sandbox.provider.aws import Account
from cross_account_access.dev.sandbox.provider.calls import retag, tagged
from cross_account_access.dev.sandbox.provider.schema import (
    NAME,
    OUTPUT,
    TAGGED,
    Kind,
    Property,
    ResourceType,
    policy_type,
)

_GONE = frozenset({"AWS.SimpleQueueService.NonExistentQueue"})
_ATTRIBUTES = {
    "kmsMasterKeyId": Property(conflicts="sqsManagedSseEnabled"),
    "messageRetentionSeconds": Property(kind=Kind.INTEGER, default=4 * 24 * 60 * 60),
    "sqsManagedSseEnabled": Property(kind=Kind.BOOLEAN, computed=True),
    "visibilityTimeoutSeconds": Property(kind=Kind.INTEGER, default=30),
}
_API_NAMES = {
    "kmsMasterKeyId": "KmsMasterKeyId",
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "sqsManagedSseEnabled": "SqsManagedSseEnabled",
    "visibilityTimeoutSeconds": "VisibilityTimeout",
}


def _sqs(account: Account) -> Any:  # noqa: ANN401 - see Account.client
    return account.client("sqs")


def _get_attributes(account: Account, url: str) -> dict[str, str]:
    answer = _sqs(account).get_queue_attributes(QueueUrl=url, AttributeNames=["All"])
    attributes: dict[str, str] = answer["Attributes"]
    return attributes


# Queues: every attribute is text in the API.


def _to_api(values: dict[str, Any]) -> dict[str, str]:
    return {
        _API_NAMES[name]: value if isinstance(value, str) else json.dumps(value)
        for name, value in values.items()
    }


def _from_api(attributes: dict[str, str]) -> dict[str, Any]:
    found = {}
    for name, described in _ATTRIBUTES.items():
        text = attributes.get(_API_NAMES[name])
        if text:
            found[name] = text if described.kind is Kind.STRING else json.loads(text)
    if "kmsMasterKeyId" in found:
        # A key of KMS puts the one of SQS out of use; the emulator goes on telling it.
        found.pop("sqsManagedSseEnabled", None)
    return found


def _create_queue(account: Account, inputs: dict[str, Any]) -> str:
    sqs = _sqs(account)
    attributes = _to_api({name: inputs[name] for name in _ATTRIBUTES if name in inputs})
    if "policy" in inputs:
        attributes["Policy"] = inputs["policy"]
    made = sqs.create_queue(
        QueueName=inputs["name"],
        Attributes=attributes,
        tags=inputs.get("tags", {}),
    )
    # The emulator tells the port of HTTPS with the scheme of HTTP.
    return f"{sqs.meta.endpoint_url}{urlsplit(made['QueueUrl']).path}"


def _read_queue(account: Account, url: str) -> dict[str, Any]:
    attributes = _get_attributes(account, url)
    tags = _sqs(account).list_queue_tags(QueueUrl=url).get("Tags", {})
    arn = attributes["QueueArn"]
    return {
        **_from_api(attributes),
        "arn": arn,
        "name": arn.rpartition(":")[2],
        **tagged(tags),
        "url": url,
    }


def _update_queue(account: Account, url: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    sqs, queue = _sqs(account), {"QueueUrl": url}
    changed = {
        name: new.get(name, "")
        for name, described in _ATTRIBUTES.items()
        if old.get(name) != new.get(name) and not (described.computed and name not in new)
    }
    if changed:
        sqs.set_queue_attributes(**queue, Attributes=_to_api(changed))
    retag(sqs.tag_queue, sqs.untag_queue, queue, old, new, as_parameter=dict)


def _delete_queue(account: Account, url: str, _state: dict[str, Any]) -> None:
    _sqs(account).delete_queue(QueueUrl=url)


# The policy of a queue


def _put_policy(account: Account, url: str, policy: str) -> None:
    _sqs(account).set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})


def _read_policy(account: Account, url: str) -> dict[str, Any] | None:
    policy = _get_attributes(account, url).get("Policy")
    return {"policy": policy, "queueUrl": url} if policy else None


RESOURCE_TYPES = (
    ResourceType(
        pulumi_type="aws:sqs/queue:Queue",
        title="SQS Queue",
        properties={
            **_ATTRIBUTES,
            "arn": OUTPUT,
            "name": NAME,
            "policy": Property(local=True),
            "region": OUTPUT,
            **TAGGED,
            "url": OUTPUT,
        },
        unsupported=frozenset(
            {
                *("contentBasedDeduplication", "deduplicationScope", "delaySeconds", "fifoQueue"),
                *("fifoThroughputLimit", "kmsDataKeyReusePeriodSeconds", "maxMessageSize"),
                *("namePrefix", "receiveWaitTimeSeconds", "redriveAllowPolicy"),
                *("redrivePolicy", "region"),
            }
        ),
        gone=_GONE,
        create=_create_queue,
        read=_read_queue,
        update=_update_queue,
        delete=_delete_queue,
    ),
    policy_type(
        pulumi_type="aws:sqs/queuePolicy:QueuePolicy",
        title="SQS Queue Policy",
        owner="queueUrl",
        gone=_GONE,
        put=_put_policy,
        read=_read_policy,
        delete=lambda account, url: _put_policy(account, url, ""),
    ),
)
