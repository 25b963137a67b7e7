"""What exists already and belongs to others, of every service, used by the roles of consumers."""

import json
import shutil
from typing import Any

import boto3

from tests.integration.shapes import deploy, none_allowed, put, role
from tests.support.deployment import ROOT
from tests.support.existing import make_existing
from tests.support.people import PRODUCTION_ADMIN, admin, assume, instance, user
from tests.support.program import Program
from tests.support.world import deployed, may

IMPORTER = "arn:aws:iam::444455556666:role/Importer"
KEY = {"id": {"S": "1"}}


def allowed_and_refused(allowed: dict[str, Any], refused: dict[str, Any]) -> None:
    for call in allowed.values():
        call()
    none_allowed(*refused.values(), code="AccessDeniedException")


def test_what_exists_and_belongs_to_others_is_used_by_the_role(program: Program) -> None:
    deploy(program, "existing-resources")
    assert program.settled()
    arns = program.outputs()["resourceArns"]
    production = admin(PRODUCTION_ADMIN)
    production.client("dynamodb").put_item(TableName=arns["orders"], Item=KEY)
    before = descriptions(production, arns)

    shop = assume(user("Shop"), role("ShopAccess"))
    of_shop(shop, arns)
    importer = assume(instance(IMPORTER), role("ImporterAccess"))
    of_importer(importer, arns)
    builder = assume(user("Builder"), role("BuilderAccess"))
    of_builder(builder, arns)
    printed_commands_work(program, shop=shop, importer=importer, builder=builder)
    other = production.client("secretsmanager").create_secret(Name="other", SecretString="x")
    none_allowed(
        lambda: shop.client("secretsmanager").get_secret_value(SecretId=other["ARN"]),
        code="AccessDeniedException",
    )

    # The emulated services need no rights on a key.
    key = declared_key(program)
    another = f"{key[:-1]}x"
    leaves_it_to_iam = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
                "Action": "kms:*",
                "Resource": "*",
            }
        ],
    }
    keys: Any = {"account": "111122223333", "policy": leaves_it_to_iam}
    world = deployed({}).including(
        users={}, roles={}, resources=dict.fromkeys((key, another), keys)
    )
    through = {"kms_ViaService": "ssm.us-west-2.amazonaws.com"}
    assert may(world, role("ShopAccess"), "kms:Decrypt", key, **through)
    assert not may(world, role("ShopAccess"), "kms:GenerateDataKey", key, **through)
    assert may(world, role("ImporterAccess"), "kms:GenerateDataKey", key, **through)
    for elsewhere in ("s3.us-west-2.amazonaws.com", "ssm.eu-west-1.amazonaws.com", None):
        assert not may(world, role("ShopAccess"), "kms:Decrypt", key, kms_ViaService=elsewhere)
    assert not may(world, role("ShopAccess"), "kms:Decrypt", another, **through)

    program.pulumi("destroy", "--yes", "--skip-preview", "--stack", "prod")
    assert descriptions(production, arns) == before


def printed_commands_work(program: Program, **sessions: boto3.Session) -> None:
    """Those of the output `proofCommands`, but for the first, with sessions of the roles."""
    for consumer, session in sessions.items():
        found = session.get_credentials()
        assert found is not None
        key = found.get_frozen_credentials()
        own: dict[str, Any] = {
            "AWS_ACCESS_KEY_ID": key.access_key,
            "AWS_SECRET_ACCESS_KEY": key.secret_key,
        }
        _, *commands = program.outputs()["proofCommands"][consumer].splitlines()
        assert commands
        for command in commands:
            told = command.rpartition(" --profile ")[0]
            ran = program.run("sh", "-c", told, **own, AWS_SESSION_TOKEN=key.token or "")
            assert ran.status == 0, f"{told}\n{ran.output}"


