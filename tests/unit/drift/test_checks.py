"""Each question of the audit: what an answer means, and what none means."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from cross_account_access.command.drift.audit import CHECKS, audit
from cross_account_access.command.drift.checks import Check, Subject
from cross_account_access.command.drift.documents import Documents
from cross_account_access.command.drift.findings import Effect, Report
from cross_account_access.command.inventory import StackInventory, inventory_of
from cross_account_access.stack import StackResource, resources_of_state
from tests.support.states import (
    PRODUCTION,
    STAGING,
    USER,
    allow,
    export,
    policy,
    resource,
    walkthrough,
)

FOREIGN = "999999999999"
POLICY = f"arn:aws:iam::{PRODUCTION}:policy/StageRoleAccess"
KEY = f"arn:aws:kms:us-west-2:{PRODUCTION}:key/k"
TOPIC = f"arn:aws:sns:us-west-2:{PRODUCTION}:news"
NOW = datetime(2026, 11, 25, 20, 54, tzinfo=UTC)


def arn_of(resource: dict[str, Any]) -> dict[str, str]:
    """What a state has of the user beside its inputs."""
    return {"arn": USER} if resource["type"] == "aws:iam/user:User" else {}


STACK = resources_of_state(
    export(
        [
            *(
                each | {"outputs": {**arn_of(each), **each["inputs"], **each.get("outputs", {})}}
                for each in walkthrough()
            ),
            resource("aws:sns/topic:Topic", "news", outputs={"arn": TOPIC, "name": "news"}),
            resource("aws:sqs/queue:Queue", "jobs", outputs={"url": "https://q/jobs"}),
            resource("aws:kms/key:Key", "bucket", outputs={"keyId": "k", "arn": KEY}),
            resource(
                "aws:iam/openIdConnectProvider:OpenIdConnectProvider",
                "issuer",
                outputs={"arn": "arn:p", "url": "https://issuer", "thumbprintLists": ["aa"]},
            ),
        ]
    )
)
DECLARED = inventory_of(STACK)
WIDE = policy(allow("*", "*"))
NARROW = policy(allow("s3:GetObject", "arn:aws:s3:::production-test-bucket-101/images/*"))

Json = dict[str, Any]


def asked(
    name: str,
    answers: dict[str, Any],
    declared: StackInventory = DECLARED,
    more: Sequence[StackResource] = (),
) -> Report:
    """What the one check finds where AWS gives these answers by operation."""
    check = next(each for each in CHECKS if each.asks == name)

    class Client:
        meta = type("Meta", (), {"endpoint_url": "https://aws"})

        def can_paginate(self, _: str) -> bool:
            return False

        def __getattr__(self, operation: str) -> Any:
            def call(**_: object) -> Any:
                answer = answers.get(operation, "NotAsked")
                if isinstance(answer, str):
                    raise ClientError({"Error": {"Code": answer, "Message": "no"}}, operation)
                return answer

            return call

    class Session:
        def client(self, _: str, **__: object) -> Client:
            return Client()

    only = [each for each in STACK if each.type in (check.type, "pulumi:providers:aws")]
    rest = [each for each in STACK if each not in only]
    documents = Documents(declared=declared, live=DECLARED)
    sessions: Any = {PRODUCTION: Session(), STAGING: Session()}
    report = audit([*only, *rest, *more], documents, sessions)
    return Report(
        findings=tuple(each for each in report.findings if each.events == check.events),
        notes=report.notes,
        unchecked=tuple(each for each in report.unchecked if each.what.startswith(name)),
    )


DOORS: list[tuple[str, dict[str, Any], Effect, str]] = [
    (
        "groups",
        {"list_groups_for_user": {"Groups": [{"GroupName": "admins"}]}},
        Effect.WIDENING,
        "admins",
    ),
    ("console password", {"get_login_profile": {}}, Effect.WIDENING, "password"),
    (
        "access keys",
        {
            "list_access_keys": {
                "AccessKeyMetadata": [
                    {"AccessKeyId": key, "Status": "Active", "CreateDate": NOW}
                    for key in ("AKIA1", "AKIA2")
                ]
            }
        },
        Effect.WIDENING,
        "AKIA2",
    ),
    (
        "MFA devices",
        {"list_mfa_devices": {"MFADevices": [{"SerialNumber": "mfa/x"}]}},
        Effect.COSMETIC,
        "mfa/x",
    ),
    (
        "other principals that have it",
        {
            "list_entities_for_policy": {
                "PolicyRoles": [{"RoleName": "StageRole"}],
                "PolicyUsers": [{"UserName": "mallory"}],
            }
        },
        Effect.WIDENING,
        "user mallory",
    ),
    (
        "other principals that it bounds",
        {"list_entities_for_policy": {"PolicyRoles": [{"RoleName": "theirs"}]}},
        Effect.COSMETIC,
        "boundary of role theirs",
    ),
    (
        "versions",
        {
            "list_policy_versions": {
                "Versions": [
                    {"VersionId": "v9", "IsDefaultVersion": True},
                    {"VersionId": "v10", "IsDefaultVersion": False},
                ]
            },
            "get_policy_version": {"PolicyVersion": {"Document": WIDE}},
        },
        Effect.WIDENING,
        "v1",
    ),
    (
        "instance profiles",
        {"list_instance_profiles_for_role": {"InstanceProfiles": [{"InstanceProfileName": "i"}]}},
        Effect.WIDENING,
        "instance profile i",
    ),
    (
        "thumbprints",
        {"get_open_id_connect_provider": {"ThumbprintList": ["bb"]}},
        Effect.WIDENING,
        "bb",
    ),
    (
        "replication",
        {
            "get_bucket_replication": {
                "ReplicationConfiguration": {
                    "Rules": [
                        {
                            "ID": "away",
                            "Status": "Enabled",
                            "Destination": {"Bucket": "arn:aws:s3:::b", "Account": FOREIGN},
                        }
                    ]
                }
            }
        },
        Effect.WIDENING,
        FOREIGN,
    ),
    ("website", {"get_bucket_website": {}}, Effect.WIDENING, "website"),
    (
        "CORS",
        {"get_bucket_cors": {"CORSRules": [{"AllowedOrigins": ["https://evil.example"]}]}},
        Effect.WIDENING,
        "https://evil.example",
    ),
    (
        "acceleration",
        {"get_bucket_accelerate_configuration": {"Status": "Enabled"}},
        Effect.COSMETIC,
        "acceleration",
    ),
    (
        "requester pays",
        {"get_bucket_request_payment": {"Payer": "Requester"}},
        Effect.NARROWING,
        "pays",
    ),
    (
        "access log",
        {"get_bucket_logging": {"LoggingEnabled": {"TargetBucket": "logs"}}},
        Effect.WIDENING,
        "logs",
    ),
    (
        "notifications",
        {
            "get_bucket_notification_configuration": {
                "LambdaFunctionConfigurations": [
                    {"LambdaFunctionArn": "arn:f", "Events": ["s3:ObjectCreated:*"]}
                ]
            }
        },
        Effect.WIDENING,
        "arn:f",
    ),
    (
        "inventory",
        {
            "list_bucket_inventory_configurations": {
                "InventoryConfigurationList": [
                    {
                        "Id": "all",
                        "Destination": {
                            "S3BucketDestination": {"Bucket": "arn:b", "AccountId": FOREIGN}
                        },
                    }
                ]
            }
        },
        Effect.WIDENING,
        FOREIGN,
    ),
    (
        "storage class analysis",
        {
            "list_bucket_analytics_configurations": {
                "AnalyticsConfigurationList": [
                    {
                        "Id": "all",
                        "StorageClassAnalysis": {
                            "DataExport": {
                                "Destination": {
                                    "S3BucketDestination": {
                                        "Bucket": "arn:b",
                                        "BucketAccountId": FOREIGN,
                                    }
                                }
                            }
                        },
                    }
                ]
            }
        },
        Effect.WIDENING,
        FOREIGN,
    ),
    (
        "access points",
        {"list_access_points": {"AccessPointList": [{"Name": "ap1", "NetworkOrigin": "VPC"}]}},
        Effect.WIDENING,
        "ap1",
    ),
    (
        "subscriptions",
        {
            "list_subscriptions_by_topic": {
                "Subscriptions": [
                    {
                        "Endpoint": f"arn:aws:sqs:us-west-2:{FOREIGN}:q",
                        "Owner": FOREIGN,
                        "Protocol": "sqs",
                        "SubscriptionArn": "arn:s",
                    }
                ]
            }
        },
        Effect.WIDENING,
        FOREIGN,
    ),
    (
        "dead letters",
        {"get_queue_attributes": {"Attributes": {"RedrivePolicy": "{}"}}},
        Effect.WIDENING,
        "RedrivePolicy",
    ),
    (
        "grants",
        {
            "list_grants": {
                "Grants": [{"GranteePrincipal": FOREIGN, "Operations": ["Decrypt"], "GrantId": "g"}]
            }
        },
        Effect.WIDENING,
        "Decrypt",
    ),
]
QUIET: list[tuple[str, dict[str, Any]]] = [
    ("groups", {"list_groups_for_user": {"Groups": []}}),
    ("console password", {"get_login_profile": "NoSuchEntity"}),
    (
        "access keys",
        {
            "list_access_keys": {
                "AccessKeyMetadata": [
                    {"AccessKeyId": "AKIA1", "Status": "Active", "CreateDate": NOW},
                    {"AccessKeyId": "AKIA2", "Status": "Inactive", "CreateDate": NOW},
                ]
            }
        },
    ),
    ("MFA devices", {"list_mfa_devices": {"MFADevices": []}}),
    (
        "other principals that have it",
        {"list_entities_for_policy": {"PolicyRoles": [{"RoleName": "StageRole"}]}},
    ),
    ("other principals that it bounds", {"list_entities_for_policy": {}}),
    (
        "versions",
        {
            "list_policy_versions": {
                "Versions": [
                    {"VersionId": "v1", "IsDefaultVersion": True},
                    {"VersionId": "v2", "IsDefaultVersion": False},
                ],
            },
            "get_policy_version": {"PolicyVersion": {"Document": NARROW}},
        },
    ),
    (
        # What an update leaves, here the one before the narrowing.
        "versions",
        {
            "list_policy_versions": {
                "Versions": [
                    {"VersionId": "v10", "IsDefaultVersion": True},
                    {"VersionId": "v9", "IsDefaultVersion": False},
                ],
            },
            "get_policy_version": {"PolicyVersion": {"Document": WIDE}},
        },
    ),
    ("instance profiles", {"list_instance_profiles_for_role": {"InstanceProfiles": []}}),
    ("thumbprints", {"get_open_id_connect_provider": {"ThumbprintList": ["aa"]}}),
    ("replication", {"get_bucket_replication": "ReplicationConfigurationNotFoundError"}),
    ("website", {"get_bucket_website": "NoSuchWebsiteConfiguration"}),
    ("CORS", {"get_bucket_cors": "NoSuchCORSConfiguration"}),
    ("acceleration", {"get_bucket_accelerate_configuration": {"Status": "Suspended"}}),
    ("requester pays", {"get_bucket_request_payment": {"Payer": "BucketOwner"}}),
    ("access log", {"get_bucket_logging": {}}),
    ("notifications", {"get_bucket_notification_configuration": {}}),
    ("inventory", {"list_bucket_inventory_configurations": {}}),
    ("storage class analysis", {"list_bucket_analytics_configurations": {}}),
    ("access points", {"list_access_points": {}}),
    (
        "public access block of the account",
        {"get_public_access_block": "NoSuchPublicAccessBlockConfiguration"},
    ),
    (
        "subscriptions",
        {
            "list_subscriptions_by_topic": {
                "Subscriptions": [
                    {
                        "Endpoint": f"arn:aws:sqs:us-west-2:{STAGING}:q",
                        "Owner": STAGING,
                        "Protocol": "sqs",
                        "SubscriptionArn": "arn:s",
                    }
                ]
            }
        },
    ),
    ("dead letters", {"get_queue_attributes": {"Attributes": {"QueueArn": "q"}}}),
    ("grants", {"list_grants": {"Grants": []}}),
]


@pytest.mark.parametrize(("name", "answers", "effect", "word"), DOORS, ids=[d[0] for d in DOORS])
def test_a_door_is_told_with_its_effect_and_a_command_that_closes_it(
    name: str, answers: dict[str, Any], effect: Effect, word: str
) -> None:
    (finding,) = asked(name, answers).findings
    assert finding.effect is effect
    assert word in finding.what
    assert finding.remedy.startswith("aws ")
    assert finding.remedy.endswith(f" --profile {finding.account.profile}")


@pytest.mark.parametrize(("name", "answers"), QUIET, ids=[quiet[0] for quiet in QUIET])
def test_what_is_not_there_or_as_documented_is_no_drift(name: str, answers: Json) -> None:
    report = asked(name, answers)
    assert report.findings == ()
    assert report.unchecked == ()


def test_of_what_the_stack_declares_only_what_goes_elsewhere_is_told() -> None:
    """A preview sees the rest."""

    def rule(bucket: str) -> dict[str, Any]:
        return {
            "ID": bucket,
            "Status": "Enabled",
            "Destination": {"Bucket": f"arn:aws:s3:::{bucket}"},
        }

    def told(queue: str) -> dict[str, Any]:
        return {"QueueArn": f"arn:aws:sqs:us-west-2:{PRODUCTION}:{queue}", "Events": ["s3:Any"]}

    found = {
        "get_bucket_replication": {
            "ReplicationConfiguration": {"Rules": [rule("copies"), rule("elsewhere")]}
        },
        "get_bucket_notification_configuration": {
            "QueueConfigurations": [told("jobs"), told("elsewhere")]
        },
    }
    name = next(each.inputs["bucket"] for each in STACK if each.type == "aws:s3/bucket:Bucket")
    declared = (
        resource(
            "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
            "copies",
            bucket=name,
            rules=[{"destination": {"bucket": "arn:aws:s3:::copies"}}],
        ),
        resource(
            "aws:s3/bucketNotification:BucketNotification",
            "told",
            bucket=name,
            queues=[{"queueArn": f"arn:aws:sqs:us-west-2:{PRODUCTION}:jobs"}],
        ),
    )
    more = resources_of_state(export(list(declared)))
    for asks in ("replication", "notifications"):
        (finding,) = asked(asks, found, more=more).findings
        assert "elsewhere" in finding.what
        assert len(asked(asks, found).findings) == 2


def test_every_question_is_among_those_that_are_tried() -> None:
    names = [check.asks for check in CHECKS]
    told_as_note = {"public access block of the account"}
    assert set(names) - told_as_note == {name for name, *_ in DOORS}
    assert set(names) == {name for name, _ in QUIET}


@pytest.mark.parametrize("check", CHECKS, ids=[check.asks for check in CHECKS])
def test_a_refused_question_is_not_checked(check: Check) -> None:
    report = asked(check.asks, {check.operation: "AccessDenied"})
    assert report.findings == ()
    assert report.unchecked
    assert all("AccessDenied" in each.why for each in report.unchecked)


@pytest.mark.parametrize("check", CHECKS, ids=[check.asks for check in CHECKS])
def test_what_is_asked_exists_in_the_api_with_these_parameters(check: Check) -> None:
    session = boto3.Session(
        region_name="us-west-2", aws_access_key_id="a", aws_secret_access_key="b"
    )
    client: Any = session.client(check.client)  # type: ignore[call-overload]
    name = client.meta.method_to_api_mapping[check.operation]
    model = client.meta.service_model.operation_model(name)
    assert set(check.arguments) <= set(model.input_shape.members)
    assert set(model.input_shape.required_members) <= set(check.arguments)


def test_one_access_key_is_told_as_what_a_consumer_makes_for_itself() -> None:
    key = {"AccessKeyId": "AKIA1", "Status": "Active", "CreateDate": NOW}
    report = asked("access keys", {"list_access_keys": {"AccessKeyMetadata": [key]}})
    assert any("AKIA1" in note for note in report.notes)


@pytest.mark.parametrize(
    ("sign_in", "keys", "password"),
    [(None, 0, 1), ("key", 0, 1), ("console", 1, 0), ("none", 1, 1)],
)
def test_a_way_in_that_is_declared_is_no_drift(
    sign_in: str | None, keys: int, password: int
) -> None:
    consumer = {"principal_arns": [USER], "user_sign_in": sign_in}
    outputs = {"declaration": json.dumps({"consumers": [consumer]})}
    declared = replace(DECLARED, outputs=outputs)
    key = {"AccessKeyId": "AKIA1", "Status": "Active", "CreateDate": NOW}
    listed = {"list_access_keys": {"AccessKeyMetadata": [key]}}
    assert len(asked("access keys", listed, declared).findings) == keys
    assert len(asked("console password", {"get_login_profile": {}}, declared).findings) == password


def test_an_account_that_does_not_block_public_access_is_told() -> None:
    off = {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True}}
    report = asked("public access block of the account", {"get_public_access_block": off})
    assert any("RestrictPublicBuckets" in note for note in report.notes)
    assert not any("BlockPublicAcls" in note for note in report.notes)


def test_an_access_log_that_the_stack_declares_is_left_to_the_preview() -> None:
    subject = Subject(
        resource=next(each for each in STACK if each.type == "aws:s3/bucket:Bucket"),
        account=DECLARED.accounts[0],
        stack=(
            *STACK,
            *resources_of_state(
                export(
                    [
                        resource(
                            "aws:s3/bucketLogging:BucketLogging",
                            "bucket",
                            bucket="production-test-bucket-101",
                        )
                    ]
                )
            ),
        ),
        accounts=frozenset(),
        documents=Documents(declared=DECLARED, live=DECLARED),
        ask=lambda *_: None,
    )
    check = next(each for each in CHECKS if each.asks == "access log")
    assert list(check.found(subject, {"LoggingEnabled": {"TargetBucket": "logs"}})) == []
