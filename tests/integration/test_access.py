"""Who can and cannot reach what, decided by the emulated AWS after a real `pulumi up`."""

import json
import os

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.support.people import (
    PRODUCTION_ADMIN,
    REGION,
    STAGING_ADMIN,
    admin,
    assume,
    refused,
    user,
)
from tests.support.program import Program

BUCKET, KEY = "production-test-bucket-101", "Sunset.jpg"
ROLE = "arn:aws:iam::111122223333:role/StageRole"


@pytest.fixture(scope="module")
def stage_admin(deployed: Program) -> boto3.Session:
    assert deployed.outputs()["roleArns"] == {"stage-admin": ROLE}
    s3 = admin(PRODUCTION_ADMIN).client("s3")
    s3.put_object(Bucket=BUCKET, Key=KEY, Body=b"evening")
    return user("StageAdmin")


@pytest.fixture(scope="module")
def role(stage_admin: boto3.Session) -> boto3.Session:
    return assume(stage_admin, ROLE)


def test_the_role_is_the_production_accounts(role: boto3.Session) -> None:
    arn = role.client("sts").get_caller_identity()["Arn"]
    assert arn == "arn:aws:sts::111122223333:assumed-role/StageRole/test"


def test_the_role_reads_and_lists(role: boto3.Session) -> None:
    s3 = role.client("s3")
    assert s3.head_object(Bucket=BUCKET, Key=KEY)["ContentLength"] == len(b"evening")
    assert s3.get_object(Bucket=BUCKET, Key=KEY)["Body"].read() == b"evening"
    assert [item["Key"] for item in s3.list_objects_v2(Bucket=BUCKET)["Contents"]] == [KEY]
    assert s3.get_bucket_location(Bucket=BUCKET)["LocationConstraint"] == REGION


def test_denies_the_role_to_write_delete_or_change_the_bucket(role: boto3.Session) -> None:
    s3 = role.client("s3")
    with refused():
        s3.put_object(Bucket=BUCKET, Key="new.jpg", Body=b"")
    with refused():
        s3.delete_object(Bucket=BUCKET, Key=KEY)
    with refused():
        s3.delete_bucket_policy(Bucket=BUCKET)
    with refused():
        s3.list_buckets()


def test_denies_the_role_everything_outside_s3(role: boto3.Session) -> None:
    with refused():
        role.client("iam").list_users()
    with refused():
        role.client("iam").attach_role_policy(
            RoleName="StageRole", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
        )


def test_denies_the_user_the_object_without_the_role(stage_admin: boto3.Session) -> None:
    with refused():
        stage_admin.client("s3").get_object(Bucket=BUCKET, Key=KEY)


def test_denies_the_user_any_other_role(stage_admin: boto3.Session) -> None:
    iam = admin(PRODUCTION_ADMIN).client("iam")
    trust = iam.get_role(RoleName="StageRole")["Role"]["AssumeRolePolicyDocument"]
    iam.create_role(RoleName="Other", AssumeRolePolicyDocument=json.dumps(trust))
    try:
        with refused():
            assume(stage_admin, "arn:aws:iam::111122223333:role/Other")
    finally:
        iam.delete_role(RoleName="Other")


@pytest.mark.usefixtures("stage_admin")
def test_denies_the_role_to_another_user_who_may_assume_anything() -> None:
    iam = admin(STAGING_ADMIN).client("iam")
    iam.create_user(UserName="Mallory")
    iam.attach_user_policy(
        UserName="Mallory", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
    )
    with refused():
        assume(user("Mallory"), ROLE)


@pytest.mark.usefixtures("stage_admin")
def test_the_staging_administrator_may_list_and_no_more() -> None:
    s3 = admin(STAGING_ADMIN).client("s3")
    assert s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 1
    with refused():
        s3.get_object(Bucket=BUCKET, Key=KEY)


@pytest.mark.usefixtures("stage_admin")
def test_denies_plain_http_even_to_the_production_administrator() -> None:
    plain = admin(PRODUCTION_ADMIN).client(
        "s3", endpoint_url=os.environ["SANDBOX_PLAIN_HTTP_ENDPOINT"]
    )
    with refused():
        plain.get_object(Bucket=BUCKET, Key=KEY)
    with refused():
        plain.list_objects_v2(Bucket=BUCKET)


@pytest.mark.usefixtures("stage_admin")
def test_the_tls_only_policy_does_not_lock_out_its_deployer() -> None:
    s3 = admin(PRODUCTION_ADMIN).client("s3")
    policy = s3.get_bucket_policy(Bucket=BUCKET)["Policy"]
    s3.delete_bucket_policy(Bucket=BUCKET)
    s3.put_bucket_policy(Bucket=BUCKET, Policy=policy)
    assert s3.get_bucket_policy(Bucket=BUCKET)["Policy"] == policy


@pytest.mark.usefixtures("stage_admin")
def test_denies_the_public() -> None:
    nobody = boto3.Session().client(
        "s3", region_name=REGION, config=Config(signature_version=UNSIGNED)
    )
    with pytest.raises(ClientError) as caught:
        nobody.get_object(Bucket=BUCKET, Key=KEY)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


@pytest.mark.usefixtures("stage_admin")
def test_the_stack_made_no_access_key(deployed: Program) -> None:
    text = str(deployed.resources())
    assert "AKIA" not in text
    assert not [item for item in deployed.resources() if "accessKey" in item["type"]]
