"""Settings of buckets that `examples/` have."""

import json
from typing import Any

import boto3

from tests.integration.shapes import STAGING, deploy, role
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


ORDERS, COPY, LEDGER = "example-orders-101", "example-orders-copy-101", "example-ledger-101"


def unprotect(program: Program) -> None:
    """Says protect: false of all that the stack shares."""
    for name in ("buckets", "topics", "queues"):
        listed: Any = [{**item, "protect": False} for item in program.settings()[name]]
        program.set("prod", **{name: listed})


def told(queue_url: str, session: boto3.Session) -> list[str]:
    """The keys that the messages of a queue are about, which are taken out of it."""
    sqs, keys = session.client("sqs"), []
    while found := sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10).get("Messages"):
        for message in found:
            sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=message["ReceiptHandle"])
            records = json.loads(message["Body"]).get("Records", [])
            keys += [each["s3"]["object"]["key"] for each in records]
    return keys


def test_s3_tells_and_replicates_what_it_is_told_to_and_nothing_else(program: Program) -> None:
    deploy(program, "bucket-settings")
    assert program.settled()
    clerk, owner = assume(user("OrderClerk"), role("OrderClerkAccess")), admin(PRODUCTION_ADMIN)
    s3, theirs = clerk.client("s3"), owner.client("s3")
    queue = clerk.client("sqs").get_queue_url(QueueName="example-pictures")["QueueUrl"]
    for key in ("pictures/1.jpg", "pictures/1.png", "orders/1", "drafts/1.jpg"):
        s3.put_object(Bucket=ORDERS, Key=key, Body=b"evening")
    s3.delete_object(Bucket=ORDERS, Key="orders/1")
    assert told(queue, clerk) == ["pictures/1.jpg"]
    # The deletion is not copied, nor what is below no prefix.
    copies = [each["Key"] for each in theirs.list_objects_v2(Bucket=COPY)["Contents"]]
    assert copies == ["orders/1", "pictures/1.jpg", "pictures/1.png"]

    # Nobody but S3 has the role, not even administrators of its account.
    for name in (f"{ORDERS}-replication", "LedgerReplication"):
        for who in (owner, clerk):
            with refused():
                assume(who, role(name))
    ran = program.run("access", "prove", "--from", "live")
    assert ran.status == 0, ran.output
    drifted = program.run("access", "drift")
    assert drifted.status == 0, drifted.output

    # What another replication, another target or another trust would do is drift.
    settings = theirs.get_bucket_replication(Bucket=ORDERS)["ReplicationConfiguration"]
    settings["Rules"][0]["Destination"]["Bucket"] = "arn:aws:s3:::somebody-elses"
    theirs.put_bucket_replication(Bucket=ORDERS, ReplicationConfiguration=settings)
    told_of = theirs.get_bucket_notification_configuration(Bucket=ORDERS)
    theirs.put_bucket_notification_configuration(
        Bucket=ORDERS,
        NotificationConfiguration={"QueueConfigurations": told_of["QueueConfigurations"]},
    )
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{STAGING}:root"},
        "Action": "sts:AssumeRole",
    }
    owner.client("iam").update_assume_role_policy(
        RoleName="LedgerReplication",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )
    drift = program.drift()
    for changed in ("BucketReplicationConfig", "BucketNotification", "assumeRolePolicy"):
        assert changed in drift
    proof = program.run("access", "prove", "--from", "live")
    assert proof.status != 0
    assert "LedgerReplication" in proof.output
    told_drift = program.run("access", "drift").output
    assert "somebody-elses" in told_drift
    program.up()
    assert program.settled()

    unprotect(program)
    program.up()
    program.pulumi("destroy", "--yes", "--skip-preview", "--stack", "prod")
    iam = owner.client("iam")
    with refused("NoSuchEntity"):
        iam.get_role(RoleName="LedgerReplication")


def test_what_is_locked_stays_for_writers_for_administrators_and_for_destroy(
    program: Program,
) -> None:
    deploy(program, "bucket-settings")
    owner = admin(PRODUCTION_ADMIN).client("s3")
    clerk = assume(user("OrderClerk"), role("OrderClerkAccess")).client("s3")
    entry: Any = {"Bucket": LEDGER, "Key": "2031/1"}
    version = clerk.put_object(**entry, Body=b"evening")["VersionId"]
    # A deletion leaves a marker, and takes nothing away.
    clerk.delete_object(**entry)
    with refused():
        clerk.delete_object(**entry, VersionId=version)
    with refused():
        clerk.delete_object(**entry, VersionId=version, BypassGovernanceRetention=True)
    with refused():
        owner.delete_object(**entry, VersionId=version)
    assert owner.get_object(**entry, VersionId=version)["Body"].read() == b"evening"

    unprotect(program)
    program.up()
    destroy = ("destroy", "--yes", "--skip-preview", "--stack", "prod")
    assert "BucketNotEmpty" in program.refused(*destroy)
    kept = owner.list_object_versions(Bucket=LEDGER)["Versions"]
    assert version in {each["VersionId"] for each in kept}
    assert owner.get_object(**entry, VersionId=version)["Body"].read() == b"evening"
    for name in (LEDGER, "example-ledger-copy-101"):
        found = owner.list_object_versions(Bucket=name)
        for each in (*found.get("Versions", []), *found.get("DeleteMarkers", [])):
            owner.delete_object(
                Bucket=name,
                Key=each["Key"],
                VersionId=each["VersionId"],
                BypassGovernanceRetention=True,
            )
    program.pulumi(*destroy)
