"""What the stand-in makes of a program's inputs."""

import json
from typing import Any

import pytest
from pulumi.runtime.rpc import UNKNOWN

from cross_account_access.dev.sandbox.provider.catalogue import RESOURCE_TYPES
from cross_account_access.dev.sandbox.provider.checking import DEFAULTS, check

ROLE = "aws:iam/role:Role"
BUCKET = "aws:s3/bucket:Bucket"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


def checked(
    pulumi_type: str, *, olds: dict[str, Any] | None = None, **news: Any
) -> tuple[dict[str, Any], dict[str, str]]:
    return check(
        RESOURCE_TYPES[pulumi_type],
        news,
        olds or {},
        name="My-Name",
        seed=b"\x01\x23\x45\x67\x89",
        default_tags={"stack": "prod", "Owner": "everyone"},
    )


def test_fills_in_the_defaults_of_the_official_provider() -> None:
    inputs, wrong = checked(ROLE, assumeRolePolicy=TRUST, name="StageRole")

    assert wrong == {}
    assert inputs["path"] == "/"
    assert inputs["maxSessionDuration"] == 3600
    assert inputs["forceDetachPolicies"] is False


def test_default_tags_are_added_and_the_resource_s_own_win() -> None:
    inputs, _ = checked(BUCKET, bucket="b", tags={"Owner": "me"})

    assert inputs["tags"] == {"stack": "prod", "Owner": "me"}


def test_types_without_tags_get_none() -> None:
    inputs, wrong = checked("aws:s3/bucketPolicy:BucketPolicy", bucket="b", policy=TRUST)

    assert wrong == {}
    assert "tags" not in inputs


def test_makes_up_a_name_and_keeps_it() -> None:
    first, _ = checked(BUCKET)
    second, _ = check(
        RESOURCE_TYPES[BUCKET], {}, first, name="My-Name", seed=b"other", default_tags={}
    )

    assert first["bucket"] == "my-name-0123456"
    assert second["bucket"] == first["bucket"]
    assert first[DEFAULTS] == ["bucket"]


def test_a_name_that_the_program_no_longer_gives_is_made_up_anew() -> None:
    inputs, _ = checked(BUCKET, olds={"bucket": "fixed", DEFAULTS: []})

    assert inputs["bucket"] == "my-name-0123456"


@pytest.mark.parametrize(
    ("pulumi_type", "news", "path", "reason"),
    [
        (ROLE, {}, "assumeRolePolicy", "missing required property"),
        (ROLE, {"nmae": "x"}, "nmae", "no such property"),
        (ROLE, {"arn": "x"}, "arn", "no such property"),
        (ROLE, {"managedPolicyArns": []}, "managedPolicyArns", "does not support"),
        (BUCKET, {"bucketPrefix": "x"}, "bucketPrefix", "does not support"),
        (BUCKET, {"bucket": 5}, "bucket", "expected a string, got 5"),
        (BUCKET, {"forceDestroy": "yes"}, "forceDestroy", "expected true or false, got 'yes'"),
        (BUCKET, {"tags": {"a": 1}}, "tags.a", "expected a string, got 1"),
        (ROLE, {"maxSessionDuration": True}, "maxSessionDuration", "expected a whole number"),
        (ROLE, {"maxSessionDuration": 1.5}, "maxSessionDuration", "expected a whole number"),
        (ROLE, {"assumeRolePolicy": "{"}, "assumeRolePolicy", "contains an invalid JSON policy"),
        (ROLE, {"assumeRolePolicy": "[]"}, "assumeRolePolicy", "not a JSON object"),
        (
            "aws:s3/bucketVersioning:BucketVersioning",
            {"versioningConfiguration": {"state": "Enabled"}},
            "versioningConfiguration.state",
            "no such property; there are mfaDelete, status",
        ),
        (
            "aws:s3/bucketVersioning:BucketVersioning",
            {"versioningConfiguration": {}},
            "versioningConfiguration.status",
            "missing required property",
        ),
        (
            "aws:iam/rolePoliciesExclusive:RolePoliciesExclusive",
            {"policyNames": ["a", 2]},
            "policyNames[1]",
            "expected a string, got 2",
        ),
        (
            "aws:sqs/queue:Queue",
            {"kmsMasterKeyId": UNKNOWN, "sqsManagedSseEnabled": False},
            "kmsMasterKeyId",
            "conflicts with sqsManagedSseEnabled",
        ),
    ],
)
def test_rejects_and_names_the_property(
    pulumi_type: str, news: dict[str, Any], path: str, reason: str
) -> None:
    _, wrong = checked(pulumi_type, **news)

    assert reason in wrong[path]


def test_what_is_not_known_yet_passes() -> None:
    inputs, wrong = checked(ROLE, assumeRolePolicy=UNKNOWN, name=UNKNOWN, tags=UNKNOWN)

    assert wrong == {}
    assert (inputs["assumeRolePolicy"], inputs["name"]) == (UNKNOWN, UNKNOWN)
    assert inputs["tags"] == UNKNOWN


def test_a_document_given_as_an_object_becomes_text() -> None:
    inputs, wrong = checked(ROLE, assumeRolePolicy=json.loads(TRUST), name="r")

    assert wrong == {}
    assert json.loads(inputs["assumeRolePolicy"]) == json.loads(TRUST)
