"""What the program makes for those who are let in."""

import json

import pytest

from tests.support.deployment import Deployment, deploy, stack_values
from tests.unit.program.stacks import (
    KINDS,
    MACHINES,
    PRODUCTION,
    RESOURCE_POLICIES,
    STAGING,
    STAGING_TYPES,
    aws_resources,
    by_role,
    shared,
)


def test_what_others_attach_or_write_is_not_left_unseen(prod: Deployment) -> None:
    role, user = "StageRole", "StageAdmin"
    attached = prod.one("aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive")
    assert attached.inputs == {
        "roleName": role,
        "policyArns": [f"arn:aws:iam::{PRODUCTION}:policy/StageRoleAccess"],
    }
    inline = prod.one("aws:iam/rolePoliciesExclusive:RolePoliciesExclusive")
    assert inline.inputs == {"roleName": role, "policyNames": []}
    attached = prod.one("aws:iam/userPolicyAttachmentsExclusive:UserPolicyAttachmentsExclusive")
    assert attached.inputs == {"userName": user, "policyArns": []}
    inline = prod.one("aws:iam/userPoliciesExclusive:UserPoliciesExclusive")
    assert inline.inputs == {"userName": user, "policyNames": ["assume-StageRole"]}


@pytest.mark.parametrize(
    ("sign_in", "attached"),
    [
        ("none", []),
        ("key", []),
        ("console", ["arn:aws:iam::aws:policy/SignInLocalDevelopmentAccess"]),
    ],
)
def test_a_user_of_the_console_may_have_temporary_credentials(
    sign_in: str, attached: list[str]
) -> None:
    who = {
        "name": "stage-admin",
        "user": {"name": "StageAdmin", "sign_in": sign_in},
        "role": {"name": "StageRole"},
    }
    deployed = deploy(stack_values("prod", consumers=[who]))
    token = "aws:iam/userPolicyAttachmentsExclusive:UserPolicyAttachmentsExclusive"
    assert deployed.one(token).inputs["policyArns"] == attached
    (declared,) = json.loads(deployed.outputs["declaration"])["consumers"]
    assert declared["user_sign_in"] == sign_in
    assert not [each for each in deployed.resources if "Key" in each.type or "Login" in each.type]


def test_a_large_access_policy_is_several_all_of_them_attached() -> None:
    prefixes = [f"images-of-customer-{number:04}" for number in range(100)]
    grants = [
        {
            "consumer": "stage-admin",
            "bucket": "production-test-bucket-101",
            "levels": ["read"],
            "prefixes": prefixes,
        }
    ]
    deployment = deploy(stack_values("prod", grants=grants))
    first, second = sorted(
        deployment.of_type("aws:iam/policy:Policy"), key=lambda policy: policy.name
    )
    assert (first.name, second.name) == ("access-stage-admin", "access-stage-admin.2")
    assert first.inputs["name"] == "StageRoleAccess"
    assert second.inputs["name"] == "StageRoleAccess-2"
    granted = [
        resource
        for policy in (first, second)
        for statement in json.loads(policy.inputs["policy"])["Statement"]
        for resource in statement["Resource"]
    ]
    assert granted == [f"arn:aws:s3:::production-test-bucket-101/{each}/*" for each in prefixes]
    arns = [f"arn:aws:iam::{PRODUCTION}:policy/StageRoleAccess{end}" for end in ("", "-2")]
    attached = deployment.one(
        "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive"
    )
    assert attached.inputs["policyArns"] == arns
    assert deployment.outputs["accessPolicyArns"] == {"stage-admin": arns}


def test_an_inline_access_policy_is_the_roles_own_and_its_only_one(prod: Deployment) -> None:
    consumers = json.loads(stack_values("prod")["consumers"])
    consumers[0]["role"]["policy"] = "inline"
    deployment = deploy(stack_values("prod", consumers=consumers))
    assert deployment.of_type("aws:iam/policy:Policy") == []
    policy = deployment.one("aws:iam/rolePolicy:RolePolicy")
    assert policy.name == "access-stage-admin.inline"
    assert policy.inputs == {
        "role": "StageRole",
        "name": "StageRoleAccess",
        "policy": prod.one("aws:iam/policy:Policy").inputs["policy"],
    }
    inline = deployment.one("aws:iam/rolePoliciesExclusive:RolePoliciesExclusive")
    assert inline.inputs == {"roleName": "StageRole", "policyNames": ["StageRoleAccess"]}
    attached = deployment.one(
        "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive"
    )
    assert attached.inputs == {"roleName": "StageRole", "policyArns": []}
    assert deployment.outputs["accessPolicyArns"] == {"stage-admin": []}


def test_no_access_key_is_made(prod: Deployment) -> None:
    assert [item for item in prod.resources if "accessKey" in item.type] == []


