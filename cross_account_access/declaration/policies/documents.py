"""Every policy document of the program, as pure functions from declarations to JSON text."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final

from cross_account_access.declaration.accounts import Account, Accounts
from cross_account_access.declaration.machines import HandedOut
from cross_account_access.declaration.model import (
    Conditions,
    Consumer,
    Grant,
    OwnedResource,
    SharedResource,
    Trust,
    Via,
)
from cross_account_access.declaration.policies.permissions import (
    PermissionsOf,
    always,
    key_permissions,
    mfa,
    permissions,
)
from cross_account_access.declaration.statements import (
    ConditionBlock,
    Statement,
    allow,
    deny,
    if_any,
    render,
)
from cross_account_access.facts.revocation import denial

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
"""All that manages a key, and nothing that uses it or hands out its use.

Source: "AWS KMS permissions",
https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html.
"""


def trust_policy(consumer: Consumer, accounts: Accounts) -> str:
    """Who may assume the consumer's role, and under which conditions.

    A role that trusts itself is meant by its ARN, as everybody is: it could not be named before it
    exists, and its name alone would not survive that it is made anew.

    Source: "Announcing an update to IAM role trust policy behavior",
    https://aws.amazon.com/blogs/security/announcing-an-update-to-iam-role-trust-policy-behavior/.
    """
    trusted = [consumer.principal.trust(accounts)]
    if consumer.role and consumer.role.trusts_itself:
        arns = [consumer.role.arn(accounts.trusting)]
        trusted.append(
            Trust(
                sid="TrustItself",
                principal={"AWS": [accounts.trusting.root_arn]},
                conditions={"ArnEquals": {"aws:PrincipalArn": arns}},
            )
        )
    return render(
        statement
        for number, trust in enumerate(trusted)
        for statement in _trust(consumer.conditions, trust, "Itself" if number else "")
    )


def _trust(conditions: Conditions, trust: Trust, suffix: str) -> Iterator[Statement]:
    allow_trusted = partial(allow, principal=trust.principal)
    yield allow_trusted(
        trust.sid,
        [trust.action],
        trust.conditions,
        *_stated_by_the_caller(conditions),
        *always(conditions),
    )
    for sid, action, blocks in _session_permissions(conditions):
        yield allow_trusted(f"{sid}{suffix}", [action], trust.conditions, *blocks)


def caller_policy(consumer: Consumer, grants: Iterable[Grant], accounts: Accounts) -> str:
    """What a consumer's own account allows it: to assume exactly its role, and what goes without.

    A trust or resource policy only delegates to the other account; without this permissions policy
    on the caller all stays out of reach. It asks for the external ID too, so that a caller who
    forgets it is refused by its own account. What it says of resources is the same as their
    policies say of the consumer.

    Source: "Cross-account policy evaluation logic",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html.
    """
    conditions = consumer.conditions
    statements: list[Statement] = []
    if consumer.role:
        arn = consumer.role.arn(accounts.trusting)
        statements += _assuming("AssumeGrantedRole", arn, conditions)
    direct = _of(grants, Via.RESOURCE)
    return render([*statements, *_allowances(consumer, direct, accounts)])


def _assuming(sid: str, arn: str, conditions: Conditions) -> Iterator[Statement]:
    """What lets a caller assume a role, and say what it must or may of its session."""
    allow_role = partial(allow, resources=[arn])
    yield allow_role(sid, ["sts:AssumeRole"], *_external_id(conditions))
    for about, action, blocks in _session_permissions(conditions):
        yield allow_role(about, [action], *blocks)


def service_trust_policy(handed_out: HandedOut, owner: Account) -> str:
    """Lets a service of AWS hand out a role of its own account, as EC2 does to instances."""
    return render(
        [
            allow(
                "TrustService",
                ["sts:AssumeRole", *handed_out.about_session],
                *(
                    {_operator(key, values): {key: sorted(values)}}
                    for key, values in handed_out.claims.items()
                ),
                principal={"Service": [owner.service_principal(handed_out.service)]},
            )
        ]
    )


def _operator(key: str, values: Iterable[str]) -> str:
    has_wildcards = any("*" in value for value in values)
    if key.lower().endswith("arn") and not key.lower().startswith("aws:requesttag/"):
        return "ArnLike" if has_wildcards else "ArnEquals"
    return "StringLike" if has_wildcards else "StringEquals"


def access_policy(consumer: Consumer, grants: Iterable[Grant], accounts: Accounts) -> str:
    """What the consumer's role may do: with each resource the actions of its levels, nothing else.

    Of the grants only those count that go by the role. One that trusts itself may assume itself.
    """
    statements = list(_allowances(consumer, _of(grants, Via.ROLE), accounts))
    if consumer.role and consumer.role.trusts_itself:
        arn = consumer.role.arn(accounts.trusting)
        statements += _assuming("AssumeItself", arn, consumer.conditions)
    return render(statements)


def revocation_policy(before: str) -> str:
    """The denial of everything to sessions of a role that were issued before a moment."""
    return render([denial(before)])


def resource_policy(resource: OwnedResource, grants: Iterable[Grant], accounts: Accounts) -> str:
    """What a resource itself says: no plain HTTP, and who may use it without a role.

    The roles need no statement here: they belong to the resource's own account, where their
    permissions policy is enough. Consumers who come as themselves are named as in a trust policy:
    their account, narrowed.

    The refusal names every principal and action, since AWS must not answer
    anybody over plain HTTP. It cannot lock out the deployer, because it never
    applies to a request over TLS, which is all that the provider makes.

    Source: "Policy evaluation logic",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html.
    """
    owner = accounts.trusting
    plain_http: ConditionBlock = {"Bool": {"aws:SecureTransport": ["false"]}}
    secure = deny("DenyInsecureTransport", resource.every_action, plain_http, resource.arns(owner))
    direct = _direct_access(resource, grants, accounts, permissions)
    return render([secure, *resource.own_statements(accounts), *direct])


def key_policy(resource: OwnedResource, grants: Iterable[Grant], accounts: Accounts) -> str:
    """Who may manage the key of a resource, and use it for that resource alone.

    Both are left to the IAM policies of the key's account, as in the default key policy of AWS, so
    that nobody is locked out who may change IAM. But unlike there, the use is confined: the service
    must ask, for this resource. Consumers who come without a role are named beside; they need the
    same in their own account.

    Source: "Allowing users in other accounts to use a KMS key",
    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html.
    """
    account = {"AWS": [accounts.trusting.root_arn]}
    # In a key policy "*" is the key that it belongs to: "Key policies in AWS KMS",
    # https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html.
    itself = ["*"]
    administer = allow("AdministerKey", _ADMINISTER_KEY, principal=account, resources=itself)
    use = allow(
        f"UseFor{resource.kind.title()}",
        resource.uses_of_key,
        resource.key_conditions(accounts.trusting),
        principal=account,
        resources=itself,
    )
    direct = _direct_access(resource, grants, accounts, key_permissions, resources=itself)
    return render([administer, use, *direct])


def statements_for_owner(grant: Grant, accounts: Accounts) -> str:
    """What the owner of a resource would add to its policy, to let in a consumer without a role."""
    found = list(_direct_access(grant.resource, [grant], accounts, permissions))
    return json.dumps(found[0] if len(found) == 1 else found, separators=(",", ":"))


def _of(grants: Iterable[Grant], via: Via) -> list[Grant]:
    return [grant for grant in grants if grant.via is via]


def _direct_access(
    resource: SharedResource,
    grants: Iterable[Grant],
    accounts: Accounts,
    permissions_of: PermissionsOf,
    resources: Sequence[str] = (),
) -> Iterator[Statement]:
    """What the policy of a resource, or of its key, allows those who come without a role."""
    direct = [grant for grant in _of(grants, Via.RESOURCE) if grant.resource == resource]
    consumers = {grant.consumer.name: grant.consumer for grant in direct}
    for number, (name, consumer) in enumerate(consumers.items(), start=1):
        own = [grant for grant in direct if grant.consumer.name == name]
        trust = consumer.principal.trust(accounts)
        for permission in permissions_of(consumer, own, accounts):
            yield allow(
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
    for permissions_of in (permissions, key_permissions):
        for each in permissions_of(consumer, grants, accounts):
            yield allow(each.sid, each.actions, *each.conditions, resources=each.resources)


def _stated_by_the_caller(conditions: Conditions) -> list[ConditionBlock]:
    """What is asked of the request for the role only.

    A role's credentials say nothing of MFA, so that asking for it later would refuse everything.
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
    return if_any("StringEquals", "sts:ExternalId", [*external_id, *conditions.more_external_ids])


