"""The Production role that carries one consumer's access."""

import json
from collections.abc import Sequence
from typing import Final

import pulumi
from pulumi import ResourceOptions
from pulumi_aws import iam

from components.sharing import Access, Part, description_of
from cross_account_access.declaration.model import Role
from cross_account_access.declaration.policies.documents import (
    access_policy,
    revocation_policy,
    trust_policy,
)
from cross_account_access.declaration.policies.keeping import NOTHING, laid_out, say_the_same
from cross_account_access.declaration.policies.shutting_out import shuts_out
from cross_account_access.facts.quotas import (
    MANAGED_POLICIES_OF_ROLE,
    MANAGED_POLICY_CHARACTERS,
    ROLE_INLINE_CHARACTERS,
)
from cross_account_access.facts.revocation import POLICY_NAME

_ROLE: Final = "aws:iam/role:Role"
_POLICY: Final = "aws:iam/policy:Policy"
_INLINE: Final = "aws:iam/rolePolicy:RolePolicy"
_MOST_NUMBERS: Final = 2 * MANAGED_POLICIES_OF_ROLE
"""Each document may have a successor beside it."""


class AssumableRole(Part):
    """A role that one consumer may assume, with its access policy.

    The policy is part of the role, or managed policies beside it: as many as its size needs, which
    is one but for very many grants. The two `*Exclusive` resources attach these and make everything
    that others attach or write to the role show up as drift.
    """

    def __init__(
        self,
        name: str,
        role: Role,
        access: Access,
        after: Sequence[pulumi.Resource],
        opts: ResourceOptions,
    ) -> None:
        super().__init__("AssumableRole", name, access.provider, opts)

        consumer, accounts = access.consumer, access.accounts
        trust = trust_policy(consumer, accounts)
        found = _Found(role, trust, access)
        document = access_policy(consumer, access.grants, accounts)
        beside, inside = (
            laid_out(
                document,
                limit,
                found.documents(token, suffix),
                trust_changes=found.changes,
                shuts_out=found.shuts_out,
            )
            if is_meant
            else {}
            for is_meant, limit, token, suffix in (
                (not role.inline_policy, MANAGED_POLICY_CHARACTERS, _POLICY, ""),
                (role.inline_policy, ROLE_INLINE_CHARACTERS, _INLINE, ".inline"),
            )
        )
        policies = {
            number: iam.Policy(
                f"{name}{_numbered(number)}",
                name=role.name_of_part(number),
                policy=part,
                opts=self.first,
            )
            for number, part in beside.items()
        }

        def put(number: int, of: pulumi.Input[str], opts: ResourceOptions) -> iam.RolePolicy:
            return iam.RolePolicy(
                # The plain name is that of the policy of instances in their own account.
                f"{name}.inline{_numbered(number)}",
                role=of,
                name=role.name_of_part(number),
                policy=inside[number],
                opts=opts,
            )

        # What the role may no longer do goes before its trust changes; the role is there.
        goes_first = found.keeps_its_name and found.changes
        early = found.inline_numbers if goes_first else set[int]()
        inline = [put(each, role.name, self.first) for each in sorted(early & inside.keys())]

        def revoke(of: pulumi.Input[str], opts: ResourceOptions) -> list[iam.RolePolicy]:
            before = role.revoked_before
            return [
                iam.RolePolicy(
                    # No consumer's name has a dot in it.
                    f"{name}.revoked",
                    role=of,
                    name=POLICY_NAME,
                    policy=revocation_policy(each),
                    opts=opts,
                )
                for each in ([before] if before else [])
            ]

        revoked = revoke(role.name, self.first) if goes_first else []
        made = iam.Role(
            name,
            name=role.name,
            path=role.path,
            description=description_of(consumer),
            assume_role_policy=trust,
            max_session_duration=role.max_session_duration,
            permissions_boundary=role.permissions_boundary,
            tags=role.tags,
            # Nothing detaches the policy when the stack is destroyed but this, and IAM deletes
            # neither a policy that is attached nor a role that has one; hence also the order.
            force_detach_policies=True,
            # Each of these has waited for what the component waits for.
            opts=self.after(*policies.values(), *inline, *revoked, *after)
            if policies or inline or revoked or after
            else self.first,
        )
        revoked = revoked or revoke(made.name, self.after())
        inline += [
            put(each, made.name, self.after(*revoked)) for each in inside if each not in early
        ]
        self.policy_arns = [
            policy.arn for number, policy in policies.items() if beside[number] != NOTHING
        ]
        """`arn:PARTITION:iam::ACCOUNT:policy/NAME`; none where the policy is part of the role."""

        # One after the other: where the kind of policy changes, the new one is in force before the
        # old one is taken away.
        attached = iam.RolePolicyAttachmentsExclusive(
            name,
            role_name=made.name,
            policy_arns=self.policy_arns,
            opts=self.after(*inline, *revoked),
        )
        iam.RolePoliciesExclusive(
            name,
            role_name=made.name,
            policy_names=[policy.name for policy in (*inline, *revoked)],
            opts=self.after(attached),
        )
        self.arn = made.arn
        """`arn:PARTITION:iam::ACCOUNT:role/PATH/NAME`"""
        self.register_outputs({"arn": self.arn, "policy_arns": self.policy_arns})


