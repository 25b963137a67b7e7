"""Who decides which row, when it is asked again, and what is read again for it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from cross_account_access.command.inventory import StackInventory
from cross_account_access.command.verification import documents
from cross_account_access.command.verification.attempts import Attempts
from cross_account_access.command.verification.documents import Documents
from cross_account_access.command.verification.findings import Finding, Found, Judge
from cross_account_access.command.verification.rows import LongSession, Row
from cross_account_access.iam.layers import NOT_SEEN
from tests.support.states import allow, policy
from tests.unit.verification.declared import (
    BUCKET,
    OTHER_BUCKET,
    PRODUCTION,
    ROLE,
    USER,
    consumer,
    contract,
    grant,
    rows,
)
from tests.unit.verification.stand_in import clock

ALLOWED = Finding(found=Found.ALLOWED, judge=Judge.AWS)
REFUSED = Finding(found=Found.REFUSED, judge=Judge.AWS)
BY_ENGINE = Finding(found=Found.REFUSED, judge=Judge.ENGINE)
NOBODY = "nobody at hand"


@dataclass
class World:
    """AWS and the engine, which answer by the row's words, in turn and then as the last time."""

    by_aws: dict[str, list[Finding]]
    by_engine: dict[str, list[Finding]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    read: list[bool] = field(default_factory=list)
    """For each round, whether documents were read again."""

    def obstacle(self, row: Row) -> str | None:
        return None if row.what in self.by_aws else NOBODY

    def ask(self, row: Row) -> Finding:
        self.asked.append(row.what)
        return self._next(self.by_aws[row.what])

    def deduction(self, _: Sequence[Row], *, again: bool) -> World:
        self.read.append(again)
        return self

    def decide(self, row: Row) -> Finding:
        return self._next(self.by_engine[row.what])

    @staticmethod
    def _next(answers: list[Finding]) -> Finding:
        return answers.pop(0) if len(answers) > 1 else answers[0]


def rows_of(*words: str) -> list[Row]:
    made = {row.what: row for row in rows(contract(consumer(grant("list", "read"))))}
    return [made[each] for each in words]


def decided(
    monkeypatch: pytest.MonkeyPatch, world: Any, *words: str, patience: float = 60
) -> tuple[list[Finding], list[float], list[str]]:
    told: list[str] = []
    with clock(monkeypatch) as pauses:
        results = Attempts(world, world, patience, told.append).decide(rows_of(*words))
    assert [each.row.what for each in results] == list(words)
    return [each.finding for each in results], pauses, told


def test_only_rows_that_disappoint_are_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(
        {"list shared": [REFUSED, ALLOWED], "read shared": [ALLOWED], "write to shared": [REFUSED]}
    )
    findings, pauses, told = decided(
        monkeypatch, world, "write to shared", "list shared", "read shared"
    )
    assert findings == [REFUSED, ALLOWED, ALLOWED]
    assert sorted(world.asked) == ["list shared", "list shared", "read shared", "write to shared"]
    assert pauses == [1]
    assert told == [
        "1 row is not as intended yet, and a change of IAM takes a while; asking again in 1 s"
    ]
    # AWS answers for all of them, whatever the documents say.
    assert world.read == [False, False]


def test_documents_are_read_again_for_rows_that_only_they_decide(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = {"list shared": [BY_ENGINE, replace(BY_ENGINE, found=Found.ALLOWED)]}
    world = World({"read shared": [REFUSED, ALLOWED]}, engine)
    (by_engine, by_aws), pauses, told = decided(monkeypatch, world, "list shared", "read shared")
    assert (by_engine.found, by_engine.obstacle) == (Found.ALLOWED, NOBODY)
    assert by_aws == ALLOWED
    assert world.read == [False, True]
    assert pauses == [1]
    assert told[0].startswith("2 rows are not as intended yet")


def test_the_engine_decides_what_turns_out_to_have_an_obstacle(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    met = replace(ALLOWED, found=Found.UNDECIDED, obstacle="no object")
    engine = {"read shared": [replace(BY_ENGINE, found=Found.ALLOWED, why="grounds")]}
    world = World({"read shared": [met]}, engine)
    (finding,), pauses, _ = decided(monkeypatch, world, "read shared")
    assert finding == replace(BY_ENGINE, found=Found.ALLOWED, why="grounds", obstacle="no object")
    assert pauses == []


def test_how_long_a_session_may_last_is_in_no_document(monkeypatch: pytest.MonkeyPatch) -> None:
    what = "assume ReaderAccess for more than 3600 seconds"
    (row,) = rows_of(what)
    assert isinstance(row.ask, LongSession)
    (finding,), pauses, _ = decided(monkeypatch, World({}), what)
    assert finding == Finding(
        found=Found.UNDECIDED,
        judge=Judge.ENGINE,
        obstacle=NOBODY,
        why="nobody at hand, and the documents of the accounts cannot be read",
    )
    assert pauses == []


@pytest.mark.parametrize(
    ("patience", "expected"), [(0, []), (0.5, [0.5]), (1, [1]), (50, [1, 2, 4, 8, 16, 16, 3])]
)
def test_pauses_grow_until_patience_ends(
    monkeypatch: pytest.MonkeyPatch, patience: float, expected: list[float]
) -> None:
    world = World({"list shared": [REFUSED]})
    _, pauses, told = decided(monkeypatch, world, "list shared", patience=patience)
    assert pauses == expected
    assert [line.rpartition(" in ")[2] for line in told] == [f"{each:.0f} s" for each in pauses]


def test_an_interrupt_does_not_wait_for_rows_that_nobody_has_begun() -> None:
    asked = []

    class Interrupted(World):
        def ask(self, row: Row) -> Finding:
            asked.append(row)
            if len(asked) == 1:
                raise KeyboardInterrupt
            time.sleep(0.05)
            return ALLOWED

    world: Any = Interrupted({"list shared": []})
    with pytest.raises(KeyboardInterrupt):
        Attempts(world, None, 0, print).decide(rows_of("list shared") * 200)
    assert len(asked) < 200


# Documents.


def inventory(*buckets: str, **changes: Any) -> StackInventory:
    return replace(
        StackInventory(
            accounts=(),
            users={USER: {"policies": {}}},
            roles={ROLE: {"trust": policy()}},
            resources={arn: {"account": PRODUCTION, "policy": None} for arn in buckets},
        ),
        **changes,
    )


def test_documents_are_those_that_lie_there_now(monkeypatch: pytest.MonkeyPatch) -> None:
    closed, opened = policy(), policy(allow("s3:GetObject", f"{BUCKET}/*"))
    lying = [closed, opened]

    def live(known: StackInventory) -> StackInventory:
        role: Any = {"trust": closed, "policies": {"access": lying.pop(0)}}
        return replace(known, roles={ROLE: role})

    monkeypatch.setattr(documents, "live", live)
    read = Documents(inventory(BUCKET), PRODUCTION)
    made = rows_of("read shared")
    for again, found in ((False, Found.REFUSED), (True, Found.ALLOWED), (False, Found.ALLOWED)):
        assert read.deduction(made, again=again).decide(made[0]).found is found
    assert lying == []


def test_a_bucket_that_could_be_there_would_be_of_the_owner(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(documents, "live", lambda known: known)
    (row,) = rows_of("read access-verify-0, which is not of the stack")
    everything: Any = {"trust": policy(), "policies": {"all": policy(allow("s3:*", "*"))}}
    read = Documents(inventory(BUCKET, roles={ROLE: everything}), PRODUCTION)
    assert read.deduction([row], again=False).decide(row).found is Found.ALLOWED


def test_of_a_stack_are_its_own_documents_and_what_is_gone_is_a_gap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    layers = replace(NOT_SEEN, reasons=("a bucket",))
    role: Any = {"trust": policy(allow("sts:AssumeRole", Principal="*"))}
    bucket: Any = {"account": PRODUCTION, "policy": policy()}
    now = replace(
        inventory(BUCKET, OTHER_BUCKET),
        users={f"{USER}2": {"policies": {}}},
        roles={ROLE: role, f"{ROLE}2": role},
        resources={BUCKET: bucket, OTHER_BUCKET: bucket},
        layers=layers,
    )
    monkeypatch.setattr(documents, "live", lambda _: now)
    stack = inventory(BUCKET, gaps=("policy/Hidden cannot be read",))
    assert Documents(stack, PRODUCTION).of(stack) == replace(
        stack,
        users={},
        roles={ROLE: role},
        resources={BUCKET: bucket},
        gaps=("policy/Hidden cannot be read", f"{USER} no longer exists"),
        layers=layers,
    )
