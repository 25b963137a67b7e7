"""Secrets of AWS Secrets Manager."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from cross_account_access.declaration.accounts import Account
from cross_account_access.declaration.model import ExistingResource, Grant, Level, LevelActions


@dataclass(frozen=True, kw_only=True)
class Secret(ExistingResource):
    """A secret that exists.

    The actions are those of "Actions, resources, and condition keys for AWS Secrets Manager",
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html.
    """

    kind = "secret"
    service = "secretsmanager"
    levels: ClassVar[Mapping[str, LevelActions]] = {
        Level.READ: LevelActions(
            on_resource=("secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue")
        )
    }
    # "Secret encryption and decryption in AWS Secrets Manager",
    # https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html.
    key_actions: ClassVar[Mapping[str, tuple[str, ...]]] = {Level.READ: ("kms:Decrypt",)}
    # Six characters that Secrets Manager adds to the name end it.
    arn_form = r"secret:[\w/+=.@-]+-[A-Za-z0-9]{6}"
    arn_example = "secret:my-secret-a1B2c3"
    describe_method = "describe_secret"
    describe_parameter = "SecretId"
    absent = "ResourceNotFoundException"

    def found_arn(self, found: Mapping[str, Any]) -> str | None:
        """Secrets Manager finds one by its name alone, which policies do not.

        Source: "DescribeSecret", AWS Secrets Manager API reference,
        https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DescribeSecret.html.
        """
        return found.get("ARN")

    def proof_commands(self, grant: Grant, owner: Account) -> list[list[str]]:  # noqa: ARG002 - any reads
        """Looks at it without showing what it holds."""
        describe = ["aws", "secretsmanager", "describe-secret", "--secret-id", self.existing_arn]
        return [[*describe, "--region", owner.region]]
