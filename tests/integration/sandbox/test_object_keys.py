"""Objects that S3 encrypts with a KMS key need rights on it, in front of the emulated S3."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import pytest
from botocore.exceptions import ClientError

from cross_account_access.dev.sandbox import front
from cross_account_access.dev.sandbox.box import REGION
from tests.integration.sandbox.emulated import (
    HERE,
    PRODUCTION,
    STAGING,
    Accounts,
    acting,
    code_of,
    nobody,
    of,
    policy,
    role_with,
)

UNDER_TEST = front
OBJECTS = {"Action": ["s3:GetObject*", "s3:PutObject"], "Resource": "arn:aws:s3:::*/*"}
ENCRYPTED = "aws:kms"


@pytest.fixture
def key(accounts: Accounts) -> str:
    """The ARN of a key of Production."""
    arn: str = of(accounts, PRODUCTION, "kms").create_key()["KeyMetadata"]["Arn"]
    return arn


def bucket(accounts: Accounts, name: str, key: str | None, *, bucket_key: bool = False) -> Any:
    """Makes a bucket that encrypts with a key, with the object `a`; returns the owner's S3."""
    s3 = of(accounts, PRODUCTION, "s3")
    s3.create_bucket(Bucket=name, **HERE)
    if key is not None:
        by_default = {"SSEAlgorithm": ENCRYPTED, "KMSMasterKeyID": key}
        rule = {"ApplyServerSideEncryptionByDefault": by_default, "BucketKeyEnabled": bucket_key}
        s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
    s3.put_object(Bucket=name, Key="a", Body=b"")
    return s3


def using(key: str, *actions: str, **condition: Any) -> dict[str, Any]:
    return {"Action": [f"kms:{each}" for each in actions], "Resource": key, **condition}


def uploaded_in_parts(s3: Any, **more: Any) -> None:
    upload = s3.create_multipart_upload(Bucket="records", Key="p")["UploadId"]
    part = {"Bucket": "records", "Key": "p", "UploadId": upload, "PartNumber": 1}
    if more:
        s3.upload_part_copy(**part, **more)
    else:
        s3.upload_part(**part, Body=b"")


CALLS: Final[dict[str, Callable[[Any], Any]]] = {
    "read": lambda s3: s3.get_object(Bucket="records", Key="a"),
    "write": lambda s3: s3.put_object(Bucket="records", Key="b", Body=b""),
    "copy": lambda s3: s3.copy_object(Bucket="records", Key="c", CopySource="records/a"),
    "parts": uploaded_in_parts,
    "copied parts": lambda s3: uploaded_in_parts(s3, CopySource="records/a"),
    "copy out": lambda s3: s3.copy_object(Bucket="plain", Key="c", CopySource="records/a"),
    "copy in": lambda s3: s3.copy_object(Bucket="records", Key="d", CopySource="plain/a"),
}


def passing(s3: Any) -> set[str]:
    """The calls that pass; all others are refused for want of permission."""
    codes = {name: code_of(partial(call, s3)) for name, call in CALLS.items()}
    assert set(codes.values()) <= {None, "AccessDenied"}, codes
    return {name for name, code in codes.items() if code is None}


def test_each_use_of_an_object_needs_its_right_on_the_key(accounts: Accounts, key: str) -> None:
    bucket(accounts, "plain", None)
    bucket(accounts, "records", key)
    passes = {
        (): set(),
        ("Decrypt",): {"read", "copy out"},
        ("GenerateDataKey",): {"write", "copy in"},
        ("Decrypt", "GenerateDataKey"): set(CALLS),
    }
    for number, (actions, expected) in enumerate(passes.items()):
        on_key = [using(key, *actions)] if actions else []
        acts = acting(role_with(accounts, f"Role{number}", OBJECTS, *on_key), "s3")
        assert passing(acts) == (expected if accounts.mended else set(CALLS))


@pytest.mark.parametrize("bucket_key", [False, True])
def test_policies_are_told_what_s3_uses_the_key_for(
    accounts: Accounts, key: str, bucket_key: bool
) -> None:
    bucket(accounts, "plain", None)
    bucket(accounts, "records", key, bucket_key=bucket_key)
    about = "arn:aws:s3:::records" if bucket_key else "arn:aws:s3:::records/?"
    condition = {
        "StringEquals": {
            "kms:ViaService": f"s3.{REGION}.amazonaws.com",
            "kms:CallerAccount": PRODUCTION,
        },
        "StringLike": {"kms:EncryptionContext:aws:s3:arn": about},
    }
    for name, more, expected in (
        ("Of", {}, set(CALLS)),
        ("Elsewhere", {"kms:ViaService": "s3.eu-west-1.amazonaws.com"}, set()),
        ("Others", {"kms:EncryptionContext:aws:s3:arn": "arn:aws:s3:::plain/a"}, set()),
    ):
        asked = {**condition, "StringEquals": {**condition["StringEquals"], **more}}
        may = using(key, "Decrypt", "GenerateDataKey", Condition=asked)
        acts = acting(role_with(accounts, name, OBJECTS, may), "s3")
        assert passing(acts) == (expected if accounts.mended else set(CALLS))


