"""AWS Systems Manager: parameters of Parameter Store.

No request fetches what a parameter holds: reading is tried with a label that no version has.
"""

from typing import Final

from cross_account_access.iam.services import Call, Operation, Service

_LABELLED: Final = "{arn}:access-verify"
_READ: Final = frozenset({"read"})

SERVICE: Final = Service(
    refusals=frozenset({"AccessDeniedException"}),
    missing=frozenset({"ParameterNotFound"}),
    forms={
        "arn:${Partition}:ssm:${Region}:${Account}:parameter/${ParameterNameWithoutLeadingSlash}": (
            "any parameter"
        )
    },
    operations=(
        Operation(
            words="read",
            actions=("ssm:GetParameter",),
            levels=_READ,
            calls=(Call("get_parameter", {"Name": _LABELLED}),),
            invalid=frozenset({"ParameterNotFound", "ParameterVersionNotFound"}),
            key_actions=("kms:Decrypt",),
        ),
        Operation(
            words="read several at once with",
            actions=("ssm:GetParameters",),
            levels=_READ,
            key_actions=("kms:Decrypt",),
            checks_refusal=False,
        ),
        Operation(
            words="read the history of",
            actions=("ssm:GetParameterHistory",),
            levels=_READ,
            key_actions=("kms:Decrypt",),
        ),
        Operation(
            words="change",
            actions=("ssm:PutParameter",),
            levels=frozenset({"write"}),
            # A value that breaks the pattern, which may not be of a parameter that exists
            # ("PutParameter",
            # https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html).
            calls=(
                Call(
                    "put_parameter",
                    {
                        "Name": "/{bare_name}",
                        "Value": "access-verify",
                        "Type": "String",
                        "AllowedPattern": "^nothing$",
                    },
                ),
            ),
            invalid=frozenset({"ParameterAlreadyExists", "ParameterPatternMismatchException"}),
            key_actions=("kms:Encrypt", "kms:GenerateDataKey"),
        ),
        Operation(words="read all below", actions=("ssm:GetParametersByPath",)),
        Operation(words="delete", actions=("ssm:DeleteParameter",)),
    ),
)