def of_shop(shop: boto3.Session, arns: dict[str, str]) -> None:
    """It reads its settings, and writes and starts what others read."""
    secrets, items = shop.client("secretsmanager"), shop.client("dynamodb")
    ssm, functions = shop.client("ssm"), shop.client("lambda")
    clicks, events = shop.client("kinesis"), shop.client("events")
    machines, logs = shop.client("stepfunctions"), shop.client("logs")
    group = {"logGroupName": arns["log"].split(":log-group:")[1]}
    stream = {**group, "logStreamName": "shop"}
    put = {"EventBusName": arns["events"], "Source": "shop", "DetailType": "x", "Detail": "{}"}
    record = {"StreamARN": arns["clicks"], "PartitionKey": "x", "Data": b"x"}
    start = {"stateMachineArn": arns["delivery"], "input": "{}"}
    assert items.get_item(TableName=arns["orders"], Key=KEY)["Item"] == KEY
    allowed_and_refused(
        {
            "secret": lambda: secrets.get_secret_value(SecretId=arns["shop-api"]),
            "parameter": lambda: ssm.get_parameter(Name=arns["shop-settings"]),
            "function": lambda: functions.invoke(
                FunctionName=arns["price"], InvocationType="DryRun"
            ),
            "stream": lambda: clicks.put_record(**record),
            "bus": lambda: events.put_events(Entries=[put]),
            "machine": lambda: machines.start_execution(**start),
            "log stream": lambda: logs.create_log_stream(**stream),
            "log": lambda: logs.put_log_events(
                **stream, logEvents=[{"timestamp": 1, "message": "x"}]
            ),
        },
        {
            "secret": lambda: secrets.put_secret_value(SecretId=arns["shop-api"], SecretString="x"),
            "secrets": secrets.list_secrets,
            "parameter": lambda: ssm.put_parameter(
                Name="/example/shop/settings", Value="x", Overwrite=True
            ),
            "parameters": ssm.describe_parameters,
            "item": lambda: items.put_item(TableName=arns["orders"], Item=KEY),
            "table": lambda: items.delete_table(TableName=arns["orders"]),
            "function": lambda: functions.get_function(FunctionName=arns["price"]),
            "stream": lambda: clicks.describe_stream_summary(StreamARN=arns["clicks"]),
            "bus": lambda: events.put_events(Entries=[{**put, "EventBusName": "default"}]),
            "machine": lambda: machines.describe_state_machine(stateMachineArn=arns["delivery"]),
            "log": lambda: logs.get_log_events(**stream),
        },
    )


def of_importer(importer: boto3.Session, arns: dict[str, str]) -> None:
    """It writes settings and items, reads what the shop wrote, and has one action more."""
    items, streams = importer.client("dynamodb"), importer.client("dynamodbstreams")
    ssm, clicks = importer.client("ssm"), importer.client("kinesis")
    machines, logs = importer.client("stepfunctions"), importer.client("logs")
    group = {"logGroupName": arns["log"].split(":log-group:")[1]}
    (execution,) = machines.list_executions(stateMachineArn=arns["delivery"])["executions"]
    name = execution["executionArn"]
    setting = {"Name": "/example/shop/settings", "Value": "{}", "Overwrite": True}
    allowed_and_refused(
        {
            "item": lambda: items.put_item(TableName=arns["orders"], Item=KEY),
            "action": lambda: items.describe_time_to_live(TableName=arns["orders"]),
            "streams": streams.list_streams,
            "parameter": lambda: ssm.put_parameter(**setting),
            "stream": lambda: clicks.list_shards(StreamARN=arns["clicks"]),
            "execution": lambda: machines.describe_execution(executionArn=name),
            "log": lambda: logs.get_log_events(**group, logStreamName="shop"),
        },
        {
            "table": lambda: items.delete_table(TableName=arns["orders"]),
            "action": lambda: items.update_time_to_live(
                TableName=arns["orders"],
                TimeToLiveSpecification={"Enabled": True, "AttributeName": "x"},
            ),
            "parameter": lambda: ssm.get_parameter(Name=arns["shop-settings"]),
            "stream": lambda: clicks.put_record(
                StreamARN=arns["clicks"], PartitionKey="x", Data=b"x"
            ),
            "execution": lambda: machines.stop_execution(executionArn=name),
            "log": lambda: logs.delete_log_group(**group),
        },
    )


