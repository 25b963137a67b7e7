"""Profiles that renew themselves: what the AWS SDK makes of them, and the credential_process."""

import json
import re
import stat
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cross_account_access.credentials.aws_files import AwsFile
from tests.support.deployment import ROOT
from tests.support.stand_in_sts import Sts, access_key_of, serving_instance_metadata
from tests.unit.credentials.conftest import CREDENTIALS, ROLE, Access

BY_ARN = (
    "credentials", f"--role-arn={ROLE}", "--profile=StageAdmin", "--region=us-west-2",
    "--session-name=ci",
)  # fmt: skip

pytestmark = pytest.mark.usefixtures("outputs", "sts", "credentials")


def cached(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "cache").rglob("*.json"))


def test_the_block_for_a_user_is_the_one_of_the_outputs(
    access: Access, outputs: dict[str, Any]
) -> None:
    ran = access("profile")
    assert sorted(ran.out.splitlines()) == sorted(outputs["cliProfiles"]["stage-admin"].split("\n"))


def test_an_installed_profile_works_with_the_sdk(access: Access, sts: Sts) -> None:
    ran = access("profile", "--install", "--yes")
    assert ran.status == 0
    assert access_key_of("StageRole") == "ASIA1"
    (asked,) = sts.assumed
    assert (asked["Key"], asked["RoleArn"], asked["RoleSessionName"]) == (
        "AKIASTAGE",
        ROLE,
        "stage-admin",
    )


@pytest.mark.parametrize(
    ("lifetime", "keys"),
    [(timedelta(hours=1), ["ASIA1", "ASIA1"]), (timedelta(minutes=9), ["ASIA1", "ASIA2"])],
)
def test_the_snippet_for_code_renews_its_session(
    access: Access, sts: Sts, lifetime: timedelta, keys: list[str]
) -> None:
    access("profile", "--install", "--yes")
    sts.lifetime = lifetime
    (first, *_) = re.findall(
        r"```python\n(.*?)```", (ROOT / "docs" / "from-code.md").read_text(), re.DOTALL
    )
    made: dict[str, Any] = {}
    exec(first, made)  # noqa: S102 - what the page tells people to run
    credentials = made["session"].get_credentials()
    assert [credentials.get_frozen_credentials().access_key for _ in keys] == keys


def test_a_third_partys_profile_states_the_external_id(
    access: Access, sts: Sts, declare: Callable[..., None]
) -> None:
    declare(kind="third_party", external_id="vendor-7")
    sts.external_id = "vendor-7"
    access("profile", "--profile", "StageAdmin", "--as", "vendor", "--install", "--yes")
    assert access_key_of("vendor") == "ASIA1"


