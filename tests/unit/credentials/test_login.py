"""A login writes one profile, and nothing when anything is wrong."""

import getpass
import json
import stat
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cross_account_access.credentials.aws_files import AwsFile
from tests.support.stand_in_sts import FAULTS, MFA_CODE, Sts
from tests.unit.credentials.conftest import CREDENTIALS, ROLE, Access

SERIAL = "arn:aws:iam::444455556666:mfa/StageAdmin"

pytestmark = pytest.mark.usefixtures("outputs", "sts", "credentials")


def expires_in(profile: str) -> timedelta:
    found = AwsFile.credentials().profile(profile) or {}
    return datetime.fromisoformat(found["x_security_token_expires"]) - datetime.now(UTC)


def use_key(credentials: Path, key: str) -> str:
    content = CREDENTIALS.replace("AKIASTAGE", key)
    credentials.write_text(content)
    return content


def test_login_writes_the_session_and_keeps_the_rest(access: Access, credentials: Path) -> None:
    ran = access("login")

    assert ran.status == 0
    assert credentials.read_text().startswith(CREDENTIALS + "\n[TempCred]\n")
    written = AwsFile.credentials().profile("TempCred") or {}
    assert written.pop("x_security_token_expires")
    assert written == {
        "aws_access_key_id": "ASIA1",
        "aws_secret_access_key": "s3cr3t",
        "aws_session_token": "t0k3n",
    }
    assert timedelta(minutes=59) < expires_in("TempCred") <= timedelta(minutes=60)
    assert AwsFile.config().profile("TempCred") == {"region": "us-west-2"}
    assert stat.S_IMODE(credentials.stat().st_mode) == 0o600


def test_login_tells_who_and_until_when_but_no_secret(access: Access) -> None:
    ran = access("login")
    output = ran.out + ran.err
    assert "arn:aws:sts::111122223333:assumed-role/StageRole/stage-admin" in output
    assert "(in 59 min)" in output
    assert "s3cr3t" not in output
    assert "t0k3n" not in output


def test_login_as_json(access: Access) -> None:
    told = json.loads(access("login", "--json").out)
    assert told["profile"] == "TempCred"
    assert told["arn"].endswith("assumed-role/StageRole/stage-admin")
    assert datetime.fromisoformat(told["expires"]) > datetime.now(UTC)


def test_the_consumers_user_name_is_the_source(access: Access, sts: Sts) -> None:
    access("login")
    assert [asked["Key"] for asked in sts.assumed] == ["AKIASTAGE"]
    assert sts.assumed[0]["RoleArn"] == ROLE


def test_what_is_asked_reaches_aws(
    access: Access, sts: Sts, declare: Callable[..., None], credentials: Path
) -> None:
    declare(
        kind="third_party",
        external_id="vendor-7",
        max_session_duration=7200,
        session_tags={"project": "apollo"},
    )
    sts.external_id = "vendor-7"
    credentials.write_text(CREDENTIALS.replace("StageAdmin", "Vendor"))

    ran = access(
        "login", "--profile", "Vendor", "--as", "prod", "--duration", "7200",
        "--session-name", "nightly", "--source-identity", "jo", "--tag", "team=b=c",
    )  # fmt: skip

    assert ran.status == 0
    (asked,) = sts.assumed
    assert (asked["RoleSessionName"], asked["SourceIdentity"]) == ("nightly", "jo")
    tags = [(asked[f"Tags.member.{n}.Key"], asked[f"Tags.member.{n}.Value"]) for n in (1, 2)]
    assert tags == [("project", "apollo"), ("team", "b=c")]
    assert timedelta(minutes=119) < expires_in("prod") <= timedelta(minutes=120)


def test_a_second_login_replaces_the_first(access: Access, credentials: Path) -> None:
    access("login")
    first = credentials.read_text()
    access("login", "--duration", "900")
    assert credentials.read_text().count("[TempCred]") == 1
    assert len(credentials.read_text().splitlines()) == len(first.splitlines())
    assert expires_in("TempCred") < timedelta(minutes=16)


def test_a_stale_legacy_token_is_removed_and_told(access: Access, credentials: Path) -> None:
    stale = "\n[TempCred]\naws_access_key_id = ASIAOLD\naws_security_token = old\noutput = json\n"
    credentials.write_text(CREDENTIALS + stale)

    ran = access("login")

    assert "removed a stale aws_security_token" in ran.out
    written = AwsFile.credentials().profile("TempCred") or {}
    assert "aws_security_token" not in written
    assert (written["aws_session_token"], written["output"]) == ("t0k3n", "json")


def test_logout_leaves_the_files_as_they_were(access: Access, credentials: Path) -> None:
    config = credentials.with_name("config")
    config.write_text("[profile work]\nregion = x\n")
    access("login")
    ran = access("logout")
    assert (ran.status, ran.out) == (0, "profile TempCred is removed\n")
    assert credentials.read_text() == CREDENTIALS
    assert config.read_text() == "[profile work]\nregion = x\n"


