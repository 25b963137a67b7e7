"""The stack's outputs: a contract for other projects, scripts and people.

Every output is a string, a list of strings, or a map of strings by the name of
a bucket or of a consumer, so that the names below stay the same however many there are. None is
secret. A change that could break a reader raises `CONTRACT_VERSION` and is
told in the changelog.
"""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

import pulumi

from components.cross_account_access import CrossAccountAccess
from model import Account, Consumer, Grant, Level
from settings import Settings

CONTRACT_VERSION: Final = "1"
PROOF_OBJECT: Final = "Sunset.jpg"
PROOF_COPY: Final = "SunsetStage.jpg"

OUTPUTS: Final[Mapping[str, str]] = {
    "contractVersion": "version of this contract",
    "productionAccountId": "12 digits",
    "productionRegion": "region of the buckets",
    "productionCanonicalUserId": "64 hexadecimal digits",
    "stagingAccountId": "12 digits",
    "stagingCanonicalUserId": "64 hexadecimal digits",
    "bucketNames": "in the order of the stack file",
    "bucketArns": "by bucket name",
    "roleNames": "by consumer: the role's name without its path",
    "roleArns": "by consumer: the role to assume",
    "userArns": "by consumer: the user who may assume it",
    "accessPolicyArns": "by consumer: the role's permissions policy",
    "switchRoleUrls": "by consumer: link that switches the console to the role",
    "cliProfiles": "by consumer: block for ~/.aws/config that assumes the role and renews itself",
    "proofCommands": "by consumer: AWS CLI commands that prove the access",
}
"""Every output and what it holds."""

_CONSOLE_HOSTS: Final = {
    "aws": "signin.aws.amazon.com",
    "aws-cn": "signin.amazonaws.cn",
    "aws-us-gov": "signin.amazonaws-us-gov.com",
}
"""By partition ("Switch from a user to an IAM role (console)"); others have no known link."""


def export(settings: Settings, access: CrossAccountAccess) -> None:
    """Exports every output of the contract."""
    production, consumers = settings.production, settings.consumers
    values: dict[str, pulumi.Input[object]] = {
        "contractVersion": CONTRACT_VERSION,
        "productionAccountId": production.account_id,
        "productionRegion": production.region,
        "productionCanonicalUserId": access.trusting_canonical_user_id,
        "stagingAccountId": settings.staging.account_id,
        "stagingCanonicalUserId": access.trusted_canonical_user_id,
        "bucketNames": [bucket.name for bucket in settings.buckets],
        "bucketArns": access.bucket_arns,
        "roleNames": {consumer.name: consumer.role.name for consumer in consumers},
        "roleArns": access.role_arns,
        "userArns": access.user_arns,
        "accessPolicyArns": access.access_policy_arns,
        "switchRoleUrls": {
            consumer.name: url
            for consumer in consumers
            if (url := switch_role_url(production, consumer))
        },
        "cliProfiles": {consumer.name: cli_profile(production, consumer) for consumer in consumers},
        "proofCommands": {
            consumer.name: proof_commands(production, consumer, settings.grants)
            for consumer in consumers
        },
    }
    for name in OUTPUTS:
        pulumi.export(name, values[name])


def switch_role_url(production: Account, consumer: Consumer) -> str | None:
    """The console's switch-role link, or None in a partition whose console host is not known."""
    host = _CONSOLE_HOSTS.get(production.partition)
    if host is None:
        return None
    role = consumer.role
    query = urlencode(
        {
            "account": production.account_id,
            "roleName": f"{role.path}{role.name}".removeprefix("/"),
            "displayName": f"{role.name}@{production.account_id}",
        },
        safe="/",
    )
    return f"https://{host}/switchrole?{query}"


def cli_profile(production: Account, consumer: Consumer) -> str:
    """A profile, named as the role, that the AWS CLI and SDKs renew by themselves."""
    role = consumer.role
    return "\n".join(
        [
            f"[profile {role.name}]",
            f"role_arn = {production.role_arn(role)}",
            f"source_profile = {consumer.user.name}",
            f"role_session_name = {consumer.name}",
            f"duration_seconds = {role.max_session_duration}",
            f"region = {production.region}",
        ]
    )


def proof_commands(production: Account, consumer: Consumer, grants: tuple[Grant, ...]) -> str:
    """Commands, one a line, that assume the role and read one object of a bucket it may read.

    They expect the user's access key in a profile named as the user, and the
    block of `cli_profile` in the AWS config file.
    """
    role, user = consumer.role, consumer.user
    commands = [
        f"aws sts assume-role --role-arn {production.role_arn(role)} "
        f"--role-session-name test --profile {user.name}"
    ]
    readable = [
        grant.bucket
        for grant in grants
        if grant.consumer == consumer.name and {Level.READ, Level.WRITE} & set(grant.levels)
    ]
    for bucket in readable[:1]:
        object_options = f"--bucket {bucket} --key {PROOF_OBJECT}"
        commands += [
            f"aws s3api head-object {object_options} --profile {role.name}",
            f"aws s3api get-object {object_options} {PROOF_COPY} --profile {role.name}",
        ]
    return "\n".join(commands)
