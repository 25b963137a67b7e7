"""`make mutants`: break documents, settings, engine and verification; tell what no test notices.

mutmut does the work, and knows which tests use which function. Beside that:

- The quickest tests come first. Most of what is broken is noticed by one of them.
- mutmut chooses a mutation in a process that has imported everything, which saves most of the time.
  A function that fills a table while it is imported, or a cache, has done so by then, unbroken.
  What goes unnoticed in such functions is tried again, each with all files of tests that use
  its module, in a process that imports after the choice.

Started by its path: as a module it would import the package from here, and not the broken copy.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final
from unittest.mock import patch

from mutmut.__main__ import cli
from mutmut.configuration import config
from mutmut.state import state
from mutmut.workers.isolation import ForkServerRunner

_FOLDER: Final = Path("mutants")
_UNNOTICED, _UNTRIED = ("survived", "no tests"), "not checked"
_EXAMPLE: Final = "cross_account_access.iam.engine.*"
_NOTICED: Final = 1
"""How pytest ends where a test fails; mutmut keeps it."""
_SECONDS: Final = 300
"""How long the tests of a mutation may take; one that goes on for ever is noticed, too."""

_CALLED_WHILE_COLLECTED = """
import json, sys, pytest
called = set()
def note(frame, event, _):
    name, _, is_mutated = frame.f_code.co_name.partition("__mutmut_")
    if event == "call" and is_mutated:
        called.add(f"{frame.f_globals['__name__']}.{name}")
sys.setprofile(note)
pytest.main(["--collect-only", "-qqq", *sys.argv[1:]])
sys.setprofile(None)
print(json.dumps(sorted(called)))
"""


def main(names: Sequence[str]) -> None:
    """Try the mutations of these names, which may be patterns, or all that are not tried yet.

    Raises:
        SystemExit: a test fails without any mutation, or no mutation has such a name.
    """
    usual = ForkServerRunner.submit

    def submit(
        runner: ForkServerRunner, name: str, tests: Iterable[str], most: int, usually: float
    ) -> None:
        quickest_first = sorted(tests, key=state().duration_by_test.__getitem__)
        usual(runner, name, quickest_first, most, usually)

    with patch.object(ForkServerRunner, "submit", submit):
        try:
            cli(["run", *names], standalone_mode=False)
        except AssertionError as error:
            if "nothing matches" not in str(error):
                raise
            told = f"{' '.join(names)}: no mutation has such a name; write {_EXAMPLE!r}"
            raise SystemExit(told) from None
    again = _unnoticed_and_called_before()
    print(f"{len(again)} of them are in what is called before any test: tried anew", flush=True)
    _try_in_new_processes(again)
    results = _results()
    print(*(name for name, result in results.items() if result in _UNNOTICED), sep="\n")
    counts = Counter(results.values())
    tried = len(results) - counts[_UNTRIED]
    noticed = tried - sum(counts[result] for result in _UNNOTICED)
    print(f"{tried} of {len(results)} mutations tried, {noticed / tried:.1%} of them noticed")


def _unnoticed_and_called_before() -> list[str]:
    """Return what went unnoticed in functions that are called while tests are imported."""
    tests = config().pytest_add_cli_args_test_selection
    listed = _printed(sys.executable, "-c", _CALLED_WHILE_COLLECTED, *tests, cwd=_FOLDER)
    called = set(json.loads(listed.splitlines()[-1]))
    return [
        name
        for name, result in _results().items()
        if result in _UNNOTICED and name.partition("__mutmut_")[0] in called
    ]


def _try_in_new_processes(names: Iterable[str]) -> None:
    known = json.loads((_FOLDER / "mutmut-stats.json").read_text())
    files: dict[str, set[str]] = defaultdict(set)
    for function, tests in known["tests_by_mangled_function_name"].items():
        files[_module(function)].update(map(_file, tests))
    seconds: dict[str, float] = defaultdict(float)
    for test, duration in known["duration_by_test"].items():
        seconds[_file(test)] += duration
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        futures = {}
        for name in names:
            quickest_first = sorted(files[_module(name)], key=seconds.__getitem__)
            futures[name] = pool.submit(_is_noticed, name, quickest_first)
        for name, is_noticed in futures.items():
            if is_noticed.result():
                _record(name)


def _is_noticed(name: str, files: Sequence[str]) -> bool:
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *files],
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
    path = _FOLDER / _module(name).replace(".", "/")
    files = (path.with_suffix(".py.meta"), path / "__init__.py.meta")
    meta = next(file for file in files if file.exists())
    known = json.loads(meta.read_text())
    known["exit_code_by_key"][name] = _NOTICED
    meta.write_text(json.dumps(known, indent=4))


def _module(name: str) -> str:
    return name.rpartition(".")[0]


def _file(test: str) -> str:
    return test.partition("::")[0]


def _results() -> dict[str, str]:
    """Return how each mutation ended, by its name."""
    mutmut = Path(sys.executable).with_name("mutmut")
    lines = _printed(mutmut, "results", "--all", "true").splitlines()
    return {name: result for name, _, result in (line.strip().rpartition(": ") for line in lines)}


def _printed(*command: str | Path, cwd: Path | None = None) -> str:
    return subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    main(sys.argv[1:])
