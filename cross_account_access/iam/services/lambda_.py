"""AWS Lambda: functions, with their versions and aliases.

No function runs: invoking is tried dry.
"""

from typing import Final

from cross_account_access.iam.services import Call, LivePolicy, Operation, Service

_FUNCTION: Final = {"FunctionName": "{arn}"}
_DRY: Final = {**_FUNCTION, "InvocationType": "DryRun"}
_EVERY_VERSION: Final = ("{arn}", "{arn}:*")
_INVOKE: Final = frozenset({"invoke"})

SERVICE: Final = Service(
    refusals=frozenset({"AccessDeniedException"}),
    missing=frozenset({"ResourceNotFoundException"}),
    policy=LivePolicy(
        calls=(Call("get_policy", _FUNCTION),),
        path=("Policy",),
        # The function itself has been seen by then.
        none=frozenset({"ResourceNotFoundException"}),
    ),
    forms={"arn:${Partition}:lambda:${Region}:${Account}:function:${FunctionName}": "any function"},
    operations=(
        Operation(
            words="invoke",
            actions=("lambda:InvokeFunction",),
            levels=_INVOKE,
            everything=_EVERY_VERSION,
            calls=(Call("invoke", _DRY),),
        ),
        Operation(
            words="look at",
            actions=("lambda:GetFunctionConfiguration",),
            calls=(Call("get_function_configuration", _FUNCTION),),
        ),
        Operation(words="fetch the code of", actions=("lambda:GetFunction",)),
        Operation(words="change the code of", actions=("lambda:UpdateFunctionCode",)),
        Operation(
            words="change the settings of",
            actions=("lambda:UpdateFunctionConfiguration",),
            # With nothing to change, of a revision that there is none
            # ("UpdateFunctionConfiguration",
            # https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html).
            calls=(
                Call("update_function_configuration", {**_FUNCTION, "RevisionId": "access-verify"}),
            ),
            invalid=frozenset({"PreconditionFailedException"}),
        ),
        Operation(words="delete", actions=("lambda:DeleteFunction",)),
        Operation(words="rewrite the policy of", actions=("lambda:AddPermission",)),
    ),
)
