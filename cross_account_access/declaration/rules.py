"""AWS's rules for names and values: each takes a value and returns what is wrong with it, or None.

A rule states itself as the end of a sentence about the value ("must be ..."),
with the remedy where it is not obvious.
"""
# ruff: noqa: PLR2004 - the numbers are AWS's, stated beside the page that they are from

import ipaddress
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from cross_account_access.declaration.nearest import did_you_mean
from cross_account_access.facts import quotas
from cross_account_access.facts.partitions import known_regions

Rule = Callable[[str], str | None]

MFA_SECONDS: Final = range(60, quotas.MFA_SESSION_SECONDS.stop)
"""Since a code was typed, up to the longest session that MFA can open."""
NONCURRENT_DAYS: Final = range(1, 36501)
TAG_LIMIT: Final = 40
"""AWS takes 50 tags on a resource, and the program and the engine add their own."""

_IAM_NAME = re.compile(r"[\w+=,.@-]+", re.ASCII)
_IAM_PATH = re.compile(r"/(?:[\x21-\x7e]+/)?")
_PRIVATE: Final = tuple(
    ipaddress.ip_network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
)
_RESERVED_PREFIXES: Final = ("xn--", "sthree-", "amzn-s3-demo-")
_RESERVED_SUFFIXES: Final = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3", "-an")


def account_id(value: str) -> str | None:
    """Twelve digits.

    Source: "View AWS account identifiers",
    https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-identifiers.html.
    """
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


def message_name(kind: str, limit: int) -> Rule:
    """The name of a standard topic or queue.

    Source: "CreateTopic", https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html.
    Source: "CreateQueue",
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html.
    """

    def rule(value: str) -> str | None:
        if value.endswith(".fifo"):
            return f"is the name of a FIFO {kind}, which is not made here; leave .fifo out"
        if not re.fullmatch(rf"[A-Za-z0-9_-]{{1,{limit}}}", value):
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
    return None


def policy_arn(value: str) -> str | None:
    """The ARN of a managed policy, of the customer's or of AWS's own.

    Source: "IAM identifiers",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html.
    """
    if re.fullmatch(r"arn:aws[a-z-]*:iam::(?:\d{12}|aws):policy/[\w+=,.@/-]+", value, re.ASCII):
        return None
    return "must be the ARN of a managed policy, as in arn:aws:iam::111122223333:policy/Boundary"


def external_id(value: str) -> str | None:
    """2 to 1224 of a small alphabet.

    Source: "AssumeRole", AWS STS API reference,
    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html.
    """
    if not 2 <= len(value) <= 1224:
        return f"must have 2 to 1224 characters, not {len(value)}"
    if not re.fullmatch(r"[\w+=,.@:/-]+", value, re.ASCII):
        return "must consist of letters, digits and _+=,.@:/-"
    return None


def source_identity(value: str) -> str | None:
    """2 to 64 of a small alphabet.

    Source: "AssumeRole", AWS STS API reference,
    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html.
    """
    if value.lower().startswith("aws:"):
        return "must not begin with aws:, which AWS reserves"
    if not re.fullmatch(r"[\w+=,.@-]{2,64}", value, re.ASCII):
        return "must have 2 to 64 letters, digits and _+=,.@-"
    return None


def ip_range(value: str) -> str | None:
    """A CIDR range that `aws:SourceIp` can be in.

    Source: "AWS global condition context keys",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html.
    """
    try:
        network = ipaddress.ip_network(value)
    except ValueError as error:
        return f"must be a range of IP addresses, as in 203.0.113.0/24 ({error})"
    if network.prefixlen == 0:
        return "is every address; leave source_ips out where any will do"
    if any(network.version == 4 and network.overlaps(private) for private in _PRIVATE):
        return "is a private range; AWS sees the public address that requests come from"
    return None


def vpc_endpoint(value: str) -> str | None:
    """The ID of a VPC endpoint.

    Source: "VpcEndpoint", Amazon EC2 API reference,
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_VpcEndpoint.html.
    """
    if re.fullmatch(r"vpce-[0-9a-f]{8}(?:[0-9a-f]{9})?", value):
        return None
    return "must be the ID of a VPC endpoint of S3, SNS or SQS, as in vpce-0123456789abcdef0"


def moment(value: str) -> str | None:
    """A date or a time with its offset.

    Source: "IAM JSON policy elements: Condition operators",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html.
    """
    try:
        utc(value)
    except ValueError:
        return (
            "must be a date or a time with its offset, "
            "as in 2027-01-31 or 2027-01-31T18:00:00+01:00"
        )
    return None


