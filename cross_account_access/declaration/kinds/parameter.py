"""Parameters of AWS Systems Manager Parameter Store."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from cross_account_access.declaration.accounts import Account
from cross_account_access.declaration.model import ExistingResource, Grant, Level, LevelActions


@dataclass(frozen=True, kw_only=True)
class Parameter(ExistingResource):
    """A parameter that exists, of any type.

    The actions are those of "Actions, resources, and condition keys for AWS Systems Manager",
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html.
    """

    kind = "parameter"
    service = "ssm"
    levels: ClassVar[Mapping[str, LevelActions]] = {
        Level.READ: LevelActions(
            on_resource=("ssm:GetParameter", "ssm:GetParameterHistory", "ssm:GetParameters")
        ),
        Level.WRITE: LevelActions(on_resource=("ssm:PutParameter",)),
    }
    # A secure string of the standard tier is encrypted with the key itself, one of the advanced
    # tier with a data key: "AWS KMS encryption for AWS Systems Manager Parameter Store SecureString
    # parameters",
    # https://docs.aws.amazon.com/systems-manager/latest/userguide/secure-string-parameter-kms-encryption.html.
    key_actions: ClassVar[Mapping[str, tuple[str, ...]]] = {
        Level.READ: ("kms:Decrypt",),
        Level.WRITE: ("kms:Encrypt", "kms:GenerateDataKey"),
    }
    # The slash before the name of a hierarchy is not in its ARN.
    arn_form = r"parameter(?:/[\w.-]+)+"
    arn_example = "parameter/my-service/my-parameter"
    describe_method = "get_parameter"
    describe_parameter = "Name"
    absent = "ParameterNotFound"

    def proof_commands(self, grant: Grant, owner: Account) -> list[list[str]]:
        """Reads it, encrypted where it is a secure string."""
        if Level.READ not in grant.levels:
            return []
        read = ["aws", "ssm", "get-parameter", "--name", self.existing_arn]
        return [[*read, "--region", owner.region]]
