"""What policies of others would still refuse: of resources and keys that the stack does not make.

A role needs nothing of the policy of a resource in its own account but that it does not refuse. A
key policy must leave the use to IAM besides, or name the role ("Key policies in AWS KMS",
https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html).
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from cross_account_access.command.inventory import StackInventory
from cross_account_access.command.live import live
from cross_account_access.command.verification.deduction import Deduction
from cross_account_access.command.verification.findings import Found
from cross_account_access.command.verification.matrix import Environment, matrix
from cross_account_access.command.verification.rows import Expected, Row, Use
from cross_account_access.credentials.contract import Contract
from cross_account_access.facts.partitions import dns_suffix
from cross_account_access.iam.engine import ResourceDocuments
from cross_account_access.iam.services import service_name


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """What a consumer is granted and a policy of others refuses."""

    consumer: str
    policy_of: str
    """ARN of the resource, or of the key, whose policy it is."""
    actions: tuple[str, ...]
    why: str
    """The engine's reason."""
    statement: Mapping[str, Any]
    """What its owner adds: a statement, or a condition to the one that refuses."""

    def told(self) -> str:
        """A sentence, with the remedy."""
        is_condition = "Effect" not in self.statement
        remedy = "to the statement that refuses, the condition" if is_condition else "the statement"
        return (
            f"{self.consumer}: {', '.join(self.actions)} is refused by the policy of "
            f"{self.policy_of} ({self.why}); have its owner add {remedy} "
            f"{json.dumps(self.statement)}"
        )


def of_others(contract: Contract) -> list[str]:
    """ARNs of what others own in Production and consumers are granted, keys as well."""
    keys = {
        grant.kms_key_arn
        for consumer in contract.consumers.values()
        for grant in consumer.grants
        if grant.kms_key_arn and f":{contract.production_account_id}:" in grant.kms_key_arn
    }
    return sorted(contract.of_others | keys)


def with_others(contract: Contract, inventory: StackInventory) -> StackInventory:
    """The documents of a stack with the policies of others, as they lie in Production.

    Raises:
        UncheckedError: a policy cannot be read.
    """
    unread: ResourceDocuments = {"account": contract.production_account_id, "policy": None}
    others = dict.fromkeys(of_others(contract), unread)
    if not others:
        return inventory
    read = live(replace(inventory, users={}, roles={}, resources=others))
    return replace(inventory, resources={**inventory.resources, **read.resources})


def refusals(contract: Contract, seen: StackInventory) -> list[Refusal]:
    """What of the declaration the policies of others refuse.

    Args:
        contract: what is declared.
        seen: documents as `with_others` gives them.
    """
    if not contract.of_others:
        return []
    now = datetime.now(UTC)
    rows = matrix(
        contract, tuple(contract.consumers.values()), Environment(probe="access-prove/", now=now)
    )
    granted = [row for row in rows if _is_of(row, contract)]
    return list(_merged(_refused(granted, seen, contract.production_account_id)))


def _is_of(row: Row, contract: Contract) -> bool:
    ask = row.ask
    return (
        isinstance(ask, Use)
        and ask.role_arn is not None
        and row.expected is Expected.ALLOWED
        and ask.place.arn in contract.of_others
    )


def _refused(rows: Sequence[Row], seen: StackInventory, owner: str) -> Iterator[Refusal]:
    decided = Deduction(seen, rows, owner)
    for row in rows:
        finding, ask = decided.decide(row), row.ask
        if finding.found is not Found.REFUSED or not isinstance(ask, Use):
            continue
        policy_of, key = ask.place.arn, ask.place.key_arn
        without = _with_policy(seen, policy_of, None)
        if not _is_allowed(row, without, owner):
            if key not in seen.resources:
                continue
            policy_of = str(key)
            # What is refused then all the same is refused by the role's own policies.
            lets_in = {"Version": "2012-10-17", "Statement": [_for_role(ask)]}
            if not _is_allowed(row, _with_policy(without, policy_of, lets_in), owner):
                continue
        is_key = policy_of == key
        statement = _for_role(ask) if is_key else {}
        mended = _with_statement(seen, policy_of, statement) if is_key else seen
        if not _is_allowed(row, mended, owner):
            statement = {"ArnNotLike": {"aws:PrincipalArn": ask.role_arn}}
        yield Refusal(
            consumer=row.consumer,
            policy_of=policy_of,
            actions=ask.operation.key_actions if is_key else ask.operation.actions,
            why=finding.why,
            statement=statement,
        )


def _for_role(ask: Use) -> dict[str, Any]:
    """What lets a role use a key through the service of a resource."""
    arn = ask.place.arn
    _, partition, _, region, *_ = str(ask.place.key_arn).split(":")
    via = f"{service_name(arn)}.{region}.{dns_suffix(partition)}"
    return {
        "Effect": "Allow",
        "Principal": {"AWS": ask.role_arn},
        "Action": sorted(ask.operation.key_actions),
        "Resource": "*",
        "Condition": {"StringEquals": {"kms:ViaService": via}},
    }


def _is_allowed(row: Row, seen: StackInventory, owner: str) -> bool:
    return Deduction(seen, [row], owner).decide(row).found is Found.ALLOWED


def _with_statement(seen: StackInventory, arn: str, statement: Mapping[str, Any]) -> StackInventory:
    found = seen.resources[arn]["policy"]
    document = json.loads(found) if isinstance(found, str) else dict(found or {})
    statements = document.get("Statement", [])
    listed = statements if isinstance(statements, list) else [statements]
    return _with_policy(seen, arn, {**document, "Statement": [*listed, statement]})


def _with_policy(seen: StackInventory, arn: str, policy: Any) -> StackInventory:  # noqa: ANN401
    documents: ResourceDocuments = {"account": seen.resources[arn]["account"], "policy": policy}
    return replace(seen, resources={**seen.resources, arn: documents})


def _merged(found: Iterable[Refusal]) -> Iterator[Refusal]:
    """One for each consumer, policy and remedy, with all actions."""
    by: dict[tuple[str, str, str], Refusal] = {}
    for each in found:
        about = {key: value for key, value in each.statement.items() if key != "Action"}
        key = (each.consumer, each.policy_of, json.dumps(about))
        before = by.get(key, each)
        actions = tuple(sorted({*before.actions, *each.actions}))
        statement = dict(each.statement)
        if "Action" in statement:
            statement["Action"] = list(actions)
        by[key] = replace(before, actions=actions, statement=statement)
    yield from by.values()
