"""Names that need care: of roles that cannot exist together, with `*`, of actions nobody knows."""

from typing import Any

import pytest

from cross_account_access.iam.comparing.comparison import compare
from cross_account_access.iam.inventory import Inventory

PRODUCTION, STAGING = "111122223333", "444455556666"
ROLE = f"arn:aws:iam::{PRODUCTION}:role/StageRole"
BUCKET = "arn:aws:s3:::reports"
NAMED_LIKE_OURS = f"arn:aws:iam::{PRODUCTION}:role/elsewhere/StageRole"

Json = dict[str, Any]


def policy(*statements: Json) -> Json:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: str, resource: str, **conditions: Any) -> Json:
    condition = {"Condition": conditions} if conditions else {}
    return {"Effect": "Allow", "Action": action, "Resource": resource, **condition}


def trusting(account: str, *arns: str) -> Json:
    return policy(
        {
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{account}:root"},
            "Action": "sts:AssumeRole",
            "Condition": {"ArnLike": {"aws:PrincipalArn": list(arns)}},
        }
    )


def inventory(trust: Json, own: Json | None = None) -> Inventory:
    return Inventory(
        accounts=(),
        users={},
        roles={ROLE: {"trust": trust, "policies": {"own": own or policy()}}},
        resources={BUCKET: {"account": PRODUCTION, "policy": None}},
    )


def told(before: Inventory, after: Inventory) -> list[str]:
    return [
        f"{change.effect.value}: {change.principal} {', '.join(change.actions)} {change.resource}"
        + (f" {change.when}" if change.when else "")
        for change in compare(before, after)
    ]


@pytest.mark.parametrize(
    ("patterns", "who"),
    [
        (("data/*", "ops/*"), "anybody like 444455556666:role/ops/*"),
        (("data/app", "ops/app"), "444455556666:role/ops/app"),
        (("data/app", "ops/App"), "444455556666:role/ops/App"),
    ],
)
def test_roles_whose_names_end_alike_are_told_apart(patterns: tuple[str, str], who: str) -> None:
    one, other = (f"arn:aws:iam::{STAGING}:role/{pattern}" for pattern in patterns)
    before, after = inventory(trusting(STAGING, one)), inventory(trusting(STAGING, one, other))
    assert told(before, after) == [f"widens: {who} sts:AssumeRole {PRODUCTION}:role/StageRole"]


def test_a_role_with_the_name_of_one_of_ours_cannot_exist() -> None:
    before = inventory(trusting(PRODUCTION, f"arn:aws:iam::{PRODUCTION}:role/Other"))
    after = inventory(
        trusting(PRODUCTION, f"arn:aws:iam::{PRODUCTION}:role/Other", NAMED_LIKE_OURS)
    )
    assert told(before, after) == []


def test_an_exact_value_may_have_a_star() -> None:
    trust = trusting(PRODUCTION, f"arn:aws:iam::{PRODUCTION}:role/Other")
    value = allow("s3:ListBucket", BUCKET, StringEquals={"s3:prefix": "a*b"})
    assert told(inventory(trust), inventory(trust, policy(value))) == [
        f"widens: {PRODUCTION}:role/Other s3:ListBucket reports with s3:prefix=a*b"
    ]


def test_a_star_may_stand_for_itself_in_a_pattern() -> None:
    trust = trusting(PRODUCTION, f"arn:aws:iam::{PRODUCTION}:role/Other")
    before = policy(allow("s3:GetObject", f"{BUCKET}/?"))
    after = policy(allow("s3:GetObject", f"{BUCKET}/?"), allow("s3:GetObject", f"{BUCKET}/a${{*}}"))
    assert told(inventory(trust, before), inventory(trust, after)) == [
        f"widens: {PRODUCTION}:role/Other s3:GetObject reports/a${{*}}"
    ]


def test_a_value_may_be_that_of_another_key() -> None:
    trust = trusting(PRODUCTION, f"arn:aws:iam::{PRODUCTION}:role/Other")
    tag = allow("s3:ListBucket", BUCKET, StringEquals={"s3:prefix": "${aws:PrincipalTag/team}"})
    found = told(inventory(trust), inventory(trust, policy(tag)))
    assert (
        f"widens: {PRODUCTION}:role/Other s3:ListBucket reports"
        " with aws:principaltag/team=any-value and s3:prefix=any-value"
    ) in found


@pytest.mark.parametrize("action", ["s3:BrandNew", "s3:BrandNew*", "brandnew:Do"])
def test_an_action_that_the_service_reference_does_not_know_is_told(action: str) -> None:
    trust = trusting(PRODUCTION, f"arn:aws:iam::{PRODUCTION}:role/Other")
    found = told(inventory(trust), inventory(trust, policy(allow(action, "*"))))
    assert found
    assert all(action.lower().rstrip("*") in each for each in found)
