"""Which bucket outside the stack serves to demand a refusal."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from cross_account_access.command.verification.foreign_bucket import foreign_bucket
from cross_account_access.command.verification.matrix import Environment
from cross_account_access.credentials.contract import Consumer, Contract
from cross_account_access.errors import UncheckedError
from cross_account_access.stack import StackAccount
from tests.support.states import allow, deny, policy
from tests.unit.verification.declared import (
    NOW,
    PROBE,
    PRODUCTION,
    ROLE,
    STAGING,
    USER,
    consumer,
    contract,
    grant,
)
from tests.unit.verification.stand_in import Aws, error

ACCOUNT = StackAccount(id=PRODUCTION, label="production", profile="prod", region="us-west-2")
CLOSED: dict[str, Any] = {"IgnorePublicAcls": True}
ENFORCED = [{"ObjectOwnership": "BucketOwnerEnforced"}]
READER = consumer(grant("read"))
ITSELF = consumer(grant("read", via="resource"), role_arn=None)
JOBS = consumer(
    grant("read"),
    kind="oidc",
    principal_arns=(f"arn:aws:iam::{PRODUCTION}:oidc-provider/token.example.com",),
    claims={"token.example.com:sub": ("a",)},
)
NONE_KNOWN = "outside the stack is known to let nobody else in"


@dataclass
class Buckets:
    """Production's buckets: by name, the policy, and whatever is configured beside it."""

    policies: dict[str, Any]
    ownership: dict[str, Any] = field(default_factory=dict)
    blocks: dict[str, Any] = field(default_factory=dict)
    broken: dict[str, str] = field(default_factory=dict)
    """By operation: the code that it ends with."""
    region: str = "us-west-2"
    """Where buckets are asked for."""

    def answer(self, name: str, told: dict[str, Any]) -> Any:
        if name in self.broken:
            return error(self.broken[name], name)
        if name == "list_buckets":
            assert told["BucketRegion"] == self.region
            return {"Buckets": [{"Name": each} for each in self.policies]}
        bucket = told["Bucket"]
        assert told["ExpectedBucketOwner"] == PRODUCTION
        if name == "get_bucket_policy":
            found = self.policies[bucket]
            return {"Policy": json.dumps(found)} if found else error("NoSuchBucketPolicy")
        if name == "get_bucket_ownership_controls":
            rules = self.ownership.get(bucket)
            none = error("OwnershipControlsNotFoundError")
            return {"OwnershipControls": {"Rules": rules}} if rules else none
        assert name == "get_public_access_block"
        block = self.blocks.get(bucket, CLOSED)
        none = error("NoSuchPublicAccessBlockConfiguration")
        return {"PublicAccessBlockConfiguration": block} if block else none


def chosen_arn(buckets: Buckets, declared: Contract) -> str | None:
    return foreign_bucket(
        declared,
        list(declared.consumers.values()),
        Environment(probe=PROBE, now=NOW),
        ACCOUNT,
        Aws(buckets.answer).session(),
    )


def chosen(buckets: Buckets, *consumers: Consumer) -> str | None:
    arn = chosen_arn(buckets, contract(*consumers))
    return arn and arn.rsplit(":", 1)[-1]


def opened(to: Any, bucket: str = "a", **more: Any) -> dict[str, Any]:
    what = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    return policy(allow(["s3:GetObject", "s3:ListBucket"], what, Principal=to, **more))


