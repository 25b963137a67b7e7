"""What grants mean: the actions, resources and conditions of statements, whoever they are for.

The access policy of a role, the policy of a resource, that of a key and the caller's own are made
of the same permissions, so that no two contradict one another.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from cross_account_access.declaration.accounts import Accounts
from cross_account_access.declaration.model import Conditions, Consumer, Grant, SharedResource, Via
from cross_account_access.declaration.statements import ConditionBlock, if_any


class Permission(NamedTuple):
    """Part of a statement that allows something."""

    sid: str
    actions: Iterable[str]
    resources: Sequence[str]
    conditions: Sequence[ConditionBlock]


PermissionsOf = Callable[[Consumer, Iterable[Grant], Accounts], Iterator[Permission]]


def permissions(
    consumer: Consumer, grants: Iterable[Grant], accounts: Accounts
) -> Iterator[Permission]:
    """What one consumer may do with resources, numbered in the order of the stack file.

    Grants of the same levels in one resource are one.
    """
    conditions = consumer.conditions
    for number, grant in enumerate(_merged(grants), start=1):
        anyway = [
            *always(conditions),
            *if_any("StringEquals", "aws:SourceVpce", conditions.vpc_endpoints),
            *(mfa(conditions) if grant.via is Via.RESOURCE else []),
        ]
        for each in grant.resource.allowed(grant, accounts):
            if each.actions:
                yield Permission(
                    f"{each.sid}{number}", each.actions, each.resources, [each.conditions, *anyway]
                )


def key_permissions(
    consumer: Consumer, grants: Iterable[Grant], accounts: Accounts
) -> Iterator[Permission]:
    """What one consumer needs of the keys of the resources that have one.

    A key that the stack makes has no name before, so that the caller's policies name
    all keys of the account and are confined to what they are used for.
    Neither address nor endpoint nor MFA are asked for: it is the service that
    asks for the key, and those are known of the request for the resource.
    """
    owner = accounts.trusting
    used: dict[SharedResource, set[str]] = {}
    for grant in grants:
        resource = grant.resource
        if resource.used_key(owner):
            used.setdefault(resource, set()).update(resource.actions_on_key(grant))
    for number, (resource, actions) in enumerate(used.items(), start=1):
        key = resource.used_key(owner)
        if actions and key:
            conditions = [resource.key_conditions(owner), *_expiry(consumer.conditions)]
            yield Permission(f"Key{number}", actions, [key], conditions)


def always(conditions: Conditions) -> list[ConditionBlock]:
    """What is asked of the request for the role and of all requests for what is shared."""
    return [*if_any("IpAddress", "aws:SourceIp", conditions.source_ips), *_expiry(conditions)]


def mfa(conditions: Conditions) -> list[ConditionBlock]:
    """A code of an MFA device, where one is asked for.

    `Bool`, since `BoolIfExists` lets access keys without MFA pass.

    Source: "Secure API access with MFA",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html.
    """
    if conditions.mfa is None:
        return []
    return [
        {"Bool": {"aws:MultiFactorAuthPresent": ["true"]}},
        {"NumericLessThan": {"aws:MultiFactorAuthAge": [str(conditions.mfa.max_age)]}},
    ]


def _expiry(conditions: Conditions) -> list[ConditionBlock]:
    moment = [conditions.expires_at] if conditions.expires_at else []
    return if_any("DateLessThan", "aws:CurrentTime", moment)


def _merged(grants: Iterable[Grant]) -> Iterable[Grant]:
    """Grants that differ in nothing but their prefixes as one, in the order of the stack file."""
    merged: dict[tuple[object, ...], Grant] = {}
    for grant in grants:
        key = (grant.resource, grant.via, frozenset(grant.levels), frozenset(grant.actions))
        before = merged[key].prefixes if key in merged else ()
        merged[key] = replace(grant, prefixes=(*before, *grant.prefixes))
    return merged.values()
