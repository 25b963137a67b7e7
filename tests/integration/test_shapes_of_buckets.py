"""Settings of buckets that `examples/` have."""

from typing import Any

from tests.integration.shapes import deploy, role
from tests.support.people import PRODUCTION_ADMIN, admin, assume, refused, user
from tests.support.program import Program


def test_nobody_brings_a_key_into_a_bucket_without_one(program: Program) -> None:
    deploy(program, "kms")
    recorder = assume(user("Recorder"), role("RecorderAccess")).client("s3")
    other = admin(PRODUCTION_ADMIN).client("kms").create_key()["KeyMetadata"]["Arn"]
    public: Any = {"Bucket": "example-kms-public-101", "Key": "x"}
    recorder.put_object(**public, Body=b"evening")
    recorder.put_object(**public, Body=b"evening", ServerSideEncryption="AES256")
    brought: dict[str, Any]
    for brought in (
        {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32},
        {"ServerSideEncryption": "aws:kms"},
        {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": other},
    ):
        with refused():
            recorder.put_object(**public, Body=b"", **brought)
        with refused():
            recorder.create_multipart_upload(**public, **brought)
        with refused():
            recorder.copy_object(**public, CopySource="example-kms-public-101/x", **brought)
