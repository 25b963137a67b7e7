"""What the stack has made and may not delete stays declared, as the state says that it is."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

import pulumi
import pytest

from cross_account_access.declaration import settings
from cross_account_access.declaration.kinds import Bucket, Queue, Topic
from cross_account_access.declaration.kinds.bucket_settings import AccessLog, ObjectLock
from cross_account_access.declaration.model import OwnedResource
from cross_account_access.declaration.reader import Problems
from cross_account_access.declaration.settings import Settings
from cross_account_access.program.preflight.protected import refuse_move, with_protected
from tests.support.deployment import PROJECT, declared_in
from tests.support.recorded import STATES, resources

PROTECTED = [
    name
    for name in sorted(path.stem for path in STATES.glob("*.json"))
    # The program in YAML has another component; the rehearsal protects nothing.
    if name not in ("yaml", "staging")
]


def declared(name: str) -> Settings:
    """What the stack file of a recorded state says."""
    values = declared_in(STATES / f"{name}.yaml")
    problems = Problems()
    read = settings.parse(values, problems)
    assert problems == []
    return read


def recorded(name: str) -> dict[str, Any]:
    """The state as the engine tells the program of it."""
    return {each["urn"]: {"outputs": each.get("outputs", {})} for each in resources(name)}


def owned(of: Settings) -> Iterator[OwnedResource]:
    return (each for each in of.resources if isinstance(each, OwnedResource) and not each.existing)


def nothing_left(of: Settings) -> Settings:
    return replace(of, resources=(), consumers=(), grants=())


@pytest.mark.parametrize("name", PROTECTED)
def test_what_is_declared_as_it_is_stays_as_declared(name: str) -> None:
    stays = with_protected(declared(name), recorded(name), component="access")
    assert stays == (declared(name), [])


@pytest.mark.parametrize("name", PROTECTED)
def test_what_is_removed_and_protected_stays_as_it_was_without_what_serves_others(
    name: str,
) -> None:
    left, told = with_protected(nothing_left(declared(name)), recorded(name), component="access")
    assert (left.grants, left.consumers) == ((), ())
    was = {
        each.name: replace(each, staging_may_list=False) if isinstance(each, Bucket) else each
        for each in owned(declared(name))
        # Earlier programs did not record of topics and queues whether they are protected.
        if each.protect or not isinstance(each, Bucket)
    }
    kept = {each.name: each for each in owned(left)}
    assert {name: replace(each, protect=True) for name, each in was.items()} == kept
    assert len(told) == len(kept)
    for each, line in zip(owned(left), told, strict=True):
        assert line.startswith(f"{each.kind} {each.name!r} is no longer declared")
        assert "\n" not in line


def test_recorded_states_have_every_kind_and_part() -> None:
    """Or else the tests above would hold for less than they say."""
    all_of_them = [each for name in PROTECTED for each in owned(declared(name))]
    buckets = [each for each in all_of_them if isinstance(each, Bucket)]
    assert {type(each) for each in all_of_them} == {Bucket, Topic, Queue}
    assert {each.has_own_key for each in buckets} == {True, False}
    assert [each for each in buckets if each.staging_may_list]


def test_every_setting_of_a_bucket_is_read_from_its_parts_or_serves_others_alone() -> None:
    """Whoever adds one says here which, and has `_bucket` read it, or what stays would lose it."""
    read = {"name", "protect", "noncurrent_days", "access_log", "encryption", "object_lock"}
    serves_others = {"staging_may_list", "allow_other_keys"}
    # Not protected with the bucket, so that they may go.
    beside = {"notifications", "replication"}
    of_what_exists = {"existing", "kms_key_arn"}
    derived = {"notified_by"}
    assert {each.name for each in fields(Bucket)} == (
        read | serves_others | beside | of_what_exists | derived | {"replicas_of"}
    )
    for kind in (Topic, Queue):
        known = {"name", "protect", *of_what_exists, *derived}
        assert {each.name for each in fields(kind)} == known


def test_what_is_not_protected_goes() -> None:
    left, told = with_protected(
        nothing_left(declared("staging")), recorded("staging"), component="access"
    )
    assert (left.resources, told) == ((), [])


def state_of(*parts: tuple[str, str, Mapping[str, Any]]) -> dict[str, Any]:
    """A state with resources below a component, each a type, a name and its outputs."""
    parent = "urn:pulumi:prod::p::cross-account-access:index:CrossAccountAccess$"
    return {f"{parent}{token}::{name}": {"outputs": known} for token, name, known in parts}


def message(kind: str, token: str, name: str = "it", **outputs: Any) -> dict[str, Any]:
    component = f"cross-account-access:index:Shared{kind}"
    return state_of(
        (component, f"access-{name}", outputs),
        (f"{component}${token}", f"access-{name}", {"name": "it"}),
    )


@pytest.mark.parametrize(
    ("kind", "token", "of"),
    [("Topic", "aws:sns/topic:Topic", Topic), ("Queue", "aws:sqs/queue:Queue", Queue)],
)
def test_a_topic_or_queue_stays_unless_it_is_recorded_as_unprotected(
    kind: str, token: str, of: type[Topic] | type[Queue]
) -> None:
    def left(**outputs: Any) -> tuple[Any, ...]:
        empty = nothing_left(declared("prod"))
        state = message(kind, token, **outputs)
        return with_protected(empty, state, component="access")[0].resources

    assert left(protect=True) == left() == (of(name="it"),)
    assert left(protect=False) == ()


def test_what_another_component_of_the_program_has_made_is_not_its_own() -> None:
    empty, state = nothing_left(declared("prod")), recorded("prod")
    assert with_protected(empty, state, component="other")[0].resources == ()
    # `access-a` may be what `access` made of `a-it`, or `access-a` of `it`.
    of_other = message("Topic", "aws:sns/topic:Topic", name="a-it")
    assert with_protected(empty, of_other, component="access")[0].resources == ()
    assert with_protected(empty, of_other, component="access-a")[0].resources != ()


def test_a_component_whose_resource_has_left_the_state_keeps_nothing() -> None:
    state = {
        urn: known for urn, known in recorded("prod").items() if "aws:s3/bucket:Bucket::" not in urn
    }
    left, _ = with_protected(nothing_left(declared("prod")), state, component="access")
    assert left.resources == ()


def bucket_state(**log: str) -> dict[str, Any]:
    component, name = "cross-account-access:index:SharedBucket", "access-b"
    logging = "aws:s3/bucketLogging:BucketLogging"
    return state_of(
        (component, name, {}),
        (f"{component}$aws:s3/bucket:Bucket", name, {"bucket": "b", "forceDestroy": False}),
        *([(f"{component}${logging}", name, log)] if log else []),
    )


@pytest.mark.parametrize("protect", [True, False])
def test_a_part_of_a_protected_bucket_stays_until_it_is_unprotected(protect: bool) -> None:
    state = bucket_state(targetBucket="logs", targetPrefix="b/")
    bucket = Bucket(name="b", protect=protect)
    edited = replace(nothing_left(declared("prod")), resources=(bucket,))
    left, (told,) = with_protected(edited, state, component="access")
    log = AccessLog(bucket="logs", prefix="b/")
    assert left.resources == (replace(bucket, access_log=log),)
    assert ("write protect: false and pulumi up" in told) is protect
    # Another log in its place is a change, which nothing refuses.
    moved = replace(bucket, access_log=AccessLog(bucket="others"))
    edited = replace(edited, resources=(moved,))
    assert with_protected(edited, state, component="access") == (edited, [])


@pytest.mark.parametrize("force_destroy", [True, False])
def test_a_locked_bucket_stays_locked_while_it_is_protected(force_destroy: bool) -> None:
    """One that is locked is never emptied, so that its component says whether it is protected."""
    component, name = "cross-account-access:index:SharedBucket", "access-b"
    lock = "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration"

    def state(**recorded: bool) -> dict[str, Any]:
        return state_of(
            (component, name, recorded),
            (
                f"{component}$aws:s3/bucket:Bucket",
                name,
                {"bucket": "b", "forceDestroy": force_destroy},
            ),
            (
                f"{component}${lock}",
                name,
                {"rule": {"defaultRetention": {"mode": "GOVERNANCE", "days": 30.0}}},
            ),
        )

    bucket = Bucket(name="b")
    edited = replace(nothing_left(declared("prod")), resources=(bucket,))
    left, (told,) = with_protected(edited, state(protect=True), component="access")
    assert left.resources == (replace(bucket, object_lock=ObjectLock(days=30)),)
    assert "bucket 'b' keeps its object_lock" in told
    assert with_protected(edited, state(protect=False), component="access") == (edited, [])


def test_grants_follow_what_stays() -> None:
    of = declared("kms")
    key = next(each for each in of.resources if isinstance(each, Bucket) and each.has_own_key)
    without = replace(key, encryption="s3")

    def turned(resource: Any) -> Any:
        return without if resource == key else resource

    edited = replace(
        of,
        resources=tuple(map(turned, of.resources)),
        grants=tuple(replace(each, resource=turned(each.resource)) for each in of.grants),
    )
    left, (told,) = with_protected(edited, recorded("kms"), component="access")
    assert left == of
    assert "stays encrypted with its key" in told


def test_what_the_stack_has_made_does_not_become_anybody_elses() -> None:
    of = declared("prod")
    (bucket,) = of.buckets
    theirs = Bucket(name=bucket.name, existing=True)
    edited = replace(
        of,
        resources=(theirs,),
        grants=tuple(replace(each, resource=theirs) for each in of.grants),
    )
    left, (told,) = with_protected(edited, recorded("prod"), component="access")
    assert [each.resource for each in left.grants] == [*left.resources]
    assert not any(each.existing for each in owned(left))
    component = "CrossAccountAccess$cross-account-access:index:SharedBucket::access-"
    assert f"pulumi state delete --force --target-dependents '{_urn_with(component)}" in told


def _urn_with(text: str) -> str:
    (found,) = (urn for urn in recorded("prod") if text in urn)
    return found


@pytest.mark.parametrize(
    ("region", "name", "is_refused"),
    [("us-west-2", "prod", False), ("eu-west-1", "prod", True), ("eu-west-1", "staging", False)],
)
def test_what_is_protected_does_not_move_to_another_region(
    region: str, name: str, is_refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = declared(name)
    moved = replace(of, production=replace(of.production, region=region))
    monkeypatch.setattr(pulumi, "get_stack", lambda: name)
    monkeypatch.setattr(pulumi, "get_project", lambda: PROJECT)
    if not is_refused:
        refuse_move(moved, recorded(name), component="access", prefix="")
        return
    with pytest.raises(pulumi.RunError, match="production_region is 'eu-west-1', but what") as no:
        refuse_move(moved, recorded(name), component="access", prefix="")
    assert "Write production_region: us-west-2" in str(no.value)
    assert "nothing was changed" in str(no.value)
