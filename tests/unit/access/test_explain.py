"""`access explain` on made-up stacks: decisions, the statements behind them, and bad questions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cross_account_access.command.cli import main
from tests.support.states import (
    BUCKET,
    PRODUCTION,
    READ,
    ROLE,
    STAGING,
    TRUST,
    USER,
    allow,
    policy,
    pulumi_with,
    walkthrough,
)

OBJECT = "production-test-bucket-101/Sunset.jpg"


class Asked:
    """What the command said."""

    def __init__(self, status: int, output: Any) -> None:
        self.status = status
        self.out: str = output.out
        self.err: str = output.err

    @property
    def json(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.out)
        return value


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    def asking(*words: str, source: str = "state", **documents: Any) -> Asked:
        monkeypatch.setenv("PATH", pulumi_with(tmp_path, walkthrough(**documents)))
        status = main(["explain", *words, "--from", source, "--cwd", str(tmp_path)])
        return Asked(status, capsys.readouterr())

    return asking


def test_the_way_through_the_role_is_shown_with_both_sides(ask: Any) -> None:
    asked = ask("staging:user/StageAdmin", "s3:GetObject", OBJECT, "--json")
    assert asked.status == 0
    answer = asked.json
    assert (answer["outcome"], answer["through"]) == ("allowed", ROLE)
    assume, read = answer["routes"][0]["steps"]
    assert (assume["principal"], assume["action"]) == (USER, "sts:AssumeRole")
    assert assume["callerSide"][0]["statement"]["Resource"] == ROLE
    assert assume["resourceSide"][0]["document"] == "trust policy of role/StageRole"
    assert assume["resourceSide"][0]["statement"] == TRUST
    assert read["action"] == "s3:GetObject"
    assert read["callerSide"][0]["statement"] == READ


def test_the_answer_in_words(ask: Any) -> None:
    asked = ask("staging:user/StageAdmin", "s3:getobject", OBJECT)
    lines = asked.out.splitlines()
    assert lines[0] == (
        f"allowed  staging:user/StageAdmin may s3:GetObject {OBJECT}"
        " through production:role/StageRole  (state)"
    )
    assert '      Resource: "arn:aws:iam::111122223333:role/StageRole"' in lines
    assert "\x1b" not in asked.out


def test_layers_count_and_it_is_told_which_were_seen(ask: Any, tmp_path: Path) -> None:
    question = ("staging:user/StageAdmin", "s3:GetObject", OBJECT)
    asked = ask(*question)
    assert asked.status == 0
    assert asked.out.splitlines()[-1].startswith("layers: service control policies: not seen; ")
    folder = tmp_path / "layers/organization"
    denied = policy({"Effect": "Deny", "Action": "sts:*", "Resource": "*", "Sid": "NoRoles"})
    full = policy(allow("*", "*"))
    for name, document in (
        ("service-control-policies/full.json", full),
        (f"{STAGING}/service-control-policies/full.json", full),
        (f"{STAGING}/service-control-policies/deny.json", denied),
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(document))
    asked = ask(*question, "--layers", str(tmp_path / "layers"))
    assert asked.status == 1
    cited = f"Deny by statement 'NoRoles' of service control policy deny of {STAGING}"
    assert f"    caller side: {cited}" in asked.out.splitlines()
    told = ask(*question, "--layers", str(tmp_path / "layers"), "--json").json["layers"]
    assert "service control policies: not seen of production" in told


def test_a_refusal_says_what_is_missing_on_each_side(ask: Any) -> None:
    asked = ask("staging:user/StageAdmin", "s3:PutObject", OBJECT, "--json")
    assert asked.status == 1
    direct, through = asked.json["routes"]
    assert direct["role"] is None
    missing = " ".join(direct["steps"][0]["missing"])
    assert "no identity-based statement of user/StageAdmin allows s3:PutObject" in missing
    assert "resource-based policy" in missing
    assert through["role"] == ROLE
    assert [step["outcome"] for step in through["steps"]] == ["allowed", "denied"]


def test_another_user_is_refused_by_the_condition_of_the_trust(ask: Any) -> None:
    asked = ask(f"arn:aws:iam::{STAGING}:root", "s3:GetObject", OBJECT)
    assert asked.status == 1
    other = "arn:aws:iam::777788889999:user/Mallory"
    asked = ask(other, "sts:AssumeRole", "production:role/StageRole")
    assert asked.status == 1
    assert "TrustOnePrincipal" not in asked.out
    assert "does not allow user/Mallory sts:AssumeRole" in asked.out
    assert "note: 777788889999:user/Mallory is outside the stack" in asked.out


EXTERNAL_ID = policy(TRUST | {"Condition": {"StringEquals": {"sts:ExternalId": "example-1"}}})


@pytest.mark.parametrize(
    ("words", "status", "outcome"),
    [
        ([], 3, "unknown"),
        (["--context", "sts:ExternalId=example-1"], 0, "allowed"),
        (["--context", "sts:ExternalId=example-2"], 1, "denied"),
        (["--absent", "sts:ExternalId"], 1, "denied"),
    ],
)
def test_the_context_decides(ask: Any, words: list[str], status: int, outcome: str) -> None:
    question = ("staging:user/StageAdmin", "sts:AssumeRole", ROLE)
    asked = ask(*question, *words, "--json", trust=EXTERNAL_ID)
    assert (asked.status, asked.json["outcome"]) == (status, outcome)


def test_what_an_unknown_answer_depends_on_is_said(ask: Any) -> None:
    asked = ask("staging:user/StageAdmin", "sts:AssumeRole", ROLE, trust=EXTERNAL_ID)
    assert "depends: statement 1 of trust policy of role/StageRole" in asked.out
    assert "sts:ExternalId is not stated" in asked.out


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ([], 1),
        (["--context", "aws:MultiFactorAuthPresent=true"], 0),
        (["--context", "aws:SecureTransport=false"], 1),
    ],
)
def test_a_question_is_asked_over_tls_and_without_mfa(
    ask: Any, words: list[str], status: int
) -> None:
    with_mfa = policy(TRUST | {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}})
    question = ("staging:user/StageAdmin", "sts:AssumeRole", ROLE)
    assert ask(*question, *words, trust=with_mfa).status == status


def test_mfa_is_not_carried_into_the_session(ask: Any) -> None:
    guarded = policy(READ | {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}})
    asked = ask(
        "staging:user/StageAdmin",
        "s3:GetObject",
        OBJECT,
        "--context",
        "aws:MultiFactorAuthPresent=true",
        "--json",
        role=guarded,
    )
    assert asked.json["outcome"] == "unknown"


@pytest.mark.parametrize(
    ("key", "value", "outcome"),
    [
        ("aws:PrincipalTag/team", "red", "unknown"),
        ("aws:userid", "AIDACKCEVSQ6C2EXAMPLE", "denied"),
        ("aws:SourceIp", "203.0.113.7", "allowed"),
    ],
)
def test_what_is_said_of_the_caller_is_not_said_of_the_session(
    ask: Any, key: str, value: str, outcome: str
) -> None:
    guarded = policy(READ | {"Condition": {"StringEquals": {key: value}}})
    output = ("--context", f"{key}={value}", "--json")
    asked = ask("staging:user/StageAdmin", "s3:GetObject", OBJECT, *output, role=guarded)
    assert asked.json["outcome"] == outcome


def test_a_preview_is_judged_by_what_is_planned(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    planned = walkthrough(role=policy(allow("s3:PutObject", f"{BUCKET}/*")))
    path = pulumi_with(tmp_path, walkthrough(), planned)
    monkeypatch.setenv("PATH", path)
    question = ["explain", "production:role/StageRole", "s3:PutObject", OBJECT]
    assert main([*question, "--from", "state", "--cwd", str(tmp_path)]) == 1
    assert main([*question, "--from", "preview", "--cwd", str(tmp_path)]) == 0
    assert "previewing the stack" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("question", "told"),
    [
        (
            ("staging:user/StagAdmin", "s3:GetObject", OBJECT),
            "staging:user/StagAdmin is no principal of the stack; did you mean"
            " staging:user/StageAdmin?",
        ),
        (("StageAdmin", "s3:GetObject", OBJECT), "did you mean staging:user/StageAdmin?"),
        (
            ("staging:user/StageAdmin", "s3:GetObject", "production-test-bucket-102/x"),
            "did you mean production-test-bucket-101?",
        ),
        (
            ("staging:user/StageAdmin", "s3:GetObject", "production-test-bucket-101"),
            "s3:GetObject is about arn:${Partition}:s3:::${BucketName}/${ObjectName}",
        ),
        (
            ("staging:user/StageAdmin", "s3:ListBucket", OBJECT),
            "s3:ListBucket is about arn:${Partition}:s3:::${BucketName}",
        ),
        (
            ("staging:user/StageAdmin", "s3:GetObject", "arn:aws-cn:s3:::b/x"),
            "arn:aws-cn:s3:::b/x is of partition aws-cn, but the stack's accounts are of aws",
        ),
        (
            ("staging:user/StageAdmin", "s3:GetObject", OBJECT, "--context", "sts:ExternalId"),
            "--context 'sts:ExternalId': write it like",
        ),
        (
            ("staging:user/StageAdmin", "s3:GetObject", OBJECT, "--context", "aws:PrincipalArn=x"),
            "context key 'aws:PrincipalArn' follows from the principal",
        ),
        (("staging:user/StageAdmin", "s3:Get*", OBJECT), "'s3:Get*' is no single action"),
    ],
)
def test_a_bad_question_is_one_line_that_helps(
    ask: Any, question: tuple[str, ...], told: str
) -> None:
    asked = ask(*question)
    assert asked.status == 2
    assert asked.out == ""
    assert told in asked.err
    assert asked.err.count("\n") == 1


def test_a_role_is_no_way_to_itself(ask: Any) -> None:
    asked = ask(
        "production:role/StageRole",
        "s3:GetObject",
        OBJECT,
        "--json",
        trust=policy(allow("sts:AssumeRole", Principal={"AWS": f"arn:aws:iam::{PRODUCTION}:root"})),
        role=policy(READ, allow("sts:AssumeRole", ROLE)),
    )
    assert [route["role"] for route in asked.json["routes"]] == [None]


@pytest.mark.parametrize(
    ("action", "told"),
    [
        ("s3:GetObjct", "'s3:GetObjct' is no action that AWS's service reference of "),
        ("s3:GetObjct", "did you mean s3:GetObject?"),
        ("s3:HeadObject", "the operation needs s3:GetObject"),
        ("brandnew:Do", "'brandnew:Do' is no action that AWS's service reference of "),
    ],
)
def test_an_action_that_nobody_knows_is_answered_and_told(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    action: str,
    told: str,
) -> None:
    monkeypatch.setenv("PATH", pulumi_with(tmp_path, walkthrough()))
    words = ["explain", "staging:user/StageAdmin", action, OBJECT, "--from", "state"]
    assert main([*words, "--cwd", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert out.startswith("denied")
    assert told in out


def test_a_document_that_breaks_the_grammar_is_told_in_a_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", pulumi_with(tmp_path, walkthrough(role={"Statment": []})))
    for verb in (["explain", "staging:user/StageAdmin", "s3:GetObject", OBJECT], ["map"], ["diff"]):
        source = [] if verb == ["diff"] else ["--from", "state"]
        assert main([*verb, *source, "--cwd", str(tmp_path)]) == 3
        output = capsys.readouterr().err.splitlines()
        assert "did you mean 'Statement'?" in output[-1]
        assert output[-1].startswith("access: identity-based policy")


STATES = Path(__file__).parents[2] / "states"


@pytest.mark.parametrize(
    ("state", "words", "outcome"),
    [
        ("many-grants", ("cleaner", "s3:GetObject", "s3://example-many-raw-101/x"), "allowed"),
        ("many-grants", ("cleaner", "sns:Publish", "example-many-events"), "allowed"),
        ("many-grants", ("cleaner", "sts:AssumeRole", "cleaner"), "allowed"),
        ("many-grants", ("reader", "sts:AssumeRole", "cleaner"), "denied"),
        ("many-grants", ("anonymous", "s3:GetObject", "s3://example-many-raw-101/x"), "denied"),
        ("many-grants", ("staging", "s3:ListBucket", "s3://example-many-reports-101/"), "allowed"),
        (
            "third-party",
            ("auditor", "s3:GetObject", "example-third-party-101/reports/x"),
            "allowed",
        ),
        ("third-party", ("auditor", "sts:AssumeRole", "auditor"), "allowed"),
        ("oidc", ("publisher", "s3:PutObject", "example-oidc-101/x"), "allowed"),
        ("oidc", ("previewer", "s3:PutObject", "example-oidc-101/x"), "denied"),
        ("sso-principals", ("analysts", "s3:GetObject", "example-principals-101/x"), "allowed"),
        ("ec2", ("replicator", "s3:GetObject", "example-ec2-101/x"), "allowed"),
    ],
)
def test_names_of_the_stack_file(
    ask: Any, state: str, words: tuple[str, ...], outcome: str
) -> None:
    asked = ask(*words, "--json", source=str(STATES / f"{state}.json"))
    assert asked.json["outcome"] == outcome


def test_a_consumer_comes_as_declared_unless_it_is_said_otherwise(ask: Any) -> None:
    words = ("cleaner", "sts:AssumeRole", "cleaner", "--json")
    state = str(STATES / "many-grants.json")
    asked = ask(*words, source=state)
    assert "sts:ExternalId=nightly-cleaner, as declared" in " ".join(asked.json["notes"])
    asked = ask(*words, "--context", "sts:ExternalId=other", source=state)
    assert asked.json["outcome"] == "denied"


def test_the_moment_is_now_unless_it_is_said(ask: Any) -> None:
    ends = {"DateLessThan": {"aws:CurrentTime": "2099-01-01T00:00:00Z"}}
    trust = policy(TRUST | {"Condition": {**TRUST["Condition"], **ends}})
    question = ("staging:user/StageAdmin", "sts:AssumeRole", ROLE)
    assert ask(*question, trust=trust).status == 0
    after = ask(*question, "--at", "2099-01-01", trust=trust)
    assert after.status == 1
    assert "at 2099-01-01 00:00 UTC" in after.out
    output = ask(*question, "--context", "aws:CurrentTime=2100-01-01T00:00:00Z", trust=trust)
    assert output.status == 1


def test_a_role_that_has_no_part_in_it_is_not_told(ask: Any) -> None:
    state = str(STATES / "many-grants.json")
    # Others may send, by a role that the reader has nothing to do with.
    asked = ask("reader", "sqs:SendMessage", "example-many-work", "--json", source=state)
    assert [route["role"] for route in asked.json["routes"]] == [None]
    # Nobody assumes a role by way of that role.
    asked = ask("cleaner", "sts:AssumeRole", "cleaner", "--json", source=state)
    assert [route["role"] for route in asked.json["routes"]] == [None]
    # The role that one has is told, where it is about that bucket.
    asked = ask("reader", "s3:PutObject", "example-many-clean-101/x", "--json", source=state)
    assert [route["role"] for route in asked.json["routes"]] == [
        None,
        f"arn:aws:iam::{PRODUCTION}:role/ReaderAccess",
    ]
