"""What `access verify` is run on."""

from __future__ import annotations

from typing import Any

import pytest

from cross_account_access.aws import CallerIdentity
from cross_account_access.command.cli import main
from cross_account_access.command.verification import profiles
from cross_account_access.credentials import aws_files
from cross_account_access.stack import Stack, resources_of_state
from tests.support.deployment import Deployment, deploy, stack_values
from tests.support.proof import state_of
from tests.unit.verification.stand_in import Aws
from tests.unit.verification.verifying import FOREIGN, PROFILES, Ran, Verify, World


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