def test_logout_without_a_login_is_no_failure(access: Access) -> None:
    ran = access("logout", "--json")
    assert ran.status == 0
    assert json.loads(ran.out) == {"jsonVersion": 1, "profile": "TempCred", "removed": False}


def test_logout_does_not_touch_a_profile_of_somebodys_own(
    access: Access, credentials: Path
) -> None:
    ran = access("logout", "--as", "StageAdmin")
    assert ran.status == 2
    assert "StageAdmin was not written by access login" in ran.err
    assert credentials.read_text() == CREDENTIALS


def test_status_says_who_where_and_until_when(access: Access) -> None:
    access("login")
    ran = access("status")
    assert ran.status == 0
    assert ran.out.splitlines()[:2] == [
        "profile TempCred is arn:aws:sts::111122223333:assumed-role/StageRole/stage-admin",
        "in account 111122223333",
    ]
    assert "(in 59 min)" in ran.out
    assert "s3cr3t" not in ran.out
    assert json.loads(access("status", "--json").out)["account"] == "111122223333"


def test_status_fails_when_the_session_is_over(access: Access, sts: Sts) -> None:
    sts.lifetime = timedelta(seconds=-60)
    access("login")
    ran = access("status")
    assert ran.status == 1
    assert "the session ended at" in ran.out
    assert json.loads(access("status", "--json").out)["valid"] is False


def test_status_takes_a_consumer_and_says_whether_its_role_is_held(access: Access) -> None:
    access("login")
    ran = access("status", "--profile", "TempCred", "--consumer", "stage-admin")
    assert ran.status == 0
    assert ran.out.splitlines()[-1] == "holds the role of stage-admin"
    ran = access("status", "--as", "Other", "--consumer", "stage-admin")
    assert ran.status == 1


def test_status_fails_without_a_login(access: Access) -> None:
    ran = access("status")
    assert ran.status == 1
    assert ran.out == (
        "profile TempCred: there is no such profile; run access login --as TempCred\n"
    )


def test_rejects_the_status_of_a_profile_without_a_region(access: Access) -> None:
    ran = access("status", "--as", "StageAdmin")
    assert ran.status == 3
    assert ran.err.startswith("access: profile StageAdmin names no region\n")


def test_a_code_is_asked_for_on_a_terminal(
    access: Access, sts: Sts, declare: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(mfa=True)
    sts.mfa_serial = SERIAL
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(getpass, "getpass", {f"MFA code of {SERIAL}: ": MFA_CODE}.__getitem__)

    assert access("login").status == 0
    assert len(sts.assumed) == 1


def test_a_code_can_be_given(access: Access, sts: Sts, declare: Callable[..., None]) -> None:
    declare(mfa=True)
    sts.mfa_serial = "arn:aws:iam::444455556666:mfa/phone"
    ran = access("login", "--mfa-code", MFA_CODE, "--mfa-serial", sts.mfa_serial)
    assert ran.status == 0


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (("--mfa-code", "000000"), 1, f"access: AWS refused the MFA code of {SERIAL} (Multi"),
        ((), 2, f"access: the role wants a code of {SERIAL}; give it with --mfa-code"),
        (("--mfa-code", "12a"), 2, "'12a' must be the 6 digits that the MFA device shows"),
    ],
)
def test_rejects_a_login_without_the_right_code(
    access: Access,
    sts: Sts,
    declare: Callable[..., None],
    credentials: Path,
    words: tuple[str, ...],
    status: int,
    told: str,
) -> None:
    declare(mfa=True)
    sts.mfa_serial = SERIAL
    ran = access("login", *words)
    assert ran.status == status
    assert told in ran.err
    assert credentials.read_text() == CREDENTIALS


@pytest.mark.parametrize(
    ("key", "status", "told"),
    [
        ("AKIAEXPIRED", 3, "the credentials of profile StageAdmin have expired"),
        ("AKIAUNKNOWN", 3, "AWS does not accept the access key of profile StageAdmin (InvalidCl"),
        ("AKIAWRONGSECRET", 3, "AWS does not accept the access key of profile StageAdmin (Sign"),
        ("AKIASLOWCLOCK", 3, "this machine's clock differs from that of AWS (SignatureDoes"),
        ("AKIAFASTCLOCK", 3, "this machine's clock differs from that of AWS (RequestExpired"),
        ("AKIADENIED", 1, f"AWS does not let profile StageAdmin assume {ROLE} (User: arn:"),
        ("AKIATOOLONG", 1, f"AWS refused {ROLE} for profile StageAdmin (ValidationError: The"),
    ],
)
def test_rejects_what_aws_refuses_and_leaves_the_files(
    access: Access, credentials: Path, key: str, status: int, told: str
) -> None:
    assert key in FAULTS
    content = use_key(credentials, key)
    ran = access("login")
    assert ran.status == status
    message = ran.err.split("access: ")[-1]
    assert message.startswith(told)
    assert len(message.splitlines()) <= 2
    assert credentials.read_text() == content
    assert not credentials.with_name("config").exists()


