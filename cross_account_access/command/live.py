"""The documents of the live accounts: of exactly the principals and resources that a stack has.

What others attached or wrote is part of it, which is the reason to look.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, Final, TypeVar

from botocore.exceptions import ClientError

from cross_account_access.aws import CLIENT_CONFIG, code_and_message, explained_failures, session_of
from cross_account_access.command.calls import make
from cross_account_access.command.inventory import StackInventory, policy_label
from cross_account_access.command.layers.accounts import restricts_public_buckets
from cross_account_access.iam.documents import Document
from cross_account_access.iam.engine import IdentityDocuments, ResourceDocuments, RoleDocuments
from cross_account_access.iam.layers import Layers
from cross_account_access.iam.services import Place, client_of, service_name, service_of, services
from cross_account_access.presentation import progress
from cross_account_access.stack import StackAccount

_AT_ONCE: Final = 8

_Found = TypeVar("_Found")


def live(known: StackInventory) -> StackInventory:
    """Read the documents of the principals and resources of an inventory anew.

    Raises:
        UncheckedError: no credentials, those of another account, or a refused or failed call.
    """
    with progress("reading the live accounts"):
        return _Live(known).read()


class _Live:
    def __init__(self, known: StackInventory) -> None:
        self._known = known
        with_policies = {client_of(arn) for arn in known.resources}
        self._readers = {account.id: _Account(account, with_policies) for account in known.accounts}
        self._gaps: list[str] = list(known.gaps)

    def read(self) -> StackInventory:
        known = self._known
        return replace(
            known,
            users=self._each(known.users, lambda account, arn: account.user(arn), _account_of),
            roles=self._each(known.roles, lambda account, arn: account.role(arn), _account_of),
            resources=self._each(
                known.resources,
                lambda account, arn: account.resource(arn),
                lambda arn: known.resources[arn]["account"],
            ),
            layers=self._layers(),
            gaps=tuple(self._gaps),
        )

    def _layers(self) -> Layers:
        """Return what is known of layers, with what the live buckets say of themselves."""
        known = self._known
        buckets = [arn for arn in known.resources if service_name(arn) == "s3"]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            found = pool.map(
                lambda arn: self._readers[known.resources[arn]["account"]].block(arn), buckets
            )
            answers = dict(zip(buckets, found, strict=True))
        refused = [each for each in answers.values() if isinstance(each, str)]
        return replace(
            known.layers,
            buckets={arn: each for arn, each in answers.items() if isinstance(each, bool)},
            reasons=(*known.layers.reasons, *refused),
        )

    def _each(
        self,
        arns: Iterable[str],
        read: Callable[["_Account", str], _Found | None],
        owner: Callable[[str], str],
    ) -> Mapping[str, _Found]:
        wanted = list(arns)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            found = pool.map(lambda arn: read(self._readers[owner(arn)], arn), wanted)
            result = dict(zip(wanted, found, strict=True))
        self._gaps += [f"{arn} no longer exists" for arn, each in result.items() if each is None]
        return {arn: each for arn, each in result.items() if each is not None}


class _Account:
    """One account, asked for the documents of what lies in it; `None` for what is gone."""

    def __init__(self, account: StackAccount, with_policies: Iterable[str]) -> None:
        self._account = account
        session: Any = session_of(account)
        self._iam: Any = session.client("iam", config=CLIENT_CONFIG)
        # Clients are made before threads use them: making one is not safe in threads.
        self._clients: dict[str, Any] = {
            name: session.client(name, config=CLIENT_CONFIG) for name in with_policies
        }

    def user(self, arn: str) -> IdentityDocuments | None:
        name = _name(arn)
        return self._unless_gone(lambda: self._user(name))

    def role(self, arn: str) -> RoleDocuments | None:
        name = _name(arn)
        return self._unless_gone(lambda: self._role(name))

    def resource(self, arn: str) -> ResourceDocuments | None:
        return self._unless_gone(
            lambda: ResourceDocuments(account=self._account.id, policy=self._policy(arn)),
            service_name(arn),
        )

    def block(self, arn: str) -> bool | str | None:
        """Return RestrictPublicBuckets of a bucket, or why it cannot be told."""
        name = arn.rsplit(":", 1)[-1]

        def read() -> bool | str:
            try:
                return restricts_public_buckets(
                    self._clients["s3"], Bucket=name, ExpectedBucketOwner=self._account.id
                )
            except ClientError as error:
                code = code_and_message(error)[0]
                if code not in service_of(arn).refusals:
                    raise
                return f"Block Public Access of {name} could not be read: {code}"

        return self._unless_gone(read, "s3")

    def _unless_gone(self, read: Callable[[], _Found], service: str = "iam") -> _Found | None:
        with explained_failures(self._account.profile, self._account.label):
            try:
                return read()
            except ClientError as error:
                if code_and_message(error)[0] in services()[service].missing:
                    return None
                raise

    def _policy(self, arn: str) -> Document | None:
        how = service_of(arn).policy
        if how is None:
            return None
        client = self._clients[client_of(arn)]
        try:
            found: Any = make(client, how.calls, Place(arn=arn, owner=self._account.id))
        except ClientError as error:
            if code_and_message(error)[0] in how.none:
                return None
            raise
        for field in how.path:
            found = found.get(field) or {}
        policy: str | None = found or None
        return None if policy is None or _is_empty(policy) else policy

    def _user(self, name: str) -> IdentityDocuments:
        user = self._iam.get_user(UserName=name)["User"]
        policies = self._policies("user", "UserName", name)
        for group in self._pages("list_groups_for_user", "Groups", UserName=name):
            policies |= self._policies("group", "GroupName", group["GroupName"])
        return {"policies": policies, "boundary": self._boundary(user)}

    def _role(self, name: str) -> RoleDocuments:
        role = self._iam.get_role(RoleName=name)["Role"]
        return {
            "trust": role["AssumeRolePolicyDocument"],
            "policies": self._policies("role", "RoleName", name),
            "boundary": self._boundary(role),
        }

    def _policies(self, kind: str, key: str, name: str) -> dict[str, Document]:
        """Return the inline and attached policies of a user, role or group by their names."""
        named = {key: name}
        prefix = f"group {name}: " if kind == "group" else ""
        policies: dict[str, Document] = {}
        for inline in self._pages(f"list_{kind}_policies", "PolicyNames", **named):
            get = getattr(self._iam, f"get_{kind}_policy")
            policies[f"{prefix}{inline}"] = get(PolicyName=inline, **named)["PolicyDocument"]
        attached = self._pages(f"list_attached_{kind}_policies", "AttachedPolicies", **named)
        for policy in attached:
            arn = policy["PolicyArn"]
            policies[f"{prefix}{policy_label(arn)}"] = self._managed(arn)
        return policies

    def _managed(self, arn: str) -> Document:
        version = self._iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        answer = self._iam.get_policy_version(PolicyArn=arn, VersionId=version)
        document: Document = answer["PolicyVersion"]["Document"]
        return document

    def _boundary(self, entity: Mapping[str, Any]) -> Document | None:
        boundary = entity.get("PermissionsBoundary")
        return self._managed(boundary["PermissionsBoundaryArn"]) if boundary else None

    def _pages(self, operation: str, key: str, **arguments: str) -> Iterable[Any]:
        for page in self._iam.get_paginator(operation).paginate(**arguments):
            yield from page[key]


def _is_empty(policy: str) -> bool:
    """Whether a service answers with a document without statements where there is no policy."""
    try:
        document = json.loads(policy)
    except ValueError:
        return False
    return isinstance(document, dict) and not document.get("Statement")


def _name(arn: str) -> str:
    return arn.split(":", 5)[5].rsplit("/", 1)[-1]


def _account_of(arn: str) -> str:
    return arn.split(":")[4]