def test_an_object_keeps_the_key_and_the_bucket_key_that_it_was_written_with(
    accounts: Accounts, key: str
) -> None:
    s3 = bucket(accounts, "records", key, bucket_key=True)
    s3.put_bucket_versioning(Bucket="records", VersioningConfiguration={"Status": "Enabled"})
    old = s3.put_object(Bucket="records", Key="a", Body=b"")["VersionId"]
    s3.delete_bucket_encryption(Bucket="records")
    s3.put_object(Bucket="records", Key="a", Body=b"")

    acts = acting(role_with(accounts, "Without", OBJECTS), "s3")
    assert code_of(lambda: acts.get_object(Bucket="records", Key="a")) is None
    refused = "AccessDenied" if accounts.mended else None
    before = {"Bucket": "records", "Key": "a", "VersionId": old}
    assert code_of(lambda: acts.get_object(**before)) == refused
    assert s3.get_object(**before).get("BucketKeyEnabled", False) == accounts.mended


@pytest.mark.parametrize("both", [True, False])
def test_a_caller_of_the_other_account_needs_the_key_policy_too(
    accounts: Accounts, both: bool
) -> None:
    user = accounts.user("Caller", OBJECTS, using("*", "Decrypt", "GenerateDataKey"))
    other = {"Principal": {"AWS": f"arn:aws:iam::{STAGING}:user/Caller"}}
    owner = {"Principal": {"AWS": f"arn:aws:iam::{PRODUCTION}:root"}}
    statements = [using("*", "*", **owner), *([using("*", "*", **other)] if both else [])]
    key = of(accounts, PRODUCTION, "kms").create_key(Policy=policy(*statements))["KeyMetadata"]
    named = "alias/records"
    of(accounts, PRODUCTION, "kms").create_alias(AliasName=named, TargetKeyId=key["KeyId"])
    whole = key["Arn"].replace(f"key/{key['KeyId']}", named)
    for name, key_id in (("plain", None), ("records", whole)):
        s3 = bucket(accounts, name, key_id)
        open_to = {**OBJECTS, "Resource": f"arn:aws:s3:::{name}/*", **other}
        s3.put_bucket_policy(Bucket=name, Policy=policy(open_to))
    expected = set(CALLS) if both or not accounts.mended else set()
    assert passing(acting(user, "s3")) == expected
    if not expected:
        with pytest.raises(ClientError) as refused:
            acting(user, "s3").get_object(Bucket="records", Key="a")
        # It may be the key's policy, or the caller's own.
        assert refused.value.response["Error"]["Message"].endswith(f"on resource: {key['Arn']}")


def test_an_alias_is_one_of_the_account_that_asks_and_no_key_is_its_managed_one(
    accounts: Accounts, key: str
) -> None:
    """As shipped, S3 refuses `aws:kms` without a key, and keeps any name."""
    user = accounts.user("Caller", OBJECTS, using("*", "Decrypt", "GenerateDataKey"))
    of(accounts, PRODUCTION, "kms").create_alias(AliasName="alias/ours", TargetKeyId=key)
    s3 = bucket(accounts, "plain", None)
    everybody = {**OBJECTS, "Resource": "arn:aws:s3:::plain/*", "Principal": {"AWS": STAGING}}
    s3.put_bucket_policy(Bucket="plain", Policy=policy(everybody))
    encrypts = {"Bucket": "plain", "Key": "b", "Body": b"", "ServerSideEncryption": ENCRYPTED}

    s3.put_object(**encrypts, SSEKMSKeyId="alias/ours")
    stored = s3.get_object(Bucket="plain", Key="b")["SSEKMSKeyId"]
    assert (stored == key) == accounts.mended
    acts = acting(user, "s3")
    theirs = code_of(lambda: acts.put_object(**encrypts, SSEKMSKeyId="alias/ours"))
    assert theirs == ("KMS.NotFoundException" if accounts.mended else None)

    refused = "AccessDenied" if accounts.mended else None
    written = code_of(lambda: acts.put_object(**encrypts))
    assert written == (None if accounts.mended else "InvalidArgument")
    reads_own = code_of(lambda: acts.get_object(Bucket="plain", Key="b"))
    assert reads_own is None
    assert code_of(lambda: s3.get_object(Bucket="plain", Key="b")) == refused


def test_a_key_that_is_disabled_or_going_opens_nothing(accounts: Accounts, key: str) -> None:
    s3, kms = bucket(accounts, "records", key), of(accounts, PRODUCTION, "kms")
    bucket(accounts, "plain", None)
    holder = acting(role_with(accounts, "Holder", OBJECTS, using(key, "*")), "s3")
    stranger = acting(role_with(accounts, "Stranger", OBJECTS), "s3")
    for change, code in (
        (kms.disable_key, "KMS.DisabledException"),
        (kms.schedule_key_deletion, "KMS.KMSInvalidStateException"),
    ):
        change(KeyId=key)
        for acts, expected in ((s3, code), (holder, code), (stranger, "AccessDenied")):
            for call in CALLS.values():
                told = code_of(partial(call, acts))
                assert told == (expected if accounts.mended else None)


def test_nobody_reads_it_without_a_signature(accounts: Accounts, key: str) -> None:
    s3 = bucket(accounts, "records", key)
    s3.delete_public_access_block(Bucket="records")
    everybody = {**OBJECTS, "Resource": "arn:aws:s3:::records/*", "Principal": "*"}
    s3.put_bucket_policy(Bucket="records", Policy=policy(everybody))
    code = code_of(lambda: nobody().get_object(Bucket="records", Key="a"))
    assert code == ("InvalidArgument" if accounts.mended else None)
    missing = code_of(lambda: nobody().get_object(Bucket="records", Key="none"))
    assert missing in {"AccessDenied", "NoSuchKey"}
