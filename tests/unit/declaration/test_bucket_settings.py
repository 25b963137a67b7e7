# ruff: noqa: E501 - a table of refusals reads best with a row a line
"""What S3 does by itself with a bucket: which settings are refused, and what they mean."""

from typing import Any

import botocore.session
import pytest

from cross_account_access.declaration.kinds import Bucket
from cross_account_access.declaration.model import OwnedResource
from cross_account_access.declaration.rules import s3_events
from cross_account_access.facts.quotas import NOTIFICATIONS_OF_BUCKET, ROLE_INLINE_CHARACTERS
from tests.unit.declaration.stack_file import bucket, grant, problems_of, settings_of

NAME = "production-test-bucket-101"
CREATED = {"queue": "jobs", "events": ["s3:ObjectCreated:*"]}
KEY = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
KMS: dict[str, Any] = {"encryption": "kms"}


def with_one(*others: dict[str, Any], **settings: Any) -> dict[str, Any]:
    return {"buckets": [bucket(**settings), *others]}


def telling(*notifications: Any) -> dict[str, Any]:
    return {
        **with_one(notifications=list(notifications)),
        "queues": [{"name": "jobs"}, {"name": "theirs", "existing": True}],
        "topics": [{"name": "news"}],
    }


def copied(*others: dict[str, Any], **settings: Any) -> dict[str, Any]:
    of_bucket = {key: settings.pop(key) for key in ("encryption", "object_lock") if key in settings}
    return with_one(*others, replication={"bucket": "copies", **settings}, **of_bucket)


