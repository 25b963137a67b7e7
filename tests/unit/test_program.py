"""The whole program on Pulumi's mocks: what it registers, in which account, how it agrees."""

import json
from collections import Counter
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from pulumi.runtime.settings import _get_rpc_manager
from pulumi.runtime.stack import wait_for_rpcs

from tests.support.deployment import Deployment, deploy, stack_values

PRODUCTION, STAGING = "111122223333", "444455556666"
USER_ARN = f"arn:aws:iam::{STAGING}:user/StageAdmin"
EVERY_KIND = {
    "buckets": [{"name": "records", "encryption": "kms"}],
    "topics": [{"name": "news"}],
    "queues": [{"name": "jobs", "protect": False}],
}
STAGING_TYPES = {
    "aws:iam/user:User",
    "aws:iam/userPolicy:UserPolicy",
    "aws:iam/userPoliciesExclusive:UserPoliciesExclusive",
    "aws:iam/userPolicyAttachmentsExclusive:UserPolicyAttachmentsExclusive",
}


KINDS: dict[str, dict[str, Any]] = {
    "machines": {"ec2": {"role": {"name": "Replicator"}, "instance_profile": "Replicators"}},
    "vendor": {
        "third_party": {"account_id": "777788889999"},
        "conditions": {"external_id": "vendor-7"},
    },
    "ci": {
        "oidc": {
            "issuer": "https://ci.example.com",
            "audience": "aws",
            "subjects": ["repo:our-org/site:main"],
        }
    },
    "ci-of-another-team": {
        "oidc": {
            "issuer": "https://ci.example.com",
            "audience": "teams",
            "subjects": ["repo:our-org/app:main"],
        }
    },
    "ci-elsewhere": {
        "oidc": {
            "issuer": "https://other.example.com",
            "audience": "elsewhere",
            "subjects": ["repo:our-org/app:main"],
            "provider": "existing",
        }
    },
    "analysts": {"principals": {"arns": [f"arn:aws:iam::{STAGING}:role/data/*"]}},
    "group": {"organization": {"id": "o-a1b2c3d4e5"}},
}


def every_kind() -> dict[str, str]:
    """Settings with a consumer of each kind beside the user."""
    stack = stack_values("prod")
    users, grants = json.loads(stack["consumers"]), json.loads(stack["grants"])
    others = [
        {"name": name, "role": {"name": f"{name}-role"}, **kind} for name, kind in KINDS.items()
    ]
    more = [{**grants[0], "consumer": name} for name in KINDS]
    return stack_values("prod", consumers=users + others, grants=grants + more)


def shared(**consumer: Any) -> dict[str, str]:
    """Settings with something of every kind, all of it granted to one consumer.

    Each grant has the way that the consumer has: by its role, if it has one.
    """
    via = "role" if "role" in consumer else "resource"
    return stack_values(
        "prod",
        **EVERY_KIND,
        consumers=[{"name": "data-team", **consumer}],
        grants=[
            {"consumer": "data-team", "bucket": "records", "levels": ["read"], "via": via},
            {"consumer": "data-team", "topic": "news", "levels": ["publish"], "via": via},
            {"consumer": "data-team", "queue": "jobs", "levels": ["receive"], "via": via},
        ],
    )


def by_role() -> dict[str, str]:
    return shared(user={"name": "Data"}, role={"name": "DataRole"})


@pytest.fixture(scope="module")
def prod() -> Deployment:
    return deploy(stack_values("prod"))


@pytest.fixture(scope="module")
def kinds() -> Deployment:
    return deploy(every_kind())


def aws_resources(deployment: Deployment) -> list[Any]:
    return [item for item in deployment.resources if item.type.startswith("aws:")]


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
    assert bucket["Statement"][1]["Principal"] == {"AWS": [f"arn:aws:iam::{STAGING}:root"]}


