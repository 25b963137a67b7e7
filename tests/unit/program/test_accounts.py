"""What the whole program registers on mocks, in which account, and how both sides agree."""

import json
from pathlib import Path
from unittest.mock import patch

import pytest
from pulumi.runtime.settings import _get_rpc_manager
from pulumi.runtime.stack import wait_for_rpcs

from cross_account_access.program.outputs import CONTRACT_VERSION
from tests.support.deployment import Deployment, deploy, stack_values
from tests.unit.program.stacks import (
    MACHINES,
    PRODUCTION,
    STAGING,
    STAGING_TYPES,
    USER_ARN,
    aws_resources,
)


@pytest.mark.parametrize("stack", ["prod", "staging"])
@pytest.mark.parametrize("preview", [False, True])
def test_every_resource_is_in_its_account_and_none_on_a_default_provider(
    stack: str, preview: bool
) -> None:
    deployment = deploy(stack_values(stack), stack=stack, preview=preview)
    made = aws_resources(deployment)
    assert {item.type for item in made} >= STAGING_TYPES
    for item in made:
        expected = "staging" if item.type in STAGING_TYPES else "production"
        assert item.provider == expected, item
    assert {provider for _, provider in deployment.invokes} == {"production", "staging"}


def test_each_provider_is_bound_to_one_profile_account_and_region(prod: Deployment) -> None:
    production, staging = sorted(
        prod.of_type("pulumi:providers:aws"), key=lambda provider: provider.name
    )
    for provider, profile, account in (
        (production, "ProductionAccountAdmin", PRODUCTION),
        (staging, "StagingAccountAdmin", STAGING),
    ):
        assert provider.inputs["profile"] == profile
        assert json.loads(provider.inputs["allowedAccountIds"]) == [account]
        assert provider.inputs["region"] == "us-west-2"
        assert json.loads(provider.inputs["defaultTags"]) == {
            "tags": {"project": "cross-account-access", "stack": "prod"}
        }


def test_tags_of_the_stack_file_reach_both_providers() -> None:
    deployment = deploy(stack_values("prod", tags={"team": "data"}))
    for provider in deployment.of_type("pulumi:providers:aws"):
        assert json.loads(provider.inputs["defaultTags"])["tags"]["team"] == "data"


def test_the_names_are_those_of_the_walkthrough(prod: Deployment) -> None:
    assert prod.one("aws:s3/bucket:Bucket").inputs["bucket"] == "production-test-bucket-101"
    assert prod.one("aws:iam/role:Role").inputs["name"] == "StageRole"
    assert prod.one("aws:iam/user:User").inputs["name"] == "StageAdmin"


@pytest.mark.parametrize("preview", [False, True])
def test_documents_agree_across_the_accounts_and_are_known_in_a_preview(preview: bool) -> None:
    deployment = deploy(stack_values("prod"), preview=preview)
    trust = json.loads(deployment.one("aws:iam/role:Role").inputs["assumeRolePolicy"])
    permission = json.loads(deployment.one("aws:iam/userPolicy:UserPolicy").inputs["policy"])
    access = json.loads(deployment.one("aws:iam/policy:Policy").inputs["policy"])
    bucket = json.loads(deployment.one("aws:s3/bucketPolicy:BucketPolicy").inputs["policy"])
    (statement,) = trust["Statement"]
    assert statement["Principal"] == {"AWS": [f"arn:aws:iam::{STAGING}:root"]}
    assert statement["Condition"] == {"ArnEquals": {"aws:PrincipalArn": [USER_ARN]}}
    assert permission["Statement"][0]["Resource"] == [f"arn:aws:iam::{PRODUCTION}:role/StageRole"]
    assert access["Statement"][1]["Resource"] == ["arn:aws:s3:::production-test-bucket-101/*"]
    assert bucket["Statement"][-1]["Principal"] == {"AWS": [f"arn:aws:iam::{STAGING}:root"]}