REJECTED: dict[str, tuple[dict[str, Any], str]] = {
    "lock without a length": (
        with_one(object_lock={"mode": "governance"}),
        "buckets[0].object_lock.days: missing, and so is years; say how long, as in days: 30",
    ),
    "lock of days and years": (
        with_one(object_lock={"days": 1, "years": 1}),
        "buckets[0].object_lock.years: 1 cannot go with days; keep one of the two",
    ),
    "lock as a flag": (
        with_one(object_lock=True),
        "buckets[0].object_lock: True must be a mapping, as in {days: 30}",
    ),
    "lock beyond what S3 takes": (
        with_one(object_lock={"years": 101}),
        "buckets[0].object_lock.years: 101 must be 1 to 100 years",
    ),
    "lock of another mode": (
        with_one(object_lock={"mode": "GOVERNANCE", "days": 1}),
        "buckets[0].object_lock.mode: 'GOVERNANCE' must be one of governance, compliance",
    ),
    "lock of a bucket of others": (
        {"buckets": [{"name": NAME, "existing": True, "object_lock": {"days": 1}}]},
        "cannot be said of a bucket that exists and belongs to others; remove it",
    ),
    "notification of nobody": (
        telling({"events": ["s3:ObjectCreated:*"]}),
        "buckets[0].notifications[0].topic: missing, and so is queue; name which of the stack is told",
    ),
    "notification of two": (
        telling({**CREATED, "topic": "news"}),
        "buckets[0].notifications[0].queue: 'jobs' cannot go with topic; write one notification for each",
    ),
    "notification of a queue that is not there": (
        telling({**CREATED, "queue": "job"}),
        "buckets[0].notifications[0].queue: 'job' is no queue of the stack; did you mean jobs?",
    ),
    "notification of a queue of others": (
        telling({**CREATED, "queue": "theirs"}),
        "buckets[0].notifications[0].queue: 'theirs' exists and belongs to others, whose policy of it is not the stack's; name a topic that the stack makes",
    ),
    "more notifications than S3 takes": (
        telling(*({**CREATED, "prefix": f"customer-{n:03}/"} for n in range(101))),
        " are 101, and S3 takes 100 of a bucket; let one tell of more, as with a shorter prefix",
    ),
    "notification without events": (
        telling({"queue": "jobs"}),
        "buckets[0].notifications[0].events: missing; add it, as in [s3:ObjectCreated:*]",
    ),
    "notification of a mistyped event": (
        telling({"queue": "jobs", "events": ["s3:ObjectCreate:*"]}),
        "buckets[0].notifications[0].events[0]: 's3:ObjectCreate:*' is no event of S3; did you mean s3:ObjectCreated:*?",
    ),
    "notification of no event at all": (
        telling({"queue": "jobs", "events": ["nothing"]}),
        "'nothing' is no event of S3; write one of s3:IntelligentTiering, s3:LifecycleExpiration:*, s3:LifecycleTransition, ",
    ),
    "notification of all and some": (
        telling({"queue": "jobs", "events": ["s3:ObjectCreated:Put", "s3:ObjectCreated:*"]}),
        "have s3:ObjectCreated:Put, which s3:ObjectCreated:* has already; remove one of both",
    ),
    "notification of a wildcard": (
        telling({**CREATED, "suffix": "*.jpg"}),
        "buckets[0].notifications[0].suffix: '*.jpg' must not have *, which S3 takes literally",
    ),
    "notifications of the same": (
        telling(CREATED, {"topic": "news", "events": ["s3:ObjectCreated:Copy"], "prefix": "a/"}),
        "buckets[0].notifications[1].events: ['s3:ObjectCreated:Copy'] overlap with notifications[0] for some keys, and S3 tells one target of an event of a key",
    ),
    "one event of keys with one end for two, whichever is the longer": (
        telling({**CREATED, "suffix": "g"}, {**CREATED, "suffix": ".jpg"}),
        "buckets[0].notifications[1].events: ['s3:ObjectCreated:*'] overlap with notifications[0] for some keys",
    ),
    "copies in the bucket itself": (
        copied(bucket=NAME),
        f"buckets[0].replication.bucket: '{NAME}' is the bucket itself; name another one",
    ),
    "copies in a bucket without a key": (
        copied({"name": "copies"}, **KMS),
        f"buckets[0].replication.bucket: 'copies' and the bucket have not both a key: '{NAME}' has and 'copies' has not; give encryption: kms to both or to neither",
    ),
    "copies in a bucket with a key, of one without": (
        copied({"name": "copies", **KMS}),
        "'copies' has and 'production-test-bucket-101' has not",
    ),
    "copies elsewhere without its key": (
        copied(**KMS),
        "buckets[0].replication.bucket: 'copies' is not made by the stack, and copies need a key; add its kms_key_arn",
    ),
    "key of copies that the stack makes": (
        copied({"name": "copies", **KMS}, **KMS, kms_key_arn=KEY),
        "is the key of a bucket that the stack makes, with its key; remove it",
    ),
    "key of copies of a bucket without one": (
        copied(kms_key_arn=KEY),
        "is of no use where the bucket has no key of its own; remove it",
    ),
    "alias as the key of copies": (
        copied(**KMS, kms_key_arn="alias/theirs"),
        "buckets[0].replication.kms_key_arn: 'alias/theirs' must be the ARN of a key with its ID",
    ),
    "copies that lose their locks": (
        copied({"name": "copies"}, object_lock={"days": 1}),
        "buckets[0].replication.bucket: 'copies' has no object_lock, and the bucket has one; give one to both",
    ),
    "copies of one prefix within another": (
        copied(prefixes=["orders/", "orders/2031/"]),
        "have orders/2031/, which is below orders/; remove one of both",
    ),
    "copies of too many prefixes": (
        copied(prefixes=[f"{'x' * 60}{number:03}/" for number in range(100)]),
        "characters, and 10240 is the most; name fewer",
    ),
    "copies by a consumer's role": (
        copied(role_name="stagerole"),
        "buckets[0].replication.role_name: 'stagerole' is the name of another role; write another one",
    ),
    "copies by a role with a name that is too long": (
        {"buckets": [bucket(), {"name": "b" * 60, "replication": {"bucket": "copies"}}]},
        "buckets[1].replication.role_name: 'bbbbbbb",
    ),
    "copies into another account": (
        copied(account="777788889999"),
        "buckets[0].replication.account: no such setting; remove it",
    ),
    "any key beside one of its own": (
        with_one(**KMS, allow_other_keys=True),
        "buckets[0].allow_other_keys: True cannot go with a key of the bucket's own; remove one of both",
    ),
}
TAKEN: dict[str, dict[str, Any]] = {
    "keys that no two are told of": telling(
        {**CREATED, "prefix": "images/"}, {**CREATED, "prefix": "videos/"}
    ),
    "ends that no two are told of": telling(
        {**CREATED, "prefix": "images/", "suffix": ".jpg"},
        {**CREATED, "prefix": "images", "suffix": ".png"},
    ),
    "events that no two are told of": telling(
        CREATED, {"topic": "news", "events": ["s3:ObjectRemoved:*"]}
    ),
    "copies elsewhere": copied(),
    "copies elsewhere with its key in another region": copied(**KMS, kms_key_arn=KEY),
    "copies in a bucket of others that grants name, with its key": copied(
        {"name": "copies", "existing": True}, **KMS, kms_key_arn=KEY
    ),
    "copies in a bucket of others that grants name": copied({"name": "copies", "existing": True}),
    "copies both ways": {
        "buckets": [
            bucket(replication={"bucket": "copies"}),
            {"name": "copies", "replication": {"bucket": NAME}},
        ]
    },
    "a lock for years": with_one(object_lock={"mode": "compliance", "years": 7}),
}