def test_the_bucket_is_hardened(prod: Deployment) -> None:
    def of(kind: str) -> dict[str, Any]:
        return prod.one(f"aws:s3/bucket{kind}:Bucket{kind}").inputs

    assert of("OwnershipControls")["rule"] == {"objectOwnership": "BucketOwnerEnforced"}
    block = of("PublicAccessBlock")
    assert [block[name] for name in sorted(block) if name != "bucket"] == [True] * 4
    assert of("Versioning")["versioningConfiguration"] == {"status": "Enabled"}
    assert of("ServerSideEncryptionConfiguration")["rules"] == [
        {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}
    ]
    old, uploads = of("LifecycleConfiguration")["rules"]
    assert old["noncurrentVersionExpiration"] == {"noncurrentDays": 90}
    assert uploads["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 7}
    assert prod.of_type("aws:s3/bucketLogging:BucketLogging") == []


def test_a_protected_bucket_is_never_emptied_and_an_unprotected_one_is() -> None:
    for stack, emptied in (("prod", False), ("staging", True)):
        bucket = deploy(stack_values(stack), stack=stack).one("aws:s3/bucket:Bucket")
        assert bucket.inputs["forceDestroy"] is emptied


def test_the_parts_of_a_bucket_are_made_one_after_the_other(prod: Deployment) -> None:
    order = [item.type for item in aws_resources(prod) if item.type.startswith("aws:s3/")]
    assert order[0] == "aws:s3/bucket:Bucket"
    assert order[-1] == "aws:s3/bucketPolicy:BucketPolicy"
    assert len(order) == len(set(order)) == 7


def test_an_access_log_is_a_setting() -> None:
    buckets = [
        {
            "name": "production-test-bucket-101",
            "access_log": {"bucket": "our-logs", "prefix": "prod/"},
        }
    ]
    log = deploy(stack_values("prod", buckets=buckets)).one("aws:s3/bucketLogging:BucketLogging")
    assert (log.inputs["targetBucket"], log.inputs["targetPrefix"]) == ("our-logs", "prod/")


def test_the_staging_account_lists_only_where_the_bucket_says_so() -> None:
    buckets = [{"name": "production-test-bucket-101"}]
    policy = deploy(stack_values("prod", buckets=buckets)).one("aws:s3/bucketPolicy:BucketPolicy")
    effects = [item["Effect"] for item in json.loads(policy.inputs["policy"])["Statement"]]
    assert effects == ["Deny"]


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


def test_what_one_more_grant_costs_on_a_bucket_that_is_there() -> None:
    stack = stack_values("prod")
    buckets, consumers, grants = (
        json.loads(stack[name]) for name in ("buckets", "consumers", "grants")
    )
    buckets.append({"name": "records"})
    other = {"name": "auditor", "user": {"name": "Auditor"}, "role": {"name": "AuditRole"}}

    def types(**changes: Any) -> Counter[str]:
        made = deploy(stack_values("prod", buckets=buckets, **changes)).resources
        return Counter(item.type for item in made)

    def added(consumer: str, *new: dict[str, Any]) -> Counter[str]:
        more = [*grants, {**grants[0], "consumer": consumer, "bucket": "records"}]
        return types(consumers=[*consumers, *new], grants=more) - types()

    assert added("stage-admin") == Counter()
    assert added("auditor", other) == Counter(
        [
            "cross-account-access:index:TrustedUser",
            *STAGING_TYPES,
            "cross-account-access:index:AssumableRole",
            "aws:iam/role:Role",
            "aws:iam/policy:Policy",
            "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive",
            "aws:iam/rolePoliciesExclusive:RolePoliciesExclusive",
        ]
    )


def test_all_registrations_have_begun_when_the_sdk_starts_to_wait() -> None:
    begun: list[int] = []

    async def wait() -> None:
        begun.append(len(_get_rpc_manager().rpcs))
        await wait_for_rpcs()

    with patch("pulumi.runtime.stack.wait_for_rpcs", wait):
        deployment = deploy(stack_values("prod"))
    assert begun[0] >= len(deployment.resources) + len(deployment.invokes)


def test_the_entry_point_stays_short() -> None:
    source = Path(__file__).parents[2] / "__main__.py"
    assert len(source.read_text().splitlines()) < 50


def test_every_kind_has_a_role_and_only_users_and_instances_something_in_staging(
    kinds: Deployment,
) -> None:
    staging = {
        (item.type, item.name) for item in aws_resources(kinds) if item.provider == "staging"
    }
    assert staging == {
        *((token, "access-stage-admin") for token in STAGING_TYPES),
        ("aws:iam/role:Role", "access-machines-instances"),
        ("aws:iam/rolePolicy:RolePolicy", "access-machines"),
        ("aws:iam/rolePoliciesExclusive:RolePoliciesExclusive", "access-machines-instances"),
        (
            "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive",
            "access-machines-instances",
        ),
        ("aws:iam/instanceProfile:InstanceProfile", "access-machines"),
    }
    roles = {
        item.name for item in kinds.of_type("aws:iam/role:Role") if item.provider == "production"
    }
    assert roles == {f"access-{name}" for name in ("stage-admin", *KINDS)}


def test_resources_of_one_type_have_names_of_their_own(kinds: Deployment) -> None:
    named = [(item.type, item.name) for item in aws_resources(kinds)]
    assert len(named) == len(set(named))


def test_instances_get_a_role_that_may_assume_the_other_and_nothing_else(
    kinds: Deployment,
) -> None:
    (own,) = [
        item.inputs
        for item in kinds.of_type("aws:iam/role:Role")
        if item.name == "access-machines-instances"
    ]
    (statement,) = json.loads(own["assumeRolePolicy"])["Statement"]
    assert statement["Principal"] == {"Service": ["ec2.amazonaws.com"]}
    profile = kinds.one("aws:iam/instanceProfile:InstanceProfile").inputs
    assert profile == {"name": "Replicators", "role": "Replicator"}
    policy = kinds.one("aws:iam/rolePolicy:RolePolicy").inputs
    (statement,) = json.loads(policy["policy"])["Statement"]
    assert statement["Resource"] == [f"arn:aws:iam::{PRODUCTION}:role/machines-role"]
    for token, expected in (
        ("aws:iam/rolePoliciesExclusive:RolePoliciesExclusive", {"policyNames": [policy["name"]]}),
        (
            "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive",
            {"policyArns": []},
        ),
    ):
        (only,) = [item.inputs for item in kinds.of_type(token) if item.provider == "staging"]
        assert only == {"roleName": "Replicator", **expected}


def test_an_issuer_has_one_provider_for_all_its_consumers_unless_it_exists(
    kinds: Deployment,
) -> None:
    provider = kinds.one("aws:iam/openIdConnectProvider:OpenIdConnectProvider")
    assert (provider.name, provider.provider) == ("access-ci.example.com", "production")
    assert provider.inputs == {"url": "https://ci.example.com", "clientIdLists": ["aws", "teams"]}


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
        f"arn:aws:iam::{STAGING}:role/Replicator": kinds.one("aws:iam/rolePolicy:RolePolicy"),
    }
    for arn, policy in callers.items():
        for statement in json.loads(policy.inputs["policy"])["Statement"]:
            (role,) = statement["Resource"]
            (trust,) = trusts[role]
            assert trust["Action"] == statement["Action"]
            assert trust["Condition"] == {"ArnEquals": {"aws:PrincipalArn": [arn]}}


