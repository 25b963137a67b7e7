"""What both emulated accounts hold, as the access engine takes it, and questions about it."""

from collections.abc import Mapping
from typing import Any, Final

from cross_account_access.iam.engine import (
    Context,
    IdentityDocuments,
    Outcome,
    Request,
    ResourceDocuments,
    RoleDocuments,
    World,
    assume,
    decide,
    parse_principal,
)
from tests.support.people import PRODUCTION_ADMIN, STAGING_ADMIN, admin

PRODUCTION: Final = "111122223333"
UNSTATED: Final = {
    "aws:CurrentTime": "2030-01-01T00:00:00Z",
    "aws:SecureTransport": "true",
    **dict.fromkeys(
        [
            "aws:MultiFactorAuthAge",
            "aws:MultiFactorAuthPresent",
            "aws:PrincipalOrgID",
            "aws:PrincipalOrgPaths",
            "aws:SourceIp",
            "kms:EncryptionContext:aws:s3:arn",
            "kms:ViaService",
            "s3:prefix",
            "s3:x-amz-server-side-encryption",
            "s3:x-amz-server-side-encryption-aws-kms-key-id",
            "s3:x-amz-server-side-encryption-customer-algorithm",
            "sns:Endpoint",
            "sts:ExternalId",
            "sts:SourceIdentity",
        ]
    ),
}
"""The circumstances of a question that says nothing else of them; None is left out."""

_NOBODY: Final = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sts:*"}],
}


def deployed(callers: Mapping[str, IdentityDocuments]) -> World:
    """The documents that lie in both accounts, and callers whom somebody else manages, by ARN."""
    roles: dict[str, RoleDocuments] = {}
    for profile in (PRODUCTION_ADMIN, STAGING_ADMIN):
        iam = admin(profile).client("iam")
        for role in iam.list_roles()["Roles"]:
            roles[role["Arn"]] = {
                "trust": role["AssumeRolePolicyDocument"],
                "policies": _policies_of_role(iam, role["RoleName"]),
            }
    iam = admin(STAGING_ADMIN).client("iam")
    users = {
        user["Arn"]: _policies_of_user(iam, user["UserName"]) for user in iam.list_users()["Users"]
    }
    for arn, documents in callers.items():
        if ":role/" in arn:
            roles[arn] = {"trust": _NOBODY, **documents}
        else:
            users[arn] = documents
    return World(roles=roles, users=users, resources=_resources())


def may_assume(world: World, who: str, role: str, **output: Any) -> bool:
    """Whether the engine lets `who` have the role; `said` replaces what `UNSTATED` says.

    Underscores stand for colons: `sts_ExternalId="vendor-7"`.
    """
    return _allowed(assume(world, parse_principal(who), role, _context(output)).decision.outcome)


def may(world: World, who: str, action: str, resource: str, **output: Any) -> bool:
    """Whether the engine lets a user, or a session of a role, do the action."""
    request = Request(parse_principal(who), action, resource, _context(output))
    return _allowed(decide(world, request).outcome)


def _allowed(outcome: Outcome) -> bool:
    assert outcome is not Outcome.UNKNOWN
    return outcome is Outcome.ALLOWED


def _context(output: Mapping[str, Any]) -> Context:
    stated = {**UNSTATED, **{key.replace("_", ":", 1): value for key, value in output.items()}}
    return Context(
        {key: value for key, value in stated.items() if value is not None},
        absent=[key for key, value in stated.items() if value is None],
    )


def _policies_of_user(iam: Any, user: str) -> IdentityDocuments:
    """The inline ones, which are all that a user of the stack has."""
    return {
        "policies": {
            name: iam.get_user_policy(UserName=user, PolicyName=name)["PolicyDocument"]
            for name in iam.list_user_policies(UserName=user)["PolicyNames"]
        }
    }


def _policies_of_role(iam: Any, role: str) -> dict[str, Any]:
    policies = {
        name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
        for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
    }
    for attached in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        arn = attached["PolicyArn"]
        version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        output = iam.get_policy_version(PolicyArn=arn, VersionId=version)
        policies[arn] = output["PolicyVersion"]["Document"]
    return policies


def _resources() -> dict[str, ResourceDocuments]:
    """Buckets, topics, queues and keys of Production."""
    production = admin(PRODUCTION_ADMIN)
    s3, sns = production.client("s3"), production.client("sns")
    sqs, kms = production.client("sqs"), production.client("kms")
    policies = {
        f"arn:aws:s3:::{bucket['Name']}": s3.get_bucket_policy(Bucket=bucket["Name"])["Policy"]
        for bucket in s3.list_buckets()["Buckets"]
    }
    for topic in sns.list_topics()["Topics"]:
        attributes = sns.get_topic_attributes(**topic)["Attributes"]
        policies[topic["TopicArn"]] = attributes["Policy"]
    for url in sqs.list_queues().get("QueueUrls", []):
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        policies[attributes["QueueArn"]] = attributes["Policy"]
    for key in kms.list_keys()["Keys"]:
        policy = kms.get_key_policy(KeyId=key["KeyId"], PolicyName="default")["Policy"]
        policies[key["KeyArn"]] = policy
    return {arn: {"account": PRODUCTION, "policy": text} for arn, text in policies.items()}
