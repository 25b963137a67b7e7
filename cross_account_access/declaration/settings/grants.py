"""Reads what consumers may do, and refuses grants that contradict one another or cannot hold."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Final, TypeVar

from cross_account_access.declaration import rules
from cross_account_access.declaration.accounts import Accounts
from cross_account_access.declaration.fields import Context, Field, Group, Items, Text, Texts, Word
from cross_account_access.declaration.kinds import EXISTING, OWNED, Bucket
from cross_account_access.declaration.model import (
    Consumer,
    ExistingResource,
    Grant,
    SharedResource,
    Via,
)
from cross_account_access.declaration.nearest import did_you_mean
from cross_account_access.declaration.policies.documents import statements_for_owner
from cross_account_access.declaration.reader import Fields, Problems
from cross_account_access.declaration.settings.consumers import ROLE_EXAMPLE
from cross_account_access.declaration.settings.granted_actions import (
    ACTIONS,
    SETTINGS,
    WILDCARDS,
    read_actions,
)
from cross_account_access.declaration.settings.resources import plural

_Named = TypeVar("_Named")

_LISTS: Final[Mapping[str, tuple[type[SharedResource], str]]] = {
    **{kind.kind: (kind, plural(kind)) for kind in OWNED},
    "resource": (ExistingResource, "resources"),
}
"""The word by which a grant names what is shared: of which kind, and in which list."""
_GRANTABLE: Final = (*OWNED, *EXISTING)

_PREFIXES: Final = Field(
    "prefixes",
    Texts(
        "Beginnings of keys that the grant is confined to; the whole bucket unless said.",
        rules.key_prefix,
        example="[images/]",
        # With and without its slash it means the same.
        convert=lambda read: tuple(each if each.endswith("/") else f"{each}/" for each in read),
    ),
    (),
)
_VIA: Final = Field(
    "via",
    Word(
        "role unless said; resource: by the resource's own policy, without a role.",
        tuple(Via),
        convert=Via,
    ),
    Via.ROLE,
)


def _read_grant(source: Fields, context: Context) -> Grant | None:
    """None where it cannot be told who gets what."""
    named = {consumer.name: consumer for consumer in context.read["consumers"]}
    consumer = _known(source, "consumer", named, "consumers")
    kinds, resource = _resource(source, context.read["resources"])
    known = list(dict.fromkeys(level for kind in kinds for level in kind.levels))
    wildcards = WILDCARDS.read(source, context)
    owner = context.accounts.trusting
    arns = resource.arns(owner) if resource else ()
    actions = read_actions(source, resource, arns, wildcards=wildcards)
    is_by_actions = source.has(ACTIONS.name) and not source.has("levels")
    levels = () if is_by_actions else tuple(source.words("levels", known))
    prefixes = _PREFIXES.read(source, context)
    if source.has("prefixes") and not any(kind.has_object_keys for kind in kinds):
        what = " or ".join(kind.kind for kind in kinds)
        source.refuse("prefixes", f"cannot confine a {what}, which has no keys; remove it")
    via = _VIA.read(source, context)
    source.done()
    if consumer is None or resource is None:
        return None
    grant = Grant(
        consumer=consumer,
        resource=resource,
        levels=levels,
        actions=actions,
        prefixes=prefixes,
        via=via,
    )
    for name, reason in _impossible(grant, context.accounts):
        source.refuse(name, reason)
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
    source: Fields, resources: Sequence[SharedResource]
) -> tuple[Sequence[type[SharedResource]], SharedResource | None]:
    """What is granted, and the kinds that it can be of; a bucket where that cannot be told."""
    word = source.one_of({word: f"my-{word}" for word in _LISTS})
    if word is None:
        return [Bucket], None
    base, listed = _LISTS[word]
    named = {each.name: each for each in resources if isinstance(each, base)}
    resource = _known(source, word, named, listed)
    if resource:
        return [type(resource)], resource
    return [kind for kind in _GRANTABLE if issubclass(kind, base)], None


def _known(source: Fields, field: str, known: Mapping[str, _Named], where: str) -> _Named | None:
    """What a field refers to by its name."""
    name = source.text(field, lambda _: None) or ""
    if name and name not in known and name not in source.problems.unread:
        hint = did_you_mean(name, known) or "; correct it, or add it there"
        source.refuse(field, f"is not the name of anything under {where}{hint}")
    return known.get(name)


def _impossible(grant: Grant, accounts: Accounts) -> Iterator[tuple[str, str]]:
    """The fields of a grant that its consumer cannot have, and why."""
    principal, conditions = grant.consumer.principal, grant.consumer.conditions
    yield from grant.resource.refused(grant, accounts)
    if grant.via is Via.ROLE:
        return
    if grant.via not in grant.resource.goes_by:
        yield (
            "via",
            f"cannot be had of a {grant.resource.kind} that exists, whose policy is not the "
            "stack's; write via: role",
        )
        return
    if grant.actions:
        yield (
            "via",
            "cannot go with actions, which services do not all take in the policy of a resource; "
            "write via: role",
        )
        return
    if principal.only_by_role:
        yield (
            "via",
            f"cannot be had by {principal.kind}: {principal.only_by_role}; write via: role",
        )
        return
    for name in ("external_id", "source_identity", "session_tags"):
        if getattr(conditions, name):
            yield (
                "via",
                f"cannot go with the consumer's condition {name}, which is stated when a role is "
                "assumed, and which no resource policy can ask for; write via: role, or remove "
                "the condition",
            )
            return
    if grant.resource.is_of_others:
        yield (
            "via",
            f"cannot be had of a {grant.resource.kind} that exists, whose policy is its owner's; "
            "write via: role, or remove the grant and have its owner add to its policy: "
            f"{statements_for_owner(grant, accounts)}",
        )


def _named(prefix: str) -> str:
    return repr(prefix) if prefix else "the whole bucket"


def _group() -> Group:
    *first, last = _LISTS
    levels = "; ".join(f"of a {kind.kind} {', '.join(kind.levels)}" for kind in _GRANTABLE)
    return Group(
        "Grant",
        f"What one consumer may do with one resource: exactly one of {', '.join(first)} and "
        f"{last}.",
        (
            Field("consumer", Text("Name of a consumer from above.")),
            *(
                Field(word, Text(f"Name of one of the {listed} from above."), None)
                for word, (_, listed) in _LISTS.items()
            ),
            Field(
                "levels",
                Texts(
                    f"{levels[0].upper()}{levels[1:]}. None implies another. Required without "
                    "actions.",
                    example="[list, read]",
                ),
                (),
            ),
            *SETTINGS,
            _PREFIXES,
            _VIA,
        ),
    )


GRANTS: Final = Items(
    "What they may do.",
    group=_group(),
    example="{consumer: stage-admin, bucket: my-bucket, levels: [list, read]}",
    item=_read_grant,
)
"""The setting `grants`, which refers to consumers and resources that have been read."""
