"""Which accounts the stand-in opens, and what it says of the others."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from cross_account_access.dev.sandbox.provider.aws import ConfigurationError
from cross_account_access.dev.sandbox.provider.configuration import open_account, problems

ACCOUNT = "123456789012"


@pytest.fixture(autouse=True)
def profile(tmp_path: Path) -> Iterator[None]:
    (tmp_path / "config").write_text("[profile Admin]\nregion = eu-west-1\n")
    (tmp_path / "credentials").write_text(
        "[Admin]\naws_access_key_id = testing\naws_secret_access_key = testing\n"
    )
    with mock_aws():
        yield


def opened(**arguments: Any) -> Any:
    """As the engine passes them: everything but strings as JSON text."""
    return open_account(
        {
            name: value if isinstance(value, str) else json.dumps(value)
            for name, value in arguments.items()
        }
    )


def test_opens_the_account_of_the_profile_in_the_given_region() -> None:
    configuration = opened(
        profile="Admin",
        region="us-west-2",
        allowedAccountIds=[ACCOUNT],
        defaultTags={"tags": {"stack": "prod"}},
        skipRegionValidation=True,
    )

    assert configuration.account.account_id == ACCOUNT
    assert configuration.account.region == "us-west-2"
    assert configuration.default_tags == {"stack": "prod"}


def test_the_region_of_the_profile_serves_where_none_is_given() -> None:
    assert opened(profile="Admin").account.region == "eu-west-1"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"profile": "Nobody"}, "failed to get shared config profile, Nobody"),
        (
            {"profile": "Admin", "allowedAccountIds": ["222222222222"]},
            f"AWS account ID not allowed: {ACCOUNT}",
        ),
        (
            {"profile": "Admin", "forbiddenAccountIds": [ACCOUNT]},
            f"AWS account ID not allowed: {ACCOUNT}",
        ),
    ],
)
def test_rejects_in_the_words_of_the_official_provider(
    arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        opened(**arguments)

    assert str(refusal.value) == message


def test_rejects_a_configuration_without_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    # moto puts keys of its own into the environment, and takes them out again itself.
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setitem(os.environ, name, "")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")

    with pytest.raises(ConfigurationError, match="Unable to locate credentials"):
        opened(region="us-west-2", allowedAccountIds=[ACCOUNT])


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("accessKey", "AKIA", "does not support"),
        ("assumeRoles", "[]", "does not support"),
        ("allowedAccountIds", '"111111111111"', "expected list"),
        ("defaultTags", "[]", "expected dict"),
    ],
)
def test_rejects_settings_that_it_does_not_have(name: str, value: str, reason: str) -> None:
    assert reason in problems({name: value})[name]


def test_accepts_what_the_sdk_sends_by_itself() -> None:
    sent = {"skipMetadataApiCheck": "true", "skipCredentialsValidation": "false", "version": "7"}

    assert problems(sent) == {}
