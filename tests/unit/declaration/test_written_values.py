"""What YAML makes of a value without quotes is never taken for what was meant."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from cross_account_access.declaration.reader import Problems
from cross_account_access.declaration.settings import parse
from tests.support.deployment import stack_values
from tests.unit.declaration.stack_file import (
    beside,
    bucket,
    ci,
    consumer,
    grant,
    of_kind,
    settings_of,
    under,
    vendor,
)

Values = dict[str, Any]


def of_role(**changes: Any) -> Values:
    return {"consumers": [consumer(role={"name": "R", **changes})]}


PLACES: dict[str, Callable[[Any], Values]] = {
    "production_account_id": lambda value: {"production_account_id": value},
    "staging_profile": lambda value: {"staging_profile": value},
    "staging_region": lambda value: {"staging_region": value},
    "buckets[0].name": lambda value: {"buckets": [bucket(name=value)]},
    "buckets[0].encryption": lambda value: {"buckets": [bucket(encryption=value)]},
    "buckets[0].access_log.bucket": lambda value: {
        "buckets": [bucket(access_log={"bucket": value})]
    },
    "buckets[0].access_log.prefix": lambda value: {
        "buckets": [bucket(access_log={"bucket": "our-logs", "prefix": value})]
    },
    "topics[0].name": lambda value: {"topics": [{"name": value}]},
    "queues[0].name": lambda value: {"queues": [{"name": value}]},
    "resources[0].name": lambda value: {"resources": [{"name": value}]},
    "resources[0].arn": lambda value: {"resources": [{"name": "ours", "arn": value}]},
    "consumers[0].name": lambda value: {"consumers": [consumer(name=value)]},
    "consumers[0].renamed_from": lambda value: {"consumers": [consumer(renamed_from=value)]},
    "consumers[0].user.name": lambda value: {"consumers": [consumer(user={"name": value})]},
    "consumers[0].user.path": lambda value: {
        "consumers": [consumer(user={"name": "A", "path": value})]
    },
    "consumers[0].role.name": lambda value: {"consumers": [consumer(role={"name": value})]},
    "consumers[0].role.policy": lambda value: of_role(policy=value),
    "consumers[0].role.policy_name": lambda value: of_role(policy_name=value),
    "consumers[0].role.permissions_boundary": lambda value: of_role(permissions_boundary=value),
    "consumers[0].role.tags.team": lambda value: of_role(tags={"team": value}),
    "consumers[0].conditions.external_id": lambda value: under(external_id=value),
    "consumers[0].conditions.source_ips[0]": lambda value: under(source_ips=[value]),
    "consumers[0].conditions.vpc_endpoints[0]": lambda value: under(vpc_endpoints=[value]),
    "consumers[0].conditions.source_identity.values[0]": lambda value: under(
        source_identity={"values": [value]}
    ),
    "consumers[0].conditions.session_tags.tags.team": lambda value: under(
        session_tags={"tags": {"team": value}}
    ),
    "consumers[1].third_party.account_id": lambda value: beside(
        {**vendor(), "third_party": {"account_id": value}}
    ),
    "consumers[1].oidc.issuer": lambda value: beside(ci(issuer=value)),
    "consumers[1].oidc.audience": lambda value: beside(ci(audience=value)),
    "consumers[1].oidc.subjects[0]": lambda value: beside(ci(subjects=[value])),
    "consumers[1].principals.arns[0]": lambda value: beside(
        of_kind("principals", {"arns": [value]})
    ),
    "consumers[1].organization.id": lambda value: beside(of_kind("organization", {"id": value})),
    "grants[0].consumer": lambda value: {"grants": [grant(consumer=value)]},
    "grants[0].bucket": lambda value: {"grants": [grant(bucket=value)]},
    "grants[0].levels[0]": lambda value: {"grants": [grant(levels=[value])]},
    "grants[0].prefixes[0]": lambda value: {"grants": [grant(prefixes=[value])]},
    "grants[0].via": lambda value: {"grants": [grant(via=value)]},
    "tags.team": lambda value: {"tags": {"team": value}},
}
"""Every place that takes text, and settings that have a value there."""

READ: dict[str, Any] = {
    "a date, as the engine hands it on": "2026-01-31 00:00:00 +0000 UTC",
    "a time, as the engine hands it on": "2026-01-31 10:00:00.5 +0200 +0200",
    "a date": date(2026, 1, 31),
    "a time": datetime(2026, 1, 31, 10, tzinfo=UTC),
    "an octal number": 0o12345671234,
    "a number": 42,
    "a fraction": 1.5,
    "a truth": True,
    "nothing": None,
    "a list": ["a"],
    "a mapping": {"a": "b"},
}


def problems_of(values: dict[str, Any]) -> list[str]:
    problems = Problems()
    parse({**stack_values("prod"), **values}, problems)
    return problems


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("value", READ.values(), ids=READ)
def test_rejects_in_every_place_for_text(place: str, value: Any) -> None:
    told = [each for each in problems_of(PLACES[place](value)) if each.startswith(f"{place}: ")]
    assert len(told) == 1


@pytest.mark.parametrize("place", ["production_account_id", "consumers[1].third_party.account_id"])
def test_an_account_id_is_never_answered_with_another_number(place: str) -> None:
    """An octal one has become a number that is somebody's account."""
    for value in (0o12345671234, str(0o12345671234), 98765432101, 1):
        (told,) = (each for each in problems_of(PLACES[place](value)) if each.startswith(place))
        assert told.removeprefix(f"{place}: {value!r} ").startswith("must be 12 digits: ")
        assert str(value).zfill(12) not in told


