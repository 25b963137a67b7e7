"""Who may import whom; above all, a judge shares no code with what it judges."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
OURS = "cross_account_access"

MAY_IMPORT: dict[str, set[str]] = {
    "": set(),
    "facts": set(),
    # The program.
    "declaration.accounts": {"facts"},
    "declaration.actions": {"facts"},
    "declaration.statements": set(),
    "declaration.nearest": set(),
    "declaration.rules": {"declaration.accounts", "declaration.nearest", "facts"},
    "declaration.reader": {"declaration.nearest", "declaration.rules"},
    "declaration.keys": {"declaration.accounts", "declaration.rules"},
    "declaration.fields": {"declaration.accounts", "declaration.reader", "declaration.rules"},
    "declaration.model": {
        *("declaration.accounts", "declaration.actions", "declaration.fields"),
        *("declaration.keys", "facts"),
        *("declaration.rules", "declaration.statements"),
    },
    "declaration.machines": {
        *("declaration.accounts", "declaration.fields", "declaration.model", "facts"),
        "declaration.rules",
    },
    "declaration.kinds": {
        *("declaration.accounts", "declaration.actions", "declaration.fields"),
        *("declaration.keys", "declaration.machines", "declaration.model", "facts"),
        *("declaration.rules", "declaration.statements"),
    },
    "declaration.policies": {
        *("declaration.accounts", "declaration.kinds", "declaration.machines"),
        "declaration.model",
        *("declaration.statements", "facts"),
    },
    "declaration.settings": {
        *("declaration.accounts", "declaration.actions", "declaration.fields"),
        *("declaration.keys", "declaration.kinds", "declaration.machines", "declaration.model"),
        *("declaration.nearest", "declaration.policies", "declaration.statements", "facts"),
        *("declaration.reader", "declaration.rules"),
    },
    "declaration.documentation": {
        *("declaration.fields", "declaration.kinds", "declaration.model", "declaration.settings"),
    },
    "components": {
        *("declaration.accounts", "declaration.kinds", "declaration.machines"),
        *("declaration.model", "declaration.policies", "facts"),
    },
    "program": {
        *("components", "declaration.accounts", "declaration.kinds", "declaration.machines"),
        *(
            "declaration.model",
            "credentials.role_request",
            "declaration.policies",
            "declaration.settings",
            "facts",
        ),
    },
    "__main__": {"components", "declaration.settings", "program"},
    "package": {"", "components", "declaration.fields", "declaration.settings", "program"},
    # What deploying takes.
    "deployers": {
        *("declaration.accounts", "declaration.kinds", "declaration.machines"),
        *("declaration.model", "declaration.policies", "declaration.reader"),
        *("declaration.settings", "declaration.statements", "errors", "facts"),
    },
    # The judge.
    "iam.errors": set(),
    "iam.patterns": set(),
    "iam.condition_keys": set(),
    "iam.actions": {"facts", "iam.patterns"},
    "iam.checks": {"iam.errors"},
    "iam.documents": {"iam.checks", "iam.errors"},
    "iam.layers": {"iam.checks", "iam.documents"},
    "iam.engine": {
        *(
            "iam.checks",
            "iam.condition_keys",
            "iam.documents",
            "iam.errors",
            "iam.layers",
            "iam.patterns",
            "iam.services",
        ),
    },
    "iam.inventory": {
        *("iam.checks", "iam.condition_keys", "iam.documents", "iam.engine", "iam.layers"),
    },
    "iam.routes": {"iam.engine", "iam.inventory"},
    "iam.services": {"facts"},
    "iam.comparing": {
        *("facts", "iam.condition_keys", "iam.documents", "iam.engine", "iam.errors"),
        *("iam.inventory", "iam.layers", "iam.patterns", "iam.services"),
    },
    "iam.lint": {
        *("facts", "iam.actions", "iam.checks", "iam.comparing", "iam.condition_keys"),
        *("iam.documents", "iam.engine", "iam.errors", "iam.inventory", "iam.patterns"),
        "iam.services",
    },
    "iam": {
        *("iam.comparing", "iam.documents", "iam.engine", "iam.errors", "iam.inventory"),
        *("iam.layers", "iam.lint", "iam.patterns", "iam.routes"),
    },
    # What the verbs of the command share, and what they hand out.
    "errors": set(),
    "printable": set(),
    "presentation": {"printable"},
    "stack": {"errors", "facts", "presentation"},
    "aws": {"errors", "stack"},
    "credentials.contract": set(),
    "credentials.role_request": {"facts"},
    "files": set(),
    "credentials": {
        *("aws", "credentials.contract", "credentials.role_request", "errors", "facts", "files"),
        "stack",
    },
    "importing": {"aws", "facts", "stack"},
    "recovery": {"aws", "errors", "files"},
    # The command.
    "command.inventory": {
        *("errors", "facts", "iam.documents", "iam.engine", "iam.errors", "iam.inventory"),
        *("iam.layers", "iam.services", "stack"),
    },
    "command.access_changes": {"iam.comparing", "iam.documents", "iam.engine", "iam.inventory"},
    "command.foretold": {"iam.comparing", "iam.inventory"},
    "command.change_words": {"iam.comparing", "presentation", "printable"},
    "command.calls": {"iam.services"},
    "command.layers": {
        *("aws", "command.inventory", "errors", "iam.documents", "iam.inventory", "iam.layers"),
        *("presentation", "stack"),
    },
    "command.code_scanning": {"", "iam.lint"},
    "command.external_ids": set(),
    "command.reports": {"errors", "files", "presentation"},
    "command.found_words": {"importing", "presentation"},
    "command.stack_file": set(),
    "command.live": {
        *("aws", "command.calls", "command.inventory", "command.layers", "iam.documents"),
        *("iam.engine", "iam.layers", "iam.services", "presentation", "stack"),
    },
    "command.names": {
        *("command.inventory", "command.verification", "credentials.contract", "errors"),
        *("iam.engine", "iam.services"),
    },
    "command.sources": {
        *("command.inventory", "command.live", "command.names", "errors", "stack"),
    },
    "command.questions": {
        *("command.inventory", "command.layers", "command.names", "command.sources"),
        *("credentials", "errors", "facts", "iam.engine", "stack"),
    },
    "command.denials": {
        *("aws", "command.reports", "errors", "iam.condition_keys", "iam.documents"),
        *("iam.engine", "iam.inventory", "iam.services", "presentation", "stack"),
    },
    "command.answers": {
        *("command.questions", "credentials", "errors", "iam.comparing", "iam.inventory"),
        "presentation",
    },
    "command.proof": {
        *("", "command.change_words", "command.inventory", "command.layers", "errors"),
        *(
            "credentials.contract",
            "facts",
            "iam.actions",
            "iam.checks",
            "iam.comparing",
            "iam.documents",
        ),
        *("iam.engine", "iam.errors", "iam.inventory", "iam.patterns", "iam.services"),
        *("presentation", "stack"),
    },
    "command.drift": {
        *("aws", "command.inventory", "command.live", "errors", "iam.comparing", "iam.errors"),
        *("iam.inventory", "presentation", "stack"),
    },
    "command.drawing": {
        *("command.change_words", "iam.comparing", "iam.inventory", "iam.services", "printable"),
    },
    "command.verification": {
        *("aws", "command.calls", "command.denials", "command.inventory", "command.live"),
        *("command.proof", "credentials", "credentials.contract", "errors"),
        *("facts", "iam.documents", "iam.engine", "iam.errors", "iam.inventory", "iam.patterns"),
        *("iam.services", "presentation", "stack"),
    },
    "command.sign_in": {
        *("credentials", "credentials.contract", "credentials.role_request", "errors"),
        "presentation",
    },
    "command.verbs": {
        *("aws", "command.access_changes", "command.answers", "command.foretold"),
        "command.questions",
        *("command.change_words", "command.code_scanning", "command.denials", "command.drawing"),
        *("command.drift", "command.inventory", "command.layers", "command.live", "command.names"),
        *("command.external_ids", "command.proof", "command.reports", "command.sign_in"),
        *("command.sources", "deployers"),
        *("command.stack_file", "command.verification", "credentials", "credentials.contract"),
        *("credentials.role_request", "errors", "facts", "files", "iam.comparing"),
        *("iam.documents", "iam.engine", "iam.errors", "iam.inventory", "iam.lint"),
        *("iam.patterns", "iam.routes", "iam.services", "importing", "presentation", "stack"),
        *("aws", "credentials", "credentials.contract", "credentials.role_request", "errors"),
        *("facts", "importing", "presentation", "stack"),
        *("command.access_changes", "command.answers", "command.questions", "command.drift"),
        *("command.stack_file", "command.found_words", "recovery"),
        *("command.change_words", "command.drawing", "command.inventory", "command.layers"),
        *("command.live", "command.proof", "command.sign_in", "command.sources"),
        "command.verification",
        *("command.change_words", "command.drawing", "command.drift", "command.inventory"),
        "command.live",
        *("command.proof", "command.sources", "command.verification"),
        *("command.stack_file", "files"),
        *("iam.comparing", "iam.engine", "iam.errors", "iam.inventory", "iam.lint", "iam.routes"),
        *("command.change_words", "command.code_scanning", "command.drawing"),
        *("command.denials", "command.inventory", "command.layers", "command.live"),
        *(
            "command.names",
            "command.proof",
            "command.reports",
            "command.sign_in",
            "command.sources",
        ),
        *("iam.comparing", "iam.documents", "iam.engine", "iam.errors", "iam.inventory"),
        *("iam.lint", "iam.patterns", "iam.routes", "iam.services"),
    },
    "command.cli": {"", "command.external_ids", "errors", "files", "printable"},
    # What it is built, tried and measured with.
    "dev.toolchain": {"files"},
    "dev.sandbox": {"dev.toolchain", "facts", "files"},
    "dev.demo": {"dev.sandbox", "dev.toolchain"},
    "dev.mutation_run": set(),
    "dev.service_reference": {"facts"},
    "dev.bench": {
        *("command.inventory", "command.proof", "credentials.contract", "dev.demo", "dev.sandbox"),
        *("dev.toolchain", "iam.documents", "iam.engine", "stack"),
    },
}
"""Our own places, and which of the others each may import. All but `components` and `__main__` are
below `cross_account_access`, whose own name is left out here."""

PROGRAM = {place for place in MAY_IMPORT if place.startswith("declaration.")}
PROGRAM |= {"components", "program", "package", "__main__"}
LIBRARIES: dict[str, set[str]] = {
    "pulumi": {
        *("declaration.settings", "components", "program", "package", "__main__"),
        *("dev.toolchain", "dev.sandbox"),
    },
    "pulumi_aws": {"components", "program", "dev.sandbox"},
    "boto3": {
        *("aws", "command", "credentials", "importing", "recovery"),
        "dev.sandbox",
        "dev.bench",
    },
    "botocore": {"program", "aws", "command", "credentials", "importing", "recovery", "dev"},
}
"""Which of ours may import a library: a place, or all that are below it."""

STANDARD_LIBRARY_ONLY = (
    *("declaration.fields", "declaration.kinds", "declaration.model", "declaration.policies"),
    *("credentials.contract", "credentials.role_request", "facts", "files"),
    *(place for place in MAY_IMPORT if place.split(".")[0] == "iam"),
)
"""Pure places."""


def module_of(path: Path) -> str:
    """The dotted name, without that of the package that all is in."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    inside = parts[1:] if parts[0] == OURS else parts
    return ".".join(inside).removesuffix("__init__").removesuffix(".")