@pytest.mark.parametrize("case", REJECTED)
def test_a_setting_that_cannot_be_is_refused(case: str) -> None:
    changes, expected = REJECTED[case]
    told = problems_of(**changes)
    assert any(expected in problem for problem in told), told
    assert len(told) == 1


@pytest.mark.parametrize("case", TAKEN)
def test_a_setting_that_s3_takes_is_taken(case: str) -> None:
    assert problems_of(**TAKEN[case]) == []


@pytest.mark.parametrize(("name", "is_ours"), [("copies", True), ("backups", False)])
def test_the_policy_that_copies_objects_may_have_as_many_characters_as_aws_takes(
    name: str, is_ours: bool
) -> None:
    others = [{"name": name, **KMS}] if is_ours else []
    key = {} if is_ours else {"kms_key_arn": KEY}

    def told(characters: int) -> list[str]:
        each, rest = divmod(characters, 75)
        prefixes = [f"{n:03}{'x' * (each + (n < rest))}/" for n in range(75)]
        return problems_of(**copied(*others, **KMS, **key, bucket=name, prefixes=prefixes))

    (problem,) = told(4500)
    size = int(problem.split("need a policy of ")[1].split()[0])
    # Each prefix stands in it twice.
    most = 4500 - (size - ROLE_INLINE_CHARACTERS) // 2
    assert told(most) == []
    (problem,) = told(most + 1)
    assert f"of {ROLE_INLINE_CHARACTERS + 2} characters, and {ROLE_INLINE_CHARACTERS} is" in problem
    assert "['000xxx" in problem


def test_the_events_are_those_of_the_api() -> None:
    service = botocore.session.get_session().get_service_model("s3")
    assert set(s3_events.EVENTS) == set(service.shape_for("Event").enum)  # type: ignore[attr-defined] # of a string


def test_no_level_ends_a_retention_or_changes_one() -> None:
    granted = {
        action for level in Bucket.levels.values() for actions in level for action in actions
    }
    assert not {each for each in granted if "Retention" in each or "LegalHold" in each}


VERSIONS = {"get_bucket_versioning": "NoSuchBucket"}
LOCK = {"get_object_lock_configuration": "ObjectLockConfigurationNotFoundError"}
"""What is asked of S3, with its word for none; the words are those of its API reference."""


