"""A profile stands for a consumer only if it is one of those who are let in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cross_account_access.aws import CallerIdentity
from cross_account_access.command.verification import profiles
from cross_account_access.command.verification.rows import OTHER
from cross_account_access.credentials import aws_files
from cross_account_access.errors import UncheckedError, UsageError
from cross_account_access.stack import StackAccount
from tests.unit.verification.declared import STAGING, consumer, contract

VENDOR = "777788889999"
SSO = f"arn:aws:iam::{STAGING}:role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_Analysts_*"
ANALYST = f"arn:aws:sts::{STAGING}:assumed-role/AWSReservedSSO_Analysts_0123456789abcdef/ann"


def found_for(
    monkeypatch: pytest.MonkeyPatch, arn: str, *, named: str | None = "mine", **changes: Any
) -> dict[str, Any]:
    """The sessions where the profile `mine` is somebody, and is named for the consumer."""
    identity = CallerIdentity(arn=arn, account_id=arn.split(":")[4])
    monkeypatch.setattr(profiles, "identify", lambda *_: identity)
    declared = contract(consumer(**changes))
    given = {"reader": named} if named else {}
    return profiles.actors(declared, list(declared.consumers.values()), given, None)


@pytest.fixture(autouse=True)
def _profiles(tmp_path: Path) -> None:
    keys = "aws_access_key_id = AKIA\naws_secret_access_key = s\n"
    names = ("mine", "Reader", "reader")
    (tmp_path / "credentials").write_text("".join(f"[{name}]\n{keys}" for name in names))


@pytest.mark.parametrize(
    ("arn", "changes"),
    [
        (f"arn:aws:iam::{STAGING}:user/Reader", {}),
        (ANALYST, {"kind": "principals", "principal_arns": (SSO,)}),
        (
            f"arn:aws:iam::{STAGING}:user/operators/Olga",
            {"kind": "principals", "principal_arns": (f"arn:aws:iam::{STAGING}:user/operators/*",)},
        ),
        (
            f"arn:aws:sts::{STAGING}:assumed-role/Replicator/i-0123",
            {
                "kind": "ec2",
                "principal_arns": (f"arn:aws:iam::{STAGING}:role/machines/Replicator",),
            },
        ),
        (
            f"arn:aws:sts::{VENDOR}:assumed-role/Any/session",
            {"kind": "third_party", "principal_arns": (f"arn:aws:iam::{VENDOR}:root",)},
        ),
        (
            f"arn:aws:iam::{VENDOR}:user/Any",
            {"kind": "third_party", "principal_arns": (f"arn:aws:iam::{VENDOR}:root",)},
        ),
        # A path may have colons.
        (
            f"arn:aws:iam::{STAGING}:user/a:b/Reader",
            {"principal_arns": (f"arn:aws:iam::{STAGING}:user/a:b/Reader",)},
        ),
        (f"arn:aws:iam::{VENDOR}:user/Any", {"kind": "organization", "principal_arns": ()}),
    ],
)
def test_one_who_is_let_in_stands_for_the_consumer(
    monkeypatch: pytest.MonkeyPatch, arn: str, changes: dict[str, Any]
) -> None:
    session = found_for(monkeypatch, arn, **changes)["reader"]
    assert session.profile_name == "mine"
    assert session.region_name == "us-west-2"


@pytest.mark.parametrize(
    ("arn", "changes"),
    [
        (f"arn:aws:iam::{STAGING}:user/people/Reader", {}),
        (f"arn:aws:iam::{VENDOR}:user/Reader", {}),
        (f"arn:aws:sts::{STAGING}:assumed-role/Reader/session", {}),
        (
            ANALYST.replace("Analysts", "Administrators"),
            {"kind": "principals", "principal_arns": (SSO,)},
        ),
        (
            f"arn:aws:iam::{STAGING}:user/Any",
            {"kind": "third_party", "principal_arns": (f"arn:aws:iam::{VENDOR}:root",)},
        ),
    ],
)
def test_rejects_one_who_is_not(
    monkeypatch: pytest.MonkeyPatch, arn: str, changes: dict[str, Any]
) -> None:
    with pytest.raises(UncheckedError) as caught:
        found_for(monkeypatch, arn, **changes)
    first, remedy = str(caught.value).splitlines()
    assert first.startswith(f"profile mine is {arn}, but consumer reader is arn:aws:iam::")
    assert remedy == "name its profile with --profile reader=PROFILE"


def test_jobs_have_no_profile(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = "arn:aws:iam::111122223333:oidc-provider/ci.example.com"
    oidc: dict[str, Any] = {"kind": "oidc", "principal_arns": (provider,)}
    assert found_for(monkeypatch, provider, named=None, **oidc) == {}
    with pytest.raises(UsageError, match="signs in with a token"):
        found_for(monkeypatch, provider, **oidc)


@pytest.mark.parametrize(
    ("changes", "profile"),
    [
        ({}, "Reader"),
        ({"kind": "principals"}, "reader"),
        ({"kind": "ec2"}, None),
        ({"kind": "third_party", "principal_arns": (f"arn:aws:iam::{VENDOR}:root",)}, None),
    ],
)
def test_the_usual_profile_serves_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any], profile: str | None
) -> None:
    arn = f"arn:aws:iam::{STAGING}:user/Reader"
    found = found_for(monkeypatch, arn, named=None, **changes)
    assert {name: session.profile_name for name, session in found.items()} == (
        {"reader": profile} if profile else {}
    )
    monkeypatch.setattr(aws_files, "exists", lambda _: False)
    assert found_for(monkeypatch, arn, named=None, **changes) == {}


def test_another_principal_of_staging_comes_with_its_own_profile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    people = {
        "mine": CallerIdentity(arn=f"arn:aws:iam::{STAGING}:user/Reader", account_id=STAGING),
        "reader": CallerIdentity(arn=f"arn:aws:iam::{STAGING}:user/Other", account_id=STAGING),
    }
    monkeypatch.setattr(profiles, "identify", lambda profile, _: people[profile])
    declared = contract(consumer())
    consumers = list(declared.consumers.values())
    found = profiles.actors(declared, consumers, {"reader": "mine"}, "reader")
    assert {name: each.profile_name for name, each in found.items()} == {
        "reader": "mine",
        OTHER: "reader",
    }
    assert {each.region_name for each in found.values()} == {"us-west-2"}
    with pytest.raises(UsageError, match=r"--other mine is .*user/Reader, whom consumer reader"):
        profiles.actors(declared, consumers, {"reader": "mine"}, "mine")


@pytest.mark.parametrize(
    ("named", "of_stack", "expected"),
    [
        ("mine", "Reader", "mine"),
        ("mine", None, "mine"),
        (None, "Reader", "Reader"),
        (None, "nobody", None),
    ],
)
def test_an_administrator_has_the_profile_that_is_named_or_that_of_the_stack(
    monkeypatch: pytest.MonkeyPatch, named: str | None, of_stack: str | None, expected: str | None
) -> None:
    account = StackAccount(
        id="111122223333", label="production", profile=of_stack, region="us-west-2"
    )
    asked: list[StackAccount] = []
    session = object()

    def session_of(account: StackAccount) -> object:
        asked.append(account)
        return session

    monkeypatch.setattr(profiles, "session_of", session_of)
    serving, found = profiles.administrator(account, named)
    assert serving.profile == (expected or of_stack)
    assert found is (session if expected else None)
    assert asked == ([serving] if expected else [])
