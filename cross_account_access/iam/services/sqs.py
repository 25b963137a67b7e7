"""Amazon SQS: queues."""

from typing import Final

from cross_account_access.facts.quotas import MESSAGE_DELAY_SECONDS
from cross_account_access.iam.services import Call, LivePolicy, Operation, Service, StackTypes

_QUEUE: Final = {"QueueUrl": "{endpoint}/{account}/{name}"}
"""The queue's address ("Amazon SQS queue and message identifiers",
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html);
asking for it would need leave too."""
_INVALID: Final = "InvalidParameterValue"
_DELAY: Final = MESSAGE_DELAY_SECONDS + 1

SERVICE: Final = Service(
    refusals=frozenset({"AccessDenied", "AccessDeniedException"}),
    missing=frozenset({"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"}),
    policy=LivePolicy(
        calls=(Call("get_queue_attributes", {**_QUEUE, "AttributeNames": ("Policy",)}),),
        path=("Attributes", "Policy"),
    ),
    stack=StackTypes(
        resources=("aws:sqs/queue:Queue",),
        arn="arn:{partition}:sqs:{region}:{account}:{name}",
        policies={"aws:sqs/queuePolicy:QueuePolicy": "queueUrl"},
    ),
    forms={"arn:${Partition}:sqs:${Region}:${Account}:${QueueName}": "any queue"},
    operations=(
        Operation(
            words="look up",
            actions=("sqs:GetQueueUrl",),
            levels=frozenset({"send", "receive"}),
            calls=(
                Call(
                    "get_queue_url",
                    {"QueueName": "{name}", "QueueOwnerAWSAccountId": "{account}"},
                ),
            ),
            checks_refusal=False,
        ),
        Operation(
            words="send to",
            actions=("sqs:SendMessage",),
            levels=frozenset({"send"}),
            # Refused for its delay, which is too long; a FIFO queue misses the group, too.
            calls=(Call("send_message", {**_QUEUE, "MessageBody": "x", "DelaySeconds": _DELAY}),),
            invalid=frozenset({_INVALID, "MissingParameter"}),
            key_actions=("kms:Decrypt", "kms:GenerateDataKey"),
        ),
        Operation(
            words="receive from",
            actions=("sqs:ReceiveMessage",),
            levels=frozenset({"receive"}),
            # 1 at the least ("ReceiveMessage",
            # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html).
            calls=(Call("receive_message", {**_QUEUE, "MaxNumberOfMessages": 0}),),
            invalid=frozenset({_INVALID, "ReadCountOutOfRange"}),
            key_actions=("kms:Decrypt",),
        ),
        Operation(
            words="delete messages of",
            actions=("sqs:DeleteMessage",),
            levels=frozenset({"receive"}),
            calls=(Call("delete_message", {**_QUEUE, "ReceiptHandle": "access-verify"}),),
            invalid=frozenset({_INVALID, "ReceiptHandleIsInvalid"}),
        ),
        Operation(
            words="ask for more time for messages of",
            actions=("sqs:ChangeMessageVisibility",),
            levels=frozenset({"receive"}),
            calls=(
                Call(
                    "change_message_visibility",
                    {**_QUEUE, "ReceiptHandle": "access-verify", "VisibilityTimeout": 0},
                ),
            ),
            invalid=frozenset({_INVALID, "ReceiptHandleIsInvalid"}),
            checks_refusal=False,
        ),
        Operation(
            words="ask for the attributes of",
            actions=("sqs:GetQueueAttributes",),
            levels=frozenset({"receive"}),
            calls=(Call("get_queue_attributes", {**_QUEUE, "AttributeNames": ("QueueArn",)}),),
        ),
    ),
)
