"""An empty account of the emulated AWS, for tests that ask for one."""

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

import boto3
import pytest
from moto import mock_aws


class _Session(boto3.Session):
    # Making a client takes longer than all that a test asks of it.
    client: Any = cache(boto3.Session.client)


_SESSIONS: Final = cache(_Session)


@pytest.fixture
def empty_account(monkeypatch: pytest.MonkeyPatch) -> Iterator[boto3.Session]:
    """A session in an account that has nothing, in us-west-2 where nothing else is said."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    monkeypatch.setattr(boto3, "Session", _SESSIONS)
    with mock_aws():
        yield boto3.Session()
