"""The public access block of an account, which holds for all of its buckets."""

from typing import Any

import pytest

from cross_account_access.dev.sandbox.corrections import account_block
from tests.integration.sandbox.emulated import (
    HERE,
    PRODUCTION,
    Accounts,
    acting,
    code_of,
    of,
    policy,
)

UNDER_TEST = account_block
PUBLIC = policy({"Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::records/*"})


@pytest.fixture
def s3(accounts: Accounts) -> Any:
    """That of the owner of a bucket that blocks nothing and knows ACLs, with an object."""
    s3 = of(accounts, PRODUCTION, "s3")
    s3.create_bucket(Bucket="records", ObjectOwnership="BucketOwnerPreferred", **HERE)
    s3.delete_public_access_block(Bucket="records")
    s3.put_object(Bucket="records", Key="a", Body=b"")
    return s3


def blocks(accounts: Accounts, setting: str) -> None:
    """Has the account block; as shipped there is no such call."""
    if accounts.mended:
        control = of(accounts, PRODUCTION, "s3control")
        control.meta.events.register_first("request-created.s3-control", without_account)
        control.put_public_access_block(
            AccountId=PRODUCTION, PublicAccessBlockConfiguration={setting: True}
        )


def without_account(request: Any, **_: Any) -> None:
    """Sends a request to the name that resolves to this machine, without an account before it."""
    request.url = request.url.replace(f"{PRODUCTION}.", "", 1)


@pytest.mark.parametrize(
    ("setting", "refused"), [("BlockPublicPolicy", True), ("BlockPublicAcls", False)]
)
def test_a_public_policy_is_refused(
    accounts: Accounts, s3: Any, setting: str, refused: bool
) -> None:
    blocks(accounts, setting)
    code = code_of(lambda: s3.put_bucket_policy(Bucket="records", Policy=PUBLIC))
    assert code == ("AccessDenied" if refused and accounts.mended else None)


@pytest.mark.parametrize(
    ("setting", "refused"), [("BlockPublicAcls", True), ("BlockPublicPolicy", False)]
)
def test_a_public_acl_is_refused(accounts: Accounts, s3: Any, setting: str, refused: bool) -> None:
    blocks(accounts, setting)
    code = code_of(lambda: s3.put_object(Bucket="records", Key="a", Body=b"", ACL="public-read"))
    assert code == ("AccessDenied" if refused and accounts.mended else None)


@pytest.mark.parametrize(
    ("setting", "refused"), [("RestrictPublicBuckets", True), ("BlockPublicPolicy", False)]
)
def test_a_public_policy_opens_nothing_to_others(
    accounts: Accounts, s3: Any, setting: str, refused: bool
) -> None:
    s3.put_bucket_policy(Bucket="records", Policy=PUBLIC)
    key = accounts.user("Guest", {"Action": "s3:GetObject", "Resource": "*"})
    blocks(accounts, setting)
    guest = acting(key, "s3")
    code = code_of(lambda: guest.get_object(Bucket="records", Key="a"))
    assert code == ("AccessDenied" if refused and accounts.mended else None)
