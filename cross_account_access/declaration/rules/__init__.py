"""AWS's rules for names and values: each takes a value and returns what is wrong with it, or None.

A rule states itself as the end of a sentence about the value ("must be ..."),
with the remedy where it is not obvious.
"""
# ruff: noqa: PLR2004 - the numbers are AWS's, stated beside the page that they are from

import ipaddress
import re
from collections.abc import Callable
from typing import Final

from cross_account_access.declaration.accounts import Account
from cross_account_access.declaration.nearest import did_you_mean
from cross_account_access.facts import quotas
from cross_account_access.facts.partitions import known_regions

Rule = Callable[[str], str | None]

MFA_SECONDS: Final = range(60, quotas.MFA_SESSION_SECONDS.stop)
"""Since a code was typed, up to the longest session that MFA can open."""
NONCURRENT_DAYS: Final = range(1, 36501)
RETENTION_DAYS: Final = range(1, 36501)
RETENTION_YEARS: Final = range(1, 101)
"""As days, the most that S3 locks an object for ("Object Lock considerations",
https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html)."""
TAG_LIMIT: Final = 40
"""AWS takes 50 tags on a resource, and the program and the engine add their own."""

EXTERNAL_ID_EXAMPLE: Final = "what-the-third-party-gave-you"
"""Told to whoever has left theirs out."""

_IAM_NAME = re.compile(r"[\w+=,.@-]+", re.ASCII)
_IAM_PATH = re.compile(r"/(?:[\x21-\x7e]+/)?")
_RESERVED_PREFIXES: Final = ("xn--", "sthree-", "amzn-s3-demo-")
_OF_ACCOUNT: Final = "-an"
_RESERVED_SUFFIXES: Final = (
    *("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"),
    _OF_ACCOUNT,
)


def account_id(value: str) -> str | None:
    """Twelve digits.

    Source: "View AWS account identifiers",
    https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-identifiers.html.
    """
    if re.fullmatch(r"\d{12}", value, re.ASCII):
        return None
    if re.fullmatch(r"\d{1,11}", value, re.ASCII):
        return (
            "must be 12 digits: without quotes, YAML makes another number of one that begins with "
            "a zero; write the account ID in quotes, all 12 digits as the account menu shows them"
        )
    return (
        'must be 12 digits without hyphens, as in "111122223333"; see "Account ID" in the '
        "console's account menu"
    )


def profile(value: str) -> str | None:
    """A profile name that fits into one line of an AWS config file."""
    if re.fullmatch(r"[^\s\[\]'\"#;]+", value):
        return None
    return "must be the name of an AWS CLI profile without spaces, quotes or brackets"


def region(value: str) -> str | None:
    """A region that this version of the AWS SDK knows."""
    known = known_regions()
    if value in known:
        return None
    return f"must be an AWS region, as in us-west-2{did_you_mean(value, known)}"


def bucket_name(value: str) -> str | None:  # noqa: PLR0911 - S3 has this many rules
    """S3's rules, all of them.

    Source: "General purpose bucket naming rules",
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html.
    """
    allowed = quotas.BUCKET_NAME_CHARACTERS
    if len(value) not in allowed:
        bounds = f"{allowed.start} to {allowed.stop - 1}"
        return f"must have {bounds} characters, not {len(value)}"
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


def existing_bucket_name(value: str) -> str | None:
    """Of a bucket that is there already: older ones in us-east-1 keep fewer rules.

    What ends with `-an` is a bucket in the namespace of an account.

    Source: "General purpose bucket naming rules",
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html.
    """
    allowed = quotas.OLD_BUCKET_NAME_CHARACTERS
    if len(value) < allowed.start:
        return bucket_name(value)
    if not re.fullmatch(r"[\w.-]+", value, re.ASCII) or len(value) not in allowed:
        return (
            f"must be the name of a bucket: {allowed.start} to {allowed.stop - 1} letters, digits, "
            "dots, hyphens and underscores"
        )
    for suffix in _RESERVED_SUFFIXES:
        if suffix != _OF_ACCOUNT and value.endswith(suffix):
            return f"is no bucket: S3 gives names that end with {suffix} to other things"
    return None


def message_name(kind: str, limit: int, *, fifo: bool = False) -> Rule:
    """The name of a topic or queue, a standard one unless `fifo`.

    Source: "CreateTopic", https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html.
    Source: "CreateQueue",
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html.
    """

    def rule(value: str) -> str | None:
        is_fifo = value.endswith(".fifo")
        if is_fifo and not fifo:
            return f"is the name of a FIFO {kind}, which is not made here; leave .fifo out"
        if not re.fullmatch(r"[A-Za-z0-9_-]+", value.removesuffix(".fifo")) or len(value) > limit:
            return f"must have 1 to {limit} letters, digits, hyphens and underscores"
        return None

    return rule


