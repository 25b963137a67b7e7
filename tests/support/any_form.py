"""Emulated accounts that take policy documents of any form, whomever they name.

The sandbox refuses, as AWS does, what AWS would not save. A judge is to answer for each document.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

_WITHOUT_RULES: Final = """
from cross_account_access.dev.sandbox import front
form = front.documents.well_formed, front.keys.still_governed, front.principals.that_exist
front.RULES = tuple(rule for rule in front.RULES if rule not in form)
"""


@contextmanager
def any_form() -> Iterator[None]:
    """What is started inside it has no rules about forms."""
    before = os.environ.get("PYTHONPATH")
    with TemporaryDirectory() as folder:
        (Path(folder) / "sitecustomize.py").write_text(_WITHOUT_RULES)
        os.environ["PYTHONPATH"] = folder
        try:
            yield
        finally:
            if before is None:
                del os.environ["PYTHONPATH"]
            else:
                os.environ["PYTHONPATH"] = before
