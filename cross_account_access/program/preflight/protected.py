"""Keeps declared what the stack has made and may not delete, so that revoking never waits for it.

The engine stops a whole update at its plan where something that is protected would go, and then
nobody loses anything: not the consumer whose removal was in the same edit either. What a protected
bucket, topic or queue is in the state therefore stays declared, without anybody's grants, until it
has been unprotected; and so does what `existing: true` would delete.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import pulumi

from cross_account_access.declaration.kinds import OWNED, Bucket, Queue, Topic
from cross_account_access.declaration.kinds.bucket_settings import AccessLog, ObjectLock
from cross_account_access.declaration.model import OwnedResource, SharedResource
from cross_account_access.declaration.settings import Settings
from cross_account_access.program.preflight.accounts_of_state import provider_of

_OURS: Final = "cross-account-access:index:"
"""Beginning of the types of all components."""
_NAMES: Final[Mapping[type[OwnedResource], tuple[str, str]]] = {
    Bucket: ("aws:s3/bucket:Bucket", "bucket"),
    Topic: ("aws:sns/topic:Topic", "name"),
    Queue: ("aws:sqs/queue:Queue", "name"),
}
"""The resource that each kind is about, and its property that has the name."""
_PART: Final = "aws:s3/bucket{0}:Bucket{0}"


@dataclass(frozen=True)
class _Made:
    """What the state has of one shared resource."""

    urn: str
    """Of its component."""
    as_made: OwnedResource
    """As it is declared to stay: without what only serves others' access."""


def with_protected(
    declared: Settings, recorded: Mapping[str, Any], *, component: str
) -> tuple[Settings, list[str]]:
    """The settings with what has to stay, and a line about each that is not as declared.

    Args:
        declared: what the stack file says.
        recorded: the outputs of the stack's resources by URN, `{"outputs": {...}}` each.
        component: logical name of the component.
    """
    told: list[str] = []
    stays: dict[SharedResource, SharedResource] = {}
    further: list[SharedResource] = []
    by_name = {
        (type(each), each.name): each
        for each in declared.resources
        if isinstance(each, OwnedResource)
    }
    for made in _made(recorded, component):
        as_made, found = made.as_made, by_name.get((type(made.as_made), made.as_made.name))
        if found is None:
            if as_made.protect:
                further.append(as_made)
                told.append(_no_longer_declared(as_made))
        elif found.existing:
            stays[found] = as_made
            told.append(_not_anybody_elses(as_made, made.urn))
        elif as_made.protect and isinstance(as_made, Bucket) and isinstance(found, Bucket):
            kept = _with_parts(found, as_made)
            stays[found] = kept
            told += _parts_that_stay(found, kept)
    resources = [*(stays.get(each, each) for each in declared.resources), *further]
    grants = [
        replace(each, resource=stays.get(each.resource, each.resource)) for each in declared.grants
    ]
    return replace(declared, resources=tuple(resources), grants=tuple(grants)), told


def refuse_nothing(declared: Settings, recorded: Mapping[str, Any]) -> None:
    """Refuses a stack that gives nobody access to anything, and never has.

    Raises:
        pulumi.RunError: with what is missing, a line each.
    """
    if declared.lacking and not any(_OURS in urn for urn in recorded):
        told = "\n".join(f"  {each}" for each in declared.lacking)
        message = f"the stack would give nobody access; nothing was changed:\n{told}"
        raise pulumi.RunError(message)


def refuse_move(
    declared: Settings, recorded: Mapping[str, Any], *, component: str, prefix: str
) -> None:
    """Compares the region of Production with that of what is protected, which cannot move.

    Raises:
        pulumi.RunError: it is another one.
    """
    provider = provider_of(recorded, f"{prefix}production")
    region, made_in = declared.production.region, provider and provider["region"]
    stays = [made.as_made for made in _made(recorded, component) if made.as_made.protect]
    if made_in and made_in != region and stays:
        what = ", ".join(f"{each.kind} {each.name!r}" for each in stays)
        message = (
            f"production_region is {region!r}, but what the stack shares is in {made_in!r} and "
            f"would be deleted there, which is protected: {what}; nothing was changed. Write "
            f"production_region: {made_in}, and make a stack of its own for {region}"
        )
        raise pulumi.RunError(message)


