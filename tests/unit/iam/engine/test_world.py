"""The world: what it refuses to hold, and how it grows."""

import pytest

from cross_account_access.iam.engine import QuestionError, World
from tests.unit.iam.engine.accounts import (
    BUCKET,
    OBJECT,
    TRUSTED,
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
