"""Whoever doubts a rule finds the page that it is from: by its title and its address."""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(
    [*(ROOT / "components").glob("*.py"), *(ROOT / "cross_account_access").rglob("*.py")]
)
ADDRESS = r"https://[^\s\"]*?(?=[;,:.)]*(?:[\s\"]|$))"
CITED = re.compile(rf'"([A-Z][^"]{{3,120}})"(?:, [^"()]{{0,80}}?)?,? \(?({ADDRESS})')
WELL_FORMED = re.compile(r"https://[a-z][a-z0-9.-]+\.[a-z]+(/[\w.~%-]+)*/?(#[\w.-]+)?")
BY_TITLE_ALONE = re.compile(
    r'\((?:AWS: )?"((?:Actions, resources, and condition keys|AWS|IAM|Amazon) [^"]{3,120})"'
    r"(?:, (?!https)[^\"()]{0,80}?)?\)"
)


def text_of(path: Path) -> str:
    """The file without the ends of lines and the signs of comments, in which titles may break."""
    return re.sub(r"\s*\n\s*(?:# )?", " ", path.read_text())


def cited() -> Iterator[tuple[str, str]]:
    for path in FILES:
        yield from CITED.findall(text_of(path))


def test_each_title_has_one_address_and_each_address_one_title() -> None:
    addresses, titles = defaultdict(set), defaultdict(set)
    for title, address in cited():
        addresses[title].add(address)
        titles[address].add(title)
    assert len(addresses) > 80
    assert {title: found for title, found in addresses.items() if len(found) > 1} == {}
    assert {address: found for address, found in titles.items() if len(found) > 1} == {}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_addresses_are_well_formed_and_no_page_is_cited_without_one(path: Path) -> None:
    text = text_of(path)
    assert [each for _, each in CITED.findall(text) if not WELL_FORMED.fullmatch(each)] == []
    assert BY_TITLE_ALONE.findall(text) == []
