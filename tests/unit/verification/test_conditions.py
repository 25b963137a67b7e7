"""Conditions as circumstances: all of them met, or exactly one of them not."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from cross_account_access.command.verification.conditions import (
    all_met,
    end_of,
    misstated,
    not_at_will,
    other_place_or_time,
)
from cross_account_access.command.verification.rows import Circumstances
from tests.unit.verification.declared import consumer

END = "2031-01-01T00:00:00Z"
EVERYTHING: dict[str, Any] = {
    "external_id": "e-1",
    "mfa": True,
    "mfa_max_age": 900,
    "source_identity_required": True,
    "source_identities": ("Alice", "Bob"),
    "session_tags": {"team": "data", "site": "a"},
    "source_ips": ("192.0.2.0/24", "10.0.0.0/8"),
    "vpc_endpoints": ("vpce-1", "vpce-2"),
    "claims": {"x:sub": ("repo:a:*", "repo:b:*"), "x:aud": ("us",)},
    "expires_at": END,
}
MET = Circumstances(
    external_id="e-1",
    source_identity="Alice",
    session_tags={"team": "data", "site": "a"},
    mfa_age=1,
    source_ip="192.0.2.0",
    vpc_endpoint="vpce-1",
    claims={"x:sub": "repo:a:x", "x:aud": "us"},
)
WRONG = "access-verify-wrong"


def test_all_conditions_are_met_at_once() -> None:
    assert all_met(consumer(**EVERYTHING)) == MET
    assert all_met(consumer()) == Circumstances()
    # One that may be stated need not be.
    assert all_met(consumer(source_identities=("Alice",))) == Circumstances()


def test_what_a_caller_states_is_wrong_or_missing_one_at_a_time() -> None:
    assert dict(misstated(consumer(**EVERYTHING), MET)) == {
        "without its external ID": replace(MET, external_id=None),
        "with a wrong external ID": replace(MET, external_id=WRONG),
        "without MFA": replace(MET, mfa_age=None),
        "without a source identity": replace(MET, source_identity=None),
        "with a wrong source identity": replace(MET, source_identity=WRONG),
        "without session tags": replace(MET, session_tags={"team": None, "site": None}),
        "with a further session tag": replace(
            MET, session_tags={"team": "data", "site": "a", WRONG: "x"}
        ),
        "without session tag team": replace(MET, session_tags={"team": None, "site": "a"}),
        "without session tag site": replace(MET, session_tags={"team": "data", "site": None}),
        "with a wrong session tag team": replace(MET, session_tags={"team": WRONG, "site": "a"}),
        "with a wrong session tag site": replace(MET, session_tags={"team": "data", "site": WRONG}),
    }
    assert dict(misstated(consumer(), Circumstances())) == {}


def test_places_and_times_are_others_one_at_a_time() -> None:
    elsewhere = {
        "from 198.51.100.1": replace(MET, source_ip="198.51.100.1"),
        f"after {END}": replace(MET, moment=datetime(2031, 1, 1, tzinfo=UTC)),
    }
    endpoints = {
        "through no VPC endpoint": replace(MET, vpc_endpoint=None),
        "through another VPC endpoint": replace(MET, vpc_endpoint="vpce-access-verify"),
    }
    everything = consumer(**EVERYTHING)
    # STS is not asked through the endpoints of what is granted.
    assert dict(other_place_or_time(everything, MET)) == elsewhere
    assert dict(other_place_or_time(everything, MET, through_endpoints=True)) == {
        **elsewhere,
        **endpoints,
    }
    assert dict(other_place_or_time(consumer(), MET, through_endpoints=True)) == {}


def test_what_nobody_meets_at_will_is_otherwise_one_at_a_time() -> None:
    assert dict(not_at_will(consumer(**EVERYTHING), MET)) == {
        "with MFA of 901 seconds ago": replace(MET, mfa_age=901),
        "with x:sub repo:a-xx": replace(MET, claims={"x:sub": "repo:a-xx", "x:aud": "us"}),
        "with x:sub repo:b-xx": replace(MET, claims={"x:sub": "repo:b-xx", "x:aud": "us"}),
        "without x:sub": replace(MET, claims={"x:sub": None, "x:aud": "us"}),
        "without x:aud": replace(MET, claims={"x:sub": "repo:a:x", "x:aud": None}),
        "with x:aud us-x": replace(MET, claims={"x:sub": "repo:a:x", "x:aud": "us-x"}),
    }
    for changes in ({}, {"mfa": True}, {"mfa_max_age": 900}):
        assert dict(not_at_will(consumer(**changes), MET)) == {}


def test_what_is_nearly_a_claim_is_none_of_the_others() -> None:
    met = Circumstances(claims={"x:sub": "us"})
    found = dict(not_at_will(consumer(claims={"x:sub": ("us", "us-x")}), met))
    assert [words for words in found if words.startswith("with ")] == [
        "with x:sub us_x",
        "with x:sub us-x-x",
    ]


@pytest.mark.parametrize(
    ("declared", "end"),
    [
        (None, None),
        (END, datetime(2031, 1, 1, tzinfo=UTC)),
        ("2031-01-01", datetime(2031, 1, 1, tzinfo=UTC)),
        ("2031-01-01T02:00:00+02:00", datetime(2031, 1, 1, tzinfo=UTC)),
    ],
)
def test_an_end_has_its_time_zone(declared: str | None, end: datetime | None) -> None:
    assert end_of(consumer(expires_at=declared)) == end
