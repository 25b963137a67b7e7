"""`access verify` as a person, a script and a CI system meet it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from cross_account_access.aws import CallerIdentity
from cross_account_access.command.cli import main
from cross_account_access.command.proof.proving import unproved
from cross_account_access.command.verification import profiles
from cross_account_access.credentials import aws_files
from cross_account_access.errors import NotDeployedError, UncheckedError
from cross_account_access.stack import Stack, resources_of_state
from tests.support.deployment import Deployment, deploy, stack_values
from tests.support.proof import state_of
from tests.support.states import ROLE, USER
from tests.unit.verification.stand_in import Aws, error

FOREIGN = "somebody-elses"
SEEN = {"list_objects_v2": {"Contents": [{"Key": "a"}]}}
BUCKET = "production-test-bucket-101"
READS = ("list_objects_v2", "get_object", "get_bucket_location")
PROFILES = {
    "StageAdmin": CallerIdentity(arn=USER, account_id="444455556666"),
    "Developer": CallerIdentity(
        arn="arn:aws:iam::444455556666:user/Developer", account_id="444455556666"
    ),
    "Elsewhere": CallerIdentity(
        arn="arn:aws:iam::777788889999:user/StageAdmin", account_id="777788889999"
    ),
}


def as_administrator(name: str, told: dict[str, Any]) -> Any:
    """Requests without a signature come this way too where there are no other credentials."""
    return error("AccessDenied", name) if told["by"] == "nobody" else SEEN.get(name)


@dataclass
class World:
    """AWS as the walkthrough leaves it, but for what a test breaks."""

    allowed: set[str] = field(default_factory=lambda: {*READS})
    """What the role may."""
    broken: dict[str, Any] = field(default_factory=dict)
    """By operation of the role: what happens instead."""
    administrator: Aws = field(default_factory=lambda: Aws(as_administrator))
    asked: list[str] = field(default_factory=list)
    """Profiles that were asked who they are."""

    def answer(self, name: str, told: dict[str, Any]) -> Any:
        if name == "assume_role":
            return self.broken.get(name)
        is_theirs = told.get("Bucket") == FOREIGN
        if told["by"] != "role" or told["endpoint"].startswith("http://") or is_theirs:
            return error("AccessDenied", name)
        if name in self.broken:
            return self.broken[name]
        return None if name in self.allowed else error("AccessDenied", name)


@dataclass(frozen=True)
class Ran:
    status: int
    out: str
    err: str

    @property
    def rows(self) -> list[str]:
        """The lines after those of the proof, which holds, and of the layers."""
        proof, layers, *rows = self.out.splitlines()
        assert proof.startswith("proved: documents allow what is declared and nothing more (live;")
        assert layers.startswith("layers: ")
        return rows


Verify = Callable[..., Ran]


@pytest.fixture(scope="module")
def deployed() -> Deployment:
    return deploy(stack_values("prod"))


@pytest.fixture
def exported(deployed: Deployment) -> dict[str, Any]:
    return deployed.outputs


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, deployed: Deployment, exported: dict[str, Any]) -> World:
    """A deployed stack, and profiles of its user and its administrators."""
    world = World()
    consumers = Aws(world.answer)

    def identify(profile: str, region: str | None = None) -> CallerIdentity:
        assert region == "us-west-2"
        world.asked.append(profile)
        return PROFILES[profile]

    monkeypatch.setattr(Stack, "outputs", lambda _: exported)
    monkeypatch.setattr(Stack, "state", lambda _: resources_of_state(state_of(deployed)))
    monkeypatch.setattr(profiles, "identify", identify)
    monkeypatch.setattr(aws_files, "exists", lambda _: True)
    monkeypatch.setattr(profiles, "_session", lambda *_: consumers.session())
    monkeypatch.setattr(profiles, "session_of", lambda _: world.administrator.session())
    monkeypatch.setattr(
        "cross_account_access.command.verification.documents.live", lambda known: known
    )
    monkeypatch.setattr(
        "cross_account_access.command.verbs.verify.foreign_bucket",
        lambda *_: f"arn:aws:s3:::{FOREIGN}",
    )
    return world


@pytest.fixture
def verify(capfd: pytest.CaptureFixture[str]) -> Verify:
    def run(*words: str) -> Ran:
        try:
            status = main(["verify", "--stack", "prod", "--patience", "0", *words])
        except SystemExit as end:  # argparse
            status = int(end.code or 0)
        out, err = capfd.readouterr()
        return Ran(status, out, err)

    return run


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
