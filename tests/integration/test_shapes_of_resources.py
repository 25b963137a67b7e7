"""Shapes of `examples/` that are about what is shared: keys, topics, queues, what exists."""

import json
from typing import Any

from tests.integration.shapes import (
    AN_HOUR_AGO,
    CONTEXT,
    EVERYTHING,
    STAGING,
    VENDOR,
    caller_of,
    deploy,
    put,
    role,
)
from tests.support.people import PRODUCTION_ADMIN, STAGING_ADMIN, admin, assume, refused, user
from tests.support.program import Program
from tests.support.world import deployed, may


def test_a_bucket_with_a_key_of_its_own_is_encrypted_with_it_alone(program: Program) -> None:
    deploy(program, "kms")
    assert program.settled()
    bucket = "example-kms.records-101"
    kms = admin(PRODUCTION_ADMIN).client("kms")
    key = kms.describe_key(KeyId="alias/example-kms_records-101")["KeyMetadata"]
    assert program.outputs()["kmsKeyArns"] == {bucket: key["Arn"]}
    assert kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"]

    recorder = assume(user("Recorder"), role("RecorderAccess")).client("s3")
    recorder.put_object(Bucket=bucket, Key="published/1930.csv", Body=b"evening")
    stored = (
        admin(PRODUCTION_ADMIN).client("s3").head_object(Bucket=bucket, Key="published/1930.csv")
    )
    assert (stored["ServerSideEncryption"], stored["SSEKMSKeyId"]) == ("aws:kms", key["Arn"])
    other = kms.create_key()["KeyMetadata"]["Arn"]
    with refused():
        recorder.put_object(Bucket=bucket, Key="x", Body=b"", ServerSideEncryption="AES256")
    with refused():
        recorder.put_object(
            Bucket=bucket, Key="x", Body=b"", ServerSideEncryption="aws:kms", SSEKMSKeyId=other
        )
    reader = assume(user("RecordsReader"), role("RecordsReaderAccess")).client("s3")
    assert reader.get_object(Bucket=bucket, Key="published/1930.csv")["Body"].read() == b"evening"
    with refused():
        reader.put_object(Bucket=bucket, Key="published/x", Body=b"")

    # The S3 of the emulated AWS needs no rights on a key.
    world, arn = deployed({}), f"arn:aws:s3:::{bucket}"

    def uses(name: str, action: str, **output: Any) -> bool:
        asked = {"kms_ViaService": "s3.us-west-2.amazonaws.com", CONTEXT: arn, **output}
        return may(world, role(name), action, key["Arn"], **asked)

    assert uses("RecordsReaderAccess", "kms:Decrypt")
    assert not uses("RecordsReaderAccess", "kms:GenerateDataKey")
    assert uses("RecorderAccess", "kms:GenerateDataKey")
    assert uses("RecorderAccess", "kms:Decrypt")
    assert not uses("RecorderAccess", "kms:Decrypt", kms_ViaService=None)
    assert not uses("RecorderAccess", "kms:Decrypt", kms_ViaService="s3.eu-west-1.amazonaws.com")
    assert not uses("RecorderAccess", "kms:Decrypt", **{CONTEXT: "arn:aws:s3:::another-bucket"})
    assert not uses("RecorderAccess", "kms:PutKeyPolicy")

    # Nobody is locked out: the key can still be changed, and goes with the stack.
    program.set(tags={"team": "records"})
    program.up()
    assert program.settled()
    # It does not go while the bucket is protected, nor does a change back take it from its objects.
    buckets = program.settings()["buckets"]
    program.refused("destroy", "--yes", "--skip-preview", "--stack", "prod")
    program.set(buckets=[{"name": item["name"]} for item in buckets])
    assert f"bucket '{bucket}' stays encrypted with its key" in program.up()
    assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] == "Enabled"
    assert reader.get_object(Bucket=bucket, Key="published/1930.csv")["Body"].read() == b"evening"
    program.set(buckets=[{**item, "protect": False} for item in buckets])
    program.up()
    program.pulumi("destroy", "--yes", "--skip-preview", "--stack", "prod")
    assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] == "PendingDeletion"


