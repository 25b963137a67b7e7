"""The Production role that carries one consumer's access."""

from collections.abc import Collection, Mapping
from typing import Any

import pulumi
from pulumi import ResourceOptions
from pulumi_aws import iam

from components.deployed import (
    POLICY,
    ROLE,
    ROLE_POLICY,
    changed,
    numbered,
    same,
)
from components.role_change import RoleChange
from components.sharing import Access, Part, description_of
from cross_account_access.declaration.model import Role
from cross_account_access.declaration.policies.documents import (
    access_policy,
    revocation_policy,
    trust_policy,
)
from cross_account_access.declaration.policies.keeping import NOTHING, laid_out, say_the_same
from cross_account_access.facts.quotas import MANAGED_POLICY_CHARACTERS, ROLE_INLINE_CHARACTERS
from cross_account_access.facts.revocation import POLICY_NAME


class AssumableRole(Part):
    """A role that one consumer may assume, with its access policy.

    The policy is part of the role, or managed policies beside it: as many as its size needs, which
    is one but for very many grants. The two `*Exclusive` resources attach these and make everything
    that others attach or write to the role show up as drift.
    """

    def __init__(self, name: str, role: Role, access: Access, opts: ResourceOptions) -> None:
        """Write the documents that the role's trust waits for.

        Args:
            name: logical name.
            role: as declared.
            access: what it is for.
            opts: of the component.
        """
        super().__init__("AssumableRole", name, access.provider, opts)
        self._name, self._role, self._consumer = name, role, access.consumer
        self._trust = trust_policy(access.consumer, access.accounts)
        self._lets_everybody_in = _names_everybody(access)
        found = _Found(role, self._trust, access)
        self.waits = _has_to_wait(found.role, access.caller)
        """Whether its trust changes after that of the role that its consumer comes with."""
        text = access_policy(access.consumer, access.grants, access.accounts)
        beside, self._inside = (
            laid_out(
                text,
                limit,
                access.deployed.documents(token, suffix),
                trust_changes=found.changes,
                shuts_out=found.shuts_out,
            )
            if is_meant
            else {}
            for is_meant, limit, token, suffix in (
                (not role.inline_policy, MANAGED_POLICY_CHARACTERS, POLICY, ""),
                (role.inline_policy, ROLE_INLINE_CHARACTERS, ROLE_POLICY, ".inline"),
            )
        )
        policies = {
            number: iam.Policy(
                f"{name}{numbered(number)}",
                name=role.name_of_part(number),
                policy=part,
                opts=self.first,
            )
            for number, part in beside.items()
        }
        self.policy_arns = [
            policy.arn for number, policy in policies.items() if beside[number] != NOTHING
        ]
        """`arn:PARTITION:iam::ACCOUNT:policy/NAME`; none where the policy is part of the role."""
        # What the role may no longer do goes before its trust changes; the role is there.
        goes_first = found.role.is_deployed and found.role.keeps_its_name and found.changes
        there = access.deployed.documents(ROLE_POLICY, ".inline") if goes_first else {}
        self._early = {
            number: self._put(number, role.name, self.first)
            for number in sorted(changed(there, self._inside))
        }
        self._revoked = self._revoke(role.name, self.first) if goes_first else []
        self.written = [*policies.values(), *self._early.values(), *self._revoked]
        """What its trust waits for."""

    def trust(self, *after: pulumi.Resource) -> iam.Role:
        """Make the role, which lets its consumer in."""
        role = self._role
        return iam.Role(
            self._name,
            name=role.name,
            path=role.path,
            description=description_of(self._consumer),
            assume_role_policy=self._trust,
            max_session_duration=role.max_session_duration,
            permissions_boundary=role.permissions_boundary,
            tags=role.tags,
            # Nothing detaches the policy when the stack is destroyed but this, and IAM deletes
            # neither a policy that is attached nor a role that has one; hence also the order.
            force_detach_policies=True,
            # Each of these has waited for what the component waits for.
            opts=ResourceOptions.merge(
                self.after_all((*self.written, *after)),
                # The next one of another name could assume this one for as long as there are both.
                # Otherwise the provider says what comes first, which has to do with names.
                ResourceOptions(delete_before_replace=self._lets_everybody_in or None),
            ),
        )

    def attach(self, made: iam.Role, *after: pulumi.Resource) -> None:
        """Give the role what it newly may do, and nothing else than its policies."""
        revoked = self._revoked or self._revoke(made.name, self.after())
        inline = [
            *self._early.values(),
            *(
                self._put(each, made.name, self.after(*revoked, *after))
                for each in self._inside
                if each not in self._early
            ),
        ]
        # One after the other: where the kind of policy changes, the new one is in force before the
        # old one is taken away.
        attached = iam.RolePolicyAttachmentsExclusive(
            self._name,
            role_name=made.name,
            policy_arns=self.policy_arns,
            opts=self.after(*inline, *revoked, *after),
        )
        iam.RolePoliciesExclusive(
            self._name,
            role_name=made.name,
            policy_names=[policy.name for policy in (*inline, *revoked)],
            opts=self.after(attached),
        )
        self.register_outputs({"arn": made.arn, "policy_arns": self.policy_arns})

    def _put(self, number: int, of: pulumi.Input[str], opts: ResourceOptions) -> iam.RolePolicy:
        return iam.RolePolicy(
            # The plain name is that of the policy of machines in their own account.
            f"{self._name}.inline{numbered(number)}",
            role=of,
            name=self._role.name_of_part(number),
            policy=self._inside[number],
            opts=opts,
        )

    def _revoke(self, of: pulumi.Input[str], opts: ResourceOptions) -> list[iam.RolePolicy]:
        before = self._role.revoked_before
        return [
            iam.RolePolicy(
                # No consumer's name has a dot in it.
                f"{self._name}.revoked",
                role=of,
                name=POLICY_NAME,
                policy=revocation_policy(each),
                opts=opts,
            )
            for each in ([before] if before else [])
        ]


