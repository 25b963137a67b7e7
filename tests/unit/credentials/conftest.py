"""A deployed stack as its outputs, a stand-in for STS, and AWS files with the user's key."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cross_account_access.command.cli import main
from cross_account_access.stack import Stack
from tests.support.deployment import deploy, stack_values
from tests.support.stand_in_sts import Sts, serving_sts

ROLE = "arn:aws:iam::111122223333:role/StageRole"
BUCKET = "arn:aws:s3:::production-test-bucket-101"
PROOF = "aws s3api head-object --bucket production-test-bucket-101 --key Sunset.jpg"
CREDENTIALS = """\
# The user's own key.
[StageAdmin]
aws_access_key_id = AKIASTAGE
aws_secret_access_key = own-s3cr3t

[work]
role_arn = x
"""


@dataclass(frozen=True)
class Ran:
    status: int
    out: str
    err: str


Access = Callable[..., Ran]


@pytest.fixture(scope="session")
def exported() -> dict[str, Any]:
    """What the program exports for `prod`."""
    return deploy(stack_values("prod")).outputs


@pytest.fixture
def outputs(exported: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The outputs that the commands find; a test may change them."""
    found = dict(exported)
    monkeypatch.setattr(Stack, "outputs", lambda _: found)
    return found


@pytest.fixture
def declare(outputs: dict[str, Any]) -> Callable[..., None]:
    """Declares one consumer in place of those of the stack, and its only grant."""

    def declared(grant: dict[str, object] | None = None, **changes: object) -> None:
        consumer = {
            "name": "stage-admin",
            "kind": "user",
            "principal_arns": ["arn:aws:iam::444455556666:user/StageAdmin"],
            "role_arn": ROLE,
            "external_id": None,
            "mfa": False,
            "max_session_duration": 3600,
            "expires_at": None,
            **changes,
        }
        granted = {
            "consumer": consumer["name"],
            "resource_arn": BUCKET,
            "levels": ["list", "read"],
            "prefixes": [],
            "via": "role",
            "proof_commands": [PROOF],
            **(grant or {}),
        }
        outputs["declaration"] = json.dumps({"consumers": [consumer], "grants": [granted]})
        # Those are texts of the consumer that was there before.
        outputs["cliProfiles"], outputs["proofCommands"] = {}, {}

    return declared


@pytest.fixture
def sts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Sts]:
    """STS, as the commands reach it."""
    stand_in = Sts()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with serving_sts(stand_in) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        yield stand_in


@pytest.fixture
def credentials(tmp_path: Path) -> Path:
    """The credentials file, with the user's key."""
    path = tmp_path / "credentials"
    path.write_text(CREDENTIALS)
    path.chmod(0o600)
    return path


@pytest.fixture
def access(capfd: pytest.CaptureFixture[str]) -> Access:
    """Runs one command line."""

    def run(*words: str) -> Ran:
        try:
            status = main(words)
        except SystemExit as end:  # argparse
            status = int(end.code or 0)
        out, err = capfd.readouterr()
        return Ran(status, out, err)

    return run