def test_topics_and_queues_are_used_through_roles(program: Program) -> None:
    deploy(program, "topics-queues")
    assert program.settled()
    outputs = program.outputs()
    topic, queue = outputs["topicArns"]["example-orders"], outputs["queueArns"]["example-jobs"]

    mine = user("Shop")
    shop = assume(mine, role("ShopAccess"))
    url = shop.client("sqs").get_queue_url(QueueName="example-jobs")["QueueUrl"]
    shop.client("sns").publish(TopicArn=topic, Message="an order")
    shop.client("sqs").send_message(QueueUrl=url, MessageBody="a job")
    with refused():
        shop.client("sqs").receive_message(QueueUrl=url)
    with refused("AuthorizationError"):
        shop.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    with refused("AuthorizationError"):
        mine.client("sns").publish(TopicArn=topic, Message="without the role")
    with refused():
        mine.client("sqs").send_message(QueueUrl=url, MessageBody="without the role")
    plain = program.environment["SANDBOX_PLAIN_HTTP_ENDPOINT"]
    with refused():
        shop.client("sqs", endpoint_url=plain).send_message(
            QueueUrl=url, MessageBody="in the clear"
        )
    with refused("AuthorizationError"):
        shop.client("sns", endpoint_url=plain).publish(TopicArn=topic, Message="in the clear")
    sqs = admin(PRODUCTION_ADMIN).client("sqs")
    told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["SqsManagedSseEnabled"])
    assert told["Attributes"] == {"SqsManagedSseEnabled": "true"}

    # The emulated AWS does not know the endpoint of a subscription.
    world, theirs = deployed({}), "arn:aws:sqs:eu-west-1:777788889999:orders"

    def subscribes(endpoint: str) -> bool:
        return may(world, role("PartnerAccess"), "sns:Subscribe", topic, sns_Endpoint=endpoint)

    assert subscribes(theirs)
    assert subscribes("arn:aws:lambda:us-west-2:777788889999:function:orders")
    for elsewhere in (theirs.replace(VENDOR, STAGING), "https://example.com", "me@example.com"):
        assert not subscribes(elsewhere)
    assert not may(world, role("PartnerAccess"), "sns:Publish", topic)
    for action in ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"):
        assert may(world, role("WorkerAccess"), action, queue)
    for action in ("sqs:SendMessage", "sqs:PurgeQueue", "sqs:SetQueueAttributes"):
        assert not may(world, role("WorkerAccess"), action, queue)
    # A destroy stops before it has taken anything from anybody.
    program.refused("destroy", "--yes", "--skip-preview", "--stack", "prod")
    shop.client("sqs").send_message(QueueUrl=url, MessageBody="a job")
    # What somebody takes out of a policy beside the stack is drift.
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
    assert "QueuePolicy" in program.drift()


def test_what_is_shared_lets_consumers_in_as_themselves(program: Program) -> None:
    deploy(program, "via-resource")
    assert program.settled()
    outputs = program.outputs()
    topic = outputs["topicArns"]["example-direct-news"]
    assert set(outputs["roleArns"]) == {"publisher"}
    assert set(outputs["userArns"]) == {"copier", "publisher"}

    publisher, sqs = user("Publisher"), admin(PRODUCTION_ADMIN).client("sqs")
    # The emulated AWS looks for the URL of a queue in the caller's account only.
    url = sqs.get_queue_url(QueueName="example-direct-jobs")["QueueUrl"]
    publisher.client("sns").publish(TopicArn=topic, Message="news")
    publisher.client("sqs").send_message(QueueUrl=url, MessageBody="a job")
    with refused():
        publisher.client("sqs").receive_message(QueueUrl=url)
    with refused("AuthorizationError"):
        publisher.client("sns").subscribe(TopicArn=topic, Protocol="email", Endpoint="me@x.org")
    by_role = assume(publisher, role("PublisherAccess"))
    by_role.client("s3").put_object(Bucket="example-direct-101", Key="new.jpg", Body=b"")
    with refused("AuthorizationError"):
        by_role.client("sns").publish(TopicArn=topic, Message="news")
    mallory = caller_of(STAGING, "Mallory")
    admin(STAGING_ADMIN).client("iam").put_user_policy(
        UserName="Mallory", PolicyName="all", PolicyDocument=json.dumps(EVERYTHING)
    )
    for stranger in (user("Copier"), mallory):
        with refused("AuthorizationError"):
            stranger.client("sns").publish(TopicArn=topic, Message="news")
        with refused():
            stranger.client("sqs").send_message(QueueUrl=url, MessageBody="a job")
    bucket = "example-direct-101"
    put(bucket, "images/sunset.jpg", "plans/2031.pdf")
    s3 = user("Copier").client("s3")
    assert s3.get_object(Bucket=bucket, Key="images/sunset.jpg")["Body"].read() == b"evening"
    listed = s3.list_objects_v2(Bucket=bucket, Prefix="images/")["Contents"]
    assert [item["Key"] for item in listed] == ["images/sunset.jpg"]
    with refused():
        s3.list_objects_v2(Bucket=bucket)
    with refused():
        s3.get_object(Bucket=bucket, Key="plans/2031.pdf")
    with refused():
        s3.put_object(Bucket=bucket, Key="images/new.jpg", Body=b"")
    with refused():
        mallory.client("s3").list_objects_v2(Bucket=bucket, Prefix="images/")
    with refused():
        mallory.client("s3").get_object(Bucket=bucket, Key="images/sunset.jpg")