def test_an_instances_profile_chains_its_own_role_for_an_hour(
    access: Access, sts: Sts, declare: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(kind="ec2", max_session_duration=43200)
    access("profile", "--install", "--yes")
    with serving_instance_metadata("ASIAINSTANCE") as endpoint:
        monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", endpoint)
        assert access_key_of("StageRole") == "ASIA1"
    (asked,) = sts.assumed
    assert (asked["Key"], asked["DurationSeconds"]) == ("ASIAINSTANCE", "3600")


OF_A_ROLE = {
    "an SSO session": "sso_session = ours\nsso_role_name = Analysts",
    "SSO as it was": "sso_start_url = https://ours.awsapps.com/start",
    "another role": "role_arn = arn:aws:iam::444455556666:role/data/Analyst\nsource_profile = Me",
    "a token": "web_identity_token_file = /run/token\nrole_arn = arn:aws:iam::444455556666:role/A",
}


@pytest.mark.parametrize("options", OF_A_ROLE.values(), ids=OF_A_ROLE)
@pytest.mark.parametrize("verb", ["profile", "login"])
def test_rejects_more_than_an_hour_from_one_role_to_another(
    access: Access, sts: Sts, declare: Callable[..., None], verb: str, options: str
) -> None:
    declare(kind="organization", max_session_duration=43200)
    AwsFile.config().path.write_text(f"[profile Analyst]\n{options}\n")
    of_whom = (verb, "--profile", "Analyst", "--as", "prod")
    ran = access(*of_whom, "--duration", "43200")
    assert ran.status == 2
    assert "--duration 43200: profile Analyst holds a role already, and STS gives no" in ran.err
    assert not sts.assumed
    usual = access("profile", *of_whom[1:], "--json")
    assert json.loads(usual.out)["options"]["duration_seconds"] == "3600"


def test_rejects_more_than_an_hour_for_principals_that_are_roles(
    access: Access, declare: Callable[..., None]
) -> None:
    sets = "arn:aws:iam::444455556666:role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_Data_*"
    declare(kind="principals", principal_arns=[sets], max_session_duration=43200)
    ran = access("profile", "--profile", "Anything", "--duration", "3601")
    assert ran.status == 2
    assert "holds a role already" in ran.err
    assert access("profile", "--profile", "Anything", "--duration", "3600").status == 0


def test_a_user_may_have_all_that_the_role_gives(
    access: Access, declare: Callable[..., None]
) -> None:
    declare(max_session_duration=43200)
    options = json.loads(access("profile", "--duration", "43200", "--json").out)["options"]
    assert options["duration_seconds"] == "43200"


def test_a_profile_with_mfa_names_the_device(access: Access, declare: Callable[..., None]) -> None:
    declare(mfa=True)
    options = json.loads(access("profile", "--json").out)["options"]
    assert options["mfa_serial"] == "arn:aws:iam::444455556666:mfa/StageAdmin"


def test_an_installation_tells_of_a_source_that_is_not_there(access: Access) -> None:
    there = access("profile", "--install", "--yes")
    missing = access("profile", "--install", "--yes", "--profile", "Later")
    assert "is not there yet" not in there.out
    assert "its source, profile Later, is not there yet" in missing.out


def test_printing_a_profile_writes_nothing(access: Access, tmp_path: Path) -> None:
    access("profile")
    assert not (tmp_path / "config").exists()


def test_an_installation_replaces_what_an_older_one_stated(
    access: Access, credentials: Path
) -> None:
    config = credentials.with_name("config")
    config.write_text(
        "[profile StageRole]\ncredential_source = Environment\noutput = json\n[profile x]\na = b\n"
    )
    access("profile", "--install", "--yes")
    found = AwsFile.config().profile("StageRole") or {}
    assert "credential_source" not in found
    assert (found["source_profile"], found["output"]) == ("StageAdmin", "json")
    assert config.read_text().endswith("[profile x]\na = b\n")


@pytest.mark.parametrize(("answer", "written"), [("y\n", True), ("\n", False), ("no\n", False)])
def test_an_installation_asks_first(
    access: Access,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    written: bool,
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(sys.stdin, "readline", lambda: answer)
    ran = access("profile", "--install")
    assert "[profile StageRole]" in ran.err
    assert (tmp_path / "config").exists() is written
    assert ran.status == (0 if written else 2)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--install",), "there is no terminal; say --yes"),
        (("--as", "StageAdmin"), "the profile cannot be its own source"),
        (("--source-identity", "jo"), "with --process only"),
        (("--tag", "a=b"), "with --process only"),
        (("--install", "--yes", "--as", "work"), "profile work has credentials in "),
    ],
)
def test_rejects_a_profile_that_cannot_work(
    access: Access, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    ran = access("profile", *words)
    assert ran.status == 2
    assert told in ran.err
    assert not (tmp_path / "config").exists()


def test_credentials_are_what_the_sdk_specifies(access: Access) -> None:
    ran = access("credentials", "--consumer", "stage-admin")
    told = json.loads(ran.out)
    end = datetime.fromisoformat(told.pop("Expiration"))
    assert timedelta(minutes=59) < end - datetime.now(UTC) <= timedelta(minutes=60)
    assert told == {
        "Version": 1,
        "AccessKeyId": "ASIA1",
        "SecretAccessKey": "s3cr3t",
        "SessionToken": "t0k3n",
    }
    assert ran.err == ""


def test_a_session_is_cached_in_private(access: Access, sts: Sts, tmp_path: Path) -> None:
    first, second = access(*BY_ARN), access(*BY_ARN)
    assert json.loads(first.out) == json.loads(second.out)
    assert len(sts.assumed) == 1
    (path,) = cached(tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("lifetime", "duration", "sessions"),
    [
        (timedelta(minutes=16), 3600, 1),
        (timedelta(minutes=14), 3600, 2),
        (timedelta(minutes=14), 900, 1),
        (timedelta(minutes=3), 900, 2),
    ],
)
def test_a_session_is_renewed_before_its_end(
    access: Access, sts: Sts, lifetime: timedelta, duration: int, sessions: int
) -> None:
    sts.lifetime = lifetime
    for _ in range(2):
        access(*BY_ARN, f"--duration={duration}")
    assert len(sts.assumed) == sessions


@pytest.mark.parametrize(
    "other",
    [
        "--role-arn=arn:aws:iam::111122223333:role/Other",
        "--profile=Second",
        "--region=eu-west-1",
        "--session-name=other",
        "--duration=900",
        "--source-identity=jo",
        "--tag=a=b",
    ],
)
def test_another_session_is_not_served_from_the_cache(
    access: Access, sts: Sts, credentials: Path, other: str
) -> None:
    credentials.write_text(
        CREDENTIALS + CREDENTIALS.replace("StageAdmin", "Second").split("\n\n")[0]
    )
    access(*BY_ARN)
    assert access(*BY_ARN, other).status == 0
    assert len(sts.assumed) == 2


def test_another_external_id_is_not_served_from_the_cache(access: Access, sts: Sts) -> None:
    sts.external_id = "one"
    assert access(*BY_ARN, "--external-id=one").status == 0
    assert access(*BY_ARN, "--external-id=two").status == 1


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"Expiration": "soon"}'])
def test_a_damaged_cache_is_renewed(access: Access, tmp_path: Path, damage: str) -> None:
    access(*BY_ARN)
    cached(tmp_path)[0].write_text(damage)
    assert json.loads(access(*BY_ARN).out)["AccessKeyId"] == "ASIA2"
    assert json.loads(access(*BY_ARN).out)["AccessKeyId"] == "ASIA2"


