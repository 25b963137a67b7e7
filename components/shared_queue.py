"""A Production queue."""

from collections.abc import Sequence

import pulumi
from pulumi import ResourceOptions
from pulumi_aws import sqs

from components.sharing import Shared, Sharing
from cross_account_access.declaration.kinds import Queue
from cross_account_access.declaration.policies.documents import resource_policy


class SharedQueue(Shared):
    """A standard SQS queue, encrypted by SQS, that answers over TLS only, with its queue policy."""

    def __init__(self, name: str, queue: Queue, sharing: Sharing, opts: ResourceOptions) -> None:
        super().__init__("SharedQueue", name, sharing.provider, opts)
        self._name = name
        self._policy = resource_policy(queue, sharing.grants, sharing.accounts)
        self.guarded = self._made = sqs.Queue(
            name,
            name=queue.name,
            sqs_managed_sse_enabled=True,
            # From its first moment; from then on the resource below has it.
            policy=self._policy,
            opts=ResourceOptions.merge(self.first, ResourceOptions(ignore_changes=["policy"])),
        )
        self.arn = self._made.arn
        """`arn:PARTITION:sqs:REGION:ACCOUNT:NAME`"""
        self.register_outputs({"arn": self.arn, "protect": queue.protect})

    def complete(self, after: Sequence[pulumi.Resource]) -> None:
        """Make the policy."""
        self.last = sqs.QueuePolicy(
            self._name,
            queue_url=self._made.url,
            policy=self._policy,
            opts=ResourceOptions.merge(
                self.after(self._made, *after),
                # Before the queue itself goes, its policy would leave it without the refusal.
                ResourceOptions(deleted_with=self._made),
            ),
        )
