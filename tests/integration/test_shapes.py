"""Every shape of `examples/`, deployed for real: who gets in, and who is refused beside them.

Where the emulated AWS decides as AWS does, it decides here. What it cannot decide (MFA, the
organization of a caller, the clock) the access engine decides over the documents that lie in both
accounts after the `pulumi up`.
"""

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
from tests.support.people import (
    PRODUCTION_ADMIN,
    REGION,
    STAGING_ADMIN,
    admin,
    assume,
    instance,
    refused,
    user,
)
from tests.support.program import Program
from tests.support.world import deployed, may, may_assume

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


def role(name: str) -> str:
    return f"arn:aws:iam::111122223333:role/{name}"


def put(bucket: str, *keys: str) -> None:
    s3 = admin(PRODUCTION_ADMIN).client("s3")
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"evening")


def root(account: str) -> boto3.Session:
    return boto3.Session(account, "test", region_name=REGION)


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


def test_every_example_is_deployed_here() -> None:
    stack_files = {path.parent.name for path in ROOT.glob("examples/*/Pulumi.prod.yaml")}
    assert stack_files == {
        "prefixes",
        "ec2",
        "third-party",
        "oidc",
        "sso-principals",
        "organization",
        "many-grants",
        "kms",
        "topics-queues",
        "via-resource",
        "existing-resources",
    }


def test_prefixes_confine_objects_and_listing(program: Program) -> None:
    deploy(program, "prefixes")
    bucket = "example-prefixes-101"
    put(bucket, "images/sunset.jpg", "images-private/diary.jpg", "incoming/old.jpg", "imagesque")
    s3 = assume(user("ImageServer"), role("ImageServerAccess")).client("s3")

    assert s3.get_object(Bucket=bucket, Key="images/sunset.jpg")["Body"].read() == b"evening"
    for prefix in ("images/", "images/sun"):
        listed = s3.list_objects_v2(Bucket=bucket, Prefix=prefix)
        assert [item["Key"] for item in listed["Contents"]] == ["images/sunset.jpg"]
    s3.put_object(Bucket=bucket, Key="incoming/new.jpg", Body=b"morning")
    assert s3.get_object(Bucket=bucket, Key="incoming/new.jpg")["Body"].read() == b"morning"
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] == REGION

    for prefix in ("", "images", "images-private/", "incoming/"):
        with refused():
            s3.list_objects_v2(Bucket=bucket, Prefix=prefix)
    for key in ("images-private/diary.jpg", "imagesque"):
        with refused():
            s3.get_object(Bucket=bucket, Key=key)
    with refused():
        s3.put_object(Bucket=bucket, Key="images/new.jpg", Body=b"")
    with refused():
        s3.delete_object(Bucket=bucket, Key="incoming/old.jpg")
    with refused():
        s3.list_multipart_uploads(Bucket=bucket)

    world = deployed({})
    sunset = f"arn:aws:s3:::{bucket}/images/sunset.jpg"
    assert may(world, role("ImageServerAccess"), "s3:GetObject", sunset)
    after = "2099-12-31T00:00:00Z"
    assert not may(world, role("ImageServerAccess"), "s3:GetObject", sunset, aws_CurrentTime=after)


def test_instances_replicate_with_the_role_of_their_profile(program: Program) -> None:
    deploy(program, "ec2")
    assert program.settled()
    staging = admin(STAGING_ADMIN).client("iam")
    profile = staging.get_instance_profile(InstanceProfileName="Replicator")["InstanceProfile"]
    instances = f"arn:aws:iam::{STAGING}:role/machines/Replicator"
    assert [item["Arn"] for item in profile["Roles"]] == [instances]
    assert "Ec2InstanceMetadata" in program.outputs()["cliProfiles"]["replicator"]
    with refused():
        assume(caller_of(STAGING, "Mallory"), role("ReplicatorAccess"))

    another = session_of(f"arn:aws:iam::{STAGING}:role/Replicator2")
    with refused():
        assume(another, role("ReplicatorAccess"))
    bucket, key = "example-ec2-101", "sunset.jpg"
    put(bucket, key)
    machine = instance(instances)
    with refused():
        machine.client("s3").get_object(Bucket=bucket, Key=key)
    s3 = assume(machine, role("ReplicatorAccess")).client("s3")
    assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == b"evening"
    with refused():
        s3.delete_object(Bucket=bucket, Key=key)
    # What somebody gives the instances' role beside it is drift.
    staging.attach_role_policy(
        RoleName="Replicator", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess"
    )
    assert "AdministratorAccess" in program.drift()


