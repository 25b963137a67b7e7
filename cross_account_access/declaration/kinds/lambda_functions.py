"""Lambda functions of Staging."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from cross_account_access.declaration.accounts import Account, Accounts
from cross_account_access.declaration.fields import Texts
from cross_account_access.declaration.machines import HandedOut, Machines
from cross_account_access.declaration.model import SignIn


def function_name(value: str) -> str | None:
    """The name of a function.

    Source: "CreateFunction", AWS Lambda API reference,
    https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html.
    """
    if re.fullmatch(r"[A-Za-z0-9_-]{1,64}", value):
        return None
    return "must be the name of a function, 1 to 64 letters, digits, _ and -, without its ARN"


@dataclass(frozen=True, kw_only=True)
class LambdaFunctions(Machines):
    """Functions of AWS Lambda in the Staging account, by their execution role."""

    kind = "lambda_functions"
    words = "Lambda functions of Staging."
    example = "{role: {name: StageFunctions}}"
    signs_in = SignIn.ENVIRONMENT
    service = "lambda"
    called = "functions"

    functions: Annotated[
        tuple[str, ...],
        Texts(
            "Names of the functions that may have the role; any of Staging unless said.",
            function_name,
            example="[resize-images]",
        ),
    ] = ()

    def problems(self, accounts: Accounts) -> Iterator[tuple[str, str]]:  # noqa: ARG002
        """Who may have a role that exists is in its trust policy, which is its owner's."""
        if self.role.existing and self.functions:
            yield (
                "functions",
                "cannot be said of a role that exists, whose trust policy is its owner's; remove "
                "it",
            )

    def handed_out(self, owner: Account) -> HandedOut:
        """For functions of the account, or for those that are named.

        Source: "Defining Lambda function permissions with an execution role",
        https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html.
        """
        named = [owner.regional_arn("lambda", f"function:{each}") for each in self.functions]
        claims = {"aws:SourceAccount": [owner.account_id]}
        return HandedOut(
            service=self.service,
            claims={**claims, "aws:SourceArn": sorted(named)} if named else claims,
        )
