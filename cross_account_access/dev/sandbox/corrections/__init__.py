"""Answers in which ministack 1.5.33 differs from AWS, corrected before it serves.

AWS says: "AWS global condition context keys",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html; "Monitor
and control actions taken with assumed roles",
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html;
"ListObjectsV2", https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html.

- `aws:PrincipalArn` of a role session is the ARN of the role; ministack takes the session's.
- `sts:ExternalId`, `sts:RoleSessionName` and `sts:SourceIdentity` are part of the request, so the
  policies of the caller may ask for them as the trust policy may; ministack shows the first two to
  the trust policy alone, and nobody the third.
- Who states a source identity or session tags needs `sts:SetSourceIdentity` or `sts:TagSession` by
  the policies of the caller and by the trust policy; ministack asks the trust policy for tags only.
- S3 knows when an object was written to the second, in a listing as in the header of the object;
  ministack's listings have milliseconds, so that no copy of an object looks as old as it.
- The policy of a bucket judges whoever makes the request ("Policy evaluation logic",
  https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html);
  ministack has it judge a caller of another account as that account's root, so that a statement
  for one user of it, or one that asks for the caller's ARN, meets nobody.
- What a request names by an ARN, or names in a list, is what policies are asked about ("Actions,
  resources, and condition keys for AWS services",
  https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html);
  ministack takes a parameter's ARN for its name, and `*` for a stream of a table, a table that is
  called `ResourceArn`, a described bus, a list of repositories, and the stream of a log group.
- `aws:ResourceAccount` of a bucket is its owner; ministack takes the caller's account. A request
  without tags has no `aws:TagKeys`, and not an empty one.
- Whom and what statements mean (`statements`), and what policy variables stand for
  (`policy_variables`).
- Keys of conditions that a request or its caller has (`request_keys`).
- What a write of an object states needs permission (`stated_by_writes`).
- The external ID of an association of EKS Pod Identity is made of region, account, cluster,
  namespace and service account ("Access AWS Resources using EKS Pod Identity Target IAM Roles",
  https://docs.aws.amazon.com/eks/latest/userguide/pod-id-assign-target-role.html); ministack draws
  one.
- A user goes when it has nothing left ("DeleteUser",
  https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteUser.html); ministack lets one go
  that has inline policies, a password, MFA devices or groups.
- A session lasts as long as STS said, whatever happens to the server; ministack saves none.

What has no test that fails without it is not corrected here, and a rule goes when ministack has it.
"""

import dataclasses
import json
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import eks, iam, s3, sts

from cross_account_access.dev.sandbox.corrections import (
    policy_variables,
    request_keys,
    stated_by_writes,
    statements,
)

_ASSUME = "sts:AssumeRole"
_STATED = {
    "ExternalId": "sts:ExternalId",
    "RoleSessionName": "sts:RoleSessionName",
    "SourceIdentity": "sts:SourceIdentity",
}
"""Condition keys by the request's parameters."""
_SOURCE_IDENTITY = "sts:SourceIdentity"
_RESOURCE_ACCOUNT = ("aws:resourceaccount", "s3:resourceaccount")
_BUCKETS = "arn:aws:s3:::"

_identity: ContextVar[str | None] = ContextVar("source_identity_of_the_request", default=None)
_caller: ContextVar[Any] = ContextVar("principal_of_the_request", default=None)


