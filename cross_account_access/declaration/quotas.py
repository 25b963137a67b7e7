"""AWS's limits on the sizes of policies and sessions."""

from typing import Final

SESSION_SECONDS: Final = range(3600, 43201)
"""A role's maximum session duration ("Update the maximum session duration for a role")."""
CHAINED_SESSION_SECONDS: Final = 3600
"""The longest session of a role that is assumed from another role ("Methods to assume a role")."""
MFA_SECONDS: Final = range(60, 129601)
"""Up to the longest session that MFA can open ("GetSessionToken", AWS STS API reference)."""
CONSOLE_LIMIT: Final = 64
"""Characters of path and role name together that the console can switch to ("Switch from a user to
an IAM role (console)")."""
TRUST_POLICY_CHARACTERS: Final = range(2048, 8193)
"""The default quota of an account and the highest that it can be raised to ("IAM and AWS STS
quotas")."""
MANAGED_POLICY_CHARACTERS: Final = 6144
"""A managed policy, white space not counted ("IAM and AWS STS quotas")."""
MANAGED_POLICIES: Final = 10
"""Managed policies that a role may have attached ("IAM and AWS STS quotas")."""
USER_INLINE_CHARACTERS: Final = 2048
"""All inline policies of a user together, white space not counted ("IAM and AWS STS quotas")."""
ROLE_INLINE_CHARACTERS: Final = 10240
"""All inline policies of a role together, white space not counted ("IAM and AWS STS quotas")."""
BUCKET_POLICY_BYTES: Final = 20480
"""20 KB ("Bucket policies for Amazon S3")."""
TOPIC_POLICY_BYTES: Final = 30720
TOPIC_POLICY_STATEMENTS: Final = 100
"""Both from "Amazon SNS API permissions: Actions and resources reference"."""
QUEUE_POLICY_BYTES: Final = 8192
QUEUE_POLICY_STATEMENTS: Final = 20
"""Both from "Amazon SQS quotas", policy quotas."""
KEY_POLICY_BYTES: Final = 32768
"""32 KB ("AWS KMS quotas", key policy document size)."""
