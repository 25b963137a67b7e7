"""A session for one command, and one for the console: handed over, and never written down."""

import json
import os
import signal
import subprocess
import sys
import time
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from cross_account_access.credentials.assume import RoleCredentials
from cross_account_access.credentials.console import federated_link
from cross_account_access.errors import UncheckedError
from tests.support.deployment import ACCESS
from tests.support.stand_in_sts import MFA_CODE, Sts
from tests.unit.credentials.conftest import Access

SERIAL = "arn:aws:iam::444455556666:mfa/StageAdmin"
SHOW = (
    "import json, os; print(json.dumps("
    "{k: v for k, v in os.environ.items() if k.startswith('AWS_')}))"
)
SESSION = RoleCredentials(
    access_key_id="ASIA1",
    secret_access_key="s3cr3t",
    session_token="t0k3n",
    expiration=datetime.now(UTC) + timedelta(hours=1),
    arn="arn:aws:sts::111122223333:assumed-role/StageRole/stage-admin",
)

pytestmark = pytest.mark.usefixtures("credentials")


@pytest.fixture
def outputs_file(outputs: dict[str, Any], tmp_path: Path) -> str:
    path = tmp_path / "outputs.json"
    path.write_text(json.dumps(outputs))
    return str(path)


def executed(outputs_file: str, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ACCESS, "exec", "--outputs", outputs_file, *words],
        env={**os.environ, **more},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_command_has_the_session_and_nobody_elses_credentials(
    sts: Sts, outputs_file: str, tmp_path: Path
) -> None:
    before = sorted(tmp_path.rglob("*"))
    ran = executed(
        outputs_file, "--", sys.executable, "-c", SHOW,
        AWS_PROFILE="work", AWS_SECURITY_TOKEN="stale",
        AWS_ROLE_ARN="x", AWS_WEB_IDENTITY_TOKEN_FILE="x",
    )  # fmt: skip
    given = json.loads(ran.stdout)
    assert (given["AWS_ACCESS_KEY_ID"], given["AWS_SECRET_ACCESS_KEY"]) == ("ASIA1", "s3cr3t")
    assert given["AWS_SESSION_TOKEN"] == "t0k3n"
    assert given["AWS_REGION"] == given["AWS_DEFAULT_REGION"] == "us-west-2"
    left = {"AWS_PROFILE", "AWS_SECURITY_TOKEN", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"}
    assert not left & given.keys()
    assert "s3cr3t" not in ran.stderr
    assert sorted(tmp_path.rglob("*")) == before
    assert sts.assumed[0]["RoleSessionName"] == "stage-admin"


@pytest.mark.usefixtures("sts")
def test_the_end_of_the_command_is_the_end_of_ours(outputs_file: str) -> None:
    assert executed(outputs_file, "--", "sh", "-c", "exit 42").returncode == 42
    killed = executed(outputs_file, "--", "sh", "-c", "kill -TERM $$")
    assert killed.returncode == -signal.SIGTERM


@pytest.mark.usefixtures("sts")
def test_a_signal_reaches_the_command(outputs_file: str, tmp_path: Path) -> None:
    started = tmp_path / "started"
    script = f"trap 'exit 7' TERM; touch {started}; while :; do sleep 0.05; done"
    process = subprocess.Popen(
        [ACCESS, "exec", "--outputs", outputs_file, "--", "sh", "-c", script], env=os.environ
    )
    deadline = time.monotonic() + 60
    while not started.exists() and process.poll() is None:
        assert time.monotonic() < deadline, "the command was not started within a minute"
        time.sleep(0.02)
    process.terminate()
    assert process.wait(timeout=60) == 7


@pytest.mark.usefixtures("sts")
def test_options_behind_the_dashes_are_the_commands(outputs_file: str) -> None:
    ran = executed(outputs_file, "--", "echo", "--profile", "x", "--", "--json")
    assert ran.stdout == "--profile x -- --json\n"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "access exec -- COMMAND"),
        (("--",), "access exec -- COMMAND"),
        (("--", "no-such-command"), "no-such-command: No such file or directory"),
        (("--json", "--", "true"), "--json goes with --export"),
        (("--export", "--", "true"), "leave out the command"),
        (("--consumer", "nobody", "--", "true"), "nobody"),
    ],
)
@pytest.mark.usefixtures("sts", "outputs")
def test_what_cannot_be_run_is_told_in_a_line(
    access: Access, words: tuple[str, ...], told: str
) -> None:
    ran = access("exec", *words)
    assert ran.status == 2
    assert told in ran.err.splitlines()[-1]