def refuse_in_one_go(access: Access, leaving: Collection[str]) -> None:
    """Refuse what no order of writes keeps from being wider for a moment.

    A policy of another kind, or of another name, goes when the new one is attached, which is after
    the trust has changed. Of two roles that are assumed one after the other one changes first. A
    role that goes, goes last, and until then is one of everybody in its account.

    Args:
        access: of a consumer.
        leaving: names of roles of the same account that go.

    Raises:
        pulumi.RunError: what to deploy first.
    """
    role, caller = access.consumer.role, access.caller
    if role is None:
        return
    found = _Found(role, trust_policy(access.consumer, access.accounts), access)
    kinds = {False: (POLICY, ""), True: (ROLE_POLICY, ".inline")}
    renamed = any(
        each["name"] != role.name_of_part(number)
        for number, each in access.deployed.parts(*kinds[role.inline_policy]).items()
    )
    was = [*access.deployed.documents(*kinds[not role.inline_policy]).values()]
    if renamed:
        was += access.deployed.documents(*kinds[role.inline_policy]).values()
    text = access_policy(access.consumer, access.grants, access.accounts)
    told = f"consumer {access.consumer.name!r}: "
    if found.changes and found.role.keeps_its_name and was and not say_the_same(text, was):
        setting = "role.policy_name" if renamed else "role.policy"
        message = (
            f"{told}{setting} changes together with what the role may do and who may assume it; "
            f"nothing was changed: deploy the new {setting} first, then the rest"
        )
        raise pulumi.RunError(message)
    if _has_to_wait(found.role, caller) and _has_to_wait(caller, found.role):
        message = (
            f"{told}who gets its role in Staging, or what bounds it there, changes together with "
            "the conditions of its role in Production; nothing was changed: deploy one of them "
            "first, then the other"
        )
        raise pulumi.RunError(message)
    others = sorted(set(leaving) - {_name(access.deployed.of(ROLE))})
    lets_in = found.role.lets_in or not found.role.is_deployed
    if others and lets_in and _names_everybody(access):
        message = (
            f"{told}it newly lets somebody in, and with them the role {others[0]!r}, which goes "
            "last; nothing was changed: deploy what goes first, then this consumer"
        )
        raise pulumi.RunError(message)


def _names_everybody(access: Access) -> bool:
    return access.consumer.principal.trust(access.accounts).names_everybody


def _name(role: Mapping[str, Any] | None) -> str:
    return "" if role is None else str(role["name"])


def _has_to_wait(role: RoleChange, other: RoleChange) -> bool:
    """Say whether a change would be wider for a moment before that of another role on the way.

    One that gets another name is a new role, which nothing leads to before the other has changed;
    and one that asks for another external ID is closed until callers may state that.
    """
    both_stay = role.keeps_its_name and other.keeps_its_name
    is_closed = role.asks_for_others or other.asks_for_others
    return both_stay and not is_closed and role.lets_in and other.shuts_out


class _Found:
    """What changes of the role beside its grants, and of the role that its consumer comes with."""

    def __init__(self, role: Role, trust: str, access: Access) -> None:
        caller = access.caller
        self.role = RoleChange(
            access.deployed.of(ROLE),
            name=role.name,
            path=role.path,
            trust=trust,
            boundary=role.permissions_boundary,
        )
        revoked = access.deployed.document(ROLE_POLICY, ".revoked")
        revoking = revocation_policy(role.revoked_before) if role.revoked_before else None
        of_revocation = self.role.is_deployed and not same(revoked, revoking)
        self.changes = self.role.changes or of_revocation or caller.changes
        """Whether more changes than the grants."""
        self.shuts_out = (
            self.role.shuts_out or (of_revocation and revoking is not None) or caller.shuts_out
        )
        """Whether somebody may do less with the same grants."""
