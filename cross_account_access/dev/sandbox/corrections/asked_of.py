"""What a request asks permission for, where ministack 1.5.33 is blind.

"Actions, resources, and condition keys for AWS Identity and Access Management (IAM)",
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagement.html:
a role or user has its path in its ARN; a policy, an identity provider or an instance profile is
asked for as such, where ministack asks for `*` or the role; and writes on a role or user know its
permissions boundary. An alias of KMS that is made or changed is asked for beside its key, and
elsewhere stands for it ("AWS KMS permissions",
https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html). The
queue whose URL is asked for is of the account that the request names. What is made with tags needs
the permission to tag it too ("CreateQueue",
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html; so say
the references of the other services).
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from typing import Any, Final
from urllib.parse import unquote

from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import get_account_id
from ministack.services import iam, kms

_BOUNDARY: Final = "iam:PermissionsBoundary"
_ASSOCIATION: Final = re.compile(r"/clusters/([^/]+)/pod-identity-associations/([^/]+)")
_TAGS: Final = "/tags/"
_ALIASES: Final = ("kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias")

_WITH_TAGS: Final = {
    "dynamodb:CreateTable": "dynamodb:TagResource",
    "ecr:CreateRepository": "ecr:TagResource",
    "eks:CreateCluster": "eks:TagResource",
    "eks:CreatePodIdentityAssociation": "eks:TagResource",
    "events:CreateEventBus": "events:TagResource",
    "iam:CreateInstanceProfile": "iam:TagInstanceProfile",
    "iam:CreateOpenIDConnectProvider": "iam:TagOpenIDConnectProvider",
    "iam:CreatePolicy": "iam:TagPolicy",
    "iam:CreateRole": "iam:TagRole",
    "iam:CreateSAMLProvider": "iam:TagSAMLProvider",
    "iam:CreateUser": "iam:TagUser",
    "iam:CreateVirtualMFADevice": "iam:TagMFADevice",
    "kinesis:CreateStream": "kinesis:AddTagsToStream",
    "kms:CreateKey": "kms:TagResource",
    "lambda:CreateFunction": "lambda:TagResource",
    "logs:CreateLogGroup": "logs:TagResource",
    "secretsmanager:CreateSecret": "secretsmanager:TagResource",
    "sns:CreateTopic": "sns:TagResource",
    "sqs:CreateQueue": "sqs:TagQueue",
    "ssm:PutParameter": "ssm:AddTagsToResource",
    "states:CreateStateMachine": "states:TagResource",
}
"""What tags by what makes."""

_beside: ContextVar[tuple[tuple[str, str], ...]] = ContextVar("asked_of_beside", default=())
_boundary: ContextVar[str | None] = ContextVar("boundary_of_the_request", default=None)


def apply() -> None:
    """Replaces functions of ministack, in this process; to be called once."""
    named, enforce = iam_actions.extract_resource_arn, iam_evaluator.enforce

    def name(service: str, *request: Any, **more: Any) -> str:  # noqa: ANN401 - ministack has no types
        method, path, headers, body, parameters, region, account = request
        _beside.set(())
        _boundary.set(None)
        arn = None
        if service == "iam":
            given = {each: values[0] for each, values in parameters.items() if values}
            arn = _of_iam(given, account)
        elif service == "kms":
            action = iam_actions.extract_iam_action(
                service, method, path, headers, body, parameters
            )
            if action in _ALIASES:
                arn = _alias(action, body, f"{region}:{account}")
            else:
                arn = _key_of_alias(body)
        elif service == "eks" and (association := _ASSOCIATION.fullmatch(path)):
            cluster, of = association.groups()
            arn = f"arn:aws:eks:{region}:{account}:podidentityassociation/{cluster}/{of}"
        elif service == "eks" and path.startswith(_TAGS):
            arn = unquote(path.removeprefix(_TAGS))
        elif service == "sns" and "ResourceArn" in parameters:
            arn = parameters["ResourceArn"][0]
        elif service == "sqs":
            arn = _queue_of_another(body, region)
        return arn or named(service, *request, **more)

    def enforce_beside(  # noqa: PLR0913, PLR0917 - ministack's own
        access_key: str,
        action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401
        context = dict(service_context or {})
        if service == "iam" and (boundary := _boundary.get()):
            context[_BOUNDARY] = boundary
        refusal = enforce(access_key, action, service, region, resource_arn, context)
        beside = _beside.get()
        if action in _WITH_TAGS and context.get("aws:TagKeys"):
            beside = (*beside, (_WITH_TAGS[action], _made(action, resource_arn, region)))
        also = (enforce(access_key, each, service, region, arn, context) for each, arn in beside)
        return refusal or next(filter(None, also), None)

    iam_actions.extract_resource_arn = name
    iam_evaluator.enforce = enforce_beside


def _made(action: str, asked: str, region: str) -> str:
    """The ARN of what is to be made; a key has none before it is."""
    if action != "kms:CreateKey":
        return asked
    return f"arn:aws:kms:{region}:{get_account_id()}:key/00000000-0000-0000-0000-000000000000"


def _of_iam(given: Mapping[str, str], account: str) -> str | None:
    """The ARN that a request is about, None where ministack knows it."""
    where, action, path = f"arn:aws:iam::{account}:", given.get("Action"), given.get("Path", "/")
    profile, provider = given.get("InstanceProfileName"), given.get("OpenIDConnectProviderArn")
    if profile is not None:
        known = iam._instance_profiles.get_scoped(account, None, profile)
        return known["Arn"] if known else f"{where}instance-profile{path}{profile}"
    if provider is not None:
        return provider
    if action == "CreateOpenIDConnectProvider":
        return f"{where}oidc-provider/{given.get('Url', '').removeprefix('https://')}"
    if action == "CreatePolicy":
        return f"{where}policy{path}{given.get('PolicyName')}"
    for kind, parameter, holders in (
        ("role", "RoleName", iam._roles),
        ("user", "UserName", iam._users),
    ):
        if parameter in given:
            known = holders.get_scoped(account, None, given[parameter])
            stated = given.get("PermissionsBoundary")
            _boundary.set(stated or (known or {}).get("PermissionsBoundary"))
            return known["Arn"] if known else f"{where}{kind}{path}{given[parameter]}"
    return None


def _alias(action: str, body: bytes, where: str) -> str:
    asked = json.loads(body or b"{}")
    _beside.set(tuple((action, arn) for arn in _keys(asked, where)))
    return f"arn:aws:kms:{where}:{asked.get('AliasName')}"


def _key_of_alias(body: bytes) -> str | None:
    """The key that a request names by an alias, as whose policies say what it may."""
    named = json.loads(body or b"{}").get("KeyId")
    if not isinstance(named, str) or "alias/" not in named:
        return None
    key = kms._resolve_key(named)
    return key["Arn"] if key else None


def _queue_of_another(body: bytes, region: str) -> str | None:
    """The queue that a request names by its account."""
    try:
        asked = json.loads(body or b"{}")
    except ValueError:
        return None
    owner = asked.get("QueueOwnerAWSAccountId")
    return owner and f"arn:aws:sqs:{region}:{owner}:{asked.get('QueueName')}"


def _keys(asked: Mapping[str, Any], where: str) -> Iterator[str]:
    key = asked.get("TargetKeyId")
    if isinstance(key, str):
        yield key if key.startswith("arn:") else f"arn:aws:kms:{where}:key/{key}"