def test_a_third_party_comes_from_its_account_and_states_its_external_id(
    program: Program,
) -> None:
    deploy(program, "third-party")
    bucket, external_id = "example-third-party-101", "5b1f6c2e-auditor/example"
    put(bucket, "reports/2030.pdf", "plans/2031.pdf")
    auditor, stranger = caller_of(VENDOR, "Auditor"), caller_of("123456789012", "Stranger")

    s3 = assume(auditor, role("AuditorAccess"), ExternalId=external_id).client("s3")
    assert s3.get_object(Bucket=bucket, Key="reports/2030.pdf")["Body"].read() == b"evening"
    with refused():
        s3.get_object(Bucket=bucket, Key="plans/2031.pdf")
    with refused():
        assume(auditor, role("AuditorAccess"))
    with refused():
        assume(auditor, role("AuditorAccess"), ExternalId="another-customer")
    with refused():
        assume(stranger, role("AuditorAccess"), ExternalId=external_id)
    with refused():
        assume(caller_of(STAGING, "Mallory"), role("AuditorAccess"), ExternalId=external_id)

    outputs = program.outputs()
    assert outputs["userArns"] == outputs["switchRoleUrls"] == outputs["cliProfiles"] == {}
    (declared,) = json.loads(outputs["declaration"])["consumers"]
    assert declared["external_id"] == external_id
    assert declared["expires_at"] == "2099-06-30T16:00:00Z"


def test_jobs_prove_themselves_with_a_token_for_us_and_about_them(program: Program) -> None:
    deploy(program, "oidc")
    assert program.settled()
    provider, *roles = (
        item
        for kind in ("aws:iam/openIdConnectProvider:OpenIdConnectProvider", "aws:iam/role:Role")
        for item in program.resources()
        if item["type"] == kind
    )
    assert [provider["urn"] in item["dependencies"] for item in roles] == [True, True]
    bucket, main = "example-oidc-101", "repo:example-org/site:ref:refs/heads/main"
    put(bucket, "index.html")

    def job(name: str, **claims: str) -> Any:
        said = {
            "iss": "https://token.actions.githubusercontent.com",
            "aud": "sts.amazonaws.com",
            **claims,
        }
        parts = [base64.urlsafe_b64encode(json.dumps(part).encode()) for part in ({}, said)]
        sts = boto3.client("sts", region_name=REGION, config=Config(signature_version=UNSIGNED))
        given = sts.assume_role_with_web_identity(
            RoleArn=role(name),
            RoleSessionName="job",
            WebIdentityToken=b".".join([*parts, b"x"]).decode().replace("=", ""),
        )["Credentials"]
        return boto3.Session(
            aws_access_key_id=given["AccessKeyId"],
            aws_secret_access_key=given["SecretAccessKey"],
            aws_session_token=given["SessionToken"],
            region_name=REGION,
        ).client("s3")

    publisher = job("PublisherAccess", sub=main)
    publisher.put_object(Bucket=bucket, Key="new.html", Body=b"")
    publisher.delete_object(Bucket=bucket, Key="new.html")
    previewer = job("PreviewerAccess", sub="repo:example-org/previews:ref:refs/heads/topic")
    assert previewer.get_object(Bucket=bucket, Key="index.html")["Body"].read() == b"evening"
    with refused():
        previewer.put_object(Bucket=bucket, Key="index.html", Body=b"")
    for name, claims in (
        ("PublisherAccess", {"sub": "repo:example-org/site:ref:refs/heads/topic"}),
        ("PublisherAccess", {"sub": "repo:other-org/site:ref:refs/heads/main"}),
        ("PublisherAccess", {"sub": main, "aud": "another-cloud"}),
        ("PublisherAccess", {"sub": main, "iss": "https://ci.example.com"}),
        ("PreviewerAccess", {"sub": main}),
        ("PreviewerAccess", {"sub": "repo:example-org/previews-of-others:x"}),
    ):
        with refused():
            job(name, **claims)
    with refused():
        assume(caller_of(STAGING, "Mallory"), role("PublisherAccess"))


