"""Where operations are tried, by whom else, and what is left out because it tells nothing."""

from __future__ import annotations

from cross_account_access.command.verification.rows import (
    EVERYBODY_ELSE,
    UNSIGNED,
    Expected,
    Use,
)
from tests.unit.verification.declared import (
    BUCKET,
    OTHER_BUCKET,
    QUEUE,
    ROLE,
    STAGING,
    USER,
    consumer,
    contract,
    expectations,
    grant,
    rows,
)

REFUSED = Expected.REFUSED


def test_what_a_role_may_in_several_places_is_tried_once_without_it() -> None:
    output = expectations(contract(consumer(grant("read", prefixes=("images/", "videos/")))))
    assert [what for what in output if what.endswith("without the role")] == [
        "read shared/images/ without the role"
    ]


def test_a_confined_grant_is_tried_in_its_prefix_and_beside_it() -> None:
    output = expectations(contract(consumer(grant("list", "read", prefixes=("images/",)))))
    tried: dict[str, list[str]] = {"ask for the region of": [], "list": [], "read": []}
    for what in output:
        words, _, place = what.partition(" shared")
        if words in tried and " " not in place:
            tried[words].append(place)
    beside = "/images-access-verify-0/"
    assert tried == {
        "ask for the region of": [""],
        "list": ["", "/images/", beside],
        "read": ["/images/", beside],
    }


def test_mfa_is_told_of_with_each_request_of_oneself_and_none_of_a_role() -> None:
    mfa = {"mfa": True, "mfa_max_age": 60}
    itself = rows(contract(consumer(grant("read", via="resource"), role_arn=None, **mfa)))
    told = {
        row.what: (row.circumstances.mfa_age, row.is_hypothetical)
        for row in itself
        if row.consumer == "reader" and row.what.startswith("read shared")
    }
    assert told == {
        "read shared": (1, False),
        "read shared over plain HTTP": (1, False),
        "read shared without MFA": (None, False),
        "read shared with MFA of 61 seconds ago": (61, True),
    }
    by_role = expectations(contract(consumer(grant("read"), **mfa)))
    assert not [what for what in by_role if what.startswith("read shared") and "MFA" in what]


def test_jobs_cannot_come_without_the_role() -> None:
    provider = "arn:aws:iam::111122223333:oidc-provider/ci.example.com"
    jobs = consumer(grant("read"), kind="oidc", principal_arns=(provider,))
    assert not [what for what in expectations(contract(jobs)) if "without the role" in what]


def test_prefixes_of_one_bucket_are_no_places_of_another() -> None:
    here = grant("read", prefixes=("images/",))
    there = grant("list", arn=OTHER_BUCKET, prefixes=("archive/",))
    output = expectations(contract(consumer(here, there), buckets=(BUCKET, OTHER_BUCKET)))
    assert output["list private/archive/"] is Expected.ALLOWED
    assert not [what for what in output if "shared/archive/" in what or "private/images/" in what]
    assert "list shared/images/" in output


def test_a_prefix_inside_of_a_granted_one_is_no_other_place() -> None:
    inner = consumer(grant("write", prefixes=("images/raw/",)), name="writer", role_arn=f"{ROLE}2")
    declared = contract(consumer(grant("read", prefixes=("images/",))), inner)
    assert not [what for what in expectations(declared) if "images/raw/" in what]


def test_what_tells_nothing_is_not_refused_row_by_row() -> None:
    declared = contract(
        consumer(grant("read"), expires_at="2029-12-31"),
        consumer(
            grant("read", via="resource"), name="late", role_arn=None, expires_at="2029-12-31"
        ),
        consumer(grant("read"), name="other", role_arn=f"{ROLE}2"),
        buckets=(BUCKET, OTHER_BUCKET),
    )
    told = [row.what for row in rows(declared) if row.expected is REFUSED]
    assert "list private" in told
    assert "list shared although its access has ended" in told
    assert not [what for what in told if what.startswith(("ask for the region", "upload in parts"))]


def test_requests_without_a_signature_are_made_where_they_tell_something() -> None:
    declared = contract(consumer(grant("read"), grant("send", arn=QUEUE)))
    actors = {
        row.ask.place.arn: row.caller.actor
        for row in rows(declared)
        if row.what.endswith("as anybody without credentials") and isinstance(row.ask, Use)
    }
    assert actors == {BUCKET: UNSIGNED, QUEUE: None}


def test_a_consumer_of_one_bucket_is_somebody_else_at_another() -> None:
    here = consumer(grant("read", via="resource"), role_arn=None)
    there = consumer(
        grant("read", arn=OTHER_BUCKET, via="resource"),
        *(grant("read"),),
        name="other",
        role_arn=f"{ROLE}2",
        principal_arns=(f"{USER}2",),
    )
    declared = contract(here, there, buckets=(BUCKET, OTHER_BUCKET))
    output = expectations(declared, EVERYBODY_ELSE, named={BUCKET: [USER, f"{USER}2"]})
    assert output["read shared as user/Reader2"] is REFUSED
    assert "read shared as user/Reader" not in output


def test_only_those_who_are_one_principal_are_tried_on_the_role_of_another() -> None:
    many = {
        "kind": "principals",
        "name": "many",
        "role_arn": f"{ROLE}2",
        "principal_arns": (f"arn:aws:iam::{STAGING}:role/data/*",),
    }
    declared = contract(consumer(grant("read")), consumer(grant("read"), **many))
    for who in ("reader", "many"):
        assert not [what for what in expectations(declared, who) if "of consumer" in what]
