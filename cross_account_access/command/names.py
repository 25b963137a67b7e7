"""What people call principals and resources, and what that stands for.

Names are those of the stack file (a consumer, a shared resource), those that the command prints
itself, `s3://` addresses and ARNs.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from cross_account_access.command.inventory import StackInventory
from cross_account_access.command.verification.conditions import all_met
from cross_account_access.command.verification.patterns import instance_of
from cross_account_access.credentials.contract import Consumer, ContractError, read
from cross_account_access.errors import UsageError
from cross_account_access.iam.engine import (
    IdentityDocuments,
    QuestionError,
    RoleDocuments,
    parse_principal,
)
from cross_account_access.iam.services import services

_ANONYMOUS: Final = ("*", "anonymous", "anybody, even without signing")
_ACCOUNT: Final = re.compile(r"anybody(?: else)? of (?:account )?(?P<account>\S+)|(?P<id>\d{12})")
_PLACEHOLDER: Final = re.compile(r"\$\{[^}]*\}")
_ANYTHING_ELSE: Final = "anything else of "
_ANY_ACCOUNT: Final = "anybody of any other AWS account"
_ELSEWHERE: Final = "000000000000"
_SOMEBODY: Final = "role/anybody"
_EVERYTHING: Final = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"},
}
_NOBODY: Final = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Deny", "Principal": "*", "Action": "*"},
}
_SHARED: Final = ("bucketArns", "topicArns", "queueArns", "resourceArns")
"""The outputs that have an ARN for the name of what is shared."""


@dataclass(frozen=True, kw_only=True)
class Named:
    """A principal that somebody asks about."""

    name: str
    """As it is called in the answer."""
    arn: str
    """ARN, or what else `parse_principal` takes."""
    is_arn: bool = False
    """Whether the ARN was given itself."""
    is_example: bool = False
    """Whether it stands for many, of whom nobody knows the policies: they are taken to allow
    everything."""
    states: Mapping[str, Any] = field(default_factory=dict)
    """Context keys that it is declared to meet, with values."""
    notes: tuple[str, ...] = ()

    def within(self, inventory: StackInventory) -> StackInventory:
        """The inventory with the policies that an example is taken to have."""
        known = {**inventory.users, **inventory.roles}
        if not self.is_example or self.arn in known:
            return inventory
        if ":role/" not in self.arn and ":user/" not in self.arn:
            return inventory
        user: IdentityDocuments = {"policies": {"own": _EVERYTHING}}
        if ":user/" in self.arn:
            return replace(inventory, users={**inventory.users, self.arn: user})
        role: RoleDocuments = {"trust": _NOBODY, **user}
        return replace(inventory, roles={**inventory.roles, self.arn: role})


class Names:
    """Names of an inventory.

    Args:
        inventory: what they are about.
        outputs: of the stack, where those of the inventory are not known.
    """

    def __init__(self, inventory: StackInventory, outputs: Mapping[str, Any] | None = None) -> None:
        self._inventory = inventory
        self._outputs = inventory.outputs or outputs or {}
        try:
            self._consumers: Mapping[str, Consumer] = read(self._outputs).consumers
        except ContractError:
            self._consumers = {}

    def principal(self, name: str) -> Named:
        """Return whom a name stands for.

        Raises:
            UsageError: nobody; tells the nearest name.
        """
        if name in _ANONYMOUS:
            return Named(name="anybody, even without signing", arn="*")
        if name in self._consumers:
            return self._consumer(self._consumers[name])
        if account := self._account(name):
            return self._anybody_of(account)
        arn = self._long(name.removeprefix("anybody like "))
        if set(arn) & set("*?"):
            return self._example(name, arn)
        try:
            parse_principal(arn)
        except QuestionError as error:
            known = (*self._inventory.users, *self._inventory.roles)
            msg = f"{error}{self.nearest(name, known, self._consumers)}"
            raise UsageError(msg) from error
        return Named(name=self._inventory.short(arn), arn=arn, is_arn=arn == name)

    def resource(self, name: str, action: str) -> str:
        """Return the ARN that a name stands for, or `*`; wildcards stay.

        Raises:
            UsageError: none; tells the nearest name.
        """
        arn = self._resource(name, action)
        if arn != "*" and not arn.startswith("arn:"):
            known = (*self._inventory.resources, *self._inventory.roles)
            hint = self.nearest(name, known, self._shared())
            msg = f"{name!r} is no resource of the stack, and no ARN{hint}"
            raise UsageError(msg)
        return arn

    def nearest(self, name: str, arns: Iterable[str], more: Iterable[str] = ()) -> str:
        """Return a hint at the nearest of some names, or at a few of them where none is near."""
        shorts = [self._inventory.short(arn) for arn in arns]
        names = [*more, *shorts]
        close = difflib.get_close_matches(name, [*names, *arns], n=1, cutoff=0.6)
        if close:
            return f"; did you mean {close[0]}?"
        return f"; the stack has {', '.join(names[:5])}" if names else ""

    # Principals.

    def _consumer(self, consumer: Consumer) -> Named:
        named = self._one_of(consumer)
        return replace(named, states=dict(_stated(consumer)))

    def _one_of(self, consumer: Consumer) -> Named:
        if consumer.is_one_principal or consumer.sign_in == "web_identity":
            arn = consumer.principal_arns[0]
            return Named(name=self._inventory.short(arn), arn=arn)
        if not consumer.principal_arns:
            return self._anybody_of(_ELSEWHERE, consumer.name)
        first = consumer.principal_arns[0]
        if first.endswith(":root"):
            return self._anybody_of(first.split(":")[4], consumer.name)
        return self._example(consumer.name, first)

    def _long(self, name: str) -> str:
        """Return the ARN of a short name; of identity providers and sessions too."""
        label, _, rest = name.partition(":")
        if re.match(r"(?:oidc-provider|saml-provider|assumed-role|federated-user)/", rest):
            account = self._account(label)
            service = "iam" if "-provider/" in rest else "sts"
            if account is not None:
                return f"arn:{self._partition}:{service}::{account}:{rest}"
        return self._inventory.long(name)

    def _account(self, name: str) -> str | None:
        """Return the account whose principals are meant by the name."""
        if name == _ANY_ACCOUNT:
            return _ELSEWHERE
        labels = {account.label: account.id for account in self._inventory.accounts}
        match = _ACCOUNT.fullmatch(name)
        asked = (match["account"] or match["id"]) if match else name
        if re.fullmatch(r"\d{12}", asked):
            return asked
        return labels.get(asked)

    def _anybody_of(self, account: str, name: str | None = None) -> Named:
        told = f"account {account}" if account != _ELSEWHERE else "an AWS account that nobody names"
        return self._example(
            name or f"anybody of {told}",
            f"arn:{self._partition}:iam::{account}:{_SOMEBODY}",
            f"a role of {told}",
        )

    def _example(self, name: str, pattern: str, told: str | None = None) -> Named:
        """Return an example of those whom a pattern means."""
        arn = instance_of(pattern)
        meant = told or self._inventory.short(pattern)
        note = f"{name} is answered for {meant}, whose own policies are taken to allow everything"
        return Named(name=name, arn=arn, is_example=True, notes=(note,))

    # Resources.

    def _resource(self, name: str, action: str) -> str:
        name = name.split(" outside ", 1)[0]
        if name.startswith(_ANYTHING_ELSE):
            return f"arn:{self._partition}:{name.removeprefix(_ANYTHING_ELSE)}:*:*:*"
        if name == "*" or name.startswith("arn:"):
            return name
        if name.startswith("s3://"):
            return f"arn:{self._partition}:s3:::{name.removeprefix('s3://').removesuffix('/')}"
        shared = self._shared()
        if name in shared:
            return shared[name]
        role = (self._outputs.get("roleArns") or {}).get(name)
        if role and action.startswith("sts:"):
            return str(role)
        arn = self._inventory.long(name)
        return arn if arn != name else self._of_service(name)

    def _shared(self) -> Mapping[str, str]:
        return {
            name: arn
            for output in _SHARED
            for name, arn in (self._outputs.get(output) or {}).items()
        }

    def _of_service(self, name: str) -> str:
        """Return the ARN of `production:sns:TOPIC` and the like, and of all of a form in words."""
        for described in services().values():
            for form, words in described.forms.items():
                if words == name:
                    return re.sub(
                        r"\$\{[^}]*\}", "*", form.replace("${Partition}", self._partition)
                    )
        label, _, rest = name.partition(":")
        service, _, tail = rest.partition(":")
        account = self._account(label)
        if account is None or service not in services() or not tail:
            return name
        regions = {
            arn.split(":")[3]
            for arn in self._inventory.resources
            if arn.split(":")[4] == account and arn.split(":")[3]
        } or {each.region or "*" for each in self._inventory.accounts if each.id == account}
        region = regions.pop() if len(regions) == 1 else "*"
        return f"arn:{self._partition}:{service}:{region}:{account}:{tail}"

    @property
    def _partition(self) -> str:
        return next((account.partition for account in self._inventory.accounts), "aws")


def _stated(consumer: Consumer) -> Iterator[tuple[str, Any]]:
    """Yield the context keys that a consumer is declared to meet."""
    met = all_met(consumer)
    if met.external_id:
        yield "sts:ExternalId", met.external_id
    if met.source_identity:
        yield "sts:SourceIdentity", met.source_identity
    tags = {key: value for key, value in met.session_tags.items() if value is not None}
    for key, value in tags.items():
        yield f"aws:RequestTag/{key}", value
    if tags:
        yield "aws:TagKeys", list(tags)
    if met.mfa_age is not None:
        yield "aws:MultiFactorAuthPresent", "true"
        yield "aws:MultiFactorAuthAge", str(met.mfa_age)
    if met.source_ip:
        yield "aws:SourceIp", met.source_ip
    if met.vpc_endpoint:
        yield "aws:SourceVpce", met.vpc_endpoint
    yield from ((key, value) for key, value in met.claims.items() if value is not None)
