"""Every unit test runs away from the machine's own AWS files and variables."""

import os
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _no_ambient_aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in [name for name in os.environ if name.startswith(("AWS_", "PULUMI_"))]:
        monkeypatch.delenv(variable)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    # Turns an Output that ends up inside a text into an error instead of a sentence about Outputs.
    monkeypatch.setenv("PULUMI_ERROR_OUTPUT_STRING", "true")
