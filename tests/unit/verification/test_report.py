"""What a person, a script and a CI system are told of results, whatever they are."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import pytest

from cross_account_access.command.proof.proving import Proof, unproved
from cross_account_access.command.verification.findings import (
    Finding,
    Found,
    Judge,
    Permission,
    Result,
)
from cross_account_access.command.verification.report import as_json, as_junit, show
from cross_account_access.command.verification.rows import Row
from cross_account_access.presentation import Page
from tests.unit.verification.declared import BUCKET, QUEUE, consumer, contract, grant, rows

DECLARED = contract(consumer(grant("list", "read")), consumer(grant("read"), name="writer"))
PROVED = Proof(
    differences=(),
    unread=(),
    assumptions=(),
    layers=(),
    principals=1,
    actions=1,
    resources=1,
    decisions=1,
)
ALLOWED = Finding(found=Found.ALLOWED, judge=Judge.AWS, seconds=0.1234)
DENIED = Finding(
    found=Found.REFUSED, judge=Judge.AWS, code="AccessDenied", why="GetObject: no", seconds=2
)
GUESSED = Finding(
    found=Found.REFUSED, judge=Judge.ENGINE, obstacle="no credentials of reader at hand", why="x"
)
OPEN = Finding(found=Found.UNDECIDED, judge=Judge.AWS, code="SlowDown", why="wait")


def row(what: str, consumer: str = "reader") -> Row:
    (found,) = (each for each in rows(DECLARED) if (each.what, each.consumer) == (what, consumer))
    return found


def results() -> list[Result]:
    """One of each kind."""
    return [
        Result(row("list shared"), ALLOWED),
        Result(row("read shared"), DENIED),
        Result(row("delete in shared"), GUESSED),
        Result(row("write to shared"), OPEN),
        Result(row("read shared", "writer"), ALLOWED),
    ]


def shown(found: list[Result], capsys: pytest.CaptureFixture[str], **how: bool) -> list[str]:
    show(Page(), found, **how)
    return capsys.readouterr().out.splitlines()


def test_everything_is_shown_from_what_is_wrong_to_the_counts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    wrong, doubtful, headers, *table, by_engine, reader, writer, total = shown(results(), capsys)
    assert wrong == (
        "not as intended: reader: read shared: must be allowed, and is refused (by AWS); "
        "AccessDenied: GetObject: no"
    )
    assert doubtful == (
        "could not be checked: reader: write to shared: must be refused; SlowDown: wait"
    )
    assert headers.split() == ["consumer", "what", "expected", "found", "code", "by", "s"]
    assert [line.split() for line in table] == [
        ["reader", "list", "shared", "allowed", "allowed", "AWS", "0.12"],
        ["reader", "read", "shared", "allowed", "refused", "AccessDenied", "AWS", "2.00"],
        ["reader", "delete", "in", "shared", "refused", "refused", "engine", "0.00"],
        ["reader", "write", "to", "shared", "refused", "undecided", "SlowDown", "AWS", "0.00"],
        ["writer", "read", "shared", "allowed", "allowed", "AWS", "0.12"],
    ]
    assert by_engine == (
        "reader: 1 row decided by the access engine: no credentials of reader at hand"
    )
    assert reader == ("reader: 4 rows: 2 as intended, 1 could not be checked, 1 not as intended")
    assert writer == "writer: 1 row: 1 as intended"
    assert total == "5 rows: 3 as intended, 1 could not be checked, 1 not as intended"


def test_grounds_without_a_code_and_a_finding_without_grounds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = [
        Result(row("read shared"), GUESSED),
        Result(row("write to shared"), replace(ALLOWED, code="200")),
        Result(row("delete in shared"), ALLOWED),
    ]
    assert shown(found, capsys)[:3] == [
        "not as intended: reader: read shared: must be allowed, and is refused (by engine); x",
        "not as intended: reader: write to shared: must be refused, and is allowed (by AWS); 200: ",
        "not as intended: reader: delete in shared: must be refused, and is allowed (by AWS)",
    ]


def test_of_failures_alone_the_table_has_no_others(capsys: pytest.CaptureFixture[str]) -> None:
    lines = shown(results(), capsys, only_failures=True)
    table = lines[3:-3]
    assert [line.split()[1] for line in table] == ["read", "write"]
    assert lines[-1].startswith("5 rows: ")


def test_nothing_to_check_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown([], capsys) == ["0 rows: nothing to check"]


def lacking() -> list[Result]:
    needed = (
        Permission(actions=("s3:PutObject",), resource=QUEUE),
        Permission(actions=("s3:GetObject", "s3:A"), resource=f"{BUCKET}/*"),
    )
    more = (Permission(actions=("s3:ListBucket",), resource=f"{BUCKET}/*"),)
    return [
        Result(row("read shared"), replace(GUESSED, lacking=needed)),
        Result(row("list shared"), replace(GUESSED, lacking=more)),
    ]


NEEDED = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["s3:A", "s3:GetObject", "s3:ListBucket"],
            "Resource": f"{BUCKET}/*",
        },
        {"Effect": "Allow", "Action": ["s3:PutObject"], "Resource": QUEUE},
    ],
}


def test_what_others_have_to_add_is_one_policy(capsys: pytest.CaptureFixture[str]) -> None:
    who = row("read shared").caller.arn
    lines = shown(lacking(), capsys)
    at = lines.index(f"reader: {who} still needs, in a policy of its own:")
    printed = "".join(lines[at + 1 : lines.index("    }") + 1])
    assert json.loads(printed) == NEEDED
    assert lines[at + 2] == '      "Version": "2012-10-17",'
    assert as_json("prod", lacking(), [])["lacking"] == [
        {"consumer": "reader", "principal": who, "policy": NEEDED}
    ]


def test_a_script_gets_everything_by_its_documented_names() -> None:
    told = as_json("prod", results(), ["an object"])
    assert set(told) == {"stack", "summary", "lacking", "rows", "left"}
    assert (told["stack"], told["left"], told["lacking"]) == ("prod", ["an object"], [])
    assert told["summary"] == {
        "reader": {"as intended": 2, "could not be checked": 1, "not as intended": 1},
        "writer": {"as intended": 1, "could not be checked": 0, "not as intended": 0},
    }
    assert [each["what"] for each in told["rows"]] == [each.row.what for each in results()]
    assert told["rows"][2] == {
        "consumer": "reader",
        "what": "delete in shared",
        "expected": "refused",
        "found": "refused",
        "verdict": "as intended",
        "code": None,
        "decidedBy": "engine",
        "obstacle": "no credentials of reader at hand",
        "hindrance": "no credentials of reader at hand",
        "why": "x",
        "seconds": 0,
    }
    assert (told["rows"][0]["seconds"], told["rows"][0]["why"]) == (0.123, None)
    failures = as_json("prod", results(), [], only_failures=True)["rows"]
    assert [each["what"] for each in failures] == ["read shared", "write to shared"]


def read(proof: Proof) -> tuple[Any, Any]:
    text = as_junit("prod", proof, results(), "2030-01-01T00:00:00")
    assert text.startswith("<?xml")
    suites = ElementTree.fromstring(text)  # noqa: S314 - our own
    (suite,) = suites
    return suites, suite


def test_a_ci_system_gets_a_case_for_the_proof_and_each_row() -> None:
    suites, suite = read(PROVED)
    numbers = {"tests": "6", "failures": "1", "errors": "1", "skipped": "0", "time": "2.247"}
    assert (suites.tag, suites.attrib) == ("testsuites", {"name": "access verify", **numbers})
    about = {"name": "stack prod", "timestamp": "2030-01-01T00:00:00"}
    assert (suite.tag, suite.attrib) == ("testsuite", {**about, **numbers})
    first, *cases = suite
    assert {each.tag for each in suite} == {"testcase"}
    assert first.attrib == {
        "classname": "access.prod.documents",
        "name": "allow what is declared and nothing more",
        "time": "0.000",
    }
    assert list(first) == []
    assert [each.attrib for each in cases] == [
        {
            "classname": f"access.prod.{each.row.consumer}",
            "name": each.row.what,
            "time": f"{each.finding.seconds:.3f}",
        }
        for each in results()
    ]
    assert [[each.tag for each in case] for case in cases] == [
        ["system-out"],
        ["failure", "system-out"],
        ["system-out"],
        ["error", "system-out"],
        ["system-out"],
    ]
    assert cases[1][0].attrib == {
        "message": "reader: read shared: must be allowed, and is refused (by AWS); AccessDenied: "
        "GetObject: no",
        "type": "not as intended",
    }
    assert cases[3][0].attrib["type"] == "could not be checked"
    assert [case.findtext("system-out") for case in cases] == [
        f"decided by {each.finding.judge.value}" for each in results()
    ]


def test_a_proof_that_cannot_be_had_is_an_error() -> None:
    suites, (first, *_) = read(unproved("policy/Hidden cannot be read"))
    assert (suites.attrib["errors"], suites.attrib["failures"]) == ("2", "1")
    (problem,) = first
    assert problem.tag == "error"
    assert problem.attrib["type"] == "could not be checked"
    assert "policy/Hidden cannot be read" in problem.attrib["message"]
