"""`access explain --denied`: AWS's own word on a refusal, on the model that botocore publishes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from cross_account_access.command.cli import main
from cross_account_access.command.denials import evaluations
from cross_account_access.command.denials.evaluations import (
    Reference,
    evaluations_of,
    read_details,
    reference_in,
    referred,
)
from cross_account_access.command.denials.judging import compared
from cross_account_access.command.inventory import inventory_of
from cross_account_access.command.verification.explained_refusals import explanations
from cross_account_access.command.verification.findings import Finding, Found, Judge, Result
from cross_account_access.command.verification.rows import (
    Assume,
    Caller,
    Circumstances,
    Expected,
    Row,
)
from cross_account_access.errors import UncheckedError, UsageError
from cross_account_access.stack import StackAccount, resources_of_state
from tests.conformance import cases
from tests.conformance.judges import engine
from tests.support.states import (
    ASSUME,
    BUCKET,
    LIST,
    READ,
    ROLE,
    USER,
    export,
    policy,
    pulumi_with,
    walkthrough,
)

ID = "1a2b3c4d5e"
MESSAGE = (
    f"User: {USER} is not authorized to perform: sts:AssumeRole on resource: {ROLE} because no"
    " resource-based policy allows the sts:AssumeRole action. Go to https://us-west-2.console.aws."
    f"amazon.com/iam/home?region=us-west-2#/authorization-details/{ID}"
)
INLINE = "inline-0"
ACCOUNT = StackAccount(id="444455556666", label="staging", profile=None, region="eu-west-1")
OWNER = replace(ACCOUNT, id="111122223333", label="production")


def details(
    output: dict[str, Any] | None = None,
    *,
    effect: str = "IMPLICIT_DENY",
    action: str = "sts:AssumeRole",
    resource: str = ROLE,
) -> dict[str, Any]:
    """What AWS answers, in the shapes of its model."""
    return {
        "requestContext": {
            "aws:PrincipalArn": USER,
            "aws:PrincipalAccount": "444455556666",
            "aws:SourceIp": "203.0.113.7",
            "aws:SecureTransport": True,
            "aws:CurrentTime": "2026-11-01T12:00:00Z",
        },
        "evaluations": [
            {
                "action": action,
                "resource": resource,
                "context": output or {},
                "evaluatedEffect": effect,
                "matchedPolicies": [
                    {
                        "uri": INLINE,
                        "matchedStatements": [
                            {"sid": "AssumeGrantedRole", "evaluatedEffect": "ALLOW"}
                        ],
                    }
                ],
            }
        ],
        "policies": [
            {
                "uri": INLINE,
                "type": "IDENTITY_BASED_POLICY",
                "inline": True,
                "attachedTo": [{"arn": USER}],
            }
        ],
    }


def client_of_toolbox() -> Any:
    return boto3.Session("x", "y", region_name="us-west-2").client("iam-toolbox")


def stubbed(*answers: Any) -> Any:
    """A client that gives answers, or errors by their codes, as AWS's model allows."""
    client = client_of_toolbox()
    stubber = Stubber(client)
    for answer in answers:
        if isinstance(answer, str):
            stubber.add_client_error("get_request_authorization_details", answer)
        else:
            stubber.add_response("get_request_authorization_details", answer)
    stubber.activate()
    return client


class Sessions:
    """Credentials whose clients give prepared answers, one after the other."""

    def __init__(self, *answers: Any) -> None:
        self._client = stubbed(*answers)
        self.asked: list[tuple[str, str]] = []

    def __call__(self, account: StackAccount) -> Any:
        sessions = self

        class Session:
            def client(self, name: str, *, region_name: str, **_: Any) -> Any:
                assert name == "iam-toolbox"
                sessions.asked.append((account.label, region_name))
                return sessions._client

        return Session()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ID, Reference(id=ID, region=None)),
        (MESSAGE, Reference(id=ID, region="us-west-2")),
        (MESSAGE.rsplit(" ", 1)[-1], Reference(id=ID, region="us-west-2")),
    ],
)
def test_an_id_or_a_message_with_one(text: str, expected: Reference) -> None:
    assert referred(text) == expected


