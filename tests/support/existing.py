"""What a stack file says exists already, made in the emulated Production account."""

import contextlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from typing import Any, Final

from cross_account_access.declaration.model import ExistingResource
from tests.support.people import PRODUCTION_ADMIN, REGION, STAGING_ADMIN, admin
from tests.support.program import Program


def arn_of(kind: type[ExistingResource], **changes: str) -> str:
    """The ARN of one that Production could have; `changes` are parts of it by their names."""
    parts = {"partition": "aws", "service": kind.service, "region": "us-west-2"}
    found = {**parts, "account": "111122223333", "resource": kind.arn_example, **changes}
    return ":".join(["arn", *found.values()])


def _secret(arn: str) -> str:
    """Secrets Manager ends the ARN with six characters of its own choice."""
    name = arn.split(":secret:")[1].rpartition("-")[0]
    client = admin(PRODUCTION_ADMIN).client("secretsmanager")
    made: str = client.create_secret(Name=name, SecretString="{}")["ARN"]
    return made


def _table(arn: str) -> str:
    admin(PRODUCTION_ADMIN).client("dynamodb").create_table(
        TableName=arn.rsplit("/", 1)[-1],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return arn


def _parameter(arn: str) -> str:
    name = arn.split(":parameter")[1]
    admin(PRODUCTION_ADMIN).client("ssm").put_parameter(Name=name, Value="{}", Type="String")
    return arn


def _repository(arn: str) -> str:
    name = arn.split(":repository/")[1]
    admin(PRODUCTION_ADMIN).client("ecr").create_repository(repositoryName=name)
    return arn


def _function(arn: str) -> str:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as code:
        code.writestr("main.py", "def handler(event, context): return event")
    admin(PRODUCTION_ADMIN).client("lambda").create_function(
        FunctionName=arn.rsplit(":", 1)[-1],
        Role=_service_role(),
        Runtime="python3.12",
        Handler="main.handler",
        Code={"ZipFile": archive.getvalue()},
    )
    return arn


def _stream(arn: str) -> str:
    name = arn.rsplit("/", 1)[-1]
    admin(PRODUCTION_ADMIN).client("kinesis").create_stream(StreamName=name, ShardCount=1)
    return arn


def _bus(arn: str) -> str:
    admin(PRODUCTION_ADMIN).client("events").create_event_bus(Name=arn.split(":event-bus/")[1])
    return arn


def _state_machine(arn: str) -> str:
    states = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}
    admin(PRODUCTION_ADMIN).client("stepfunctions").create_state_machine(
        name=arn.rsplit(":", 1)[-1], definition=json.dumps(states), roleArn=_service_role()
    )
    return arn


def _log_group(arn: str) -> str:
    name = arn.split(":log-group:")[1]
    admin(PRODUCTION_ADMIN).client("logs").create_log_group(logGroupName=name)
    return arn


def _service_role() -> str:
    """A role that functions and state machines can be made with."""
    iam, name = admin(PRODUCTION_ADMIN).client("iam"), "service"
    statement = {"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)
    return f"arn:aws:iam::111122223333:role/{name}"


MAKE: Final[Mapping[str, Callable[[str], str]]] = {
    "secretsmanager": _secret,
    "ssm": _parameter,
    "dynamodb": _table,
    "ecr": _repository,
    "lambda": _function,
    "kinesis": _stream,
    "events": _bus,
    "states": _state_machine,
    "logs": _log_group,
}
"""By service: makes what an ARN names, and gives the ARN that it then has."""


def _bucket(name: str) -> None:
    where: Any = {"LocationConstraint": REGION}
    s3 = admin(PRODUCTION_ADMIN).client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration=where)


def _topic(name: str) -> None:
    fifo = {"FifoTopic": "true"} if name.endswith(".fifo") else {}
    admin(PRODUCTION_ADMIN).client("sns").create_topic(Name=name, Attributes=fifo)


def _queue(name: str) -> None:
    fifo: Any = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
    admin(PRODUCTION_ADMIN).client("sqs").create_queue(QueueName=name, Attributes=fifo)


_MAKE_BY_NAME: Final[Mapping[str, Callable[[str], None]]] = {
    "buckets": _bucket,
    "topics": _topic,
    "queues": _queue,
}


def make_existing(program: Program) -> None:
    """Makes what the stack file says exists, and writes the ARNs that it and its keys have."""
    settings = program.settings()
    for consumer in settings.get("consumers", []):
        if consumer.get("lambda_functions", {}).get("role", {}).get("existing"):
            _execution_role(consumer["lambda_functions"]["role"])
        if "eks_pods" in consumer:
            make_cluster(consumer["eks_pods"]["cluster"])
    declared: list[dict[str, Any]] = settings.get("resources", [])
    if declared:
        program.set(resources=[_made(each) for each in declared])
    for kind, make in _MAKE_BY_NAME.items():
        existing = [each for each in settings.get(kind, []) if each.get("existing")]
        for each in existing:
            make(each["name"])
        if existing:
            changed: dict[str, Any] = {kind: [_with_key(each) for each in settings[kind]]}
            program.set(**changed)


def _execution_role(declared: Mapping[str, Any]) -> None:
    """A role of functions in Staging, with what most have beside: they write a log."""
    iam, name = admin(STAGING_ADMIN).client("iam"), declared["name"]
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}
    log = {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"]}
    iam.create_role(
        RoleName=name,
        Path=declared["path"],
        AssumeRolePolicyDocument=_document({**trust, "Action": "sts:AssumeRole"}),
    )
    iam.put_role_policy(
        RoleName=name, PolicyName="log", PolicyDocument=_document({**log, "Resource": "*"})
    )


def make_cluster(name: str) -> None:
    """A cluster of EKS in Staging, of which the emulated AWS has the name and no machine."""
    iam, eks = admin(STAGING_ADMIN).client("iam"), admin(STAGING_ADMIN).client("eks")
    trust = {"Effect": "Allow", "Principal": {"Service": "eks.amazonaws.com"}}
    role = iam.create_role(
        RoleName=f"{name}-cluster",
        AssumeRolePolicyDocument=_document({**trust, "Action": "sts:AssumeRole"}),
    )
    eks.create_cluster(name=name, roleArn=role["Role"]["Arn"], resourcesVpcConfig={})


def _document(statement: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _made(declared: dict[str, Any]) -> dict[str, Any]:
    """A declared resource, made, with the ARNs that it and its key then have."""
    return _with_key({**declared, "arn": MAKE[declared["arn"].split(":")[2]](declared["arn"])})


def _with_key(declared: dict[str, Any]) -> dict[str, Any]:
    if "kms_key_arn" not in declared:
        return declared
    key = admin(PRODUCTION_ADMIN).client("kms").create_key()
    return {**declared, "kms_key_arn": key["KeyMetadata"]["Arn"]}
