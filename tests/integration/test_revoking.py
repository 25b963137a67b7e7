"""Revoking never waits: whatever else is in the edit, who is removed from it loses access with it.

What is protected stays with all that is in it, nobody of the stack has access to it any more, the
outputs say both, and the two steps that the warning names take it away.
"""

import json
from typing import Any

import pytest

from tests.integration.shapes import deploy, put, role
from tests.support.deployment import ACCESS
from tests.support.people import PRODUCTION_ADMIN, STAGING_ADMIN, admin, assume, refused, user
from tests.support.program import Program

BUCKET, TOPIC, QUEUE = "example-direct-101", "example-direct-news", "example-direct-jobs"
KIND = {BUCKET: "bucket", TOPIC: "topic", QUEUE: "queue"}
OTHER = "example-other-101"
NOTHING: dict[str, Any] = {"buckets": [], "topics": [], "queues": []}


@pytest.fixture
def direct(program: Program) -> Program:
    """`examples/via-resource`, and a consumer of a further bucket who stays, by its role."""
    deploy(program, "via-resource")
    settings = program.settings()
    program.set(
        buckets=[{**settings["buckets"][0], "noncurrent_days": 7}, {"name": OTHER}],
        consumers=[*settings["consumers"], {"name": "reader", **_principal("Reader")}],
        grants=[
            *settings["grants"],
            {"consumer": "reader", "bucket": OTHER, "levels": ["list", "read"]},
        ],
    )
    program.up()
    put(BUCKET, "images/Sunset.jpg")
    return program


def _principal(name: str) -> dict[str, Any]:
    return {"user": {"name": name}, "role": {"name": f"{name}Access"}}


def leave_only(program: Program, *consumers: str, **settings: Any) -> str:
    """One edit that leaves these consumers with their grants, and these lists of what is shared."""
    was = program.settings()
    program.set(
        consumers=[each for each in was["consumers"] if each["name"] in consumers],
        grants=[each for each in was["grants"] if each["consumer"] in consumers],
        **settings,
    )
    return program.up()


def told_as_it_is(program: Program) -> None:
    """The outputs name what there is in both accounts, and nothing else."""
    production, staging = admin(PRODUCTION_ADMIN), admin(STAGING_ADMIN)
    outputs = program.outputs()
    buckets = {each["Name"] for each in production.client("s3").list_buckets()["Buckets"]}
    assert set(outputs["bucketNames"]) == set(outputs["bucketArns"]) == buckets
    topics = {each["TopicArn"] for each in production.client("sns").list_topics()["Topics"]}
    assert set(outputs["topicArns"].values()) == topics
    queues = production.client("sqs").list_queues().get("QueueUrls", [])
    assert set(outputs["queueArns"]) == {each.rpartition("/")[2] for each in queues}
    roles = {each["RoleName"] for each in production.client("iam").list_roles()["Roles"]}
    assert set(outputs["roleNames"].values()) == roles
    users = {each["Arn"] for each in staging.client("iam").list_users()["Users"]}
    assert set(outputs["userArns"].values()) == {
        arn for arn in users if not arn.endswith("StagingAdministrator")
    }
    assert set(outputs["kmsKeyArns"].values()) == usable_keys()


def usable_keys() -> set[str]:
    kms = admin(PRODUCTION_ADMIN).client("kms")
    arns = [each["KeyArn"] for each in kms.list_keys()["Keys"]]
    described = [kms.describe_key(KeyId=arn)["KeyMetadata"] for arn in arns]
    return {each["Arn"] for each in described if each["KeyState"] == "Enabled"}


def allows_somebody(policy: str) -> bool:
    return any(each["Effect"] == "Allow" for each in json.loads(policy)["Statement"])


