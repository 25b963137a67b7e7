"""`access lint`: each rule finds what it is for, and is silent beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cross_account_access.command.cli import main
from cross_account_access.iam.engine import PolicyKind, ResourceDocuments
from cross_account_access.iam.inventory import Inventory
from cross_account_access.iam.lint.findings import Finding, Severity
from cross_account_access.iam.lint.judging import judge
from cross_account_access.iam.lint.subjects import Subject, subject_of_text, subjects_of
from tests.support.states import (
    BUCKET,
    LIST,
    PRODUCTION,
    READ,
    STAGING,
    TLS_ONLY,
    TRUST,
    UNKNOWN,
    allow,
    deny,
    policy,
    pulumi_with,
    resource,
    walkthrough,
)

Json = dict[str, Any]
ROOT = {"AWS": f"arn:aws:iam::{STAGING}:root"}
EVERYBODY = {"Principal": "*"}
TRUSTED = "sts:AssumeRole"
OWN_ROOT = {"AWS": f"arn:aws:iam::{PRODUCTION}:root"}
OWN_ROLE = f"arn:aws:iam::{PRODUCTION}:role/StageRole"
STAGE_ADMIN = f"arn:aws:iam::{STAGING}:user/StageAdmin"


def assume(principal: Any = None, **more: Any) -> Json:
    return allow(TRUSTED, Principal=principal or ROOT, **more)


def when(operator: str, key: str, value: Any) -> Json:
    return {"Condition": {operator: {key: value}}}


TRUST_KIND, IDENTITY, RESOURCE = PolicyKind.TRUST, PolicyKind.IDENTITY, PolicyKind.RESOURCE
EXTERNAL = when("StringEquals", "sts:ExternalId", "example-1")

RULES: list[tuple[str, PolicyKind, Json, Json]] = [
    ("may-be-refused", RESOURCE, READ | {"NotPrincipal": ROOT}, READ | {"Principal": ROOT}),
    ("may-be-refused", TRUST_KIND, assume("*"), assume({"AWS": "*"})),
    ("may-be-refused", IDENTITY, READ | {"Action": []}, READ),
    ("may-be-refused", IDENTITY, READ | {"Resource": []}, READ),
    ("may-be-refused", IDENTITY, READ | {"Condition": {}}, READ | EXTERNAL),
    ("may-be-refused", IDENTITY, READ | when("StringEquals", "aws:SourceVpc", []), READ),
    ("may-be-refused", RESOURCE, READ | {"Principal": {"AWS": []}}, READ | {"Principal": ROOT}),
    (
        "not-principal",
        RESOURCE,
        deny("s3:*", f"{BUCKET}/*") | {"NotPrincipal": ROOT},
        deny("s3:*", f"{BUCKET}/*") | EVERYBODY,
    ),
    (
        "canonical-user",
        RESOURCE,
        READ | {"Principal": {"CanonicalUser": "a" * 64}},
        READ | {"Principal": ROOT},
    ),
    (
        "dead-principal",
        TRUST_KIND,
        assume({"AWS": ["AIDAEXAMPLEEXAMPLE12"]}),
        assume({"AWS": [f"arn:aws:iam::{STAGING}:user/AIDAEXAMPLE"]}),
    ),
    (
        "named-principal",
        TRUST_KIND,
        assume({"AWS": f"arn:aws:iam::{STAGING}:user/StageAdmin"}),
        assume({"Service": "ec2.amazonaws.com"}),
    ),
    ("not-action", IDENTITY, {"Effect": "Allow", "NotAction": "iam:*", "Resource": BUCKET}, READ),
    ("wildcard-action", IDENTITY, allow("*", f"{BUCKET}/*"), READ),
    ("wildcard-action", IDENTITY, allow("s3:*", f"{BUCKET}/*"), deny("s3:*", f"{BUCKET}/*")),
    ("wildcard-action", IDENTITY, allow("s3:Get*", f"{BUCKET}/*"), READ),
    (
        "wildcard-resource",
        IDENTITY,
        allow("s3:GetObject", "*"),
        allow("s3:ListAllMyBuckets", "*"),
    ),
    (
        "not-resource",
        IDENTITY,
        {"Effect": "Allow", "Action": "s3:GetObject", "NotResource": BUCKET},
        READ,
    ),
    (
        "literal-wildcard",
        IDENTITY,
        LIST | when("StringEquals", "s3:prefix", "reports/*"),
        LIST | when("StringLike", "s3:prefix", "reports/*"),
    ),
]
"""Rule, kind of document, a statement that it finds, one that it does not."""


def subject(kind: PolicyKind, document: Json | str, limit: int | None = None) -> Subject:
    text = document if isinstance(document, str) else json.dumps(document)
    return Subject("document", kind, text, limit)


@pytest.mark.parametrize(("rule", "kind", "bad", "good"), RULES)
def test_a_rule_finds_what_it_is_for_and_nothing_else(
    rule: str, kind: PolicyKind, bad: Json, good: Json
) -> None:
    found = [finding for finding in judge(subject(kind, policy(bad))) if finding.rule == rule]
    assert found
    assert "; " in found[0].message
    assert rule not in {finding.rule for finding in judge(subject(kind, policy(good)))}


def test_the_old_version_matters_where_there_are_variables() -> None:
    own = allow("s3:GetObject", f"{BUCKET}/${{aws:username}}/*")
    for statement, version, expected in (
        (own, "2008-10-17", {"old-version"}),
        (own, "2012-10-17", set()),
        (READ, "2008-10-17", set()),
    ):
        document = {"Version": version, "Statement": [statement]}
        assert {each.rule for each in judge(subject(IDENTITY, document))} == expected


def test_a_trust_policy_may_be_as_large_as_a_raised_quota_allows() -> None:
    def finding(size: int) -> tuple[str, Severity]:
        text = json.dumps(policy(TRUST | {"Sid": "x"}))
        text = text.replace('"x"', f'"{"x" * (size - len("".join(text.split())) + 1)}"')
        made = subject_of_text("document", text)
        assert (made.kind, made.size) == (TRUST_KIND, size)
        return next(((f.rule, f.severity) for f in judge(made)), ("", Severity.LOW))

    assert finding(2048) == ("", Severity.LOW)
    assert finding(2049) == ("size", Severity.LOW)
    assert finding(8192) == ("size", Severity.LOW)
    assert finding(8193) == ("size", Severity.HIGH)


def test_the_policy_of_a_queue_has_a_quota_of_its_own() -> None:
    queue = f"arn:aws:sqs:us-west-2:{STAGING}:jobs"
    text = json.dumps(policy(allow("sqs:SendMessage", queue, Principal=ROOT, Sid="x" * 8192)))
    for service, expected in (("sqs", True), ("sns", False)):
        arn = queue.replace(":sqs:", f":{service}:")
        held: ResourceDocuments = {"account": STAGING, "policy": text}
        inventory = Inventory(accounts=(), users={}, roles={}, resources={arn: held})
        (made,) = subjects_of(inventory)
        assert ("size" in {finding.rule for finding in judge(made)}) is expected


def test_a_sid_stands_once_in_a_document() -> None:
    document = policy(READ | {"Sid": "Read"}, LIST | {"Sid": "Read"})
    told = {finding.rule: finding for finding in judge(subject(IDENTITY, document))}
    assert told["duplicate-sid"].severity is Severity.HIGH


def test_sizes_are_counted_without_white_space() -> None:
    document = json.dumps(policy(READ), indent=8)
    size = len("".join(document.split()))
    assert "size" not in {f.rule for f in judge(subject(IDENTITY, document, limit=size))}
    (finding,) = (f for f in judge(subject(IDENTITY, document, limit=size - 1)))
    assert (finding.rule, finding.severity) == ("size", Severity.HIGH)
    assert f"{size} characters" in finding.message


def about_actions(kind: PolicyKind, *statements: Json) -> list[Finding]:
    rules = {"unknown-action", "resource-mismatch", "unknown-condition-for-action"}
    rules |= {"mismatched-type"}
    return [each for each in judge(subject(kind, policy(*statements))) if each.rule in rules]


@pytest.mark.parametrize(
    ("statement", "rule", "told"),
    [
        (allow("s3:GetObject", BUCKET), "resource-mismatch", "s3:GetObject needs a resource like"),
        (allow("s3:GetObjct", f"{BUCKET}/*"), "unknown-action", "did you mean s3:GetObject?"),
        (
            READ | when("StringEquals", "s3:prefx", "a"),
            "unknown-condition-for-action",
            "s3:prefx",
        ),
        (allow("s3:ListBucket", f"{BUCKET}/*"), "resource-mismatch", "s3:ListBucket needs a"),
        (allow("s3:ListAllMyBuckets", BUCKET), "resource-mismatch", "needs a resource like *"),
        (allow("s3:HeadObject", f"{BUCKET}/*"), "unknown-action", "this operation needs s3:GetO"),
        (allow("s4:GetObject", "*"), "unknown-action", "no service that AWS's service reference"),
        (
            READ | when("NumericLessThan", "aws:CurrentTime", "1"),
            "mismatched-type",
            "its values are of type Date",
        ),
    ],
)
def test_actions_are_held_to_the_service_reference(statement: Json, rule: str, told: str) -> None:
    found = {finding.rule: finding.message for finding in about_actions(IDENTITY, statement)}
    assert told in found[rule]


@pytest.mark.parametrize(
    ("kind", "statements"),
    [
        (IDENTITY, [LIST, READ]),
        (IDENTITY, [allow("s3:GetObject*", f"{BUCKET}/*")]),
        (IDENTITY, [allow("s3:List*", BUCKET) | when("StringLike", "s3:prefix", "a*")]),
        (RESOURCE, [TLS_ONLY | {"Condition": {"Bool": {"aws:SecureTransport": ["false"]}}}]),
        (TRUST_KIND, [TRUST]),
        (IDENTITY, [READ | when("Bool", "aws:SecureTransport", ["true", "false"])]),
        (IDENTITY, [allow("s3:GetObject", "arn:aws:s3:::b*")]),
        (IDENTITY, [allow("s3:GetObject", f"{BUCKET}/${{aws:username}}/*")]),
        (IDENTITY, [allow("dynamodb:Query", "arn:aws:dynamodb:*:1:table/T*")]),
        (IDENTITY, [allow("dynamodb:Query", "arn:aws:dynamodb:us-west-2:1:table/T/index/I")]),
        (IDENTITY, [allow("s3:ListAllMyBuckets", "*")]),
        (TRUST_KIND, [assume(**when("StringEquals", "ci.example.com:sub", "x"))]),
        (IDENTITY, [READ | when("NumericLessThan", "aws:MultiFactorAuthAge", "60")]),
        (IDENTITY, [READ | when("NumericLessThan", "aws:EpochTime", "1900000000")]),
        (IDENTITY, [READ | when("NotIpAddressIfExists", "aws:SourceIp", "10.0.0.0/8")]),
    ],
)
def test_the_service_reference_has_nothing_against_good_documents(
    kind: PolicyKind, statements: list[Json]
) -> None:
    assert about_actions(kind, *statements) == []


# The command.


def lint(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, list[str], str]:
    status = main(["lint", *words])
    output = capsys.readouterr()
    return status, output.out.splitlines(), output.err


def test_a_finding_in_a_file_has_line_and_column(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "trust.json"
    path.write_text(json.dumps(policy(TRUST, assume("*")), indent=1))
    before = path.read_text().partition('"Principal": "*"')[0]
    line = before[: before.rindex("{")].count("\n") + 1
    status, lines, _ = lint(capsys, str(path))
    assert status == 1
    expected = f"{path}:{line}:3: high: open-principal: statement 2 allows any AWS account "
    assert any(each.startswith(expected) for each in lines), lines


def test_json_that_is_none_has_line_and_column(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "broken.json"
    path.write_text('{\n "Version": "2012-10-17"\n "Statement": []\n}\n')
    status, lines, _ = lint(capsys, str(path))
    assert status == 1
    told = f"{path}:3:2: high: grammar: not JSON: Expecting ',' delimiter"
    assert lines[0] == f"{told} (docs/access/lint.md#grammar)"


def test_a_misspelt_element_is_told_with_the_right_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "typo.json"
    path.write_text(json.dumps(policy({"Effect": "Allow", "Actoin": "s3:*", "Resource": "*"})))
    status, lines, _ = lint(capsys, str(path))
    assert status == 1
    assert "did you mean 'Action'?" in lines[0]


def test_low_findings_alone_are_no_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "low.json"
    path.write_text(json.dumps(policy(allow("s3:GetObject*", f"{BUCKET}/*"))))
    status, lines, _ = lint(capsys, str(path))
    assert (status, lines[-1]) == (0, "1 document checked, 1 finding")


def test_json_output_has_all_parts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "trust.json"
    path.write_text(json.dumps(policy(assume()), indent=1))
    status, lines, _ = lint(capsys, str(path), "--json")
    answer = json.loads("\n".join(lines))
    assert status == 1
    assert answer["documents"] == [str(path)]
    (finding,) = answer["findings"]
    assert finding["rule"] == "whole-account"
    assert (finding["severity"], finding["line"], finding["column"]) == ("medium", 4, 3)


@pytest.mark.parametrize("name", ["nope.json", "."])
def test_a_file_that_cannot_be_read_is_wrong_usage(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    status, lines, err = lint(capsys, name)
    assert (status, lines) == (2, [])
    assert err.startswith(f"access: {name}: ")
    assert err.count("\n") == 1


def test_every_document_of_a_stack_is_checked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", pulumi_with(tmp_path, walkthrough()))
    status, lines, _ = lint(capsys, "--cwd", str(tmp_path), "--json")
    answer = json.loads("\n".join(lines))
    assert (status, answer["findings"]) == (0, [])
    assert answer["documents"] == [
        "policy assume-StageRole of staging:user/StageAdmin",
        "policy 111122223333:policy/StageRoleAccess of production:role/StageRole",
        "trust policy of production:role/StageRole",
        "policy of production-test-bucket-101",
    ]


def test_a_document_of_a_stack_is_named_by_what_it_belongs_to(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unknown = resource(
        "aws:iam/rolePolicy:RolePolicy", "x", role="StageRole", name="x", policy=UNKNOWN
    )
    stack = walkthrough(trust=policy(assume()), more=[unknown])
    monkeypatch.setenv("PATH", pulumi_with(tmp_path, stack))
    status, lines, _ = lint(capsys, "--cwd", str(tmp_path))
    assert status == 1
    assert lines[0].startswith("trust policy of production:role/StageRole: medium: whole-account:")
    assert lines[1] == (
        "note: policy x of production:role/StageRole is not known, so it is left out"
    )


@pytest.mark.parametrize(
    ("statement", "finds"),
    [
        (assume(OWN_ROOT, **when("ArnEquals", "aws:PrincipalArn", OWN_ROLE)), True),
        (
            assume(
                OWN_ROOT,
                Condition={
                    "ArnLike": {"aws:PrincipalArn": [STAGE_ADMIN, OWN_ROLE]},
                    "StringEquals": {"sts:ExternalId": "example-1"},
                },
            ),
            True,
        ),
        (assume({"AWS": [OWN_ROLE]}), True),
        (assume(OWN_ROOT), False),
        (assume(OWN_ROOT, **when("ArnEquals", "aws:PrincipalArn", f"{OWN_ROLE}Two")), False),
        (assume(ROOT), False),
        (assume({"AWS": [STAGE_ADMIN]}), False),
        (deny(TRUSTED, "*", Principal=OWN_ROOT) | {"Resource": None}, False),
    ],
)
def test_a_role_that_trusts_itself_is_told(statement: Json, finds: bool) -> None:
    statement = {key: value for key, value in statement.items() if value is not None}
    document = json.dumps(policy(statement))
    subject = subject_of_text("trust policy", document, TRUST_KIND, holder=OWN_ROLE)
    found = [each for each in judge(subject) if each.rule == "self-trust"]
    assert [each.severity for each in found] == [Severity.LOW] * finds
    unknown = subject_of_text("trust policy", document, TRUST_KIND)
    assert [each for each in judge(unknown) if each.rule == "self-trust"] == []
