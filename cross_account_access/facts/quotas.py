"""Quotas and limits of AWS, each below the page that publishes it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

# "IAM and AWS STS quotas",
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html

MANAGED_POLICY_CHARACTERS: Final = 6144
"""A managed policy, as `policy_characters` counts."""
MANAGED_POLICIES_OF_ROLE: Final = 10
"""Managed policies that a role may have attached; an account can have this raised."""
USER_INLINE_CHARACTERS: Final = 2048
"""All inline policies of a user together, as `policy_characters` counts."""
ROLE_INLINE_CHARACTERS: Final = 10_240
"""All inline policies of a role together, as `policy_characters` counts."""
GROUP_INLINE_CHARACTERS: Final = 5_120
"""All inline policies of a group together, as `policy_characters` counts."""
TRUST_POLICY_CHARACTERS: Final = range(2048, 8193)
"""From what every account may have to what it can be raised to, as `policy_characters` counts."""
ROLE_NAME_CHARACTERS: Final = 64
POLICY_NAME_CHARACTERS: Final = 128
"""Of a managed or an inline policy."""
INSTANCE_PROFILE_NAME_CHARACTERS: Final = 128
PATH_CHARACTERS: Final = 512
SWITCH_ROLE_CHARACTERS: Final = 64
"""Path and name of a role together, where the console is to switch to it."""
EXTERNAL_ID_CHARACTERS: Final = range(2, 1225)
TAGS_OF_PRINCIPAL: Final = 50
TAG_KEY_CHARACTERS: Final = 128
TAG_VALUE_CHARACTERS: Final = 256


def policy_characters(document: str) -> int:
    """The characters of a policy document that IAM counts against its quotas: no white space."""
    return len("".join(document.split()))


# "User", IAM API reference, https://docs.aws.amazon.com/IAM/latest/APIReference/API_User.html

USER_NAME_CHARACTERS: Final = 64
OLD_USER_NAME_CHARACTERS: Final = 128
"""Of users made before the limit was lowered."""

# "CreateRole", IAM API reference,
# https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html

ROLE_SESSION_SECONDS: Final = range(3600, 43_201)
"""A role's maximum session duration."""
DEFAULT_ROLE_SESSION_SECONDS: Final = 3600
"""The maximum session duration of a role that says nothing else."""

# "CreateOpenIDConnectProvider", IAM API reference,
# https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html

ISSUER_CHARACTERS: Final = 255
AUDIENCE_CHARACTERS: Final = 255

# "AssumeRole", AWS STS API reference,
# https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html

SESSION_SECONDS: Final = range(900, 43_201)
"""What may be asked for; the role's own maximum is a limit besides."""
DEFAULT_SESSION_SECONDS: Final = 3600
"""The length of a session that nobody asked another length for."""
SESSION_NAME_CHARACTERS: Final = range(2, 65)
SOURCE_IDENTITY_CHARACTERS: Final = range(2, 65)

# "Methods to assume a role",
# https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_manage-assume.html

CHAINED_SESSION_SECONDS: Final = 3600
"""The longest session of a role that is assumed from another role."""

# "GetSessionToken", AWS STS API reference,
# https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html

MFA_SESSION_SECONDS: Final = range(900, 129_601)
"""Sessions of a user that MFA can open."""

# "General purpose bucket naming rules",
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html

BUCKET_NAME_CHARACTERS: Final = range(3, 64)

OLD_BUCKET_NAME_CHARACTERS: Final = range(3, 256)
"""Of buckets that are older than the rules, in us-east-1."""

# "Amazon S3 endpoints and quotas",
# https://docs.aws.amazon.com/general/latest/gr/s3.html

NOTIFICATIONS_OF_BUCKET: Final = 100

# "DeleteObjects", Amazon S3 API reference,
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html

OBJECTS_OF_DELETE: Final = 1000
"""Objects that one request deletes."""

# "CreateTopic", Amazon SNS API reference,
# https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html

TOPIC_NAME_CHARACTERS: Final = 256

# "Publish", Amazon SNS API reference,
# https://docs.aws.amazon.com/sns/latest/api/API_Publish.html

SUBJECT_CHARACTERS: Final = 100

# "CreateQueue", Amazon SQS API reference,
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html

QUEUE_NAME_CHARACTERS: Final = 80

# "SendMessage", Amazon SQS API reference,
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html

MESSAGE_DELAY_SECONDS: Final = 900

# "PutParameter", AWS Systems Manager API reference,
# https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html

STANDARD_PARAMETER_CHARACTERS: Final = 4096
ADVANCED_PARAMETER_CHARACTERS: Final = 8192


@dataclass(frozen=True, kw_only=True)
class ResourcePolicyQuota:
    """How large the policy of a resource may be; None where AWS publishes no limit."""

    size: int
    """Bytes of the document, white space as well."""
    statements: int | None = None
    principals: int | None = None
    """Of the whole document."""
    conditions: int | None = None
    """Of the whole document."""
    actions_of_statement: int | None = None


RESOURCE_POLICIES: Final[Mapping[str, ResourcePolicyQuota]] = {
    # "Bucket policies for Amazon S3",
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html
    "s3": ResourcePolicyQuota(size=20_480),
    # "Amazon SNS API permissions: Actions and resources reference",
    # https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html
    "sns": ResourcePolicyQuota(size=30_720, statements=100),
    # "Amazon SQS policy quotas",
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html
    "sqs": ResourcePolicyQuota(
        size=8192, statements=20, principals=50, conditions=10, actions_of_statement=7
    ),
    # "Resource quotas", AWS KMS developer guide,
    # https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html
    "kms": ResourcePolicyQuota(size=32_768),
    # "AWS Secrets Manager quotas",
    # https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
    "secretsmanager": ResourcePolicyQuota(size=20_480),
    # "DynamoDB resource-based policy considerations",
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/rbac-considerations.html
    "dynamodb": ResourcePolicyQuota(size=20_480),
}
"""By service, as its ARNs name it."""