def test_several_consumers_and_buckets_keep_apart() -> None:
    names = [("one", ["first-bucket"]), ("two", ["first-bucket", "second-bucket"])]
    deployment = deploy(
        stack_values(
            "prod",
            buckets=[{"name": "first-bucket"}, {"name": "second-bucket"}],
            consumers=[
                {"name": name, "user": {"name": f"U{name}"}, "role": {"name": f"R{name}"}}
                for name, _ in names
            ],
            grants=[
                {"consumer": name, "bucket": bucket, "levels": ["read"]}
                for name, buckets in names
                for bucket in buckets
            ],
        )
    )
    policies = {
        item.inputs["name"]: json.loads(item.inputs["policy"])
        for item in deployment.of_type("aws:iam/policy:Policy")
    }
    for name, buckets in names:
        resources = [
            resource
            for statement in policies[f"R{name}Access"]["Statement"]
            for resource in statement["Resource"]
        ]
        assert resources == [f"arn:aws:s3:::{bucket}/*" for bucket in buckets]
    trusts = {
        item.inputs["name"]: item.inputs["assumeRolePolicy"]
        for item in deployment.of_type("aws:iam/role:Role")
    }
    assert "user/Uone" in trusts["Rone"]
    assert "user/Utwo" not in trusts["Rone"]


def test_logical_names_are_the_documented_ones(prod: Deployment) -> None:
    for item in aws_resources(prod):
        of_bucket = item.type.startswith("aws:s3/")
        suffix = "production-test-bucket-101" if of_bucket else "stage-admin"
        assert item.name == f"access-{suffix}"


def test_all_registrations_have_begun_when_the_program_starts_to_wait_for_them() -> None:
    begun: list[int] = []

    async def wait(**options: bool) -> None:
        begun.append(len(_get_rpc_manager().rpcs))
        await wait_for_rpcs(**options)

    with patch("cross_account_access.program.registering.wait_for_rpcs", wait):
        deployment = deploy(stack_values("prod"))
    assert begun[0] >= len(deployment.resources) + len(deployment.invokes)


def test_outputs_wait_until_everything_is_made() -> None:
    """Or else a stack whose update fails would lose the names of those who still have access."""

    async def fail(**_: bool) -> None:
        await wait_for_rpcs(await_all_outstanding_tasks=False)
        message = "a resource cannot be made"
        raise OSError(message)

    with (
        patch("cross_account_access.program.registering.wait_for_rpcs", fail),
        pytest.raises(OSError, match="cannot be made"),
    ):
        deploy(stack_values("prod"))
    assert deploy(stack_values("prod")).outputs["contractVersion"] == CONTRACT_VERSION


def test_the_entry_point_stays_short() -> None:
    source = Path(__file__).parents[3] / "__main__.py"
    assert len(source.read_text().splitlines()) < 50


def test_both_sides_agree_about_every_consumer(kinds: Deployment) -> None:
    trusts = {
        f"arn:aws:iam::{PRODUCTION}:role/{item.inputs['name']}": json.loads(
            item.inputs["assumeRolePolicy"]
        )["Statement"]
        for item in kinds.of_type("aws:iam/role:Role")
        if item.provider == "production"
    }
    callers = {
        f"arn:aws:iam::{STAGING}:user/StageAdmin": kinds.one("aws:iam/userPolicy:UserPolicy"),
        **{
            f"arn:aws:iam::{STAGING}:role/{item.inputs['role']}": item
            for item in kinds.of_type("aws:iam/rolePolicy:RolePolicy")
        },
    }
    assert len(callers) > len(MACHINES)
    for arn, policy in callers.items():
        for statement in json.loads(policy.inputs["policy"])["Statement"]:
            (role,) = statement["Resource"]
            (trust,) = [each for each in trusts[role] if each["Action"] == statement["Action"]]
            asked = statement.get("Condition", {})
            assert trust["Condition"]["ArnEquals"] == {"aws:PrincipalArn": [arn]}
            for operator, values in asked.items():
                assert values.items() <= trust["Condition"][operator].items()
