"""`make bench`: speed and memory beside named baselines, in one run."""

import argparse
import os
import platform
import signal
import sys
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from types import FrameType

from cross_account_access.dev.bench import engine, proof
from cross_account_access.dev.bench.contest import BenchError, Contest, Times
from cross_account_access.dev.demo.folder import CHECKOUT
from cross_account_access.dev.sandbox import stack_files
from cross_account_access.dev.sandbox.box import Sandbox
from cross_account_access.dev.sandbox.errors import SandboxError
from cross_account_access.dev.toolchain import ToolchainError

_GOALS = {"preview": 1.10, "up": 1.25}
_ROUNDS = {1: 5, 10: 5, 100: 1}
"""How often each command runs, by number of grants; ratios are medians over the rounds."""
_BUSY = 0.5
"""Load a core from which on other work distorts the figures."""
_SIGNALLED = 128

_DESCRIPTION = """\
Compares `pulumi preview` and `pulumi up` of this program, with nothing to
change, on the emulated AWS:

  ours   the program
  flat   a bare Pulumi program that declares the same resources, literally
  floor  the same AWS calls in the same order, by plain boto3

for 1, 10 and 100 grants, each with a bucket, a user and a role of its own;
then the speed of the access engine and of the proof by themselves."""

_EPILOG = """\
Takes some eight minutes. The figures mean something on a machine that does
nothing else. docs/performance.md explains them.

exit status: 0 measured, whatever the figures; 1 could not measure; 2 wrong
usage; 130 interrupted"""

_TIMES = "grants  command   ours s   flat s  floor s  ours/flat  goal         ours/floor"

_SIZES = "grants  resources  AWS calls  ours MB  flat MB  ours/flat  up from nothing"

_GROWTH = "seconds for each grant more   ours    flat   floor"


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures and prints; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m cross_account_access.dev.bench",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="1 grant only, about two minutes")
    sizes = [1] if parser.parse_args(arguments).quick else list(_ROUNDS)
    # Unwinds like Ctrl-C does, so that nothing stays behind.
    signal.signal(signal.SIGTERM, _exit)
    try:
        _measure(sizes)
        engine.main()
        proof.main()
    except (BenchError, SandboxError, ToolchainError) as error:
        sys.stderr.write(f"bench: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("bench: interrupted\n")
        return _SIGNALLED + signal.SIGINT
    return 0


def _measure(sizes: Sequence[int]) -> None:
    production, staging = stack_files.accounts(CHECKOUT)
    rounds = ", ".join(str(_ROUNDS[grants]) for grants in sizes)
    _say(_machine())
    _say(f"Medians of rounds in turn (ours, flat, floor); rounds a row: {rounds}.")
    _say(f"\n{_TIMES}")
    found = []
    medians: dict[str, list[tuple[int, Sequence[float]]]] = defaultdict(list)
    # Both start a provider as any engine starts any: one from nothing for each account.
    with Sandbox.start(production=production, staging=staging, preloaded_plugin=False) as box:
        for grants in sizes:
            with Contest.of(box, grants) as contest:
                for command, times in contest.race(_ROUNDS[grants]).items():
                    _say(_row(grants, command, times))
                    medians[command].append((grants, _medians(times)))
                found.append(_size(grants, contest))
    if len(sizes) > 1:
        _say(f"\n{_GROWTH}")
    for command, points in medians.items():
        for (few, before), (many, after) in pairwise(points):
            _say(growth(command, few, before, many, after))
    _say(f"\n{_SIZES}")
    for line in found:
        _say(line)
    _say("\nMB: peak memory of the process that runs the program, in a preview.")
    _say("Up from nothing: ours, once, with PULUMI_SKIP_CHECKPOINTS.\n")


def _row(grants: int, command: str, times: Times) -> str:
    ours, flat, floor = _medians(times)
    goal = _GOALS[command]
    verdict = "met" if times.to_flat <= goal else "missed"
    return (
        f"{grants:6}  {command:7}  {ours:7.2f}  {flat:7.2f}  {floor:7.2f}  {times.to_flat:9.2f}"
        f"  {goal:.2f} {verdict:6}  {times.to_floor:10.1f}"
    )


def _medians(times: Times) -> Sequence[float]:
    return [median(values) for values in (times.ours, times.flat, times.floor)]


def growth(
    command: str, few: int, before: Sequence[float], many: int, after: Sequence[float]
) -> str:
    """What a grant more costs between two sizes; the same in each row where growth is a line."""
    added = ((y - x) / (many - few) for x, y in zip(before, after, strict=True))
    slopes = "".join(f"{seconds:8.3f}" for seconds in added)
    return f"{command:8} from {few:3} to {many:3}       {slopes}"


def _size(grants: int, contest: Contest) -> str:
    ours, flat = contest.memory
    return (
        f"{grants:6}  {contest.resources:9}  {contest.calls:9}  {ours / 10**6:7.0f}  "
        f"{flat / 10**6:7.0f}  {ours / flat:9.2f}  {contest.made_in:13.1f} s"
    )


def _machine() -> str:
    cores = os.cpu_count() or 1
    load = os.getloadavg()[0]
    busy = "\nThat is busy: these figures mean little." if load > _BUSY * cores else ""
    return (
        f"Python {platform.python_version()} on {platform.system()}, {cores} cores, "
        f"load {load:.1f} before the start.{busy}"
    )


def _exit(number: int, _frame: FrameType | None) -> None:
    sys.exit(_SIGNALLED + number)


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
