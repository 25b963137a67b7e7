"""`make mutants`: break documents, settings, engine and verification; tell what no test notices.

mutmut chooses a mutation in a process that has imported everything, which saves most of the time.
A function that fills a table while its module is imported has done so by then, unbroken. What goes
unnoticed in such functions is tried again, each with all tests that use anything of its module, in
a process that imports after the choice.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

_FOLDER: Final = Path("mutants")
_MUTMUT: Final = Path(sys.executable).with_name("mutmut")
_UNNOTICED, _UNTRIED = ("survived", "no tests"), "not checked"
_NOTICED: Final = 1
_SECONDS: Final = 300
"""How long the tests of a mutation may take; one that goes on for ever is noticed, too."""

_CALLED_WHILE_IMPORTED = """
import importlib, json, sys
called = set()
def note(frame, event, _):
    name, _, is_mutated = frame.f_code.co_name.partition("__mutmut_")
    if event == "call" and is_mutated:
        called.add(f"{frame.f_globals['__name__']}.{name}")
sys.setprofile(note)
for module in sys.argv[1:]:
    importlib.import_module(module)
print(json.dumps(sorted(called)))
"""


def main(names: Sequence[str]) -> int:
    """Try the mutations of these names, which may be patterns, or all that are not tried yet.

    Returns:
        What mutmut ends with, which is not 0 where a test fails without a mutation.
    """
    ended = subprocess.run([_MUTMUT, "run", *names], check=False)
    if ended.returncode != 0:
        return ended.returncode
    again = _unnoticed_and_called_while_imported()
    print(
        f"{len(again)} of those are in what is called while it is imported: tried anew", flush=True
    )
    _try_in_new_processes(again)
    results = _results()
    print(*(name for name, result in results.items() if result in _UNNOTICED), sep="\n")
    counts = Counter(results.values())
    tried = len(results) - counts[_UNTRIED]
    noticed = tried - sum(counts[result] for result in _UNNOTICED)
    print(f"{tried} of {len(results)} mutations tried, {noticed / tried:.1%} of them noticed")
    return 0


def _unnoticed_and_called_while_imported() -> list[str]:
    results = _results()
    modules = sorted({_module(name) for name in results})
    called = set(
        json.loads(_printed(sys.executable, "-c", _CALLED_WHILE_IMPORTED, *modules, cwd=_FOLDER))
    )
    return [
        name
        for name, result in results.items()
        if result in _UNNOTICED and name.partition("__mutmut_")[0] in called
    ]


def _try_in_new_processes(names: Iterable[str]) -> None:
    known = json.loads((_FOLDER / "mutmut-stats.json").read_text())
    tests: dict[str, set[str]] = {}
    for function, using in known["tests_by_mangled_function_name"].items():
        tests.setdefault(_module(function), set()).update(using)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        futures = {
            name: pool.submit(_is_noticed, name, sorted(tests[_module(name)])) for name in names
        }
        for name, is_noticed in futures.items():
            if is_noticed.result():
                _record(name)


def _is_noticed(name: str, tests: Sequence[str]) -> bool:
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests],
            cwd=_FOLDER,
            env={**os.environ, "MUTANT_UNDER_TEST": name},
            timeout=_SECONDS,
            check=False,
            capture_output=True,
        )
    except subprocess.TimeoutExpired:
        return True
    return ended.returncode != 0


def _record(name: str) -> None:
    path = _FOLDER / f"{_module(name).replace('.', '/')}"
    meta = next(
        file for file in (Path(f"{path}.py.meta"), path / "__init__.py.meta") if file.exists()
    )
    known = json.loads(meta.read_text())
    known["exit_code_by_key"][name] = _NOTICED
    meta.write_text(json.dumps(known, indent=4))


def _module(name: str) -> str:
    return name.rpartition(".")[0]


def _results() -> dict[str, str]:
    """Return how each mutation ended, by its name."""
    lines = _printed(_MUTMUT, "results", "--all", "true").splitlines()
    return {name: result for name, _, result in (line.strip().rpartition(": ") for line in lines)}


def _printed(*command: str | Path, cwd: Path | None = None) -> str:
    return subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