def refuse_another_kind(access: Access) -> None:
    """Refuse to write a policy of the other kind where three things change at once.

    The old policy goes when the new one is attached, which is after the trust has changed.

    Raises:
        pulumi.RunError: what to deploy first.
    """
    consumer = access.consumer
    if consumer.role is None:
        return
    found = _Found(consumer.role, trust_policy(consumer, access.accounts), access)
    was = found.documents(*((_POLICY, "") if consumer.role.inline_policy else (_INLINE, ".inline")))
    document = access_policy(consumer, access.grants, access.accounts)
    if found.changes and was and not say_the_same(document, was.values()):
        message = (
            f"consumer {consumer.name!r}: role.policy changes together with what the role may do "
            "and who may assume it; nothing was changed: deploy the new role.policy first, then "
            "the rest"
        )
        raise pulumi.RunError(message)


def _numbered(number: int) -> str:
    """End the logical name of a part; no consumer's name has a dot in it."""
    return "" if number == 1 else f".{number}"


class _Found:
    """The role and its policies as they are deployed, beside what they are to become."""

    def __init__(self, role: Role, trust: str, access: Access) -> None:
        self._access = access
        found = access.recorded.of(_ROLE, *access.names)
        self._is_deployed = found is not None
        was = found or {}
        self.keeps_its_name = (was.get("name"), was.get("path")) == (role.name, role.path)
        """Whether the role stays the one that it is."""
        boundary = was.get("permissionsBoundary"), role.permissions_boundary
        revoked = self._text(_INLINE, ".revoked")
        revoking = revocation_policy(role.revoked_before) if role.revoked_before else None
        before = str(was.get("assumeRolePolicy", trust))
        self.changes = self._is_deployed and (
            not self.keeps_its_name
            or boundary[0] != boundary[1]
            or not _same(revoked, revoking)
            or not _same(before, trust)
        )
        """Whether more changes of the role than its grants."""
        self.shuts_out = self._is_deployed and (
            not self.keeps_its_name
            or (boundary[1] is not None and boundary[0] != boundary[1])
            or (revoking is not None and not _same(revoked, revoking))
            or shuts_out(before, trust)
        )
        """Whether somebody may do less with the same grants."""

    @property
    def inline_numbers(self) -> set[int]:
        """Numbers of the documents that are part of the role."""
        return set(self.documents(_INLINE, ".inline"))

    def documents(self, token: str, suffix: str) -> dict[int, str]:
        """Return the documents of a kind by their numbers."""
        found = {
            number: self._text(token, f"{suffix}{_numbered(number)}")
            for number in range(1, _MOST_NUMBERS)
        }
        return {number: text for number, text in found.items() if text is not None}

    def _text(self, token: str, suffix: str) -> str | None:
        names = (f"{each}{suffix}" for each in self._access.names)
        found = self._access.recorded.of(token, *names)
        return None if found is None else str(found["policy"])


def _same(one: str | None, other: str | None) -> bool:
    """Compare two documents, whatever white space they have."""
    if one is None or other is None:
        return one is other
    return bool(json.loads(one) == json.loads(other))