@pytest.mark.parametrize("text", ["", "Access Denied", "ABC-1", "x" * 3 + " "])
def test_what_is_no_id(text: str) -> None:
    assert reference_in(text) is None
    with pytest.raises(UsageError, match="authorization ID"):
        referred(text)


def test_the_answer_is_read_as_its_model_says() -> None:
    (found,) = read_details(stubbed(details({"sts:ExternalId": ["x", "y"]})), ID)
    assert (found.who, found.action, found.resource) == (USER, "sts:AssumeRole", ROLE)
    assert found.context["aws:securetransport"] == "true"
    assert found.context["sts:externalid"] == ["x", "y"]
    assert found.grounds == (
        f"Allow by statement 'AssumeGrantedRole' of inline identity-based policy of {USER}",
    )


def test_all_pages_are_read() -> None:
    first = {**details(), "nextToken": "more"}
    client = client_of_toolbox()
    with Stubber(client) as stubber:
        stubber.add_response("get_request_authorization_details", first, {"authorizationId": ID})
        stubber.add_response(
            "get_request_authorization_details",
            details(action="sts:TagSession"),
            {"authorizationId": ID, "nextToken": "more"},
        )
        found = read_details(client, ID)
        stubber.assert_no_pending_responses()
    assert [each.action for each in found] == ["sts:AssumeRole", "sts:TagSession"]


def test_other_accounts_and_regions_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    sessions = Sessions(*["ResourceNotFoundException"] * 2, "AccessDeniedException", details())
    monkeypatch.setattr(evaluations, "session_of", sessions)
    assert evaluations_of(Reference(id=ID, region=None), [ACCOUNT, OWNER], pauses=())
    assert sessions.asked == [
        ("staging", "eu-west-1"),
        ("staging", "us-east-1"),
        ("production", "eu-west-1"),
        ("production", "us-east-1"),
    ]


def test_details_that_come_later_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    sessions = Sessions("ResourceNotFoundException", "ResourceNotFoundException", details())
    monkeypatch.setattr(evaluations, "session_of", sessions)
    assert evaluations_of(Reference(id=ID, region="us-west-2"), [ACCOUNT], pauses=(0, 0))


def test_what_nobody_may_ask_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluations, "session_of", Sessions("AccessDeniedException"))
    with pytest.raises(UncheckedError, match="may iam:GetRequestAuthorizationDetails"):
        evaluations_of(Reference(id=ID, region="us-west-2"), [ACCOUNT], pauses=(60,))


@pytest.mark.parametrize(
    ("effect", "documents", "agrees"),
    [
        ("IMPLICIT_DENY", {"trust": policy()}, True),
        ("IMPLICIT_DENY", {}, False),
        ("ALLOW", {}, True),
        ("EXPLICIT_DENY", {"user": policy(ASSUME | {"Effect": "Deny"})}, True),
    ],
)
def test_the_engine_is_asked_on_the_same_request(
    effect: str, documents: dict[str, Any], agrees: bool
) -> None:
    inventory = inventory_of(resources_of_state(export(walkthrough(**documents))))
    (found,) = read_details(stubbed(details(effect=effect)), ID)
    assert compared(found, inventory).agrees is agrees


def test_a_key_that_the_context_lacks_was_not_there() -> None:
    asks = {"Condition": {"StringEquals": {"sts:ExternalId": "example-1"}}}
    inventory = inventory_of(resources_of_state(export(walkthrough(user=policy(ASSUME | asks)))))
    (found,) = read_details(stubbed(details()), ID)
    assert compared(found, inventory).agrees is True
    (found,) = read_details(stubbed(details({"sts:ExternalId": "example-1"})), ID)
    assert compared(found, inventory).agrees is False


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    def asking_about(answer: Any, *words: str, **documents: Any) -> tuple[int, str]:
        monkeypatch.setenv("PATH", pulumi_with(tmp_path, walkthrough(**documents)))
        monkeypatch.setattr(evaluations, "session_of", Sessions(answer))
        monkeypatch.chdir(tmp_path)
        where = ["--from", "state", "--cwd", str(tmp_path)]
        status = main(["explain", "--denied", MESSAGE, *where, *words])
        return status, capsys.readouterr().out

    return asking_about