@pytest.mark.parametrize(
    ("object_lock", "asked"),
    [(None, VERSIONS), ({"days": 1}, VERSIONS | LOCK)],
)
def test_a_bucket_of_others_that_gets_copies_must_keep_versions(
    object_lock: dict[str, int] | None, asked: dict[str, str]
) -> None:
    locked = {"object_lock": object_lock} if object_lock else {}
    needed = settings_of(**copied(**locked)).must_exist
    assert [(each.method, each.absent) for each in needed] == list(asked.items())
    for each in needed:
        assert (each.side, each.client) == ("production", "s3")
        assert each.parameters == {"Bucket": "copies", "ExpectedBucketOwner": "111122223333"}
    versions = needed[0].problem
    assert versions({"Status": "Enabled"}) is None
    for absent in (None, {}, {"Status": "Suspended"}):
        told = versions(absent) or ""
        assert f"replication of bucket '{NAME}' is to bucket 'copies'" in told
        assert ("no such bucket" in told) is (absent is None)
    for lock in needed[1:]:
        assert lock.problem({}) is None
        told = lock.problem(None) or ""
        assert f"bucket '{NAME}', which has object_lock, is to bucket 'copies', which has" in told
        assert "have its owner turn it on" in told


def test_each_bucket_of_others_that_gets_copies_is_looked_for() -> None:
    names = {"first": None, "second": "third", "third": "copies"}
    buckets = [
        bucket(),
        *({"name": name, **replicated(target)} for name, target in names.items()),
    ]
    needed = settings_of(buckets=buckets).must_exist
    assert [each.parameters["Bucket"] for each in needed] == ["copies"]


def replicated(target: str | None) -> dict[str, Any]:
    return {"replication": {"bucket": target}} if target else {}


def test_a_bucket_of_the_stack_that_gets_copies_is_not_looked_for() -> None:
    assert settings_of(**copied({"name": "copies"})).must_exist == []


@pytest.mark.parametrize(
    "settings",
    [telling(CREATED), copied(), with_one(object_lock={"days": 1})],
    ids=["told", "copied", "locked"],
)
def test_no_proof_writes_what_would_be_kept_told_or_copied(settings: dict[str, Any]) -> None:
    levels = {"grants": [grant(levels=["read", "write"])]}

    def commands(**changes: Any) -> list[str]:
        made = settings_of(**changes, **levels)
        (granted,) = made.grants
        return [each[2] for each in granted.resource.proof_commands(granted, made.production)]

    assert commands() == ["put-object", "head-object", "get-object"]
    assert commands(**settings) == ["head-object", "get-object"]


def test_each_resource_knows_which_buckets_tell_it_and_copy_to_it() -> None:
    read = settings_of(
        buckets=[
            bucket(
                replication={"bucket": "copies"},
                notifications=[
                    CREATED,
                    {"topic": "news", "events": ["s3:ObjectRemoved:*"]},
                ],
            ),
            {"name": "second", "replication": {"bucket": "copies"}, "notifications": [CREATED]},
            {"name": "copies"},
        ],
        queues=[{"name": "jobs"}, {"name": "other"}],
        topics=[{"name": "news"}],
    )
    known = {each.name: each for each in read.resources if isinstance(each, OwnedResource)}
    assert {name: each.notified_by for name, each in known.items()} == {
        **dict.fromkeys((NAME, "second", "copies", "other"), ()),
        "jobs": (NAME, "second"),
        "news": (NAME,),
    }
    copied_to = {each.name: each.replicas_of for each in read.resources if isinstance(each, Bucket)}
    assert copied_to == {NAME: (), "second": (), "copies": (NAME, "second")}


def test_two_buckets_are_copied_by_roles_of_two_names() -> None:
    def of(name: str, role: str) -> dict[str, Any]:
        return {"name": name, "replication": {"bucket": "copies", "role_name": role}}

    (problem,) = problems_of(buckets=[bucket(), of("second", "Copies"), of("third", "cOPIES")])
    assert problem == (
        "buckets[2].replication.role_name: 'cOPIES' is the name of another role; write another one"
    )


def test_a_bucket_has_as_many_notifications_as_s3_takes() -> None:
    def told(count: int) -> list[str]:
        return problems_of(
            **telling(*({**CREATED, "prefix": f"{number:03}/"} for number in range(count)))
        )

    assert told(NOTIFICATIONS_OF_BUCKET) == []
    (problem,) = told(NOTIFICATIONS_OF_BUCKET + 1)
    assert "notifications" in problem
