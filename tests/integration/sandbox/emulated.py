"""The emulated AWS with what is under test, and without it."""

import contextlib
import functools
import json
import os
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, NamedTuple

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from cross_account_access.dev.sandbox.box import REGION, Sandbox
from cross_account_access.dev.sandbox.emulator import Emulator

PRODUCTION, STAGING = "111122223333", "444455556666"
ROLE = f"arn:aws:iam::{PRODUCTION}:role/Target"
MACHINE = f"arn:aws:iam::{STAGING}:role/machines/Machine"
HERE = {"CreateBucketConfiguration": {"LocationConstraint": REGION}}
_UNSIGNED = Config(signature_version=UNSIGNED)
ANYTHING = {"Action": "*", "Resource": "*"}


@contextlib.contextmanager
def emulated_with(
    module: ModuleType, folders: pytest.TempPathFactory, *, applied: bool
) -> Iterator[Sandbox]:
    """Two accounts, with or without what a module of the sandbox applies to ministack."""
    with pytest.MonkeyPatch.context() as patch:
        if not applied:
            folder = folders.mktemp("as-shipped")
            code = f"import {module.__name__} as under_test\nunder_test.apply = lambda: None\n"
            (folder / "sitecustomize.py").write_text(code)
            patch.setenv("PYTHONPATH", str(folder))
        with Sandbox.start(production=PRODUCTION, staging=STAGING) as box:
            yield box


class Accounts(NamedTuple):
    """Both accounts, empty but for their administrators."""

    mended: bool
    """Whether what the tests are about is there, or the emulator is as shipped."""
    emulator: Emulator

    def role(self, name: str, account: str, path: str = "/", **statement: Any) -> None:
        """Makes a role with one statement of trust."""
        iam = of(self, account, "iam")
        trust = policy({"Principal": {"AWS": f"arn:aws:iam::{STAGING}:root"}} | statement)
        iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=trust)

    def user(self, name: str, *statements: dict[str, Any]) -> Any:
        """Makes a user of Staging with these permissions; returns its credentials."""
        iam = of(self, STAGING, "iam")
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=policy(*statements))
        return iam.create_access_key(UserName=name)["AccessKey"]

    def assumes(self, key: Any, role_arn: str = ROLE, **stated: Any) -> Any:
        """Credentials of the role, or None where AWS refuses."""
        sts = acting(key, "sts")
        try:
            answer = sts.assume_role(RoleArn=role_arn, RoleSessionName="test", **stated)
        except ClientError as error:
            if error.response["Error"]["Code"] != "AccessDenied":
                raise
            return None
        return answer["Credentials"]


def policy(*statements: dict[str, Any]) -> str:
    filled = [{"Effect": "Allow", "Action": "sts:AssumeRole"} | each for each in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": filled})


def code_of(call: Callable[[], Any]) -> str | None:
    """The code by which AWS refuses a call; None where it does not."""
    try:
        call()
    except ClientError as error:
        code: str = error.response["Error"]["Code"]
        return code
    return None


def is_allowed(call: Callable[[], Any]) -> bool:
    """Whether AWS does not refuse a call to who makes it; nothing else may be wrong with it."""
    code = code_of(call)
    assert code in {None, "AccessDenied"}
    return code is None


def reads(s3: Any, key: str = "a") -> bool:
    """Whether somebody may get an object of the bucket that tests call `records`."""
    return is_allowed(lambda: s3.get_object(Bucket="records", Key=key))


def of(accounts: Accounts, account: str, service: str) -> Any:
    """Acts as the root of an account."""
    return acting(root_of(account, accounts.emulator.secret), service)


def root_of(account: str, secret: str) -> dict[str, str]:
    """The access key that the emulated AWS takes for the root of an account."""
    return {"AccessKeyId": account, "SecretAccessKey": secret}


def nobody() -> Any:
    """Asks S3 without a signature."""
    return acting({"AccessKeyId": None, "SecretAccessKey": None}, "s3", _UNSIGNED)


def acting(key: Any, service: str, config: Config | None = None, region: str = REGION) -> Any:
    """Acts with an access key or the credentials of a session."""
    secrets = key["AccessKeyId"], key["SecretAccessKey"], key.get("SessionToken")
    return _client(service, os.environ["AWS_ENDPOINT_URL"], region, config, *secrets)


@functools.cache
def _client(
    service: str, endpoint: str, region: str, config: Config | None, *secrets: str | None
) -> Any:
    """Making one takes longer than a few calls, and a session as long again."""
    key, secret, token = secrets
    session: Any = _session()
    return session.client(
        service,
        region,
        endpoint_url=endpoint,
        config=config,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        aws_session_token=token,
    )


@functools.cache
def _session() -> boto3.Session:
    return boto3.Session()


def role_with(accounts: Accounts, name: str, *statements: dict[str, Any], **trust: Any) -> Any:
    """Makes a role of Production, and returns the credentials of a user of Staging in it."""
    accounts.role(name, PRODUCTION, **trust)
    iam = of(accounts, PRODUCTION, "iam")
    iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy(*statements))
    key = accounts.user(f"{name}User", ANYTHING)
    return accounts.assumes(key, ROLE.replace("Target", name))
