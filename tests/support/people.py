"""Who acts in the tests: administrators, consumers with keys of their own, and role sessions."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from cross_account_access.dev.sandbox.box import Sandbox

REGION = "us-west-2"
PRODUCTION_ADMIN, STAGING_ADMIN = "ProductionAccountAdmin", "StagingAccountAdmin"
ROOT_SECRET = "SECRET_OF_THE_SANDBOX_S_ROOTS"
"""Variable of the tests that has the secret of the sandbox that runs."""


@contextmanager
def pointed_at(box: Sandbox) -> Iterator[None]:
    """The environment of the tests points to the accounts of a sandbox."""
    environment = box.environment
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("AWS_", "PULUMI_"))]:
            patch.delenv(name)
        for name, value in environment.items():
            patch.setenv(name, value)
        patch.setenv(ROOT_SECRET, box.emulator.secret)
        yield


def admin(profile: str) -> boto3.Session:
    """An administrator of one account, to look at it or to change it behind Pulumi's back."""
    return boto3.Session(profile_name=profile)


def user(name: str) -> boto3.Session:
    """A Staging user with a new access key, made by the administrator as README says."""
    key = admin(STAGING_ADMIN).client("iam").create_access_key(UserName=name)["AccessKey"]
    return boto3.Session(
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        region_name=REGION,
    )


def assume(session: boto3.Session, role_arn: str, **options: Any) -> boto3.Session:
    """A session of the role, as the caller gets it from STS."""
    answer = session.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="test", **options)[
        "Credentials"
    ]
    return boto3.Session(
        aws_access_key_id=answer["AccessKeyId"],
        aws_secret_access_key=answer["SecretAccessKey"],
        aws_session_token=answer["SessionToken"],
        region_name=REGION,
    )


def root(account: str) -> boto3.Session:
    """The root of any account of the sandbox, which passes every policy of the emulated AWS."""
    return boto3.Session(account, os.environ[ROOT_SECRET], region_name=REGION)


def instance(role_arn: str) -> boto3.Session:
    """What an instance with this role has, from EC2; in the emulated AWS the root stands for it."""
    return assume(root(role_arn.split(":")[4]), role_arn)


def handed_out(role_arn: str) -> boto3.Session:
    """What machines of a role have from a service that says whom it acts for.

    Nobody says so in the emulated AWS: for a moment the role trusts the root of its account.
    """
    account, name = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
    iam = root(account).client("iam")
    kept = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    trust = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": "sts:AssumeRole"}
    open_to_root = {"Version": "2012-10-17", "Statement": [trust]}
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(open_to_root))
    session = assume(root(account), role_arn)
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(kept))
    return session


@contextmanager
def refused(code: str = "AccessDenied") -> Iterator[None]:
    """AWS must refuse what happens inside, with exactly this code: a typo is no refusal."""
    with pytest.raises(ClientError) as caught:
        yield
    assert caught.value.response["Error"]["Code"] == code
