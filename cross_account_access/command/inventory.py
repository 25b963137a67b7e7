"""The policy documents of all principals and resources that a stack knows, by their ARNs.

An inventory is what the verbs share: the engine's world is made from it, the map draws it, lint
reads its documents. It comes from the resources of a stack by their type tokens, or from the live
accounts (`cross_account_access.command.live`).
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from cross_account_access.errors import UncheckedError
from cross_account_access.iam.engine import (
    DocumentError,
    IdentityDocuments,
    PolicyKind,
    ResourceDocuments,
    RoleDocuments,
    World,
)
from cross_account_access.stack import Account, Resource, accounts_of, is_unknown

Document = str | Mapping[str, Any]

POLICIES_OF_OTHERS: Final = "of others"
"""In place of the names of policies that others gave a user whom the stack adopts."""

KNOWN_LATER: Final = "known-after-deployment"
"""Why a document is not known that the stack itself makes: it waits for values, or is secret."""

_PARTITIONS: Final = {"cn-": "aws-cn", "us-gov-": "aws-us-gov", "eusc-": "aws-eusc"}
_SHORT: Final = re.compile(r"arn:[^:]+:(?P<service>[^:]+):[^:]*:(?P<account>\d*):(?P<rest>.+)")


@dataclass(frozen=True, kw_only=True)
class Inventory:
    """Principals and resources with their documents."""

    accounts: tuple[Account, ...]
    users: Mapping[str, IdentityDocuments]
    """By ARN."""
    roles: Mapping[str, RoleDocuments]
    """By ARN."""
    resources: Mapping[str, ResourceDocuments]
    """Buckets, topics, queues and keys by ARN."""
    gaps: tuple[str, ...] = ()
    """What could not be read, a sentence each."""

    def world(self) -> World:
        """The engine's view.

        Raises:
            UncheckedError: for a document that breaks the policy grammar.
        """
        try:
            return World(users=self.users, roles=self.roles, resources=self.resources)
        except DocumentError as error:
            raise UncheckedError(str(error)) from error

    def including(self, name: str) -> "Inventory":
        """The same with one more user or role of its accounts, whose documents are to be read."""
        arn = self.long(name)
        match = _SHORT.fullmatch(arn)
        is_ours = match and match["account"] in {account.id for account in self.accounts}
        if not is_ours or ":iam:" not in arn or arn in {**self.users, **self.roles}:
            return self
        if ":user/" in arn:
            return replace(self, users={**self.users, arn: {}})
        if ":role/" in arn:
            return replace(self, roles={**self.roles, arn: {"trust": _UNKNOWN_TRUST}})
        return self

    def label(self, account: str) -> str:
        """The short name of an account: its provider's name, or the ID of one that has none."""
        return next((each.label for each in self.accounts if each.id == account), account)

    def short(self, arn: str) -> str:
        """A name for people: `staging:user/StageAdmin`, `production-test-bucket-101/reports/*`."""
        match = _SHORT.fullmatch(arn)
        if match is None:
            return arn
        if match["service"] == "s3":
            return match["rest"]
        if match["service"] in ("iam", "sts"):
            return f"{self.label(match['account'])}:{match['rest']}"
        return f"{self.label(match['account'])}:{match['service']}:{match['rest']}"

    def long(self, name: str) -> str:
        """The ARN that a short name stands for; any other text is returned as it is."""
        for arn in (*self.users, *self.roles, *self.resources):
            if name == self.short(arn):
                return arn
        label, _, rest = name.partition(":")
        for account in self.accounts:
            if label in (account.label, account.id) and re.match(r"(?:user|role)/|root$", rest):
                return f"arn:{partition_of(account)}:iam::{account.id}:{rest}"
        bucket, slash, key = name.partition("/")
        for arn in self.resources:
            if slash and arn.endswith(f":s3:::{bucket}"):
                return f"{arn}/{key}"
        return name


NOTHING: Final = Inventory(accounts=(), users={}, roles={}, resources={})
"""No principal and no resource."""


def partition_of(account: Account) -> str:
    """Return the partition, which the region decides."""
    region = account.region or ""
    return next((name for prefix, name in _PARTITIONS.items() if region.startswith(prefix)), "aws")


def policy_label(arn: str) -> str:
    """Return what to call an attached policy; unlike its name, no inline policy is called so."""
    return arn.split(":", 4)[4]


_UNKNOWN_KEY: Final = ":unknown-document"


def unknown_document(why: str, kind: PolicyKind = PolicyKind.IDENTITY) -> Mapping[str, Any]:
    """Return a document that leaves every question open, for one whose content is not known.

    The engine decides no condition on a key that nobody states, so that an answer that hangs on
    this document is unknown, and says why.
    """
    statement: dict[str, Any] = {
        "Action": "*",
        "Condition": {"Null": {f"{why}{_UNKNOWN_KEY}": "false"}},
    }
    if kind is not PolicyKind.TRUST:
        statement["Resource"] = "*"
    if kind is not PolicyKind.IDENTITY:
        statement["Principal"] = "*"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {"Sid": "NotKnown", "Effect": effect, **statement} for effect in ("Allow", "Deny")
        ],
    }


