"""What a check of the audit is: what is asked of AWS about a resource, and what an answer means."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from cross_account_access.command.drift.documents import Documents
from cross_account_access.command.drift.findings import Effect
from cross_account_access.stack import StackAccount, StackResource

ACCOUNT: Final = "account"
"""In place of a property: the account's ID."""

Ask = Callable[..., Any]
"""A call by client, operation and parameters; its answer has the items of all pages."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A resource of the stack, and what a check may know beside it."""

    resource: StackResource
    account: StackAccount
    stack: tuple[StackResource, ...]
    """All resources of the stack."""
    accounts: frozenset[str]
    """IDs of all accounts that the stack has or names."""
    documents: Documents
    ask: Ask

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401 - a property of any resource
        """Return a property of the resource, or the account's ID."""
        if key == ACCOUNT:
            return self.account.id
        return self.resource.outputs.get(key, self.resource.inputs.get(key))

    def has(self, token: str, key: str, value: object) -> bool:
        """Say whether the stack has a resource of a type in the same account that says so."""
        return any(
            each.type == token
            and each.provider == self.resource.provider
            and value in (each.outputs.get(key), each.inputs.get(key))
            for each in self.stack
        )

    def has_child(self, token: str) -> bool:
        """Say whether the resource is the provider of a resource of a type."""
        return any(each.type == token and each.provider == self.resource.urn for each in self.stack)


@dataclass(frozen=True, kw_only=True)
class Found:
    """What an answer means."""

    what: str
    """What is there, a sentence without a full stop."""
    effect: Effect | None
    """None for what is as documented, which is told and is no drift."""
    remedy: str = ""
    """A command of the AWS CLI without `aws` and profile."""
    arn: str | None = None
    """Whose policies tell what it changes in access."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """One question about every resource of a type."""

    asks: str
    """For what: `groups`."""
    type: str
    client: str
    operation: str
    arguments: Mapping[str, str | Sequence[str]]
    """Parameters of the call: the property that each is, or a list as it is."""
    options: Mapping[str, str] = field(default_factory=dict)
    """Further parameters, the same of every resource."""
    found: Callable[[Subject, Any], Iterable[Found]]
    none: tuple[str, ...] = ()
    """Error codes that say that there is nothing."""
    gives_access: bool = True
    """Whether what is looked for lets somebody do something now, which `access verify` tells."""
    only_with: str | None = None
    """Type of a resource that the provider that is asked about must have, or nothing is asked."""
    nothing: Any = None
    """The answer that such a code stands for; None where nothing can be found then."""
    events: tuple[str, ...] = ()
    """Calls that make what is looked for, by their names in CloudTrail."""
