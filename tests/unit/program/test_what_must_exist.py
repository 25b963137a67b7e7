"""What the stack uses and does not make is asked for by calls that AWS has, and told if missing."""

from __future__ import annotations

import re
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.validate import ParamValidator

from cross_account_access.declaration.accounts import Account, Accounts
from cross_account_access.declaration.kinds import (
    EXISTING,
    OWNED,
    Bucket,
    EcsTasks,
    EksPods,
    User,
    WebIdentities,
)
from cross_account_access.declaration.kinds.bucket_settings import (
    AccessLog,
    ObjectLock,
    Replication,
)
from cross_account_access.declaration.machines import StagingRole
from cross_account_access.declaration.model import MustExist
from cross_account_access.declaration.settings import between_resources
from cross_account_access.program.preflight import ask_accounts
from tests.support.deployment import ROOT
from tests.support.existing import arn_of

PRODUCTION = Account(account_id="111122223333", profile="p", region="us-west-2")
STAGING = Account(account_id="444455556666", profile="s", region="eu-west-1")
ACCOUNTS = Accounts(trusting=PRODUCTION, trusted=STAGING)
BOUNDARY = "arn:aws:iam::444455556666:policy/Boundary"
KEY = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
NAMED = {
    "s3:list_buckets": "s3:listallmybuckets",
    "s3:get_object_lock_configuration": "s3:getbucketobjectlockconfiguration",
}
"""Permissions that have another name than the call."""
NOT_IN_MODELS: dict[str, str | None] = {
    "list_buckets": None,
    "get_bucket_versioning": "NoSuchBucket",
    "get_object_lock_configuration": "ObjectLockConfigurationNotFoundError",
    "get_queue_url": "AWS.SimpleQueueService.NonExistentQueue",
}
"""Codes that AWS's models of S3 leave out, and that which SQS had before it spoke JSON; a list of
buckets is there, empty or not.

Sources: "Error responses", https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html;
"GetQueueUrl", https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueUrl.html.
"""


def adopted() -> EcsTasks:
    return EcsTasks(role=StagingRole(name="Renderer", path="/tasks/", existing=True))


def pods(**role: Any) -> EksPods:
    staging = StagingRole(name="Shop", **role)
    return EksPods(role=staging, cluster="apps", namespace="web", service_account="shop")


def jobs() -> WebIdentities:
    return WebIdentities(
        issuer="ci.example.com", audience="aws", subjects=("repo:our-org/site:main",), existing=True
    )


def everything() -> list[MustExist]:
    """What any setting needs."""
    copied = Bucket(
        name="ours", object_lock=ObjectLock(days=1), replication=Replication(bucket="copies")
    )
    return [
        *User(name="Ours", existing=True).must_exist(ACCOUNTS),
        *User(name="Ours", permissions_boundary=BOUNDARY).must_exist(ACCOUNTS),
        *jobs().must_exist(ACCOUNTS),
        *adopted().must_exist(ACCOUNTS),
        *pods().must_exist(ACCOUNTS),
        *Bucket(name="ours", access_log=AccessLog(bucket="our-logs")).must_exist(PRODUCTION),
        *between_resources.must_exist([copied], PRODUCTION),
        *(
            must
            for kind in OWNED
            for must in kind(name="ours", existing=True, kms_key_arn=KEY).must_exist(PRODUCTION)
        ),
        *(
            must
            for kind in EXISTING
            for must in kind(name="theirs", existing_arn=arn_of(kind)).must_exist(PRODUCTION)
        ),
    ]


def test_each_is_a_call_that_aws_has_and_its_error_for_what_is_not_there() -> None:
    for must in everything():
        client: Any = boto3.client(must.client, region_name="us-west-2")  # type: ignore[call-overload]
        api = client.meta.method_to_api_mapping[must.method]
        operation = client.meta.service_model.operation_model(api)
        report = ParamValidator().validate(must.parameters, operation.input_shape)
        assert not report.has_errors(), report.generate_report()
        codes = {shape.error_code for shape in operation.error_shapes}
        known = {NOT_IN_MODELS[must.method]} if must.method in NOT_IN_MODELS else codes
        assert must.absent in known, must


def test_what_is_not_there_is_told_with_its_account_or_name_and_the_remedy() -> None:
    for must in everything():
        told = must.problem(None) or ""
        assert "\n" not in told
        account = {"production": PRODUCTION, "staging": STAGING}[must.side].account_id
        texts = [str(each).rsplit(":", 1)[-1] for each in must.parameters.values()]
        assert account in told or any(text in told for text in texts)
        assert re.search(r"; (correct|have|name|turn|write) ", told), told


def test_an_eks_cluster_is_looked_for_in_staging() -> None:
    boundary, cluster = pods(permissions_boundary=BOUNDARY).must_exist(ACCOUNTS)
    assert (boundary.side, boundary.parameters) == ("staging", {"PolicyArn": BOUNDARY})
    assert (cluster.side, cluster.parameters) == ("staging", {"name": "apps"})
    assert cluster.problem({"cluster": {"name": "apps"}}) is None
    assert cluster.problem({}) is None
    assert cluster.problem(None) == (
        "consumers: account 444455556666 has no EKS cluster 'apps' in eu-west-1; "
        "correct cluster or staging_region"
    )


