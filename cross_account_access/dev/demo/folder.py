"""The program in a folder of its own, so that a stack made there leaves the checkout as it is."""

import shutil
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[3]


def copy_program(folder: Path) -> None:
    """Copies the program, with its stack files, into a new folder and gives it our packages."""
    shutil.copytree(CHECKOUT, folder, ignore=shutil.ignore_patterns(".*", "__pycache__", "tests"))
    (folder / ".venv").symlink_to(sys.prefix)
