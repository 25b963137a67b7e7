"""What policies of others refuse, told with what their owner adds."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from cross_account_access.command.inventory import StackInventory
from cross_account_access.command.verification import owners
from cross_account_access.command.verification.owners import of_others, refusals, with_others
from cross_account_access.credentials.contract import Contract
from tests.support.deployment import deploy, stack_values
from tests.support.proof import example, judged, state_of

KEY = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
BUCKET = "arn:aws:s3:::theirs"
ROLE = "arn:aws:iam::111122223333:role/StageRole"
ROOT = {"AWS": "arn:aws:iam::111122223333:root"}
DELEGATES = {"Effect": "Allow", "Principal": ROOT, "Action": "kms:*", "Resource": "*"}
CLOSED = {**DELEGATES, "Principal": {"AWS": "arn:aws:iam::111122223333:role/KeyAdmin"}}


def shared(*levels: str) -> tuple[Contract, StackInventory]:
    listed = [{"name": "theirs", "existing": True, "kms_key_arn": KEY}]
    granted = list(levels or ("list", "read"))
    grant = {"consumer": "stage-admin", "bucket": "theirs", "levels": granted}
    values = stack_values("prod", buckets=listed, grants=[grant])
    return judged(state_of(deploy(values)))


def test_their_policies_are_read_as_they_lie_there_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    contract, inventory = shared()
    asked: list[StackInventory] = []

    def live(known: StackInventory) -> StackInventory:
        asked.append(known)
        found: dict[str, Any] = {
            arn: {**each, "policy": arn} for arn, each in known.resources.items()
        }
        return replace(known, resources=found)

    monkeypatch.setattr(owners, "live", live)
    read = with_others(contract, inventory)
    (known,) = asked
    assert (known.users, known.roles, known.accounts) == ({}, {}, inventory.accounts)
    unread = {"account": "111122223333", "policy": None}
    assert known.resources == {BUCKET: unread, KEY: unread}
    theirs: dict[str, Any] = {arn: {**unread, "policy": arn} for arn in (BUCKET, KEY)}
    assert read == replace(inventory, resources={**inventory.resources, **theirs})

    ours, alone = judged(state_of(deploy(stack_values("prod"))))
    assert with_others(ours, alone) is alone
    assert len(asked) == 1


def document(statements: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": statements}


def told(bucket: list[dict[str, Any]], key: list[dict[str, Any]]) -> list[Any]:
    contract, inventory = shared()

    def policy(statements: list[dict[str, Any]]) -> Any:
        written = json.dumps(document(statements)) if statements else None
        return {"account": "111122223333", "policy": written}

    resources = {**inventory.resources, BUCKET: policy(bucket), KEY: policy(key)}
    return refusals(contract, replace(inventory, resources=resources))


def deny(**statement: Any) -> dict[str, Any]:
    common = {"Sid": "Theirs", "Effect": "Deny", "Principal": "*"}
    return {**common, "Action": "s3:GetObject", "Resource": f"{BUCKET}/*", **statement}


def test_what_belongs_to_others_is_told_with_its_key() -> None:
    assert of_others(shared()[0]) == [KEY, BUCKET]


@pytest.mark.parametrize(
    "bucket",
    [
        [],
        [deny(Action="s3:DeleteObject")],
        [deny(Condition={"Bool": {"aws:SecureTransport": "false"}})],
        [deny(Condition={"ArnNotLike": {"aws:PrincipalArn": ROLE}})],
    ],
)
def test_nothing_is_told_where_nothing_is_refused(bucket: list[dict[str, Any]]) -> None:
    assert told(bucket, [DELEGATES]) == []


def test_a_statement_that_refuses_is_told_with_the_exception_for_the_role() -> None:
    (refusal,) = told([deny()], [DELEGATES])
    assert (refusal.consumer, refusal.policy_of) == ("stage-admin", BUCKET)
    assert refusal.actions == ("s3:GetObject",)
    assert "Theirs" in refusal.why
    assert refusal.statement == {"ArnNotLike": {"aws:PrincipalArn": ROLE}}
    # What it says helps.
    assert told([deny(Condition=refusal.statement)], [DELEGATES]) == []
    assert refusal.told() == (
        f"stage-admin: s3:GetObject is refused by the policy of {BUCKET} ({refusal.why}); have its "
        "owner add to the statement that refuses, the condition "
        f'{{"ArnNotLike": {{"aws:PrincipalArn": "{ROLE}"}}}}'
    )
    several = replace(refusal, actions=("s3:GetObject", "s3:ListBucket"))
    assert several.told().startswith("stage-admin: s3:GetObject, s3:ListBucket is refused by ")


@pytest.mark.parametrize(
    "key",
    [
        CLOSED,
        {**DELEGATES, "Action": "kms:PutKeyPolicy"},
    ],
)
def test_a_key_policy_that_delegates_nothing_is_told_with_a_statement_for_the_role(
    key: dict[str, Any],
) -> None:
    (refusal,) = told([], [key])
    assert (refusal.policy_of, refusal.actions) == (KEY, ("kms:Decrypt",))
    assert refusal.statement["Principal"] == {"AWS": ROLE}
    assert refusal.statement["Action"] == ["kms:Decrypt"]
    via = {"StringEquals": {"kms:ViaService": "s3.us-west-2.amazonaws.com"}}
    assert refusal.statement["Condition"] == via
    assert told([], [key, dict(refusal.statement)]) == []
    assert "have its owner add the statement" in refusal.told()


def test_one_remedy_is_told_once_for_all_that_it_mends() -> None:
    (refusal,) = told([deny(Action="s3:*", Resource="*")], [DELEGATES])
    assert refusal.actions == ("s3:GetBucketLocation", "s3:GetObject", "s3:ListBucket")
    contract, inventory = shared("read", "write")

    def refused(key: Any) -> list[Any]:
        documents: Any = {
            BUCKET: {"account": "111122223333", "policy": None},
            KEY: {"account": "111122223333", "policy": key},
        }
        resources = {**inventory.resources, **documents}
        return refusals(contract, replace(inventory, resources=resources))

    # As it lies there: as text, as a document, with one statement outside of a list, with none.
    for lying in (
        json.dumps(document([CLOSED])),
        document([CLOSED]),
        {**document([]), "Statement": CLOSED},
        document([]),
    ):
        (refusal,) = refused(lying)
        assert refusal.actions == ("kms:Decrypt", "kms:GenerateDataKey")
        assert refusal.statement["Action"] == ["kms:Decrypt", "kms:GenerateDataKey"]
    assert refused(document([CLOSED, dict(refusal.statement)])) == []


@pytest.mark.parametrize("is_read", [True, False])
def test_what_the_role_may_not_is_nobody_elses_refusal(is_read: bool) -> None:
    """Whether the key's policy is known or not; what others refuse besides is told."""
    contract, inventory = shared()
    allowed = [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"{BUCKET}/*"},
        {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": KEY},
    ]
    narrowed: Any = {**inventory.roles[ROLE], "policies": {"access": document(allowed)}}
    key: Any = {"account": "111122223333", "policy": document([DELEGATES])}
    lying = replace(
        inventory,
        roles={**inventory.roles, ROLE: narrowed},
        resources={**inventory.resources, **({KEY: key} if is_read else {})},
    )

    def refused(*statements: dict[str, Any]) -> list[Any]:
        bucket: Any = {"account": "111122223333", "policy": document([*statements])}
        return refusals(contract, replace(lying, resources={**lying.resources, BUCKET: bucket}))

    assert refused() == []
    if is_read:
        (refusal,) = refused(deny())
        assert (refusal.policy_of, refusal.actions) == (BUCKET, ("s3:GetObject",))


