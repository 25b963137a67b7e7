"""What counts as a refusal, what is asked of AWS, and what is asked again."""

from __future__ import annotations

import time
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from cross_account_access.command.verification.attempts import Attempts
from cross_account_access.command.verification.findings import Found, Judge, Verdict
from cross_account_access.command.verification.probe_objects import ProbeObjects
from cross_account_access.command.verification.probes import Actors, Probes
from cross_account_access.command.verification.rows import Row, Use
from tests.unit.verification.declared import (
    PRODUCTION,
    QUEUE,
    SECRET,
    STATE_MACHINE,
    TABLE,
    TOPIC,
    consumer,
    contract,
    grant,
    rows,
)
from tests.unit.verification.stand_in import Aws, clock, error

FROM_ELSEWHERE = "requests must come from certain addresses or through a VPC endpoint"
READER = contract(consumer(grant("list", "read")))


def row_of(what: str, declared: Any = READER) -> Row:
    (found,) = (row for row in rows(declared) if row.what == what)
    return found


def probes(aws: Aws, *, administrator: bool = True, plain: str | None = None) -> Probes:
    session = aws.session()
    actors = Actors(
        sessions={"reader": session},
        production=session if administrator else None,
        region="us-west-2",
        plain_http_endpoint=plain,
    )
    return Probes(actors, ProbeObjects(session if administrator else None, ()))


def found(what: str, code: str | None, *, call: str, declared: Any = READER) -> Any:
    """What becomes of a row when a call of its ends with an error code, or passes."""
    aws = Aws(lambda name, _: error(code) if code and name == call else None)
    return probes(aws).ask(row_of(what, declared))


@pytest.mark.parametrize(
    ("what", "call"),
    [
        ("list shared", "list_objects_v2"),
        ("read shared", "get_object"),
        ("delete in shared", "delete_object"),
        ("assume ReaderAccess", "assume_role"),
    ],
)
def test_only_a_plain_refusal_is_one(what: str, call: str) -> None:
    assert found(what, None, call=call).found is Found.ALLOWED
    refused = found(what, "AccessDenied", call=call)
    assert (refused.found, refused.code) == (Found.REFUSED, "AccessDenied")
    for code in ("NoSuchBucket", "NoSuchKey", "SlowDown", "ExpiredToken", "403", "Throttling"):
        undecided = found(what, code, call=call)
        assert undecided.found is Found.UNDECIDED, code
        assert undecided.code == code
        assert undecided.judge is Judge.AWS


def test_no_network_is_no_refusal() -> None:
    lost = EndpointConnectionError(endpoint_url="https://s3.example.com")
    finding = probes(Aws(lambda name, _: lost if name == "list_objects_v2" else None)).ask(
        row_of("list shared")
    )
    assert finding.found is Found.UNDECIDED
    assert "https://s3.example.com" in finding.why


def test_a_role_that_cannot_be_assumed_leaves_its_rows_undecided() -> None:
    for what in ("list shared", "write to shared"):
        finding = found(what, "AccessDenied", call="assume_role")
        assert finding.found is Found.UNDECIDED
        assert "could not be assumed (AccessDenied)" in finding.why


def test_everything_that_the_role_wants_is_stated_and_only_that() -> None:
    aws = Aws(lambda _name, _: None)
    wanting = contract(
        consumer(
            grant("read"),
            external_id="e-1",
            session_tags={"team": "data"},
            source_identity_required=True,
            source_identities=("Alice",),
        )
    )
    probes(aws).ask(row_of("assume ReaderAccess", wanting))
    probes(aws).ask(row_of("assume ReaderAccess without session tags", wanting))
    probes(aws).ask(row_of("assume ReaderAccess without its external ID", wanting))
    right, untagged, without = aws.made("assume_role")
    assert right["ExternalId"] == "e-1"
    assert right["SourceIdentity"] == "Alice"
    assert right["Tags"] == [{"Key": "team", "Value": "data"}]
    assert right["DurationSeconds"] == 900
    assert "Tags" not in untagged
    assert "ExternalId" not in without


def test_a_long_session_is_read_of_the_role_and_never_asked_for() -> None:
    what = "assume ReaderAccess for more than 3600 seconds"
    for longest, ends in ((3600, Found.REFUSED), (7200, Found.ALLOWED)):
        role = {"Role": {"MaxSessionDuration": longest}}
        aws = Aws(lambda name, _, role=role: role if name == "get_role" else None)  # type: ignore[misc]
        assert probes(aws).ask(row_of(what)).found is ends
        assert aws.made("assume_role") == []


