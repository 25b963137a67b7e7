"""The flat program of the benchmark declares what the deployed stack holds, no more and no less."""

import ast
from typing import Any

import pytest

from cross_account_access.dev.bench import flat

STACK = "urn:pulumi:bench::ours::pulumi:pulumi:Stack::ours-bench"
PROVIDER = "urn:pulumi:bench::ours::pulumi:providers:aws::production"
OWN_OUTPUTS = "urn:pulumi:bench::ours::pulumi:providers:pulumi::default"
PART = "urn:pulumi:bench::ours::ours:index:Part::part"
USER = "urn:pulumi:bench::ours::ours:index:Part$aws:iam/user:User::u"
POLICY = "urn:pulumi:bench::ours::ours:index:Part$aws:iam/userPolicy:UserPolicy::p"


@pytest.fixture
def resources() -> list[dict[str, Any]]:
    return [
        # Made by the engine for the lookup of the stack's own outputs, before the stack itself.
        {"urn": OWN_OUTPUTS, "type": "pulumi:providers:pulumi", "custom": True, "parent": STACK},
        {"urn": STACK, "type": "pulumi:pulumi:Stack", "custom": False, "outputs": {"a": "b"}},
        {
            "urn": PROVIDER,
            "type": "pulumi:providers:aws",
            "custom": True,
            "id": "1-2",
            "parent": STACK,
            "inputs": {"allowedAccountIds": '["012345678901"]', "region": "x", "version": "7"},
        },
        {"urn": PART, "type": "ours:index:Part", "custom": False, "parent": STACK},
        {
            "urn": USER,
            "type": "aws:iam/user:User",
            "custom": True,
            "parent": PART,
            "provider": f"{PROVIDER}::1-2",
            "protect": True,
            "inputs": {"__defaults": [], "forceDestroy": True, "tags": {"ownerName": "me"}},
        },
        {
            "urn": POLICY,
            "type": "aws:iam/userPolicy:UserPolicy",
            "custom": True,
            "parent": PART,
            "provider": f"{PROVIDER}::1-2",
            "dependencies": [USER, PART],
            "propertyDependencies": {"user": [USER]},
            "inputs": {"user": "u", "policy": '{"Version":"2012-10-17"}'},
        },
    ]


def test_the_program_declares_every_resource_literally(resources: list[dict[str, Any]]) -> None:
    text = flat.program(resources)
    ast.parse(text)
    assert text.splitlines() == [
        "import pulumi",
        "from pulumi_aws import Provider, iam",
        "",
        "r0 = Provider('production', allowed_account_ids=['012345678901'], region='x')",
        "r1 = iam.User('u', force_destroy=True, tags={'ownerName': 'me'}, "
        "opts=pulumi.ResourceOptions(provider=r0, protect=True))",
        "r2 = iam.UserPolicy('p', user='u', policy='{\"Version\":\"2012-10-17\"}', "
        "opts=pulumi.ResourceOptions(provider=r0, depends_on=[r1]))",
    ]


def test_the_state_is_that_of_a_program_without_components(
    resources: list[dict[str, Any]],
) -> None:
    moved = flat.state({"version": 3, "deployment": {"resources": resources}})
    stack, provider, user, policy = moved["deployment"]["resources"]
    assert stack["urn"] == "urn:pulumi:bench::flat::pulumi:pulumi:Stack::flat-bench"
    assert stack["outputs"] == {}
    assert provider["urn"] == "urn:pulumi:bench::flat::pulumi:providers:aws::production"
    assert user["urn"] == "urn:pulumi:bench::flat::aws:iam/user:User::u"
    assert user["provider"] == "urn:pulumi:bench::flat::pulumi:providers:aws::production::1-2"
    assert policy["dependencies"] == [user["urn"]]
    assert {item["parent"] for item in (provider, user, policy)} == {stack["urn"]}
    assert policy["inputs"] == resources[-1]["inputs"]
