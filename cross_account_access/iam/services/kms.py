"""AWS KMS: keys. What is needed of a key stands with the resources that it encrypts."""

from typing import Final

from cross_account_access.iam.services import Call, LivePolicy, Service, StackTypes

_DEFAULT: Final = {
    "Version": "2012-10-17",
    "Statement": (
        {
            "Sid": "Enable IAM User Permissions",
            "Effect": "Allow",
            "Principal": {"AWS": "arn:{partition}:iam::{account}:root"},
            "Action": "kms:*",
            "Resource": "*",
        },
    ),
}
"""What a key gets that is given no policy ("Default key policy",
https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html)."""

_MANAGE: Final = (
    *("kms:CreateAlias", "kms:UpdateAlias", "kms:DeleteAlias"),
    *("kms:EnableKey", "kms:DisableKey"),
    *("kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion"),
    *("kms:EnableKeyRotation", "kms:DisableKeyRotation", "kms:RotateKeyOnDemand"),
    *("kms:GetKeyRotationStatus", "kms:ListKeyRotations"),
    *("kms:DescribeKey", "kms:UpdateKeyDescription"),
    *("kms:GetKeyPolicy", "kms:ListKeyPolicies", "kms:PutKeyPolicy"),
    *("kms:ListGrants", "kms:RevokeGrant"),
    *("kms:TagResource", "kms:UntagResource", "kms:ListResourceTags"),
)
"""What manages a key of the stack, and neither uses it nor hands out its use by a grant
("Key policies in AWS KMS", https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html).
"""

SERVICE: Final = Service(
    left_to_owner=_MANAGE,
    missing=frozenset({"NotFoundException"}),
    policy=LivePolicy(
        calls=(Call("get_key_policy", {"KeyId": "{arn}", "PolicyName": "default"}),),
        path=("Policy",),
    ),
    stack=StackTypes(
        resources=("aws:kms/key:Key",),
        # A key that is not made yet has no ID; its logical name stands for it.
        arn="arn:{partition}:kms:{region}:{account}:key/{name}",
        policies={"aws:kms/keyPolicy:KeyPolicy": "keyId"},
        default_policy=_DEFAULT,
    ),
    forms={"arn:${Partition}:kms:${Region}:${Account}:key/${KeyId}": "any key"},
)