def test_outputs_name_users_only_where_there_are_users(kinds: Deployment) -> None:
    assert set(kinds.outputs["userArns"]) == {"stage-admin"}
    assert set(kinds.outputs["roleArns"]) == {"stage-admin", *KINDS}
    assert set(kinds.outputs["switchRoleUrls"]) == {"stage-admin", "analysts", "group"}
    assert set(kinds.outputs["cliProfiles"]) == {"stage-admin", "machines", "analysts"}
    said = json.loads(kinds.outputs["declaration"])
    assert {item["name"]: item["kind"] for item in said["consumers"]} == {
        "stage-admin": "user",
        **{name: next(iter(kind)) for name, kind in KINDS.items()},
    }


RESOURCE_POLICIES = (
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:sns/topicPolicy:TopicPolicy",
    "aws:sqs/queuePolicy:QueuePolicy",
)


@pytest.mark.parametrize("preview", [False, True])
def test_all_that_is_shared_is_in_production_and_its_documents_are_known_in_a_preview(
    preview: bool,
) -> None:
    deployment = deploy(by_role(), preview=preview)
    made = aws_resources(deployment)
    for item in made:
        expected = "staging" if item.type in STAGING_TYPES else "production"
        assert item.provider == expected, item
    documents = [item.inputs["policy"] for item in made if "policy" in item.inputs]
    assert len(documents) == 6
    for document in documents:
        assert json.loads(document)["Statement"]