def nobody_is_let_in() -> None:
    """The policies of what stays allow nothing to anybody outside of Production."""
    production = admin(PRODUCTION_ADMIN)
    assert not allows_somebody(production.client("s3").get_bucket_policy(Bucket=BUCKET)["Policy"])
    sns, sqs = production.client("sns"), production.client("sqs")
    for topic in sns.list_topics()["Topics"]:
        known = sns.get_topic_attributes(TopicArn=topic["TopicArn"])["Attributes"]
        assert not allows_somebody(known["Policy"])
    for url in sqs.list_queues().get("QueueUrls", []):
        known = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]
        assert not allows_somebody(known["Policy"])
    kms = production.client("kms")
    for arn in usable_keys():
        policy = kms.get_key_policy(KeyId=arn, PolicyName="default")["Policy"]
        assert "444455556666" not in policy


def proved(program: Program) -> None:
    for source in ("state", "live"):
        ran = program.run(ACCESS, "prove", "--from", source, "--stack", "prod")
        assert ran.status == 0, ran.output


def test_all_consumers_go_with_all_that_is_shared_in_one_edit(direct: Program) -> None:
    copier = user("Copier")
    assert copier.client("s3").head_object(Bucket=BUCKET, Key="images/Sunset.jpg")
    output = leave_only(direct, **NOTHING)
    for name in (BUCKET, TOPIC, QUEUE):
        assert f"'{name}' is no longer declared, and it is protected: it stays" in output
    told_as_it_is(direct)
    assert direct.outputs()["roleArns"] == direct.outputs()["userArns"] == {}
    nobody_is_let_in()
    with refused("InvalidClientTokenId"):
        copier.client("sts").get_caller_identity()
    s3 = admin(PRODUCTION_ADMIN).client("s3")
    assert s3.get_object(Bucket=BUCKET, Key="images/Sunset.jpg")["Body"].read() == b"evening"
    rules = s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"]
    assert rules[0]["NoncurrentVersionExpiration"]["NoncurrentDays"] == 7
    assert direct.settled()
    proved(direct)

    # It is as protected as before.
    assert "protected" in direct.refused("destroy", "--yes", "--skip-preview", "--stack", "prod")
    told_as_it_is(direct)

    # What the warning says.
    direct.set(
        buckets=[{"name": name, "protect": False} for name in (BUCKET, OTHER)],
        topics=[{"name": TOPIC, "protect": False}],
        queues=[{"name": QUEUE, "protect": False}],
    )
    assert "no longer declared" not in direct.up()
    direct.set("prod", **NOTHING)
    assert "no longer declared" not in direct.up()
    told_as_it_is(direct)
    assert direct.outputs()["bucketNames"] == []
    assert direct.settled()


def test_a_consumer_goes_with_a_bucket_that_is_renamed_or_removed(direct: Program) -> None:
    reader = user("Reader")
    bucket, other = direct.settings()["buckets"]
    output = leave_only(direct, "reader", buckets=[other, {**bucket, "name": "example-new-101"}])
    assert f"bucket '{BUCKET}' is no longer declared" in output
    told_as_it_is(direct)
    assert set(direct.outputs()["bucketNames"]) == {BUCKET, OTHER, "example-new-101"}
    nobody_is_let_in()
    put(OTHER, "images/Sunset.jpg")
    session = assume(reader, role("ReaderAccess"))
    assert session.client("s3").head_object(Bucket=OTHER, Key="images/Sunset.jpg")
    assert direct.settled()
    proved(direct)


def test_a_consumer_goes_while_the_key_of_a_protected_bucket_stays(direct: Program) -> None:
    keys = usable_keys()
    _, other = direct.settings()["buckets"]
    output = leave_only(
        direct, "reader", "publisher", buckets=[{"name": BUCKET, "encryption": "s3"}, other]
    )
    assert f"bucket '{BUCKET}' stays encrypted with its key" in output
    assert usable_keys() == keys
    told_as_it_is(direct)
    assert "copier" not in direct.outputs()["userArns"]
    s3 = admin(PRODUCTION_ADMIN).client("s3")
    assert s3.get_object(Bucket=BUCKET, Key="images/Sunset.jpg")["Body"].read() == b"evening"
    assert direct.settled()
    proved(direct)

    # What the warning says.
    direct.set(buckets=[{"name": BUCKET, "protect": False}, other])
    assert "To have that, run pulumi up, then once more" in direct.up()
    assert usable_keys() == keys
    assert "stays encrypted" not in direct.up()
    assert usable_keys() == set()
    told_as_it_is(direct)