def test_role_settings_reach_the_role() -> None:
    consumers = [
        {
            "name": "stage-admin",
            "user": {"name": "StageAdmin", "path": "/people/"},
            "role": {
                "name": "StageRole",
                "path": "/access/",
                "max_session_duration": 7200,
                "permissions_boundary": f"arn:aws:iam::{PRODUCTION}:policy/Boundary",
                "tags": {"team": "data"},
            },
        }
    ]
    deployment = deploy(stack_values("prod", consumers=consumers))
    role = deployment.one("aws:iam/role:Role").inputs
    assert (role["path"], role["maxSessionDuration"]) == ("/access/", 7200)
    assert role["permissionsBoundary"] == f"arn:aws:iam::{PRODUCTION}:policy/Boundary"
    assert role["tags"] == {"team": "data"}
    permission = json.loads(deployment.one("aws:iam/userPolicy:UserPolicy").inputs["policy"])
    assert permission["Statement"][0]["Resource"] == [
        f"arn:aws:iam::{PRODUCTION}:role/access/StageRole"
    ]
    assert f"arn:aws:iam::{STAGING}:user/people/StageAdmin" in role["assumeRolePolicy"]


def test_an_adopted_user_gains_one_policy_and_keeps_the_rest() -> None:
    consumers = [
        {
            "name": "stage-admin",
            "user": {"name": "Existing", "path": "/people/", "existing": True},
            "role": {"name": "StageRole"},
        }
    ]
    deployment = deploy(stack_values("prod", consumers=consumers))
    staging = {item.type for item in aws_resources(deployment) if item.provider == "staging"}
    assert staging == {"aws:iam/userPolicy:UserPolicy"}
    assert deployment.one("aws:iam/userPolicy:UserPolicy").inputs["user"] == "Existing"
    trust = deployment.one("aws:iam/role:Role").inputs["assumeRolePolicy"]
    assert f"arn:aws:iam::{STAGING}:user/people/Existing" in trust
    assert deployment.outputs["userArns"] == {
        "stage-admin": f"arn:aws:iam::{STAGING}:user/people/Existing"
    }


ROLE, PROFILE = "aws:iam/role:Role", "aws:iam/instanceProfile:InstanceProfile"
ASSOCIATION = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
POLICY = "aws:iam/rolePolicy:RolePolicy"
EXCLUSIVE = {
    "aws:iam/rolePoliciesExclusive:RolePoliciesExclusive",
    "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive",
}


def test_every_kind_has_a_role_and_only_users_and_machines_something_in_staging(
    kinds: Deployment,
) -> None:
    staging = {
        (item.type, item.name) for item in aws_resources(kinds) if item.provider == "staging"
    }
    made = {f"access-{name}-{ending}" for name, ending in MACHINES.items() if name != "functions"}
    assert staging == {
        *((token, "access-stage-admin") for token in STAGING_TYPES),
        *((token, name) for token in (ROLE, *EXCLUSIVE) for name in made),
        *((POLICY, f"access-{name}") for name in MACHINES),
        (PROFILE, "access-machines"),
        (ASSOCIATION, "access-pods"),
    }
    roles = {item.name for item in kinds.of_type(ROLE) if item.provider == "production"}
    assert roles == {f"access-{name}" for name in ("stage-admin", *KINDS)}


def test_resources_of_one_type_have_names_of_their_own(kinds: Deployment) -> None:
    named = [(item.type, item.name) for item in aws_resources(kinds)]
    assert len(named) == len(set(named))


SERVICES = {"machines": "ec2.amazonaws.com", "tasks": "ecs-tasks.amazonaws.com"}


@pytest.mark.parametrize(("name", "service"), SERVICES.items(), ids=SERVICES)
def test_machines_get_a_role_that_may_assume_the_other_and_nothing_else(
    kinds: Deployment, name: str, service: str
) -> None:
    of_machines = {
        (item.type, item.name.removesuffix(f"-{MACHINES[name]}")): item.inputs
        for item in aws_resources(kinds)
        if item.provider == "staging" and item.name.startswith(f"access-{name}")
    }
    own, policy = (of_machines[token, f"access-{name}"] for token in (ROLE, POLICY))
    (statement,) = json.loads(own["assumeRolePolicy"])["Statement"]
    assert statement["Principal"] == {"Service": [service]}
    assert policy["role"] == own["name"]
    (statement,) = json.loads(policy["policy"])["Statement"]
    assert statement["Resource"] == [f"arn:aws:iam::{PRODUCTION}:role/{name}-role"]
    inline, attached = (of_machines[token, f"access-{name}"] for token in sorted(EXCLUSIVE))
    assert inline == {"roleName": own["name"], "policyNames": [policy["name"]]}
    assert attached == {"roleName": own["name"], "policyArns": []}


