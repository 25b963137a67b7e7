"""A stack does not make the role or user of those who deploy it."""

import pytest

from cross_account_access.declaration.accounts import Account
from cross_account_access.declaration.kinds import Bucket, EcsTasks, User
from cross_account_access.declaration.machines import StagingRole
from cross_account_access.declaration.model import Consumer, Role
from cross_account_access.declaration.settings import Settings
from cross_account_access.program.preflight.deployers import taken_over

PRODUCTION, STAGING = "111122223333", "444455556666"


def settings(*consumers: Consumer, production: str = "Prod", staging: str = "Stage") -> Settings:
    def account(account_id: str, profile: str) -> Account:
        return Account(account_id=account_id, profile=profile, region="us-west-2")

    return Settings(
        production=account(PRODUCTION, production),
        staging=account(STAGING, staging),
        resources=(Bucket(name="shared"),),
        consumers=consumers,
        grants=(),
        tags={},
        trust_policy_limit=2048,
    )


def tasks(role: str, *, existing: bool = False) -> EcsTasks:
    return EcsTasks(role=StagingRole(name=role, existing=existing))


@pytest.mark.parametrize(
    ("arn", "role", "told"),
    [
        ("arn:aws:iam::111122223333:user/Admin", "Admin", None),
        ("arn:aws:sts::111122223333:assumed-role/admin/me", "Admin", "role 'Admin' of consumer"),
        ("arn:aws:sts::111122223333:assumed-role/Other/Admin", "Admin", None),
        ("arn:aws:iam::111122223333:root", "root", None),
    ],
)
def test_the_stack_does_not_take_over_the_role_that_deploys_it(
    arn: str, role: str, told: str | None
) -> None:
    consumer = Consumer(
        name="one", principal=User(name="Person"), role=Role(name=role, policy_name=role)
    )
    staging = "arn:aws:iam::444455556666:user/Admin"
    found = taken_over(settings(consumer), {"production": arn, "staging": staging})
    assert [each.split(" 'one'")[0] for each in found] == ([f"consumers: {told}"] if told else [])


@pytest.mark.parametrize(
    ("who", "arn", "is_refused"),
    [
        (User(name="admin"), "arn:aws:iam::444455556666:user/people/Admin", True),
        (User(name="Admin", existing=True), "arn:aws:iam::444455556666:user/Admin", False),
        (User(name="Admin"), "arn:aws:sts::444455556666:assumed-role/Admin/me", False),
        (tasks("Admin"), "arn:aws:sts::444455556666:assumed-role/Admin/me", True),
        (tasks("Admin"), "arn:aws:iam::444455556666:user/Admin", False),
        (
            tasks("Admin", existing=True),
            "arn:aws:sts::444455556666:assumed-role/Admin/me",
            False,
        ),
    ],
)
def test_nor_the_user_or_role_of_staging(who: User | EcsTasks, arn: str, is_refused: bool) -> None:
    consumer = Consumer(name="one", principal=who, role=None)
    production = "arn:aws:iam::111122223333:user/Admin"
    found = list(taken_over(settings(consumer), {"production": production, "staging": arn}))
    assert ["staging_profile 'Stage'" in each for each in found] == [True] * is_refused
