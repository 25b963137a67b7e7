"""Which principals of Staging exist that a consumer's patterns mean."""

from __future__ import annotations

from typing import Any

import pytest

from cross_account_access.command.verification.existing import existing_principals
from cross_account_access.credentials.contract import Consumer
from cross_account_access.errors import UncheckedError
from cross_account_access.stack import StackAccount
from tests.unit.verification.declared import STAGING, USER, consumer, grant
from tests.unit.verification.stand_in import Aws, error

ACCOUNT = StackAccount(id=STAGING, label="staging", profile="stage", region="us-west-2")
IAM = f"arn:aws:iam::{STAGING}"
SSO = f"{IAM}:role/aws-reserved/sso.amazonaws.com"
ROLES = (f"{SSO}/AWSReservedSSO_Analysts_0a", f"{SSO}/AWSReservedSSO_Admins_0b", f"{IAM}:role/Ops")
USERS = (USER, f"{IAM}:user/ops/Robot")


def principals(*arns: str, **changes: Any) -> Consumer:
    return consumer(
        grant("read"), **{"kind": "principals", "name": "them", "principal_arns": arns, **changes}
    )


def found(*consumers: Consumer, roles: Any = ROLES, users: Any = USERS) -> tuple[Any, list[str]]:
    """What is found, and the calls that it took."""

    def answer(name: str, _: Any) -> Any:
        listed = {"list_roles": roles, "list_users": users}[name]
        if isinstance(listed, Exception):
            return listed
        return {name.removeprefix("list_").title(): [{"Arn": arn} for arn in listed]}

    aws = Aws(answer)
    there = existing_principals(consumers, ACCOUNT, aws.session())
    return there, [name for name, _ in aws.calls]


def test_patterns_are_looked_up_among_those_who_exist() -> None:
    analysts = principals(f"{SSO}/*AWSReservedSSO_Analysts_*", name="analysts")
    everybody = principals(f"{IAM}:role/O*", f"{IAM}:user/ops/*", name="ops")
    there, calls = found(analysts, everybody)
    assert there == {"analysts": (ROLES[0],), "ops": (ROLES[2], USERS[1])}
    assert calls == ["list_roles", "list_users"]


def test_nobody_who_does_not_exist_is_told() -> None:
    assert found(principals(f"{SSO}/*AWSReservedSSO_Nobody_*"))[0] == {}


def test_one_who_is_named_in_full_is_looked_up_too() -> None:
    there, calls = found(principals(ROLES[2], f"{IAM}:role/Gone"))
    assert there == {"them": (ROLES[2],)}
    assert calls == ["list_roles"]


@pytest.mark.parametrize(
    "somebody",
    [
        consumer(grant("read")),
        principals(f"{IAM}:root"),
        principals("arn:aws:iam::777788889999:role/Ops", kind="third_party"),
        principals(kind="organization"),
    ],
)
def test_others_are_not_looked_for(somebody: Consumer) -> None:
    assert found(somebody) == ({}, [])


def test_many_are_cut_short_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    roles = [f"{IAM}:role/Ops{number:02}" for number in range(12)]
    there, _ = found(principals(f"{IAM}:role/Ops*"), roles=roles[::-1])
    assert there == {"them": tuple(roles[:10])}
    assert "them: of 12 principals that exist, the first 10 are judged" in capsys.readouterr().err
    there, _ = found(principals(f"{IAM}:role/Ops*"), roles=roles[:10])
    assert there == {"them": tuple(roles[:10])}
    assert capsys.readouterr().err == ""


def test_without_leave_to_list_nobody_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    denied = error("AccessDenied", "ListRoles")
    assert found(principals(f"{IAM}:role/*"), roles=denied)[0] == {}
    assert "who exists in staging cannot be listed (ListRoles)" in capsys.readouterr().err
    with pytest.raises(UncheckedError, match="expired"):
        found(principals(f"{IAM}:role/*"), roles=error("ExpiredToken"))
