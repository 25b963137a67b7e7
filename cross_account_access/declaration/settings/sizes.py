"""Refuses what would make a policy document larger than AWS takes, before anything is made."""

import json
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Final

from cross_account_access.declaration import rules
from cross_account_access.declaration.accounts import Account, Accounts
from cross_account_access.declaration.machines import Machines
from cross_account_access.declaration.model import (
    Consumer,
    Grant,
    OwnedResource,
    Principal,
    Role,
    Via,
)
from cross_account_access.declaration.policies.documents import (
    access_policy,
    caller_policy,
    key_policy,
    resource_policy,
    service_trust_policy,
    trust_policy,
)
from cross_account_access.declaration.policies.parts import in_parts
from cross_account_access.declaration.statements import Statement
from cross_account_access.facts import quotas

_LESS: Final = "let fewer grants go via: resource"


def consumer_problems(
    consumer: Consumer,
    consumers: Iterable[Consumer],
    grants: Iterable[Grant],
    accounts: Accounts,
    trust_policy_limit: int,
) -> Iterator[str]:
    """What is too large among the documents of a consumer that is otherwise right.

    `consumers` are all, whose policies have names already.
    """
    if consumer.role and (size := _beyond(trust_policy_limit, trust_policy(consumer, accounts))):
        yield (
            f"needs a trust policy of {size} characters, and {trust_policy_limit} is the most; "
            "name fewer principals or conditions, or have AWS raise the quota and say so in "
            "trust_policy_limit"
        )
    yield from _staging_role_problems(consumer.principal, accounts.trusted)
    own = [grant for grant in grants if grant.consumer.name == consumer.name]
    if consumer.role:
        named = {
            each.role.policy_name.lower()
            for each in consumers
            if each.role and not each.role.inline_policy
        }
        document = access_policy(consumer, own, accounts)
        yield from _access_policy_problems(consumer.role, document, named)
    inline_limit = consumer.principal.own_policy_characters
    if inline_limit and (size := _beyond(inline_limit, caller_policy(consumer, own, accounts))):
        remedy = "shorten its conditions"
        if any(grant.via is Via.RESOURCE for grant in own):
            remedy += ", or let fewer grants go via: resource"
        yield (
            f"needs an inline policy of {size} characters in Staging, and {inline_limit} is the "
            f"most; {remedy}"
        )


def _staging_role_problems(principal: Principal, owner: Account) -> Iterator[str]:
    """What is too large of the role by which machines come in; the quota there is the default."""
    if not isinstance(principal, Machines) or principal.is_adopted:
        return
    limit = quotas.TRUST_POLICY_CHARACTERS.start
    if size := _beyond(limit, service_trust_policy(principal.handed_out(owner), owner)):
        yield (
            f"needs a trust policy of {size} characters for role {principal.role.name!r} in "
            f"Staging, and {limit} is the most; name fewer who may have it, or make two consumers "
            "of it"
        )


def _access_policy_problems(role: Role, document: str, named: Container[str]) -> Iterator[str]:
    if role.inline_policy:
        limit = quotas.ROLE_INLINE_CHARACTERS
        if size := _beyond(limit, document):
            yield (
                f"needs an access policy of {size} characters, and {limit} is the most for an "
                "inline one; remove role.policy, since managed policies take more, or grant fewer "
                "prefixes"
            )
        return
    limit = quotas.MANAGED_POLICY_CHARACTERS
    parts = in_parts(document, limit)
    further = [role.name_of_part(number) for number in range(2, len(parts) + 1)]
    if size := _beyond(limit, max(parts, key=quotas.policy_characters)):
        yield (
            f"needs an access policy with a statement of {size} characters, which cannot be cut, "
            f"and {limit} is the most; shorten its conditions"
        )
    elif len(parts) > quotas.MANAGED_POLICIES_OF_ROLE:
        yield (
            f"needs an access policy of {quotas.policy_characters(document)} characters, that is "
            f"{len(parts)} managed policies of at most {limit}, and a role has at most "
            f"{quotas.MANAGED_POLICIES_OF_ROLE}; grant fewer prefixes, or make two consumers of it"
        )
    elif wrong := [name for name in further if rules.policy_name(name) or name.lower() in named]:
        yield (
            f"needs {len(parts)} managed policies, and {wrong[0]!r} is too long or the name of "
            "another consumer's; choose another role.policy_name"
        )


def resource_problems(
    resource: OwnedResource, grants: Iterable[Grant], accounts: Accounts
) -> Iterator[str]:
    """What is too large among the documents of a resource."""
    granted = [grant for grant in grants if grant.resource == resource]
    document = resource_policy(resource, granted, accounts)
    quota = quotas.RESOURCE_POLICIES[resource.service]
    if (size := len(document.encode())) > quota.size:
        yield (
            f"needs a {resource.kind} policy of {size} bytes, and {quota.size} is the most; {_LESS}"
        )
    statements = json.loads(document)["Statement"]
    for counted, most, what in (
        (len(statements), quota.statements, "statements"),
        (sum(map(_principals, statements)), quota.principals, "principals"),
        (sum(map(_conditions, statements)), quota.conditions, "conditions"),
    ):
        if most and counted > most:
            yield (
                f"needs a {resource.kind} policy of {counted} {what}, and {most} is the most; "
                f"{_LESS}"
            )
    actions = max(len(each["Action"]) for each in statements)
    if quota.actions_of_statement and actions > quota.actions_of_statement:
        yield (
            f"needs a {resource.kind} policy with {actions} actions in a statement, and "
            f"{quota.actions_of_statement} is the most; grant fewer levels with via: resource"
        )
    if resource.has_own_key:
        size = len(key_policy(resource, granted, accounts).encode())
        most = quotas.RESOURCE_POLICIES["kms"].size
        if size > most:
            yield f"needs a key policy of {size} bytes, and {most} is the most; {_LESS}"


def _beyond(limit: int, document: str) -> int | None:
    """The characters that IAM counts, where they are too many: all but white space."""
    size = quotas.policy_characters(document)
    return size if size > limit else None


def _principals(statement: Statement) -> int:
    named = statement["Principal"]
    return sum(map(len, named.values())) if isinstance(named, Mapping) else 1


def _conditions(statement: Statement) -> int:
    """Each key counts, and each operator that it is compared by."""
    return sum(map(len, statement.get("Condition", {}).values()))
