"""Who may import whom; above all, a judge shares no code with what it judges."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

MAY_IMPORT: dict[str, set[str]] = {
    "model": set(),
    "settings": {"components", "model"},
    "identities": {"model"},
    "components": {"model"},
    "outputs": {"components", "model", "settings"},
    "arguments": {"components", "model", "settings"},
    "__main__": {"arguments", "components", "identities", "outputs", "settings"},
    "package": {"arguments", "components", "identities", "outputs", "settings"},
    "access": set(),
    "toolchain": set(),
    "sandbox": {"toolchain"},
    "demo": {"sandbox", "toolchain"},
    "bench": {"access", "demo", "sandbox", "toolchain"},
}
"""Our own packages and modules, and which of the others each may import."""

LIBRARIES: dict[str, set[str]] = {
    "pulumi": {
        "settings",
        "identities",
        "components",
        "outputs",
        "arguments",
        "package",
        "toolchain",
        "sandbox",
    },
    "pulumi_aws": {"components", "arguments", "sandbox"},
    "boto3": {"identities", "access", "sandbox", "bench"},
    "botocore": {"identities", "access", "sandbox", "bench"},
}
"""Which of ours may import a library."""

STANDARD_LIBRARY_ONLY = {
    "model.py": set[str](),
    "access/contract.py": set[str](),
    "components/permissions.py": {"model"},
    "components/policy_documents.py": {"components", "model"},
    **{
        str(path.relative_to(ROOT)): {"access"}
        for path in sorted((ROOT / "access" / "engine").glob("*.py"))
    },
}
"""Pure files, and what of ours they may use besides."""


def files_of(name: str) -> list[Path]:
    module = ROOT / f"{name}.py"
    return [module] if module.exists() else sorted((ROOT / name).rglob("*.py"))


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def test_the_table_knows_every_package() -> None:
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    modules = {path.stem for path in ROOT.glob("*.py")}
    assert packages | modules == set(MAY_IMPORT)


@pytest.mark.parametrize("name", MAY_IMPORT)
def test_imports_go_one_way(name: str) -> None:
    files = files_of(name)
    assert files
    for path in files:
        ours = imported(path) & (set(MAY_IMPORT) | {"tests"}) - {name}
        assert ours <= MAY_IMPORT[name], path


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_is_used_only_where_it_belongs(library: str) -> None:
    users = {
        name for name in MAY_IMPORT if any(library in imported(path) for path in files_of(name))
    }
    assert users <= LIBRARIES[library]
    assert users


@pytest.mark.parametrize("file", STANDARD_LIBRARY_ONLY)
def test_pure_files_use_the_standard_library_only(file: str) -> None:
    assert imported(ROOT / file) <= sys.stdlib_module_names | STANDARD_LIBRARY_ONLY[file]


def test_the_program_does_not_know_the_sandbox() -> None:
    program = {"__main__", "package"}
    while needed := {name for user in program for name in MAY_IMPORT[user]} - program:
        program |= needed
    for name in program:
        for path in files_of(name):
            assert "sandbox" not in path.read_text().lower(), path


def test_the_proof_of_identity_runs_without_pulumi() -> None:
    assert "pulumi" not in imported(ROOT / "identities" / "who.py")
