"""What grants mean: the actions, resources and conditions of statements, whoever they are for.

The access policy of a role, the policy of a resource, that of a key and the
caller's own are made of the same permissions, so that no two contradict one
another.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from cross_account_access.declaration.model import (
    Accounts,
    Bucket,
    ConditionBlock,
    Conditions,
    Consumer,
    Grant,
    Level,
    Resource,
    Topic,
    Via,
)

ENCRYPT: Final = ("kms:Decrypt", "kms:GenerateDataKey")
"""What an upload needs of the key of a bucket; a multipart one also reads what it wrote before
("Uploading and copying objects using multipart upload")."""

_KEY_ACTIONS: Final[Mapping[Level, tuple[str, ...]]] = {
    Level.READ: ("kms:Decrypt",),
    Level.WRITE: ENCRYPT,
}
"""By those levels that reach into objects."""

_TELLS_NO_KEYS: Final = frozenset({"s3:GetBucketLocation"})
"""Bucket actions that a grant of a few prefixes may keep as they are."""
_KNOWS_THE_PREFIX: Final = frozenset({"s3:ListBucket"})
"""Bucket actions that can be confined by `s3:prefix` ("Actions, resources, and condition keys for
Amazon S3")."""
_HAS_ENDPOINT: Final = frozenset({"sns:Subscribe"})
"""Topic actions that can be confined by `sns:Endpoint` (the same of Amazon SNS)."""


class Permission(NamedTuple):
    """Part of a statement that allows something."""

    sid: str
    actions: Iterable[str]
    resources: Sequence[str]
    conditions: Sequence[ConditionBlock]


Meaning = Callable[[Consumer, Iterable[Grant], Accounts], Iterator[Permission]]


def permissions(
    consumer: Consumer, grants: Iterable[Grant], accounts: Accounts
) -> Iterator[Permission]:
    """What one consumer may do with resources, numbered in the order of the stack file.

    Grants of the same levels in one bucket are one. Where they are confined
    to prefixes, so is listing: who asks for the keys of another prefix, or of
    the whole bucket, is refused ("Bucket policy examples using condition
    keys"). Other actions that would tell of all keys are left out there.
    """
    conditions = consumer.conditions
    for number, ((resource, via, levels), prefixes) in enumerate(_merged(grants).items(), start=1):
        anyway = [
            *always(conditions),
            *if_any("StringEquals", "aws:SourceVpce", conditions.vpc_endpoints),
            *(mfa(conditions) if via is Via.RESOURCE else []),
        ]
        for sid, actions, resources, confined in _parts(
            resource, levels, prefixes, consumer, accounts
        ):
            if actions:
                yield Permission(f"{sid}{number}", actions, resources, [confined, *anyway])


def key_permissions(
    consumer: Consumer, grants: Iterable[Grant], accounts: Accounts
) -> Iterator[Permission]:
    """What one consumer needs of the keys of the buckets that have one.

    The key has no name before it is made, so that the caller's policies name
    all keys of the account and are confined by what S3 says of the bucket.
    Neither address nor endpoint nor MFA are asked for: it is S3 that asks for
    the key, and those are known of the request for the object.
    """
    used: dict[Bucket, set[str]] = {}
    for grant in grants:
        if isinstance(grant.resource, Bucket) and grant.resource.own_key:
            actions = {action for level in grant.levels for action in _KEY_ACTIONS.get(level, ())}
            used.setdefault(grant.resource, set()).update(actions)
    keys = [accounts.trusting.regional_arn("kms", "key/*")]
    for number, (bucket, actions) in enumerate(used.items(), start=1):
        if actions:
            conditions = [asked_by_s3(bucket, accounts), *_expiry(consumer.conditions)]
            yield Permission(f"Key{number}", actions, keys, conditions)


def asked_by_s3(bucket: Bucket, accounts: Accounts) -> ConditionBlock:
    """A key is used by S3, on behalf of the caller, for this bucket.

    With a bucket key the encryption context is the bucket's ARN, not that of
    the object ("Reducing the cost of SSE-KMS with Amazon S3 Bucket Keys").
    """
    owner = accounts.trusting
    return {
        "StringEquals": {
            "kms:EncryptionContext:aws:s3:arn": [bucket.arn(owner)],
            "kms:ViaService": [f"s3.{owner.region}.{owner.dns_suffix}"],
        }
    }


def always(conditions: Conditions) -> list[ConditionBlock]:
    """What is asked of the request for the role and of all requests for what is shared."""
    return [*if_any("IpAddress", "aws:SourceIp", conditions.source_ips), *_expiry(conditions)]


def mfa(conditions: Conditions) -> list[ConditionBlock]:
    """A code of an MFA device, where one is asked for ("Configuring MFA-protected API access").

    `Bool`, since `BoolIfExists` lets access keys without MFA pass.
    """
    if conditions.mfa_max_age is None:
        return []
    return [
        {"Bool": {"aws:MultiFactorAuthPresent": ["true"]}},
        {"NumericLessThan": {"aws:MultiFactorAuthAge": [str(conditions.mfa_max_age)]}},
    ]


def if_any(operator: str, key: str, values: Iterable[str]) -> list[ConditionBlock]:
    """The condition that a key has one of the values; none where there are no values."""
    listed = sorted(values)
    return [{operator: {key: listed}}] if listed else []


def _expiry(conditions: Conditions) -> list[ConditionBlock]:
    moment = [conditions.expires_at] if conditions.expires_at else []
    return if_any("DateLessThan", "aws:CurrentTime", moment)


def _merged(
    grants: Iterable[Grant],
) -> dict[tuple[Resource, Via, frozenset[Level]], list[str]]:
    """The prefixes by resource, way and levels, in the order of the stack file."""
    merged: dict[tuple[Resource, Via, frozenset[Level]], list[str]] = {}
    for grant in grants:
        key = (grant.resource, grant.via, frozenset(grant.levels))
        merged.setdefault(key, []).extend(grant.prefixes)
    return merged


def _parts(
    resource: Resource,
    levels: Iterable[Level],
    prefixes: Iterable[str],
    consumer: Consumer,
    accounts: Accounts,
) -> Iterator[tuple[str, set[str], list[str], ConditionBlock]]:
    """The Sid, actions, resources and conditions of what levels mean for one resource."""
    arn = resource.arn(accounts.trusting)
    granted = [resource.levels[level] for level in levels]
    on_it = {action for level in granted for action in level.on_it}
    on_objects = {action for level in granted for action in level.on_objects}
    if isinstance(resource, Topic):
        yield "Topic", on_it - _HAS_ENDPOINT, [arn], {}
        yield "Subscribing", on_it & _HAS_ENDPOINT, [arn], _own_endpoints(consumer, accounts)
    elif prefixes:
        keys = sorted(f"{prefix}*" for prefix in prefixes)
        listed: ConditionBlock = {"StringLike": {"s3:prefix": keys}}
        yield "Bucket", on_it & _TELLS_NO_KEYS, [arn], {}
        yield "Listing", on_it & _KNOWS_THE_PREFIX, [arn], listed
        yield "Objects", on_objects, [f"{arn}/{key}" for key in keys], {}
    else:
        yield resource.kind.title(), on_it, [arn], {}
        yield "Objects", on_objects, [f"{arn}/*"], {}


def _own_endpoints(consumer: Consumer, accounts: Accounts) -> ConditionBlock:
    """Queues and functions of the consumer's own account.

    Without that, whoever may subscribe could send all messages anywhere, to
    any account, web site or mail address, and would go on doing so after its
    access has ended ("Actions, resources, and condition keys for Amazon SNS").
    """
    partition, account = accounts.trusting.partition, consumer.who.home_account(accounts)
    services = (("lambda", "function:*"), ("sqs", "*"))
    return {
        "StringLike": {
            "sns:Endpoint": [
                f"arn:{partition}:{service}:*:{account}:{name}" for service, name in services
            ]
        }
    }
