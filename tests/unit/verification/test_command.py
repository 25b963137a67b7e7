"""`access verify` as a person, a script and a CI system meet it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from cross_account_access.command.verification import profiles
from cross_account_access.errors import NotDeployedError, UncheckedError
from tests.support.states import USER
from tests.unit.verification.stand_in import error
from tests.unit.verification.verifying import BUCKET, PROFILES, Verify, World


@pytest.mark.usefixtures("aws")
def test_layers_count_and_it_is_told_which_were_seen(
    verify: Verify, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the live documents, and of the state where the live ones cannot be read."""
    told = verify("--json")
    assert "service control policies: not seen" in json.loads(told.out)["proof"]["layers"]
    every = {"Effect": "Allow", "NotAction": "sts:AssumeRole", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [every]}
    for level in ("organization", "organization/444455556666"):
        folder = tmp_path / level / "service-control-policies"
        folder.mkdir(parents=True)
        (folder / "no-roles.json").write_text(json.dumps(document))
    seen = "layers: service control policies: not seen of production; "
    narrower = "- staging:user/StageAdmin may sts:AssumeRole production:role/StageRole"
    ran = verify("--layers", str(tmp_path))
    assert (ran.status, seen in ran.out, narrower in ran.out) == (1, True, True)

    monkeypatch.setattr(profiles, "administrator", lambda account, _: (account, None))
    ran = verify("--layers", str(tmp_path))
    assert (ran.status, seen in ran.out, narrower in ran.out) == (1, True, True)
    assert "between documents and declaration (state;" in ran.out


def test_everything_as_intended(aws: World, verify: Verify) -> None:
    ran = verify()
    assert ran.status == 0, ran.out
    assert aws.asked == ["StageAdmin"]
    lines = ran.rows
    assert lines[0].split()[:4] == ["consumer", "what", "expected", "found"]
    (written,) = (line for line in lines if f"  write to {BUCKET}  " in line)
    assert written.split()[-5:-1] == ["refused", "refused", "AccessDenied", "AWS"]
    assert "could not" not in ran.out
    assert lines[-1].endswith(" as intended")
    assert "not as intended" not in lines[-1]


def test_what_the_stack_made_may_assume_nothing_else(aws: World, verify: Verify) -> None:
    assert aws.asked == []
    rows = {row["what"]: row for row in json.loads(verify("--json").out)["rows"]}
    for which in ("Staging", "Production, as StageRole"):
        row = rows[f"assume any role of Production that trusts {which}"]
        assert (row["expected"], row["found"], row["decidedBy"]) == ("refused", "refused", "engine")


def test_what_is_not_as_intended_is_named_first(aws: World, verify: Verify) -> None:
    aws.allowed.add("put_object")
    ran = verify()
    assert ran.status == 1
    assert ran.rows[0] == (
        f"not as intended: stage-admin: write to {BUCKET}: must be refused, and is allowed (by AWS)"
    )
    # What it wrote goes again.
    cleaned = {each["Prefix"] for each in aws.administrator.made("list_object_versions")}
    put = [each["Key"] for each in aws.administrator.made("put_object")]
    assert put
    assert all(key.startswith(tuple(cleaned)) for key in put)


def test_what_could_not_be_checked_is_no_pass(aws: World, verify: Verify) -> None:
    aws.broken["list_objects_v2"] = error("SlowDown", "ListObjectsV2")
    ran = verify()
    assert ran.status == 3
    first = ran.rows[0]
    assert first.startswith(f"could not be checked: stage-admin: list {BUCKET}: must be allowed;")
    assert "SlowDown" in first


def test_what_is_wrong_comes_before_what_is_not_known(aws: World, verify: Verify) -> None:
    aws.broken["get_bucket_location"] = error("SlowDown")
    aws.allowed.add("delete_object")
    ran = verify()
    assert ran.status == 1
    first, second, *_ = ran.rows
    assert first.startswith(f"not as intended: stage-admin: delete in {BUCKET}")
    assert second.startswith("could not be checked: stage-admin: ask for the region of")