def encryption(value: str) -> str | None:
    """`s3` or `kms`.

    Source: "Changing a key policy",
    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying.html.
    """
    if value in ("s3", "kms"):
        return None
    if "aws/s3" in value:
        return (
            "is the AWS-managed key, whose key policy nobody can change, so that it cannot be "
            "shared across accounts; write kms for a key that the stack makes for the bucket"
        )
    return (
        "must be s3 (keys of S3) or kms (a key that the stack makes for the bucket)"
        f"{did_you_mean(value, ['s3', 'kms'])}"
    )


def iam_name(limit: int) -> Rule:
    """Letters, digits and `+=,.@_-`, up to `limit` characters.

    Source: "IAM and AWS STS quotas",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html.
    """

    def rule(value: str) -> str | None:
        if not value or len(value) > limit:
            return f"must have 1 to {limit} characters, not {len(value)}"
        if not _IAM_NAME.fullmatch(value):
            return "must consist of letters, digits and +=,.@_-"
        return None

    return rule


policy_name: Final = iam_name(quotas.POLICY_NAME_CHARACTERS)
"""Of a managed or an inline policy."""


def iam_path(value: str) -> str | None:
    """`/` or `/.../`, printable ASCII, up to 512 characters.

    Source: "IAM identifiers",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html.
    """
    if len(value) > 512 or not _IAM_PATH.fullmatch(value):
        return "must begin and end with / and have at most 512 printable ASCII characters"
    if "//" in value:
        return "must not have two slashes in a row"
    if _has_wildcard(value):
        return "must not have *, ? or ${: policies would take it as a pattern for other paths too"
    return None


def permissions_boundary(owner: Account) -> Rule:
    """The ARN of a managed policy of the principal's own account, or of AWS.

    Source: "Permissions boundaries for IAM entities",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html.
    """
    partition, account = owner.partition or "aws", owner.account_id
    example = f"arn:{partition}:iam::{account or '111122223333'}:policy/Boundary"

    def rule(value: str) -> str | None:
        parts = re.fullmatch(
            r"arn:(aws[a-z-]*):iam::(\d{12}|aws):policy/((?:[\w+=,.@-]+/)*)([\w+=,.@-]{1,128})",
            value,
            re.ASCII,
        )
        if not parts or len(parts[3]) >= quotas.PATH_CHARACTERS:
            return f"must be the ARN of a managed policy, as in {example}"
        if owner.partition and parts[1] != owner.partition:
            return f"must be of partition {owner.partition}, as in {example}"
        if account and parts[2] not in (account, "aws"):
            return (
                f"must be a policy of AWS or of the principal's own account, {account}, "
                f"as in {example}"
            )
        return None

    return rule


def external_id(value: str) -> str | None:
    """Some of a small alphabet, and none that a message of ours has told everybody.

    Those of `examples/` are taken: they go with the account and the names that stand there, and the
    role of another stack that copies one trusts its own third party alone.

    Source: "AssumeRole", AWS STS API reference,
    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html.
    """
    if value.lower() in (EXTERNAL_ID_EXAMPLE, "what-was-printed"):
        return (
            "is the example of a message and no external ID; write what the third party gave you, "
            "or what access external-id prints"
        )
    if len(value) not in quotas.EXTERNAL_ID_CHARACTERS:
        return f"must have {_span(quotas.EXTERNAL_ID_CHARACTERS)} characters, not {len(value)}"
    if not re.fullmatch(r"[\w+=,.@:/-]+", value, re.ASCII):
        return "must consist of letters, digits and _+=,.@:/-"
    return None


def source_identity(value: str) -> str | None:
    """Some of a small alphabet.

    Source: "AssumeRole", AWS STS API reference,
    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html.
    """
    if value.lower().startswith("aws:"):
        return "must not begin with aws:, which AWS reserves"
    lengths = quotas.SOURCE_IDENTITY_CHARACTERS
    if len(value) not in lengths or not _IAM_NAME.fullmatch(value):
        return f"must have {_span(lengths)} letters, digits and _+=,.@-"
    return None


def vpc_endpoint(value: str) -> str | None:
    """The ID of a VPC endpoint.

    Source: "VpcEndpoint", Amazon EC2 API reference,
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_VpcEndpoint.html.
    """
    if re.fullmatch(r"vpce-[0-9a-f]{8}(?:[0-9a-f]{9})?", value):
        return None
    return "must be the ID of a VPC endpoint of S3, SNS or SQS, as in vpce-0123456789abcdef0"