def utc(value: str) -> str:
    """The moment as `YYYY-MM-DDTHH:MM:SSZ`; a date is its first moment, in UTC.

    Raises:
        ValueError: it is no moment, or a time without its offset.
    """
    # An unquoted date in YAML reaches us as Go writes it: 2027-01-31 00:00:00 +0000 UTC.
    parsed = datetime.fromisoformat(re.sub(r" ([+-]\d{4}) \S+$", r"\1", value))
    if len(value) == len("YYYY-MM-DD"):
        parsed = parsed.replace(tzinfo=UTC)
    if parsed.tzinfo is None:
        message = "a time without its offset"
        raise ValueError(message)
    return parsed.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def key_prefix(value: str) -> str | None:
    """The beginning of object keys, taken literally by policies.

    Source: "Naming Amazon S3 objects",
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html.
    """
    if not value.strip("/"):
        return "is the whole bucket; leave prefixes out for that"
    if value.startswith("/"):
        return f"must not begin with a slash, as keys do not: {value.lstrip('/')}"
    if any(wildcard in value for wildcard in ("*", "?", "${")):
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


def principal_pattern(partition: str, account: str) -> Rule:
    """Users or roles of one account, as `aws:PrincipalArn` has them.

    Source: "IAM identifiers",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html.
    """
    example = f"arn:{partition or 'aws'}:iam::{account or '444455556666'}:role/data/*"

    def rule(value: str) -> str | None:
        if re.fullmatch(r"arn:[^:]*:sts::[^:]*:assumed-role/.*", value):
            return f"must be the role's own ARN, not that of a session, as in {example}"
        parts = re.fullmatch(r"arn:([^:]*):iam::([^:]*):(?:user|role)/([\w+=,.@/*?-]+)", value)
        if not parts:
            return f"must be the ARN of users or roles, as in {example}"
        if account_id(account) is None and parts[2] != account:
            return f"must name the Staging account, {account}; other accounts are third_party"
        if partition and parts[1] != partition:
            return f"must be of partition {partition}, as in {example}"
        if not parts[3].strip("*?/"):
            return f"is everybody in the account; name some part of them, as in {example}"
        return None

    return rule


def issuer(value: str) -> str | None:
    """The URL of an OpenID Connect issuer.

    Source: "CreateOpenIDConnectProvider", IAM API reference,
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html.
    """
    if len(value) <= 255 and re.fullmatch(r"https://[a-z0-9.-]+(?:/[\w.~-]+)*", value, re.ASCII):
        return None
    return (
        "must be an https URL without a slash at the end, "
        "as in https://token.actions.githubusercontent.com"
    )


def audience(value: str) -> str | None:
    """A client ID.

    Source: "CreateOpenIDConnectProvider", IAM API reference,
    https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html.
    """
    if re.fullmatch(r"[\x21-\x7e]{1,255}", value) and not any(c in value for c in "*?$"):
        return None
    return "must be the token's audience, as in sts.amazonaws.com, without *, ? or $"


def subject(*, allow_wildcards: bool) -> Rule:
    """The `sub` of a token, pinned, since an issuer has other customers too.

    Source: "Create a role for OpenID Connect federation (console)",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-idp_oidc.html.
    """

    def rule(value: str) -> str | None:
        if not re.fullmatch(r"[\x21-\x7e]{1,255}", value) or "${" in value:
            return "must be the subject of a token, as in repo:my-org/my-repo:ref:refs/heads/main"
        literal = re.split(r"[*?]", value, maxsplit=1)[0]
        if literal == value:
            return None
        if "/" not in literal:
            return (
                "lets in other organizations of the issuer too; spell out everything up to the "
                "first slash, as in repo:my-org/*"
            )
        if not allow_wildcards:
            return (
                "has a wildcard; name the subjects one by one, or say "
                "allow_wildcard_subjects: true beside them"
            )
        return None

    return rule


def logical_name(value: str) -> str | None:
    """Our own names: they become part of Pulumi URNs and keys of outputs, so they stay plain."""
    if re.fullmatch(r"[a-z][a-z0-9-]{0,62}", value):
        return None
    return "must be lower-case letters, digits and hyphens, begin with a letter, 63 at the most"


def log_prefix(value: str) -> str | None:
    """A key prefix for access logs.

    Source: "Naming Amazon S3 objects",
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html.
    """
    if len(value.encode()) <= 512 and value.isprintable():
        return None
    return "must have at most 512 bytes and no control characters"


def tag_key(value: str) -> str | None:
    """1 to 128 of the characters that IAM and S3 both take.

    Source: "Tags for AWS Identity and Access Management resources",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html.
    """
    if value.lower().startswith("aws:"):
        return "must not begin with aws:, which AWS reserves"
    if not 1 <= len(value) <= 128 or not _tag_characters(value):
        return "must have 1 to 128 letters, digits, spaces and _.:/=+-@"
    return None


def tag_value(value: str) -> str | None:
    """0 to 256 of the same characters.

    Source: "Tags for AWS Identity and Access Management resources",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html.
    """
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
