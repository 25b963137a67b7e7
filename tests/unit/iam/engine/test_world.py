"""The world: what it refuses to hold, and how it grows."""

import pytest

from cross_account_access.iam.engine import QuestionError, World
from tests.unit.iam.engine.accounts import (
    BUCKET,
    LOCAL_USER,
    OBJECT,
    ROLE,
    TRUSTED,
    TRUSTING,
    USER,
    allow,
    ask,
    owned,
    policy,
    root_of,
    trust,
)


@pytest.mark.parametrize(
    "arns",
    [
        (f"arn:aws:iam::{TRUSTED}:role/data/app", f"arn:aws:iam::{TRUSTED}:role/ops/app"),
        (f"arn:aws:iam::{TRUSTED}:role/app", f"arn:aws:iam::{TRUSTED}:role/App"),
    ],
)
def test_a_role_name_exists_once_in_an_account(arns: tuple[str, str]) -> None:
    one, other = arns
    with pytest.raises(QuestionError, match=f"{other}' and '{one}' have one name"):
        World(roles={arn: {"trust": trust(root_of(TRUSTED))} for arn in arns})


def test_a_user_name_exists_once_in_an_account() -> None:
    with pytest.raises(QuestionError, match="the name of a user exists once in an account"):
        World(users={USER: {}, USER.replace("user/", "user/ops/"): {}})


def test_a_name_may_be_that_of_a_user_and_of_a_role_and_exist_in_two_accounts() -> None:
    role = USER.replace(":user/", ":role/")
    other = role.replace(TRUSTED, "111122223333")
    World(users={USER: {}}, roles={each: {"trust": trust(USER)} for each in (role, other)})


def test_a_world_that_grows_leaves_the_first_one_as_it_is() -> None:
    first = World(resources={BUCKET: owned(None, TRUSTED)})
    more = first.including(users={USER: {"policies": {"p": policy(allow("s3:GetObject"))}}})
    assert ask(more, USER, "s3:GetObject", OBJECT).allowed
    assert ask(first, USER, "s3:GetObject", OBJECT).outcome.value == "unknown"
    with pytest.raises(QuestionError, match="have one name"):
        more.including(users={USER.replace("user/", "user/ops/"): {}})


@pytest.mark.parametrize(
    ("action", "resource", "answer", "told"),
    [
        ("s3:ListAllMyBuckets", "*", "allowed", ""),
        ("ssm:GetParameter", f"arn:aws:ssm:us-east-1:{TRUSTING}:parameter/a", "allowed", ""),
        (
            "ssm:GetParameter",
            f"arn:aws:ssm:us-east-1:{TRUSTED}:parameter/a",
            "denied",
            f"parameter/a has no policy that could name {LOCAL_USER.rpartition(':')[2]}",
        ),
        ("iam:GetRole", ROLE, "allowed", ""),
        ("iam:GetUser", USER, "denied", "has no policy that could name"),
        ("iam:GetPolicy", "arn:aws:iam::aws:policy/ReadOnlyAccess", "allowed", ""),
        (
            "sts:GetFederationToken",
            f"arn:aws:sts::{TRUSTING}:federated-user/a",
            "allowed",
            "",
        ),
        ("sts:AssumeRole", f"{ROLE}2", "unknown", f"the policy of {ROLE}2 is not known"),
        ("s3:GetObject", OBJECT, "unknown", f"the policy of {BUCKET} is not known"),
    ],
)
def test_what_has_no_policy_is_left_to_the_callers_own(
    action: str, resource: str, answer: str, told: str
) -> None:
    closed = policy({"Effect": "Deny", "Principal": "*", "Action": "*"})
    world = World(
        users={LOCAL_USER: {"policies": {"p": policy(allow())}}}, roles={ROLE: {"trust": closed}}
    )
    decision = ask(world, LOCAL_USER, action, resource)
    assert decision.outcome.value == answer
    assert told in " ".join([*decision.missing, *decision.unknown])
