"""`access lint FILE`: which documents are in a file, of which kind, and where findings point."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from cross_account_access.command.cli import main
from cross_account_access.command.inventory import inventory_of
from cross_account_access.facts.quotas import RESOURCE_POLICIES, USER_INLINE_CHARACTERS
from cross_account_access.iam.engine import PolicyKind
from cross_account_access.iam.errors import IamError
from cross_account_access.iam.lint.findings import MEANINGS, Severity
from cross_account_access.iam.lint.judging import judge
from cross_account_access.iam.lint.reading import subjects_of_file
from cross_account_access.iam.lint.subjects import subjects_of
from cross_account_access.stack import resources_of_state
from tests.support.lint_documents import CASES, QUEUE, ROOT, TOPIC
from tests.support.states import BUCKET, PRODUCTION, READ, STAGING, Json, allow, deny, policy

STATES = sorted((Path(__file__).parents[2] / "states").glob("*.json"))
PAGE = (Path(__file__).parents[3] / "docs" / "access" / "lint.md").read_text()
KEY = f"arn:aws:kms:us-east-1:{PRODUCTION}:key/1234"
SECRET = f"arn:aws:secretsmanager:us-east-1:{PRODUCTION}:secret:a-b1"
ASSUMED = {"Effect": "Allow", "Principal": ROOT, "Action": "sts:AssumeRole"}
WITH_BOTH = allow("s3:GetObject", f"{BUCKET}/*", Principal=ROOT)
OPEN = allow("s3:GetObject", f"{BUCKET}/*", Principal="*")
OF_ACCOUNT = {"AWS": f"arn:aws:iam::{STAGING}:root"}
PULL = {"Effect": "Allow", "Principal": OF_ACCOUNT, "Action": ["ecr:BatchGetImage"]}
TRUST, IDENTITY, RESOURCE = PolicyKind.TRUST, PolicyKind.IDENTITY, PolicyKind.RESOURCE


def role(document: Any, **more: Any) -> Json:
    arn = f"arn:aws:iam::{PRODUCTION}:role/R"
    return {"RoleName": "R", "Arn": arn, "AssumeRolePolicyDocument": document, **more}


def of(action: str, resource: str) -> Json:
    return policy(allow(action, resource, Principal=ROOT))


PRINTED: list[tuple[str, Json, PolicyKind, Json]] = [
    ("get-role", {"Role": role(policy(ASSUMED))}, TRUST, policy(ASSUMED)),
    (
        "get-policy-version",
        {"PolicyVersion": {"Document": policy(READ), "VersionId": "v1"}},
        IDENTITY,
        policy(READ),
    ),
    (
        "get-role-policy",
        {"RoleName": "R", "PolicyName": "P", "PolicyDocument": policy(READ)},
        IDENTITY,
        policy(READ),
    ),
    (
        "get-user-policy",
        {"UserName": "U", "PolicyName": "P", "PolicyDocument": policy(READ)},
        IDENTITY,
        policy(READ),
    ),
    ("get-bucket-policy", {"Policy": json.dumps(policy(OPEN))}, RESOURCE, policy(OPEN)),
    (
        "get-queue-attributes",
        {"Attributes": {"QueueArn": QUEUE, "Policy": json.dumps(of("sqs:SendMessage", QUEUE))}},
        RESOURCE,
        of("sqs:SendMessage", QUEUE),
    ),
    (
        "get-topic-attributes",
        {"Attributes": {"Policy": json.dumps(of("sns:Publish", TOPIC)), "TopicArn": TOPIC}},
        RESOURCE,
        of("sns:Publish", TOPIC),
    ),
    (
        "get-key-policy",
        {"Policy": json.dumps(of("kms:Decrypt", "*")), "PolicyName": "default"},
        RESOURCE,
        of("kms:Decrypt", "*"),
    ),
    (
        "get-resource-policy",
        {"ARN": SECRET, "Name": "a", "ResourcePolicy": json.dumps(of("secretsmanager:Get*", "*"))},
        RESOURCE,
        of("secretsmanager:Get*", "*"),
    ),
]


@pytest.mark.parametrize(
    ("printed", "kind", "document"),
    [case[1:] for case in PRINTED],
    ids=[case[0] for case in PRINTED],
)
def test_what_the_cli_printed_is_understood(
    printed: Json, kind: PolicyKind, document: Json
) -> None:
    for text in (json.dumps(printed), json.dumps(printed, indent=4)):
        (found,) = subjects_of_file("printed.json", text)
        assert found.kind is kind
        assert json.loads(found.text) == document


def test_a_document_encoded_for_a_url_or_quoted_is_the_document() -> None:
    encoded = quote(json.dumps(policy(ASSUMED), indent=1))
    for text in (
        encoded,
        json.dumps({"Role": role(encoded)}),
        json.dumps(json.dumps(policy(ASSUMED))),
    ):
        (found,) = subjects_of_file("role.json", text)
        assert (found.kind, json.loads(found.text)) == (TRUST, policy(ASSUMED))
        assert {each.line for each in judge(found)} == {1}


def test_the_trust_of_a_roles_own_account_is_no_fault() -> None:
    own = ASSUMED | {"Principal": {"AWS": f"arn:aws:iam::{PRODUCTION}:root"}}
    for statement, expected in ((own, Severity.LOW), (ASSUMED, Severity.MEDIUM)):
        (found,) = subjects_of_file("role.json", json.dumps({"Role": role(policy(statement))}))
        assert [each.severity for each in judge(found)] == [expected]


def test_every_document_of_a_list_is_judged_and_named() -> None:
    printed = {"Roles": [role(policy(ASSUMED)), role(policy(ASSUMED), RoleName="Other")]}
    found = subjects_of_file("roles.json", json.dumps(printed))
    assert [each.label for each in found] == [
        "AssumeRolePolicyDocument of R",
        "AssumeRolePolicyDocument of Other",
    ]
    told = [finding.message for each in found for finding in judge(each)]
    assert told[1].startswith("AssumeRolePolicyDocument of Other: statement 1 trusts all of ")


@pytest.mark.parametrize(
    ("kind", "most"), [("User", 2_048), ("Role", 10_240), ("Group", 5_120), ("", 6_144)]
)
def test_details_of_an_account_tell_whose_a_policy_is(kind: str, most: int) -> None:
    if kind:
        inline = [{"PolicyName": "P", "PolicyDocument": policy(READ)}]
        printed = {f"{kind}DetailList": [{f"{kind}Name": "N", f"{kind}PolicyList": inline}]}
    else:
        version = {"Document": policy(READ), "VersionId": "v1"}
        printed = {"Policies": [{"PolicyName": "P", "PolicyVersionList": [version]}]}
    (found,) = subjects_of_file("details.json", json.dumps(printed))
    assert (found.label.split(" of ")[1], found.limit) == ("P", most)


def test_what_is_too_long_to_read_is_not_repeated_in_full() -> None:
    long = "x" * 5_000
    twice = [READ | {"Sid": long}, READ | {"Sid": long}]
    printed = {"RoleName": "R", "PolicyName": long, "PolicyDocument": policy(*twice)}
    (found,) = subjects_of_file("role.json", json.dumps(printed))
    told = [finding.message for finding in judge(found)]
    assert told
    assert all(len(each) < 1_000 for each in told)


def test_a_list_of_documents_is_documents() -> None:
    found = subjects_of_file("all.json", json.dumps([policy(ASSUMED), policy(READ)], indent=1))
    assert [each.kind for each in found] == [TRUST, IDENTITY]


def test_the_kind_of_a_printed_document_is_asked_for_too() -> None:
    printed = {"Policy": json.dumps(policy(WITH_BOTH, READ))}
    with pytest.raises(IamError, match="say which with --kind"):
        subjects_of_file("policy.json", json.dumps(printed))
    (found,) = subjects_of_file("policy.json", json.dumps(printed), RESOURCE)
    assert found.kind is RESOURCE


@pytest.mark.parametrize(
    "printed", [{"Attributes": {"QueueArn": QUEUE}}, {"Roles": []}, "not a document"]
)
def test_a_file_without_a_document_is_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], printed: Any
) -> None:
    path = tmp_path / "printed.json"
    path.write_text(json.dumps(printed))
    assert main(["lint", str(path)]) == 2
    assert capsys.readouterr().err.startswith(f"access: {path}: no policy document is in it; ")


def test_the_account_of_a_resource_is_taken_from_what_is_printed() -> None:
    own = {"AWS": f"arn:aws:iam::{PRODUCTION}:role/Admin"}
    document = policy(allow("secretsmanager:PutResourcePolicy", "*", Principal=own))
    for arn, expected in ((SECRET, set()), (SECRET.replace(PRODUCTION, STAGING), {"own-policy"})):
        printed = {"ARN": arn, "ResourcePolicy": json.dumps(document)}
        (found,) = subjects_of_file("secret.json", json.dumps(printed))
        assert {each.rule for each in judge(found)} - {"wildcard-resource"} == expected


# The kind.

KINDS: list[tuple[str, list[Json], PolicyKind | None]] = [
    ("no principal", [READ, deny("s3:*", "*")], IDENTITY),
    ("a principal", [ASSUMED], TRUST),
    ("principals of a wrong trust", [ASSUMED, ASSUMED | {"Resource": "*"}], TRUST),
    ("both", [WITH_BOTH, WITH_BOTH], RESOURCE),
    ("a repository, which is not named", [PULL, PULL], RESOURCE),
    ("a repository and what is none", [PULL, ASSUMED], TRUST),
    ("both, later", [WITH_BOTH, READ], None),
    ("a principal, later", [READ, WITH_BOTH], None),
    ("one of each", [WITH_BOTH, {"Effect": "Allow", "Principal": "*", "Action": "s3:*"}], None),
]


@pytest.mark.parametrize(
    ("statements", "kind"), [case[1:] for case in KINDS], ids=[case[0] for case in KINDS]
)
def test_all_statements_tell_the_kind_or_it_is_asked_for(
    statements: list[Json], kind: PolicyKind | None
) -> None:
    text = json.dumps(policy(*statements))
    if kind is None:
        with pytest.raises(IamError, match="say which with --kind"):
            subjects_of_file("policy.json", text)
    else:
        (found,) = subjects_of_file("policy.json", text)
        assert found.kind is kind


@pytest.mark.parametrize(("who", "expected"), [("*", {"open-principal"}), (OF_ACCOUNT, set())])
def test_the_policy_of_a_repository_needs_no_resource(who: Any, expected: set[str]) -> None:
    printed = {"repositoryName": "app", "policyText": json.dumps(policy(PULL | {"Principal": who}))}
    (found,) = subjects_of_file("repository.json", json.dumps(printed))
    assert {each.rule for each in judge(found)} == expected


def test_who_says_the_kind_is_believed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "policy.json"
    path.write_text(json.dumps(policy(WITH_BOTH, READ), indent=1))
    assert main(["lint", str(path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert main(["lint", str(path), "--kind", "resource"]) == 1
    assert "Statement[1]: a statement has either Principal or" in capsys.readouterr().out


# Sizes.


@pytest.mark.parametrize(
    ("service", "arn"),
    [("sqs", QUEUE), ("sns", TOPIC), ("kms", KEY), ("secretsmanager", SECRET), ("s3", BUCKET)],
)
def test_the_policy_of_a_resource_may_be_as_large_as_its_service_accepts(
    service: str, arn: str
) -> None:
    most = RESOURCE_POLICIES[service].size
    for extra, expected in ((0, set()), (1, {"size"})):
        document = policy(allow(f"{service}:ListTagsForResource", arn, Principal=ROOT, Sid="x"))
        text = json.dumps(document)
        text = text.replace('"x"', f'"{"x" * (most - len(text) + 1 + extra)}"')
        (found,) = subjects_of_file("policy.json", text)
        assert {each.rule for each in judge(found)} & {"size"} == expected


def test_what_else_a_queue_counts_is_counted() -> None:
    sending = {
        "Principal": ROOT,
        "Condition": {"StringEquals": {"aws:SourceAccount": PRODUCTION}},
    }
    too_many = [allow("sqs:SendMessage", QUEUE, **sending) for _ in range(21)]
    (found,) = subjects_of_file("queue.json", json.dumps(policy(*too_many)))
    told = [each.message for each in judge(found) if each.rule == "size"]
    assert [message.split(",")[0] for message in told] == ["21 statements", "21 conditions"]


def test_the_inline_policies_of_a_user_are_small() -> None:
    document = policy(READ | {"Sid": "x" * USER_INLINE_CHARACTERS})
    for holder, expected in (("UserName", {"size"}), ("RoleName", set())):
        printed = {holder: "N", "PolicyName": "P", "PolicyDocument": document}
        (found,) = subjects_of_file("policy.json", json.dumps(printed))
        assert {each.rule for each in judge(found)} & {"size"} == expected


# Where a finding is.


def test_a_finding_points_into_the_file_that_the_cli_printed() -> None:
    text = json.dumps({"Role": role(policy(ASSUMED, ASSUMED | {"Sid": "Second"}))}, indent=2)
    (found,) = subjects_of_file("role.json", text)
    places = [(each.line, each.column) for each in judge(found) if each.rule == "whole-account"]
    lines = text.splitlines()
    assert [lines[(line or 0) - 1].index("{") + 1 for line, _ in places] == [c for _, c in places]
    assert '"Sid": "Second"' in "".join(lines[(places[1][0] or 0) - 1 :])
    assert '"Sid": "Second"' not in "".join(lines[: (places[1][0] or 0) - 1])
    quoted = json.dumps({"Name": "a", "Policy": json.dumps(policy(OPEN), indent=2)}, indent=2)
    (found,) = subjects_of_file("bucket.json", quoted)
    assert {(each.line, each.column) for each in judge(found)} == {(3, 13)}


def test_a_document_in_one_line_has_a_line_too() -> None:
    (found,) = subjects_of_file("trust.json", json.dumps(policy(ASSUMED)))
    assert {each.line for each in judge(found)} == {1}


# The page and code scanning.


def test_each_rule_is_explained_on_the_page() -> None:
    headings = {line.removeprefix("### ") for line in PAGE.splitlines() if line.startswith("### ")}
    assert headings == set(MEANINGS)


def test_no_rule_is_without_its_words() -> None:
    found = {
        each.rule
        for _, kind, statements, _ in CASES
        for subject in subjects_of_file("x.json", json.dumps(policy(*statements)), kind)
        for each in judge(subject)
    }
    assert found <= MEANINGS.keys()


def test_code_scanning_gets_a_log_that_it_takes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("trust.json").write_text(json.dumps(policy(ASSUMED), indent=2))
    assert main(["lint", "trust.json", "--sarif", "lint.sarif"]) == 1
    output = capsys.readouterr().out
    log = json.loads(Path("lint.sarif").read_text())
    # What the specification requires: sarifLog 3.13, run 3.14, tool 3.18, toolComponent 3.19,
    # reportingDescriptor 3.49, result 3.27, location 3.28.
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-schema-2.1.0.json")
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert run["tool"]["driver"]["name"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    (result,) = run["results"]
    assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == "whole-account"
    assert result["level"] == "warning"
    (location,) = result["locations"]
    place = location["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "trust.json"
    line = place["region"]["startLine"]
    assert output.startswith(f"trust.json:{line}:{place['region']['startColumn']}: medium:")


# The program's own.


@pytest.mark.parametrize("path", STATES, ids=[path.stem for path in STATES])
def test_nothing_is_found_in_what_the_examples_make(path: Path) -> None:
    inventory = inventory_of(resources_of_state(json.loads(path.read_text())))
    subjects = list(subjects_of(inventory))
    assert subjects
    assert [finding for each in subjects for finding in judge(each)] == []