def is_unknown_document(document: Document) -> bool:
    """Say whether a document is one of `unknown_document`."""
    return _UNKNOWN_KEY in (document if isinstance(document, str) else json.dumps(document))


def is_unknown_key(key: str) -> bool:
    """Say whether a context key stands for the content of an unknown document."""
    return key.endswith(_UNKNOWN_KEY)


_UNKNOWN_TRUST: Final = unknown_document("trust", PolicyKind.TRUST)


def inventory_of(resources: Iterable[Resource]) -> Inventory:
    """Read the documents out of the resources of a stack, deployed or planned."""
    return _Reader(tuple(resources)).read()


@dataclass
class _Identity:
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

    def __init__(self, resources: tuple[Resource, ...]) -> None:
        self._all = resources
        self._by_urn = {resource.urn: resource for resource in resources}
        self._accounts = accounts_of(resources)
        self._users: dict[_Key, _Identity] = {}
        self._roles: dict[_Key, _Identity] = {}
        self._managed: dict[str, Document] = {}
        self._targets: dict[str, ResourceDocuments] = {}
        self._arns: dict[str, str] = {}
        """ARNs of managed policies and of the targets by URN."""
        self._gaps: list[str] = []

    def read(self) -> Inventory:
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
        self._read_buckets()
        self._read_targets()
        return Inventory(
            accounts=tuple(self._accounts.values()),
            users={user.arn: user.documents() for user in self._users.values()},
            roles={
                role.arn: {"trust": role.trust or _UNKNOWN_TRUST, **role.documents()}
                for role in self._roles.values()
            },
            resources=self._targets,
            gaps=tuple(self._gaps),
        )

    def _of(self, *types: str) -> Iterator[tuple[Resource, Account]]:
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
        self, identities: dict[_Key, _Identity], resource: Resource, account: Account, kind: str
    ) -> _Identity:
        identity = _Identity(self._iam_arn(resource, account, kind))
        boundary = resource.known("permissionsBoundary")
        if boundary is not None:
            identity.boundary = self._managed_document(boundary)
        elif resource.inputs.get("permissionsBoundary") is not None:
            (identity.boundary,) = self._made_here(resource, "permissionsBoundary", 1).values()
        identities[account.id, _name(resource, identity.arn)] = identity
        return identity

    def _add_role(self, resource: Resource, account: Account) -> None:
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

    def _user(self, resource: Resource, key: str, account: Account) -> _Identity:
        """Return the user that a property names; one of somebody else's may have other policies."""
        name = self._referred(resource, key, "aws:iam/user:User")
        if (account.id, name) not in self._users:
            arn = self._told_arn(account, name)
            policies: dict[str, Document] = {
                POLICIES_OF_OTHERS: unknown_document("policies-of-others")
            }
            self._users[account.id, name] = _Identity(arn, policies)
        return self._users[account.id, name]

    def _role(self, resource: Resource, key: str, account: Account) -> _Identity | None:
        name = self._referred(resource, key, "aws:iam/role:Role")
        role = self._roles.get((account.id, name))
        if role is None:
            self._gaps.append(
                f"role {account.label}:{name} belongs to another stack, so its trust is not known"
            )
        return role

    def _referred(self, resource: Resource, key: str, token: str) -> str:
        """Return the name that a property refers to, if need be by the resource that gives it."""
        value = resource.known(key)
        if value is not None:
            return str(value).rsplit("/", 1)[-1]
        for urn in resource.dependencies.get(key, ()):
            if urn in self._by_urn and self._by_urn[urn].type == token:
                return _name(self._by_urn[urn], urn)
        return resource.name

    def _told_arn(self, account: Account, name: str) -> str:
        """Return the ARN with the path, which only the stack's outputs know of an adopted user."""
        for text in _texts([each.outputs for each in self._all if each.type.endswith(":Stack")]):
            if re.fullmatch(rf"arn:[^:]+:iam::{account.id}:user/(?:.*/)?{re.escape(name)}", text):
                return text
        return f"arn:{partition_of(account)}:iam::{account.id}:user/{name}"

    def _attach(self, identity: _Identity, resource: Resource, key: str) -> None:
        """Add the managed policies that a property lists; one that is not made yet has no ARN."""
        value = resource.inputs.get(key) or ()
        listed = [value] if isinstance(value, str) else value
        for arn in [] if is_unknown(listed) else listed:
            if not is_unknown(arn):
                identity.policies[policy_label(arn)] = self._managed_document(arn)
        waiting = 1 if is_unknown(listed) else sum(map(is_unknown, listed))
        if waiting:
            identity.policies |= self._made_here(resource, key, waiting)

    def _made_here(self, resource: Resource, key: str, waiting: int) -> dict[str, Document]:
        """Return the policies that this property waits for.

        Where there are more than it waits for, they cannot be told apart.
        """
        made = [self._arns[urn] for urn in resource.dependencies.get(key, ()) if urn in self._arns]
        if len(made) == waiting:
            return {policy_label(arn): self._managed[arn] for arn in made}
        return {f"{key} of {resource.name}": unknown_document(KNOWN_LATER)}

    def _managed_document(self, arn: str) -> Document:
        return self._managed.get(arn) or unknown_document(policy_label(arn))

    def _iam_arn(self, resource: Resource, account: Account, kind: str) -> str:
        arn = resource.outputs.get("arn")
        if isinstance(arn, str) and arn.startswith("arn:"):
            return arn
        path = resource.known("path") or "/"
        name = _name(resource, resource.name)
        return f"arn:{partition_of(account)}:iam::{account.id}:{kind}{path}{name}"

    # Resources with policies of their own.

    def _read_buckets(self) -> None:
        for resource, account in self._of("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2"):
            name = resource.known("bucket") or resource.name
            arn = f"arn:{partition_of(account)}:s3:::{name}"
            self._arns[resource.urn] = arn
            self._targets[arn] = {"account": account.id, "policy": None}
        for resource, account in self._of("aws:s3/bucketPolicy:BucketPolicy"):
            name = resource.known("bucket")
            arn = self._belongs_to(resource, "bucket", "s3") or (
                f"arn:{partition_of(account)}:s3:::{name}"
            )
            self._targets[arn] = {"account": account.id, "policy": self._policy(resource)}

    def _read_targets(self) -> None:
        """Read topics, queues and keys; their policies may be resources of their own."""
        for resource, account in self._of("aws:sns/topic:Topic"):
            self._add_target(resource, account, "sns", _name(resource, resource.name))
        for resource, account in self._of("aws:sqs/queue:Queue"):
            self._add_target(resource, account, "sqs", _name(resource, resource.name))
        for resource, account in self._of("aws:kms/key:Key"):
            # A planned key has no ID yet; its logical name stands for it.
            arn = self._add_target(resource, account, "kms", f"key/{resource.name}")
            if self._targets[arn]["policy"] is None:
                policy = resource.outputs.get("policy")
                told = policy if isinstance(policy, str) and policy.startswith("{") else None
                self._targets[arn]["policy"] = told or _default_key_policy(account)
        for token, key, service in (
            ("aws:sns/topicPolicy:TopicPolicy", "arn", "sns"),
            ("aws:sqs/queuePolicy:QueuePolicy", "queueUrl", "sqs"),
            ("aws:kms/keyPolicy:KeyPolicy", "keyId", "kms"),
        ):
            for resource, account in self._of(token):
                arn_or_none = self._belongs_to(resource, key, service)
                if arn_or_none is None:
                    self._gaps.append(f"{token} {resource.name} is about no resource of the stack")
                else:
                    policy = self._policy(resource)
                    self._targets[arn_or_none] = {"account": account.id, "policy": policy}

    def _add_target(self, resource: Resource, account: Account, service: str, name: str) -> str:
        arn = resource.outputs.get("arn")
        if not (isinstance(arn, str) and arn.startswith("arn:")):
            arn = f"arn:{partition_of(account)}:{service}:{account.region}:{account.id}:{name}"
        policy = self._policy(resource) if resource.inputs.get("policy") else None
        self._arns[resource.urn] = arn
        self._targets[arn] = {"account": account.id, "policy": policy}
        return arn

    def _policy(self, resource: Resource) -> Document:
        return _document(resource, "policy", PolicyKind.RESOURCE)

    def _belongs_to(self, resource: Resource, key: str, service: str) -> str | None:
        """Return the ARN of the resource that a policy is about."""
        for urn in resource.dependencies.get(key, ()):
            if urn in self._arns:
                return self._arns[urn]
        last = _last(resource.known(key) or "")
        of_service = (arn for arn in self._targets if arn.split(":")[2] == service)
        return next((arn for arn in of_service if _last(arn) == last), None)


def _name(resource: Resource, otherwise: str) -> str:
    """Return the physical name, which Pulumi chooses before a preview where nobody gives one."""
    name = resource.known("name")
    return str(name) if name is not None else otherwise.rsplit("/", 1)[-1]


def _last(reference: str) -> str:
    """Return the last part of an ARN, a URL, an ID or a name."""
    return re.split(r"[:/]", reference)[-1]


def _document(resource: Resource, key: str, kind: PolicyKind = PolicyKind.IDENTITY) -> Document:
    """Return a document as text or parsed JSON."""
    value = resource.known(key)
    if value is None:
        return unknown_document(KNOWN_LATER, kind)
    document: Document = value if isinstance(value, Mapping) else str(value)
    return document


def _default_key_policy(account: Account) -> Document:
    """Return what a key gets that is given no policy (AWS: "Default key policy")."""
    root = f"arn:{partition_of(account)}:iam::{account.id}:root"
    statement = {
        "Sid": "Enable IAM User Permissions",
        "Effect": "Allow",
        "Principal": {"AWS": root},
        "Action": "kms:*",
        "Resource": "*",
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)
