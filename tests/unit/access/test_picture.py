"""README shows the map of an example, as `access map` draws it now."""

from tests.support.deployment import ROOT
from tests.support.picture import EXAMPLE, FILE, draw


def test_readme_shows_the_map_as_it_is_drawn() -> None:
    assert FILE.read_text() == draw(), "draw it anew: python -m tests.support.picture"
    assert f"]({FILE.relative_to(ROOT)})" in (ROOT / "README.md").read_text()
    assert f"`examples/{EXAMPLE}`" in (ROOT / "README.md").read_text()
