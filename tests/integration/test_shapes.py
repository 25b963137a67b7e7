"""Every shape of `examples/`, deployed for real: who gets in, and who is refused beside them.

Where the emulated AWS decides as AWS does, it decides here. What it cannot decide (MFA, the
organization of a caller, the clock) the access engine decides over the documents that lie in both
accounts after the `pulumi up`.
"""

import json
from typing import Any

from tests.integration.shapes import (
    ANY_ROLE,
    STAGING,
    VENDOR,
    caller_of,
    deploy,
    none_allowed,
    put,
    role,
    session_of,
    with_token,
)
from tests.support.deployment import ROOT
from tests.support.people import REGION, STAGING_ADMIN, admin, assume, instance, refused, user
from tests.support.program import Program
from tests.support.world import deployed, may, may_assume


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
        "shared-bucket",
        "ecs-tasks",
        "eks-irsa",
        "roles-anywhere",
        "eks-pods",
        "lambda-functions",
        "bucket-settings",
        "listed-accounts",
        "third-party-role",
        "third-party-renewal",
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
        output = {
            "iss": "https://token.actions.githubusercontent.com",
            "aud": "sts.amazonaws.com",
            **claims,
        }
        return with_token(name, **output).client("s3")

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

    def operates(arn: str, **output: Any) -> bool:
        typed = {
            "aws_MultiFactorAuthPresent": "true",
            "aws_MultiFactorAuthAge": "60",
            "aws_SourceIp": "203.0.113.7",
        }
        return may_assume(world, arn, role("OperatorsAccess"), **{**typed, **output})

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
