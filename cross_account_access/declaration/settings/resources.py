"""Reads what Production shares: what the stack makes, and what exists already."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Final

from cross_account_access.declaration.accounts import Account, Accounts
from cross_account_access.declaration.fields import (
    Context,
    Declared,
    Field,
    Items,
    Text,
    group_of,
    items_of,
    read_group,
)
from cross_account_access.declaration.keys import key_arn
from cross_account_access.declaration.kinds import EXISTING, OWNED
from cross_account_access.declaration.model import ExistingResource, OwnedResource, SharedResource
from cross_account_access.declaration.reader import Fields
from cross_account_access.declaration.rules import Rule, logical_name

_BY_SERVICE: Final = {kind.service: kind for kind in EXISTING}
_MADE: Final = {kind.service: kind for kind in OWNED}
_ARN_EXAMPLE: Final = "arn:aws:secretsmanager:us-west-2:111122223333:secret:my-secret-a1B2c3"


def plural(kind: type[OwnedResource]) -> str:
    """The list of the stack file that has the resources of this kind."""
    return f"{kind.kind}s"


def _existing_arn(owner: Account) -> Rule:
    """The ARN of one resource of the account, of a service that is known here.

    Source: "IAM identifiers",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html.
    """

    def rule(value: str) -> str | None:  # noqa: PLR0911 - an ARN has this many parts
        parts = value.split(":", 5)
        if len(parts) < 6 or parts[0] != "arn":  # noqa: PLR2004 - the parts of an ARN
            return f"must be an ARN, as in {_ARN_EXAMPLE}"
        _, partition, service, region, account, resource = parts
        if resource.endswith(":*") and not any(each in value[:-1] for each in "*?$"):
            return "must name one resource: leave out the :* at its end, which is meant anyway"
        if any(wildcard in value for wildcard in "*?$"):
            return "must name one resource, without *, ? and $"
        if service in _MADE:
            made = _MADE[service]
            return (
                f"is of {service}; name a {made.kind} under {plural(made)}, with existing: true "
                "where it exists already"
            )
        if service not in _BY_SERVICE:
            return (
                f"is of {service}, of which nothing can be granted: remove it; there are "
                f"{', '.join(_BY_SERVICE)}"
            )
        if owner.partition and partition != owner.partition:
            return f"must be of partition {owner.partition}, as Production is, not {partition}"
        if owner.region and region != owner.region:
            return f"must be in Production's region {owner.region}, not in {region or 'none'}"
        if owner.account_id and account != owner.account_id:
            return f"must belong to Production, {owner.account_id}, not to {account or 'nobody'}"
        kind = _BY_SERVICE[service]
        if not re.fullmatch(kind.arn_form, resource, re.ASCII):
            return f"must be the ARN of a {kind.kind}, which ends as in {kind.arn_example}"
        return None

    return rule


@dataclass(frozen=True, kw_only=True)
class _Existing(Declared):
    """A resource of Production that exists and stays somebody else's; grants name it."""

    name: Annotated[str, Text("Ours, by which grants refer to it.", logical_name)]
    arn: Annotated[
        str,
        Text(
            "ARN of the resource, whose service says what it is: "
            f"{' or '.join(kind.kind for kind in EXISTING)}.",
            rule_for=lambda context: _existing_arn(context.accounts.trusting),
        ),
    ]
    kms_key_arn: Annotated[
        str | None,
        Text(
            "ARN of the KMS key that it is encrypted with, if that is one that others made: grants "
            "then allow its use, by this service alone.",
            rule_for=lambda context: key_arn(context.accounts.trusting),
        ),
    ] = None

    def problems(self, accounts: Accounts) -> Iterator[tuple[str, str]]:  # noqa: ARG002
        """Of some services no consumer needs a key."""
        kind = _BY_SERVICE[self.arn.split(":")[2]]
        if self.kms_key_arn and not kind.key_actions:
            yield (
                "kms_key_arn",
                f"is of no use: who uses a {kind.kind} needs nothing of its key; remove it",
            )


def _read_existing(source: Fields, context: Context) -> ExistingResource | None:
    """None where the ARN does not say what it is, which is a problem already."""
    read = read_group(_Existing, source, context.accounts)
    kind = _BY_SERVICE.get(read.arn.split(":")[2]) if read.arn.count(":") > 2 else None  # noqa: PLR2004
    if kind is None:
        source.problems.unread.add(read.name)
        return None
    return kind(name=read.name, existing_arn=read.arn, kms_key_arn=read.kms_key_arn)


_EXISTING: Final = Field(
    "resources",
    Items(
        "What exists in Production already, stays somebody else's and is shared.",
        group=group_of(_Existing)._replace(name="Resource"),
        example=f"{{name: my-secret, arn: {_ARN_EXAMPLE}}}",
        item=_read_existing,
    ),
    None,
)

RESOURCES: Final = (
    *(Field(plural(kind), items_of(kind, kind.list_words, kind.example), None) for kind in OWNED),
    _EXISTING,
)
"""The settings that list what is shared."""


_FIRST, *_OTHERS = (plural(kind) for kind in OWNED)
NOTHING_SHARED: Final = (
    f"{_FIRST}: missing, and so are {' and '.join(_OTHERS)}; share something, as in "
    f"{_FIRST}: [{OWNED[0].example}]"
)
"""What is wrong where no list has anything."""


def read_resources(source: Fields, context: Context) -> tuple[SharedResource, ...]:
    """All lists of resources together."""
    read = [resource for each in RESOURCES for resource in each.read(source, context)]
    return tuple(resource for resource in read if resource)