def of_builder(builder: boto3.Session, arns: dict[str, str]) -> None:
    """It logs in to the registry, pulls and pushes."""
    ecr = builder.client("ecr")
    place = {"repositoryName": arns["images"].split(":repository/")[1]}
    manifest = {"schemaVersion": 2, "config": {}, "layers": []}
    image = [{"imageTag": "1"}]
    allowed_and_refused(
        {
            "login": ecr.get_authorization_token,
            "push": lambda: ecr.put_image(
                **place, imageManifest=json.dumps(manifest), imageTag="1"
            ),
            "pull": lambda: ecr.batch_get_image(**place, imageIds=image),
        },
        {
            "other": lambda: ecr.list_images(repositoryName="other"),
            "all": ecr.describe_repositories,
            "delete": lambda: ecr.batch_delete_image(**place, imageIds=image),
        },
    )


def declared_key(program: Program) -> str:
    (key,) = {each["kms_key_arn"] for each in program.settings()["resources"] if len(each) > 2}
    return str(key)


def descriptions(production: boto3.Session, arns: dict[str, str]) -> list[object]:
    """What an administrator sees of all that exists already."""
    name = arns["log"].split(":log-group:")[1]
    secret = production.client("secretsmanager").describe_secret(SecretId=arns["shop-api"])
    table = production.client("dynamodb").describe_table(TableName=arns["orders"])["Table"]
    function = production.client("lambda").get_function_configuration(FunctionName=arns["price"])
    stream = production.client("kinesis").describe_stream_summary(StreamARN=arns["clicks"])
    (group,) = production.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    machine = production.client("stepfunctions").describe_state_machine(
        stateMachineArn=arns["delivery"]
    )
    (repository,) = production.client("ecr").describe_repositories()["repositories"]
    bus = production.client("events").describe_event_bus(Name="example-events")
    return [
        (secret["ARN"], secret["VersionIdsToStages"], secret.get("DeletedDate")),
        production.client("ssm").get_parameter(Name=arns["shop-settings"])["Parameter"]["Type"],
        (table["TableArn"], table["TableStatus"], table["KeySchema"]),
        (repository["repositoryArn"], repository["createdAt"]),
        (function["FunctionArn"], function["CodeSha256"], function["Role"]),
        stream["StreamDescriptionSummary"]["StreamStatus"],
        (bus["Arn"], bus.get("Policy")),
        (machine["definition"], machine["status"]),
        (group["arn"], group["creationTime"]),
    ]


def test_rejects_what_does_not_exist_before_anything_is_made(program: Program) -> None:
    example = ROOT / "examples" / "existing-resources" / "Pulumi.prod.yaml"
    shutil.copy2(example, program.folder)
    output = program.refused("up", "--yes", "--skip-preview", "--stack", "prod")
    output = output[output.index("Diagnostics:") :]
    for declared in program.settings()["resources"]:
        assert declared["arn"] in output
        assert declared.get("kms_key_arn", "") in output
    assert output.count("nothing was changed") == 1
    assert admin(PRODUCTION_ADMIN).client("iam").list_roles()["Roles"] == []


