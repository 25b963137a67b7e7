"""Topics and queues that exist already, with the one policy that each can have."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from cross_account_access.importing.found import (
    Clients,
    Found,
    called,
    lost_tags,
    statements,
    unless,
)
from cross_account_access.stack import StackResource

_NO_TOPIC: Final = ("NotFound", "NotFoundException")
_NO_QUEUE: Final = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")
_DEFAULT: Final = "__default_statement_ID"
"""The statement that SNS itself gives a topic, which lets the owner's account in."""


def _topic(clients: Clients, resource: StackResource) -> Found | None:
    arn = _topic_arn(clients, str(resource.known("name")))
    if _topic_attributes(clients, arn) is None:
        return None
    tags = clients.sns.list_tags_for_resource(ResourceArn=arn)["Tags"]
    return Found(import_id=arn, warnings=lost_tags(tags, resource))


def _topic_policy(clients: Clients, resource: StackResource) -> Found | None:
    name = clients.declared_one(resource, "arn")
    arn = name if name.startswith("arn:") else _topic_arn(clients, name)
    attributes = _topic_attributes(clients, arn)
    return None if attributes is None else _policy(arn, attributes, resource)


def _topic_arn(clients: Clients, name: str) -> str:
    account = clients.account
    return f"arn:{account.partition}:sns:{account.region}:{account.id}:{name}"


def _topic_attributes(clients: Clients, arn: str) -> Mapping[str, Any] | None:
    return unless(_NO_TOPIC, lambda: clients.sns.get_topic_attributes(TopicArn=arn)["Attributes"])


def _queue(clients: Clients, resource: StackResource) -> Found | None:
    url = _queue_url(clients, str(resource.known("name")))
    if url is None:
        return None
    tags = clients.sqs.list_queue_tags(QueueUrl=url).get("Tags", {})
    listed = [{"Key": key, "Value": value} for key, value in tags.items()]
    return Found(import_id=url, warnings=lost_tags(listed, resource))


def _queue_policy(clients: Clients, resource: StackResource) -> Found | None:
    name = clients.declared_one(resource, "queueUrl")
    url = _queue_url(clients, name.rpartition("/")[2])
    if url is None:
        return None
    answer = clients.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
    return _policy(url, answer.get("Attributes", {}), resource)


def _queue_url(clients: Clients, name: str) -> str | None:
    return unless(_NO_QUEUE, lambda: clients.sqs.get_queue_url(QueueName=name)["QueueUrl"])


def _policy(import_id: str, attributes: Mapping[str, Any], resource: StackResource) -> Found | None:
    document = attributes.get("Policy")
    if not document:
        return None
    live, planned = statements(document), statements(resource.known("policy"))
    return Found(
        import_id=import_id,
        changes=tuple(f"adds the statement {called(each)}" for each in planned if each not in live),
        warnings=tuple(
            f"removes the statement {called(each)}"
            for each in live
            if each not in planned and each.get("Sid") != _DEFAULT
        ),
    )


FINDERS: Final[Mapping[str, Callable[[Clients, StackResource], Found | None]]] = {
    "aws:sns/topic:Topic": _topic,
    "aws:sns/topicPolicy:TopicPolicy": _topic_policy,
    "aws:sqs/queue:Queue": _queue,
    "aws:sqs/queuePolicy:QueuePolicy": _queue_policy,
}
