"""Functions of AWS Lambda."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from cross_account_access.declaration.accounts import Account
from cross_account_access.declaration.model import ExistingResource, Grant, LevelActions


@dataclass(frozen=True, kw_only=True)
class Function(ExistingResource):
    """A function that exists, with its versions and aliases.

    The actions are those of "Actions, resources, and condition keys for AWS Lambda",
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html.
    """

    kind = "function"
    service = "lambda"
    levels: ClassVar[Mapping[str, LevelActions]] = {
        "invoke": LevelActions(on_resource=("lambda:InvokeFunction",))
    }
    arn_form = r"function:[\w-]{1,64}"
    arn_example = "function:my-function"
    describe_method = "get_function_configuration"
    describe_parameter = "FunctionName"
    absent = "ResourceNotFoundException"

    def own_arns(self, owner: Account) -> tuple[str, ...]:
        """That of the function, and those of its versions and aliases."""
        return (self.arn(owner), f"{self.arn(owner)}:*")

    def proof_commands(self, grant: Grant, owner: Account) -> list[list[str]]:
        """Has Lambda check that it could be invoked, and does not invoke it."""
        if "invoke" not in grant.levels:
            return []
        invoke = ["aws", "lambda", "invoke", "--function-name", self.existing_arn]
        return [[*invoke, "--invocation-type", "DryRun", "--region", owner.region, "/dev/null"]]