def _made(recorded: Mapping[str, Any], component: str) -> Iterator[_Made]:
    """What the component has made and the state still has."""
    outputs: dict[tuple[str, str], Mapping[str, Any]] = {}
    urns: dict[tuple[str, str], str] = {}
    for urn, resource in recorded.items():
        _, _, types, name = urn.split("::", 3)
        key = types.rpartition("$")[2], name
        outputs[key], urns[key] = resource["outputs"], urn
    for kind in OWNED:
        token, property_ = _NAMES[kind]
        for (its, logical), known in list(outputs.items()):
            own = f"{_OURS}Shared{kind.kind.title()}", logical
            if its != token or logical != f"{component}-{known.get(property_)}" or own not in urns:
                continue
            parts = {token: each for (token, name), each in outputs.items() if name == logical}
            name = str(known[property_])
            # Earlier programs did not say so of topics and queues, and of buckets by this alone.
            protect = bool(outputs[own].get("protect", not known.get("forceDestroy")))
            if kind is Bucket:
                yield _Made(urns[own], _bucket(name, parts, protect=protect))
            else:
                yield _Made(urns[own], kind(name=name, protect=protect))


def _bucket(name: str, parts: Mapping[str, Mapping[str, Any]], *, protect: bool) -> Bucket:
    """A bucket as its parts in the state say that it is; nobody but its account may list it."""
    lifecycle = parts.get(_PART.format("LifecycleConfiguration"), {})
    days = [
        int(rule["noncurrentVersionExpiration"]["noncurrentDays"])
        for rule in lifecycle.get("rules", ())
        if rule.get("noncurrentVersionExpiration")
    ]
    # Unfinished, it has none yet.
    noncurrent_days = days[0] if days else Bucket.noncurrent_days
    log = parts.get(_PART.format("Logging"))
    return Bucket(
        name=name,
        protect=protect,
        noncurrent_days=noncurrent_days,
        access_log=AccessLog(bucket=log["targetBucket"], prefix=log["targetPrefix"])
        if log
        else None,
        encryption="kms" if "aws:kms/key:Key" in parts else "s3",
        object_lock=_lock(parts.get(_PART.format("ObjectLockConfiguration"), {})),
    )


def _lock(known: Mapping[str, Any]) -> ObjectLock | None:
    retention = (known.get("rule") or {}).get("defaultRetention")
    if retention is None:
        return None
    days, years = (retention.get(each) for each in ("days", "years"))
    return ObjectLock(
        mode=retention["mode"].lower(),
        days=int(days) if days else None,
        years=int(years) if years else None,
    )


def _with_parts(bucket: Bucket, as_made: Bucket) -> Bucket:
    """A bucket with those parts that it has and is no longer declared to have."""
    return replace(
        bucket,
        encryption="kms" if as_made.has_own_key else bucket.encryption,
        access_log=bucket.access_log or as_made.access_log,
        object_lock=bucket.object_lock or as_made.object_lock,
    )


def _no_longer_declared(resource: OwnedResource) -> str:
    what = f"{resource.kind} {resource.name!r}"
    return (
        f"{what} is no longer declared, and it is protected: it stays, with all that is in it, and "
        "nobody has access to it by this stack. To have it deleted, declare it with protect: false "
        "and pulumi up, then remove it and pulumi up"
    )


def _not_anybody_elses(resource: OwnedResource, urn: str) -> str:
    return (
        f"{resource.kind} {resource.name!r} is this stack's own, and existing: true would delete "
        "it: it stays as it is, the stack's. To hand it over to others, take it out of the state "
        f"first: pulumi state delete --force --target-dependents '{urn}' lets go of it, and of "
        "those who have access to it; access import --apply takes them back, then pulumi up"
    )


def _parts_that_stay(declared: Bucket, kept: Bucket) -> Iterator[str]:
    first = "run" if not declared.protect else "write protect: false and"
    if kept.encryption != declared.encryption:
        yield (
            f"bucket {kept.name!r} stays encrypted with its key, which encryption: "
            f"{declared.encryption} would delete and with it every object that the key has "
            f"encrypted: it is protected. To have that, {first} pulumi up, then once more"
        )
    for part in ("access_log", "object_lock"):
        if getattr(kept, part) != getattr(declared, part):
            yield (
                f"bucket {kept.name!r} keeps its {part}, since what is protected keeps its parts. "
                f"To have it removed, {first} pulumi up, then once more"
            )
