"""What exists already, and the program only looks for, is served with enforcement."""

import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from cross_account_access.command.calls import make
from cross_account_access.declaration.accounts import Account
from cross_account_access.declaration.kinds import EXISTING
from cross_account_access.declaration.model import ExistingResource
from cross_account_access.dev.sandbox.box import REGION, Sandbox
from cross_account_access.iam.services import Call, Operation, Place, client_of, services
from tests.support import existing

OWNER, OTHER = "111122223333", "444455556666"
ACCOUNT = Account(account_id=OWNER, profile="p", region=REGION)
NUMBERS = itertools.count()
OPERATIONS = [
    (kind, operation)
    for kind in EXISTING
    for operation in services()[kind.service].operations
    if operation.calls
]

Client = Callable[..., Any]


@dataclass(frozen=True)
class Made:
    """An account that has one resource of each kind."""

    client: Client
    """Clients of it; without a key they act as its root."""
    arns: dict[str, str]
    """By service."""

    def place(self, service: str) -> Place:
        return Place(arn=self.arns[service], home=OTHER, owner=OWNER)


@pytest.fixture(scope="module")
def made() -> Iterator[Made]:
    with Sandbox.start(production=OWNER, staging=OTHER) as box, pytest.MonkeyPatch.context() as to:

        def client(service: Any, key_id: str = OWNER, secret: str = "") -> Any:
            return boto3.client(
                service,
                region_name=REGION,
                aws_access_key_id=key_id,
                aws_secret_access_key=secret or box.emulator.secret,
                endpoint_url=box.emulator.http_endpoint,
            )

        class Root:
            @staticmethod
            def client(service: str) -> Any:
                return client(service)

        to.setattr(existing, "admin", lambda _: Root)
        arns = {kind.service: existing.arn_of(kind) for kind in EXISTING}
        yield Made(client, {service: existing.MAKE[service](arn) for service, arn in arns.items()})


def user(made: Made, *actions: str, resources: list[str]) -> dict[str, str]:
    """A user of the account who may do this and no more; its access key."""
    iam, name = made.client("iam"), f"user-{next(NUMBERS)}"
    iam.create_user(UserName=name)
    if actions:
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": resources}
        document = {"Version": "2012-10-17", "Statement": statement}
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=json.dumps(document))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {"key_id": key["AccessKeyId"], "secret": key["SecretAccessKey"]}


def answer(client: Any, calls: Sequence[Call], place: Place) -> str | None:
    """The code with which calls are answered; None for success."""
    try:
        make(client, calls, place)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return None


@pytest.mark.parametrize("kind", EXISTING)
def test_what_is_there_is_found_and_what_is_not_is_told(
    made: Made, kind: type[ExistingResource]
) -> None:
    there = kind(name="theirs", existing_arn=made.arns[kind.service])
    gone = kind(name="theirs", existing_arn=f"{there.existing_arn[:-6]}AAAAAA")
    for resource, is_there in ((there, True), (gone, False)):
        (must,) = resource.must_exist(ACCOUNT)
        look = getattr(made.client(must.client), must.method)
        if is_there:
            assert must.problem(look(**must.parameters)) is None
        else:
            with pytest.raises(ClientError) as caught:
                look(**must.parameters)
            assert caught.value.response["Error"]["Code"] == must.absent


@pytest.mark.parametrize(
    ("kind", "operation"), OPERATIONS, ids=lambda each: getattr(each, "words", None)
)
def test_who_may_is_let_in_and_who_may_not_is_refused(
    made: Made, kind: type[ExistingResource], operation: Operation
) -> None:
    place = made.place(kind.service)
    allowed = user(made, *operation.actions, resources=place.fill(operation.everything))
    refusals = services()[kind.service].refusals
    name = client_of(place.arn, operation)
    nobody = user(made, resources=[])
    assert answer(made.client(name, **nobody), operation.calls, place) in refusals
    told = answer(made.client(name, **allowed), operation.calls, place)
    assert told in {None, *operation.invalid}


@pytest.mark.parametrize("kind", [each for each in EXISTING if services()[each.service].policy])
def test_the_policy_of_a_resource_is_read_or_is_none(
    made: Made, kind: type[ExistingResource]
) -> None:
    place, policy = made.place(kind.service), services()[kind.service].policy
    assert policy is not None
    told = answer(made.client(client_of(place.arn)), policy.calls, place)
    assert told in {None, *policy.none}


def test_a_function_is_made_and_never_runs(made: Made) -> None:
    client, name = made.client("lambda"), made.arns["lambda"]
    assert client.invoke(FunctionName=name, InvocationType="DryRun")["StatusCode"] == 204
    answered = client.invoke(FunctionName=name, Payload=b'{"ran": true}')
    assert answered["FunctionError"]
    assert b"starts no process" in answered["Payload"].read()
