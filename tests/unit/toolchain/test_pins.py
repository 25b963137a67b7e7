"""What is installed is what is pinned, whatever is published meanwhile."""

import re
from importlib.metadata import PackageNotFoundError, requires

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.deployment import ROOT

FILES = (
    *("requirements.txt", "requirements-dev.txt"),
    *("requirements-awscli.txt", "requirements-mutants.txt"),
)


def pins(*names: str) -> dict[str, Requirement]:
    lines = [line for name in names for line in (ROOT / name).read_text().splitlines()]
    found = [Requirement(line.rstrip(" \\")) for line in lines if line and line[0] not in " #"]
    return {canonicalize_name(each.name): each for each in found}


@pytest.mark.parametrize("name", FILES)
def test_every_package_is_pinned_by_hash_and_no_registry_is_named(name: str) -> None:
    text = (ROOT / name).read_text()
    blocks = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert blocks
    assert all("\n    --hash=sha256:" in block for block in blocks)
    assert "://" not in text
    assert all(re.fullmatch(r"==[^,*]+", str(each.specifier)) for each in pins(name).values())
    assert len(pins(name)) == len(blocks)


@pytest.mark.parametrize("names", [FILES[:1], FILES[:2]])
def test_whoever_asks_for_an_extra_finds_it_pinned(names: tuple[str, ...]) -> None:
    """pip looks for the newest `coverage[toml]` where `coverage` alone is pinned, and fails."""
    pinned = pins(*names)
    for name, pin in pinned.items():
        try:
            listed = map(Requirement, requires(name) or ())
        except PackageNotFoundError:
            continue  # of another platform
        for each in listed:
            for_extras = [{"extra": extra} for extra in ("", *pin.extras)]
            is_meant = each.marker is None or any(map(each.marker.evaluate, for_extras))
            if is_meant and each.extras:
                assert each.extras <= pinned[canonicalize_name(each.name)].extras, f"{name}: {each}"


def test_the_tests_run_on_the_versions_of_the_program() -> None:
    program, tests = pins("requirements.txt"), pins("requirements-dev.txt")
    shared = program.keys() & tests.keys()
    assert "botocore" in shared
    assert {name: tests[name].specifier for name in shared} == {
        name: program[name].specifier for name in shared
    }


def test_the_program_brings_no_tool_of_development() -> None:
    assert not pins("requirements.txt").keys() & {"pytest", "mypy", "ruff", "moto", "ministack"}
