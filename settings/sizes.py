"""Refuses what would make a policy document larger than AWS takes, before anything is made."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from components.policy_documents import (
    access_policy,
    assume_role_policy,
    bucket_policy,
    trust_policy,
)
from model import Accounts, Bucket, Consumer, Grant, Instances, User, Who
from settings import rules

_INLINE_LIMITS: Final[Mapping[type[Who], int]] = {
    User: rules.USER_INLINE_CHARACTERS,
    Instances: rules.ROLE_INLINE_CHARACTERS,
}
"""By those kinds whose own policy the program writes."""


def consumer_problems(
    consumer: Consumer, grants: Iterable[Grant], accounts: Accounts, trust_policy_limit: int
) -> Iterator[str]:
    """What is too large among the documents of a consumer that is otherwise right."""
    if size := _beyond(trust_policy_limit, trust_policy(consumer, accounts)):
        yield (
            f"needs a trust policy of {size} characters, and {trust_policy_limit} is the most; "
            "name fewer principals or conditions, or have AWS raise the quota and say so in "
            "trust_policy_limit"
        )
    own = [grant for grant in grants if grant.consumer == consumer.name]
    limit = rules.ACCESS_POLICY_CHARACTERS
    if size := _beyond(limit, access_policy(consumer, own, accounts)):
        yield (
            f"needs an access policy of {size} characters, and {limit} is the most; grant fewer "
            "prefixes, or make two consumers of it"
        )
    inline_limit = _INLINE_LIMITS.get(type(consumer.who))
    if inline_limit and (size := _beyond(inline_limit, assume_role_policy(consumer, accounts))):
        yield (
            f"needs an inline policy of {size} characters in Staging, and {inline_limit} is the "
            "most; shorten its conditions"
        )


def bucket_problem(bucket: Bucket, accounts: Accounts) -> str | None:
    """Whether the policy of a bucket is too large."""
    size, limit = len(bucket_policy(bucket, accounts).encode()), rules.BUCKET_POLICY_BYTES
    if size <= limit:
        return None
    return f"needs a bucket policy of {size} bytes, and {limit} is the most; grant less of it"


def _beyond(limit: int, document: str) -> int | None:
    """The characters that IAM counts, where they are too many: all but white space."""
    size = len("".join(document.split()))
    return size if size > limit else None
