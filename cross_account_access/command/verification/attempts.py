"""Decides all rows, and those that disappoint again a little later.

A change of IAM takes a while to be known everywhere, so that a new role cannot be assumed for some
seconds and an old policy lives on ("Troubleshoot IAM",
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html, Changes that I make are not
always immediately visible). What is still not as intended when patience ends is a result.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

from cross_account_access.command.verification.deduction import Deduction
from cross_account_access.command.verification.documents import Documents
from cross_account_access.command.verification.findings import (
    Finding,
    Found,
    Judge,
    Result,
    Verdict,
)
from cross_account_access.command.verification.probes import Probes
from cross_account_access.command.verification.rows import LongSession, Row

_AT_ONCE: Final = 8
_LONGEST_PAUSE: Final = 16.0


class Attempts:
    """Rows, and those who decide them.

    Args:
        probes: asks AWS.
        documents: of both accounts; None if nobody can read them.
        patience: seconds, from the start, in which a row may come to be as intended.
        tell: says what is going on.
    """

    def __init__(
        self,
        probes: Probes,
        documents: Documents | None,
        patience: float,
        tell: Callable[[str], None],
    ) -> None:
        self._probes = probes
        self._documents = documents
        self._patience = patience
        self._tell = tell

    def decide(self, rows: Sequence[Row]) -> list[Result]:
        """The results in the order of the rows."""
        results: dict[int, Result] = {}
        pending = list(range(len(rows)))
        for pause in _pauses(self._patience):
            if pause:
                self._tell(
                    f"{_rows(len(pending))} not as intended yet, and a change of IAM takes a "
                    f"while; asking again in {pause:.0f} s"
                )
                time.sleep(pause)
            asked = [rows[index] for index in pending]
            # Reading takes a while too, and those whom AWS answers need none.
            stale = pause > 0 and any(map(self._probes.obstacle, asked))
            decided = self._round(asked, again=stale)
            results.update(zip(pending, decided, strict=True))
            pending = [index for index in pending if _may_change(results[index])]
            if not pending:
                break
        return [results[index] for index in range(len(rows))]

    def _round(self, rows: Sequence[Row], *, again: bool) -> list[Result]:
        documents = self._documents
        deduction = documents.deduction(rows, again=again) if documents else None
        pool = ThreadPoolExecutor(_AT_ONCE)
        try:
            return list(pool.map(lambda row: Result(row, self._decided(row, deduction)), rows))
        finally:
            # An interrupt must not wait for rows that nobody has begun.
            pool.shutdown(cancel_futures=True)

    def _decided(self, row: Row, deduction: Deduction | None) -> Finding:
        obstacle = self._probes.obstacle(row)
        if obstacle is not None:
            return _deduced(deduction, row, obstacle)
        finding = self._probes.ask(row)
        if finding.obstacle is not None:
            return _deduced(deduction, row, finding.obstacle)
        return finding


def _deduced(deduction: Deduction | None, row: Row, obstacle: str) -> Finding:
    if deduction is not None and not isinstance(row.ask, LongSession):
        return replace(deduction.decide(row), obstacle=obstacle)
    return Finding(
        found=Found.UNDECIDED,
        judge=Judge.ENGINE,
        obstacle=obstacle,
        why=f"{obstacle}, and the documents of the accounts cannot be read",
    )


def _may_change(result: Result) -> bool:
    is_engines = result.finding.judge is Judge.ENGINE
    return result.verdict is Verdict.WRONG or (
        result.verdict is Verdict.UNCHECKED and not is_engines
    )


def _pauses(patience: float) -> Iterator[float]:
    """Seconds to wait before each round: none, 1, 2, 4, ... until patience ends."""
    deadline = time.monotonic() + patience
    yield 0
    pause = 1.0
    while (left := deadline - time.monotonic()) > 0:
        yield min(pause, left)
        pause = min(2 * pause, _LONGEST_PAUSE)


def _rows(count: int) -> str:
    return "1 row is" if count == 1 else f"{count} rows are"
