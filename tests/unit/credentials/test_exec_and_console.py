"""A session for one command, and one for the console: handed over, and never written down."""

import json
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
from tests.support.stand_in_sts import MFA_CODE, Sts
from tests.unit.credentials.conftest import Access

SERIAL = "arn:aws:iam::444455556666:mfa/StageAdmin"
SESSION = RoleCredentials(
    access_key_id="ASIA1",
    secret_access_key="s3cr3t",
    session_token="t0k3n",
    expiration=datetime.now(UTC) + timedelta(hours=1),
    arn="arn:aws:sts::111122223333:assumed-role/StageRole/stage-admin",
)

pytestmark = pytest.mark.usefixtures("credentials")


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