def test_a_bucket_and_its_key_let_consumers_in_as_themselves(program: Program) -> None:
    deploy(program, "via-resource")
    outputs, bucket = program.outputs(), "arn:aws:s3:::example-direct-101"
    topic = outputs["topicArns"]["example-direct-news"]
    queue = outputs["queueArns"]["example-direct-jobs"]

    # What the emulated AWS cannot decide: MFA, endpoints, the clock and keys of another account.
    operator = f"arn:aws:iam::{STAGING}:user/operators/Olga"
    clerk = f"arn:aws:iam::{STAGING}:user/Clerk"
    world = deployed({arn: {"policies": {"all": EVERYTHING}} for arn in (operator, clerk)})
    copier = f"arn:aws:iam::{STAGING}:user/Copier"
    worker = f"arn:aws:iam::{STAGING}:role/DirectWorker"
    sunset, plans = f"{bucket}/images/sunset.jpg", f"{bucket}/plans/2031.pdf"
    ended = {"aws_CurrentTime": "2099-12-31T00:00:00Z"}
    assert may(world, copier, "s3:GetObject", sunset)
    assert may(world, copier, "s3:ListBucket", bucket, s3_prefix="images/")
    assert not may(world, copier, "s3:ListBucket", bucket)
    assert not may(world, copier, "s3:GetObject", plans)
    assert not may(world, copier, "s3:PutObject", sunset)
    assert not may(world, copier, "s3:GetObject", sunset, **ended)
    assert not may(world, clerk, "s3:GetObject", sunset)

    typed = {"aws_MultiFactorAuthPresent": "true", "aws_MultiFactorAuthAge": "60"}
    assert may(world, operator, "s3:DeleteObject", plans, **typed)
    assert not may(world, operator, "s3:DeleteObject", plans)
    assert not may(world, operator, "s3:DeleteObject", plans, **{**typed, **AN_HOUR_AGO})
    assert not may(world, clerk, "s3:DeleteObject", plans, **typed)

    assert may(world, worker, "sqs:ReceiveMessage", queue)
    assert not may(world, worker, "sqs:SendMessage", queue)
    ours = f"arn:aws:sqs:us-west-2:{STAGING}:news"
    assert may(world, copier, "sns:Subscribe", topic, sns_Endpoint=ours)
    assert not may(world, copier, "sns:Subscribe", topic, sns_Endpoint="https://example.com")

    key = outputs["kmsKeyArns"]["example-direct-101"]
    asked = {"kms_ViaService": "s3.us-west-2.amazonaws.com", CONTEXT: bucket}
    for arn, reads in ((copier, True), (operator, True), (clerk, False), (worker, False)):
        assert may(world, arn, "kms:Decrypt", key, **asked) is reads
        assert not may(world, arn, "kms:GenerateDataKey", key, **asked)
    assert not may(world, copier, "kms:Decrypt", key, **asked, **ended)
    assert not may(world, copier, "kms:Decrypt", key)
