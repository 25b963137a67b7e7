"""Every policy document of the program, as pure functions from declarations to JSON text.

A document is rendered in one canonical form (fixed order of statements,
actions, conditions and values; lists everywhere; no white space), so that the
same declaration gives the same text and a preview shows real changes only.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final

from cross_account_access.declaration.model import (
    Accounts,
    Bucket,
    ConditionBlock,
    Conditions,
    Consumer,
    Grant,
    Level,
    Resource,
    Via,
)
from cross_account_access.declaration.policies.permissions import (
    ENCRYPT,
    Meaning,
    always,
    asked_by_s3,
    if_any,
    key_permissions,
    mfa,
    permissions,
)

VERSION: Final = "2012-10-17"

Statement = dict[str, Any]
"""A statement as it stands in a document."""

_ADMINISTER_KEY: Final = (
    "kms:CancelKeyDeletion",
    "kms:CreateAlias",
    "kms:DeleteAlias",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:DisableKeyRotation",
    "kms:EnableKey",
    "kms:EnableKeyRotation",
    "kms:GetKeyPolicy",
    "kms:GetKeyRotationStatus",
    "kms:ListGrants",
    "kms:ListKeyPolicies",
    "kms:ListKeyRotations",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:RevokeGrant",
    "kms:RotateKeyOnDemand",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
    "kms:UpdateAlias",
    "kms:UpdateKeyDescription",
)
"""All that manages a key, and nothing that uses it or hands out its use ("AWS KMS permissions")."""


def trust_policy(consumer: Consumer, accounts: Accounts) -> str:
    """Who may assume the consumer's role, and under which conditions."""
    trust, conditions = consumer.who.trust(accounts), consumer.conditions
    allow = partial(_allow, principal=trust.principal)
    return render(
        [
            allow(
                trust.sid,
                [trust.action],
                trust.conditions,
                *_stated_by_the_caller(conditions),
                *always(conditions),
            ),
            *(
                allow(sid, [action], trust.conditions, *blocks)
                for sid, action, blocks in _session_permissions(conditions)
            ),
        ]
    )


def caller_policy(consumer: Consumer, grants: Iterable[Grant], accounts: Accounts) -> str:
    """What a consumer's own account allows it: to assume exactly its role, and what goes without.

    A trust or resource policy only delegates to the other account; without
    this permissions policy on the caller all stays out of reach
    ("Cross-account policy evaluation logic"). It asks for the external ID too,
    so that a caller who forgets it is refused by its own account. What it says
    of resources is the same as their policies say of the consumer.
    """
    conditions = consumer.conditions
    statements: list[Statement] = []
    if consumer.role:
        allow = partial(_allow, resources=[accounts.trusting.role_arn(consumer.role)])
        statements += [
            allow("AssumeGrantedRole", ["sts:AssumeRole"], *_external_id(conditions)),
            *(
                allow(sid, [action], *blocks)
                for sid, action, blocks in _session_permissions(conditions)
            ),
        ]
    direct = _of(grants, Via.RESOURCE)
    return render([*statements, *_allowances(consumer, direct, accounts)])


def service_trust_policy(service: str) -> str:
    """Lets a service of AWS hand out a role of its own account, as EC2 does to instances."""
    principal = {"Service": [service]}
    return render([_allow("TrustService", ["sts:AssumeRole"], principal=principal)])


def access_policy(consumer: Consumer, grants: Iterable[Grant], accounts: Accounts) -> str:
    """What the consumer's role may do: with each resource the actions of its levels, nothing else.

    Of the grants only those count that go by the role.
    """
    return render(_allowances(consumer, _of(grants, Via.ROLE), accounts))


def resource_policy(resource: Resource, grants: Iterable[Grant], accounts: Accounts) -> str:
    """What a resource itself says: no plain HTTP, and who may use it without a role.

    The roles need no statement here: they belong to the resource's own
    account, where their permissions policy is enough ("Policy evaluation
    logic"). Consumers who come as themselves are named as in a trust policy:
    their account, narrowed.

    The refusal names every principal and action, since AWS must not answer
    anybody over plain HTTP. It cannot lock out the deployer, because it never
    applies to a request over TLS, which is all that the provider makes.
    """
    owner = accounts.trusting
    plain_http: ConditionBlock = {"Bool": {"aws:SecureTransport": ["false"]}}
    statements = [
        _deny("DenyInsecureTransport", resource.every_action, plain_http, resource.arns(owner))
    ]
    if isinstance(resource, Bucket):
        if resource.own_key:
            statements += _only_default_encryption(resource, accounts)
        if resource.staging_may_list:
            statements.append(
                _allow(
                    "GrantListToTrustedAccount",
                    resource.levels[Level.LIST].on_it,
                    principal={"AWS": [accounts.trusted.root_arn]},
                    resources=[resource.arn(owner)],
                )
            )
    return render([*statements, *_welcomes(resource, grants, accounts, permissions)])