def test_permission_sets_and_users_of_staging_come_by_pattern(program: Program) -> None:
    deploy(program, "sso-principals")
    sso = f"arn:aws:iam::{STAGING}:role/aws-reserved/sso.amazonaws.com"
    analyst = f"{sso}/eu-west-1/AWSReservedSSO_Analysts_0123456789abcdef"
    analyst_at_home = f"{sso}/AWSReservedSSO_Analysts_0123456789abcdee"
    administrator = f"{sso}/AWSReservedSSO_Administrators_0123456789abcdef"
    pretender = f"arn:aws:iam::{STAGING}:role/AWSReservedSSO_Analysts_0"
    operator = f"arn:aws:iam::{STAGING}:user/operators/Olga"
    clerk = f"arn:aws:iam::{STAGING}:user/Clerk"
    elsewhere = analyst.replace(STAGING, VENDOR)
    for arn in (analyst, analyst_at_home):
        assume(session_of(arn), role("AnalystsAccess"))
    for arn in (administrator, pretender, elsewhere):
        session = session_of(arn)
        with refused():
            assume(session, role("AnalystsAccess"))
    world = deployed({analyst: ANY_ROLE, operator: ANY_ROLE, clerk: ANY_ROLE})

    def operates(arn: str, **said: Any) -> bool:
        typed = {
            "aws_MultiFactorAuthPresent": "true",
            "aws_MultiFactorAuthAge": "60",
            "aws_SourceIp": "203.0.113.7",
        }
        return may_assume(world, arn, role("OperatorsAccess"), **{**typed, **said})

    assert operates(operator)
    assert not operates(clerk)
    assert not operates(analyst)
    assert not operates(operator, aws_MultiFactorAuthAge="901")
    assert not operates(operator, aws_MultiFactorAuthPresent="false")
    assert not operates(operator, aws_MultiFactorAuthPresent=None, aws_MultiFactorAuthAge=None)
    assert not operates(operator, aws_SourceIp="198.51.100.7")
    data = "arn:aws:s3:::example-principals-101/data.csv"
    repair = (role("OperatorsAccess"), "s3:PutObject", data)
    assert may(world, *repair, aws_SourceIp="203.0.113.7")
    assert not may(world, *repair, aws_SourceIp="198.51.100.7")

    # The emulated AWS has no MFA, so it refuses everybody; that it refuses is right for these two.
    with refused():
        assume(caller_of(STAGING, "Olga", "/operators/"), role("OperatorsAccess"))
    with refused():
        assume(caller_of(STAGING, "Clerk"), role("AnalystsAccess"))


def test_an_organization_comes_whole_or_by_unit(program: Program) -> None:
    deploy(program, "organization")
    caller = "arn:aws:iam::123456789012:user/Writer"
    world = deployed({caller: ANY_ROLE})
    unit = "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/"

    def comes(name: str, organization: str | None, path: str, identity: str | None) -> bool:
        return may_assume(
            world,
            caller,
            role(name),
            aws_PrincipalOrgID=organization,
            aws_PrincipalOrgPaths=[path],
            sts_SourceIdentity=identity,
        )

    ours = "o-a1b2c3d4e5"
    assert comes("EverybodyAccess", ours, f"{ours}/r-ab12/", None)
    assert not comes("EverybodyAccess", "o-zzzzzzzzzz", f"{ours}/r-ab12/", None)
    assert not comes("EverybodyAccess", None, "", None)
    assert comes("PublishersAccess", ours, unit, "Alice")
    assert comes("PublishersAccess", ours, f"{unit}ou-ab12-22222222/", "Alice")
    assert not comes("PublishersAccess", ours, unit, None)
    assert not comes("PublishersAccess", ours, f"{ours}/r-ab12/ou-ab12-33333333/", "Alice")
    assert not comes("PublishersAccess", "o-zzzzzzzzzz", unit, "Alice")
    with refused():
        assume(caller_of(VENDOR, "Stranger"), role("EverybodyAccess"))


