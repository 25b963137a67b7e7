"""Reads what consumers may do, and refuses grants that contradict one another or cannot hold."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import TypeVar

from cross_account_access.declaration.model import (
    Accounts,
    Bucket,
    Consumer,
    Grant,
    Level,
    Resource,
    Via,
)
from cross_account_access.declaration.settings import rules
from cross_account_access.declaration.settings.consumers import ROLE_EXAMPLE
from cross_account_access.declaration.settings.nearest import did_you_mean
from cross_account_access.declaration.settings.reader import Fields, Problems
from cross_account_access.declaration.settings.resources import KINDS, plural

_Named = TypeVar("_Named")


def read_grant(
    fields: Fields,
    consumers: Sequence[Consumer],
    resources: Sequence[Resource],
    accounts: Accounts,
) -> Grant | None:
    """One item of `grants`; None where it cannot be told who gets what.

    `images` and `images/` mean the same prefix.
    """
    named = {consumer.name: consumer for consumer in consumers}
    consumer = _known(fields, "consumer", named, "consumers")
    kind, resource = _resource(fields, resources)
    levels = tuple(Level(word) for word in fields.words("levels", list(kind.levels)))
    prefixes = fields.optional_texts("prefixes", rules.key_prefix, "[images/]")
    if fields.has("prefixes") and kind is not Bucket:
        fields.refuse("prefixes", f"cannot confine a {kind.kind}, which has no keys; remove it")
    via = Via(fields.word("via", list(Via), Via.ROLE))
    fields.done()
    if consumer is None or resource is None:
        return None
    grant = Grant(
        consumer=consumer,
        resource=resource,
        levels=levels,
        prefixes=tuple(prefix if prefix.endswith("/") else f"{prefix}/" for prefix in prefixes),
        via=via,
    )
    for name, reason in _impossible(grant, accounts):
        fields.refuse(name, reason)
    return grant


def check_overlaps(grants: Sequence[Grant | None], problems: Problems) -> None:
    """Each resource, and each key of a bucket, is in one grant of a consumer at the most.

    AWS would add overlapping grants up, so that neither of them told a reader
    what the consumer may do.
    """
    places = defaultdict(list)
    for index, item in enumerate(grants):
        if item:
            # No prefix is the beginning of every key.
            for prefix in item.prefixes or [""]:
                places[item.consumer.name, item.resource].append((index, prefix))
    for (consumer, resource), found in places.items():
        whole = [index for index, prefix in found if not prefix]
        if len(whole) > 1:
            problems.append(
                f"grants: {len(whole)} grants of {resource.name!r} to {consumer!r}; "
                "make them one with all the levels"
            )
        for (first, one), (second, other) in combinations(found, 2):
            if (one or other) and (one.startswith(other) or other.startswith(one)):
                problems.append(
                    f"grants[{second}]: {_named(other)} overlaps with {_named(one)} of "
                    f"grants[{first}], for {consumer!r} in {resource.name!r}; "
                    "make them one grant with all the levels, or keep the prefixes apart"
                )


def check_consumers(
    consumers: Sequence[Consumer], grants: Sequence[Grant], problems: Problems
) -> None:
    """Each consumer has a grant, and a role exactly where one of its grants goes by it."""
    for index, consumer in enumerate(consumers):
        place = f"consumers[{index}]"
        ways = {grant.via for grant in grants if grant.consumer.name == consumer.name}
        if consumer.name and not ways:
            problems.about(
                f"{place}.name",
                consumer.name,
                "has no grant, so that it could do nothing; add one under grants or remove it",
            )
        if consumer.role is None and ways != {Via.RESOURCE}:
            problems.append(f"{place}.role: missing; add it, as in {ROLE_EXAMPLE}")
        if consumer.role and ways == {Via.RESOURCE}:
            problems.about(
                f"{place}.role.name",
                consumer.role.name,
                "would be a role without permissions, since all grants of the consumer say via: "
                "resource; remove role, or say via: role in a grant",
            )


def _resource(
    fields: Fields, resources: Sequence[Resource]
) -> tuple[type[Resource], Resource | None]:
    """What is granted, and its kind, for which a bucket stands in where it cannot be told."""
    kinds = {kind.kind: kind for kind in KINDS}
    word = fields.one_of({kind.kind: f"my-{kind.kind}" for kind in KINDS})
    if word is None:
        return Bucket, None
    kind = kinds[word]
    named = {each.name: each for each in resources if isinstance(each, kind)}
    return kind, _known(fields, word, named, plural(kind))


def _known(fields: Fields, field: str, known: Mapping[str, _Named], where: str) -> _Named | None:
    """What a field refers to by its name."""
    name = fields.text(field, lambda _: None)
    if name and name not in known:
        hint = did_you_mean(name, known)
        fields.refuse(field, f"is not the name of anything under {where}{hint}")
    return known.get(name)


def _impossible(grant: Grant, accounts: Accounts) -> Iterator[tuple[str, str]]:
    """The fields of a grant that its consumer cannot have, and why."""
    who, conditions = grant.consumer.who, grant.consumer.conditions
    if Level.SUBSCRIBE in grant.levels and who.home_account(accounts) is None:
        yield (
            "levels",
            f"cannot have subscribe for {who.kind}: it is confined to queues and functions of the "
            "consumer's own account, and there is no one such account; remove it",
        )
    if grant.via is Via.ROLE:
        return
    if who.only_by_role:
        yield "via", f"cannot be had by {who.kind}: {who.only_by_role}; write via: role"
        return
    for name, condition in (
        ("external_id", conditions.external_id),
        ("source_identity", conditions.source_identity),
        ("session_tags", conditions.session_tags),
    ):
        if condition:
            yield (
                "via",
                f"cannot go with the consumer's condition {name}, which is stated when a role is "
                "assumed, and which no resource policy can ask for; write via: role, or remove "
                "the condition",
            )


def _named(prefix: str) -> str:
    return repr(prefix) if prefix else "the whole bucket"
