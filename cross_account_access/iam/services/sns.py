"""Amazon SNS: topics."""

from collections.abc import Mapping
from typing import Final

from cross_account_access.facts.quotas import SUBJECT_CHARACTERS
from cross_account_access.iam.services import Call, LivePolicy, Operation, Service, StackTypes

_SUBJECT: Final = "x" * (SUBJECT_CHARACTERS + 1)


def _endpoint(account: str) -> Mapping[str, str]:
    """A queue of an account, as `Subscribe` names it."""
    queue = f"arn:{{partition}}:sqs:{{region}}:{account}:access-verify"
    return {"sns:Endpoint": queue, "sns:Protocol": "sqs"}


SERVICE: Final = Service(
    refusals=frozenset({"AuthorizationError", "AuthorizationErrorException"}),
    missing=frozenset({"NotFound", "NotFoundException"}),
    policy=LivePolicy(
        calls=(Call("get_topic_attributes", {"TopicArn": "{arn}"}),),
        path=("Attributes", "Policy"),
    ),
    stack=StackTypes(
        resources=("aws:sns/topic:Topic",),
        arn="arn:{partition}:sns:{region}:{account}:{name}",
        policies={"aws:sns/topicPolicy:TopicPolicy": "arn"},
    ),
    forms={"arn:${Partition}:sns:${Region}:${Account}:${TopicName}": "any topic"},
    operations=(
        Operation(
            words="publish to",
            actions=("sns:Publish",),
            levels=frozenset({"publish"}),
            # Refused for its subject, which is too long.
            calls=(Call("publish", {"TopicArn": "{arn}", "Message": "x", "Subject": _SUBJECT}),),
            invalid=frozenset({"InvalidParameter", "InvalidParameterException"}),
            key_actions=("kms:Decrypt", "kms:GenerateDataKey"),
        ),
        Operation(
            words="subscribe a queue of its own account to",
            actions=("sns:Subscribe",),
            levels=frozenset({"subscribe"}),
            condition_keys=_endpoint("{home}"),
            # Queues and functions of the caller's account; a web or mail address belongs to none
            # ("Actions, resources, and condition keys for Amazon SNS",
            # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html).
            confined={
                "StringLike": {
                    "sns:Endpoint": (
                        "arn:{partition}:lambda:*:{home}:function:*",
                        "arn:{partition}:sqs:*:{home}:*",
                    )
                }
            },
        ),
        Operation(
            words="subscribe a queue of another account to",
            actions=("sns:Subscribe",),
            condition_keys=_endpoint("{elsewhere}"),
        ),
    ),
)