def _session_permissions(conditions: Conditions) -> Iterator[tuple[str, str, list[ConditionBlock]]]:
    """The Sid, action and conditions of what a caller may say about its session.

    Both accounts must allow these actions beside `sts:AssumeRole`. They are statements of their
    own, because requests for them know no external ID.

    Source: "Monitor and control actions taken with assumed roles",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html.
    Source: "Pass session tags in AWS STS",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html.
    Source: "Actions, resources, and condition keys for AWS Security Token Service",
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html.
    """
    identity, tags = conditions.source_identity, conditions.session_tags
    if identity:
        blocks = if_any("StringEquals", "sts:SourceIdentity", identity.values)
        yield "StateSourceIdentity", "sts:SetSourceIdentity", blocks
    if tags:
        keys = sorted([*tags.tags, *tags.others])
        yield (
            "StateSessionTags",
            "sts:TagSession",
            [
                # A tag that is left out is the concern of the statement that assumes the role.
                {"StringEqualsIfExists": _request_tags(tags.tags)},
                {f"ForAllValues:{_operator('aws:TagKeys', keys)}": {"aws:TagKeys": keys}},
            ],
        )


def _request_tags(tags: Mapping[str, str]) -> dict[str, list[str]]:
    return {f"aws:RequestTag/{key}": [value] for key, value in tags.items()}
