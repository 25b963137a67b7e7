"""Every policy document of the program, as pure functions from declarations to JSON text.

A document is rendered in one canonical form (fixed order of statements,
actions, conditions and values; lists everywhere; no white space), so that the
same declaration gives the same text and a preview shows real changes only.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

from model import Accounts, Bucket, ConditionBlock, Conditions, Consumer, Grant, Level

VERSION: Final = "2012-10-17"

_Statement = dict[str, Any]


class LevelActions(NamedTuple):
    """The S3 actions of one level, by the kind of resource that they apply to."""

    on_bucket: tuple[str, ...] = ()
    on_objects: tuple[str, ...] = ()


LEVELS: Final[Mapping[Level, LevelActions]] = {
    Level.LIST: LevelActions(on_bucket=("s3:GetBucketLocation", "s3:ListBucket")),
    Level.READ: LevelActions(on_objects=("s3:GetObject",)),
    Level.WRITE: LevelActions(
        on_bucket=("s3:ListBucketMultipartUploads",),
        on_objects=(
            "s3:AbortMultipartUpload",
            "s3:GetObject",
            "s3:ListMultipartUploadParts",
            "s3:PutObject",
        ),
    ),
    Level.DELETE: LevelActions(on_objects=("s3:DeleteObject",)),
}
"""What each level means. Bucket and object actions never share a statement: S3 matches the
former against the bucket's ARN and the latter against object ARNs ("Actions, resources, and
condition keys for Amazon S3"). `write` reads too and takes part in multipart uploads; it does
not delete. `delete` removes the current version; older ones are left to the bucket's versioning."""

_TELLS_NO_KEYS: Final = frozenset({"s3:GetBucketLocation"})
"""Bucket actions that a grant of a few prefixes may keep as they are."""
_KNOWS_THE_PREFIX: Final = frozenset({"s3:ListBucket"})
"""Bucket actions that can be confined by `s3:prefix`; the page above lists them."""


def trust_policy(consumer: Consumer, accounts: Accounts) -> str:
    """Who may assume the consumer's role, and under which conditions."""
    trust, conditions = consumer.who.trust(accounts), consumer.conditions
    allow = partial(_allow, principal=trust.principal)
    return _render(
        [
            allow(
                trust.sid,
                [trust.action],
                trust.conditions,
                *_stated_by_the_caller(conditions),
                *_always(conditions),
            ),
            *(
                allow(sid, [action], trust.conditions, *blocks)
                for sid, action, blocks in _session_permissions(conditions)
            ),
        ]
    )


def assume_role_policy(consumer: Consumer, accounts: Accounts) -> str:
    """What a consumer's own account allows it: to assume exactly its role.

    A trust policy only delegates to the other account; without this
    permissions policy on the caller the role stays out of reach
    ("Cross-account policy evaluation logic"). It asks for the external ID too,
    so that a caller who forgets it is refused by its own account.
    """
    conditions = consumer.conditions
    allow = partial(_allow, resources=[accounts.trusting.role_arn(consumer.role)])
    return _render(
        [
            allow("AssumeGrantedRole", ["sts:AssumeRole"], *_external_id(conditions)),
            *(
                allow(sid, [action], *blocks)
                for sid, action, blocks in _session_permissions(conditions)
            ),
        ]
    )


def service_trust_policy(service: str) -> str:
    """Lets a service of AWS hand out a role of its own account, as EC2 does to instances."""
    principal = {"Service": [service]}
    return _render([_allow("TrustService", ["sts:AssumeRole"], principal=principal)])


def access_policy(consumer: Consumer, grants: Iterable[Grant], accounts: Accounts) -> str:
    """What the consumer's role may do: in each bucket the actions of its levels, nothing else.

    Grants of the same levels in one bucket are one. Where they are confined
    to prefixes, so is listing: who asks for the keys of another prefix, or of
    the whole bucket, is refused ("Bucket policy examples using condition
    keys"). Other actions that would tell of all keys are left out there.
    """
    conditions = consumer.conditions
    anyway = [
        *_always(conditions),
        *_if_any("StringEquals", "aws:SourceVpce", conditions.vpc_endpoints),
    ]
    return _render(
        [
            _allow(f"{sid}{number}", actions, block, *anyway, resources=resources)
            for number, ((bucket, levels), prefixes) in enumerate(_merged(grants).items(), start=1)
            for sid, actions, resources, block in _permissions(
                accounts.trusting.bucket_arn(bucket), levels, prefixes
            )
            if actions
        ]
    )


def bucket_policy(bucket: Bucket, accounts: Accounts) -> str:
    """What the bucket itself says: no plain HTTP, and whether the trusted account may list it.

    The roles need no statement here: they belong to the bucket's own account,
    where their permissions policy is enough ("Policy evaluation logic").

    The refusal names every principal and action, since S3 must not answer
    anybody over plain HTTP. It cannot lock out the deployer, because it never
    applies to a request over TLS, which is all that the provider makes.
    """
    bucket_arn = accounts.trusting.bucket_arn(bucket.name)
    statements: list[_Statement] = [
        {
            "Sid": "DenyInsecureTransport",
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["s3:*"],
            "Resource": [bucket_arn, f"{bucket_arn}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": ["false"]}},
        }
    ]
    if bucket.staging_may_list:
        statements.append(
            _allow(
                "GrantListToTrustedAccount",
                LEVELS[Level.LIST].on_bucket,
                principal={"AWS": [accounts.trusted.root_arn]},
                resources=[bucket_arn],
            )
        )
    return _render(statements)