def test_the_role_of_pods_may_exist_besides() -> None:
    asked = pods(existing=True).must_exist(ACCOUNTS)
    assert [each.parameters for each in asked] == [{"RoleName": "Shop"}, {"name": "apps"}]


def test_a_bucket_in_a_list_without_regions_is_where_one_asked() -> None:
    (must,) = Bucket(name="ours", existing=True).must_exist(PRODUCTION)
    assert must.problem({"Buckets": [{"Name": "ours"}]}) is None
    told = must.problem({"Buckets": [{"Name": "ours", "BucketRegion": "eu-west-1"}]})
    assert "is in eu-west-1" in (told or "")
    assert "production_region us-west-2" in (told or "")


def test_only_what_others_look_after_need_not_be_seen() -> None:
    unseen = [must for must in everything() if must.if_allowed]
    assert [must.method for must in unseen] == ["get_policy", "describe_cluster", "list_buckets"]
    for must in unseen:
        assert must.problem({}) is None


@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException"])
def test_a_refusal_to_look_is_a_yes_where_one_need_not_be_seen(
    monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    """IAM says it in one word, and services with JSON, as EKS, in the other."""

    class Client:
        def get_caller_identity(self) -> Any:
            return {"Account": "444455556666", "Arn": "arn:aws:iam::444455556666:user/Admin"}

        def describe_cluster(self, **_: Any) -> Any:
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, "DescribeCluster")

    class Session:
        def __init__(self, **_: Any) -> None: ...

        def register_component(self, *_: Any) -> None: ...

        def create_client(self, *_: Any, **__: Any) -> Client:
            return Client()

    monkeypatch.setattr(ask_accounts, "Session", Session)
    (cluster,) = pods().must_exist(ACCOUNTS)

    def asked(*, if_allowed: bool) -> ask_accounts.Answers:
        call: ask_accounts.Call = {
            "client": cluster.client,
            "method": cluster.method,
            "parameters": cluster.parameters,
            "absent": cluster.absent,
            "if_allowed": if_allowed,
        }
        return ask_accounts.ask("Stage", "eu-west-1", [call])

    assert asked(if_allowed=True)["found"] == [{}]
    assert "may not call DescribeCluster" in asked(if_allowed=False)["problem"]


def test_a_user_to_adopt_is_named_in_its_own_case() -> None:
    """IAM knows names in any case; a policy that compares ARNs does not."""
    (asked,) = User(name="EXISTING", path="/people/", existing=True).must_exist(ACCOUNTS)
    told = asked.problem({"User": {"Arn": "arn:aws:iam::444455556666:user/people/Existing"}})
    assert told == (
        "consumers: user 'EXISTING' is arn:aws:iam::444455556666:user/people/Existing; "
        "write name: Existing to adopt it"
    )


@pytest.mark.parametrize(
    ("found", "told"),
    [
        ({}, None),
        (None, "has no role 'Renderer'; correct its name, or remove existing: true"),
        (
            {"Arn": "arn:aws:iam::444455556666:role/Renderer", "Path": "/"},
            "is arn:aws:iam::444455556666:role/Renderer; write name: Renderer and path: / to",
        ),
        (
            {"AssumeRolePolicyDocument": {"Principal": {"Service": "lambda.amazonaws.com"}}},
            "does not name ecs-tasks.amazonaws.com, so that no ECS tasks can have it; have its",
        ),
    ],
)
def test_a_role_to_adopt_must_be_there_and_be_one_of_its_service(
    found: dict[str, Any] | None, told: str | None
) -> None:
    (asked,) = adopted().must_exist(ACCOUNTS)
    assert (asked.method, asked.parameters) == ("get_role", {"RoleName": "Renderer"})
    there = {
        "RoleName": "Renderer",
        "Path": "/tasks/",
        "Arn": "arn:aws:iam::444455556666:role/tasks/Renderer",
        "AssumeRolePolicyDocument": {"Principal": {"Service": "ecs-tasks.amazonaws.com"}},
    }
    problem = asked.problem(found if found is None else {"Role": {**there, **found}})
    assert (problem is None) is (told is None)
    assert (told or "") in (problem or "")


@pytest.mark.parametrize(
    ("audiences", "told"),
    [(["aws"], None), (["a", "b"], "'aws', only a, b; "), ([], "'aws', only none; ")],
)
def test_an_identity_provider_that_exists_takes_the_audience(
    audiences: list[str], told: str | None
) -> None:
    (asked,) = jobs().must_exist(ACCOUNTS)
    assert asked.side == "production"
    problem = asked.problem({"ClientIDList": audiences})
    assert (problem is None) is (told is None)
    assert (told or "") in (problem or "")


def test_operations_names_every_permission_that_is_asked_for() -> None:
    operations = {f"{must.client}:{must.method}" for must in everything()}
    # Of roles, by what `Room` finds.
    operations.add("iam:list_attached_role_policies")
    page = (ROOT / "docs" / "operations.md").read_text()
    section = page.split("## What a run needs")[1].split("\n## ")[0]
    told = {found.lower() for found in re.findall(r"`([a-z0-9]+:[A-Za-z]+)`", section)}
    assert told == {
        NAMED.get(name, name.replace("_", "")).replace("stepfunctions:", "states:")
        for name in operations
    }