def test_plain_http_is_really_plain() -> None:
    aws = Aws(lambda _name, _: None)
    row = row_of("list shared over plain HTTP")
    assert probes(aws).ask(row).found is Found.ALLOWED
    assert aws.made("list_objects_v2")[0]["endpoint"].startswith("http://s3.")
    assert probes(aws, plain="http://127.0.0.1:9").ask(row).found is Found.ALLOWED
    assert aws.made("list_objects_v2")[1]["endpoint"] == "http://127.0.0.1:9"


def test_nothing_else_goes_over_plain_http() -> None:
    """The request for the role neither, nor what finds an object to read."""
    aws = Aws(lambda _name, _: None)
    asking = probes(aws, administrator=False)
    for what in ("list shared", "read shared", "list shared over plain HTTP"):
        asking.ask(row_of(what))
    plain = [name for name, told in aws.calls if told["endpoint"].startswith("http:")]
    assert plain == ["list_objects_v2"]


def test_each_request_comes_with_the_session_of_its_own_role() -> None:
    arns = [f"arn:aws:iam::{PRODUCTION}:role/{name}" for name in ("First", "Second")]
    declared = contract(
        *(consumer(grant("list"), name=arn.rpartition("/")[2], role_arn=arn) for arn in arns)
    )
    aws = Aws(lambda _name, _: None)
    session = aws.session()
    actors = Actors(
        sessions=dict.fromkeys(declared.consumers, session), production=None, region="us-west-2"
    )
    asking = Probes(actors, ProbeObjects(None, ()))
    listing = [row for row in rows(declared) if row.what == "list shared"]
    for row in (*listing, *listing):
        assert asking.ask(row).found is Found.ALLOWED
    assert [each["RoleArn"] for each in aws.made("assume_role")] == arns


@pytest.mark.parametrize("arn", [TABLE, STATE_MACHINE])
def test_each_operation_is_asked_of_the_client_that_has_it(arn: str) -> None:
    """A stream of a table, and a state machine, have clients of other names than their ARNs."""
    declared = contract(consumer(grant("read", "stream", "start", arn=arn)))
    aws = Aws(lambda _name, _: None)
    asking = probes(aws)
    calls = set()
    for row in rows(declared):
        if isinstance(row.ask, Use) and row.ask.place.arn == arn and not asking.obstacle(row):
            asking.ask(row)
            calls |= {call.method for call in row.ask.operation.calls}
    assert calls <= {name for name, _ in aws.calls}
    assert calls


def test_plain_http_without_an_endpoint_is_not_mistaken_for_it() -> None:
    aws = Aws(lambda _name, _: None, endpoint="https://127.0.0.1:9")
    finding = probes(aws).ask(row_of("list shared over plain HTTP"))
    assert finding.found is Found.UNDECIDED
    assert finding.why == (
        "no endpoint of plain HTTP is known; name one with --plain-http-endpoint"
    )
    assert aws.made("list_objects_v2") == []


def test_reading_is_tried_on_an_object_that_exists() -> None:
    aws = Aws(lambda _name, _: None)
    probes(aws).ask(row_of("read shared"))
    (put,), (got,) = aws.made("put_object"), aws.made("get_object")
    assert put["Key"] == got["Key"] == "access-verify-0/object"


def test_without_an_administrator_an_object_that_is_there_serves() -> None:
    listed = {"Contents": [{"Key": "sunset.jpg"}]}
    aws = Aws(lambda name, _: listed if name == "list_objects_v2" else None)
    finding = probes(aws, administrator=False).ask(row_of("read shared"))
    assert finding.found is Found.ALLOWED
    assert aws.made("get_object")[0]["Key"] == "sunset.jpg"
    assert aws.made("put_object") == []


def test_without_any_object_reading_cannot_be_decided() -> None:
    """S3 answers for a missing key as for a forbidden one to whoever may not list."""
    aws = Aws(lambda name, _: error("AccessDenied") if "role" not in name else None)
    for what in ("read shared", "read shared without the role"):
        finding = probes(aws, administrator=False).ask(row_of(what))
        assert finding.found is Found.UNDECIDED
        assert finding.obstacle is not None
        assert "no object is known to exist" in finding.obstacle
    assert aws.made("get_object") == []


def test_an_administrator_who_may_not_put_is_no_refusal_of_the_reader() -> None:
    finding = found("read shared", "AccessDenied", call="put_object")
    assert finding.found is Found.UNDECIDED
    assert "administrator" in finding.why