def apply() -> None:
    """Replaces functions of ministack, in this process; to be called once."""
    # First, for what follows calls what it replaces.
    statements.apply()
    request_context = iam_actions.request_tag_context
    enforce = iam_evaluator.enforce
    trusts = iam_evaluator.evaluate_trust_policy
    resolve_principal = iam_evaluator.resolve_principal
    resource_policy = iam_evaluator.evaluate_resource_policy

    def request_context_with_stated(
        service: str, action: str, body: bytes, parameters: dict[str, list[str]]
    ) -> dict[str, Any]:
        context: dict[str, Any] = request_context(service, action, body, parameters)
        if action == _ASSUME:
            context |= {
                key: parameters[name][0] for name, key in _STATED.items() if name in parameters
            }
        _identity.set(context.get(_SOURCE_IDENTITY))
        return context

    def enforce_with_permissions(  # noqa: PLR0913, PLR0917 - ministack's own
        access_key: str,
        action: str,
        service: str,
        region: str,
        resource_arn: str = "*",
        service_context: dict[str, Any] | None = None,
    ) -> Any:  # noqa: ANN401
        context = service_context or {}
        actions = [action]
        if action == _ASSUME and _SOURCE_IDENTITY in context:
            actions.append("sts:SetSourceIdentity")
        if action == _ASSUME and "aws:TagKeys" in context:
            actions.append("sts:TagSession")
        refusals = (
            enforce(access_key, each, service, region, resource_arn, context) for each in actions
        )
        return next(filter(None, refusals), None)

    def trusts_with_identity(
        document: Any,  # noqa: ANN401
        caller_arn: str,
        context: Any = None,  # noqa: ANN401
    ) -> bool:
        identity = _identity.get()
        if identity is None or context is None or context.action != _ASSUME:
            return bool(trusts(document, caller_arn, context))
        keys = {**context.service_context, _SOURCE_IDENTITY.lower(): identity}
        return all(
            trusts(
                document,
                caller_arn,
                dataclasses.replace(context, action=action, service_context=keys),
            )
            for action in (_ASSUME, "sts:SetSourceIdentity")
        )

    def resolve_and_remember(*arguments: Any) -> Any:  # noqa: ANN401
        principal = resolve_principal(*arguments)
        _caller.set(principal)
        return principal

    def resource_policy_for_the_caller(document: Any, context: Any, **more: Any) -> Any:  # noqa: ANN401
        caller = _caller.get()
        if (
            context.principal_type == "Root"
            and isinstance(caller, iam_evaluator.PrincipalInfo)
            and caller.account == context.principal_account
        ):
            context = dataclasses.replace(
                context,
                principal_arn=caller.arn,
                principal_type=caller.type,
                principal_keys=caller.keys,
            )
        return resource_policy(document, context, **more)

    iam_actions.extract_resource_arn = _as_named(iam_actions.extract_resource_arn)
    iam_evaluator._resolve_condition_key = _with_what_is_known(iam_evaluator._resolve_condition_key)
    iam_actions.request_tag_context = request_context_with_stated
    iam_evaluator.enforce = enforce_with_permissions
    iam_evaluator.evaluate_trust_policy = trusts_with_identity
    iam_evaluator.resolve_principal = resolve_and_remember
    iam_evaluator.evaluate_resource_policy = resource_policy_for_the_caller
    stated_by_writes.apply()
    policy_variables.apply()
    request_keys.apply()
    eks._json_resp = _with_external_id(eks._json_resp)
    iam._IAM_HANDLERS["DeleteUser"] = _with_nothing_left(iam._IAM_HANDLERS["DeleteUser"])
    sts.get_state = lambda: dict(sts._sessions)
    sts.load_persisted_state = sts._sessions.update
    s3.now_iso = lambda: datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _with_external_id(answer: Callable[..., Any]) -> Callable[..., Any]:
    """An answer about an association of Pod Identity, with the external ID that AWS gives it."""

    def corrected(status: int, body: dict[str, Any]) -> Any:  # noqa: ANN401 - ministack's own
        association = body.get("association", {})
        if "externalId" in association:
            names = (association[each] for each in ("clusterName", "namespace", "serviceAccount"))
            external_id = "/".join((get_region(), get_account_id(), *names))
            body = {**body, "association": {**association, "externalId": external_id}}
        return answer(status, body)

    return corrected


def _with_what_is_known(resolve: Callable[[str, Any], Any]) -> Callable[[str, Any], Any]:
    """What ministack takes the value of a condition key to be, corrected."""

    def corrected(key: str, context: Any) -> Any:  # noqa: ANN401 - ministack has no types
        lower, arn = key.lower(), context.resource_arn
        found = None
        if lower == "aws:principalarn" and context.principal_type == "AssumedRole":
            name = context.principal_arn.split("/")[1]
            role = iam._roles.get_scoped(context.principal_account, None, name)
            found = role and role["Arn"]
        elif lower in _RESOURCE_ACCOUNT and arn.startswith(_BUCKETS):
            found = s3._bucket_owner_account(arn.removeprefix(_BUCKETS).partition("/")[0])
        value = found or resolve(key, context)
        return None if lower == "aws:tagkeys" and not value else value

    return corrected


def _with_nothing_left(delete_user: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """What deletes a user, corrected."""

    def corrected(parameters: Any) -> Any:  # noqa: ANN401
        name = iam._p(parameters, "UserName")
        first = {
            "delete policies": iam._user_inline_policies.get(name),
            "delete login profile": name in iam._login_profiles,
            "deactivate MFA device": any(
                device["User"] == name for device in iam._mfa_devices.values()
            ),
            "remove users from group": any(
                name in group["Users"] for group in iam._groups.values()
            ),
        }
        for what, is_left in first.items():
            if is_left:
                told = f"Cannot delete entity, must {what} first."
                return iam._error(409, "DeleteConflict", told, ns="iam")
        return delete_user(parameters)

    return corrected


def _as_named(resource_arn: Callable[..., str]) -> Callable[..., str]:
    """What ministack takes a request to be about, corrected."""

    def corrected(service: str, *request: Any, **more: Any) -> str:  # noqa: ANN401
        _, _, headers, body, _, region, account = request
        action = iam_actions._action_from_target(headers) or ""
        named = _named_resource(service, action, body, f"{region}:{account}")
        return named or resource_arn(service, *request, **more)

    return corrected


def _named_resource(service: str, action: str, body: bytes, where: str) -> str | None:
    """The ARN of what a request names, where ministack does not see it."""
    try:
        asked = json.loads(body or b"{}")
    except ValueError:
        return None
    arn = None
    match service, asked:
        case "ssm", {"Name": str(parameter)} if parameter.startswith("arn:"):
            # A version or a label may follow.
            arn = ":".join(parameter.split(":")[:6])
        case (("dynamodb" | "dynamodbstreams"), ({"StreamArn": named} | {"ResourceArn": named})):
            arn = str(named)
        case "events", {"Name": name} if action == "DescribeEventBus":
            arn = f"arn:aws:events:{where}:event-bus/{name}"
        case "ecr", {"repositoryNames": [name, *_]}:
            arn = f"arn:aws:ecr:{where}:repository/{name}"
        case "logs", {"logGroupName": group}:
            stream = asked.get("logStreamName", "")
            arn = f"arn:aws:logs:{where}:log-group:{group}:log-stream:{stream}"
    return arn
