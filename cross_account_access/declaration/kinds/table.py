"""DynamoDB tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from cross_account_access.declaration.accounts import Account
from cross_account_access.declaration.model import ExistingResource, Grant, Level, LevelActions


@dataclass(frozen=True, kw_only=True)
class Table(ExistingResource):
    """A table that exists, with its indexes and its stream, which can only be read as a whole.

    The actions are those of "Actions, resources, and condition keys for Amazon DynamoDB",
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html.
    """

    kind = "table"
    service = "dynamodb"
    objects = "indexes and streams"
    levels: ClassVar[Mapping[str, LevelActions]] = {
        Level.READ: LevelActions(
            on_resource=(
                "dynamodb:BatchGetItem",
                "dynamodb:ConditionCheckItem",
                "dynamodb:DescribeTable",
                "dynamodb:GetItem",
                "dynamodb:PartiQLSelect",
                "dynamodb:Query",
                "dynamodb:Scan",
            ),
            on_objects=("dynamodb:PartiQLSelect", "dynamodb:Query", "dynamodb:Scan"),
        ),
        Level.WRITE: LevelActions(
            on_resource=(
                "dynamodb:BatchWriteItem",
                "dynamodb:DeleteItem",
                "dynamodb:DescribeTable",
                "dynamodb:PartiQLDelete",
                "dynamodb:PartiQLInsert",
                "dynamodb:PartiQLUpdate",
                "dynamodb:PutItem",
                "dynamodb:UpdateItem",
            )
        ),
        "stream": LevelActions(
            on_objects=(
                "dynamodb:DescribeStream",
                "dynamodb:GetRecords",
                "dynamodb:GetShardIterator",
            ),
            on_anything=("dynamodb:ListStreams",),
        ),
    }
    # "DynamoDB encryption at rest usage notes",
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/encryption.usagenotes.html.
    key_actions: ClassVar[Mapping[str, tuple[str, ...]]] = {
        Level.READ: ("kms:Decrypt",),
        Level.WRITE: ("kms:Decrypt", "kms:GenerateDataKey"),
        "stream": ("kms:Decrypt",),
    }
    arn_form = r"table/[\w.-]{3,255}"
    arn_example = "table/my-table"
    describe_method = "describe_table"
    describe_parameter = "TableName"
    absent = "ResourceNotFoundException"

    def inside(self, owner: Account) -> Mapping[str, str]:
        """Its indexes, and its streams: one, and those that it had."""
        arn = self.arn(owner)
        return {"indexes": f"{arn}/index/*", "streams": f"{arn}/stream/*"}

    def proof_commands(self, grant: Grant, owner: Account) -> list[list[str]]:
        """Looks at it; whoever may only write would have to write."""
        if Level.READ not in grant.levels:
            return []
        describe = ["aws", "dynamodb", "describe-table", "--table-name", self.existing_arn]
        return [[*describe, "--region", owner.region]]
