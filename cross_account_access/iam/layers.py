"""What limits a request beside the policies of those who meet in it.

Service and resource control policies of an organization, policies of VPC endpoints, and S3's Block
Public Access take access away and give none. What has not been seen is not taken for none: it is
left out of the answer, which says so. Values that are none of this raise a QuestionError.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from cross_account_access.iam.checks import instance, mapping, text
from cross_account_access.iam.documents import Document, PolicyKind

ANY_OTHER: Final = "*"
"""In place of the ID of a VPC endpoint: the one that stands for all that are not listed."""


@dataclass(frozen=True, kw_only=True)
class Level:
    """The organization's root, a unit, or the account: each of them must allow a request."""

    name: str
    """What to call it, like `root` or `ou-ab12-11111111`."""
    policies: Mapping[str, Document]
    """By name. Every level has at least one, since AWS attaches one that allows everything."""

    def __post_init__(self) -> None:
        """Refuse what is no level."""
        mapping(self.policies, f"policies of level {text(self.name, 'name of a level')}")


Levels = tuple[Level, ...]
"""From the root to the account; empty for an account that no policy of the kind binds."""


@dataclass(frozen=True, kw_only=True)
class AccountLayers:
    """What is known of one account; `None` for what has not been seen."""

    service_control: Levels | None = None
    """Bind users and roles of the account, wherever they go."""
    resource_control: Levels | None = None
    """Bind whoever comes to resources of the account."""
    restricts_public_buckets: bool | None = None
    """Block Public Access of the account: its RestrictPublicBuckets."""

    def __post_init__(self) -> None:
        """Refuse what is no account's."""
        for levels in (self.service_control, self.resource_control):
            for each in instance(levels or (), tuple, "levels"):
                instance(each, Level, "levels")
        if self.restricts_public_buckets is not None:
            instance(self.restricts_public_buckets, bool, "restricts_public_buckets")


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """A VPC endpoint."""

    service: str
    """As ARNs name it, like `s3`."""
    policy: Document

    def __post_init__(self) -> None:
        """Refuse what is no service."""
        text(self.service, "service of a VPC endpoint")


@dataclass(frozen=True, kw_only=True)
class Layers:
    """All of them."""

    accounts: Mapping[str, AccountLayers] = field(default_factory=dict)
    """By account ID."""
    endpoints: Mapping[str, Endpoint] | None = None
    """By ID; None where none has been looked for. Of one that is not listed nothing is known."""
    buckets: Mapping[str, bool] = field(default_factory=dict)
    """Block Public Access of buckets, by ARN: their RestrictPublicBuckets."""
    reasons: tuple[str, ...] = ()
    """Why something has not been seen, a sentence each."""

    def __post_init__(self) -> None:
        """Refuse what is none of them."""
        for what, found, kind in (
            ("accounts", self.accounts, AccountLayers),
            ("endpoints", {} if self.endpoints is None else self.endpoints, Endpoint),
            ("buckets", self.buckets, bool),
        ):
            for each in mapping(found, what).values():
                instance(each, kind, what)

    def of_account(self, account: str | None) -> AccountLayers:
        """Return what is known of an account."""
        return self.accounts.get(account or "", _UNSEEN)

    def restricts(self, bucket: str, owner: str) -> bool | None:
        """Say whether a bucket keeps others out once its policy is public.

        The stricter of the settings of bucket and account holds ("Blocking public access to your
        Amazon S3 storage",
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html).

        Returns:
            `None` where that has not been seen.
        """
        settings = (self.buckets.get(bucket), self.of_account(owner).restricts_public_buckets)
        if True in settings:
            return True
        return None if None in settings else False

    def documents(self) -> Iterator[tuple[str, PolicyKind, str, Document]]:
        """All of them: account and level, or endpoint; the kind; the name; the document."""
        for account, each in self.accounts.items():
            for kind, levels in (
                (PolicyKind.SERVICE_CONTROL, each.service_control),
                (PolicyKind.RESOURCE_CONTROL, each.resource_control),
            ):
                for level in levels or ():
                    for name, document in level.policies.items():
                        yield f"{account}: {level.name}", kind, name, document
        for name, endpoint in (self.endpoints or {}).items():
            yield name, PolicyKind.ENDPOINT, "", endpoint.policy

    def seen(self, accounts: Mapping[str, str], buckets: Mapping[str, str]) -> Iterator[str]:
        """Yield, for each kind of layer, whether it has been seen.

        Args:
            accounts: names of the accounts that matter, by ID.
            buckets: names of the buckets that matter, by ARN, each with its owner's ID.
        """
        known = {account: self.of_account(account) for account in accounts}
        for words, seen in (
            (
                "service control policies",
                {accounts[each]: known[each].service_control is not None for each in accounts},
            ),
            (
                "resource control policies",
                {accounts[each]: known[each].resource_control is not None for each in accounts},
            ),
            ("VPC endpoint policies", {"": self.endpoints is not None}),
            (
                "S3 Block Public Access",
                {
                    arn.rsplit(":", 1)[-1]: self.restricts(arn, owner) is not None
                    for arn, owner in buckets.items()
                },
            ),
        ):
            if seen:
                yield f"{words}: {_seen(seen)}"


def _seen(things: Mapping[str, bool]) -> str:
    if not any(things.values()):
        return "not seen"
    if all(things.values()):
        return "seen"
    return f"not seen of {', '.join(sorted(name for name, seen in things.items() if not seen))}"


_UNSEEN: Final = AccountLayers()
NOT_SEEN: Final = Layers()
"""Nothing has been looked for."""
