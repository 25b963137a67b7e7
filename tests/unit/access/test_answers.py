"""`access who-can` and `access can`: everybody, and everything, of made-up and recorded stacks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cross_account_access.command.cli import main
from cross_account_access.command.inventory import inventory_of
from cross_account_access.iam.comparing.comparison import compare
from cross_account_access.iam.engine import (
    Context,
    Outcome,
    Request,
    assume,
    decide,
    parse_principal,
)
from cross_account_access.iam.inventory import NOTHING
from cross_account_access.stack import resources_of_state
from tests.support.states import (
    BUCKET,
    PRODUCTION,
    ROLE,
    TRUST,
    USER,
    allow,
    policy,
    pulumi_with,
    walkthrough,
)

STATES = Path(__file__).parents[2] / "states"
OBJECT = "production-test-bucket-101/Sunset.jpg"
ADMIN = "staging:user/StageAdmin"
THROUGH = "production:role/StageRole"
OPEN = allow("s3:GetObject", f"{BUCKET}/public/*", Principal="*")


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    """Asks and returns the exit status and, as (principal, through, resource, when), the rows."""

    def asking(*words: str, state: str | None = None, **documents: Any) -> tuple[int, Any]:
        monkeypatch.setenv("PATH", pulumi_with(tmp_path, walkthrough(**documents)))
        source = "state" if state is None else str(STATES / f"{state}.json")
        status = main([*words, "--from", source, "--cwd", str(tmp_path), "--json"])
        return status, json.loads(capsys.readouterr().out)

    return asking


def rows(answer: Any, *keys: str) -> list[tuple[Any, ...]]:
    return [tuple(row[key] for key in keys) for row in answer["access"]]


def test_who_can_names_those_who_come_through_a_role(ask: Any) -> None:
    status, answer = ask("who-can", "s3:getobject", OBJECT)
    assert status == 0
    assert answer["action"] == "s3:GetObject"
    assert rows(answer, "principal", "through", "when") == [(ADMIN, THROUGH, None)]


def test_who_can_names_those_outside(ask: Any) -> None:
    _, answer = ask(
        "who-can",
        "s3:GetObject",
        f"s3://{OBJECT.replace('Sun', 'public/Sun')}",
        bucket=policy(OPEN),
    )
    told = {row[0] for row in rows(answer, "principal")}
    assert {ADMIN, "anybody, even without signing", "anybody of any other AWS account"} <= told
    _, answer = ask("who-can", "s3:GetObject", OBJECT, bucket=policy(OPEN))
    assert rows(answer, "principal") == [(ADMIN,)]


@pytest.mark.parametrize(
    ("name", "element"),
    [
        ("logging.s3.amazonaws.com", "Service"),
        ("arn:aws:iam::111122223333:oidc-provider/ci.example.com", "Federated"),
    ],
)
def test_who_can_names_services_and_identity_providers(ask: Any, name: str, element: str) -> None:
    trust = policy(TRUST, allow("sts:AssumeRole*", Principal={element: name}))
    action = "sts:AssumeRole" if element == "Service" else "sts:AssumeRoleWithWebIdentity"
    _, answer = ask("who-can", action, THROUGH, trust=trust)
    assert any(
        each[0].endswith(name.rsplit(":", maxsplit=1)[-1]) for each in rows(answer, "principal")
    )


def test_who_can_tells_circumstances(ask: Any) -> None:
    trust = policy(
        allow(
            "sts:AssumeRole",
            Principal={"AWS": "*"},
            Condition={"StringEquals": {"aws:PrincipalOrgID": "o-example"}},
        )
    )
    _, answer = ask("who-can", "sts:AssumeRole", ROLE, trust=trust)
    assert ("anybody of any other AWS account", "with aws:PrincipalOrgID=o-example") in rows(
        answer, "principal", "when"
    )


def test_nobody_is_an_answer_too(ask: Any) -> None:
    status, answer = ask("who-can", "s3:DeleteBucket", "s3://production-test-bucket-101")
    assert (status, answer["access"]) == (1, [])


def test_an_action_that_nothing_knows_is_answered(ask: Any) -> None:
    status, answer = ask("who-can", "s3:BrandNewAction", OBJECT)
    assert status == 1
    assert "no action that AWS's service reference" in answer["notes"][0]
    status, answer = ask(
        "who-can", "s3:BrandNewAction", OBJECT, role=policy(allow("s3:B*", f"{BUCKET}/*"))
    )
    assert (status, rows(answer, "principal")) == (0, [(ADMIN,)])


def test_patterns_of_actions_and_resources(ask: Any) -> None:
    _, answer = ask("who-can", "s3:*", "s3://production-test-bucket-101/*")
    assert rows(answer, "principal", "actions", "resource") == [
        (ADMIN, ["s3:GetObject"], "production-test-bucket-101/*")
    ]


def test_what_is_over_is_told_apart(ask: Any) -> None:
    question = ("who-can", "s3:GetObject", "s3://example-third-party-101/reports/x")
    status, answer = ask(*question, state="third-party")
    vendor = "anybody of account 777788889999"
    assert (status, rows(answer, "principal")) == (0, [(vendor,)])
    status, answer = ask(*question, "--at", "2099-12-31", state="third-party")
    assert (status, answer["access"]) == (1, [])
    assert any(vendor in note and "at another time" in note for note in answer["notes"])


def asked_one_by_one(state: str, action: str, resource: str) -> set[tuple[str, str | None]]:
    """Who of the stack may, by the engine's answer to one question each."""
    inventory = inventory_of(resources_of_state(json.loads((STATES / f"{state}.json").read_text())))
    world, context = inventory.world(), Context({"aws:SecureTransport": "true"})
    found: set[tuple[str, str | None]] = set()
    for arn in inventory.users:
        who = parse_principal(arn)
        if decide(world, Request(who, action, resource, context)).outcome is not Outcome.DENIED:
            found.add((inventory.short(arn), None))
        for role in inventory.roles:
            step = assume(world, who, role, context)
            then = decide(world, Request(step.session, action, resource, step.context))
            if Outcome.DENIED not in (step.decision.outcome, then.outcome):
                found.add((inventory.short(arn), inventory.short(role)))
    return found


