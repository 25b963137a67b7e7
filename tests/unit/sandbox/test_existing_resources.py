"""What exists already, and the program only looks for, is served with enforcement."""

import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from cross_account_access.dev.sandbox.box import REGION, Sandbox

OWNER, OTHER = "111122223333", "444455556666"
TABLE = f"arn:aws:dynamodb:{REGION}:{OWNER}:table/orders"
SECRET_NAME = "billing/key"

Client = Callable[..., Any]
NUMBERS = itertools.count()


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """Clients of an account that has a secret and a table; without a key they act as its root."""
    with Sandbox.start(production=OWNER, staging=OTHER) as box:

        def made(service: Any, key_id: str = OWNER, secret: str = "") -> Any:
            return boto3.client(
                service,
                region_name=REGION,
                aws_access_key_id=key_id,
                aws_secret_access_key=secret or box.emulator.secret,
                endpoint_url=box.emulator.http_endpoint,
            )

        made("secretsmanager").create_secret(Name=SECRET_NAME, SecretString="x")
        made("dynamodb").create_table(
            TableName="orders",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield made


@pytest.fixture
def user(client: Client) -> Callable[..., dict[str, str]]:
    """Makes a user of the account with one statement, or none; returns its access key."""

    def made(**statement: Any) -> dict[str, str]:
        iam, name = client("iam"), f"user-{next(NUMBERS)}"
        iam.create_user(UserName=name)
        if statement:
            document = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", **statement}}
            iam.put_user_policy(
                UserName=name, PolicyName="own", PolicyDocument=json.dumps(document)
            )
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return {"key_id": key["AccessKeyId"], "secret": key["SecretAccessKey"]}

    return made


def refusal(call: Any, **parameters: str) -> str:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return str(caught.value.response["Error"]["Code"])


def test_a_secret_is_found_and_refused_as_by_aws(client: Client, user: Any) -> None:
    arn = client("secretsmanager").describe_secret(SecretId=SECRET_NAME)["ARN"]
    other = f"{arn[:-6]}AAAAAA"
    allowed = client(
        "secretsmanager", **user(Action="secretsmanager:DescribeSecret", Resource=[arn, other])
    )

    assert arn.startswith(f"arn:aws:secretsmanager:{REGION}:{OWNER}:secret:{SECRET_NAME}-")
    assert allowed.describe_secret(SecretId=arn)["ARN"] == arn
    assert refusal(allowed.describe_secret, SecretId=other) == "ResourceNotFoundException"
    assert refusal(allowed.get_secret_value, SecretId=arn) == "AccessDeniedException"
    denied = client("secretsmanager", **user())
    assert refusal(denied.describe_secret, SecretId=arn) == "AccessDeniedException"


def test_a_table_is_found_and_refused_as_by_aws(client: Client, user: Any) -> None:
    other = f"{TABLE}-of-nobody"
    allowed = client("dynamodb", **user(Action="dynamodb:DescribeTable", Resource=[TABLE, other]))

    assert allowed.describe_table(TableName=TABLE)["Table"]["TableArn"] == TABLE
    assert refusal(allowed.describe_table, TableName=other) == "ResourceNotFoundException"
    assert refusal(allowed.scan, TableName=TABLE) == "AccessDeniedException"
    denied = client("dynamodb", **user())
    assert refusal(denied.describe_table, TableName=TABLE) == "AccessDeniedException"