@pytest.mark.usefixtures("outputs")
def test_nothing_is_started_where_aws_refuses(access: Access, sts: Sts, tmp_path: Path) -> None:
    sts.external_id = "another"
    ran = access("exec", "--", "touch", str(tmp_path / "started"))
    assert ran.status == 1
    assert not (tmp_path / "started").exists()


def test_an_mfa_code_goes_with_the_request(
    sts: Sts, declare: Callable[..., None], access: Access
) -> None:
    declare(mfa=True)
    sts.mfa_serial = SERIAL
    ran = access("exec", "--export", "--json", "--mfa-code", MFA_CODE)
    assert json.loads(ran.out)["AWS_ACCESS_KEY_ID"] == "ASIA1"


def test_a_shell_takes_the_exported_session(sts: Sts, outputs_file: str) -> None:
    printed = executed(outputs_file, "--export").stdout
    ran = subprocess.run(
        ["sh", "-c", f'{printed}\nprintf "%s|%s" "$AWS_ACCESS_KEY_ID" "$AWS_PROFILE"'],
        env={**os.environ, "AWS_PROFILE": "work"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ran.stdout == "ASIA1|"
    assert len(sts.assumed) == 1


@pytest.mark.usefixtures("sts", "outputs")
def test_no_secret_is_printed_on_a_terminal(
    access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    ran = access("exec", "--export")
    assert (ran.status, ran.out) == (2, "")
    assert 'eval "$(access exec --export)"' in ran.err


# The console.


@contextmanager
def federation(answer: str, status: int = 200) -> Iterator[tuple[str, list[str]]]:
    """Stand-in for AWS's federation endpoint; gives its address and what is asked of it."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/federation", asked
        finally:
            server.shutdown()
            thread.join()


def test_a_session_becomes_a_link_without_its_secrets() -> None:
    with federation('{"SigninToken": "to/ken"}') as (address, asked):
        link = federated_link(SESSION, sign_in=address, console="https://console.example/?a=b")
    sent = parse_qs(urlsplit(asked[0]).query)
    assert sent["Action"] == ["getSigninToken"]
    assert json.loads(sent["Session"][0]) == {
        "sessionId": "ASIA1",
        "sessionKey": "s3cr3t",
        "sessionToken": "t0k3n",
    }
    assert parse_qs(urlsplit(link).query) == {
        "Action": ["login"],
        "Issuer": ["cross-account-access"],
        "Destination": ["https://console.example/?a=b"],
        "SigninToken": ["to/ken"],
    }
    assert "s3cr3t" not in link


@pytest.mark.parametrize(
    ("answer", "status"), [("", 400), ("<html>", 200), ("{}", 200), ("[]", 200)]
)
def test_a_refused_session_is_told_without_its_secrets(answer: str, status: int) -> None:
    with federation(answer, status) as (address, _), pytest.raises(UncheckedError) as told:
        federated_link(SESSION, sign_in=address, console="https://console.example")
    assert "s3cr3t" not in str(told.value)
    assert told.value.__cause__ is None
    assert address in str(told.value)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []

    def remember(link: str) -> bool:
        found.append(link)
        return True

    monkeypatch.setattr(webbrowser, "open", remember)
    return found


def test_the_console_switches_roles_where_it_can(
    access: Access, outputs: dict[str, Any], opened: list[str]
) -> None:
    ran = access("console")
    assert ran.status == 0
    assert opened == [outputs["switchRoleUrls"]["stage-admin"]]
    assert access("console", "--print").out.strip() == opened[0]


def test_no_session_of_an_emulated_aws_goes_to_the_console(
    access: Access, sts: Sts, outputs: dict[str, Any], opened: list[str]
) -> None:
    outputs["switchRoleUrls"] = {}
    ran = access("console")
    assert ran.status == 2
    assert "AWS_ENDPOINT_URL" in ran.err
    assert (sts.assumed, opened) == ([], [])


@pytest.mark.usefixtures("outputs")
def test_a_machine_without_a_browser_is_told_the_other_way(
    access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda _: False)
    ran = access("console")
    assert ran.status == 3
    assert "--print" in ran.err