def test_json_has_every_row_and_nothing_else(aws: World, verify: Verify) -> None:
    aws.broken["get_object"] = error("AccessDenied", "GetObject")
    ran = verify("--json")
    assert ran.status == 1
    output = json.loads(ran.out)
    assert output["stack"] == "prod"
    assert output["left"] == []
    (read,) = (row for row in output["rows"] if row["what"] == f"read {BUCKET}")
    assert read == {
        "consumer": "stage-admin",
        "what": f"read {BUCKET}",
        "expected": "allowed",
        "found": "refused",
        "verdict": "not as intended",
        "code": "AccessDenied",
        "decidedBy": "AWS",
        "obstacle": None,
        "hindrance": None,
        "why": "GetObject: AccessDenied it is",
        "seconds": read["seconds"],
    }
    assert {row["decidedBy"] for row in output["rows"]} == {"AWS", "engine"}


def test_each_consumer_is_summed_up(aws: World, verify: Verify) -> None:
    aws.allowed.add("delete_object")
    aws.broken["list_objects_v2"] = error("SlowDown")
    ran = verify()
    summary = json.loads(verify("--json").out)["summary"]
    assert set(summary) == {"stage-admin", "everybody else"}
    assert summary["stage-admin"]["not as intended"] == 1
    assert summary["everybody else"] == {
        "as intended": summary["everybody else"]["as intended"],
        "could not be checked": 0,
        "not as intended": 0,
    }
    told = {
        name: ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count)
        for name, counts in summary.items()
    }
    totals = {name: sum(counts.values()) for name, counts in summary.items()}
    assert ran.out.splitlines()[-3:-1] == [
        f"{name}: {totals[name]} rows: {told[name]}" for name in ("stage-admin", "everybody else")
    ]
    assert ran.out.splitlines()[-1].startswith(f"{sum(totals.values())} rows: ")


def test_only_failures_are_shown_and_all_rows_counted(
    aws: World, verify: Verify, tmp_path: Path
) -> None:
    aws.allowed.add("delete_object")
    aws.broken["list_objects_v2"] = error("SlowDown")
    everything = json.loads(verify("--json").out)
    file = tmp_path / "verify.xml"
    ran = verify("--json", "--only-failures", "--junit", str(file))
    output = json.loads(ran.out)
    assert ran.status == 1
    failures = [row["what"] for row in everything["rows"] if row["verdict"] != "as intended"]
    assert [row["what"] for row in output["rows"]] == failures
    assert f"delete in {BUCKET}" in failures
    assert len(failures) < len(everything["rows"])
    assert output["summary"] == everything["summary"]
    suites = ElementTree.parse(file).getroot()  # noqa: S314 - our own
    assert suites.attrib["tests"] == str(1 + len(everything["rows"]))
    shown = verify("--only-failures").out
    assert f"  delete in {BUCKET}  " in shown
    assert f"  write to {BUCKET}  " not in shown
    assert f"{len(everything['rows'])} rows: " in shown


def test_without_failures_only_the_counts_are_shown(aws: World, verify: Verify) -> None:
    assert aws.asked == []
    lines = verify("--only-failures").rows
    assert [line.partition(":")[0] for line in lines[:-1]] == ["stage-admin", "everybody else"]
    assert lines[-1].endswith(" as intended")


