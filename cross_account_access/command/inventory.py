"""The policy documents of a stack, by the ARNs of the principals and resources that have them.

They come from the resources of the stack by their type tokens. What lies in the live accounts is
read by `cross_account_access.command.live`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

from cross_account_access.errors import UncheckedError
from cross_account_access.facts.managed_policies import document_of
from cross_account_access.iam.documents import Document, PolicyKind
from cross_account_access.iam.engine import (
    IdentityDocuments,
    ResourceDocuments,
    RoleDocuments,
)
from cross_account_access.iam.errors import IamError
from cross_account_access.iam.inventory import (
    KNOWN_LATER,
    POLICIES_OF_OTHERS,
    UNKNOWN_TRUST,
    Inventory,
    unknown_document,
)
from cross_account_access.iam.layers import NOT_SEEN, AccountLayers, Layers
from cross_account_access.iam.services import Place, StackTypes, service_name, services
from cross_account_access.stack import StackAccount, StackResource, accounts_of, is_unknown

_STACK: Final = "pulumi:pulumi:Stack"
_STACK_TYPES: Final = {
    name: service.stack for name, service in services().items() if service.stack is not None
}


@dataclass(frozen=True, kw_only=True)
class StackInventory(Inventory):
    """An inventory whose accounts one can sign in to."""

    accounts: tuple[StackAccount, ...]
    outputs: Mapping[str, Any] = field(default_factory=dict)
    """Those of the stack, by name, as far as they are known."""

    def with_existing(self) -> Self:
        """The same with what the stack shares without managing it; no policy of it is known."""
        accounts = {account.id for account in self.accounts}
        shared = (self.outputs.get("resourceArns") or {}).values()
        found: dict[str, ResourceDocuments] = {
            arn: {"account": account, "policy": None}
            for arn in shared
            if isinstance(arn, str) and service_name(arn) in services()
            for account in [arn.split(":")[4]]
            if account in accounts
        }
        return replace(self, resources={**found, **self.resources})


def together(inventories: Iterable[StackInventory]) -> StackInventory:
    """Return all of several inventories; of what is in two of them, as the last one has it."""
    users: dict[str, IdentityDocuments] = {}
    roles: dict[str, RoleDocuments] = {}
    resources: dict[str, ResourceDocuments] = {}
    accounts: dict[str, StackAccount] = {}
    gaps: dict[str, None] = {}
    layers = NOT_SEEN
    for each in inventories:
        if each.layers is not NOT_SEEN:
            layers = Layers(
                accounts={**layers.accounts, **each.layers.accounts},
                endpoints=each.layers.endpoints,
                buckets={**layers.buckets, **each.layers.buckets},
                reasons=(*layers.reasons, *each.layers.reasons),
            )
        users |= each.users
        roles |= each.roles
        resources |= each.resources
        accounts |= {account.id: account for account in each.accounts}
        gaps |= dict.fromkeys(each.gaps)
    return StackInventory(
        accounts=tuple(accounts.values()),
        users=users,
        roles=roles,
        resources=resources,
        gaps=tuple(gaps),
        layers=layers,
    )


@contextmanager
def judged() -> Iterator[None]:
    """End the command in a line where documents cannot be judged; decorates the `run` of a verb.

    Raises:
        UncheckedError: in place of what the judge raises.
    """
    try:
        yield
    except IamError as error:
        raise UncheckedError(str(error)) from error


def policy_label(arn: str) -> str:
    """Return what to call an attached policy; unlike its name, no inline policy is called so."""
    return arn.split(":", 4)[4]


def inventory_of(resources: Iterable[StackResource]) -> StackInventory:
    """Read the documents out of the resources of a stack, deployed or planned."""
    return _Reader(tuple(resources)).read()


@dataclass
class _Holder:
    """A user or role while its documents are being collected."""

    arn: str
    policies: dict[str, Document] = field(default_factory=dict)
    boundary: Document | None = None
    trust: Document | None = None

    def documents(self) -> IdentityDocuments:
        return {"policies": self.policies, "boundary": self.boundary}


_Key = tuple[str, str]
"""Account ID and name."""


class _Reader:
    """Goes through the resources: first what has documents, then what attaches them."""

    def __init__(self, resources: tuple[StackResource, ...]) -> None:
        self._all = resources
        self._by_urn = {resource.urn: resource for resource in resources}
        self._accounts = accounts_of(resources)
        self._users: dict[_Key, _Holder] = {}
        self._roles: dict[_Key, _Holder] = {}
        self._managed: dict[str, Document] = {}
        self._targets: dict[str, ResourceDocuments] = {}
        self._arns: dict[str, str] = {}
        """ARNs of managed policies and of the targets by URN."""
        self._gaps: list[str] = []

    def read(self) -> StackInventory:
        for resource, account in self._of("aws:iam/policy:Policy"):
            arn = self._iam_arn(resource, account, "policy")
            self._arns[resource.urn] = arn
            self._managed[arn] = _document(resource, "policy")
        for resource, account in self._of("aws:iam/user:User"):
            self._add_identity(self._users, resource, account, "user")
        for resource, account in self._of("aws:iam/role:Role"):
            self._add_role(resource, account)
        self._read_user_policies()
        self._read_role_policies()
        self._read_resources()
        return StackInventory(
            accounts=tuple(self._accounts.values()),
            users={user.arn: user.documents() for user in self._users.values()},
            roles={
                role.arn: {"trust": role.trust or UNKNOWN_TRUST, **role.documents()}
                for role in self._roles.values()
            },
            resources=self._targets,
            gaps=tuple(self._gaps),
            layers=self._block_public_access(),
            outputs={
                name: value
                for each in self._all
                if each.type == _STACK
                for name, value in each.outputs.items()
            },
        )

    def _of(self, *types: str) -> Iterator[tuple[StackResource, StackAccount]]:
        for resource in self._all:
            if resource.type in types:
                account = self._accounts.get(resource.provider or "")
                if account is None:
                    self._gaps.append(
                        f"{resource.type} {resource.name}: its provider does not say which account"
                        " it deploys to (allowedAccountIds), so it is left out"
                    )
                else:
                    yield resource, account

    # Users and roles.

    def _add_identity(
        self,
        identities: dict[_Key, _Holder],
        resource: StackResource,
        account: StackAccount,
        kind: str,
    ) -> _Holder:
        identity = _Holder(self._iam_arn(resource, account, kind))
        boundary = resource.known("permissionsBoundary")
        if boundary is not None:
            identity.boundary = self._managed_document(boundary)
        elif resource.inputs.get("permissionsBoundary") is not None:
            (identity.boundary,) = self._made_here(resource, "permissionsBoundary", 1).values()
        identities[account.id, _name(resource, identity.arn)] = identity
        return identity

    def _add_role(self, resource: StackResource, account: StackAccount) -> None:
        role = self._add_identity(self._roles, resource, account, "role")
        role.trust = _document(resource, "assumeRolePolicy", PolicyKind.TRUST)
        for inline in resource.known("inlinePolicies") or ():
            if inline.get("policy"):
                role.policies[inline.get("name") or "inline"] = inline["policy"]
        self._attach(role, resource, "managedPolicyArns")

    def _read_user_policies(self) -> None:
        for resource, account in self._of("aws:iam/userPolicy:UserPolicy"):
            user = self._user(resource, "user", account)
            user.policies[_name(resource, resource.name)] = _document(resource, "policy")
        for resource, account in self._of("aws:iam/userPolicyAttachment:UserPolicyAttachment"):
            self._attach(self._user(resource, "user", account), resource, "policyArn")
        token = "aws:iam/userPolicyAttachmentsExclusive:UserPolicyAttachmentsExclusive"  # noqa: S105
        for resource, account in self._of(token):
            self._attach(self._user(resource, "userName", account), resource, "policyArns")

    def _read_role_policies(self) -> None:
        for resource, account in self._of("aws:iam/rolePolicy:RolePolicy"):
            if role := self._role(resource, "role", account):
                role.policies[_name(resource, resource.name)] = _document(resource, "policy")
        for resource, account in self._of("aws:iam/rolePolicyAttachment:RolePolicyAttachment"):
            if role := self._role(resource, "role", account):
                self._attach(role, resource, "policyArn")
        token = "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive"  # noqa: S105
        for resource, account in self._of(token):
            if role := self._role(resource, "roleName", account):
                self._attach(role, resource, "policyArns")

    def _user(self, resource: StackResource, key: str, account: StackAccount) -> _Holder:
        """Return the user that a property names; one of somebody else's may have other policies."""
        name = self._referred(resource, key, "aws:iam/user:User")
        if (account.id, name) not in self._users:
            arn = self._told_arn(account, "user", name)
            self._users[account.id, name] = _of_others(
                arn or f"arn:{account.partition}:iam::{account.id}:user/{name}"
            )
        return self._users[account.id, name]

    def _role(self, resource: StackResource, key: str, account: StackAccount) -> _Holder | None:
        """Return the role that a property names; one that the outputs name may be adopted."""
        name = self._referred(resource, key, "aws:iam/role:Role")
        role = self._roles.get((account.id, name))
        if role is None and (arn := self._told_arn(account, "role", name)):
            role = self._roles[account.id, name] = _of_others(arn)
        if role is None:
            self._gaps.append(
                f"role {account.label}:{name} belongs to another stack, so its trust is not known"
            )
        return role

    def _referred(self, resource: StackResource, key: str, token: str) -> str:
        """Return the name that a property refers to, if need be by the resource that gives it."""
        value = resource.known(key)
        if value is not None:
            return str(value).rsplit("/", 1)[-1]
        for urn in resource.dependencies.get(key, ()):
            if urn in self._by_urn and self._by_urn[urn].type == token:
                return _name(self._by_urn[urn], urn)
        return resource.name

    def _told_arn(self, account: StackAccount, kind: str, name: str) -> str | None:
        """Return the ARN with the path, which only the stack's outputs know of whom it adopts."""
        pattern = rf"arn:[^:]+:iam::{account.id}:{kind}/(?:.*/)?{re.escape(name)}"
        outputs = [each.outputs for each in self._all if each.type.endswith(":Stack")]
        return next((text for text in _texts(outputs) if re.fullmatch(pattern, text)), None)

    def _attach(self, identity: _Holder, resource: StackResource, key: str) -> None:
        """Add the managed policies that a property lists; one that is not made yet has no ARN."""
        value = resource.inputs.get(key) or ()
        listed = [value] if isinstance(value, str) else value
        for arn in [] if is_unknown(listed) else listed:
            if not is_unknown(arn):
                identity.policies[policy_label(arn)] = self._managed_document(arn)
        waiting = 1 if is_unknown(listed) else sum(map(is_unknown, listed))
        if waiting:
            identity.policies |= self._made_here(resource, key, waiting)

    def _made_here(self, resource: StackResource, key: str, waiting: int) -> dict[str, Document]:
        """Return the policies that this property waits for.

        Where there are more than it waits for, they cannot be told apart.
        """
        made = [self._arns[urn] for urn in resource.dependencies.get(key, ()) if urn in self._arns]
        if len(made) == waiting:
            return {policy_label(arn): self._managed[arn] for arn in made}
        return {f"{key} of {resource.name}": unknown_document(KNOWN_LATER)}

    def _managed_document(self, arn: str) -> Document:
        return self._managed.get(arn) or document_of(arn) or unknown_document(policy_label(arn))

    def _iam_arn(self, resource: StackResource, account: StackAccount, kind: str) -> str:
        arn = resource.outputs.get("arn")
        if isinstance(arn, str) and arn.startswith("arn:"):
            return arn
        path = resource.known("path") or "/"
        name = _name(resource, resource.name)
        return f"arn:{account.partition}:iam::{account.id}:{kind}{path}{name}"

    # Resources with policies of their own.

    def _read_resources(self) -> None:
        """Read what the services describe; a policy may be a resource of its own."""
        for service, types in _STACK_TYPES.items():
            for resource, account in self._of(*types.resources):
                self._add_target(resource, account, types)
            for token, key in types.policies.items():
                for resource, account in self._of(token):
                    arn = self._belongs_to(resource, key, service)
                    if arn is None and key == types.name:
                        arn = _planned(types, resource, account)
                    if arn is None:
                        told = f"{token} {resource.name} is about no resource of the stack"
                        self._gaps.append(told)
                    else:
                        policy = self._policy(resource)
                        self._targets[arn] = {"account": account.id, "policy": policy}

    def _add_target(
        self, resource: StackResource, account: StackAccount, types: StackTypes
    ) -> None:
        arn = resource.outputs.get("arn")
        if not (isinstance(arn, str) and arn.startswith("arn:")):
            arn = _planned(types, resource, account)
        policy = self._policy(resource) if resource.inputs.get("policy") else None
        if policy is None and types.default_policy is not None:
            told = resource.outputs.get("policy")
            is_document = isinstance(told, str) and told.startswith("{")
            policy = told if is_document else Place(arn=arn).fill(types.default_policy)
        self._arns[resource.urn] = arn
        self._targets[arn] = {"account": account.id, "policy": policy}

    def _block_public_access(self) -> Layers:
        """Return what the stack itself sets of S3 Block Public Access."""
        setting = "restrictPublicBuckets"
        buckets: dict[str, bool] = {}
        accounts: dict[str, AccountLayers] = {}
        for resource, _ in self._of("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"):
            arn = self._belongs_to(resource, "bucket", "s3")
            if arn is not None:
                buckets[arn] = resource.known(setting) is True
        token = "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock"  # noqa: S105
        for resource, account in self._of(token):
            restricts = resource.known(setting) is True
            accounts[resource.known("accountId") or account.id] = AccountLayers(
                restricts_public_buckets=restricts
            )
        return Layers(accounts=accounts, buckets=buckets) if accounts or buckets else NOT_SEEN

    def _policy(self, resource: StackResource) -> Document:
        return _document(resource, "policy", PolicyKind.RESOURCE)

    def _belongs_to(self, resource: StackResource, key: str, service: str) -> str | None:
        """Return the ARN of the resource that a policy is about."""
        for urn in resource.dependencies.get(key, ()):
            if urn in self._arns:
                return self._arns[urn]
        last = _last(resource.known(key) or "")
        of_service = (arn for arn in self._targets if arn.split(":")[2] == service)
        return next((arn for arn in of_service if _last(arn) == last), None)


def _of_others(arn: str) -> _Holder:
    """Return one whom the stack adopts, and who may have other policies beside ours."""
    return _Holder(arn, {POLICIES_OF_OTHERS: unknown_document("policies-of-others")})


def _planned(types: StackTypes, resource: StackResource, account: StackAccount) -> str:
    """Return the ARN of a resource that is not made yet."""
    return types.arn.format(
        partition=account.partition,
        region=account.region,
        account=account.id,
        name=resource.known(types.name) or resource.name,
    )


def _name(resource: StackResource, otherwise: str) -> str:
    """Return the physical name, which Pulumi chooses before a preview where nobody gives one."""
    name = resource.known("name")
    return str(name) if name is not None else otherwise.rsplit("/", 1)[-1]


def _last(reference: str) -> str:
    """Return the last part of an ARN, a URL, an ID or a name."""
    return re.split(r"[:/]", reference)[-1]


def _document(
    resource: StackResource, key: str, kind: PolicyKind = PolicyKind.IDENTITY
) -> Document:
    """Return a document as text or parsed JSON."""
    value = resource.known(key)
    if value is None:
        return unknown_document(KNOWN_LATER, kind)
    document: Document = value if isinstance(value, Mapping) else str(value)
    return document


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)