def test_both_a_bucket_and_its_key_may_refuse() -> None:
    assert {each.policy_of for each in told([deny()], [CLOSED])} == {KEY}


def test_a_key_policy_that_refuses_is_told_with_an_exception() -> None:
    refuses = {"Effect": "Deny", "Principal": "*", "Action": "kms:Decrypt", "Resource": "*"}
    (refusal,) = told([], [DELEGATES, refuses])
    assert refusal.policy_of == KEY
    assert refusal.statement == {"ArnNotLike": {"aws:PrincipalArn": ROLE}}


def test_the_refusal_of_any_resource_is_told_and_no_other() -> None:
    contract, inventory = judged(example("existing-resources"))
    theirs = of_others(contract)
    open_to_all: dict[str, Any] = {
        arn: {"account": "111122223333", "policy": json.dumps(document([DELEGATES]))}
        if ":kms:" in arn
        else {"account": "111122223333", "policy": None}
        for arn in theirs
    }

    def refused(arn: str) -> set[str]:
        service = arn.split(":")[2]
        closed = document([deny(Action=f"{service}:*", Resource="*")])
        resources: dict[str, Any] = {
            **open_to_all,
            arn: {"account": "111122223333", "policy": json.dumps(closed)},
        }
        found = refusals(contract, replace(inventory, resources=resources))
        return {each.policy_of for each in found}

    assert refusals(contract, replace(inventory, resources=open_to_all)) == []
    # No policy of a log group is about what a role of its account does.
    with_policies = [arn for arn in theirs if ":logs:" not in arn]
    assert {arn: refused(arn) for arn in with_policies} == {arn: {arn} for arn in with_policies}
    assert len({arn.split(":")[2] for arn in with_policies}) >= 9


