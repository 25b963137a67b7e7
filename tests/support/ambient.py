"""Away from the machine's own AWS files and variables."""

import os
from pathlib import Path

import pytest


def leave_ambient_aws(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Takes away the variables of AWS and Pulumi, and lets AWS files be looked for in a folder."""
    for variable in [name for name in os.environ if name.startswith(("AWS_", "PULUMI_"))]:
        patch.delenv(variable)
    keep_aws_files(patch, folder)
    # Turns an Output that ends up inside a text into an error instead of a sentence about Outputs.
    patch.setenv("PULUMI_ERROR_OUTPUT_STRING", "true")


def keep_aws_files(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Lets AWS files be looked for in a folder."""
    patch.setenv("AWS_CONFIG_FILE", str(folder / "config"))
    patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "credentials"))