@pytest.mark.parametrize(
    "key", ["2026-01-31 00:00:00 +0000 UTC", "<nil>", date(2026, 1, 31), 7, None, True, 1.5]
)
def test_rejects_a_tag_whose_key_is_no_text(key: Any) -> None:
    (told,) = problems_of({"tags": {key: "x"}})
    assert told.startswith("tags: ")


@pytest.mark.parametrize("word", ["no", "on", "yes", "off", "y", "n"])
def test_a_flag_is_true_or_false(word: str) -> None:
    """The engine's YAML takes these words as text, though other readers of YAML do not."""
    (told,) = problems_of({"buckets": [bucket(staging_may_list=word)]})
    assert told.startswith(f"buckets[0].staging_may_list: '{word}' must be true or false, unquoted")


MIDNIGHT = "2030-01-31T00:00:00Z"


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        (date(2030, 1, 31), MIDNIGHT),
        ("2030-01-31T00:00:00.999999Z", MIDNIGHT),
        ("2030-01-31 01:00+01:00", MIDNIGHT),
        ("2030-01-31t00:00z", MIDNIGHT),
        (datetime(2030, 1, 31, 1, tzinfo=timezone(timedelta(hours=1))), MIDNIGHT),
        ("1970-01-01", "1970-01-01T00:00:00Z"),
        ("9999-12-31", "9999-12-31T00:00:00Z"),
        ("9999-12-31T23:59:59+14:00", "9999-12-31T09:59:59Z"),
    ],
)
def test_a_moment_is_what_was_meant(written: Any, moment: str) -> None:
    problems = Problems()
    settings = parse({**stack_values("prod"), **under(expires_at=written)}, problems)
    assert problems == []
    assert settings.consumers[0].conditions.expires_at == moment


@pytest.mark.parametrize(
    "written",
    [
        "9999-12-31T23:59:59-05:00",
        "0001-01-01T00:00:00+05:00",
        "0001-01-01",
        "1969-12-31",
        "10000-01-01",
        "2030-02-30",
        "2030-01-31T25:00:00Z",
        "2030-01-31T18:00:00",
        "2030-01-31T18:00:00+25:00",
        "20300131",
        "2030-W05-4",
        "2030-031",
        "31.01.2030",
        "tomorrow",
        "",
        "2030-01-31 18:00:00 +0000 UTC",
        "9999-12-31 23:59:59 -0500 -0500",
        "2030-02-30 00:00:00 +0000 UTC",
        datetime(2030, 1, 31, 18),
        datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-5))),
        20300131,
        1893456000.5,
        True,
        None,
        ["2030-01-31"],
        {"at": "2030-01-31"},
    ],
)
def test_rejects_a_moment_that_is_none_or_at_an_end_of_the_calendar(written: Any) -> None:
    (told,) = problems_of(under(expires_at=written))
    assert told.startswith("consumers[0].conditions.expires_at: ")


def test_words_that_other_readers_of_yaml_take_for_truths_are_text() -> None:
    assert settings_of(tags={"team": "no"}).tags == {"team": "no"}
