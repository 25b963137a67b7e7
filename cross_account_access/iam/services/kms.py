"""AWS KMS: keys. What is needed of a key stands with the resources that it encrypts."""

from typing import Final

from cross_account_access.iam.services import Call, LivePolicy, Service

SERVICE: Final = Service(
    missing=frozenset({"NotFoundException"}),
    policy=LivePolicy(
        calls=(Call("get_key_policy", {"KeyId": "{arn}", "PolicyName": "default"}),),
        path=("Policy",),
    ),
)
