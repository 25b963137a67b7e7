"""A Production topic."""

from collections.abc import Sequence

import pulumi
from pulumi import ResourceOptions
from pulumi_aws import sns

from components.sharing import Shared, Sharing
from cross_account_access.declaration.kinds import Topic
from cross_account_access.declaration.policies.documents import resource_policy


class SharedTopic(Shared):
    """A standard SNS topic that answers over TLS only, with its topic policy.

    It has no key: AWS's own cannot be shared across accounts, and a topic keeps
    messages only until it has delivered them.
    """

    def __init__(self, name: str, topic: Topic, sharing: Sharing, opts: ResourceOptions) -> None:
        super().__init__("SharedTopic", name, sharing.provider, opts)
        self._name = name
        self._policy = resource_policy(topic, sharing.grants, sharing.accounts)
        self.guarded = self._made = sns.Topic(
            name,
            name=topic.name,
            # From its first moment; from then on the resource below has it.
            policy=self._policy,
            opts=ResourceOptions.merge(self.first, ResourceOptions(ignore_changes=["policy"])),
        )
        self.arn = self._made.arn
        """`arn:PARTITION:sns:REGION:ACCOUNT:NAME`"""
        self.register_outputs({"arn": self.arn, "protect": topic.protect})

    def complete(self, after: Sequence[pulumi.Resource]) -> None:
        """Make the policy."""
        self.last = sns.TopicPolicy(
            self._name,
            arn=self._made.arn,
            policy=self._policy,
            opts=ResourceOptions.merge(
                self.after(self._made, *after),
                # Before the topic itself goes, its policy would leave it without the refusal.
                ResourceOptions(deleted_with=self._made),
            ),
        )
