"""SQS queues."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

from cross_account_access.declaration import rules
from cross_account_access.declaration.accounts import Account
from cross_account_access.declaration.fields import Text
from cross_account_access.declaration.model import (
    Grant,
    Level,
    LevelActions,
    MustExist,
    OwnedResource,
    fifo_words,
)
from cross_account_access.facts import quotas


@dataclass(frozen=True, kw_only=True)
class Queue(OwnedResource):
    """A Production SQS queue, a standard one, that grants refer to by its name.

    Who receives must delete what it has dealt with, and may ask for more time.
    """

    kind = "queue"
    service = "sqs"
    list_words = "Production SQS queues, standard ones."
    example = "{name: my-queue}"
    levels: ClassVar[Mapping[str, LevelActions]] = {
        Level.SEND: LevelActions(on_resource=("sqs:GetQueueUrl", "sqs:SendMessage")),
        Level.RECEIVE: LevelActions(
            on_resource=(
                "sqs:ChangeMessageVisibility",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:GetQueueUrl",
                "sqs:ReceiveMessage",
            )
        ),
    }
    # "Key management", https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html.
    key_actions: ClassVar[Mapping[str, tuple[str, ...]]] = {
        Level.SEND: ("kms:Decrypt", "kms:GenerateDataKey"),
        Level.RECEIVE: ("kms:Decrypt",),
    }
    every_action = ("sqs:*",)
    notify_action = "sqs:SendMessage"

    name: Annotated[
        str,
        Text(
            "The queue's name.",
            rules.message_name("queue", limit=quotas.QUEUE_NAME_CHARACTERS, fifo=True),
        ),
    ]

    @property
    def refused_name(self) -> str | None:
        """That of a FIFO queue."""
        return rules.message_name("queue", limit=quotas.QUEUE_NAME_CHARACTERS)(self.name)

    @property
    def is_fifo(self) -> bool:
        """Whether each message belongs to a group, in which the order is kept."""
        return self.name.endswith(".fifo")

    def arn(self, owner: Account) -> str:
        """`arn:PARTITION:sqs:REGION:ACCOUNT:NAME`."""
        return owner.regional_arn("sqs", self.name)

    def found(self, owner: Account) -> MustExist:
        """Its address."""
        return MustExist(
            side="production",
            client="sqs",
            method="get_queue_url",
            parameters={"QueueName": self.name, "QueueOwnerAWSAccountId": owner.account_id},
            absent="AWS.SimpleQueueService.NonExistentQueue",
            problem=lambda found: None if found else self.none_such(owner),
        )

    def proof_commands(self, grant: Grant, owner: Account) -> list[list[str]]:
        """Sends a message, or looks for one so that whoever deals with it next sees it at once."""
        if Level.SEND in grant.levels:
            group = fifo_words() if self.is_fifo else []
            command, told = "send-message", ["--message-body", "test", *group]
        else:
            command, told = "receive-message", ["--visibility-timeout", "0"]
        # "Amazon SQS queue and message identifiers",
        # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html.
        host = f"sqs.{owner.region}.{owner.dns_suffix}"
        url = f"https://{host}/{owner.account_id}/{self.name}"
        place = ["--queue-url", url]
        return [["aws", "sqs", command, *place, *told, "--region", owner.region]]