def place_of(module: str) -> str | None:
    """The place that a module belongs to: the longest name of the table that begins its own."""
    names = (name for name in MAY_IMPORT if module == name or module.startswith(f"{name}."))
    return max(names, key=len, default=None)


def files() -> Iterator[Path]:
    yield ROOT / "__main__.py"
    for folder in ("components", OURS):
        yield from sorted((ROOT / folder).rglob("*.py"))


@cache
def imported(path: Path) -> set[str]:
    """The dotted names that a file imports; a name of ours as `module_of` has it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def imported_places(path: Path) -> set[str]:
    places = set()
    for name in imported(path):
        first, _, rest = name.partition(".")
        if first == OURS:
            places.add(place_of(rest) or "")
        elif first in ("components", "tests"):
            places.add(first)
    return places


def libraries(path: Path) -> set[str]:
    return {name.split(".")[0] for name in imported(path)} - {OURS, "components"}


FILES: dict[str, list[Path]] = {place: [] for place in MAY_IMPORT}
for _path in files():
    FILES[place_of(module_of(_path)) or ""].append(_path)


def test_the_table_knows_every_file() -> None:
    # A package's own `__init__` without code belongs to the table's first place.
    loose = [path for path in FILES[""] if imported(path)]
    assert loose == []
    assert sorted(path for found in FILES.values() for path in found) == sorted(files())


@pytest.mark.parametrize("place", MAY_IMPORT)
def test_imports_go_one_way(place: str) -> None:
    assert FILES[place]
    for path in FILES[place]:
        assert imported_places(path) - {place} <= MAY_IMPORT[place], path


def test_there_is_no_circle() -> None:
    left = dict(MAY_IMPORT)
    while ready := [place for place, needed in left.items() if not needed & left.keys()]:
        for place in ready:
            del left[place]
    assert left == {}


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_is_used_only_where_it_belongs(library: str) -> None:
    users = {
        place for place, found in FILES.items() for path in found if library in libraries(path)
    }
    allowed = LIBRARIES[library]
    assert {place for place in users if not {place, place.split(".")[0]} & allowed} == set()
    assert users


@pytest.mark.parametrize("place", STANDARD_LIBRARY_ONLY)
def test_pure_places_use_the_standard_library_only(place: str) -> None:
    for path in FILES[place]:
        assert libraries(path) <= sys.stdlib_module_names, path


def test_the_program_does_not_know_the_sandbox() -> None:
    for place in PROGRAM:
        for path in FILES[place]:
            assert "sandbox" not in path.read_text().lower(), path


def test_the_program_and_its_judge_share_no_code() -> None:
    judge = {"iam", "command", "dev"}
    for place, needed in MAY_IMPORT.items():
        if place.split(".")[0] in judge:
            assert not needed & PROGRAM, place
        if place in PROGRAM:
            assert not {each for each in needed if each.split(".")[0] in judge}, place


def test_the_proof_of_identity_runs_without_pulumi() -> None:
    assert "pulumi" not in libraries(ROOT / OURS / "program" / "preflight" / "ask_accounts.py")
