"""What buckets of the stack have to do with its other resources, and with buckets of others."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from cross_account_access.declaration.accounts import Account
from cross_account_access.declaration.kinds import Bucket
from cross_account_access.declaration.model import (
    Consumer,
    MustExist,
    OwnedResource,
    SharedResource,
)
from cross_account_access.declaration.nearest import did_you_mean
from cross_account_access.declaration.policies.replication import replication_policy
from cross_account_access.declaration.rules import iam_name
from cross_account_access.facts import quotas


class Problem(NamedTuple):
    """One of a setting."""

    setting: str
    """Its place in the stack file."""
    value: object
    broken: str


def connected(resources: Iterable[SharedResource]) -> tuple[SharedResource, ...]:
    """The resources, each of which knows by which buckets it is told and replicated to."""
    listed = tuple(resources)
    buckets = [each for each in listed if isinstance(each, Bucket)]
    made: list[SharedResource] = []
    for each in listed:
        now = each
        if isinstance(now, OwnedResource):
            target = (now.kind, now.name)
            telling = tuple(
                bucket.name
                for bucket in buckets
                if target in [told.target for told in bucket.notifications]
            )
            now = replace(now, notified_by=telling)
        if isinstance(now, Bucket):
            of = tuple(
                bucket.name
                for bucket in buckets
                if bucket.replication and bucket.replication.bucket == now.name
            )
            now = replace(now, replicas_of=of)
        made.append(now)
    return tuple(made)


def problems(
    resources: Sequence[SharedResource], consumers: Iterable[Consumer], owner: Account
) -> Iterator[Problem]:
    """What buckets say of other resources and cannot be."""
    buckets = [each for each in resources if isinstance(each, Bucket)]
    for index, bucket in enumerate(buckets):
        place = f"buckets[{index}]"
        yield from _of_notifications(bucket, place, resources)
        if bucket.replication:
            yield from _of_replication(bucket, f"{place}.replication", buckets, owner)
    yield from _of_role_names(buckets, consumers)


def must_exist(resources: Iterable[SharedResource], owner: Account) -> Iterator[MustExist]:
    """The buckets of others that get copies: of the same account, and with versions."""
    buckets = {each.name: each for each in resources if isinstance(each, Bucket)}
    for bucket in buckets.values():
        if bucket.replication is None:
            continue
        other = buckets.get(bucket.replication.bucket)
        if other is not None and not other.existing:
            continue
        name = bucket.replication.bucket
        yield _versions_of(name, bucket, owner)
        if bucket.object_lock:
            yield _lock_of(name, bucket, owner)


def _versions_of(name: str, bucket: Bucket, owner: Account) -> MustExist:
    def problem(found: Mapping[str, Any] | None) -> str | None:
        told = f"replication of bucket {bucket.name!r} is to bucket {name!r}"
        if found is None:
            return f"{told}, and there is no such bucket; correct it, or have its owner make it"
        if found.get("Status") != "Enabled":
            return f"{told}, which keeps no versions; have its owner turn versioning on"
        return None

    return _asked("get_bucket_versioning", name, owner, "NoSuchBucket", problem)


def _lock_of(name: str, bucket: Bucket, owner: Account) -> MustExist:
    """A copy keeps its retention only where the other bucket has object lock too.

    Source: "Object Lock considerations",
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html.
    """

    def problem(found: Mapping[str, Any] | None) -> str | None:
        if found is not None:
            return None
        return (
            f"replication of bucket {bucket.name!r}, which has object_lock, is to bucket {name!r}, "
            "which has none; have its owner turn it on"
        )

    absent = "ObjectLockConfigurationNotFoundError"
    return _asked("get_object_lock_configuration", name, owner, absent, problem)


def _asked(method: str, name: str, owner: Account, absent: str, problem: Any) -> MustExist:  # noqa: ANN401 - as in MustExist
    return MustExist(
        side="production",
        client="s3",
        method=method,
        parameters={"Bucket": name, "ExpectedBucketOwner": owner.account_id},
        absent=absent,
        problem=problem,
    )


def _of_notifications(
    bucket: Bucket, place: str, resources: Sequence[SharedResource]
) -> Iterator[Problem]:
    """Those that are told are of the stack, and S3 knows whom it tells of a key."""
    for number, each in enumerate(bucket.notifications):
        kind, name = each.target
        setting = f"{place}.notifications[{number}].{kind}"
        known = {one.name: one for one in resources if one.kind == kind}
        if name not in known:
            near = did_you_mean(name, list(known)) or f"; list it under {kind}s"
            yield Problem(setting, name, f"is no {kind} of the stack{near}")
        elif known[name].is_of_others:
            yield Problem(
                setting,
                name,
                "exists and belongs to others, whose policy of it is not the stack's; name a topic "
                f"that the stack makes, and have the owner of the {kind} subscribe to it",
            )
        for before, other in enumerate(bucket.notifications[:number]):
            if each.overlaps(other):
                yield Problem(
                    f"{place}.notifications[{number}].events",
                    list(each.events),
                    f"overlap with notifications[{before}] for some keys, and S3 tells one target "
                    "of an event of a key; keep prefix or suffix apart, or let a topic tell both",
                )


def _of_replication(
    bucket: Bucket, place: str, buckets: Sequence[Bucket], owner: Account
) -> Iterator[Problem]:
    """Copies can be read where they are: keys on both sides, or on neither; locks too."""
    replication = bucket.replication
    if replication is None:
        return
    name, setting = replication.bucket, f"{place}.bucket"
    destination = next((each for each in buckets if each.name == name), None)
    made = destination if destination and not destination.existing else None
    if name == bucket.name:
        yield Problem(setting, name, "is the bucket itself; name another one")
        return
    if replication.kms_key_arn and (made or not bucket.has_own_key):
        why = (
            "is the key of a bucket that the stack makes, with its key; remove it"
            if made
            else "is of no use where the bucket has no key of its own; remove it"
        )
        yield Problem(f"{place}.kms_key_arn", replication.kms_key_arn, why)
    if made and made.has_own_key is not bucket.has_own_key:
        first, second = (bucket, made) if bucket.has_own_key else (made, bucket)
        yield Problem(
            setting,
            name,
            f"and the bucket have not both a key: {first.name!r} has and {second.name!r} has not; "
            "give encryption: kms to both or to neither",
        )
    if not made and bucket.has_own_key and not replication.kms_key_arn:
        yield Problem(
            setting, name, "is not made by the stack, and copies need a key; add its kms_key_arn"
        )
    if made and bucket.object_lock and not made.object_lock:
        yield Problem(setting, name, "has no object_lock, and the bucket has one; give one to both")
    size = quotas.policy_characters(replication_policy(bucket, owner, is_ours=made is not None))
    if size > quotas.ROLE_INLINE_CHARACTERS:
        yield Problem(
            f"{place}.prefixes",
            list(replication.prefixes),
            f"need a policy of {size} characters, and {quotas.ROLE_INLINE_CHARACTERS} is the most; "
            "name fewer",
        )


def _of_role_names(buckets: Sequence[Bucket], consumers: Iterable[Consumer]) -> Iterator[Problem]:
    """Roles of replication are like any role of the account: IAM compares without regard to case.

    Source: "IAM and AWS STS quotas",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html.
    """
    taken = {each.role.name.lower() for each in consumers if each.role}
    for index, bucket in enumerate(buckets):
        if bucket.replication is None:
            continue
        name, setting = bucket.replication_role_name, f"buckets[{index}].replication.role_name"
        if broken := iam_name(quotas.ROLE_NAME_CHARACTERS)(name):
            yield Problem(setting, name, f"{broken}; write a shorter one")
        elif name.lower() in taken:
            yield Problem(setting, name, "is the name of another role; write another one")
        taken.add(name.lower())