def key_policy(bucket: Bucket, grants: Iterable[Grant], accounts: Accounts) -> str:
    """Who may manage the key of a bucket, and use it for the objects of that bucket alone.

    Both are left to the IAM policies of the key's account, as in the default
    key policy of AWS, so that nobody is locked out who may change IAM. But
    unlike there, the use is confined: S3 must ask, for this bucket. Consumers
    who come without a role are named beside; they need the same in their own
    account ("Allowing users in other accounts to use a KMS key").
    """
    account = {"AWS": [accounts.trusting.root_arn]}
    # In a key policy "*" is the key that it belongs to ("Key policies in AWS KMS").
    itself = ["*"]
    administer = _allow("AdministerKey", _ADMINISTER_KEY, principal=account, resources=itself)
    use = _allow(
        "UseForBucket",
        ENCRYPT,
        asked_by_s3(bucket, accounts),
        principal=account,
        resources=itself,
    )
    welcomed = _welcomes(bucket, grants, accounts, key_permissions, resources=itself)
    return render([administer, use, *welcomed])


def _only_default_encryption(bucket: Bucket, accounts: Accounts) -> Iterator[Statement]:
    """Refuses uploads that choose an encryption instead of leaving it to the bucket.

    They could name a key that the readers may not use; one that says `aws:kms`
    and no key gets the AWS-managed key ("PutObject", Amazon S3 API reference).
    What S3 does by itself does not count as chosen.
    """
    uploads = partial(
        _deny, actions=["s3:PutObject"], resources=[f"{bucket.arn(accounts.trusting)}/*"]
    )
    header = "s3:x-amz-server-side-encryption"
    chosen: ConditionBlock = {"Null": {header: ["false"]}}
    brought: ConditionBlock = {"Null": {f"{header}-customer-algorithm": ["false"]}}
    yield uploads("DenyOtherEncryption", conditions=chosen)
    yield uploads("DenyCustomerProvidedKeys", conditions=brought)


def _of(grants: Iterable[Grant], via: Via) -> list[Grant]:
    return [grant for grant in grants if grant.via is via]


def _welcomes(
    resource: Resource,
    grants: Iterable[Grant],
    accounts: Accounts,
    meaning: Meaning,
    resources: Sequence[str] = (),
) -> Iterator[Statement]:
    """What the policy of a resource, or of its key, allows those who come without a role."""
    direct = [grant for grant in _of(grants, Via.RESOURCE) if grant.resource == resource]
    consumers = {grant.consumer.name: grant.consumer for grant in direct}
    for number, (name, consumer) in enumerate(consumers.items(), start=1):
        own = [grant for grant in direct if grant.consumer.name == name]
        trust = consumer.who.trust(accounts)
        for permission in meaning(consumer, own, accounts):
            yield _allow(
                f"{_camel(name)}{number}{permission.sid}",
                permission.actions,
                trust.conditions,
                *permission.conditions,
                principal=trust.principal,
                resources=resources or permission.resources,
            )


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("-"))


def _allowances(
    consumer: Consumer, grants: Sequence[Grant], accounts: Accounts
) -> Iterator[Statement]:
    for meaning in (permissions, key_permissions):
        for each in meaning(consumer, grants, accounts):
            yield _allow(each.sid, each.actions, *each.conditions, resources=each.resources)


def _stated_by_the_caller(conditions: Conditions) -> list[ConditionBlock]:
    """What is asked of the request for the role only.

    A role's credentials say nothing of MFA, so that asking for it later would
    refuse everything.
    """
    blocks = [*_external_id(conditions), *mfa(conditions)]
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
    return if_any("StringEquals", "sts:ExternalId", external_id)


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
        blocks = if_any("StringEquals", "sts:SourceIdentity", identity.values)
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


def _allow(
    sid: str,
    actions: Iterable[str],
    *conditions: ConditionBlock,
    principal: Mapping[str, Sequence[str]] | None = None,
    resources: Sequence[str] = (),
) -> Statement:
    """One statement; all the conditions must hold."""
    statement: Statement = {"Sid": sid, "Effect": "Allow"}
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


def _deny(
    sid: str, actions: Iterable[str], conditions: ConditionBlock, resources: Sequence[str]
) -> Statement:
    """One statement that refuses, to everybody."""
    return {
        "Sid": sid,
        "Effect": "Deny",
        "Principal": "*",
        "Action": sorted(actions),
        "Resource": list(resources),
        "Condition": conditions,
    }


def render(statements: Iterable[Statement]) -> str:
    """The document as canonical JSON text."""
    return json.dumps({"Version": VERSION, "Statement": list(statements)}, separators=(",", ":"))
