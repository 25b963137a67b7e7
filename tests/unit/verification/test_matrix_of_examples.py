"""The rows of whole declarations: of all examples, and of resources that others own."""

from __future__ import annotations

from typing import Any, Final

import pytest

from cross_account_access.command.verification.callers import Callers
from cross_account_access.command.verification.deduction import Deduction
from cross_account_access.command.verification.findings import Found
from cross_account_access.command.verification.rows import Expected, LongSession, Use
from cross_account_access.credentials.contract import Replication
from tests.support.proof import EXAMPLES, example, judged
from tests.unit.verification.declared import (
    BUCKET,
    OTHER_BUCKET,
    consumer,
    contract,
    grant,
    rows,
)

ALLOWED, REFUSED = Expected.ALLOWED, Expected.REFUSED


def test_what_is_written_is_below_the_probe_prefix() -> None:
    declared = contract(
        consumer(grant("list", "write", "delete", prefixes=("images/", "videos/"))),
        buckets=(BUCKET, OTHER_BUCKET),
    )
    scratches = {row.ask.place.scratch for row in rows(declared) if isinstance(row.ask, Use)}
    assert scratches == {
        "access-verify-0/",
        "images/access-verify-0/",
        "images-access-verify-0/",
        "videos/access-verify-0/",
        "videos-access-verify-0/",
    }


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_two_rows_of_a_consumer_have_one_name(name: str) -> None:
    declared, _ = judged(example(name))
    output = [(row.consumer, row.what) for row in rows(declared)]
    assert len(set(output)) == len(output)
    granted = {each.name for each in declared.consumers.values() if each.grants}
    by_consumer = {row.consumer for row in rows(declared) if row.expected is ALLOWED}
    assert granted <= by_consumer


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_row_is_as_intended_by_what_the_program_makes(name: str) -> None:
    declared, inventory = judged(example(name))
    made = rows(declared, made=frozenset({*inventory.users, *inventory.roles}))
    asked = [row for row in made if not isinstance(row.ask, LongSession)]
    deduction = Deduction(inventory, asked, declared.production_account_id)
    for row in asked:
        finding = deduction.decide(row)
        if finding.found is Found.UNDECIDED:
            assert any(words in finding.why for words in OF_OTHERS), row
        else:
            assert finding.found.name == row.expected.name, row


OF_OTHERS: Final = ("is not known", "'NotKnown' of identity-based policy 'of others'")
"""What the program has not made, its documents do not decide."""


COPIED: Final = Replication(
    bucket_arn=BUCKET,
    destination_arn="arn:aws:s3:::copies",
    role_arn="arn:aws:iam::111122223333:role/copies",
    prefixes=(),
    kms_key_arn=None,
    keeps_locks=False,
    delete_markers=False,
)


@pytest.mark.parametrize(
    "owners",
    [
        {},
        {"existing": frozenset({BUCKET})},
        {"locked": frozenset({BUCKET})},
        {"replications": (COPIED,)},
        {"notified": {"arn:aws:sqs:us-west-2:111122223333:jobs": (BUCKET,)}},
    ],
    ids=["ours", "of others", "locked", "copied", "told"],
)
def test_nothing_is_written_where_it_would_stay_or_be_told(owners: dict[str, Any]) -> None:
    declared = contract(consumer(grant("read", "write", "delete")), **owners)
    tried = {
        row.ask.operation.words: not row.is_hypothetical
        for row in rows(declared)
        if isinstance(row.ask, Use) and row.expected is ALLOWED
    }
    assert tried["read"]
    for writing in ("write to", "upload in parts to", "delete in"):
        assert tried[writing] is not bool(owners), writing


def test_who_is_declared_beside_consumers_is_no_stranger() -> None:
    """A role that trusts itself, and S3, which tells a queue of a bucket: the proof decides."""
    role, queue = "arn:aws:iam::111122223333:role/Itself", "arn:aws:sqs:us-west-2:111122223333:jobs"
    named = {role: [role, "arn:aws:iam::777788889999:role/Other"], queue: ["s3.amazonaws.com"]}
    told = contract(notified={queue: (BUCKET,)})
    callers = Callers(told, "aws", named)
    assert [each.arn for each in callers.not_let_in(role, [])] == [
        "arn:aws:iam::777788889999:role/Other"
    ]
    assert callers.not_let_in(queue, []) == []
    untold = Callers(contract(), "aws", named)
    assert [each.arn for each in untold.not_let_in(queue, [])] == ["s3.amazonaws.com"]