def test_what_others_could_have_put_into_the_cache_is_not_used(
    access: Access, tmp_path: Path
) -> None:
    access(*BY_ARN)
    cached(tmp_path)[0].chmod(0o666)
    assert json.loads(access(*BY_ARN).out)["AccessKeyId"] == "ASIA2"
    assert stat.S_IMODE(cached(tmp_path)[0].stat().st_mode) == 0o600


def test_without_a_place_for_the_cache_it_still_works(
    access: Access, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    ran = access(*BY_ARN)
    assert json.loads(ran.out)["AccessKeyId"] == "ASIA1"
    assert ran.err.startswith("access: no cache (")
    assert "s3cr3t" not in ran.err


def test_on_a_terminal_no_secret_is_shown_but_how_to_install(
    access: Access, sts: Sts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    ran = access("credentials")
    assert "[profile StageRole]\ncredential_process = " in ran.out
    assert not sts.assumed


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--role-arn", ROLE), "--role-arn needs --profile, --region, --session-name"),
        ((*BY_ARN[1:], "--consumer=stage-admin"), "--role-arn is without --consumer"),
        (("--external-id", "x1"), "go with --role-arn"),
    ],
)
def test_rejects_credentials_of_an_unclear_role(
    access: Access, sts: Sts, words: tuple[str, ...], told: str
) -> None:
    ran = access("credentials", *words)
    assert ran.status == 2
    assert told in ran.err
    assert not sts.assumed


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"mfa": True}, "the role wants an MFA code, which a credential_process cannot ask for"),
        ({"kind": "ec2"}, "machines with a role of their own need no credential_process"),
    ],
)
@pytest.mark.parametrize("words", [("credentials",), ("profile", "--process")])
def test_rejects_a_process_for_a_role_that_it_cannot_assume(
    access: Access,
    declare: Callable[..., None],
    changes: dict[str, Any],
    words: tuple[str, ...],
    told: str,
) -> None:
    declare(**changes)
    ran = access(*words)
    assert ran.status == 2
    assert told in ran.err