@pytest.mark.parametrize(
    ("arn", "level", "what", "call", "refusal", "invalid"),
    [
        (TOPIC, "publish", "publish to news", "publish", "AuthorizationError", "InvalidParameter"),
        (QUEUE, "send", "send to jobs", "send_message", "AccessDenied", "InvalidParameterValue"),
        (
            QUEUE,
            "receive",
            "receive from jobs",
            "receive_message",
            "AccessDenied",
            "InvalidParameterValue",
        ),
        (
            SECRET,
            "read",
            "read db-AbCdEf",
            "get_secret_value",
            "AccessDeniedException",
            "ResourceNotFoundException",
        ),
        (
            SECRET,
            "read",
            "change db-AbCdEf",
            "put_secret_value",
            "AccessDeniedException",
            "InvalidRequestException",
        ),
        (
            TABLE,
            "write",
            "put an item into table/orders",
            "put_item",
            "AccessDeniedException",
            "ValidationException",
        ),
    ],
)
def test_a_message_request_without_effect_proves_refusals_only(
    arn: str, level: str, what: str, call: str, refusal: str, invalid: str
) -> None:
    declared = contract(consumer(grant(level, arn=arn)))
    assert found(what, refusal, call=call, declared=declared).found is Found.REFUSED
    finding = found(what, invalid, call=call, declared=declared)
    assert finding.found is Found.UNDECIDED
    assert finding.obstacle == (
        "AWS did not refuse a request that was made so as to have no effect"
    )
    assert found(what, "QueueDoesNotExist", call=call, declared=declared).obstacle is None


@pytest.mark.parametrize(
    ("what", "changes", "why"),
    [
        ("assume ReaderAccess", {"mfa": True}, "a code of an MFA device is asked for"),
        ("assume ReaderAccess", {"source_ips": ("203.0.113.0/24",)}, FROM_ELSEWHERE),
        ("read shared", {"vpc_endpoints": ("vpce-1",)}, FROM_ELSEWHERE),
        ("assume ReaderAccess", {"name": "nobody"}, "no credentials of nobody at hand"),
        (
            "assume ReaderAccess after 2031-01-01T00:00:00Z",
            {"expires_at": "2031-01-01T00:00:00Z"},
            "nobody can make this request at will",
        ),
        ("assume ReaderAccess as user/Reader-x", {}, "nobody at hand is such a principal"),
    ],
)
def test_what_nobody_at_hand_can_ask_is_said(what: str, changes: Any, why: str) -> None:
    declared = contract(consumer(grant("list", "read"), **changes))
    assert probes(Aws(lambda _name, _: None)).obstacle(row_of(what, declared)) == why


def test_what_would_leave_something_is_not_asked() -> None:
    declared = contract(consumer(grant("subscribe", arn=TOPIC)))
    nothing = Aws(lambda _name, _: None)
    assert "it would leave something behind" in {
        probes(nothing).obstacle(row) for row in rows(declared) if row.what.endswith(" news")
    }


def test_the_longest_session_is_known_to_an_administrator_alone() -> None:
    row = row_of("assume ReaderAccess for more than 3600 seconds")
    nothing = Aws(lambda _name, _: None)
    assert probes(nothing).obstacle(row) is None
    alone = probes(nothing, administrator=False)
    assert alone.obstacle(row) == "no administrator of Production at hand"


def test_a_role_with_a_path_is_asked_for_by_its_name() -> None:
    arn = f"arn:aws:iam::{PRODUCTION}:role/teams/data/ReaderAccess"
    aws = Aws(lambda _name, _: None)
    declared = contract(consumer(grant("read"), role_arn=arn))
    what = "assume ReaderAccess for more than 3600 seconds"
    assert probes(aws).ask(row_of(what, declared)).found is Found.REFUSED
    assert [each["RoleName"] for each in aws.made("get_role")] == ["ReaderAccess"]


def test_a_session_of_the_role_serves_for_ten_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    aws = Aws(lambda _name, _: None)
    asking = probes(aws)
    with clock(monkeypatch):
        for seconds, sessions in ((0, 1), (600, 1), (1, 2), (600, 2)):
            time.sleep(seconds)
            assert asking.ask(row_of("list shared")).found is Found.ALLOWED
            assert len(aws.made("assume_role")) == sessions
    assert {each["by"] for each in aws.made("list_objects_v2")} == {"role"}
    assert {each["RoleSessionName"] for each in aws.made("assume_role")} == {"access-verify"}


