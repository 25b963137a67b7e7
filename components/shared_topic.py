"""A Production topic."""

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
        made = sns.Topic(name, name=topic.name, opts=self.first)
        sns.TopicPolicy(
            name,
            arn=made.arn,
            policy=resource_policy(topic, sharing.grants, sharing.accounts),
            opts=self.after(made, *sharing.policy_after),
        )
        self.arn = made.arn
        """`arn:PARTITION:sns:REGION:ACCOUNT:NAME`"""
        self.register_outputs({"arn": self.arn})
