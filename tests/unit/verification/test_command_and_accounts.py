"""What `access verify` reads of the accounts, tries in them, and leaves there."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from cross_account_access.command.proof.proving import unproved
from cross_account_access.credentials import aws_files
from cross_account_access.stack import Stack
from tests.support.states import ROLE, USER
from tests.unit.verification.stand_in import error
from tests.unit.verification.verifying import BUCKET, FOREIGN, SEEN, Verify, World


def with_policy(*statements: dict[str, Any]) -> Callable[[Any], Any]:
    """Live accounts where somebody gave the role a policy more."""
    more = {"Version": "2012-10-17", "Statement": list(statements)}

    def live(known: Any) -> Any:
        role = known.roles[ROLE]
        policies = {**role["policies"], "more": more}
        return replace(known, roles={**known.roles, ROLE: {**role, "policies": policies}})

    return live


LIVE = "cross_account_access.command.verification.documents.live"
VERSIONS = {
    "Effect": "Allow",
    "Action": "s3:GetObjectVersion",
    "Resource": f"arn:aws:s3:::{BUCKET}/*",
}


def test_what_no_row_tries_is_proved_first(
    aws: World, verify: Verify, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert aws.asked == []
    monkeypatch.setattr(LIVE, with_policy(VERSIONS))
    file = tmp_path / "verify.xml"
    ran = verify("--junit", str(file))
    assert ran.status == 1
    told, question, summed_up, *_, last = ran.out.splitlines()
    assert told.startswith("+ staging:user/StageAdmin may s3:GetObjectVersion ")
    assert shlex.split(question)[:4] == ["access", "explain", ROLE, "s3:GetObjectVersion"]
    assert shlex.split(question)[-4:] == ["--from", "live", "--stack", "prod"]
    assert summed_up.startswith("not proved: 1 difference between documents and declaration (live;")
    assert last == summed_up
    assert " not as intended" not in ran.out
    (suite,) = ElementTree.parse(file).getroot()  # noqa: S314 - our own
    failures = {case.attrib["classname"]: case.find("failure") for case in suite}
    failure = failures["access.prod.documents"]
    assert failure is not None
    assert "s3:GetObjectVersion" in failure.attrib["message"]
    assert suite.attrib["failures"] == "1"
    output = json.loads(verify("--json", "--consumer", "stage-admin").out)["proof"]
    assert (output["proved"], output["source"]) == (False, "live")
    assert [each["actions"] for each in output["differences"]] == [["s3:GetObjectVersion"]]


def test_a_document_that_is_not_known_leaves_it_unchecked(
    aws: World, verify: Verify, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert aws.asked == []
    monkeypatch.setattr(
        "cross_account_access.command.verbs.verify.prove",
        lambda *_: unproved("policy/Hidden cannot be read"),
    )
    ran = verify("--only-failures")
    assert ran.status == 3
    assert ran.out.splitlines()[0] == "not read: policy/Hidden cannot be read"


def test_documents_that_are_not_known_yet_are_read_again(
    aws: World, verify: Verify, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading right after a change may tell what was before."""
    assert aws.asked == []
    answers = [with_policy(VERSIONS), with_policy()]

    def live(known: Any) -> Any:
        return answers.pop(0)(known)

    monkeypatch.setattr(LIVE, live)
    ran = verify("--patience", "1")
    assert ran.status == 0
    assert ran.rows


def test_an_interrupt_cleans_up(aws: World, verify: Verify) -> None:
    aws.broken["get_object"] = KeyboardInterrupt()
    ran = verify()
    assert ran.status == 130
    assert ran.err.endswith("access: interrupted\n")
    put = [each["Key"] for each in aws.administrator.made("put_object")]
    cleaned = [each["Prefix"] for each in aws.administrator.made("list_object_versions")]
    assert put
    assert [key.rpartition("/")[0] + "/" for key in put] == cleaned


def test_an_empty_bucket_of_somebody_else_is_left_to_the_engine(
    aws: World, verify: Verify, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SEEN, "list_objects_v2", {})
    ran = verify("--json")
    rows = {row["what"]: row for row in json.loads(ran.out)["rows"]}
    read = rows[f"read {FOREIGN}, which is not of the stack"]
    assert read["decidedBy"] == "engine"
    assert "no object is known to exist" in read["obstacle"]
    assert read["hindrance"] == read["obstacle"]
    assert all(each["Bucket"] != FOREIGN for each in aws.administrator.made("put_object"))


def test_what_is_left_is_told(aws: World, verify: Verify) -> None:
    aws.administrator.answer = lambda name, _: (
        error("AccessDenied", "ListObjectVersions") if name == "list_object_versions" else None
    )
    ran = verify("--json")
    (left,) = json.loads(ran.out)["left"]
    assert f"s3://{BUCKET}/access-verify-" in left
    assert left in ran.err


