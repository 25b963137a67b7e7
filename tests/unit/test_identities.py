"""Both identities are proven first; a refusal is one line that names setting and remedy."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pulumi
import pytest

import identities
from model import Account

PRODUCTION, STAGING = "111122223333", "444455556666"
PROFILES = """\
[Prod]
aws_access_key_id = AKIA111122223333
aws_secret_access_key = x
[Stage]
aws_access_key_id = AKIA444455556666
aws_secret_access_key = x
[Expired]
aws_access_key_id = AKIAEXPIRED
aws_secret_access_key = x
[Half]
aws_access_key_id = AKIA444455556666
"""


class Sts(BaseHTTPRequestHandler):
    """A stand-in for AWS STS: tells an access key's account as GetCallerIdentity does."""

    def do_POST(self) -> None:
        """Answers as botocore's service model of STS expects."""
        key = self.headers["Authorization"].split("Credential=AKIA")[1].split("/")[0]
        if key == "EXPIRED":
            status, body = (
                403,
                (
                    "<ErrorResponse><Error><Code>ExpiredToken</Code>"
                    "<Message>The security token included in the request is expired</Message>"
                    "</Error></ErrorResponse>"
                ),
            )
        else:
            status, body = (
                200,
                (
                    "<GetCallerIdentityResponse><GetCallerIdentityResult>"
                    f"<Arn>arn:aws:iam::{key}:user/Admin</Arn><UserId>AIDA</UserId>"
                    f"<Account>{key}</Account>"
                    "</GetCallerIdentityResult></GetCallerIdentityResponse>"
                ),
            )
        self.send_response(status)
        self.send_header("Content-Type", "text/xml")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Stays silent."""


@pytest.fixture(autouse=True)
def _sts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    (tmp_path / "credentials").write_text(PROFILES)
    with ThreadingHTTPServer(("127.0.0.1", 0), Sts) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        yield
        server.shutdown()
        thread.join()


def prove(production: str, staging: str) -> None:
    identities.begin(
        production=Account(account_id=PRODUCTION, profile=production, region="us-west-2"),
        staging=Account(account_id=STAGING, profile=staging, region="us-west-2"),
        adopted=[],
    ).finish()


def refusal(production: str, staging: str) -> list[str]:
    with pytest.raises(pulumi.RunError) as caught:
        prove(production, staging)
    first, *problems = str(caught.value).splitlines()
    assert first.endswith("nothing was changed:")
    return [problem.strip() for problem in problems]


def test_the_right_profiles_pass() -> None:
    prove("Prod", "Stage")


def test_swapped_profiles_are_told_both_at_once() -> None:
    assert refusal("Stage", "Prod") == [
        "production_profile: 'Stage' is arn:aws:iam::444455556666:user/Admin of account "
        "444455556666, but production_account_id is 111122223333; correct whichever is wrong",
        "staging_profile: 'Prod' is arn:aws:iam::111122223333:user/Admin of account "
        "111122223333, but staging_account_id is 444455556666; correct whichever is wrong",
    ]


@pytest.mark.parametrize(
    ("profile", "told"),
    [
        ("Nobody", "is not in your AWS config or credentials file; make it with aws configure"),
        ("Expired", "is refused by AWS (ExpiredToken: The security token included"),
        ("Half", "cannot be used (Partial credentials found"),
    ],
)
def test_rejects_a_profile_that_proves_nothing(profile: str, told: str) -> None:
    (problem,) = refusal("Prod", profile)
    assert problem.startswith(f"staging_profile: '{profile}' {told}")


def test_an_unreachable_aws_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert [problem for problem in refusal("Prod", "Stage") if "Could not connect" in problem]


def test_no_secret_is_told(tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text(PROFILES.replace("= x", "= s3cr3tvalue"))
    assert not [problem for problem in refusal("Stage", "Expired") if "s3cr3tvalue" in problem]