def test_junit_is_as_ci_systems_read_it(aws: World, verify: Verify, tmp_path: Path) -> None:
    aws.allowed.add("delete_object")
    aws.broken["list_objects_v2"] = error("SlowDown")
    file = tmp_path / "verify.xml"
    assert verify("--junit", str(file)).status == 1
    suites = ElementTree.parse(file).getroot()  # noqa: S314 - our own
    assert suites.tag == "testsuites"
    (suite,) = suites
    assert suite.tag == "testsuite"
    assert set(suite.attrib) >= {"name", "tests", "failures", "errors", "skipped", "time"}
    cases = list(suite)
    assert {case.tag for case in cases} == {"testcase"}
    assert len(cases) == int(suite.attrib["tests"]) == int(suites.attrib["tests"])
    assert {case.attrib["classname"] for case in cases} == {
        "access.prod.documents",
        "access.prod.stage-admin",
        "access.prod.everybody else",
    }
    for case in cases:
        assert float(case.attrib["time"]) >= 0
    failed = [case.attrib["name"] for case in cases if case.find("failure") is not None]
    assert failed == [f"delete in {BUCKET}"]
    assert suite.attrib["failures"] == "1"
    troubled = [case.attrib["name"] for case in cases if case.find("error") is not None]
    assert f"list {BUCKET}" in troubled
    assert int(suite.attrib["errors"]) == len(troubled)


def test_a_junit_file_that_is_lost_is_told_beside_the_rows(aws: World, verify: Verify) -> None:
    told = "access: --junit /dev/full: No space left on device\n"
    ran = verify("--junit", "/dev/full")
    assert ran.status == 3
    assert ran.err.endswith(told)
    assert ran.out.endswith(" as intended\n")
    aws.allowed.add("delete_object")
    ran = verify("--junit", "/dev/full")
    assert ran.status == 1
    assert ran.err.endswith(told)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--consumer", "stage-admn"), "no consumer 'stage-admn'; did you mean stage-admin?"),
        (("--consumer", "x"), "no consumer 'x'; it has: stage-admin"),
        (("--profile", "stage-admn=P"), "--profile: the stack has no consumer 'stage-admn'"),
        (("--profile", "P"), "'P' must be a consumer and its CLI profile"),
        (("--junit", "no/such/folder/x.xml"), "--junit no/such/folder/x.xml: No such file"),
        (("--patience", "soon"), "'soon' must be a number of seconds"),
        (("--probe-prefix", "/x*"), "'/x*' must be 1 to 100 letters"),
        (("--other", "StageAdmin"), "whom consumer stage-admin lets in"),
    ],
)
def test_wrong_usage_is_one_message(
    aws: World, verify: Verify, words: tuple[str, ...], told: str
) -> None:
    ran = verify(*words)
    assert ran.status == 2, ran.err
    assert told in ran.err
    assert ran.out == ""
    assert aws.administrator.calls == []


def test_credentials_of_somebody_else_prove_nothing(aws: World, verify: Verify) -> None:
    ran = verify("--profile", "stage-admin=Elsewhere")
    assert ran.status == 3
    assert f"profile Elsewhere is {PROFILES['Elsewhere'].arn}" in ran.err
    assert f"but consumer stage-admin is {USER}" in ran.err
    ran = verify("--other", "Elsewhere")
    assert ran.status == 3
    assert "is of account 777788889999; name a profile of Staging" in ran.err
    assert aws.administrator.calls == []


@pytest.mark.parametrize("problem", [UncheckedError, NotDeployedError])
def test_what_cannot_be_asked_at_all_is_one_message(
    aws: World, verify: Verify, monkeypatch: pytest.MonkeyPatch, problem: type[UncheckedError]
) -> None:
    def fail(*_: Any) -> None:
        message = "AWS STS cannot be reached"
        raise problem(message)

    assert aws.asked == []
    monkeypatch.setattr(profiles, "identify", fail)
    ran = verify()
    assert ran.status == 3
    assert ran.err.splitlines()[-1] == "access: AWS STS cannot be reached"
    assert ran.out == ""


def test_help_says_what_the_status_means(verify: Verify) -> None:
    ran = verify("--help")
    assert ran.status == 0
    for words in ("--patience", "--other", "--probe-prefix", "could not be checked"):
        assert words in ran.out
