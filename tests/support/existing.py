"""What a stack file says exists already, made in the emulated Production account."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from tests.support.people import PRODUCTION_ADMIN, admin
from tests.support.program import Program


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


MAKE: Final[Mapping[str, Callable[[str], str]]] = {"secretsmanager": _secret, "dynamodb": _table}
"""By service: makes what an ARN names, and gives the ARN that it then has."""


def make_existing(program: Program) -> None:
    """Makes what the stack file names under `resources`, and writes the ARNs that they have."""
    declared: list[dict[str, Any]] = program.settings().get("resources", [])
    if declared:
        arns = {each["name"]: MAKE[each["arn"].split(":")[2]](each["arn"]) for each in declared}
        program.set(resources=[{"name": name, "arn": arn} for name, arn in arns.items()])