def test_the_probe_prefix_is_never_one_that_somebody_else_may_use(
    aws: World, verify: Verify
) -> None:
    for _ in range(2):
        verify("--probe-prefix", "canary/")
    keys = [each["Key"] for each in aws.administrator.made("put_object")]
    assert len(set(keys)) == 2
    assert all(key.startswith("canary/") for key in keys)


def test_another_principal_is_asked_if_there_is_one(aws: World, verify: Verify) -> None:
    ran = verify("--other", "Developer", "--json")
    (row,) = (
        row
        for row in json.loads(ran.out)["rows"]
        if row["what"].endswith("as another principal of Staging")
    )
    assert aws.asked == ["StageAdmin", "Developer"]
    assert row["decidedBy"] == "AWS"
    # It may assume the role in this world.
    assert row["verdict"] == "not as intended"


def test_without_administrators_the_rest_is_checked(
    aws: World, verify: Verify, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert aws.asked == []
    monkeypatch.setattr(aws_files, "exists", lambda name: name == "StageAdmin")
    monkeypatch.setattr("cross_account_access.command.verbs.verify.foreign_bucket", lambda *_: None)
    ran = verify("--json")
    assert ran.status == 3
    assert "no profile of both administrators" in ran.err
    assert "the proof is of what Pulumi last wrote, the state" in ran.err
    proof = json.loads(ran.out)["proof"]
    assert (proof["proved"], proof["source"]) == (True, "state")
    verdicts = {row["what"]: row["verdict"] for row in json.loads(ran.out)["rows"]}
    assert verdicts[f"list {BUCKET}"] == "as intended"
    assert verdicts[f"write to {BUCKET}"] == "as intended"
    assert verdicts["assume StageRole as user/StageAdmin-x"] == "could not be checked"


def test_without_credentials_of_the_consumer_the_engine_decides(
    aws: World, verify: Verify, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert aws.asked == []
    monkeypatch.setattr(aws_files, "exists", lambda name: name != "StageAdmin")
    ran = verify()
    assert ran.status == 0, ran.out
    assert "stage-admin" in ran.out
    assert "decided by the access engine: no credentials of stage-admin at hand" in ran.out


def test_policies_of_what_the_stack_did_not_make_are_read(
    aws: World, verify: Verify, monkeypatch: pytest.MonkeyPatch, exported: dict[str, Any]
) -> None:
    assert aws.asked == []
    queue = "arn:aws:sqs:us-west-2:111122223333:theirs"
    monkeypatch.setattr(Stack, "outputs", lambda _: {**exported, "resourceArns": {"jobs": queue}})
    there = "arn:aws:iam::444455556666:role/ops/Robot"
    monkeypatch.setattr(
        "cross_account_access.command.verbs.verify.existing_principals",
        lambda *_: {"stage-admin": (there,)},
    )
    read: list[Any] = []

    def live(known: Any) -> Any:
        read.append(known)
        return known

    monkeypatch.setattr("cross_account_access.command.verification.documents.live", live)
    what = {row["what"]: row["expected"] for row in json.loads(verify("--json").out)["rows"]}
    assert what["send to theirs"] == "refused"
    (known,) = read
    assert set(known.resources) == {
        *(f"arn:aws:s3:::{name}" for name in (BUCKET, FOREIGN)),
        queue,
    }
    assert known.resources[queue]["account"] == "111122223333"
    assert there in known.roles


def test_what_the_other_side_still_needs_is_told_to_be_pasted(
    aws: World, verify: Verify, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert aws.asked == []
    monkeypatch.setattr(aws_files, "exists", lambda name: name != "StageAdmin")
    monkeypatch.setattr(
        "cross_account_access.command.verbs.verify.existing_principals",
        lambda *_: {"stage-admin": (USER,)},
    )
    monkeypatch.setattr(
        "cross_account_access.command.verification.documents.live",
        lambda known: replace(known, users={USER: {"policies": {}}}),
    )
    needed = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": ["sts:AssumeRole"],
                "Resource": "arn:aws:iam::111122223333:role/StageRole",
            }
        ],
    }
    ran = verify("--json")
    assert ran.status == 1
    assert json.loads(ran.out)["lacking"] == [
        {"consumer": "stage-admin", "principal": USER, "policy": needed}
    ]
    output = verify("--only-failures").out.splitlines()
    layers = next(at for at, line in enumerate(output) if line.startswith("layers: "))
    first, told, *lines = output[layers + 1 :]
    assert first.startswith(
        "not as intended: stage-admin: assume StageRole: must be allowed, and is refused"
    )
    assert told == f"stage-admin: {USER} still needs, in a policy of its own:"
    end = lines.index("    }")
    assert json.loads("".join(lines[: end + 1])) == needed
    assert json.loads(verify("--json", "--profile", "stage-admin=StageAdmin").out)["lacking"] == []
