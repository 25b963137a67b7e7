"""The workflows for GitHub Actions: who may run them with which rights, and how they sign in."""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import botocore.session
import pytest
import yaml

from cross_account_access.command.external_ids import VARIABLE
from tests.support.deployment import ROOT

FOLDER = ROOT / "examples" / "github-actions"
MASK = FOLDER / "mask-external-ids.py"
WORKFLOWS = sorted(FOLDER.glob("*.yml"))


def read(path: Path) -> dict[Any, Any]:
    # YAML 1.1 takes the key `on` for true.
    content: dict[Any, Any] = yaml.safe_load(path.read_text())
    return content


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_job_has_no_right_that_it_does_not_name(path: Path) -> None:
    workflow = read(path)
    assert workflow["permissions"] == {}
    allowed = {"contents": "read", "id-token": "write", "issues": "write", "pull-requests": "write"}
    for job in workflow["jobs"].values():
        assert job["permissions"].items() <= allowed.items()
        assert job["timeout-minutes"] <= 30


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_no_key_of_aws_is_stored(path: Path) -> None:
    text = path.read_text()
    assert "AWS_SECRET_ACCESS_KEY" not in text
    assert "aws_access_key_id" not in text.lower()


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_no_text_of_a_stranger_becomes_part_of_a_command(path: Path) -> None:
    for job in read(path)["jobs"].values():
        assert not [step for step in job["steps"] if "${{" in step.get("run", "")]


def test_code_of_a_fork_never_runs_with_credentials() -> None:
    triggers = {event for path in WORKFLOWS for event in read(path)[True]}
    assert triggers == {"pull_request", "schedule", "workflow_dispatch"}
    (job,) = read(FOLDER / "preview.yml")["jobs"].values()
    assert job["if"] == "github.event.pull_request.head.repo.full_name == github.repository"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_external_ids_are_hidden_before_anything_is_told(path: Path) -> None:
    for job in read(path)["jobs"].values():
        assert job["env"][VARIABLE]
        runs = [step.get("run", "") for step in job["steps"]]
        masks = next(number for number, run in enumerate(runs) if MASK.name in run)
        assert all("access " not in run.replace("access-", "") for run in runs[:masks])


def test_every_external_id_of_a_stack_file_is_masked_in_the_log(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.prod.yaml"
    path.write_text(
        """\
config:
  p:consumers:
    - conditions: {external_id: one}
    - conditions:
        external_id: "two"   # of the vendor
        more_external_ids: [three, "four/4"]
    - conditions:
        more_external_ids:
          - five
"""
    )
    ran = subprocess.run(
        [sys.executable, MASK, path], capture_output=True, text=True, timeout=60, check=True
    )
    wanted = ["one", "two", "three", "four/4", "five"]
    assert ran.stdout.splitlines() == [f"::add-mask::{each}" for each in wanted]


@pytest.fixture
def token_endpoint() -> Iterator[tuple[str, list[tuple[str, str | None]]]]:
    """Stand-in for GitHub's endpoint of tokens; gives its address and what is asked of it."""
    asked: list[tuple[str, str | None]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers["Authorization"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"value": "a.b.c"}).encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/token?api-version=2", asked
        finally:
            server.shutdown()
            thread.join()


def test_a_job_signs_in_to_both_accounts_by_its_token(
    token_endpoint: tuple[str, list[tuple[str, str | None]]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    address, asked = token_endpoint
    variables = tmp_path / "env"
    roles = {"production": "arn:aws:iam::111122223333:role/Read",
             "staging": "arn:aws:iam::444455556666:role/Read"}  # fmt: skip
    subprocess.run(
        [FOLDER / "sign-in.sh"],
        env={
            "PATH": os.environ["PATH"],
            "RUNNER_TEMP": str(tmp_path),
            "GITHUB_ENV": str(variables),
            "GITHUB_RUN_ID": "7",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "request",
            "ACTIONS_ID_TOKEN_REQUEST_URL": address,
            **{f"{side.upper()}_PROFILE": side for side in roles},
            **{f"{side.upper()}_ROLE_ARN": role for side, role in roles.items()},
        },
        timeout=60,
        check=True,
    )
    ((path, authorization),) = asked
    assert authorization == "bearer request"
    assert parse_qs(urlsplit(path).query)["audience"] == ["sts.amazonaws.com"]
    name, _, config = variables.read_text().strip().partition("=")
    assert name == "AWS_CONFIG_FILE"
    monkeypatch.setenv(name, config)
    for side, role in roles.items():
        profile = botocore.session.Session(profile=side).get_scoped_config()
        assert profile["role_arn"] == role
        token = Path(profile["web_identity_token_file"])
        assert token.read_text() == "a.b.c"
        assert stat.S_IMODE(token.stat().st_mode) == 0o600