def _merged(grants: Iterable[Grant]) -> dict[tuple[str, frozenset[Level]], list[str]]:
    """The prefixes by bucket and levels, in the order of the stack file."""
    merged: dict[tuple[str, frozenset[Level]], list[str]] = {}
    for grant in grants:
        merged.setdefault((grant.bucket, frozenset(grant.levels)), []).extend(grant.prefixes)
    return merged


def _permissions(
    bucket_arn: str, levels: Iterable[Level], prefixes: Iterable[str]
) -> Iterator[tuple[str, set[str], list[str], ConditionBlock]]:
    """The Sid, actions, resources and conditions of what levels mean in one bucket."""
    granted = [LEVELS[level] for level in levels]
    on_bucket = {action for level in granted for action in level.on_bucket}
    on_objects = {action for level in granted for action in level.on_objects}
    if prefixes:
        keys = sorted(f"{prefix}*" for prefix in prefixes)
        confined: ConditionBlock = {"StringLike": {"s3:prefix": keys}}
        yield "Bucket", on_bucket & _TELLS_NO_KEYS, [bucket_arn], {}
        yield "Listing", on_bucket & _KNOWS_THE_PREFIX, [bucket_arn], confined
        yield "Objects", on_objects, [f"{bucket_arn}/{key}" for key in keys], {}
    else:
        yield "Bucket", on_bucket, [bucket_arn], {}
        yield "Objects", on_objects, [f"{bucket_arn}/*"], {}


def _always(conditions: Conditions) -> list[ConditionBlock]:
    """What is asked of the request for the role and of all that the role then does."""
    expiry = [conditions.expires_at] if conditions.expires_at else []
    return [
        *_if_any("IpAddress", "aws:SourceIp", conditions.source_ips),
        *_if_any("DateLessThan", "aws:CurrentTime", expiry),
    ]


def _stated_by_the_caller(conditions: Conditions) -> list[ConditionBlock]:
    """What is asked of the request for the role only.

    A role's credentials say nothing of MFA, so that asking for it later would
    refuse everything; `Bool`, since `BoolIfExists` lets access keys without
    MFA pass ("Configuring MFA-protected API access").
    """
    blocks = _external_id(conditions)
    if conditions.mfa_max_age is not None:
        blocks += _if_any("Bool", "aws:MultiFactorAuthPresent", ["true"])
        age = [str(conditions.mfa_max_age)]
        blocks += _if_any("NumericLessThan", "aws:MultiFactorAuthAge", age)
    identity, tags = conditions.source_identity, conditions.session_tags
    if identity and identity.required:
        blocks.append(
            {"StringEquals": {"sts:SourceIdentity": sorted(identity.values)}}
            if identity.values
            else {"Null": {"sts:SourceIdentity": ["false"]}}
        )
    if tags and tags.required:
        blocks.append({"StringEquals": _request_tags(tags.tags)})
    return blocks


def _external_id(conditions: Conditions) -> list[ConditionBlock]:
    external_id = [conditions.external_id] if conditions.external_id else []
    return _if_any("StringEquals", "sts:ExternalId", external_id)


def _session_permissions(
    conditions: Conditions,
) -> Iterator[tuple[str, str, list[ConditionBlock]]]:
    """The Sid, action and conditions of what a caller may say about its session.

    Both accounts must allow these actions beside `sts:AssumeRole` ("Monitor
    and control actions taken with assumed roles", "Pass session tags in AWS
    STS"). They are statements of their own, because requests for them know no
    external ID ("Actions, resources, and condition keys for AWS STS").
    """
    identity, tags = conditions.source_identity, conditions.session_tags
    if identity:
        blocks = _if_any("StringEquals", "sts:SourceIdentity", identity.values)
        yield "StateSourceIdentity", "sts:SetSourceIdentity", blocks
    if tags:
        yield (
            "StateSessionTags",
            "sts:TagSession",
            [
                # A tag that is left out is the concern of the statement that assumes the role.
                {"StringEqualsIfExists": _request_tags(tags.tags)},
                {"ForAllValues:StringEquals": {"aws:TagKeys": sorted(tags.tags)}},
            ],
        )


def _request_tags(tags: Mapping[str, str]) -> dict[str, list[str]]:
    return {f"aws:RequestTag/{key}": [value] for key, value in tags.items()}


def _if_any(operator: str, key: str, values: Iterable[str]) -> list[ConditionBlock]:
    listed = sorted(values)
    return [{operator: {key: listed}}] if listed else []


def _allow(
    sid: str,
    actions: Iterable[str],
    *conditions: ConditionBlock,
    principal: Mapping[str, Sequence[str]] | None = None,
    resources: Sequence[str] = (),
) -> _Statement:
    """One statement; all the conditions must hold."""
    statement: _Statement = {"Sid": sid, "Effect": "Allow"}
    if principal:
        statement["Principal"] = {kind: list(names) for kind, names in principal.items()}
    statement["Action"] = sorted(actions)
    if resources:
        statement["Resource"] = list(resources)
    if keys := sorted(
        (operator, key, list(values))
        for block in conditions
        for operator, by_key in block.items()
        for key, values in by_key.items()
    ):
        statement["Condition"] = {}
        for operator, key, values in keys:
            statement["Condition"].setdefault(operator, {})[key] = values
    return statement


def _render(statements: Sequence[_Statement]) -> str:
    return json.dumps({"Version": VERSION, "Statement": statements}, separators=(",", ":"))
