"""The outputs are a contract: their names, their shapes, and nothing secret in them."""

import re
from typing import Any

import pytest

from model import Account, Consumer, Grant, Level, Role, User
from outputs import OUTPUTS, cli_profile, proof_commands, switch_role_url
from tests.support.deployment import CANONICAL_IDS, deploy, stack_values

PRODUCTION = Account(
    account_id="111122223333", profile="ProductionAccountAdmin", region="us-west-2"
)


def consumer(path: str = "/") -> Consumer:
    return Consumer(
        name="stage-admin",
        user=User(name="StageAdmin"),
        role=Role(name="StageRole", path=path, policy_name="StageRoleAccess"),
    )


@pytest.fixture(scope="module")
def exported() -> dict[str, Any]:
    return deploy(stack_values("prod")).outputs


def test_the_names_are_the_contract(exported: dict[str, Any]) -> None:
    assert set(exported) == {
        "contractVersion",
        "productionAccountId",
        "productionRegion",
        "productionCanonicalUserId",
        "stagingAccountId",
        "stagingCanonicalUserId",
        "bucketNames",
        "bucketArns",
        "roleNames",
        "roleArns",
        "userArns",
        "accessPolicyArns",
        "switchRoleUrls",
        "cliProfiles",
        "proofCommands",
    }
    assert exported["contractVersion"] == "1"
    assert set(OUTPUTS) == set(exported)


def test_the_values_name_the_right_account(exported: dict[str, Any]) -> None:
    assert exported["productionAccountId"] == "111122223333"
    assert exported["stagingAccountId"] == "444455556666"
    assert exported["productionCanonicalUserId"] == CANONICAL_IDS["production"]
    assert exported["stagingCanonicalUserId"] == CANONICAL_IDS["staging"]
    assert exported["bucketArns"] == {
        "production-test-bucket-101": "arn:aws:s3:::production-test-bucket-101"
    }
    assert exported["roleArns"] == {"stage-admin": "arn:aws:iam::111122223333:role/StageRole"}
    assert exported["userArns"] == {"stage-admin": "arn:aws:iam::444455556666:user/StageAdmin"}
    assert exported["accessPolicyArns"] == {
        "stage-admin": "arn:aws:iam::111122223333:policy/StageRoleAccess"
    }


def test_every_output_is_text_a_list_of_text_or_a_flat_map_of_text(
    exported: dict[str, Any],
) -> None:
    for name, value in exported.items():
        assert re.fullmatch(r"[a-z][A-Za-z]+", name)
        parts = value.values() if isinstance(value, dict) else value
        assert all(isinstance(part, str) for part in parts)


@pytest.mark.parametrize(
    ("partition", "host"),
    [
        ("aws", "signin.aws.amazon.com"),
        ("aws-cn", "signin.amazonaws.cn"),
        ("aws-us-gov", "signin.amazonaws-us-gov.com"),
    ],
)
def test_the_console_link_is_of_the_partition(partition: str, host: str) -> None:
    account = Account(account_id="111122223333", profile="p", region="r", partition=partition)
    url = switch_role_url(account, consumer("/access/"))
    assert url is not None
    assert url.startswith(f"https://{host}/switchrole?account=111122223333&")
    assert "roleName=access/StageRole&" in url


def test_no_link_is_made_up_where_the_console_host_is_not_known() -> None:
    account = Account(account_id="111122223333", profile="p", region="r", partition="aws-iso")
    assert switch_role_url(account, consumer()) is None


def test_the_cli_profile_renews_itself_from_the_users_own_profile() -> None:
    lines = cli_profile(PRODUCTION, consumer()).splitlines()
    assert lines[0] == "[profile StageRole]"
    assert "role_arn = arn:aws:iam::111122223333:role/StageRole" in lines
    assert "source_profile = StageAdmin" in lines


def test_the_proof_reads_a_bucket_that_the_consumer_may_read() -> None:
    grants = (
        Grant(consumer="stage-admin", bucket="listed", levels=(Level.LIST,)),
        Grant(consumer="other", bucket="not-ours", levels=(Level.READ,)),
        Grant(consumer="stage-admin", bucket="ours", levels=(Level.READ,)),
    )
    assume, head, get = proof_commands(PRODUCTION, consumer(), grants).splitlines()
    assert assume.startswith("aws sts assume-role --role-arn arn:aws:iam::111122223333:role/")
    assert head.startswith("aws s3api head-object --bucket ours --key Sunset.jpg")
    assert "--bucket ours --key Sunset.jpg SunsetStage.jpg" in get


def test_without_a_readable_bucket_only_the_role_is_proven() -> None:
    grants = (Grant(consumer="stage-admin", bucket="listed", levels=(Level.LIST,)),)
    assert len(proof_commands(PRODUCTION, consumer(), grants).splitlines()) == 1
