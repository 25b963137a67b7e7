"""What a bucket may be told to do by itself: to log, to keep, to tell and to replicate."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated

from cross_account_access.declaration import rules
from cross_account_access.declaration.accounts import Accounts
from cross_account_access.declaration.fields import Declared, Flag, Number, Text, Texts, Word
from cross_account_access.declaration.keys import key_arn
from cross_account_access.declaration.rules import s3_events
from cross_account_access.facts import quotas


@dataclass(frozen=True, kw_only=True)
class AccessLog(Declared):
    """Where S3 writes the server access log of a bucket."""

    bucket: Annotated[
        str,
        Text(
            "Name of an existing bucket of the Production account that lets S3 deliver logs.",
            rules.existing_bucket_name,
        ),
    ]
    prefix: Annotated[str, Text("Beginning of the keys of the log.", rules.log_prefix)] = ""


@dataclass(frozen=True, kw_only=True)
class ObjectLock(Declared):
    """How long the versions of all objects are kept, whoever wants them gone."""

    mode: Annotated[
        str,
        Word(
            "governance unless said: whoever has s3:BypassGovernanceRetention may end it, which no "
            "level gives; compliance: nobody may, not even the account's root.",
            ("governance", "compliance"),
        ),
    ] = "governance"
    days: Annotated[
        int | None, Number("Days from the upload on.", rules.RETENTION_DAYS, "days")
    ] = None
    years: Annotated[
        int | None, Number("Years from the upload on.", rules.RETENTION_YEARS, "years")
    ] = None

    def problems(self, accounts: Accounts) -> Iterator[tuple[str, str]]:  # noqa: ARG002
        """A retention has days or years.

        Source: "DefaultRetention", Amazon S3 API reference,
        https://docs.aws.amazon.com/AmazonS3/latest/API/API_DefaultRetention.html.
        """
        if self.days and self.years:
            yield "years", "cannot go with days; keep one of the two"
        if not (self.days or self.years):
            yield "days", "missing, and so is years; say how long, as in days: 30"


@dataclass(frozen=True, kw_only=True)
class Notification(Declared):
    """What a topic or a queue of the stack is told of what happens in a bucket."""

    topic: Annotated[
        str | None,
        Text(
            "Name of a topic of the stack; each notification has a topic or a queue.",
            rules.message_name("topic", limit=quotas.TOPIC_NAME_CHARACTERS),
        ),
    ] = None
    queue: Annotated[
        str | None,
        Text(
            "Name of a queue of the stack.",
            rules.message_name("queue", limit=quotas.QUEUE_NAME_CHARACTERS),
        ),
    ] = None
    events: Annotated[
        tuple[str, ...],
        Texts(
            "Events of S3, as in s3:ObjectCreated:*.",
            s3_events.event,
            example="[s3:ObjectCreated:*]",
        ),
    ]
    prefix: Annotated[
        str, Text("Beginning of the keys that it is about.", s3_events.filter_value)
    ] = ""
    suffix: Annotated[str, Text("End of these keys, as in .jpg.", s3_events.filter_value)] = ""

    @property
    def target(self) -> tuple[str, str]:
        """The kind and the name of what is told."""
        return ("topic", self.topic) if self.topic else ("queue", self.queue or "")

    def problems(self, accounts: Accounts) -> Iterator[tuple[str, str]]:  # noqa: ARG002
        """One target, and no event twice."""
        if self.topic and self.queue:
            yield "queue", "cannot go with topic; write one notification for each"
        if not (self.topic or self.queue):
            yield "topic", "missing, and so is queue; name which of the stack is told"
        for event in self.events:
            for other in self.events:
                if event != other and s3_events.overlap(event, other) and event.endswith("*"):
                    yield "events", f"have {other}, which {event} has already; remove one of both"

    def overlaps(self, other: "Notification") -> bool:
        """Whether S3 would refuse both beside one another: one key, one event, two answers.

        Source: "Configuring event notifications using object key name filtering",
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html.
        """
        one, two = sorted((self.prefix, other.prefix))
        short, long = sorted((self.suffix, other.suffix), key=len)
        return (
            two.startswith(one)
            and long.endswith(short)
            and any(s3_events.overlap(a, b) for a in self.events for b in other.events)
        )


@dataclass(frozen=True, kw_only=True)
class Replication(Declared):
    """Where S3 writes a copy of what is written into a bucket, by a role that S3 alone has."""

    bucket: Annotated[
        str,
        Text(
            "Name of the bucket that gets the copies: another one of the stack, or one of "
            "Production that exists and keeps versions, in any region.",
            rules.existing_bucket_name,
        ),
    ]
    role_name: Annotated[
        str | None,
        Text(
            "Name of the role by which S3 replicates; the bucket's name and -replication unless "
            "said.",
            rules.iam_name(quotas.ROLE_NAME_CHARACTERS),
        ),
    ] = None
    prefixes: Annotated[
        tuple[str, ...],
        Texts(
            "Beginnings of the keys that are replicated; all unless said.",
            rules.key_prefix,
            example="[orders/]",
        ),
    ] = ()
    kms_key_arn: Annotated[
        str | None,
        Text(
            "ARN of the KMS key of the other bucket, where the stack makes this bucket's key and "
            "not the other's.",
            rule_for=lambda context: key_arn(context.accounts.trusting, in_any_region=True),
        ),
    ] = None
    delete_markers: Annotated[
        bool, Flag("Whether deletions are replicated, which take no version away.")
    ] = False

    def problems(self, accounts: Accounts) -> Iterator[tuple[str, str]]:  # noqa: ARG002
        """Each key has one rule."""
        for one, other in pairwise(sorted(self.prefixes)):
            if other.startswith(one):
                yield "prefixes", f"have {other}, which is below {one}; remove one of both"