def test_each_resource_has_one_policy(kinds: Deployment) -> None:
    deployment = deploy(shared(user={"name": "Data"}))
    for token in RESOURCE_POLICIES:
        assert deployment.one(token).name.startswith("access-")
    assert kinds.of_type("aws:sns/topicPolicy:TopicPolicy") == []


def test_topics_and_queues_have_the_names_and_the_encryption_that_are_declared() -> None:
    deployment = deploy(by_role())
    assert deployment.one("aws:sns/topic:Topic").inputs == {"name": "news"}
    queue = deployment.one("aws:sqs/queue:Queue")
    assert queue.inputs == {"name": "jobs", "sqsManagedSseEnabled": True}
    policy = deployment.one("aws:sqs/queuePolicy:QueuePolicy").inputs
    assert policy["queueUrl"] == "https://sqs.us-west-2.amazonaws.com/111122223333/jobs"
    topic_policy = deployment.one("aws:sns/topicPolicy:TopicPolicy").inputs
    assert topic_policy["arn"] == f"arn:aws:sns:us-west-2:{PRODUCTION}:news"


def test_a_bucket_is_encrypted_with_the_key_that_is_made_for_it() -> None:
    deployment = deploy(by_role())
    key = deployment.one("aws:kms/key:Key").inputs
    assert (key["enableKeyRotation"], key["deletionWindowInDays"]) == (True, 30)
    alias = deployment.one("aws:kms/alias:Alias").inputs
    assert alias == {"name": "alias/records", "targetKeyId": "of-access-records"}
    encryption = deployment.one(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    )
    assert encryption.inputs["rules"] == [
        {
            "applyServerSideEncryptionByDefault": {
                "sseAlgorithm": "aws:kms",
                "kmsMasterKeyId": f"arn:aws:kms:us-west-2:{PRODUCTION}:key/of-access-records",
            },
            "bucketKeyEnabled": True,
        }
    ]


def test_buckets_whose_names_differ_in_a_dot_have_keys_of_their_own() -> None:
    names = ("my.bucket", "my-bucket")
    deployment = deploy(
        stack_values(
            "prod",
            buckets=[{"name": name, "encryption": "kms"} for name in names],
            grants=[
                {"consumer": "stage-admin", "bucket": name, "levels": ["read"]} for name in names
            ],
        )
    )
    aliases = {item.inputs["name"] for item in deployment.of_type("aws:kms/alias:Alias")}
    assert aliases == {"alias/my_bucket", "alias/my-bucket"}


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


def test_outputs_name_all_that_is_shared() -> None:
    outputs = deploy(by_role()).outputs
    regional = f"us-west-2:{PRODUCTION}"
    assert outputs["bucketArns"] == {"records": "arn:aws:s3:::records"}
    assert outputs["topicArns"] == {"news": f"arn:aws:sns:{regional}:news"}
    assert outputs["queueArns"] == {"jobs": f"arn:aws:sqs:{regional}:jobs"}
    assert outputs["kmsKeyArns"] == {"records": f"arn:aws:kms:{regional}:key/of-access-records"}
    declared = json.loads(outputs["declaration"])["grants"]
    assert [grant["resource_arn"] for grant in declared] == [
        outputs["bucketArns"]["records"],
        outputs["topicArns"]["news"],
        outputs["queueArns"]["jobs"],
    ]
