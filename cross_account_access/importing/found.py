"""What is said of a thing that exists already, and the means of finding it."""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from cross_account_access.aws import CLIENT_CONFIG, session_of
from cross_account_access.stack import StackAccount, StackResource

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, kw_only=True)
class Found:
    """A thing that exists, seen against what the program declares."""

    import_id: str | None
    """What `pulumi import` takes (the section Import of each type in the Pulumi Registry); None
    for a setting that an existing bucket does not have yet, and for what cannot be imported."""
    id: str | None = None
    """An ID that AWS has drawn."""
    changes: tuple[str, ...] = ()
    """What `pulumi up` changes in place."""
    warnings: tuple[str, ...] = ()
    """What `pulumi up` takes away from others, and what stays beside the declared."""
    obstacle: str = ""
    """Why it cannot be imported, with the remedy; empty where it can."""

    @property
    def ids(self) -> frozenset[str]:
        """The IDs that a state may have of it."""
        return frozenset(filter(None, (self.import_id, self.id)))

    @property
    def is_importable(self) -> bool:
        """Whether it is there, and the stack can import it as it is."""
        return self.import_id is not None and not self.obstacle


class Clients:
    """One account, with all that is planned for the stack."""

    def __init__(self, account: StackAccount, planned: Iterable[StackResource]) -> None:
        """Open the account.

        Raises:
            UncheckedError: no credentials, or those of another account.
        """
        self.account = account
        self._planned = {resource.urn: resource for resource in planned}
        session = session_of(account)
        # Typed clients have no calls by name.
        self.eks: Any = session.client("eks", config=CLIENT_CONFIG)
        self.iam: Any = session.client("iam", config=CLIENT_CONFIG)
        self.s3: Any = session.client("s3", config=CLIENT_CONFIG)
        self.kms: Any = session.client("kms", config=CLIENT_CONFIG)
        self.sns: Any = session.client("sns", config=CLIENT_CONFIG)
        self.sqs: Any = session.client("sqs", config=CLIENT_CONFIG)

    @cached_property
    def policy_arns(self) -> Mapping[str, str]:
        """The account's own managed policies: ARNs by name."""
        pages = self.iam.get_paginator("list_policies").paginate(Scope="Local")
        return {
            policy["PolicyName"]: policy["Arn"] for page in pages for policy in page["Policies"]
        }

    def arn(self, resource: str) -> str:
        """The ARN of something of IAM, like `oidc-provider/ISSUER`."""
        return f"arn:{self.account.partition}:iam::{self.account.id}:{resource}"

    def names_of(self, token: str) -> set[str]:
        """The names that the stack gives to its resources of a type."""
        return {
            str(resource.known("name"))
            for resource in self._planned.values()
            if resource.type == token
        }

    def declared(self, resource: StackResource, key: str) -> set[str]:
        """What a list declares: its known values, and the names of the resources it waits for."""
        waited = (self._planned.get(urn) for urn in resource.dependencies.get(key, ()))
        return {
            *map(str, resource.known(key) or ()),
            *(str(other.known("name")) for other in waited if other is not None),
        }

    def declared_one(self, resource: StackResource, key: str) -> str:
        """What a value declares: itself where it is known, else the name of what it waits for."""
        known = resource.known(key)
        return str(known) if known else next(iter(self.declared(resource, key)))

    def waiting_for(self, resource: StackResource, token: str) -> Iterator[StackResource]:
        """The resources of a type that are made from another one."""
        for other in self._planned.values():
            if other.type == token and any(
                resource.urn in urns for urns in other.dependencies.values()
            ):
                yield other


def unless(codes: Collection[str], call: Callable[[], _Answer]) -> _Answer | None:
    """Make a call; None where AWS answers with one of the error codes."""
    try:
        return call()
    except ClientError as error:
        if error.response["Error"]["Code"] in codes:
            return None
        raise


def becomes(what: str, live: object, planned: object) -> tuple[str, ...]:
    """Say that a value changes, if it does."""
    return () if live == planned else (f"{what}: {live or 'none'} becomes {planned or 'none'}",)


def lost_tags(live: Iterable[Mapping[str, str]], resource: StackResource) -> tuple[str, ...]:
    """Say which tags of others go: the provider keeps those that it is told of, and no others."""
    kept = resource.known("tags") or {}
    return tuple(
        f"removes the tag {tag['Key']}={tag['Value']}"
        for tag in live
        if tag["Key"] not in kept and not tag["Key"].startswith("aws:")
    )


def statements(document: str | None) -> list[Mapping[str, Any]]:
    """Return the statements of a policy document; none where there is no document."""
    if document is None:
        return []
    listed = json.loads(document)["Statement"]
    return listed if isinstance(listed, list) else [listed]


def called(statement: Mapping[str, Any]) -> str:
    """Return what people know a statement by."""
    return str(statement.get("Sid") or json.dumps(statement))
