"""Deploying the shapes of `examples/`, and the callers whom their stacks do not make."""

import base64
import json
import shutil
from collections.abc import Callable
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config

from cross_account_access.iam.engine import IdentityDocuments
from tests.support.deployment import ROOT
from tests.support.existing import make_existing
from tests.support.people import PRODUCTION_ADMIN, REGION, admin, assume, refused, root
from tests.support.program import Program

STAGING, VENDOR = "444455556666", "777788889999"
ANY_ROLE: IdentityDocuments = {
    "policies": {
        "any-role": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "sts:*", "Resource": "*"}],
        }
    }
}
"""The own policy of callers whom the stack does not make, as wide as it can be."""
EVERYTHING = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}
CONTEXT = "kms:EncryptionContext:aws:s3:arn"
AN_HOUR_AGO = {"aws_MultiFactorAuthAge": "3600"}


def deploy(program: Program, example: str) -> None:
    shutil.copy2(ROOT / "examples" / example / "Pulumi.prod.yaml", program.folder)
    make_existing(program)
    program.up()
    repairable_by_an_administrator()


def repairable_by_an_administrator() -> None:
    """An administrator of Production reads, removes and writes each policy, and leaves it."""
    production = admin(PRODUCTION_ADMIN)
    s3, sns, sqs = production.client("s3"), production.client("sns"), production.client("sqs")
    kms, iam = production.client("kms"), production.client("iam")
    for bucket in s3.list_buckets()["Buckets"]:
        named: dict[str, Any] = {"Bucket": bucket["Name"]}
        try:
            policy = s3.get_bucket_policy(**named)["Policy"]
        except s3.exceptions.ClientError as error:
            # One of others has none.
            if error.response["Error"]["Code"] != "NoSuchBucketPolicy":
                raise
            continue
        s3.delete_bucket_policy(**named)
        s3.put_bucket_policy(**named, Policy=policy)
    for topic in sns.list_topics()["Topics"]:
        arn = {"TopicArn": topic["TopicArn"]}
        policy = sns.get_topic_attributes(**arn)["Attributes"]["Policy"]
        sns.set_topic_attributes(**arn, AttributeName="Policy", AttributeValue=policy)
    for url in sqs.list_queues().get("QueueUrls", []):
        known = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]
        sqs.set_queue_attributes(QueueUrl=url, Attributes=known or {"Policy": ""})
    for key in kms.list_keys()["Keys"]:
        of_key = {"KeyId": key["KeyId"], "PolicyName": "default"}
        kms.put_key_policy(**of_key, Policy=kms.get_key_policy(**of_key)["Policy"])
    for role in iam.list_roles()["Roles"]:
        trust = role["AssumeRolePolicyDocument"]
        iam.update_assume_role_policy(
            RoleName=role["RoleName"],
            PolicyDocument=trust if isinstance(trust, str) else json.dumps(trust),
        )


def destroy(program: Program) -> None:
    """Takes the stack down, with the objects in its buckets and the protection of what it made."""
    s3, settings = admin(PRODUCTION_ADMIN).client("s3"), program.settings()
    for bucket in settings.get("buckets", []):
        found = s3.list_object_versions(Bucket=bucket["name"])
        for each in (*found.get("Versions", ()), *found.get("DeleteMarkers", ())):
            s3.delete_object(Bucket=bucket["name"], Key=each["Key"], VersionId=each["VersionId"])
    for kind in ("buckets", "topics", "queues"):
        if kind in settings:
            unprotected: Any = [{**each, "protect": False} for each in settings[kind]]
            program.set(**{kind: unprotected})
    program.up()
    program.pulumi("destroy", "--yes", "--skip-preview", "--stack", "prod")
    assert [each for each in program.resources() if each["type"].startswith("aws:")] == []


def role(name: str) -> str:
    return f"arn:aws:iam::111122223333:role/{name}"


def put(bucket: str, *keys: str) -> None:
    s3 = admin(PRODUCTION_ADMIN).client("s3")
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"evening")


def with_token(role_name: str, **claims: str) -> boto3.Session:
    """A session of a production role, had with a token of an identity provider."""
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()) for part in ({}, claims)]
    sts = boto3.client("sts", region_name=REGION, config=Config(signature_version=UNSIGNED))
    given = sts.assume_role_with_web_identity(
        RoleArn=role(role_name),
        RoleSessionName="job",
        WebIdentityToken=b".".join([*parts, b"x"]).decode().replace("=", ""),
    )["Credentials"]
    return boto3.Session(
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
        region_name=REGION,
    )


def session_of(role_arn: str) -> boto3.Session:
    """A session of a new role of that name, whose own policy lets it assume every role there is."""
    account, path = role_arn.split(":")[4], role_arn.split(":role")[1]
    folder, _, name = path.rpartition("/")
    iam, person = root(account).client("iam"), caller_of(account, f"Person-{name}"[:64])
    trust = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": "sts:AssumeRole"}
    iam.create_role(
        RoleName=name,
        Path=f"{folder}/",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )
    for policy, document in ANY_ROLE["policies"].items():
        iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(document))
    return assume(person, role_arn)


def none_allowed(*requests: Callable[[], object], code: str = "AccessDenied") -> None:
    for request in requests:
        with refused(code):
            request()


def caller_of(account: str, name: str, path: str = "/") -> boto3.Session:
    """A user of any account whose own policy lets it assume every role there is."""
    iam = root(account).client("iam")
    iam.create_user(UserName=name, Path=path)
    for policy, document in ANY_ROLE["policies"].items():
        iam.put_user_policy(UserName=name, PolicyName=policy, PolicyDocument=json.dumps(document))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return boto3.Session(
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        region_name=REGION,
    )
