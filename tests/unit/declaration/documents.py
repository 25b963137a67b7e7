"""Declarations of every kind, and the documents that they mean."""

import json
from itertools import chain, combinations
from pathlib import Path
from typing import Any

from cross_account_access.declaration.accounts import Account, Accounts
from cross_account_access.declaration.kinds import (
    Bucket,
    EcsTasks,
    EksPods,
    Instances,
    LambdaFunctions,
    Organization,
    Principals,
    Queue,
    RolesAnywhere,
    ThirdParty,
    Topic,
    User,
    WebIdentities,
)
from cross_account_access.declaration.machines import StagingRole
from cross_account_access.declaration.model import (
    Conditions,
    Consumer,
    Grant,
    Level,
    Mfa,
    OwnedResource,
    Principal,
    Role,
    SessionTags,
    SourceIdentity,
    Via,
)
from cross_account_access.declaration.policies.documents import (
    access_policy,
    resource_policy,
    trust_policy,
)

ROOT = Path(__file__).parents[3]
GOLDEN = Path(__file__).parents[2] / "golden"
BUCKET = "arn:aws:s3:::production-test-bucket-101"
ROLE = "arn:aws:iam::111122223333:role/StageRole"
SNS_ACTIONS = {
    *("sns:AddPermission", "sns:DeleteTopic", "sns:GetDataProtectionPolicy"),
    *("sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic", "sns:ListTagsForResource"),
    *("sns:Publish", "sns:PutDataProtectionPolicy", "sns:RemovePermission"),
    *("sns:SetTopicAttributes", "sns:Subscribe"),
}
"""All that a topic policy takes ("Amazon SNS API permissions: Actions and resources reference")."""
STAGING = "arn:aws:iam::444455556666:root"
USER = "arn:aws:iam::444455556666:user/StageAdmin"
LEVELS = Bucket.levels
LEVEL_SETS = list(chain.from_iterable(combinations(LEVELS, n) for n in range(1, len(LEVELS) + 1)))
PRODUCTION = Account(account_id="111122223333", profile="p", region="us-west-2")
ACCOUNTS = Accounts(
    trusting=PRODUCTION,
    trusted=Account(account_id="444455556666", profile="s", region="us-west-2"),
)
EVERY_CONDITION = Conditions(
    external_id="vendor-7",
    mfa=Mfa(max_age=900),
    source_ips=("203.0.113.0/24", "198.51.100.7/32"),
    source_identity=SourceIdentity(values=("Bob", "Alice")),
    session_tags=SessionTags(tags={"team": "data", "project": "apollo"}),
    expires_at="2030-01-31T00:00:00Z",
)
ANCHOR = (
    "arn:aws:rolesanywhere:us-west-2:444455556666:trust-anchor/11111111-2222-3333-4444-555555555555"
)
KINDS: dict[str, Principal] = {
    "user": User(name="StageAdmin"),
    "ec2": Instances(
        role=StagingRole(name="Replicator", path="/machines/"), instance_profile="Replicator"
    ),
    "ecs_tasks": EcsTasks(role=StagingRole(name="Renderer")),
    "lambda_functions": LambdaFunctions(role=StagingRole(name="Resizer")),
    "lambda_functions_by_name": LambdaFunctions(
        role=StagingRole(name="Resizer"), functions=("resize-images", "crop")
    ),
    "eks_pods": EksPods(
        role=StagingRole(name="Shop"), cluster="apps", namespace="web", service_account="shop"
    ),
    "roles_anywhere": RolesAnywhere(
        role=StagingRole(name="Backup"),
        trust_anchor_arn=ANCHOR,
        certificate={"x509Subject/CN": "backup.example.com", "x509Issuer/CN": "Machines"},
    ),
    "third_party": ThirdParty(account_id="777788889999"),
    "oidc": WebIdentities(
        issuer="token.actions.githubusercontent.com",
        audience="sts.amazonaws.com",
        subjects=("repo:our-org/site:ref:refs/heads/main",),
    ),
    "oidc_wildcard": WebIdentities(
        issuer="gitlab.example.com",
        audience="https://gitlab.example.com",
        subjects=("project_path:our-org/*", "project_path:our-org/site:ref:main"),
    ),
    "principals": Principals(
        arns=("arn:aws:iam::444455556666:user/b*", "arn:aws:iam::444455556666:role/data/*")
    ),
    "organization": Organization(id="o-a1b2c3d4e5"),
    "organization_unit": Organization(
        id="o-a1b2c3d4e5", paths=("o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/*",)
    ),
}


def consumer(who: Principal | None = None, conditions: Conditions | None = None) -> Consumer:
    principal = who or User(name="StageAdmin")
    return Consumer(
        name="stage-admin",
        principal=principal,
        role=Role(name="StageRole", policy_name="StageRoleAccess"),
        conditions=principal.always_stated(conditions or Conditions(), ACCOUNTS),
    )


def grant(
    levels: Any,
    *prefixes: str,
    bucket: str = "production-test-bucket-101",
    resource: OwnedResource | None = None,
    who: Consumer | None = None,
    via: Via = Via.ROLE,
) -> Grant:
    return Grant(
        consumer=who or consumer(),
        resource=resource or Bucket(name=bucket),
        levels=tuple(levels),
        prefixes=prefixes,
        via=via,
    )


def access(*grants: Grant, conditions: Conditions | None = None) -> str:
    return access_policy(consumer(conditions=conditions), grants, ACCOUNTS)


def trust(who: Principal | None = None, conditions: Conditions | None = None) -> str:
    return trust_policy(consumer(who, conditions), ACCOUNTS)


def bucket(*, staging_may_list: bool) -> str:
    declared = Bucket(name="production-test-bucket-101", staging_may_list=staging_may_list)
    return resource_policy(declared, [], ACCOUNTS)


RECORDS = Bucket(name="records.of-2030", encryption="kms")
NEWS, JOBS = Topic(name="news"), Queue(name="jobs")


def direct(*, who: Principal | None = None, **conditions: Any) -> Consumer:
    """A consumer that has no role."""
    return Consumer(
        name="data-team",
        principal=who or User(name="Copier"),
        role=None,
        conditions=Conditions(**conditions),
    )


def shared(*consumers: Consumer) -> list[Grant]:
    """Something of every kind, by resource policies."""
    return [
        grant(levels, *prefixes, resource=resource, who=consumer, via=Via.RESOURCE)
        for consumer in consumers
        for resource, levels, prefixes in (
            (RECORDS, [Level.LIST, Level.WRITE], ["images/"]),
            (NEWS, NEWS.levels, []),
            (JOBS, JOBS.levels, []),
        )
    ]


OPERATORS = direct(who=KINDS["principals"], mfa=Mfa(max_age=900))
OUR_ORGANIZATION = direct(who=KINDS["organization_unit"])


def statements(document: str) -> list[dict[str, Any]]:
    parsed: list[dict[str, Any]] = json.loads(document)["Statement"]
    return parsed
