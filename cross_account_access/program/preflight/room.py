"""What does not fit while a change is under way, when what is new stands beside what goes.

Managed policies are attached before others are detached, and inline ones written before others are
removed, so that nobody loses access for a moment. IAM counts all of them, and those of others ("IAM
and AWS STS quotas",
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html).
"""

import json
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

from components.deployed import POLICY, ROLE, ROLE_POLICY, Deployed
from components.recorded import Recorded
from cross_account_access.declaration.kinds import User
from cross_account_access.declaration.machines import Machines
from cross_account_access.declaration.model import Consumer, MustExist, Role
from cross_account_access.declaration.policies.documents import (
    access_policy,
    caller_policy,
    revocation_policy,
    trust_policy,
)
from cross_account_access.declaration.policies.keeping import NOTHING, laid_out
from cross_account_access.declaration.settings import Settings
from cross_account_access.facts import quotas

_ATTACHMENTS: Final = "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive"
_USER_POLICY: Final = "aws:iam/userPolicy:UserPolicy"
_NOT_AT_ONCE: Final = "or change who may assume it and what it may do one after the other"
_IN_STEPS: Final = (
    f"keep role.policy_name, or deploy role.policy: inline in between, {_NOT_AT_ONCE}"
)


class Room:
    """What a stack is to become, beside what is deployed of it."""

    def __init__(self, declared: Settings, recorded: Mapping[str, Any], *, component: str) -> None:
        """Take both together.

        Args:
            declared: what is to be made.
            recorded: the outputs of the stack's resources by URN, `{"outputs": {...}}` each.
            component: logical name of the component.
        """
        self._declared = declared
        outputs = {urn: each["outputs"] for urn, each in recorded.items()}
        self._recorded = Recorded(outputs=outputs)
        self._component = component

    def problems(self) -> Iterator[str]:
        """What does not fit by what the state has, a line each."""
        for consumer in self._declared.consumers:
            whose = f"consumer {consumer.name!r}:"
            if told := self._too_many(consumer, self._attached(consumer)):
                yield told
            if characters := self._too_long_inside(consumer):
                yield (
                    f"{whose} its role would have {characters} characters of inline policies for a "
                    f"moment, old and new together, and IAM takes {quotas.ROLE_INLINE_CHARACTERS}; "
                    f"remove role.policy, since managed policies take more, {_NOT_AT_ONCE}"
                )
            if characters := self._too_long_outside(consumer):
                yield (
                    f"{whose} another role.name has its inline policy in Staging written under "
                    f"another name first, {characters} characters for a moment, and IAM takes "
                    f"{_most_outside(consumer)}; grant less, then give it the name, then the rest"
                )

    def questions(self) -> Iterator[MustExist]:
        """What roles that get a further policy have by others, to be asked of AWS.

        The state may not have it yet, or still have it, though the refresh before has looked.
        """
        for consumer in self._declared.consumers:
            if consumer.role and self._to_have(consumer) - self._attached(consumer):
                yield MustExist(
                    side="production",
                    client="iam",
                    method="list_attached_role_policies",
                    parameters={"RoleName": consumer.role.name},
                    absent="NoSuchEntity",
                    problem=partial(self._too_many_found, consumer),
                    if_allowed=True,
                )

    def _attached(self, consumer: Consumer) -> frozenset[str]:
        """The ARNs of the role's own policies that are attached."""
        found = self._deployed(consumer).of(_ATTACHMENTS) or {}
        attached = found.get("policyArns") or ()
        return frozenset(self._made(consumer) & {str(arn) for arn in attached})

    def _too_many_found(self, consumer: Consumer, answer: Mapping[str, Any] | None) -> str | None:
        found = (answer or {}).get("AttachedPolicies") or ()
        return self._too_many(consumer, frozenset(str(each["PolicyArn"]) for each in found))

    def _too_many(self, consumer: Consumer, attached: frozenset[str]) -> str | None:
        """What is wrong where a role has these managed policies and gets its own."""
        to_have = self._to_have(consumer)
        together = attached | to_have
        if not to_have - attached or len(together) <= quotas.MANAGED_POLICIES_OF_ROLE:
            return None
        theirs = ", ".join(sorted(together - self._made(consumer) - to_have))
        remedy = f"detach what is not the stack's first: {theirs}" if theirs else _IN_STEPS
        return (
            f"consumer {consumer.name!r}: its role would have {len(together)} managed policies for "
            "a moment, old and new together, and IAM takes "
            f"{quotas.MANAGED_POLICIES_OF_ROLE}; {remedy}"
        )

    def _deployed(self, consumer: Consumer) -> Deployed:
        return Deployed.of_consumer(self._component, consumer, self._recorded)

    def _stays(self, consumer: Consumer) -> Role | None:
        """The role, where it is one that there is."""
        role, found = consumer.role, self._deployed(consumer).of(ROLE) or {}
        same = role and (found.get("name"), found.get("path")) == (role.name, role.path)
        return role if same else None

    def _to_have(self, consumer: Consumer) -> frozenset[str]:
        """The ARNs of the managed policies that a role that there is gets attached."""
        role = self._stays(consumer)
        if role is None or role.inline_policy:
            return frozenset()
        parts = self._laid_out(consumer, quotas.MANAGED_POLICY_CHARACTERS, POLICY, "")
        production = self._declared.production
        names = (role.name_of_part(number) for number, text in parts.items() if text != NOTHING)
        return frozenset(production.iam_arn(f"policy/{each}") for each in names)

    def _made(self, consumer: Consumer) -> set[str]:
        """The ARNs of the role's own policies as they are."""
        made = (each.get("arn") for each in self._deployed(consumer).parts(POLICY).values())
        return {str(arn) for arn in made if arn}

    def _laid_out(
        self, consumer: Consumer, limit: int, token: str, suffix: str
    ) -> Mapping[int, str]:
        accounts, grants = self._declared.accounts, self._declared.grants
        own = [grant for grant in grants if grant.consumer.name == consumer.name]
        deployed, role = self._deployed(consumer), consumer.role
        found = deployed.of(ROLE) or {}
        was, is_to_be = self._revocation(consumer)
        # As far as the component may have to lay them out so.
        changes = (
            _document(str(found.get("assumeRolePolicy", "")))
            != _document(trust_policy(consumer, accounts))
            or _document(was) != _document(is_to_be)
            or found.get("permissionsBoundary") != (role and role.permissions_boundary)
        )
        return laid_out(
            access_policy(consumer, own, accounts),
            limit,
            deployed.documents(token, suffix),
            trust_changes=changes,
            shuts_out=changes,
        )

    def _too_long_inside(self, consumer: Consumer) -> int:
        role = self._stays(consumer)
        if role is None or not role.inline_policy:
            return 0
        limit, suffix = quotas.ROLE_INLINE_CHARACTERS, ".inline"
        was = self._deployed(consumer).documents(ROLE_POLICY, suffix)
        parts = self._laid_out(consumer, limit, ROLE_POLICY, suffix)
        pairs = [self._revocation(consumer)]
        pairs += [(was.get(each, ""), parts.get(each, "")) for each in was.keys() | parts.keys()]
        characters = sum(max(map(quotas.policy_characters, pair)) for pair in pairs)
        return characters if characters > limit else 0

    def _revocation(self, consumer: Consumer) -> tuple[str, str]:
        """The inline policy that ends sessions, as it is and as it is to be."""
        before = consumer.role.revoked_before if consumer.role else None
        found = self._deployed(consumer).document(ROLE_POLICY, ".revoked")
        return found or "", revocation_policy(before) if before else ""

    def _too_long_outside(self, consumer: Consumer) -> int:
        """Of the policy in the consumer's own account, where that gets another name."""
        principal = consumer.principal
        if isinstance(principal, User):
            token, owner, name = _USER_POLICY, "user", principal.name
        elif isinstance(principal, Machines):
            token, owner, name = ROLE_POLICY, "role", principal.role.name
        else:
            return 0
        was = self._deployed(consumer).of(token) or {}
        if was.get(owner) != name or was["name"] == consumer.own_policy_name:
            return 0
        own = [each for each in self._declared.grants if each.consumer.name == consumer.name]
        policy = caller_policy(consumer, own, self._declared.accounts)
        both = quotas.policy_characters(str(was["policy"])) + quotas.policy_characters(policy)
        return both if both > _most_outside(consumer) else 0


def _document(text: str) -> object:
    return json.loads(text or "null")


def _most_outside(consumer: Consumer) -> int:
    is_user = isinstance(consumer.principal, User)
    return quotas.USER_INLINE_CHARACTERS if is_user else quotas.ROLE_INLINE_CHARACTERS
