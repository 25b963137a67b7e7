"""DynamoDB tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from cross_account_access.declaration.accounts import Account
from cross_account_access.declaration.model import ExistingResource, Grant, Level, LevelActions


@dataclass(frozen=True, kw_only=True)
class Table(ExistingResource):
    """A table that exists, with its indexes, which can only be read as a whole.

    The actions are those of "Actions, resources, and condition keys for Amazon DynamoDB",
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html.
    """

    kind = "table"
    service = "dynamodb"
    objects = "indexes"
    levels: ClassVar[Mapping[Level, LevelActions]] = {
        Level.READ: LevelActions(
            on_resource=(
                "dynamodb:BatchGetItem",
                "dynamodb:ConditionCheckItem",
                "dynamodb:DescribeTable",
                "dynamodb:GetItem",
                "dynamodb:Query",
                "dynamodb:Scan",
            ),
            on_objects=("dynamodb:Query", "dynamodb:Scan"),
        ),
        Level.WRITE: LevelActions(
            on_resource=(
                "dynamodb:BatchWriteItem",
                "dynamodb:DeleteItem",
                "dynamodb:PutItem",
                "dynamodb:UpdateItem",
            )
        ),
    }
    arn_form = r"table/[\w.-]{3,255}"
    arn_example = "table/my-table"
    describe_method = "describe_table"
    describe_parameter = "TableName"
    absent = "ResourceNotFoundException"

    def arns(self, owner: Account) -> tuple[str, ...]:
        """The table's and that of its indexes."""
        return (self.arn(owner), f"{self.arn(owner)}/index/*")

    def proof_commands(self, grant: Grant, owner: Account) -> list[list[str]]:
        """Looks at it; whoever may only write would have to write."""
        if Level.READ not in grant.levels:
            return []
        describe = ["aws", "dynamodb", "describe-table", "--table-name", self.existing_arn]
        return [[*describe, "--region", owner.region]]