def test_many_grants_keep_apart_and_their_conditions_hold(program: Program) -> None:
    deploy(program, "many-grants")
    assert program.settled()
    raw, clean, reports = (f"example-many-{name}-101" for name in ("raw", "clean", "reports"))
    put(raw, "a")
    put(clean, "published/a", "draft/a")
    put(reports, "a")

    collector, tags = user("Collector"), [{"Key": "project", "Value": "apollo"}]
    session = assume(collector, role("CollectorAccess"), Tags=tags)
    url = session.client("sqs").get_queue_url(QueueName="example-many-work")["QueueUrl"]
    session.client("sqs").send_message(QueueUrl=url, MessageBody="a job")
    s3 = session.client("s3")
    s3.put_object(Bucket=raw, Key="b", Body=b"")
    with refused():
        s3.list_objects_v2(Bucket=raw)
    with refused():
        s3.put_object(Bucket=clean, Key="b", Body=b"")
    with refused():
        assume(collector, role("CollectorAccess"))
    with refused():
        assume(collector, role("CollectorAccess"), Tags=[{**tags[0], "Value": "gemini"}])
    with refused():
        assume(collector, role("CollectorAccess"), Tags=[*tags, {"Key": "team", "Value": "x"}])

    cleaner = user("Cleaner")
    with refused():
        assume(cleaner, role("CleanerAccess"))
    with refused():
        assume(cleaner, role("CleanerAccess"), ExternalId="another")
    session = assume(cleaner, role("CleanerAccess"), ExternalId="nightly-cleaner")
    s3 = session.client("s3")
    s3.delete_object(Bucket=raw, Key="b")
    s3.put_object(Bucket=clean, Key="b", Body=b"")
    assert s3.get_object(Bucket=raw, Key="a")["Body"].read() == b"evening"
    none_allowed(
        lambda: s3.put_object(Bucket=raw, Key="a", Body=b""),
        lambda: s3.delete_object(Bucket=clean, Key="b"),
        lambda: s3.get_object(Bucket=reports, Key="a"),
    )
    topic, sns = program.outputs()["topicArns"]["example-many-events"], session.client("sns")
    sns.publish(TopicArn=topic, Message="cleaned")
    with refused("AuthorizationError"):
        sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="me@example.com")

    reader = user("Reader")
    (job,) = reader.client("sqs").receive_message(QueueUrl=url)["Messages"]
    assert job["Body"] == "a job"
    with refused():
        reader.client("sqs").send_message(QueueUrl=url, MessageBody="a job")
    s3 = assume(reader, role("ReaderAccess")).client("s3")
    assert s3.list_objects_v2(Bucket=clean, Prefix="published/")["KeyCount"] == 1
    assert s3.list_objects_v2(Bucket=reports)["KeyCount"] == 1
    none_allowed(
        lambda: s3.list_objects_v2(Bucket=clean),
        lambda: s3.get_object(Bucket=clean, Key="draft/a"),
        lambda: s3.get_object(Bucket=raw, Key="a"),
        lambda: assume(collector, role("ReaderAccess"), Tags=tags),
    )


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

    # The S3 of the emulated AWS needs no rights on a key, and sees no key that an upload brings.
    world, arn = deployed({}), f"arn:aws:s3:::{bucket}"
    upload = (role("RecorderAccess"), "s3:PutObject", f"{arn}/x")
    assert may(world, *upload)
    brought = {"s3:x-amz-server-side-encryption-customer-algorithm": "AES256"}
    assert not may(world, *upload, **brought)

    def uses(name: str, action: str, **said: Any) -> bool:
        asked = {"kms_ViaService": "s3.us-west-2.amazonaws.com", CONTEXT: arn, **said}
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
    assert "protect" in program.refused("up", "--yes", "--skip-preview", "--stack", "prod")
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


def test_what_exists_and_belongs_to_others_is_used_by_the_role(program: Program) -> None:
    deploy(program, "existing-resources")
    assert program.settled()
    arns = program.outputs()["resourceArns"]
    production = admin(PRODUCTION_ADMIN)
    items = production.client("dynamodb")
    items.put_item(TableName=arns["orders"], Item={"id": {"S": "1"}})

    shop = assume(user("Shop"), role("ShopAccess"))
    secrets, orders = shop.client("secretsmanager"), shop.client("dynamodb")
    assert secrets.get_secret_value(SecretId=arns["shop-api"])["SecretString"] == "{}"
    key = {"id": {"S": "1"}}
    assert orders.get_item(TableName=arns["orders"], Key=key)["Item"] == key
    none_allowed(
        lambda: secrets.put_secret_value(SecretId=arns["shop-api"], SecretString="x"),
        lambda: secrets.delete_secret(SecretId=arns["shop-api"]),
        secrets.list_secrets,
        lambda: orders.put_item(TableName=arns["orders"], Item={"id": {"S": "2"}}),
        lambda: orders.delete_table(TableName=arns["orders"]),
        code="AccessDeniedException",
    )
    other = production.client("secretsmanager").create_secret(Name="other", SecretString="x")
    none_allowed(
        lambda: secrets.get_secret_value(SecretId=other["ARN"]), code="AccessDeniedException"
    )

    program.pulumi("destroy", "--yes", "--skip-preview", "--stack", "prod")
    assert items.get_item(TableName=arns["orders"], Key=key)["Item"] == key
    there = production.client("secretsmanager").describe_secret(SecretId=arns["shop-api"])
    assert "DeletedDate" not in there


def test_rejects_what_does_not_exist_before_anything_is_made(program: Program) -> None:
    example = ROOT / "examples" / "existing-resources" / "Pulumi.prod.yaml"
    shutil.copy2(example, program.folder)
    said = program.refused("up", "--yes", "--skip-preview", "--stack", "prod")
    said = said[said.index("Diagnostics:") :]
    for declared in program.settings()["resources"]:
        assert declared["arn"] in said
    assert said.count("nothing was changed") == 1
    assert admin(PRODUCTION_ADMIN).client("iam").list_roles()["Roles"] == []