@pytest.mark.parametrize(
    ("action", "resource"),
    [
        ("s3:GetObject", "arn:aws:s3:::example-many-clean-101/published/x"),
        ("s3:PutObject", "arn:aws:s3:::example-many-raw-101/x"),
        ("s3:ListBucket", "arn:aws:s3:::example-many-reports-101"),
        ("sqs:ReceiveMessage", "arn:aws:sqs:us-west-2:111122223333:example-many-work"),
        ("s3:PutBucketPolicy", "arn:aws:s3:::example-many-raw-101"),
    ],
)
def test_who_can_agrees_with_single_questions(ask: Any, action: str, resource: str) -> None:
    _, answer = ask("who-can", action, resource, state="many-grants")
    told = {each for each in rows(answer, "principal", "through") if ":user/" in each[0]}
    assert told == asked_one_by_one("many-grants", action, resource)


@pytest.mark.parametrize("state", ["many-grants", "sso-principals", "ec2"])
def test_can_has_all_that_the_comparison_finds(ask: Any, state: str) -> None:
    inventory = inventory_of(resources_of_state(json.loads((STATES / f"{state}.json").read_text())))
    everything = compare(NOTHING, inventory)
    for arn in inventory.users:
        _, answer = ask("can", arn, state=state)
        assert set(rows(answer, "through", "resource", "when")) == {
            (each.through, each.resource, each.when or None)
            for each in everything
            if each.principal == inventory.short(arn)
        }


@pytest.mark.parametrize(
    ("state", "name", "through"),
    [
        ("many-grants", "reader", "production:role/ReaderAccess"),
        ("third-party", "auditor", "production:role/AuditorAccess"),
        ("third-party", "777788889999", "production:role/AuditorAccess"),
        ("sso-principals", "analysts", "production:role/AnalystsAccess"),
        ("oidc", "publisher", "production:role/PublisherAccess"),
        ("ec2", "replicator", "production:role/ReplicatorAccess"),
        ("ec2", "arn:aws:iam::444455556666:role/machines/Replicator", "production:role/Replic"),
    ],
)
def test_can_takes_every_kind_of_name(ask: Any, state: str, name: str, through: str) -> None:
    status, answer = ask("can", name, state=state)
    assert status == 0
    assert any((row[0] or "").startswith(through) for row in rows(answer, "through"))