def key_prefix(value: str) -> str | None:  # noqa: PLR0911 - each mistake has its remedy
    """The beginning of object keys, taken literally by policies.

    Source: "Naming Amazon S3 objects",
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html.
    """
    if not value.strip("/"):
        return "is the whole bucket; leave prefixes out for that"
    if re.match(r"[A-Za-z0-9+.-]+://|arn:", value):
        return "is an address; write what keys in the bucket begin with, as in images/"
    if value.startswith("/"):
        return f"must not begin with a slash, as keys do not: {value.lstrip('/')}"
    if "//" in value or {".", ".."} & set(value.split("/")):
        return (
            "has a part that is empty, . or .., which keys do not have; write it as the keys "
            "begin, as in images/"
        )
    if _has_wildcard(value):
        return "must not have *, ? or ${: a prefix is taken literally, and all below it is meant"
    if not re.fullmatch(r"[\x20-\x7e\xa0-\xff]{1,512}", value):
        return "must have at most 512 characters, none beyond those of a policy document (U+00FF)"
    return None


def organization_id(value: str) -> str | None:
    """The form of AWS.

    Source: "Organization", AWS Organizations API reference,
    https://docs.aws.amazon.com/organizations/latest/APIReference/API_Organization.html.
    """
    if re.fullmatch(r"o-[a-z0-9]{10,32}", value):
        return None
    return "must be the ID of an organization, as in o-a1b2c3d4e5"


def organization_path(organization: str) -> Rule:
    """A path of a unit of this organization.

    Source: "AWS global condition context keys",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html.
    """
    unit = r"ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}"

    def rule(value: str) -> str | None:
        if re.fullmatch(rf"{re.escape(organization)}/r-[0-9a-z]{{4,32}}/({unit}/)*\*?", value):
            return None
        return (
            "must be the path of a unit, from the organization down, with /* to mean all below it, "
            f"as in {organization or 'o-a1b2c3d4e5'}/r-ab12/ou-ab12-11111111/*"
        )

    return rule


def audience(value: str) -> str | None:
    """A client ID.

    Source: "CreateOpenIDConnectProvider", IAM API reference,
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html.
    """
    most = quotas.AUDIENCE_CHARACTERS
    if re.fullmatch(rf"[\x21-\x7e]{{1,{most}}}", value) and not any(c in value for c in "*?$"):
        return None
    return "must be the token's audience, as in sts.amazonaws.com, without *, ? or $"


def logical_name(value: str) -> str | None:
    """Our own names: they become part of Pulumi URNs and keys of outputs, so they stay plain.

    A consumer's is that of its sessions too, which has two characters at least: "AssumeRole", AWS
    STS API reference, https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html.
    """
    if re.fullmatch(r"[a-z][a-z0-9-]{1,62}", value):
        return None
    return "must be lower-case letters, digits and hyphens, begin with a letter, and have 2 to 63"


def log_prefix(value: str) -> str | None:
    """A key prefix for access logs.

    Source: "Naming Amazon S3 objects",
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html.
    """
    if len(value.encode()) <= 512 and value.isprintable():
        return None
    return "must have at most 512 bytes and no control characters"


def tag_key(value: str) -> str | None:
    """Some of the characters that IAM and S3 both take.

    Source: "Tags for AWS Identity and Access Management resources",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html.
    """
    if value.lower().startswith("aws:"):
        return "must not begin with aws:, which AWS reserves"
    most = quotas.TAG_KEY_CHARACTERS
    if not 1 <= len(value) <= most or not _tag_characters(value):
        return f"must have 1 to {most} letters, digits, spaces and _.:/=+-@"
    return None


def tag_value(value: str) -> str | None:
    """Some of the same characters, or none.

    Source: "Tags for AWS Identity and Access Management resources",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html.
    """
    if value.lower().startswith("aws:"):
        return "must not begin with aws:, which AWS reserves"
    most = quotas.TAG_VALUE_CHARACTERS
    if len(value) > most or not _tag_characters(value):
        return f"must have at most {most} letters, digits, spaces and _.:/=+-@"
    return None


def _span(lengths: range) -> str:
    return f"{lengths[0]} to {lengths[-1]}"


def _has_wildcard(value: str) -> bool:
    """Whether IAM takes it as a pattern, in ARNs and where it compares with `ArnLike`.

    Source: "IAM JSON policy elements: Resource",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html.
    """
    return any(each in value for each in ("*", "?", "${"))


def _tag_characters(value: str) -> bool:
    return all(char.isalnum() or char in " _.:/=+-@" for char in value)


def _is_ipv4(value: str) -> bool:
    try:
        ipaddress.IPv4Address(value)
    except ValueError:
        return False
    return True
