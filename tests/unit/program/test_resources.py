"""What the program makes of what is shared."""

import json
from collections import Counter
from typing import Any

import pytest

from tests.support.deployment import Deployment, deploy, stack_values
from tests.unit.program.stacks import (
    PRODUCTION,
    RESOURCE_POLICIES,
    STAGING_TYPES,
    automatic,
    aws_resources,
    by_role,
    shared,
)


def test_the_bucket_is_hardened(prod: Deployment) -> None:
    def of(kind: str) -> dict[str, Any]:
        return prod.one(f"aws:s3/bucket{kind}:Bucket{kind}").inputs

    assert of("OwnershipControls")["rule"] == {"objectOwnership": "BucketOwnerEnforced"}
    block = of("PublicAccessBlock")
    assert [block[name] for name in sorted(block) if name != "bucket"] == [True] * 4
    assert of("Versioning")["versioningConfiguration"] == {"status": "Enabled"}
    assert of("ServerSideEncryptionConfiguration")["rules"] == [
        {
            "applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"},
            "bucketKeyEnabled": False,
            "blockedEncryptionTypes": ["SSE-C"],
        }
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
    # A protected bucket refuses a destroy by what is made last.
    assert order[-2:] == [
        "aws:s3/bucketPolicy:BucketPolicy",
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    ]
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
    assert set(effects) == {"Deny"}


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


def test_what_s3_does_by_itself_waits_for_both_sides_of_it() -> None:
    deployment = deploy(automatic())
    order = [f"{item.type.rpartition(':')[2]} {item.name}" for item in deployment.resources]
    bucket, told = "BucketPolicy access-orders", "BucketNotification access-orders"
    for policy in (bucket, "TopicPolicy access-news", "QueuePolicy access-jobs"):
        assert order.index(policy) < order.index(told)
    copied = "BucketReplicationConfig access-orders"
    for before in (told, "BucketPolicy access-copies"):
        assert order.index(before) < order.index(copied)
    notification = deployment.one("aws:s3/bucketNotification:BucketNotification").inputs
    (topic,), (queue,) = notification["topics"], notification["queues"]
    assert (topic["topicArn"], topic["events"]) == (
        f"arn:aws:sns:us-west-2:{PRODUCTION}:news",
        ["s3:ObjectRemoved:*"],
    )
    assert (queue["filterPrefix"], queue["filterSuffix"]) == ("a/", ".jpg")


def test_copies_have_a_rule_a_prefix_and_leave_deletions_out() -> None:
    config = "aws:s3/bucketReplicationConfig:BucketReplicationConfig"
    made = deploy(automatic()).one(config).inputs
    assert [rule["filter"] for rule in made["rules"]] == [{"prefix": "a/"}, {"prefix": "b/"}]
    assert [rule["priority"] for rule in made["rules"]] == [1, 2]
    for rule in made["rules"]:
        assert rule["destination"] == {"bucket": "arn:aws:s3:::copies"}
        assert rule["deleteMarkerReplication"] == {"status": "Disabled"}
    replicated = {"bucket": "copies", "delete_markers": True}
    (whole,) = deploy(automatic(replication=replicated)).one(config).inputs["rules"]
    assert whole["filter"] == {"prefix": ""}
    assert whole["deleteMarkerReplication"] == {"status": "Enabled"}


def test_copies_of_what_has_a_key_are_encrypted_with_the_key_of_the_other_bucket() -> None:
    key = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    elsewhere = {"bucket": "elsewhere", "kms_key_arn": key}
    made = deploy(automatic(encryption="kms", replication=elsewhere))
    (rule,) = made.one("aws:s3/bucketReplicationConfig:BucketReplicationConfig").inputs["rules"]
    assert rule["destination"]["encryptionConfiguration"] == {"replicaKmsKeyId": key}
    assert rule["sourceSelectionCriteria"] == {"sseKmsEncryptedObjects": {"status": "Enabled"}}


def test_a_lock_is_kept_from_a_destroy_that_would_empty_the_bucket() -> None:
    made = deploy(automatic(protect=False))
    emptied = {
        item.inputs["bucket"]: item.inputs["forceDestroy"]
        for item in made.of_type("aws:s3/bucket:Bucket")
    }
    assert emptied["orders"] is False
    locks = made.of_type("aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration")
    assert {item.inputs["bucket"]: item.inputs["rule"] for item in locks} == {
        "orders": {"defaultRetention": {"mode": "GOVERNANCE", "days": 30}},
        "copies": {"defaultRetention": {"mode": "COMPLIANCE", "years": 1}},
    }


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
    assert len(documents) == 8
    for document in documents:
        assert json.loads(document)["Statement"]


def test_each_resource_has_one_policy(kinds: Deployment) -> None:
    deployment = deploy(shared(user={"name": "Data"}))
    for token in RESOURCE_POLICIES:
        assert deployment.one(token).name.startswith("access-")
    assert kinds.of_type("aws:sns/topicPolicy:TopicPolicy") == []


def test_topics_and_queues_have_the_names_and_the_encryption_that_are_declared() -> None:
    deployment = deploy(by_role())
    topic = deployment.one("aws:sns/topic:Topic").inputs
    queue = deployment.one("aws:sqs/queue:Queue").inputs
    policy = deployment.one("aws:sqs/queuePolicy:QueuePolicy").inputs
    assert policy["queueUrl"] == "https://sqs.us-west-2.amazonaws.com/111122223333/jobs"
    topic_policy = deployment.one("aws:sns/topicPolicy:TopicPolicy").inputs
    assert topic_policy["arn"] == f"arn:aws:sns:us-west-2:{PRODUCTION}:news"
    # Each refuses plain HTTP from its first moment.
    assert topic == {"name": "news", "policy": topic_policy["policy"]}
    assert queue == {"name": "jobs", "sqsManagedSseEnabled": True, "policy": policy["policy"]}


def test_people_read_in_the_console_whose_a_role_is() -> None:
    for role in deploy(by_role()).of_type("aws:iam/role:Role"):
        consumer = role.name.removeprefix("access-").removesuffix("-instances")
        assert f"Consumer {consumer} of " in role.inputs["description"]


def test_a_bucket_is_encrypted_with_the_key_that_is_made_for_it() -> None:
    deployment = deploy(by_role())
    key = deployment.one("aws:kms/key:Key").inputs
    assert (key["enableKeyRotation"], key["rotationPeriodInDays"]) == (True, 365)
    assert key["deletionWindowInDays"] == 30
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
            "blockedEncryptionTypes": ["SSE-C"],
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
