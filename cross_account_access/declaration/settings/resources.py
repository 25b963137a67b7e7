"""Reads what Production shares: one reader for each kind of resource, in one table."""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from cross_account_access.declaration.model import AccessLog, Bucket, Queue, Resource, Topic
from cross_account_access.declaration.settings import rules
from cross_account_access.declaration.settings.reader import Fields


class _Kind(NamedTuple):
    read: Callable[[Fields], Resource]
    example: str


def plural(kind: type[Resource]) -> str:
    """The list of the stack file that has the resources of this kind."""
    return f"{kind.kind}s"


def read_resources(fields: Fields) -> tuple[Resource, ...]:
    """All lists of resources together; there must be at least one."""
    lists = {kind: fields.optional_mappings(plural(kind), KINDS[kind].example) for kind in KINDS}
    if all(items is None for items in lists.values()):
        first, *others = map(plural, KINDS)
        fields.report(
            first,
            f"missing, and so are {' and '.join(others)}; share something, as in "
            f"{first}: [{KINDS[Bucket].example}]",
        )
    read = []
    for kind, items in lists.items():
        for item in items or ():
            read.append(KINDS[kind].read(item))
            item.done()
    return tuple(read)


def _bucket(fields: Fields) -> Bucket:
    log = fields.optional_mapping("access_log", "{bucket: my-logs, prefix: my-bucket/}")
    name = fields.text("name", rules.bucket_name)
    return Bucket(
        name=name,
        protect=fields.flag("protect", default=True),
        staging_may_list=fields.flag("staging_may_list", default=False),
        noncurrent_days=fields.number("noncurrent_days", rules.NONCURRENT_DAYS, "days", 90),
        access_log=_access_log(log) if log else None,
        own_key=fields.text("encryption", rules.encryption, "s3") == "kms",
    )


def _access_log(fields: Fields) -> AccessLog:
    log = AccessLog(
        bucket=fields.text("bucket", rules.bucket_name),
        prefix=fields.text("prefix", rules.log_prefix, ""),
    )
    fields.done()
    return log


def _topic(fields: Fields) -> Topic:
    return Topic(
        name=fields.text("name", rules.message_name("topic", 256)),
        protect=fields.flag("protect", default=True),
    )


def _queue(fields: Fields) -> Queue:
    return Queue(
        name=fields.text("name", rules.message_name("queue", 80)),
        protect=fields.flag("protect", default=True),
    )


KINDS: Final[Mapping[type[Resource], _Kind]] = {
    Bucket: _Kind(_bucket, "{name: my-bucket}"),
    Topic: _Kind(_topic, "{name: my-topic}"),
    Queue: _Kind(_queue, "{name: my-queue}"),
}
"""In the order of the stack file."""
