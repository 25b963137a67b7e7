"""`access drift` as a command: exit status, JSON, Markdown, who did it, and what was not read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cross_account_access.command.cli import main
from cross_account_access.command.drift import examination
from cross_account_access.command.drift.findings import Effect, Finding, Report, Unchecked
from cross_account_access.command.drift.history import with_history
from cross_account_access.command.inventory import inventory_of
from cross_account_access.errors import UncheckedError
from cross_account_access.stack import Stack, StackAccount, resources_of_state
from tests.support.states import PRODUCTION, export, pulumi_with, walkthrough

ACCOUNT = StackAccount(
    id=PRODUCTION, label="production", profile="ProductionAccountAdmin", region="us-west-2"
)
FINDING = Finding(
    effect=Effect.WIDENING,
    account=ACCOUNT,
    subject="bucket b|c",
    name="aws:s3/bucket:Bucket b",
    what="it is a *website*",
    remedy="aws s3api delete-bucket-website",
    names=("b",),
    events=("PutBucketWebsite",),
)
UNCHECKED = Unchecked(account="production", what="grants of key k", why="AccessDenied")


def ran(monkeypatch: pytest.MonkeyPatch, report: Report, *words: str) -> int:
    monkeypatch.setattr("cross_account_access.command.verbs.drift.examine_drift", lambda _: report)
    return main(["drift", *words])


@pytest.mark.parametrize(
    ("report", "status"),
    [
        (Report(), 0),
        (Report(notes=("as documented",)), 0),
        (Report(findings=(FINDING,)), 1),
        (Report(unchecked=(UNCHECKED,)), 3),
        (Report(findings=(FINDING,), unchecked=(UNCHECKED,)), 1),
    ],
)
@pytest.mark.parametrize("form", [[], ["--json"], ["--markdown"]])
def test_the_exit_status_says_what_was_found(
    monkeypatch: pytest.MonkeyPatch, report: Report, status: int, form: list[str]
) -> None:
    assert ran(monkeypatch, report, *form) == status


def test_what_is_told_in_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran(monkeypatch, Report(findings=(FINDING,), unchecked=(UNCHECKED,), asked=7))
    told = capsys.readouterr().out
    assert "production (111122223333)" in told
    assert "widening: bucket b|c: it is a *website*" in told
    assert "not checked: production: grants of key k: AccessDenied" in told
    assert told.splitlines()[-1] == "drift: 1 widening; 1 not checked (preview and 7 questions)"


def test_json_has_everything(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran(monkeypatch, Report(findings=(FINDING,), unchecked=(UNCHECKED,), notes=("n",)), "--json")
    told = json.loads(capsys.readouterr().out)
    assert told["drift"][0]["effect"] == "widening"
    assert told["drift"][0]["account"] == PRODUCTION
    assert told["unchecked"] == [
        {"account": "production", "what": "grants of key k", "why": "AccessDenied"}
    ]
    assert told["notes"] == ["n"]


def test_names_in_markdown_stay_text(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran(monkeypatch, Report(findings=(FINDING,)), "--markdown")
    told = capsys.readouterr().out
    (row,) = (line for line in told.splitlines() if "website" in line and line.startswith("|"))
    assert r"bucket b\|c: it is a \*website\*" in row


class Trail:
    """An event history: what it answers by the name of the event, or that it may not be read."""

    def __init__(self, events: Sequence[dict[str, Any]] = (), error: str | None = None) -> None:
        self._events, self._error = events, error
        self.regions: list[str | None] = []

    def client(self, _: str, *, region_name: str | None, **__: object) -> Trail:
        self.regions.append(region_name)
        return self

    def lookup_events(self, **asked: Any) -> Any:
        if self._error:
            raise ClientError({"Error": {"Code": self._error, "Message": ""}}, "LookupEvents")
        (attribute,) = asked["LookupAttributes"]
        name = attribute["AttributeValue"]
        return {"Events": [each for each in self._events if each["EventName"] == name]}


def event(name: str, who: str, minute: int, about: str) -> dict[str, Any]:
    return {
        "EventName": name,
        "Username": who,
        "EventTime": datetime(2026, 11, 25, 20, minute, tzinfo=UTC),
        "Resources": [{"ResourceName": about}],
    }


def test_who_did_it_is_the_newest_event_about_this_very_thing() -> None:
    trail: Any = Trail(
        [
            event("PutBucketWebsite", "mallory", 3, "b"),
            event("PutBucketWebsite", "old", 1, "b"),
            event("PutBucketWebsite", "elsewhere", 9, "other"),
            event("PutBucketCors", "else", 9, "b"),
        ]
    )
    (found,), unread = with_history([FINDING], {PRODUCTION: trail})
    assert found.made_by is not None
    assert (found.made_by.who, found.made_by.when) == ("mallory", "2026-11-25 20:03 UTC")
    assert unread == []
    assert trail.regions == ["us-west-2"]


def test_events_of_iam_are_in_one_region_of_the_partition() -> None:
    trail: Any = Trail()
    with_history([replace(FINDING, name="aws:iam/role:Role r")], {PRODUCTION: trail})
    assert trail.regions == ["us-east-1"]


def test_a_history_that_cannot_be_read_is_told_once_and_hides_no_finding() -> None:
    trail: Any = Trail(error="AccessDenied")
    found, unread = with_history([FINDING, FINDING], {PRODUCTION: trail})
    assert [each.made_by for each in found] == [None, None]
    assert len(unread) == 1
    assert "AccessDenied" in unread[0]


@pytest.fixture
def stack(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """The walkthrough, in accounts that answer nothing."""
    monkeypatch.setenv("PATH", pulumi_with(tmp_path, walkthrough()))
    monkeypatch.setattr(examination, "session_of", lambda _: Trail())
    monkeypatch.setattr(examination, "audit", lambda *_: Report(asked=1))
    monkeypatch.setattr(
        examination,
        "live",
        lambda _: inventory_of(resources_of_state(export(walkthrough()))),
    )
    return Stack(tmp_path, "prod")


def test_a_settled_stack_has_no_drift(stack: Stack) -> None:
    report = examination.examine_drift(stack)
    assert (report.findings, report.unchecked) == ((), ())


def test_documents_that_allow_more_are_told_even_if_nothing_else_tells(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = walkthrough(
        role={
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
        }
    )
    monkeypatch.setattr(
        examination, "live", lambda _: inventory_of(resources_of_state(export(wide)))
    )
    (finding,) = examination.examine_drift(stack).findings
    assert finding.effect is Effect.WIDENING
    assert "StageRole" in finding.subject


def test_a_preview_that_fails_is_not_checked_and_the_rest_goes_on(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: object) -> None:
        message = "pulumi: denied"
        raise UncheckedError(message)

    monkeypatch.setattr(Stack, "refreshed", fails)
    monkeypatch.setattr(examination, "live", fails)
    report = examination.examine_drift(stack)
    assert [each.what for each in report.unchecked] == [
        "what a preview sees",
        "live policy documents",
    ]
    assert report.asked == 1


def test_credentials_of_another_account_end_it_before_anything_is_read(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def other(_: object) -> None:
        message = "profile X holds credentials of account 9"
        raise UncheckedError(message)

    monkeypatch.setattr(examination, "session_of", other)
    with pytest.raises(UncheckedError, match="account 9"):
        examination.examine_drift(stack)
