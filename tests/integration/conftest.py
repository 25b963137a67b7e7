"""One sandbox for all integration tests; each test gets empty accounts and a program of its own."""

import contextlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cross_account_access.dev.sandbox.box import Sandbox
from tests.support.counts import COUNTED, COUNTS
from tests.support.fault_proxy import Proxy, proxied
from tests.support.faults import MENDED
from tests.support.people import pointed_at
from tests.support.program import Program

PRODUCTION, STAGING = "111122223333", "444455556666"


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Where several processes test, each hands its lines to the one that prints."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["counts"] = session.config.stash.get(COUNTS, [])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take the lines of a process that has ended."""
    lines = getattr(node, "workeroutput", {}).get("counts", [])
    node.config.stash.setdefault(COUNTS, []).extend(lines)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests have counted, at the end of the run."""
    for line in terminalreporter.config.stash.get(COUNTS, []):
        terminalreporter.write_line(line)
    found: dict[str, Counter[str]] = defaultdict(Counter)
    reports = (each for some in terminalreporter.stats.values() for each in some)
    for report in reports:
        for name, value in getattr(report, "user_properties", ()):
            if name == COUNTED and report.when == "teardown":
                what, _, count = str(value).partition(": ")
                thing, _, number = count.partition("=")
                found[what][thing] += int(number)
    for what, counts in found.items():
        told = ", ".join(f"{number} {thing}" for thing, number in counts.items())
        terminalreporter.write_line(f"{what}: {told}")


@pytest.fixture(scope="session")
def box() -> Iterator[Sandbox]:
    """The two accounts that the stack files name; boto3 in the tests speaks to them too."""
    with running_box() as running:
        yield running


@contextlib.contextmanager
def running_box(state: Path | None = None) -> Iterator[Sandbox]:
    """The two accounts, to which the environment points as long as they run.

    Args:
        state: folder in which they stay for the next time.
    """
    with (
        Sandbox.start(production=PRODUCTION, staging=STAGING, state=state) as running,
        pointed_at(running),
    ):
        yield running


@pytest.fixture
def program(box: Sandbox, tmp_path: Path) -> Program:
    """The program with an empty `prod` stack, in empty accounts."""
    box.reset()
    copied = Program.copied_to(tmp_path, box.environment)
    copied.init()
    return copied


@pytest.fixture(scope="module")
def deployed(box: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Program:
    """The program with `prod` deployed once for a module whose tests do not change it."""
    box.reset()
    copied = Program.copied_to(tmp_path_factory.mktemp("deployed"), box.environment)
    copied.init()
    copied.up()
    return copied


@pytest.fixture(scope="module")
def proxy(box: Sandbox) -> Iterator[tuple[Proxy, str]]:
    """What stands between provider and emulated AWS, and its address."""
    authority = box.environment["AWS_CA_BUNDLE"]
    with proxied(box.emulator.https_endpoint, authority) as running:
        yield running


@pytest.fixture
def mended_told(record_property: Callable[[str, object], None]) -> Iterator[None]:
    """Says at the end of the run how many faults there were, and what ended them."""
    before = MENDED.copy()
    yield
    for what, number in (MENDED - before).items():
        record_property(COUNTED, f"faults: {what}={number}")