def test_what_the_stack_has_made_is_not_deleted_by_calling_it_somebody_elses(
    direct: Program,
) -> None:
    _, other = direct.settings()["buckets"]
    direct.set(buckets=[{**direct.settings()["buckets"][0], "protect": False}, other])
    direct.up()
    output = leave_only(
        direct, "reader",
        buckets=[{"name": BUCKET, "existing": True}, {"name": OTHER, "existing": True}],
        topics=[{"name": TOPIC, "existing": True}],
    )  # fmt: skip
    told_as_it_is(direct)
    nobody_is_let_in()
    proved(direct)
    told = {line.partition("first: ")[2] for line in output.splitlines() if "first: " in line}
    assert len(told) == 3
    for words in sorted(told):
        command, _, then = words.partition(" lets go of it")
        assert "access import --apply" in then
        ran = direct.run("sh", "-c", f"{command} --yes --stack prod")
        assert ran.status == 0, ran.output
    ran = direct.run(ACCESS, "import", "--apply", "--yes", "--stack", "prod")
    assert ran.status == 0, ran.output
    direct.up()
    s3 = admin(PRODUCTION_ADMIN).client("s3")
    assert s3.get_object(Bucket=BUCKET, Key="images/Sunset.jpg")["Body"].read() == b"evening"
    types = {each["type"] for each in direct.resources()}
    assert not {each for each in types if each.startswith(("aws:s3", "aws:sns", "aws:kms"))}
    assert direct.settled()


def test_a_region_in_which_what_is_protected_is_not_is_refused_with_the_way(
    direct: Program,
) -> None:
    direct.set(production_region="eu-west-1")
    output = direct.refused("up", "--yes", "--skip-preview", "--stack", "prod")
    assert "what the stack shares is in 'us-west-2'" in output
    assert "Traceback" not in output
    told_as_it_is(direct)


def refuse_bucket_policies(document: str | None) -> None:
    """Takes from the deployer of Production what a policy says, or gives it back."""
    iam = admin(PRODUCTION_ADMIN).client("iam")
    who = {"UserName": "ProductionAdministrator", "PolicyName": "refused"}
    if document:
        iam.put_user_policy(**who, PolicyDocument=document)
    else:
        iam.delete_user_policy(**who)


@pytest.mark.parametrize("failing", ["a bucket that is new", "a policy that stays"])
def test_where_the_rest_of_an_edit_fails_the_outputs_go_on_naming_who_has_access(
    direct: Program, failing: str
) -> None:
    settings = direct.settings()
    denied = {"Effect": "Deny", "Action": "s3:PutBucketPolicy", "Resource": "*"}
    refuse_bucket_policies(json.dumps({"Version": "2012-10-17", "Statement": [denied]}))
    more = [{"name": "example-new-101"}] if failing == "a bucket that is new" else []
    gone = "reader" if more else "copier"
    direct.set(
        buckets=[*settings["buckets"], *more],
        consumers=[each for each in settings["consumers"] if each["name"] != gone],
        grants=[each for each in settings["grants"] if each["consumer"] != gone],
    )
    output = direct.refused("up", "--yes", "--skip-preview", "--stack", "prod")
    assert "AccessDenied" in output
    assert "Traceback" not in output
    assert gone in direct.outputs()["userArns"]
    users = admin(STAGING_ADMIN).client("iam").list_users()["Users"]
    assert gone.title() in {each["UserName"] for each in users}
    refuse_bucket_policies(None)
    direct.up()
    told_as_it_is(direct)
    assert gone not in direct.outputs()["userArns"]
