"""Every unit test runs away from the machine's own AWS files and variables."""

import gc
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.loaders import create_loader


def pytest_collection_finish() -> None:
    """What has been imported and collected stays; the collector looks at what tests make only."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def _service_models_are_read_once() -> Iterator[None]:
    """botocore reads megabytes of JSON for each new session; its loader keeps what it has read."""
    loader = create_loader()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("botocore.session.create_loader", lambda _path=None: loader)
        yield


@pytest.fixture(autouse=True)
def _no_ambient_aws(
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    # Thousands of tests need no folder, and each new one costs more than the one before it.
    if "tmp_path" in request.fixturenames:
        folder: Path = request.getfixturevalue("tmp_path")
    else:
        folder = tmp_path_factory.getbasetemp() / "of-no-test"
    for variable in [name for name in os.environ if name.startswith(("AWS_", "PULUMI_"))]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(folder / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "credentials"))
    # Turns an Output that ends up inside a text into an error instead of a sentence about Outputs.
    monkeypatch.setenv("PULUMI_ERROR_OUTPUT_STRING", "true")