def test_rejects_a_login_without_network(
    access: Access, credentials: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setattr("time.sleep", lambda _: None)
    ran = access("login")
    assert ran.status == 3
    assert "AWS cannot be reached with profile StageAdmin (" in ran.err
    assert "Traceback" not in ran.err
    assert credentials.read_text() == CREDENTIALS


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (("--profile", "Nobody"), 3, "profile Nobody is not in your AWS config or credentials"),
        (("--consumer", "vendor"), 2, "no consumer 'vendor'; it has: stage-admin"),
        (("--as", "StageAdmin"), 2, "would overwrite the profile that it comes from"),
        (("--as", "two words"), 2, "'two words' must be the name of a CLI profile without spaces"),
        (("--duration", "7200"), 2, "the role of stage-admin gives at most 3600 seconds"),
        (("--duration", "899"), 2, "'899' must be 900 to 43200 seconds"),
        (("--session-name", "x"), 2, "'x' must be a session name of 2 to 64 letters"),
        (("--tag", "project"), 2, "'project' must be a session tag as KEY=VALUE"),
        (("--source-identity", "a b"), 2, "'a b' must be a source identity of 2 to 64 letters"),
    ],
)
def test_rejects_a_login_that_cannot_work(
    access: Access, credentials: Path, sts: Sts, words: tuple[str, ...], status: int, told: str
) -> None:
    ran = access("login", *words)
    assert ran.status == status
    assert told in ran.err
    assert credentials.read_text() == CREDENTIALS
    assert not sts.assumed


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ("aws_access_key_id = AKIAOWN\naws_secret_access_key = own", "holds a long-lived access"),
        ("credential_process = /bin/x", "has credentials of its own by credential_process"),
    ],
)
def test_rejects_to_overwrite_what_is_not_a_session(
    access: Access, credentials: Path, sts: Sts, section: str, told: str
) -> None:
    content = f"{CREDENTIALS}\n[TempCred]\n{section}\n"
    credentials.write_text(content)
    ran = access("login")
    assert ran.status == 2
    assert told in ran.err
    assert credentials.read_text() == content
    assert not sts.assumed


def test_rejects_a_name_whose_role_would_be_used_in_place_of_the_session(
    access: Access, credentials: Path, sts: Sts
) -> None:
    credentials.with_name("config").write_text("[profile TempCred]\nrole_arn = x\n")
    ran = access("login")
    assert ran.status == 2
    assert "profile TempCred has credentials of its own by role_arn" in ran.err
    assert not sts.assumed


def test_no_session_is_asked_for_that_could_not_be_written(
    access: Access, credentials: Path, sts: Sts
) -> None:
    credentials.chmod(0o400)
    ran = access("login")
    assert ran.status == 3
    assert f"{credentials}: is read-only" in ran.err
    assert not sts.assumed


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"role_arn": None}, "consumer stage-admin has no role"),
        ({"kind": "ec2"}, "consumer stage-admin is machines (ec2)"),
        ({"source_identity_required": True}, "wants to know who you are: give --source-identity"),
        ({"kind": "oidc"}, "signs in with a token of its identity provider"),
        ({"kind": "organization"}, "is no user but of the kind organization"),
        ({"kind": "principals", "mfa": True}, "name the device with --mfa-serial"),
    ],
)
def test_rejects_a_consumer_who_logs_in_otherwise(
    access: Access, declare: Callable[..., None], changes: dict[str, Any], told: str
) -> None:
    declare(**changes)
    ran = access("login")
    assert ran.status == 2
    assert told in ran.err


def test_rejects_another_contract(access: Access, outputs: dict[str, Any]) -> None:
    outputs["contractVersion"] = "3"
    ran = access("login")
    assert ran.status == 3
    assert ran.err.startswith("access: contractVersion is 3, and this reader understands 1 and 2")


def test_the_outputs_can_come_from_a_file(
    access: Access, outputs: dict[str, Any], sts: Sts, tmp_path: Path
) -> None:
    path = tmp_path / "outputs.json"
    path.write_text(access("outputs").out)
    outputs.clear()  # the stack itself is out of reach
    assert access("login", "--outputs", str(path)).status == 0
    assert sts.assumed[0]["RoleArn"] == ROLE


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "No such file or directory"),
        ("x = 1", "is no JSON; make it with access outputs > FILE"),
        (b"\xff", "is no JSON"),
        ("[]", "must be one JSON object"),
    ],
)
def test_rejects_a_file_that_is_no_outputs(
    access: Access, sts: Sts, tmp_path: Path, content: str | bytes | None, told: str
) -> None:
    path = tmp_path / "outputs.json"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    ran = access("login", "--outputs", str(path))
    assert ran.status == 2
    assert f"--outputs {path}: {told}" in ran.err
    assert not sts.assumed
