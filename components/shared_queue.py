"""A Production queue."""

from pulumi import ResourceOptions
from pulumi_aws import sqs

from components.sharing import Shared, Sharing
from cross_account_access.declaration.kinds import Queue
from cross_account_access.declaration.policies.documents import resource_policy


class SharedQueue(Shared):
    """A standard SQS queue, encrypted by SQS, that answers over TLS only, with its queue policy."""

    def __init__(self, name: str, queue: Queue, sharing: Sharing, opts: ResourceOptions) -> None:
        super().__init__("SharedQueue", name, sharing.provider, opts)
        made = sqs.Queue(name, name=queue.name, sqs_managed_sse_enabled=True, opts=self.first)
        sqs.QueuePolicy(
            name,
            queue_url=made.url,
            policy=resource_policy(queue, sharing.grants, sharing.accounts),
            opts=self.after(made, *sharing.policy_after),
        )
        self.arn = made.arn
        """`arn:PARTITION:sqs:REGION:ACCOUNT:NAME`"""
        self.register_outputs({"arn": self.arn})