@pytest.mark.parametrize("who", [READER, ITSELF, JOBS])
@pytest.mark.parametrize(
    "open_policy",
    [
        opened("*"),
        opened({"AWS": "*"}),
        opened("*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}),
        opened("*", Condition={"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}),
        opened("*", Condition={"StringLike": {"aws:UserAgent": "Mozilla*"}}),
        {"Version": "2012-10-17", "Statement": [{"Effect": "Sometimes"}]},
    ],
)
def test_a_bucket_that_lets_others_in_is_passed_over(
    capsys: pytest.CaptureFixture[str], open_policy: Any, who: Consumer
) -> None:
    assert chosen(Buckets({"a": open_policy, "b": None}), who) == "b"
    assert capsys.readouterr().err == ""
    assert chosen(Buckets({"a": open_policy}), who) is None
    assert f"none of 1 buckets of production {NONE_KNOWN}" in capsys.readouterr().err


@pytest.mark.parametrize(
    "harmless",
    [
        None,
        policy(deny("s3:*", "*", Principal="*")),
        opened({"AWS": f"arn:aws:iam::{PRODUCTION}:role/Somebody"}),
        opened({"Service": "logging.s3.amazonaws.com"}),
    ],
)
@pytest.mark.parametrize("who", [READER, ITSELF])
def test_a_bucket_that_is_closed_to_consumers_will_do(harmless: Any, who: Consumer) -> None:
    assert chosen(Buckets({"a": harmless, "b": None}), who) == "a"


def test_whom_a_policy_names_matters_only_if_it_asks() -> None:
    to_role = Buckets({"a": opened({"AWS": ROLE}), "b": None})
    to_staging = Buckets({"a": opened({"AWS": f"arn:aws:iam::{STAGING}:root"}), "b": None})
    to_user = Buckets({"a": opened({"AWS": USER}), "b": None})
    assert [chosen(each, READER) for each in (to_role, to_staging, to_user)] == ["b", "a", "a"]
    assert [chosen(each, ITSELF) for each in (to_role, to_staging, to_user)] == ["a", "b", "b"]


@pytest.mark.parametrize("block", [None, {"IgnorePublicAcls": False}])
def test_access_control_lists_must_have_no_say(block: Any) -> None:
    buckets = Buckets({"a": None, "b": None}, blocks={"a": block})
    assert chosen(buckets, READER) == "b"
    buckets.ownership["a"] = [{"ObjectOwnership": "ObjectWriter"}]
    assert chosen(buckets, READER) == "b"
    buckets.ownership["a"] = ENFORCED
    assert chosen(buckets, READER) == "a"


def test_a_bucket_that_cannot_be_looked_at_is_not_chosen() -> None:
    for operation in ("get_bucket_policy", "get_public_access_block"):
        assert chosen(Buckets({"a": None}, broken={operation: "AccessDenied"}), READER) is None


def test_buckets_of_the_stack_and_other_accounts_are_none(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert chosen(Buckets({"shared": None}), READER) is None
    assert chosen(Buckets({"a": None}, broken={"list_buckets": "AccessDenied"}), READER) is None
    assert capsys.readouterr().err == ""


def test_credentials_that_are_not_accepted_end_it() -> None:
    for operation in ("list_buckets", "get_bucket_policy"):
        with pytest.raises(UncheckedError, match="expired") as told:
            chosen(Buckets({"a": None}, broken={operation: "ExpiredToken"}), READER)
        assert "profile prod (for production)" in str(told.value)


def test_it_is_of_the_partition_of_its_region_also_beside_no_bucket_of_the_stack() -> None:
    declared = contract(consumer(), buckets=(), production_region="cn-north-1")
    buckets = Buckets({"a": None}, region="cn-north-1")
    assert chosen_arn(buckets, declared) == "arn:aws-cn:s3:::a"
    assert chosen_arn(Buckets({"a": None}), contract(READER, buckets=())) == "arn:aws:s3:::a"


def test_a_few_dozen_are_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    names = [f"bucket-{number:02}" for number in range(51)]
    buckets = Buckets({name: opened("*", name) for name in names})
    buckets.policies[names[-1]] = None
    assert chosen(buckets, READER) is None
    assert f"none of 50 buckets of production {NONE_KNOWN}" in capsys.readouterr().err
    buckets.policies[names[-2]] = None
    assert chosen(buckets, READER) == names[-2]


def test_without_an_administrator_there_is_none() -> None:
    environment = Environment(probe=PROBE, now=NOW)
    assert foreign_bucket(contract(READER), [READER], environment, ACCOUNT, None) is None
