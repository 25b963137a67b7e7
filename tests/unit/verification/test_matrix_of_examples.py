"""The rows of whole declarations: of all examples, and of resources that others own."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest
import yaml

from cross_account_access.command.verification.callers import Callers
from cross_account_access.command.verification.rows import (
    Expected,
    Use,
)
from cross_account_access.credentials.contract import Replication, read
from tests.support.deployment import PROJECT, ROOT, deploy
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


@pytest.mark.parametrize(
    "example", sorted(path.parent.name for path in ROOT.glob("examples/*/Pulumi.prod.yaml"))
)
def test_no_two_rows_of_a_consumer_have_one_name(example: str) -> None:
    file = yaml.safe_load((ROOT / "examples" / example / "Pulumi.prod.yaml").read_text())
    values = {
        key.removeprefix(f"{PROJECT}:"): value if isinstance(value, str) else json.dumps(value)
        for key, value in file["config"].items()
        if key.startswith(PROJECT)
    }
    declared = read(deploy(values).outputs)
    output = [(row.consumer, row.what) for row in rows(declared)]
    assert len(set(output)) == len(output)
    granted = {each.name for each in declared.consumers.values() if each.grants}
    by_consumer = {row.consumer for row in rows(declared) if row.expected is ALLOWED}
    assert granted <= by_consumer


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