@pytest.mark.parametrize("name", ["anonymous", "777788889999", "lambda.amazonaws.com"])
def test_who_is_not_let_in_can_nothing(ask: Any, name: str) -> None:
    status, answer = ask("can", name)
    assert (status, answer["access"]) == (1, [])


@pytest.mark.parametrize(
    ("name", "is_told"),
    [
        (PRODUCTION, True),
        (f"arn:aws:iam::{PRODUCTION}:root", True),
        ("777788889999", False),
        (f"arn:aws:iam::{PRODUCTION}:role/StageRole", False),
    ],
)
def test_what_an_account_gives_its_own_is_told_not_to_be_listed(
    ask: Any, name: str, is_told: bool
) -> None:
    _, answer = ask("can", name)
    assert any(note.startswith("not listed: ") for note in answer["notes"]) is is_told


def test_a_role_can_what_its_sessions_can(ask: Any) -> None:
    _, answer = ask("can", f"arn:aws:iam::{PRODUCTION}:role/StageRole")
    assert ("production-test-bucket-101/*", None) in rows(answer, "resource", "through")


def test_what_we_print_is_taken_back(ask: Any) -> None:
    _, answer = ask("can", USER, state="prod")
    for resource, actions, through in rows(answer, "resource", "actions", "through"):
        status, again = ask("who-can", actions[0], resource, state="prod")
        assert status == 0
        assert (ADMIN, through) in rows(again, "principal", "through")


@pytest.mark.parametrize("state", ["many-grants", "oidc", "third-party", "sso-principals", "prod"])
def test_every_name_that_is_printed_is_understood(ask: Any, state: str) -> None:
    _, everything = ask("map", state=state)
    for row in everything["access"]:
        for part in row["parts"]:
            status, again = ask("who-can", part["actions"][0], part["resource"], state=state)
            assert status == 0, part
            assert row["principal"] in {each["principal"] for each in again["access"]}
        status, again = ask("can", row["principal"], state=state)
        assert status == 0, row


def test_the_key_of_a_bucket_is_told(ask: Any) -> None:
    question = ("who-can", "s3:GetObject", "s3://example-many-reports-101/x")
    notes = " ".join(ask(*question, state="many-grants")[1]["notes"])
    assert "a key of its own, arn:aws:kms:us-west-2:111122223333:key/" in notes
    assert "needs kms:Decrypt too" in notes
    listing = ("who-can", "s3:ListBucket", "s3://example-many-reports-101")
    assert "a key of its own" not in " ".join(ask(*listing, state="many-grants")[1]["notes"])


def test_words(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", pulumi_with(tmp_path, walkthrough()))
    where = ["--from", "state", "--cwd", str(tmp_path)]
    assert main(["who-can", "s3:GetObject", OBJECT, *where]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"who may s3:GetObject {OBJECT}  (state)"
    assert lines[2:4] == [
        "WHO                      THROUGH",
        "staging:user/StageAdmin  production:role/StageRole",
    ]
    assert lines[4].startswith("note: not listed: principals of production")
    assert main(["can", ADMIN, *where]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{ADMIN} may  (state)"
    assert "through production:role/StageRole" in lines


def test_how_a_role_is_assumed_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["can", "cleaner", "--from", str(STATES / "many-grants.json")]) == 0
    output = capsys.readouterr().out
    heading = "through production:role/CleanerAccess, which is assumed with sts:ExternalId="
    assert f"{heading}nightly-cleaner\n" in output
    # There, and beside the assuming itself.
    assert output.count("nightly-cleaner") == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["can", "nobdy"], "no user, role"),
        (["can", "staging:user/StageAdmn"], "did you mean staging:user/StageAdmin?"),
        (["who-can", "s3:GetObject", "nope"], "is no resource of the stack"),
        (["who-can", "s3:GetObject", "production-test-bucket-101"], "is about"),
        (["who-can", "s3:GetObject", "arn:aws-cn:s3:::b/x"], "of partition aws-cn"),
    ],
)
def test_bad_questions_are_one_line(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    told: str,
) -> None:
    monkeypatch.setenv("PATH", pulumi_with(tmp_path, walkthrough()))
    assert main([*words, "--from", "state", "--cwd", str(tmp_path)]) == 2
    output = capsys.readouterr().err
    assert output.count("\n") == 1
    assert told in output


def test_a_moment_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["can", "x", "--at", "tomorrow"])
    assert caught.value.code == 2
    assert "write a date" in capsys.readouterr().err
