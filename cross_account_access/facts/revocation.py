"""How sessions of a role are ended before their time.

Nothing takes a session's credentials back; a policy of the role denies everything to those that are
older than a moment ("Revoke IAM role temporary security credentials",
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html).
"""

from typing import Any, Final

POLICY_NAME: Final = "revoked-sessions"
"""The inline policy of a role that has the denial."""


def denial(before: str) -> dict[str, Any]:
    """Return the one statement of it.

    Args:
        before: `YYYY-MM-DDTHH:MM:SSZ`; sessions that were issued earlier are denied everything.
    """
    return {
        "Sid": "DenyOlderSessions",
        "Effect": "Deny",
        "Action": ["*"],
        "Resource": ["*"],
        "Condition": {"DateLessThan": {"aws:TokenIssueTime": [before]}},
    }
