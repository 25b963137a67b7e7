"""What ends, or ends soon, is told."""

from datetime import UTC, datetime

import pulumi
import pytest

from cross_account_access.declaration.settings import expiry
from tests.support.deployment import deploy, stack_values
from tests.unit.declaration.stack_file import (
    settings_of,
    under,
)


@pytest.mark.parametrize(
    ("expires_at", "told"),
    [
        ("2030-01-01", "consumer 'stage-admin' EXPIRED at 2030-01-01T00:00:00Z: all its access is"),
        ("2030-01-01T12:00:00Z", "EXPIRED"),
        ("2030-01-01T18:00:00Z", "consumer 'stage-admin' expires in less than a day, at"),
        ("2030-01-02T12:00:00Z", "expires in 1 day, at 2030-01-02T12:00:00Z"),
        ("2030-01-03", "expires in 1 day, at 2030-01-03T00:00:00Z"),
        ("2030-01-15T12:00:00Z", "expires in 14 days"),
    ],
)
def test_an_expiry_that_has_passed_or_is_near_is_told(expires_at: str, told: str) -> None:
    consumers = settings_of(**under(expires_at=expires_at)).consumers
    (warning,) = expiry.warnings(consumers, datetime(2030, 1, 1, 12, tzinfo=UTC))
    assert told in warning


def test_nothing_is_told_of_an_expiry_that_is_far_or_of_none() -> None:
    now = datetime(2030, 1, 1, tzinfo=UTC)
    for conditions in ({"expires_at": "2030-01-16"}, {}):
        assert list(expiry.warnings(settings_of(**under(**conditions)).consumers, now)) == []


def test_each_consumer_that_expires_is_told_of() -> None:
    first, *_ = settings_of(**under()).consumers
    (second,) = settings_of(**under(expires_at="2030-01-02")).consumers
    (warning,) = expiry.warnings([first, second], datetime(2030, 1, 1, tzinfo=UTC))
    assert "expires in 1 day" in warning


def test_an_expired_consumer_is_deployed_with_a_warning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", told.append)
    deployment = deploy(stack_values("prod", **under(expires_at="2020-01-01")))
    assert "2020-01-01T00:00:00Z" in deployment.one("aws:iam/policy:Policy").inputs["policy"]
    assert [line for line in told if "EXPIRED" in line]
