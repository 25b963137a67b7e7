"""README shows the map of the largest example, as `access map` draws it now."""

from tests.support.deployment import ROOT
from tests.support.picture import EXAMPLE, FILE, draw, resources


def test_readme_shows_the_map_as_it_is_drawn() -> None:
    assert FILE.read_text() == draw(), "draw it anew: python -m tests.support.picture"
    assert f"]({FILE.relative_to(ROOT)})" in (ROOT / "README.md").read_text()


def test_it_is_the_map_of_the_largest_example() -> None:
    examples = [path.parent.name for path in ROOT.glob("examples/*/Pulumi.prod.yaml")]
    assert max(examples, key=lambda example: len(resources(example))) == EXAMPLE
