"""The emulated AWS with and without our rules."""

from collections.abc import Iterator

import pytest

from cross_account_access.dev.sandbox.box import Sandbox
from tests.integration.sandbox.emulated import Accounts, emulated_with


@pytest.fixture(scope="module", params=[True, False], ids=["mended", "as shipped"])
def emulated(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[bool, Sandbox]]:
    """With what the module of tests names as `UNDER_TEST`, and without it."""
    under_test = request.module.UNDER_TEST
    with emulated_with(under_test, tmp_path_factory, applied=request.param) as box:
        yield request.param, box


@pytest.fixture
def accounts(emulated: tuple[bool, Sandbox], monkeypatch: pytest.MonkeyPatch) -> Accounts:
    mended, box = emulated
    box.reset()
    monkeypatch.setenv("AWS_ENDPOINT_URL", box.emulator.http_endpoint)
    return Accounts(mended, box.emulator)
