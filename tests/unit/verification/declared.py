"""Declarations for tests of the verification, as the outputs of a stack tell them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from cross_account_access.command.verification.matrix import Environment, matrix
from cross_account_access.command.verification.rows import Expected, Row
from cross_account_access.credentials.contract import Consumer, Contract, Grant, _callers

PRODUCTION, STAGING = "111122223333", "444455556666"
BUCKET, OTHER_BUCKET = "arn:aws:s3:::shared", "arn:aws:s3:::private"
TOPIC = f"arn:aws:sns:us-west-2:{PRODUCTION}:news"
QUEUE = f"arn:aws:sqs:us-west-2:{PRODUCTION}:jobs"
SECRET = f"arn:aws:secretsmanager:us-west-2:{PRODUCTION}:secret:db-AbCdEf"
TABLE = f"arn:aws:dynamodb:us-west-2:{PRODUCTION}:table/orders"
STATE_MACHINE = f"arn:aws:states:us-west-2:{PRODUCTION}:stateMachine:delivery"
USER = f"arn:aws:iam::{STAGING}:user/Reader"
ROLE = f"arn:aws:iam::{PRODUCTION}:role/ReaderAccess"
PROBE = "access-verify-0/"
NOW = datetime(2030, 1, 1, tzinfo=UTC)


def grant(
    *levels: str, arn: str = BUCKET, prefixes: tuple[str, ...] = (), via: str = "role"
) -> Grant:
    return Grant(resource_arn=arn, levels=levels, prefixes=prefixes, via=via)


def consumer(*grants: Grant, **changes: Any) -> Consumer:
    output = {
        "name": "reader",
        "kind": "user",
        "role_arn": ROLE,
        "principal_arns": (USER,),
        "grants": grants,
        **changes,
    }
    return Consumer(**{**_callers(output, STAGING), **output})


def contract(
    *consumers: Consumer, buckets: tuple[str, ...] = (BUCKET,), **changes: Any
) -> Contract:
    output = {
        "production_account_id": PRODUCTION,
        "production_region": "us-west-2",
        "staging_account_id": STAGING,
        "bucket_arns": {arn.rsplit(":", 1)[-1]: arn for arn in buckets},
        "topic_arns": {},
        "queue_arns": {},
        "kms_key_arns": {},
        "consumers": {each.name: each for each in consumers},
        **changes,
    }
    return Contract(**output)


def rows(declared: Contract, **environment: Any) -> tuple[Row, ...]:
    """The rows of all consumers."""
    return matrix(
        declared,
        list(declared.consumers.values()),
        Environment(probe=PROBE, now=NOW, **environment),
    )


def expectations(
    declared: Contract, who: str = "reader", **environment: Any
) -> dict[str, Expected]:
    """How each row of a consumer should end."""
    return {row.what: row.expected for row in rows(declared, **environment) if row.consumer == who}