def with_keys(
    contract: Contract, inventory: StackInventory, *statements: dict[str, Any]
) -> StackInventory:
    """What others own without a policy, but for keys, whose policies have these statements."""
    lying: dict[str, Any] = {
        arn: {
            "account": "111122223333",
            "policy": document([*statements]) if ":kms:" in arn else None,
        }
        for arn in of_others(contract)
    }
    return replace(inventory, resources={**inventory.resources, **lying})


def test_each_consumer_is_told_for_itself_as_long_as_it_has_access() -> None:
    contract, inventory = judged(example("existing-resources"))
    seen = with_keys(contract, inventory, CLOSED)
    told_of = {each.consumer: each for each in refusals(contract, seen)}
    assert told_of.keys() == {"shop", "importer"}
    assert told_of["shop"].actions == ("kms:Decrypt",)
    assert told_of["importer"].actions == ("kms:Encrypt", "kms:GenerateDataKey")
    for each in told_of.values():
        assert each.statement["Action"] == list(each.actions)
        assert each.statement["Principal"] == {"AWS": contract.consumers[each.consumer].role_arn}
    ends = {"shop": "2020-01-01T00:00:00Z", "importer": "2999-01-01T00:00:00Z"}
    consumers = {
        name: replace(consumer, expires_at=ends.get(name))
        for name, consumer in contract.consumers.items()
    }
    (refusal,) = refusals(replace(contract, consumers=consumers), seen)
    assert refusal.consumer == "importer"


def test_one_statement_is_for_all_that_a_consumer_does_with_a_key() -> None:
    queue = {"name": "jobs", "existing": True, "kms_key_arn": KEY}
    grant = {"consumer": "stage-admin", "queue": "jobs", "levels": ["send", "receive"]}
    values = stack_values("prod", buckets=None, queues=[queue], grants=[grant])
    contract, inventory = judged(state_of(deploy(values)))
    seen = with_keys(contract, inventory)
    (refusal,) = refusals(contract, seen)
    # To send takes more than to receive, which is asked last.
    assert refusal.actions == ("kms:Decrypt", "kms:GenerateDataKey")
    assert refusal.statement["Action"] == list(refusal.actions)
