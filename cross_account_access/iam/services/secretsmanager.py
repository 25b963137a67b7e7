"""AWS Secrets Manager: secrets.

No request fetches what a secret holds: reading is tried with a label that no version has, and what
changes a secret with what makes the request void. Who may not is refused all the same.
"""

from typing import Final

from cross_account_access.iam.services import Call, LivePolicy, Operation, Service

_SECRET: Final = {"SecretId": "{arn}"}
_VOID: Final = frozenset({"InvalidParameterException", "InvalidRequestException"})

SERVICE: Final = Service(
    refusals=frozenset({"AccessDeniedException"}),
    missing=frozenset({"ResourceNotFoundException"}),
    policy=LivePolicy(calls=(Call("get_resource_policy", _SECRET),), path=("ResourcePolicy",)),
    forms={"arn:${Partition}:secretsmanager:${Region}:${Account}:secret:${SecretId}": "any secret"},
    operations=(
        Operation(
            words="look at",
            actions=("secretsmanager:DescribeSecret",),
            levels=frozenset({"read"}),
            calls=(Call("describe_secret", _SECRET),),
        ),
        Operation(
            words="read",
            actions=("secretsmanager:GetSecretValue",),
            levels=frozenset({"read"}),
            calls=(Call("get_secret_value", {**_SECRET, "VersionStage": "access-verify"}),),
            invalid=frozenset({"ResourceNotFoundException"}),
            key_actions=("kms:Decrypt",),
        ),
        Operation(
            words="change",
            actions=("secretsmanager:PutSecretValue",),
            # With nothing to put, under a label that nobody asks for ("PutSecretValue",
            # https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_PutSecretValue.html).
            calls=(
                Call("put_secret_value", {**_SECRET, "VersionStages": ("access-verify-nothing",)}),
            ),
            invalid=_VOID,
        ),
        Operation(
            words="delete",
            actions=("secretsmanager:DeleteSecret",),
            # 7 days at the least ("DeleteSecret",
            # https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_DeleteSecret.html).
            calls=(Call("delete_secret", {**_SECRET, "RecoveryWindowInDays": 1}),),
            invalid=_VOID,
        ),
        Operation(
            words="rewrite the policy of",
            actions=("secretsmanager:PutResourcePolicy",),
            calls=(Call("put_resource_policy", {**_SECRET, "ResourcePolicy": "none"}),),
            invalid=_VOID | {"MalformedPolicyDocumentException"},
        ),
    ),
)