def test_an_association_gives_pods_the_roles_of_both_accounts_with_session_tags(
    kinds: Deployment,
) -> None:
    assert kinds.one(ASSOCIATION).inputs == {
        "clusterName": "apps",
        "namespace": "web",
        "serviceAccount": "shop",
        "roleArn": f"arn:aws:iam::{STAGING}:role/Shop",
        "targetRoleArn": f"arn:aws:iam::{PRODUCTION}:role/pods-role",
        "disableSessionTags": False,
    }


def test_the_profile_of_instances_carries_their_role(kinds: Deployment) -> None:
    assert kinds.one(PROFILE).inputs == {"name": "Replicators", "role": "Replicator"}
    profile = f"arn:aws:iam::{STAGING}:instance-profile/Replicators"
    assert kinds.outputs["instanceProfileArns"] == {"machines": profile}


def test_an_adopted_role_gets_one_policy_and_keeps_the_rest(kinds: Deployment) -> None:
    (only,) = [
        item
        for item in aws_resources(kinds)
        if item.provider == "staging" and item.name.startswith("access-functions")
    ]
    assert (only.type, only.inputs["role"]) == (POLICY, "Resizer")
    assert kinds.outputs["machineRoleArns"]["functions"] == f"arn:aws:iam::{STAGING}:role/Resizer"
    declared = json.loads(kinds.outputs["declaration"])["consumers"]
    adopted = {each["name"]: each["adopted_policy"] for each in declared if each["adopted_policy"]}
    assert adopted == {"functions": only.inputs["name"]}


def test_instances_of_an_adopted_role_get_no_profile() -> None:
    deployment = deploy(shared(ec2={"role": {"name": "Machines", "existing": True}}))
    assert deployment.of_type(PROFILE) == []
    assert deployment.outputs["instanceProfileArns"] == {}


def test_an_issuer_has_one_provider_for_all_its_consumers_unless_it_exists(
    kinds: Deployment,
) -> None:
    provider = kinds.one("aws:iam/openIdConnectProvider:OpenIdConnectProvider")
    assert (provider.name, provider.provider) == ("access-ci.example.com", "production")
    assert provider.inputs == {"url": "https://ci.example.com", "clientIdLists": ["aws", "teams"]}


def test_outputs_name_users_only_where_there_are_users(kinds: Deployment) -> None:
    assert set(kinds.outputs["userArns"]) == {"stage-admin"}
    assert set(kinds.outputs["roleArns"]) == {"stage-admin", *KINDS}
    assert set(kinds.outputs["switchRoleUrls"]) == {"stage-admin", "analysts", "group"}
    assert set(kinds.outputs["cliProfiles"]) == {"stage-admin", "analysts", *MACHINES} - {"pods"}
    output = json.loads(kinds.outputs["declaration"])
    assert {item["name"]: item["kind"] for item in output["consumers"]} == {
        "stage-admin": "user",
        **{name: next(iter(kind)) for name, kind in KINDS.items()},
    }


def test_a_consumer_of_resource_policies_has_no_role_and_one_policy_of_its_own() -> None:
    deployment = deploy(shared(user={"name": "Data"}))
    assert deployment.of_type("aws:iam/role:Role") == []
    assert deployment.of_type("aws:iam/policy:Policy") == []
    own = deployment.one("aws:iam/userPolicy:UserPolicy")
    assert (own.name, own.inputs["name"]) == ("access-data-team", "use-shared-resources")
    inline = deployment.one("aws:iam/userPoliciesExclusive:UserPoliciesExclusive")
    assert inline.inputs["policyNames"] == ["use-shared-resources"]
    assert "sts:AssumeRole" not in own.inputs["policy"]
    for token in RESOURCE_POLICIES:
        assert f"arn:aws:iam::{STAGING}:user/Data" in deployment.one(token).inputs["policy"]


def test_instances_may_come_without_a_role_of_production() -> None:
    deployment = deploy(shared(ec2={"role": {"name": "Machines"}}))
    role = deployment.one("aws:iam/role:Role")
    assert (role.provider, role.inputs["name"]) == ("staging", "Machines")
    policy = deployment.one("aws:iam/rolePolicy:RolePolicy").inputs
    assert policy["name"] == "use-shared-resources"
    assert "sqs:ReceiveMessage" in policy["policy"]


def test_outputs_tell_of_roles_only_where_there_are_some() -> None:
    for values, roles in ((by_role(), {"data-team"}), (shared(user={"name": "Data"}), set[str]())):
        outputs = deploy(values).outputs
        assert set(outputs["userArns"]) == {"data-team"}
        for name in (
            *("roleNames", "roleArns", "accessPolicyArns"),
            *("switchRoleUrls", "cliProfiles"),
        ):
            assert set(outputs[name]) == roles
        (consumer,) = json.loads(outputs["declaration"])["consumers"]
        assert (consumer["role_arn"] is None) is (not roles)
