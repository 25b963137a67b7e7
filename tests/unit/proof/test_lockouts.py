"""Nobody of the owning account is locked out by a policy of the stack, and who would be is told."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from cross_account_access.command.cli import main
from cross_account_access.command.inventory import StackInventory
from cross_account_access.command.proof.lockouts import lockouts
from cross_account_access.command.proof.proving import prove
from cross_account_access.iam.documents import PolicyKind
from tests.support.proof import Json, example, judged, with_document

BUCKET = "arn:aws:s3:::example-direct-101"
EVERY_PRINCIPAL = {"Effect": "Deny", "Principal": "*", "Resource": "*"}
ANYBODY = "anybody else of production"
TELLING: dict[str, tuple[str, Json, tuple[str, str, str]]] = {
    "everything, as in many a template": (
        "s3",
        {"Action": "s3:*", "Resource": [BUCKET, f"{BUCKET}/*"]},
        (ANYBODY, "s3:PutBucketPolicy", ""),
    ),
    "the way back alone": (
        "s3",
        {"Action": "s3:DeleteBucketPolicy", "Resource": BUCKET},
        (ANYBODY, "s3:DeleteBucketPolicy", ""),
    ),
    "what a refresh looks for": (
        "s3",
        {"Action": "s3:ListBucket", "Resource": BUCKET},
        (ANYBODY, "s3:ListBucket", ""),
    ),
    "all but an office": (
        "s3",
        {
            "Action": "s3:*",
            "Resource": BUCKET,
            "Condition": {"NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}},
        },
        (ANYBODY, "s3:PutBucketPolicy", "unless aws:SourceIp in 203.0.113.0/24"),
    ),
    "all but a VPC endpoint": (
        "sqs",
        {
            "Action": "sqs:*",
            "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-1a2b3c4d"}},
        },
        (ANYBODY, "sqs:SetQueueAttributes", "unless aws:SourceVpce=vpce-1a2b3c4d"),
    ),
    "without MFA": (
        "sns",
        {
            "Action": "sns:*",
            "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
        },
        (ANYBODY, "sns:SetTopicAttributes", "unless aws:MultiFactorAuthPresent=true"),
    ),
    "all but one role": (
        "sns",
        {
            "Action": "sns:SetTopicAttributes",
            "Condition": {
                "ArnNotEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/Admin"}
            },
        },
        (ANYBODY, "sns:SetTopicAttributes", ""),
    ),
    "one role": (
        "s3",
        {
            "Principal": {"AWS": "arn:aws:iam::111122223333:role/Deployer"},
            "Action": "s3:PutBucketPolicy",
            "Resource": BUCKET,
        },
        ("production:role/Deployer", "s3:PutBucketPolicy", ""),
    ),
    "a key's policy": (
        "kms",
        {"Action": "kms:PutKeyPolicy"},
        (ANYBODY, "kms:PutKeyPolicy", ""),
    ),
}
"""A statement for the policy of a service's resource, and who may then no longer what, and when."""
HARMLESS: dict[str, tuple[str, Json]] = {
    "plain HTTP": (
        "sns",
        {"Action": "sns:*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
    ),
    "the other account": (
        "s3",
        {
            "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
            "Action": "s3:*",
            "Resource": BUCKET,
        },
    ),
    "all of other accounts": (
        "s3",
        {
            "Action": "s3:*",
            "Resource": BUCKET,
            "Condition": {"StringNotEquals": {"aws:PrincipalAccount": "111122223333"}},
        },
    ),
    "objects": ("s3", {"Action": "s3:*", "Resource": f"{BUCKET}/*"}),
    "messages": ("sqs", {"Action": ["sqs:SendMessage", "sqs:ReceiveMessage"]}),
    "use of the key": ("kms", {"Action": ["kms:Decrypt", "kms:CreateGrant"]}),
}


def direct() -> StackInventory:
    return judged(example("via-resource"))[1]


def holder(inventory: StackInventory, service: str) -> str:
    (arn,) = (arn for arn in inventory.resources if arn.split(":")[2] == service)
    return arn


def with_policy(inventory: StackInventory, service: str, *statements: Json) -> StackInventory:
    policy = {"Version": "2012-10-17", "Statement": list(statements)}
    arn = holder(inventory, service)
    return with_document(inventory, arn, PolicyKind.RESOURCE, "", policy)


def statements(inventory: StackInventory, service: str) -> list[Json]:
    policy = inventory.resources[holder(inventory, service)]["policy"]
    assert policy is not None
    parsed = json.loads(policy) if isinstance(policy, str) else policy
    listed: list[Json] = parsed["Statement"]
    return listed


def denying(service: str, statement: Json) -> StackInventory:
    was = direct()
    return with_policy(was, service, *statements(was, service), EVERY_PRINCIPAL | statement)


def test_the_stack_locks_nobody_out() -> None:
    """As `test_every_example_is_proved` says of the others."""
    contract, inventory = judged(example("via-resource"))
    assert lockouts(inventory) == []
    assert prove(contract, inventory).is_proved


@pytest.mark.parametrize("name", TELLING)
def test_who_would_be_locked_out_is_told_with_what_and_when(name: str) -> None:
    service, statement, (who, action, when) = TELLING[name]
    found = lockouts(denying(service, statement))
    assert {(each.principal, each.when) for each in found} == {(who, when)}
    assert action in {each for change in found for each in change.actions}
    for change in found:
        assert change.example
        assert change.example.principal.account == "111122223333"


@pytest.mark.parametrize("name", HARMLESS)
def test_what_leaves_the_way_back_is_no_lockout(name: str) -> None:
    assert lockouts(denying(*HARMLESS[name])) == []


def test_a_key_policy_leaves_its_management_to_the_account() -> None:
    was = direct()
    without = [each for each in statements(was, "kms") if each["Sid"] != "AdministerKey"]
    assert len(without) == len(statements(was, "kms")) - 1
    (found,) = lockouts(with_policy(was, "kms", *without))
    assert set(found.actions) == {"kms:DescribeKey", "kms:GetKeyPolicy", "kms:PutKeyPolicy"}
    # Leaving it to one user of the account leaves it to nobody else.
    only = [each for each in statements(was, "kms") if each["Sid"] == "AdministerKey"]
    user = {"AWS": "arn:aws:iam::111122223333:user/Founder"}
    others = lockouts(with_policy(was, "kms", *without, only[0] | {"Principal": user}))
    assert {each.principal for each in others} == {ANYBODY}


def test_what_others_own_is_theirs() -> None:
    inventory = denying("s3", {"Action": "s3:*", "Resource": BUCKET})
    assert lockouts(inventory, [BUCKET]) == []


def test_a_document_that_is_not_known_yet_is_no_proof() -> None:
    unknown: Any = {"Null": {"known-after-deployment:unknown-document": "false"}}
    found = lockouts(denying("sqs", {"Action": "*", "Condition": unknown}))
    assert {each.effect.value for each in found} == {"may narrow"}


def test_prove_tells_it_with_a_question_that_explain_answers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = json.loads(json.dumps(example("via-resource")))
    for resource in state["deployment"]["resources"]:
        if resource["type"] == "aws:s3/bucketPolicy:BucketPolicy":
            document = json.loads(resource["inputs"]["policy"])
            statement = {"Action": "s3:*", "Resource": [BUCKET, f"{BUCKET}/*"]}
            document["Statement"].append(EVERY_PRINCIPAL | statement)
            resource["inputs"]["policy"] = json.dumps(document)
    path = tmp_path / "state.json"
    path.write_text(json.dumps(state))
    assert main(["prove", "--from", str(path)]) == 1
    lines = capsys.readouterr().out.splitlines()
    (number,) = (n for n, line in enumerate(lines) if line.startswith("locked out: "))
    assert lines[number].startswith(f"locked out: {ANYBODY} may not ")
    assert lines[number].endswith(" on example-direct-101")
    assert "administrators would be locked out" in lines[-1]
    words = shlex.split(lines[number + 1])
    assert main(words[1:]) == 1
    assert capsys.readouterr().out.startswith("denied  production:")
    assert main(["prove", "--json", "--from", str(path)]) == 1
    (told,) = json.loads(capsys.readouterr().out)["lockouts"]
    assert told["explain"] == words