def test_agreement_in_words(ask: Any) -> None:
    status, output = ask(details(), trust=policy())
    assert status == 0
    lines = output.splitlines()
    assert lines[0] == (
        "denied, since nothing allows it  staging:user/StageAdmin sts:AssumeRole"
        " production:role/StageRole  (AWS)"
    )
    assert "    aws:sourceip: 203.0.113.7" in lines
    assert lines[-1] == "  the engine agrees"


def test_disagreement_leaves_a_case_that_the_suite_reads(ask: Any, tmp_path: Path) -> None:
    objects = f"{BUCKET}/x"
    denied = details(action="s3:GetObject", resource=objects)
    denied["requestContext"]["aws:PrincipalArn"] = ROLE
    status, output = ask(denied, role=policy(LIST, READ))
    assert status == 1
    assert "the engine says allowed" in output
    (tmp_path / "cases").mkdir()
    (tmp_path / f"denied-{ID}.yaml").rename(tmp_path / "cases" / "denied.yaml")
    pages = {"evaluation": cases.Page(title="t", address="a")}
    (case,) = cases._of_file(tmp_path / "cases" / "denied.yaml", pages)
    assert (case.who, case.action, case.resource) == (ROLE, "s3:GetObject", objects)
    assert case.answer == "denied"
    # Asked anew from the case alone, the engine still says otherwise.
    with engine.judging() as judge:
        assert judge(case) == "allowed"


def test_json(ask: Any) -> None:
    status, output = ask(details(), "--json")
    answer = json.loads(output)
    assert status == 1
    assert answer["authorizationId"] == ID
    assert answer["case"] == f"denied-{ID}.yaml"
    (evaluation,) = answer["evaluations"]
    assert (evaluation["effect"], evaluation["engine"]) == ("IMPLICIT_DENY", "allowed")
    assert evaluation["agrees"] is False


@pytest.mark.parametrize(
    "words", [["--denied", ID, "x"], ["x", "s3:GetObject"], [], ["--denied", "no id"]]
)
def test_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert main(["explain", *words, "--cwd", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_verify_asks_about_its_own_refusals(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    caller = Caller(arn=USER, actor="stage-admin")
    row = Row(
        consumer="stage-admin",
        what="assume the role",
        caller=caller,
        ask=Assume(role_arn=ROLE),
        expected=Expected.REFUSED,
        circumstances=Circumstances(),
    )
    refused = Finding(found=Found.REFUSED, judge=Judge.AWS, why=f"AssumeRole: {MESSAGE}")
    silent = replace(refused, why="AssumeRole: Access Denied")
    results = [Result(row, silent), Result(row, refused), Result(row, refused)]
    closed = inventory_of(resources_of_state(export(walkthrough(trust=policy()))))
    monkeypatch.setattr(evaluations, "session_of", Sessions(details(), details()))
    (output,) = explanations(results, [ACCOUNT], closed)
    assert output == "AWS's own word on 2 refusals: the engine agrees, as far as it can tell"
    opened = inventory_of(resources_of_state(export(walkthrough())))
    monkeypatch.setattr(evaluations, "session_of", Sessions(details(), "AccessDeniedException"))
    (output,) = explanations(results, [ACCOUNT], opened)
    assert "on 1 refusals: the engine decides 1 otherwise" in output
    assert (tmp_path / f"denied-{ID}.yaml").exists()
    monkeypatch.setattr(evaluations, "session_of", Sessions("AccessDeniedException"))
    assert list(explanations(results[:2], [ACCOUNT], opened)) == []
    assert list(explanations(results[:1], [ACCOUNT], opened)) == []
