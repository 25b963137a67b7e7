"""What is installed is what is pinned, whatever is published meanwhile."""

from importlib.metadata import PackageNotFoundError, requires

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.deployment import ROOT


def pinned(*files: str) -> dict[str, Requirement]:
    lines = [line for file in files for line in (ROOT / file).read_text().splitlines()]
    found = [Requirement(line.rstrip(" \\")) for line in lines if line and line[0] not in " #"]
    return {canonicalize_name(each.name): each for each in found}


@pytest.mark.parametrize(
    "files", [("requirements.txt",), ("requirements.txt", "requirements-dev.txt")]
)
def test_whoever_asks_for_an_extra_finds_it_pinned(files: tuple[str, ...]) -> None:
    """pip looks for the newest `coverage[toml]` where `coverage` alone is pinned, and fails."""
    pins = pinned(*files)
    asked = 0
    for name, pin in pins.items():
        assert str(pin.specifier).startswith("=="), name
        try:
            listed = map(Requirement, requires(name) or ())
        except PackageNotFoundError:
            continue  # of another platform
        for each in listed:
            for_extras = [{"extra": extra} for extra in ("", *pin.extras)]
            is_meant = each.marker is None or any(map(each.marker.evaluate, for_extras))
            if is_meant and each.extras:
                asked += 1
                assert each.extras <= pins[canonicalize_name(each.name)].extras, f"{name}: {each}"
    assert asked or "requirements-dev.txt" not in files
