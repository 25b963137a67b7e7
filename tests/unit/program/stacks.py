"""The stacks that the tests of the program deploy on mocks."""

import json
from typing import Any

from tests.support.deployment import Deployment, stack_values

PRODUCTION, STAGING = "111122223333", "444455556666"
ANCHOR = f"arn:aws:rolesanywhere:us-west-2:{STAGING}:trust-anchor/"
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

RESOURCE_POLICIES = (
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:sns/topicPolicy:TopicPolicy",
    "aws:sqs/queuePolicy:QueuePolicy",
)


KINDS: dict[str, dict[str, Any]] = {
    "machines": {"ec2": {"role": {"name": "Replicator"}, "instance_profile": "Replicators"}},
    "tasks": {"ecs_tasks": {"role": {"name": "Renderer"}}},
    "functions": {"lambda_functions": {"role": {"name": "Resizer", "existing": True}}},
    "pods": {
        "eks_pods": {
            "role": {"name": "Shop"},
            "cluster": "apps",
            "namespace": "web",
            "service_account": "shop",
        }
    },
    "outside": {
        "roles_anywhere": {
            "role": {"name": "Backup"},
            "trust_anchor_arn": f"{ANCHOR}11111111-2222-3333-4444-555555555555",
            "certificate": {"x509Subject/CN": "backup.example.com"},
        }
    },
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


MACHINES = {
    "machines": "instances",
    **dict.fromkeys(("tasks", "functions", "pods", "outside"), "machines"),
}
"""Those of the kinds that have a role in Staging, with how its logical name ends."""


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


def automatic(**bucket: Any) -> dict[str, str]:
    """Settings in which S3 does all that it can do by itself with one bucket."""
    made = {
        "name": "orders",
        "object_lock": {"days": 30},
        "notifications": [
            {"topic": "news", "events": ["s3:ObjectRemoved:*"]},
            {"queue": "jobs", "events": ["s3:ObjectCreated:*"], "prefix": "a/", "suffix": ".jpg"},
        ],
        "replication": {"bucket": "copies", "prefixes": ["a/", "b/"]},
        **bucket,
    }
    stack = stack_values("prod")
    copies = {"name": "copies", "object_lock": {"years": 1, "mode": "compliance"}}
    return stack_values(
        "prod",
        buckets=[*json.loads(stack["buckets"]), made, copies],
        topics=[{"name": "news"}],
        queues=[{"name": "jobs"}],
    )


def by_role() -> dict[str, str]:
    return shared(user={"name": "Data"}, role={"name": "DataRole"})


def aws_resources(deployment: Deployment) -> list[Any]:
    return [item for item in deployment.resources if item.type.startswith("aws:")]
