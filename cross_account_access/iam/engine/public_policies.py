"""Which bucket policies Amazon S3 takes for public.

Rules: "Blocking public access to your Amazon S3 storage", The meaning of "public",
https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html.
"""

from __future__ import annotations

import ipaddress
import re
from typing import Final

from cross_account_access.iam.condition_keys import UNKNOWN_DOCUMENT
from cross_account_access.iam.documents import Condition, PolicyDocument, Statement
from cross_account_access.iam.engine.matching import Truth

_FIXING: Final = frozenset(
    {
        *("aws:principalaccount", "aws:principalarn", "aws:principalorgid"),
        *("aws:principalorgpaths", "aws:principalservicename", "aws:userid"),
        *("aws:sourcearn", "aws:sourcevpc", "aws:sourcevpce"),
        *("aws:sourceowner", "aws:sourceaccount"),
        *("s3:dataaccesspointarn", "s3:dataaccesspointaccount"),
    }
)
_POSITIVE: Final = frozenset(
    {
        *("StringEquals", "StringEqualsIgnoreCase", "StringLike", "ArnEquals", "ArnLike"),
        "IpAddress",
    }
)
_WIDEST: Final = {4: 8, 6: 32}
"""By version of IP: the shortest prefix of a range that is not public."""
_ACCESS_POINTS: Final = re.compile(r"arn:[a-z-]+:s3:[a-z0-9-]+:\d{12}:accesspoint/[^$]*")
_WILD: Final = re.compile(r"[*?]|\$\{")


def public_statement(document: PolicyDocument) -> Statement | None:
    """Return the first statement that makes the policy of a bucket public, if one does."""
    return next((each for each in document.statements if _is_public(each) is True), None)


def is_public(document: PolicyDocument) -> Truth:
    """Say whether the policy of a bucket is public; unknown where its content is not known."""
    if public_statement(document) is not None:
        return True
    return None if any(_is_public(each) is None for each in document.statements) else False


def _is_public(statement: Statement) -> Truth:
    """Every allow is, unless it is for fixed values of who asks or where the request is from."""
    if not statement.allows:
        return False
    if any(each.key.endswith(UNKNOWN_DOCUMENT) for each in statement.conditions):
        return None
    names_everybody = statement.not_principal or any(
        name == "*" for _, name in statement.principals
    )
    return names_everybody and not any(map(_fixes, statement.conditions))


def _fixes(condition: Condition) -> bool:
    """Say whether a condition leaves fixed values only; one that a missing key meets does not."""
    if condition.if_exists or condition.quantifier == "ForAllValues":
        return False
    if condition.comparison not in _POSITIVE or not condition.values:
        return False
    key = condition.key.lower()
    if key == "aws:sourceip":
        return condition.comparison == "IpAddress" and all(map(_is_narrow, condition.values))
    return key in _FIXING and all(
        not _WILD.search(value)
        or (key == "s3:dataaccesspointarn" and _ACCESS_POINTS.fullmatch(value) is not None)
        for value in condition.values
    )


def _is_narrow(addresses: str) -> bool:
    try:
        network = ipaddress.ip_network(addresses, strict=False)
    except ValueError:
        return False
    return network.prefixlen >= _WIDEST[network.version]
