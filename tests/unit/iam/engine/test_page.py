"""The engine's page: its example runs and gives what it says."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[4] / "docs" / "access-engine.md"


def test_example_of_the_page_answers_what_its_comment_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    script = tmp_path / "example.py"
    for block in blocks:
        script.write_text(block, encoding="utf-8")
        runpy.run_path(str(script))
    promised = re.findall(r"print\(.*\) +# (.*)", "".join(blocks))
    assert promised
    assert capsys.readouterr().out.splitlines() == promised
