"""Patterns for users and roles that name some of them, and not nearly everybody."""

import re
from fnmatch import fnmatchcase
from typing import Final

from cross_account_access.declaration.rules import Rule, account_id

_WILDCARDS: Final = re.compile(r"[*?]+")
_RESERVED: Final = "aws-reserved/"
"""Beginning of a role's path that only AWS can give."""
_PERMISSION_SETS: Final = f"{_RESERVED}sso.amazonaws.com/"
"""Path of the roles of permission sets; a region follows it unless that is us-east-1.

Source: "Referencing permission sets in resource policies, Amazon EKS Cluster config maps, and AWS
KMS key policies", https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html.
"""
_ROLE_OF_SET: Final = re.compile(
    rf"{re.escape(_PERMISSION_SETS)}(?:[a-z0-9*?-]+/)?\*?AWSReservedSSO_([\w+=,.@*?-]+)", re.ASCII
)
_ANY_SETS: Final = [
    f"{_PERMISSION_SETS}{region}AWSReservedSSO_Qzjx_4d2b9e7f1c8a6305"
    for region in ("", "eu-west-1/", "us-gov-west-1/")
]
"""Roles of permission sets of which no pattern for a certain set knows."""


def principal_pattern(partition: str, account: str) -> Rule:
    """Users or roles of one account, as `aws:PrincipalArn` has them.

    Source: "IAM identifiers",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html.
    """
    beginning = f"arn:{partition or 'aws'}:iam::{account or '444455556666'}:role/"
    example = f"{beginning}data/*"

    def rule(value: str) -> str | None:  # noqa: PLR0911 - each has its remedy
        if re.fullmatch(r"arn:[^:]*:sts::[^:]*:assumed-role/.*", value):
            return f"must be the role's own ARN, not that of a session, as in {example}"
        parts = re.fullmatch(
            r"arn:([^:]*):iam::([^:]*):(user|role)/([\w+=,.@/*?-]+)", value, re.ASCII
        )
        if not parts:
            return f"must be the ARN of users or roles, as in {example}"
        if account_id(account) is None and parts[2] != account:
            return (
                f"must name the Staging account, {account}; list another under accounts, or write "
                "third_party"
            )
        if partition and parts[1] != partition:
            return f"must be of partition {partition}, as in {example}"
        named, is_role = parts[4], parts[3] == "role"
        if not named.strip("*?/"):
            return f"is everybody in the account; name some part of them, as in {example}"
        if "//" in named or named.startswith("/") or named.endswith("/"):
            return f"matches nobody: no name is empty; mend its slashes, as in {example}"
        set_example = f"{beginning}{_PERMISSION_SETS}*AWSReservedSSO_Analysts_*"
        if is_role and named.startswith(_RESERVED):
            of_set = _ROLE_OF_SET.fullmatch(named)
            if of_set and _names_a_set(of_set[1]):
                return None
            return f"must name a permission set, and not all that there are, as in {set_example}"
        if not _names_somebody(named):
            return f"names nearly everybody in the account; spell out more, as in {example}"
        if is_role and any(fnmatchcase(role, named) for role in _ANY_SETS):
            return f"lets in every permission set; name one, as in {set_example}"
        if is_role and _is_meant_for_a_set(named):
            return (
                "lets in any role of this name that somebody makes in Staging; spell out the path "
                f"that only IAM Identity Center can give, as in {set_example}"
            )
        return None

    return rule


def _names_somebody(pattern: str) -> bool:
    """Whether enough of a name or path is spelled out, or a whole part of it."""
    if any(part and not _WILDCARDS.search(part) for part in pattern.split("/")):
        return True
    first, *inner, last = (sum(map(str.isalnum, run)) for run in _WILDCARDS.split(pattern))
    return max(first, last) >= 2 or max(inner, default=0) >= 3  # noqa: PLR2004 - few share them


def _names_a_set(pattern: str) -> bool:
    """Whether what follows AWSReservedSSO_ spells out a name, which random characters follow."""
    is_whole = re.fullmatch(r"[\w+=,.@-]+_(?:\*|\?{16})", pattern)
    return is_whole is not None or _names_somebody(pattern)


def _is_meant_for_a_set(pattern: str) -> bool:
    if "AWSReserved" in pattern:
        return True
    _, found, name = pattern.partition("SSO_")
    role = f"{_ANY_SETS[1].partition('SSO_')[0]}SSO_{_WILDCARDS.sub('x', name)}"
    return bool(found) and fnmatchcase(role, pattern)
