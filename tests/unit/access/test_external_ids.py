"""External IDs stay out of whatever `access` writes, where the environment asks for it."""

import argparse
import json
from pathlib import Path
from typing import Any

import pytest

from cross_account_access.command.cli import main
from cross_account_access.command.external_ids import VARIABLE, hidden
from cross_account_access.errors import Status, UsageError
from cross_account_access.presentation import Page
from tests.support.states import USER, policy, pulumi_with, walkthrough
from tests.unit.access.test_cli import verb

IDS = ["vendor-7_eu=a", "b.c+d,e@f:g/h"]
TRUST = {
    "Effect": "Allow",
    "Principal": {"AWS": USER},
    "Action": "sts:AssumeRole",
    "Condition": {"StringEquals": {"sts:ExternalId": IDS}},
}


@pytest.fixture(autouse=True)
def asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "1")


WRITTEN = [
    json.dumps({"sts:ExternalId": IDS}, indent=2),
    json.dumps({"Condition": json.dumps({"StringEquals": {"sts:ExternalId": IDS[0]}})}),
    json.dumps({"Condition": json.dumps({"StringLike": {"STS:externalid": IDS}})}),
    json.dumps({"external_id": IDS[0], "more_external_ids": IDS[1:]}),
    f"with sts:ExternalId={IDS[0]} and aws:MultiFactorAuthPresent=true",
    f"with sts:ExternalId={IDS[0]} or sts:ExternalId={IDS[1]}; role assumed with MFA",
    f"with sts:ExternalId like {IDS[0]}",
    rf"role assumed with sts:ExternalId={IDS[0]}".replace("_", r"\_"),
    f"external_id = {IDS[0]}",
    f"aws sts assume-role --external-id {IDS[0]} --duration-seconds 900",
    f"consumers[0].conditions.external_id: {IDS[0]!r} must be",
    f"consumers[0].conditions.more_external_ids[1]: {IDS[1]!r} is there twice; remove one",
    f"with MFA and external ID {IDS[0]}",
]


@pytest.mark.parametrize("text", WRITTEN)
def test_whatever_the_words(text: str) -> None:
    left = hidden(text)
    assert "***" in left
    for each in IDS:
        assert each not in left.replace("\\", "")


@pytest.mark.parametrize(
    "text",
    [
        "with sts:SourceIdentity=me and aws:MultiFactorAuthPresent=true",
        "role assumed with sts:ExternalId=***; over plain HTTP",
        "consumers[0].conditions.external_id: missing; add it to the stack file",
        "With the external ID, this must answer",
        "without its external ID",
    ],
)
def test_other_words_stay(text: str) -> None:
    assert hidden(text) == text


def test_what_stands_beside_stays() -> None:
    assert hidden(f"sts:ExternalId={IDS[0]}; role assumed with sts:SourceIdentity=me") == (
        "sts:ExternalId=***; role assumed with sts:SourceIdentity=me"
    )


def test_nothing_is_hidden_unless_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "")
    assert hidden(WRITTEN[0]) == WRITTEN[0]


def test_no_output_of_the_command_has_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(_arguments: argparse.Namespace) -> int:
        Page().line(f"with sts:ExternalId={IDS[0]}")
        message = f"external_id: {IDS[0]!r} is none"
        raise UsageError(message)

    verb(monkeypatch, run)
    assert main(["probe"]) == Status.USAGE
    written = capsys.readouterr()
    assert (written.out, written.err) == (
        "with sts:ExternalId=***\n",
        "access: external_id: *** is none\n",
    )


@pytest.mark.parametrize("form", ["--markdown", "--json"])
def test_a_comment_on_a_pull_request_has_none(
    form: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one: Any = {**TRUST, "Condition": {"StringEquals": {"sts:ExternalId": IDS[0]}}}
    before, after = walkthrough(trust=policy(one)), walkthrough(trust=policy(TRUST))
    monkeypatch.setenv("PATH", pulumi_with(tmp_path, before, after))
    main(["diff", "--cwd", str(tmp_path), "--from", "state", form])
    comment = capsys.readouterr().out
    assert "ExternalId=***" in comment
    for each in IDS:
        assert each not in comment.replace("\\", "")
