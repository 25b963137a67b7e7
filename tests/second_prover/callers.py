"""Who asks and what about, of the requests that two small worlds are compared by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cvc5.pythonic import String, StringVal

Term = Any

ELSEWHERE: Final = "000000000000"
"""Whose the buckets outside the world are, since an ARN does not tell."""
ANYBODY: Final = "*"
"""A caller without credentials."""
TYPES: Final = {
    "user": "User",
    "role": "AssumedRole",
    "root": "Account",
    "federated-user": "FederatedUser",
}
"""Kinds of principals of an account, with their `aws:PrincipalType`."""
NAME: Final = String("name")
"""Of an outsider, without the path."""
PROVIDER: Final = "aws:federatedprovider"


@dataclass(frozen=True)
class Example:
    """A request that one of the worlds allows and the other does not."""

    principal: str
    action: str
    resource: str
    values: Mapping[str, str | list[str]]
    absent: tuple[str, ...]
    becomes_allowed: bool


@dataclass(frozen=True)
class Caller:
    """Who asks; of an outsider the ARN is an unknown."""

    kind: str
    """`user`, `role`, `root`, `federated-user`, `anonymous`, or the element of those who are no
    principals of an account: `Service` or `Federated`."""
    arn: Term
    account: Term
    known: str | None
    """The ARN or name of one who is no unknown."""

    @property
    def is_iam(self) -> bool:
        """Whether it is one of an account, so that identity-based policies can speak for it."""
        return self.kind in TYPES

    @property
    def is_outside_aws(self) -> bool:
        """Whether it is a service or an identity provider, of no account."""
        return self.kind in ("Service", "Federated")

    @property
    def keys(self) -> dict[str, Term]:
        """The condition keys that follow from the principal.

        AWS, "AWS global condition context keys",
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html.
        """
        types = {**TYPES, "anonymous": "Anonymous"}
        of_nobody = ("aws:principalorgid", "aws:principalorgpaths", "aws:username")
        if self.is_outside_aws:
            provider = "aws:principalservicename" if self.kind == "Service" else PROVIDER
            more = ("aws:principalarn",) if self.kind == "Federated" else ()
            return {**dict.fromkeys((*of_nobody, *more)), provider: self.arn}
        found: dict[str, Term] = {
            "aws:principaltype": StringVal(types[self.kind]),
            "aws:principalaccount": self.account,
            "aws:principalarn": self.arn,
        }
        if self.kind == "anonymous":
            found |= dict.fromkeys(("aws:principalarn", *of_nobody))
        if self.kind == "user":
            name = None if self.known is None else self.known.rsplit("/", 1)[-1]
            found["aws:username"] = NAME if name is None else StringVal(name)
        else:
            found["aws:username"] = None
        return found

    @property
    def variables(self) -> dict[str, str | None]:
        """The policy variables whose value is told."""
        if self.kind == "anonymous":
            return {"aws:username": None, "aws:principalaccount": "anonymous"}
        if self.known is None or not self.is_iam:
            return {}
        name = self.known.rsplit("/", 1)[-1] if self.kind == "user" else None
        return {"aws:username": name, "aws:principalaccount": self.known.split(":")[4]}


@dataclass(frozen=True)
class Target:
    """What is asked about: a resource of the worlds with what is inside it, or all others."""

    arn: str | None
    """`None` for all that no world has."""
    account: str = ELSEWHERE

    @property
    def is_role(self) -> bool:
        return self.arn is not None and ":role/" in self.arn

    @property
    def delegates(self) -> bool:
        """Whether identity-based policies count only as far as the resource's policy lets them."""
        return self.is_role or (self.arn is not None and ":kms:" in self.arn)


@dataclass(frozen=True)
class Action:
    """One action for all that no document tells apart, by a number."""

    name: str
    number: int
