"""Names and tags that AWS refuses because of what else is there, or keeps for itself.

AWS says: "IAM and AWS STS quotas",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html; "Tags for AWS Identity
and Access Management resources",
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html; "CreateTopic", Amazon SNS API
reference, https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html; "CreateQueue", Amazon
SQS API reference,
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html;
"CreateAlias", AWS KMS API reference,
https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html; "PutBucketLogging",
https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLogging.html.
"""

import re
from collections.abc import Awaitable, Callable, Iterator

from ministack.services import iam, s3

from cross_account_access.dev.sandbox.front.requests import Request, Response

_ATTACHES = ("AttachRolePolicy", "AttachUserPolicy", "AttachGroupPolicy")
_STORES = {"CreateRole": ("RoleName", "Role"), "CreateUser": ("UserName", "User")}
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,256}(\.fifo)?")
_QUEUE = re.compile(r"[A-Za-z0-9_-]{1,80}|[A-Za-z0-9_-]{1,75}\.fifo")
_LOG_BUCKET = re.compile(rb"<TargetBucket>([^<]*)</TargetBucket>")


async def unlike_others(
    request: Request, serve: Callable[[Request], Awaitable[Response]]
) -> Response:
    """Refuses names that others have or nobody may have, tags of AWS, and what is not there."""
    refused = next(_refused(request), None)
    return refused or await serve(request)


def _refused(request: Request) -> Iterator[Response]:
    given = request.parameters
    match request.action.split(":"):
        case ["iam", operation]:
            yield from _refused_by_iam(request, operation)
        case ["sns", "CreateTopic"] if not _TOPIC.fullmatch(str(given.get("Name"))):
            yield request.refused("InvalidParameter", "Invalid parameter: Topic Name")
        case ["sqs", "CreateQueue"] if not _QUEUE.fullmatch(str(given.get("QueueName"))):
            told = "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80"
            yield request.refused("InvalidParameterValue", f"{told} in length")
        case ["kms", "CreateAlias"] if str(given.get("AliasName")).startswith("alias/aws/"):
            yield request.refused("NotAuthorizedException", "")
        case ["s3", "PutBucketLogging"]:
            named = _LOG_BUCKET.search(request.body)
            if named and not s3._bucket_owner_account(named[1].decode()):
                told = "The target bucket for logging does not exist"
                yield request.refused("InvalidTargetBucketForLogging", told)


def _refused_by_iam(request: Request, operation: str) -> Iterator[Response]:
    given = request.parameters
    tags = [value for name, value in given.items() if re.fullmatch(r"Tags\.member\.\d+\.Key", name)]
    if any(tag.lower().startswith("aws:") for tag in tags):
        yield request.refused("InvalidInput", "Tag keys that begin with aws: are reserved")
    if operation in _STORES:
        parameter, kind = _STORES[operation]
        name = given.get(parameter, "")
        there = {each.lower() for each in (iam._roles if kind == "Role" else iam._users)}
        if name.lower() in there:
            told = f"{kind} with name {name} already exists."
            yield request.refused("EntityAlreadyExists", told, 409)
    policy = given.get("PolicyArn", "")
    if operation in _ATTACHES and not iam.policy_known(policy, request.account):
        told = f"Policy {policy} does not exist or is not attachable."
        yield request.refused("NoSuchEntity", told, 404)
    if operation == "CreateOpenIDConnectProvider" and not given["Url"].startswith("https://"):
        yield request.refused("InvalidInput", "Invalid Open ID Connect Provider URL")
