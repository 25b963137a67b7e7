"""What README says of outputs, levels, commands and files is what the project has."""

import re
import shlex
from pathlib import Path

import pytest

from cross_account_access.command import cli
from cross_account_access.declaration.kinds import Bucket
from cross_account_access.program.outputs import OUTPUTS, exported_name
from tests.support import printed

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def rows(heading: str) -> list[list[str]]:
    table = README[README.index(heading) :].split("\n\n")[0]
    return [
        [cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]
    ]


def test_the_outputs_are_the_contract() -> None:
    assert rows("| Output | Holds |") == [
        [f"`{exported_name(name)}`", output.words] for name, output in OUTPUTS.items()
    ]


def test_the_levels_are_those_of_the_code() -> None:
    told = {
        name.strip("`"): (
            set(filter(None, on_bucket.split(", "))),
            set(filter(None, on_objects.split(", "))),
        )
        for name, on_bucket, on_objects in rows("| Level |")
    }
    assert told == {
        str(level): (
            {action.removeprefix("s3:") for action in actions.on_resource},
            {action.removeprefix("s3:") for action in actions.on_objects},
        )
        for level, actions in Bucket.levels.items()
    }


@pytest.mark.parametrize("page", ["README.md", "docs/shapes.md"])
def test_every_shape_is_in_the_table_with_its_example(page: str) -> None:
    folders = {f"examples/{path.parent.name}" for path in ROOT.glob("examples/*/Pulumi.prod.yaml")}
    lines = (ROOT / page).read_text().splitlines()
    cells = [cell for line in lines if line.startswith("| ") for cell in line.split("|")]
    told = {name for cell in cells for name in re.findall(r"`(examples/[^`]+)`", cell)}
    assert told == folders


def test_the_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in set(re.findall(r"`?make ([a-z]+)", README)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_links_to_files_lead_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", [page for page in printed.PAGES if printed.printed(page)])
def test_the_command_takes_what_is_printed(page: str) -> None:
    """`tests/integration/test_printed_commands.py` runs it."""
    for command in printed.printed(page):
        words: list[str] = []
        lexer = shlex.shlex(command, posix=True, punctuation_chars="|&;>")
        lexer.whitespace_split = True
        for word in (*lexer, ";"):
            if set(word) <= set("|&;>"):
                if words[:1] == ["access"]:
                    assert cli._parsed(words[1:]).verb in cli.VERBS
                words = []
            else:
                words.append(word)