def test_two_stacks_share_one_bucket_and_neither_makes_it(program: Program) -> None:
    deploy(program, "shared-bucket")
    shutil.copy2(ROOT / "examples/shared-bucket/Pulumi.analytics.yaml", program.folder)
    program.set("analytics", buckets=program.settings()["buckets"])
    program.init("analytics")
    program.up("analytics")
    assert program.settled()
    assert program.settled("analytics")
    bucket, production = "example-lake-101", admin(PRODUCTION_ADMIN)
    types = [each["type"] for stack in ("prod", "analytics") for each in program.resources(stack)]
    assert not [each for each in types if each.startswith(("aws:s3/", "aws:sqs/", "aws:kms/"))]

    put(bucket, "reports/2030.pdf", "events/1", "models/1")
    reporting = assume(user("Reporting"), role("ReportingAccess")).client("s3")
    analytics = assume(user("Analytics"), role("AnalyticsAccess")).client("s3")
    assert reporting.get_object(Bucket=bucket, Key="reports/2030.pdf")["ContentLength"] == 7
    analytics.put_object(Bucket=bucket, Key="models/2", Body=b"")
    none_allowed(
        lambda: reporting.get_object(Bucket=bucket, Key="events/1"),
        lambda: reporting.put_object(Bucket=bucket, Key="reports/x", Body=b""),
        lambda: analytics.get_object(Bucket=bucket, Key="reports/2030.pdf"),
        lambda: reporting.put_bucket_policy(Bucket=bucket, Policy="{}"),
    )
    proved = program.run("access", "prove", "--from", "live", "--stack", "analytics")
    assert proved.status == 0, proved.output
    refuses_all(production, bucket)
    proved = program.run("access", "prove", "--from", "live", "--stack", "analytics")
    assert proved.status == 1
    assert "analytics: s3:GetObject is refused by the policy of arn:aws:s3:::" in proved.output
    assert "TheirsAlone" in proved.output
    assert '{"ArnNotLike": {"aws:PrincipalArn": "' in proved.output

    asked = (
        "production:role/AnalyticsAccess",
        "s3:GetObject",
        f"arn:aws:s3:::{bucket}/events/1",
    )
    explained = program.run("access", "explain", *asked, "--stack", "analytics")
    assert explained.status == 1, explained.output
    assert "TheirsAlone" in explained.output
    assert "have its owner add to the statement that refuses, the condition" in explained.output

    # The one that goes takes nothing from the other.
    production.client("s3").delete_bucket_policy(Bucket=bucket)
    program.pulumi("destroy", "--yes", "--skip-preview", "--stack", "analytics")
    assert reporting.get_object(Bucket=bucket, Key="reports/2030.pdf")["ContentLength"] == 7
    program.pulumi("destroy", "--yes", "--skip-preview", "--stack", "prod")
    there = production.client("s3").list_objects_v2(Bucket=bucket)
    assert there["KeyCount"] == 4
    production.client("sqs").get_queue_url(QueueName="example-reports")


def refuses_all(production: boto3.Session, bucket: str) -> None:
    """The owner of a bucket refuses to read its events to everybody."""
    statement = {
        "Sid": "TheirsAlone",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{bucket}/events/*",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    production.client("s3").put_bucket_policy(Bucket=bucket, Policy=document)


def test_rejects_a_bucket_that_is_not_there_before_anything_is_made(program: Program) -> None:
    shutil.copy2(ROOT / "examples" / "shared-bucket" / "Pulumi.prod.yaml", program.folder)
    output = program.refused("up", "--yes", "--skip-preview", "--stack", "prod")
    assert "bucket 'example-lake-101' is said to exist, and account 111122223333 has no" in output
    assert "queue 'example-reports' is said to exist" in output
    assert "and there is no such key; correct it" in output
    assert admin(PRODUCTION_ADMIN).client("iam").list_roles()["Roles"] == []


def test_topics_and_queues_that_keep_an_order_are_used_where_they_exist(program: Program) -> None:
    shutil.copy2(ROOT / "examples" / "shared-bucket" / "Pulumi.prod.yaml", program.folder)
    shared = {"queue": ("jobs.fifo", ["send", "receive"]), "topic": ("news.fifo", ["publish"])}
    settings: dict[str, Any] = {
        f"{kind}s": [{"name": name, "existing": True}] for kind, (name, _) in shared.items()
    }
    grants = [
        {"consumer": "reporting", kind: name, "levels": levels}
        for kind, (name, levels) in shared.items()
    ]
    program.set(buckets=[], grants=grants, **settings)
    make_existing(program)
    program.up()
    queues = assume(user("Reporting"), role("ReportingAccess")).client("sqs")
    url = queues.get_queue_url(QueueName="jobs.fifo")["QueueUrl"]
    of_group = {"MessageGroupId": "a", "MessageDeduplicationId": "1"}
    queues.send_message(QueueUrl=url, MessageBody="x", **of_group)
    for command in (("prove", "--from", "live"), ("verify",)):
        ran = program.run("access", *command, "--stack", "prod")
        assert ran.status == 0, ran.output
