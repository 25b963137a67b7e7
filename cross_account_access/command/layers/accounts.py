"""Layers that lie in AWS, as far as they may be read; the rest stays unseen, and says why."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, TypeVar

import boto3
from botocore.exceptions import ClientError

from cross_account_access.aws import CLIENT_CONFIG, code_and_message, explained_failures, session_of
from cross_account_access.command.inventory import StackInventory
from cross_account_access.iam.documents import Document
from cross_account_access.iam.layers import AccountLayers, Endpoint, Layers, Level, Levels
from cross_account_access.presentation import progress
from cross_account_access.stack import StackAccount

_NO_ORGANIZATION: Final = "AWSOrganizationsNotInUseException"
_NO_BLOCK: Final = "NoSuchPublicAccessBlockConfiguration"
_SERVICE_CONTROL: Final = "SERVICE_CONTROL_POLICY"
_RESOURCE_CONTROL: Final = "RESOURCE_CONTROL_POLICY"

_Found = TypeVar("_Found")


def of_accounts(inventory: StackInventory, profile: str | None) -> Layers:
    """Read the layers of the accounts and buckets of an inventory.

    Args:
        inventory: of the stack.
        profile: with which the organization is read; None for the profiles of the accounts.

    Raises:
        UncheckedError: no credentials, those of another account, or no connection.
    """
    with progress("reading the organization, VPC endpoints and Block Public Access"):
        return _Reader(inventory, profile).read()


def restricts_public_buckets(client: Any, **named: str) -> bool:  # noqa: ANN401 - of boto3
    """Return RestrictPublicBuckets of a bucket, or with the other client of an account.

    Raises:
        ClientError: it may not be read.
    """
    try:
        found = client.get_public_access_block(**named)["PublicAccessBlockConfiguration"]
    except ClientError as error:
        if code_and_message(error)[0] == _NO_BLOCK:
            return False
        raise
    return bool(found.get("RestrictPublicBuckets"))


@dataclass
class _Reader:
    inventory: StackInventory
    profile: str | None
    reasons: list[str] = field(default_factory=list)

    def read(self) -> Layers:
        accounts = self.inventory.accounts
        sessions = {account.id: session_of(account) for account in accounts}
        control = self._control(sessions)
        return Layers(
            accounts={
                account.id: AccountLayers(
                    service_control=control.get((account.id, _SERVICE_CONTROL)),
                    resource_control=control.get((account.id, _RESOURCE_CONTROL)),
                    restricts_public_buckets=self._of_account(account, sessions[account.id]),
                )
                for account in accounts
            },
            endpoints=self._endpoints(sessions),
            buckets=dict(self._buckets(sessions)),
            reasons=tuple(dict.fromkeys(self.reasons)),
        )

    def _asked(self, what: str, ask: Callable[[], _Found]) -> _Found | None:
        """Return the answer, `None` where AWS gives none to these credentials."""
        with explained_failures(self.profile):
            try:
                return ask()
            except ClientError as error:
                code, message = code_and_message(error)
                self.reasons.append(f"{what} could not be read: {code}: {message}")
                return None

    # Organizations.

    def _control(self, sessions: Mapping[str, boto3.Session]) -> dict[tuple[str, str], Levels]:
        found: dict[tuple[str, str], Levels] = {}
        for account in self.inventory.accounts:
            session = sessions[account.id]
            if self.profile is not None:
                with explained_failures(self.profile):
                    session = boto3.Session(profile_name=self.profile, region_name=account.region)
            client = session.client("organizations", config=CLIENT_CONFIG)
            levels = self._asked(
                f"the organization of {account.label}", partial(levels_of, client, account.id)
            )
            for kind, each in (levels or {}).items():
                found[account.id, kind] = each
        return found

    # Block Public Access.

    def _of_account(self, account: StackAccount, session: boto3.Session) -> bool | None:
        client = session.client("s3control", config=CLIENT_CONFIG)
        return self._asked(
            f"Block Public Access of {account.label}",
            partial(restricts_public_buckets, client, AccountId=account.id),
        )

    def _buckets(self, sessions: Mapping[str, boto3.Session]) -> Iterator[tuple[str, bool]]:
        clients = {
            account: session.client("s3", config=CLIENT_CONFIG)
            for account, session in sessions.items()
        }
        for arn, resource in self.inventory.resources.items():
            owner = resource["account"]
            if arn.split(":")[2] == "s3" and owner in clients:
                name = arn.rsplit(":", 1)[-1]
                restricts = self._asked(
                    f"Block Public Access of {name}",
                    partial(
                        restricts_public_buckets,
                        clients[owner],
                        Bucket=name,
                        ExpectedBucketOwner=owner,
                    ),
                )
                if restricts is not None:
                    yield arn, restricts

    # VPC endpoints.

    def _endpoints(self, sessions: Mapping[str, boto3.Session]) -> dict[str, Endpoint] | None:
        found: dict[str, Endpoint] = {}
        for account in self.inventory.accounts:
            client = sessions[account.id].client("ec2", config=CLIENT_CONFIG)
            listed = self._asked(
                f"VPC endpoints of {account.label}", partial(_endpoints_of, client)
            )
            if listed is None:
                return None
            found |= listed
        return found


def _endpoints_of(client: Any) -> dict[str, Endpoint]:  # noqa: ANN401 - of boto3
    found = {}
    for page in client.get_paginator("describe_vpc_endpoints").paginate():
        for each in page["VpcEndpoints"]:
            if each.get("PolicyDocument"):
                service = each["ServiceName"].rsplit(".", 1)[-1]
                endpoint = Endpoint(service=service, policy=each["PolicyDocument"])
                found[each["VpcEndpointId"]] = endpoint
    return found


def levels_of(client: Any, account: str) -> dict[str, Levels]:  # noqa: ANN401 - of boto3
    """Return the levels of an account by the kind of their policies.

    Policies bind neither the management account nor an account without an organization; a kind
    that the organization does not use binds nobody.

    Raises:
        ClientError: it may not be read.
    """
    unbound: dict[str, Levels] = {_SERVICE_CONTROL: (), _RESOURCE_CONTROL: ()}
    try:
        organization = client.describe_organization()["Organization"]
    except ClientError as error:
        if code_and_message(error)[0] == _NO_ORGANIZATION:
            return unbound
        raise
    if organization["MasterAccountId"] == account:
        return unbound
    root = client.list_roots()["Roots"][0]
    used = {each["Type"] for each in root["PolicyTypes"] if each["Status"] == "ENABLED"}
    path = [account]
    while path[0] != root["Id"]:
        path.insert(0, client.list_parents(ChildId=path[0])["Parents"][0]["Id"])
    return {
        kind: tuple(_level(client, target, kind) for target in path) if kind in used else ()
        for kind in unbound
    }


def _level(client: Any, target: str, kind: str) -> Level:  # noqa: ANN401 - of boto3
    policies: dict[str, Document] = {}
    pages = client.get_paginator("list_policies_for_target").paginate(TargetId=target, Filter=kind)
    for page in pages:
        for each in page["Policies"]:
            policies[each["Name"]] = client.describe_policy(PolicyId=each["Id"])["Policy"][
                "Content"
            ]
    return Level(name=target, policies=policies)
