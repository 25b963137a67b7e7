"""AWS's rules for names and numbers: each takes a value and returns what is wrong with it, or None.

A rule states itself as the end of a sentence about the value ("must be ..."),
with the remedy where it is not obvious.
"""

import ipaddress
import json
import re
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Final

from settings.nearest import did_you_mean

Rule = Callable[[str], str | None]

SESSION_SECONDS: Final = range(3600, 43201)
"""A role's maximum session duration ("Update the maximum session duration for a role")."""
NONCURRENT_DAYS: Final = range(1, 36501)
CONSOLE_LIMIT: Final = 64
"""Characters of path and role name together that the console can switch to ("Switch from a user to
an IAM role (console)")."""

_IAM_NAME = re.compile(r"[\w+=,.@-]+", re.ASCII)
_IAM_PATH = re.compile(r"/(?:[\x21-\x7e]+/)?")
_RESERVED_PREFIXES: Final = ("xn--", "sthree-", "amzn-s3-demo-")
_RESERVED_SUFFIXES: Final = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3", "-an")


def account_id(value: str) -> str | None:
    """Twelve digits ("AWS account identifiers")."""
    if re.fullmatch(r"\d{12}", value, re.ASCII):
        return None
    if re.fullmatch(r"\d{9,11}", value, re.ASCII):
        return (
            "must be 12 digits: a YAML number loses its leading zeros, "
            f'so write it quoted, "{value.zfill(12)}" if that is the account'
        )
    return (
        'must be 12 digits, as in "111122223333"; see "Account ID" in the console\'s account menu'
    )


def profile(value: str) -> str | None:
    """A profile name that fits into one line of an AWS config file."""
    if re.fullmatch(r"[^\s\[\]'\"#;]+", value):
        return None
    return "must be the name of an AWS CLI profile without spaces, quotes or brackets"


def region(value: str) -> str | None:
    """A region that this version of the AWS SDK knows."""
    known = _partitions_by_region()
    if value in known:
        return None
    return f"must be an AWS region, as in us-west-2{did_you_mean(value, known)}"


def partition_of(region_name: str) -> str:
    """The partition of a known region (`aws`, `aws-cn`, `aws-us-gov`, ...)."""
    return _partitions_by_region()[region_name]


def bucket_name(value: str) -> str | None:
    """S3's rules, all of them ("General purpose bucket naming rules")."""
    if not 3 <= len(value) <= 63:
        return f"must have 3 to 63 characters, not {len(value)}"
    if not re.fullmatch(r"[a-z0-9.-]+", value):
        return "must consist of lower-case letters, digits, dots and hyphens"
    if not (value[0].isalnum() and value[-1].isalnum()):
        return "must begin and end with a letter or a digit"
    if ".." in value:
        return "must not have two dots in a row"
    if _is_ipv4(value):
        return "must not look like an IP address"
    for prefix in _RESERVED_PREFIXES:
        if value.startswith(prefix):
            return f"must not begin with {prefix}, which S3 reserves"
    for suffix in _RESERVED_SUFFIXES:
        if value.endswith(suffix):
            return f"must not end with {suffix}, which S3 reserves"
    return None


def iam_name(limit: int) -> Rule:
    """Letters, digits and `+=,.@_-`, up to `limit` characters ("IAM and AWS STS quotas")."""

    def rule(value: str) -> str | None:
        if not value or len(value) > limit:
            return f"must have 1 to {limit} characters, not {len(value)}"
        if not _IAM_NAME.fullmatch(value):
            return "must consist of letters, digits and +=,.@_-"
        return None

    return rule


def iam_path(value: str) -> str | None:
    """`/` or `/.../`, printable ASCII, up to 512 characters ("IAM identifiers")."""
    if len(value) > 512 or not _IAM_PATH.fullmatch(value):
        return "must begin and end with / and have at most 512 printable ASCII characters"
    if "//" in value:
        return "must not have two slashes in a row"
    return None


def policy_arn(value: str) -> str | None:
    """The ARN of a managed policy, of the customer's or of AWS's own ("IAM ARNs")."""
    if re.fullmatch(r"arn:aws[a-z-]*:iam::(?:\d{12}|aws):policy/[\w+=,.@/-]+", value, re.ASCII):
        return None
    return "must be the ARN of a managed policy, as in arn:aws:iam::111122223333:policy/Boundary"


def logical_name(value: str) -> str | None:
    """Our own names: they become part of Pulumi URNs and keys of outputs, so they stay plain."""
    if re.fullmatch(r"[a-z][a-z0-9-]{0,62}", value):
        return None
    return "must be lower-case letters, digits and hyphens, begin with a letter, 63 at the most"


def log_prefix(value: str) -> str | None:
    """A key prefix for access logs ("Creating object key names")."""
    if len(value.encode()) <= 512 and value.isprintable():
        return None
    return "must have at most 512 bytes and no control characters"


def tag_key(value: str) -> str | None:
    """1 to 128 of the characters that IAM and S3 both take ("Tags for IAM resources")."""
    if value.lower().startswith("aws:"):
        return "must not begin with aws:, which AWS reserves"
    if not 1 <= len(value) <= 128 or not _tag_characters(value):
        return "must have 1 to 128 letters, digits, spaces and _.:/=+-@"
    return None


def tag_value(value: str) -> str | None:
    """0 to 256 of the same characters ("Tags for IAM resources")."""
    if len(value) > 256 or not _tag_characters(value):
        return "must have at most 256 letters, digits, spaces and _.:/=+-@"
    return None


def _tag_characters(value: str) -> bool:
    return all(char.isalnum() or char in " _.:/=+-@" for char in value)


def _is_ipv4(value: str) -> bool:
    try:
        ipaddress.IPv4Address(value)
    except ValueError:
        return False
    return True


@cache
def _partitions_by_region() -> dict[str, str]:
    # Read as data: importing botocore's session costs more than the rest of the program.
    text = (files("botocore") / "data" / "partitions.json").read_text()
    return {
        name: partition["id"]
        for partition in json.loads(text)["partitions"]
        for name in partition["regions"]
        if not name.endswith("-global")
    }