def test_how_long_it_took_is_told() -> None:
    assert 0 < found("list shared", None, call="list_objects_v2").seconds < 60


def test_a_refusal_for_want_of_mfa_can_be_asked_for() -> None:
    declared = contract(consumer(grant("read"), mfa=True, mfa_max_age=60))
    row = row_of("assume ReaderAccess without MFA", declared)
    assert probes(Aws(lambda _name, _: None)).obstacle(row) is None


def decided(
    monkeypatch: pytest.MonkeyPatch, what: str, answers: list[str | None], patience: float
) -> tuple[Verdict, list[float], list[str]]:
    """Asks for a row whose call ends in turn as said, and then as the last one."""
    output: list[str] = []

    def answer(name: str, _: Any) -> Any:
        if name != "list_objects_v2":
            return None
        code = answers.pop(0) if len(answers) > 1 else answers[0]
        return error(code) if code else None

    with clock(monkeypatch) as pauses:
        attempts = Attempts(probes(Aws(answer)), None, patience, output.append)
        (result,) = attempts.decide([row_of(what)])
    return result.verdict, pauses, output


def test_what_must_succeed_is_asked_again_until_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = ["AccessDenied", "AccessDenied", "AccessDenied", None]
    verdict, pauses, output = decided(monkeypatch, "list shared", answers, 60)
    assert verdict is Verdict.RIGHT
    assert pauses == [1, 2, 4]
    assert output[0].startswith("1 row is not as intended yet")


def test_what_must_be_refused_is_asked_again_too(monkeypatch: pytest.MonkeyPatch) -> None:
    what = "list shared over plain HTTP"
    verdict, pauses, _ = decided(monkeypatch, what, [None, "AccessDenied"], 60)
    assert verdict is Verdict.RIGHT
    assert pauses == [1]


def test_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    verdict, pauses, _ = decided(monkeypatch, "list shared", ["AccessDenied"], 60)
    assert verdict is Verdict.WRONG
    assert sum(pauses) == 60
    assert max(pauses) <= 16


def test_without_patience_everything_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    verdict, pauses, output = decided(monkeypatch, "list shared", ["AccessDenied", None], 0)
    assert verdict is Verdict.WRONG
    assert pauses == []
    assert output == []


def test_trouble_may_pass_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    verdict, _, _ = decided(monkeypatch, "list shared", ["SlowDown", None], 60)
    assert verdict is Verdict.RIGHT
    verdict, _, _ = decided(monkeypatch, "list shared", ["NoSuchBucket"], 10)
    assert verdict is Verdict.UNCHECKED


def test_what_only_documents_tell_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with clock(monkeypatch) as pauses:
        attempts = Attempts(probes(Aws(lambda _name, _: None)), None, 60, lambda _: None)
        (result,) = attempts.decide([row_of("assume ReaderAccess as user/Reader-x")])
    assert result.verdict is Verdict.UNCHECKED
    assert "cannot be read" in result.finding.why
    assert pauses == []


@pytest.mark.parametrize(
    ("code", "what", "is_cleaned"),
    [
        (None, "write to shared", True),
        # The answer may have been lost after S3 had done it.
        ("InternalError", "write to shared", True),
        ("InternalError", "delete in shared", True),
        (None, "delete in shared", True),
        ("AccessDenied", "delete in shared", False),
        # Who may write was refused: something else may have been done all the same.
        ("AccessDenied", "write to shared", True),
    ],
)
def test_what_may_have_been_written_is_cleaned_up(
    code: str | None, what: str, is_cleaned: bool
) -> None:
    aws = Aws(lambda name, _: error(code) if code and name != "assume_role" else None)
    administrator = Aws(lambda _name, _: None)
    objects = ProbeObjects(administrator.session(), ())
    actors = Actors(sessions={"reader": aws.session()}, production=None, region="us-west-2")
    Probes(actors, objects).ask(row_of(what, contract(consumer(grant("write")))))
    objects.clean()
    assert bool(administrator.made("list_object_versions")) is is_cleaned


def test_a_consumer_removes_what_it_wrote_where_there_is_no_administrator() -> None:
    aws = Aws(lambda _name, _: None)
    objects = ProbeObjects(None, ())
    actors = Actors(sessions={"reader": aws.session()}, production=None, region="us-west-2")
    Probes(actors, objects).ask(row_of("write to shared", contract(consumer(grant("write")))))
    (left,) = objects.clean()
    assert "only an administrator of Production can remove old versions" in left
    assert {each["by"] for each in aws.made("delete_object")} == {"role"}
