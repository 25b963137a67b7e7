"""SNS topics."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Final

from cross_account_access.declaration import rules
from cross_account_access.declaration.accounts import Account, Accounts
from cross_account_access.declaration.actions import meant
from cross_account_access.declaration.fields import Text
from cross_account_access.declaration.model import (
    AllowedActions,
    Grant,
    Level,
    LevelActions,
    MustExist,
    OwnedResource,
    fifo_words,
)
from cross_account_access.declaration.statements import ConditionBlock
from cross_account_access.facts import quotas

_HAS_ENDPOINT: Final = frozenset({"sns:Subscribe"})
"""Actions that can be confined by `sns:Endpoint`.

Source: "Actions, resources, and condition keys for Amazon SNS",
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html.
"""


@dataclass(frozen=True, kw_only=True)
class Topic(OwnedResource):
    """A Production SNS topic, a standard one, that grants refer to by its name."""

    kind = "topic"
    service = "sns"
    list_words = "Production SNS topics, standard ones."
    example = "{name: my-topic}"
    levels: ClassVar[Mapping[str, LevelActions]] = {
        Level.PUBLISH: LevelActions(on_resource=("sns:Publish",)),
        Level.SUBSCRIBE: LevelActions(on_resource=("sns:Subscribe",)),
    }
    # Who publishes encrypts: "Securing Amazon SNS data with server-side encryption",
    # https://docs.aws.amazon.com/sns/latest/dg/sns-server-side-encryption.html.
    key_actions: ClassVar[Mapping[str, tuple[str, ...]]] = {
        Level.PUBLISH: ("kms:Decrypt", "kms:GenerateDataKey")
    }
    notify_action = "sns:Publish"
    # SNS takes no `sns:*` here: "Amazon SNS API permissions: Actions and resources reference",
    # https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html.
    every_action = (
        "sns:AddPermission",
        "sns:DeleteTopic",
        "sns:GetDataProtectionPolicy",
        "sns:GetTopicAttributes",
        "sns:ListSubscriptionsByTopic",
        "sns:ListTagsForResource",
        "sns:Publish",
        "sns:PutDataProtectionPolicy",
        "sns:RemovePermission",
        "sns:SetTopicAttributes",
        "sns:Subscribe",
    )

    name: Annotated[
        str,
        Text(
            "The topic's name.",
            rules.message_name("topic", limit=quotas.TOPIC_NAME_CHARACTERS, fifo=True),
        ),
    ]

    @property
    def refused_name(self) -> str | None:
        """That of a FIFO topic."""
        return rules.message_name("topic", limit=quotas.TOPIC_NAME_CHARACTERS)(self.name)

    @property
    def is_fifo(self) -> bool:
        """Whether each message belongs to a group, in which the order is kept."""
        return self.name.endswith(".fifo")

    def arn(self, owner: Account) -> str:
        """`arn:PARTITION:sns:REGION:ACCOUNT:NAME`."""
        return owner.regional_arn("sns", self.name)

    def found(self, owner: Account) -> MustExist:
        """Its attributes."""
        return MustExist(
            side="production",
            client="sns",
            method="get_topic_attributes",
            parameters={"TopicArn": self.arn(owner)},
            absent="NotFound",
            problem=lambda found: None if found else self.none_such(owner),
        )

    def allowed(self, grant: Grant, accounts: Accounts) -> Iterator[AllowedActions]:
        """A subscription is confined to queues and functions of the principal's own account.

        Without that, whoever may subscribe could send all messages anywhere, to any account, web
        site or mail address, and would go on doing so after its access has ended.

        Source: "Actions, resources, and condition keys for Amazon SNS",
        https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html.
        """
        actions, _ = self.actions_of(grant, accounts.trusting)
        arn, partition = self.arn(accounts.trusting), accounts.trusting.partition
        home = grant.consumer.principal.home_account(accounts)
        endpoints: ConditionBlock = {
            "StringLike": {
                "sns:Endpoint": [
                    f"arn:{partition}:{service}:*:{home}:{name}"
                    for service, name in (("lambda", "function:*"), ("sqs", "*"))
                ]
            }
        }
        yield AllowedActions("Topic", actions - _HAS_ENDPOINT, [arn], {})
        yield AllowedActions("Subscribing", actions & _HAS_ENDPOINT, [arn], endpoints)
        yield from self.allowed_anywhere(grant)

    def refused(self, grant: Grant, accounts: Accounts) -> Iterator[tuple[str, str]]:
        """Only principals of one account can be confined to what is their own."""
        principal = grant.consumer.principal
        for action in grant.actions:
            if any(each.name in _HAS_ENDPOINT for each in meant(action)):
                yield (
                    "actions",
                    "cannot have sns:Subscribe, which would not be confined to the consumer's own "
                    "account; write the level subscribe",
                )
        if Level.SUBSCRIBE in grant.levels and principal.home_account(accounts) is None:
            yield (
                "levels",
                f"cannot have subscribe for {principal.kind}: it is confined to queues and "
                "functions of the consumer's own account, and there is no one such account; "
                "remove it",
            )

    def proof_commands(self, grant: Grant, owner: Account) -> list[list[str]]:
        """Publishes; a subscription would stay, so none is made."""
        if Level.PUBLISH not in grant.levels:
            return []
        publish = ["aws", "sns", "publish", "--topic-arn", self.arn(owner), "--message", "test"]
        group = fifo_words() if self.is_fifo else []
        return [[*publish, *group, "--region", owner.region]]
