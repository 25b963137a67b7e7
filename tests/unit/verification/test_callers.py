"""Who asks, in rows about those who are nearly a consumer and about everybody else."""

from __future__ import annotations

from typing import Any

import pytest

from cross_account_access.command.verification.rows import EVERYBODY_ELSE, OTHER, Use
from tests.unit.verification.declared import (
    BUCKET,
    ROLE,
    TOPIC,
    consumer,
    contract,
    expectations,
    grant,
    rows,
)

VENDOR = "777788889999"


def test_another_principal_of_staging_is_played_by_its_own_profile() -> None:
    (row,) = (
        row
        for row in rows(contract(consumer(grant("read"))))
        if row.what == "assume ReaderAccess as another principal of Staging"
    )
    assert (row.caller.actor, row.caller.is_invented) == (OTHER, True)


def test_those_are_asked_about_whom_a_policy_names_beside_s3() -> None:
    """A topic that is told of a bucket names S3, and may name others."""
    named = {TOPIC: ["s3.amazonaws.com", VENDOR]}
    of_topic = consumer(grant("publish", arn=TOPIC, via="resource"), role_arn=None)
    told = contract(of_topic, notified={TOPIC: (BUCKET,)}, topic_arns={"news": TOPIC})
    output = expectations(told, EVERYBODY_ELSE, named=named)
    assert f"publish to news as role/access-verify of {VENDOR}" in output
    assert not any("s3.amazonaws.com" in what for what in output)
    untold = contract(of_topic, topic_arns={"news": TOPIC})
    output = expectations(untold, EVERYBODY_ELSE, named=named)
    assert any("s3.amazonaws.com" in what for what in output)


def test_a_role_with_a_path_is_told_by_its_name() -> None:
    arn = ROLE.replace("ReaderAccess", "teams/data/ReaderAccess")
    output = expectations(contract(consumer(grant("read"), role_arn=arn)))
    assert "assume ReaderAccess" in output
    assert not any("teams/" in what for what in output)


@pytest.mark.parametrize("ended", [{}, {"expires_at": "2029-12-31T23:59:59Z"}])
def test_places_are_those_of_the_consumers_account_also_after_its_end(ended: Any) -> None:
    of_vendor = consumer(
        grant("subscribe", arn=TOPIC, via="resource"),
        kind="third_party",
        role_arn=None,
        principal_arns=(f"arn:aws:iam::{VENDOR}:root",),
        home_account=VENDOR,
        **ended,
    )
    declared = contract(of_vendor, topic_arns={"news": TOPIC})
    asked = [row.ask for row in rows(declared) if row.consumer == "reader"]
    homes = {ask.place.home for ask in asked if isinstance(ask, Use) and ask.place.arn == TOPIC}
    assert homes == {VENDOR}


def test_a_bucket_that_could_be_there_is_named_after_the_run() -> None:
    declared = contract(consumer(grant("read")), production_region="cn-north-1")
    arns = {
        row.ask.place.arn
        for row in rows(declared)
        if isinstance(row.ask, Use) and "not of the stack" in row.what
    }
    assert arns == {"arn:aws-cn:s3:::access-verify-0"}
