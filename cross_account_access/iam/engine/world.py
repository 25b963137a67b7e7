"""The accounts: who has which policies, and which policy every resource has.

A world is filled from plain documents. What it does not list is not known: the policies of a user
that is missing, or of a bucket that is missing, make an answer unknown, never a refusal.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import NotRequired, TypedDict

from cross_account_access.iam.checks import clipped, instance, mapping, shown, text
from cross_account_access.iam.documents import Document, PolicyKind, read
from cross_account_access.iam.engine.limits import Limits
from cross_account_access.iam.engine.matching import Truth
from cross_account_access.iam.engine.policies import Policy, compile_policy
from cross_account_access.iam.engine.principals import (
    Principal,
    PrincipalKind,
    account_of,
    parse_principal,
)
from cross_account_access.iam.engine.public_policies import is_public, public_statement
from cross_account_access.iam.errors import QuestionError
from cross_account_access.iam.layers import NOT_SEEN, Layers
from cross_account_access.iam.services import has_no_policies, policy_resource

_ARN_COLONS = 5
_ACCOUNT_DIGITS = 12


class IdentityDocuments(TypedDict):
    """The documents of a user or a role."""

    policies: NotRequired[Mapping[str, Document]]
    """Inline and managed policies by name; for a user also those of its groups."""
    boundary: NotRequired[Document | None]
    """The permissions boundary, if there is one."""


class RoleDocuments(IdentityDocuments):
    """The documents of a role."""

    trust: Document


class ResourceDocuments(TypedDict):
    """A resource that can have a policy of its own."""

    account: str
    """The account that owns it, 12 digits; the ARN of a bucket does not say."""
    policy: Document | None
    """Its resource-based policy; `None` says that it has none. Of an access point only this is
    judged, not the policy of its bucket, which has to allow the same."""


def _check_keys(
    documents: object, arn: str, needed: tuple[str, ...], optional: tuple[str, ...]
) -> None:
    """Refuse a misspelt key: a boundary that is silently left out would widen the answers."""
    known = (*needed, *optional)
    stated = mapping(documents, clipped(arn))
    for key in stated:
        if key not in known:
            near = difflib.get_close_matches(key, known)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
            msg = f"{clipped(arn)}: {shown(key)} is not part of what it can have; {hint}"
            raise QuestionError(msg)
    for key in needed:
        if key not in stated:
            msg = f"{clipped(arn)}: {shown(key)} is missing; give it"
            raise QuestionError(msg)


class IdentityPolicies:
    """A user or role with its compiled policies."""

    __slots__ = ("arn", "boundary", "policies")

    def __init__(self, arn: str, documents: IdentityDocuments) -> None:
        self.arn = arn
        name = clipped(arn.rpartition(":")[2])
        named = mapping(documents.get("policies", {}), f"policies of {name}")
        self.policies = tuple(
            compile_policy(
                document, PolicyKind.IDENTITY, f"identity-based policy {shown(label)} of {name}"
            )
            for label, document in named.items()
        )
        boundary = documents.get("boundary")
        self.boundary: Policy | None = None
        if boundary is not None:
            source = f"permissions boundary of {name}"
            self.boundary = compile_policy(boundary, PolicyKind.BOUNDARY, source)


class Target:
    """The resource side of a question."""

    __slots__ = ("cuts_off", "delegates", "is_known", "name", "owner", "policy", "public_by")

    def __init__(  # noqa: PLR0913 - as many things tell one side of a question
        self,
        *,
        owner: str | None,
        policy: Policy | None = None,
        name: str = "",
        is_known: bool = True,
        delegates: bool = False,
        cuts_off: Truth = False,
        public_by: str = "",
    ) -> None:
        self.owner = owner
        """The account, `None` when it is not known."""
        self.policy = policy
        self.name = name
        """What to call its policy."""
        self.is_known = is_known
        """Whether it is known which policy it has, if any."""
        self.delegates = delegates
        """Whether identity-based policies count only where the policy names the account.

        So it is for roles and KMS keys (AWS: "Policy evaluation logic"; "Key policies in AWS KMS").
        """
        self.cuts_off = cuts_off
        """Whether S3 Block Public Access keeps every other account out of it."""
        self.public_by = public_by
        """The statement of its policy for which it does."""


_Name = tuple[PrincipalKind, str, str]
"""Whether it is a user or a role, its account, its name without the path."""


class World:
    """What is known of all accounts.

    Args:
        users: by ARN.
        roles: by ARN.
        resources: by ARN: buckets (not their objects), queues, topics, keys and the like.
        layers: what limits requests beside them; what it has not seen plays no part.

    Raises:
        DocumentError: for a document that is not JSON or breaks the grammar.
        QuestionError: for an ARN or account that is none, a key without its policy, and two users
            or two roles of an account that have one name.
    """

    def __init__(
        self,
        *,
        users: Mapping[str, IdentityDocuments] | None = None,
        roles: Mapping[str, RoleDocuments] | None = None,
        resources: Mapping[str, ResourceDocuments] | None = None,
        layers: Layers = NOT_SEEN,
    ) -> None:
        instance(layers, Layers, "layers")
        self.limits = Limits(layers)
        """What binds beside the policies of principals and resources."""
        self._identities: dict[_Name, IdentityPolicies] = {}
        self._arns: dict[_Name, str] = {}
        """ARNs of users and roles, by their names in lower case."""
        self._targets: dict[str, Target] = {}
        self._add(users, roles, resources)

    def including(
        self,
        *,
        users: Mapping[str, IdentityDocuments] | None = None,
        roles: Mapping[str, RoleDocuments] | None = None,
        resources: Mapping[str, ResourceDocuments] | None = None,
    ) -> World:
        """Return the same accounts with more in them; what has the ARN of another replaces it.

        What is there already is not compiled again.

        Raises:
            DocumentError, QuestionError: as for a world.
        """
        more = World()
        more.limits = self.limits
        more._identities = dict(self._identities)
        more._arns = dict(self._arns)
        more._targets = dict(self._targets)
        more._add(users, roles, resources)
        return more

    def _add(
        self,
        users: Mapping[str, IdentityDocuments] | None,
        roles: Mapping[str, RoleDocuments] | None,
        resources: Mapping[str, ResourceDocuments] | None,
    ) -> None:
        for arn, user in mapping({} if users is None else users, "users").items():
            _check_keys(user, arn, (), ("policies", "boundary"))
            self._identities[self._free(arn, PrincipalKind.USER)] = IdentityPolicies(arn, user)
        for arn, role in mapping({} if roles is None else roles, "roles").items():
            self._add_role(arn, role)
        for arn, resource in mapping({} if resources is None else resources, "resources").items():
            _check_keys(resource, arn, ("account", "policy"), ())
            self._targets[arn] = _target(arn, resource, self.limits.layers)

    def _add_role(self, arn: str, documents: RoleDocuments) -> None:
        key = self._free(arn, PrincipalKind.ROLE)
        _check_keys(documents, arn, ("trust",), ("policies", "boundary"))
        source = f"trust policy of {clipped(arn.rpartition(':')[2])}"
        trust = compile_policy(documents["trust"], PolicyKind.TRUST, source)
        self._identities[key] = IdentityPolicies(arn, documents)
        self._targets[arn] = Target(
            owner=account_of(arn), policy=trust, name=source, delegates=True
        )

    def _free(self, arn: str, kind: PrincipalKind) -> _Name:
        """Return the name of a user or role, which nobody else of the account may have.

        Paths and case make no difference (AWS: "CreateRole", IAM API reference,
        https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html).
        """
        principal = parse_principal(arn)
        if principal.kind is not kind or ":iam:" not in arn:
            msg = f"{shown(arn)} is not the ARN of a {kind.noun}"
            raise QuestionError(msg)
        taken = self._arns.setdefault((kind, principal.account, principal.name.lower()), arn)
        if taken != arn:
            msg = (
                f"{shown(arn)} and {shown(taken)} have one name, but the name of a {kind.noun}"
                " exists once in an account, whatever its path and case; leave one out"
            )
            raise QuestionError(msg)
        return kind, principal.account, principal.name

    def identity(self, principal: Principal) -> IdentityPolicies | None:
        """Return the user or role whose policies the principal has, `None` when not known."""
        kind = PrincipalKind.ROLE if principal.kind is PrincipalKind.ROLE else PrincipalKind.USER
        found = self._identities.get((kind, principal.account, principal.name))
        if found is not None and principal.session is None and principal.arn != found.arn:
            return None
        return found

    def policies(self) -> Iterator[Policy]:
        """All of them, of whatever they speak."""
        for identity in self._identities.values():
            yield from identity.policies
            if identity.boundary is not None:
                yield identity.boundary
        for target in self._targets.values():
            if target.policy is not None:
                yield target.policy
        yield from self.limits.policies()

    def cuts_off(self, resource: str) -> Truth:
        """Say whether S3 Block Public Access keeps other accounts out of a bucket that is known."""
        found = self._targets.get(resource)
        return False if found is None else found.cuts_off

    def target(self, principal: Principal, action: str, resource: str) -> Target:
        """Return the resource side of a question.

        Args:
            principal: who asks.
            action: lower case.
            resource: ARN, or `*` for an action that has no resource.
        """
        if resource == "*":
            return Target(owner=principal.account)
        service = resource.split(":")[2]
        if service == "sts" or (service == "iam" and not action.startswith("sts:")):
            # A policy that AWS manages is there for every account (AWS: "Managed policies and
            # inline policies",
            # https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_managed-vs-inline.html).
            field = account_of(resource)
            account = principal.account if field == "aws" else field
            return Target(owner=account)
        arn = policy_resource(resource)
        found = self._targets.get(arn)
        if found is not None:
            return found
        owner = account_of(resource) or None
        if has_no_policies(resource):
            return Target(owner=owner)
        return Target(owner=owner, name=f"policy of {arn}", is_known=False)


def _target(arn: str, documents: ResourceDocuments, layers: Layers) -> Target:
    is_arn = arn.startswith("arn:") and arn.count(":") >= _ARN_COLONS
    service = arn.split(":")[2] if is_arn else ""
    if not is_arn or policy_resource(arn) != arn:
        msg = (
            f"{shown(arn)} is not the ARN of a resource with a policy;"
            " for an object give its bucket"
        )
        raise QuestionError(msg)
    owner = text(documents["account"], f"account of {clipped(arn)}")
    if not (len(owner) == _ACCOUNT_DIGITS and owner.isdigit()):
        msg = f"account {shown(owner)} of {clipped(arn)} is not 12 digits; give it as a text"
        raise QuestionError(msg)
    if account_of(arn) not in ("", owner):
        msg = f"account {shown(owner)} contradicts the ARN {shown(arn)}; give the one of the ARN"
        raise QuestionError(msg)
    is_key = service == "kms"
    source = f"{'key policy' if is_key else 'resource-based policy'} of {clipped(arn)}"
    document = documents["policy"]
    if document is None and is_key:
        msg = f"key {shown(arn)} has no key policy, but every key has one; give it"
        raise QuestionError(msg)
    policy = None
    if document is not None:
        policy = compile_policy(document, PolicyKind.RESOURCE, source)
    cuts_off: Truth = False
    public_by = ""
    if service == "s3" and document is not None and layers.restricts(arn, owner):
        written = read(document, PolicyKind.RESOURCE, source)
        cuts_off, public = is_public(written), public_statement(written)
        public_by = "" if public is None else public.name
    return Target(
        owner=owner,
        policy=policy,
        name=source,
        delegates=is_key,
        cuts_off=cuts_off,
        public_by=public_by,
    )
