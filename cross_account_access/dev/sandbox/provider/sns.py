"""SNS topics and their policies."""

import json
from typing import Any

from cross_account_access.dev.sandbox.provider.aws import Account
from cross_account_access.dev.sandbox.provider.calls import given, retag, tag_list, tag_map, tagged
from cross_account_access.dev.sandbox.provider.schema import (
    NAME,
    OUTPUT,
    TAGGED,
    Property,
    ResourceType,
    policy_type,
)

_GONE = frozenset({"NotFound"})
_OWNERS_ACTIONS = (
    *("SNS:AddPermission", "SNS:DeleteTopic", "SNS:GetTopicAttributes"),
    *("SNS:ListSubscriptionsByTopic", "SNS:Publish", "SNS:Receive", "SNS:RemovePermission"),
    *("SNS:SetTopicAttributes", "SNS:Subscribe"),
)


def _sns(account: Account) -> Any:  # noqa: ANN401 - see Account.client
    return account.client("sns")


def _attributes(account: Account, arn: str) -> dict[str, str]:
    attributes: dict[str, str] = _sns(account).get_topic_attributes(TopicArn=arn)["Attributes"]
    return attributes


def _set(account: Account, arn: str, attribute: str, value: str) -> None:
    _sns(account).set_topic_attributes(TopicArn=arn, AttributeName=attribute, AttributeValue=value)


# Topics


def _create_topic(account: Account, inputs: dict[str, Any]) -> str:
    made = _sns(account).create_topic(
        Name=inputs["name"],
        Attributes=given(inputs, KmsMasterKeyId="kmsMasterKeyId"),
        Tags=tag_list(inputs.get("tags", {})),
    )
    if "policy" in inputs:
        _put_policy(account, made["TopicArn"], inputs["policy"])
    return str(made["TopicArn"])


def _read_topic(account: Account, arn: str) -> dict[str, Any]:
    attributes = _attributes(account, arn)
    tags = tag_map(_sns(account).list_tags_for_resource(ResourceArn=arn)["Tags"])
    return {
        "arn": arn,
        "kmsMasterKeyId": attributes.get("KmsMasterKeyId"),
        "name": arn.rpartition(":")[2],
        "owner": attributes["Owner"],
        **tagged(tags),
    }


def _update_topic(account: Account, arn: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    sns = _sns(account)
    if old.get("kmsMasterKeyId") != new.get("kmsMasterKeyId"):
        _set(account, arn, "KmsMasterKeyId", new.get("kmsMasterKeyId", ""))
    retag(sns.tag_resource, sns.untag_resource, {"ResourceArn": arn}, old, new)


def _delete_topic(account: Account, arn: str, _state: dict[str, Any]) -> None:
    _sns(account).delete_topic(TopicArn=arn)


# The policy of a topic


def _put_policy(account: Account, arn: str, policy: str) -> None:
    _set(account, arn, "Policy", policy)


def _read_policy(account: Account, arn: str) -> dict[str, Any]:
    attributes = _attributes(account, arn)
    return {"arn": arn, "owner": attributes["Owner"], "policy": attributes["Policy"]}


def _delete_policy(account: Account, arn: str) -> None:
    """Gives the topic back to its owner alone: a topic is never without a policy."""
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": _OWNERS_ACTIONS,
        "Resource": arn,
        "Condition": {"StringEquals": {"AWS:SourceOwner": account.account_id}},
    }
    default = {"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]}
    _put_policy(account, arn, json.dumps(default))


RESOURCE_TYPES = (
    ResourceType(
        pulumi_type="aws:sns/topic:Topic",
        title="SNS Topic",
        properties={
            "arn": OUTPUT,
            "kmsMasterKeyId": Property(),
            "name": NAME,
            "owner": OUTPUT,
            "policy": Property(local=True),
            "region": OUTPUT,
            **TAGGED,
        },
        unsupported=frozenset(
            {
                *("applicationFailureFeedbackRoleArn", "applicationSuccessFeedbackRoleArn"),
                *("applicationSuccessFeedbackSampleRate", "archivePolicy", "beginningArchiveTime"),
                *("contentBasedDeduplication", "deliveryPolicy", "displayName"),
                *("fifoThroughputScope", "fifoTopic", "firehoseFailureFeedbackRoleArn"),
                *("firehoseSuccessFeedbackRoleArn", "firehoseSuccessFeedbackSampleRate"),
                *("httpFailureFeedbackRoleArn", "httpSuccessFeedbackRoleArn"),
                *("httpSuccessFeedbackSampleRate", "lambdaFailureFeedbackRoleArn"),
                *("lambdaSuccessFeedbackRoleArn", "lambdaSuccessFeedbackSampleRate"),
                *("maximumMessageSize", "namePrefix", "region", "signatureVersion"),
                *("sqsFailureFeedbackRoleArn", "sqsSuccessFeedbackRoleArn"),
                *("sqsSuccessFeedbackSampleRate", "tracingConfig"),
            }
        ),
        gone=_GONE,
        create=_create_topic,
        read=_read_topic,
        update=_update_topic,
        delete=_delete_topic,
    ),
    policy_type(
        pulumi_type="aws:sns/topicPolicy:TopicPolicy",
        title="SNS Topic Policy",
        owner="arn",
        outputs=["owner"],
        gone=_GONE,
        put=_put_policy,
        read=_read_policy,
        delete=_delete_policy,
    ),
)
