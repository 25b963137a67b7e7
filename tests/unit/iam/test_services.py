"""What is told of AWS services, held to the models that AWS's own library has of them."""

from __future__ import annotations

import re
from importlib import import_module
from inspect import signature
from typing import Any

import boto3
import pytest
from botocore.validate import ParamValidator

from cross_account_access.iam.engine import World
from cross_account_access.iam.services import (
    Call,
    Place,
    client_of,
    policy_resource,
    service_of,
    services,
)

ACCOUNT = "111122221111"
PLACE = Place(
    arn=f"arn:aws:any:us-west-2:{ACCOUNT}:thing",
    prefix="images/",
    scratch="images/access-verify-0/",
    existing="images/sunset.jpg",
    home=ACCOUNT,
    owner=ACCOUNT,
)
CALLED = sorted(name for name, each in services().items() if each.operations or each.policy)


def calls_of(name: str) -> list[tuple[Any, tuple[Call, ...]]]:
    """Calls, each with the client that makes them."""
    service, arn = services()[name], f"arn:aws:{name}:us-west-2:{ACCOUNT}:thing"
    tried = [(client_of(arn, each), each.calls) for each in service.operations if each.calls]
    if service.policy:
        tried.append((client_of(arn), service.policy.calls))
    maker: Any = boto3
    clients = {client: maker.client(client, region_name="us-west-2") for client, _ in tried}
    return [(clients[client], calls) for client, calls in tried]


@pytest.mark.parametrize("name", CALLED)
def test_every_call_is_one_that_the_client_has_and_could_make(name: str) -> None:
    for client, calls in calls_of(name):
        known = {"endpoint": "https://example.com"}
        for call in calls:
            api = client.meta.service_model.operation_model(
                client.meta.method_to_api_mapping[call.method]
            )
            filled = PLACE.fill(call.parameters, **known)
            report = ParamValidator().validate(filled, api.input_shape)
            assert not report.has_errors(), (call.method, report.generate_report())
            answered = set(api.output_shape.members if api.output_shape else ())
            assert set(call.keep.values()) <= answered
            known |= dict.fromkeys(call.keep, "kept")
        policy = services()[name].policy
        if policy and calls is policy.calls:
            assert policy.path[0] in answered


@pytest.mark.parametrize("name", CALLED)
def test_what_is_told_of_operations_fits_together(name: str) -> None:
    service = services()[name]
    assert service.missing
    assert len({each.words for each in service.operations}) == len(service.operations)
    for operation in service.operations:
        assert service.refusals
        assert all(action.startswith(f"{name}:") for action in operation.actions)
        assert all(action.startswith("kms:") for action in operation.key_actions)
        assert is_of(PLACE.fill(operation.resource), PLACE.arn)
        assert all(is_of(pattern, PLACE.arn) for pattern in PLACE.fill(operation.everything))
        assert not operation.invalid & service.refusals
        PLACE.fill(operation.condition_keys)
    PLACE.fill(service.encryption_context)


def is_of(asked: str, arn: str) -> bool:
    """Whether a request is about a resource, about something of its name, or about nothing."""
    return asked == "*" or asked.startswith(arn) or f":{arn.rsplit(':', maxsplit=1)[-1]}:" in asked


def sdk_type(token: str) -> Any:
    """The class of pulumi-aws that makes resources of a type."""
    _, module, name = token.split(":")
    return getattr(import_module(f"pulumi_aws.{module.split('/')[0]}"), name)


def properties(token: str) -> set[str]:
    """As they are called in a state."""
    names = signature(sdk_type(token)._internal_init).parameters
    return {re.sub(r"_(\w)", lambda match: match[1].upper(), name) for name in names}


@pytest.mark.parametrize("name", sorted(name for name, each in services().items() if each.stack))
def test_types_of_a_stack_are_those_of_pulumi_aws(name: str) -> None:
    types = services()[name].stack
    assert types is not None
    for token in types.resources:
        assert sdk_type(token).pulumi_type == token
        # Keys have no name.
        assert types.name in properties(token) or name == "kms"
    for token, key in types.policies.items():
        assert sdk_type(token).pulumi_type == token
        assert properties(token) >= {"policy", key}
    arn = types.arn.format(partition="aws", region="eu-west-1", account=ACCOUNT, name="thing")
    assert arn.split(":")[2] == name
    if types.default_policy is not None:
        policy = Place(arn=arn).fill(types.default_policy)
        World(resources={arn: {"account": ACCOUNT, "policy": policy}})


def test_forms_are_those_of_the_service() -> None:
    for name, service in services().items():
        for form in service.forms:
            assert form.split(":")[2] == name


def test_a_service_is_found_by_the_arn_of_its_resources() -> None:
    assert service_of("arn:aws:s3:::shared") is services()["s3"]
    with pytest.raises(KeyError):
        service_of("arn:aws:none:::shared")


@pytest.mark.parametrize(
    ("arn", "resource"),
    [
        ("arn:aws:s3:::shared/images/a:b", "arn:aws:s3:::shared"),
        ("arn:aws:s3:::shared", "arn:aws:s3:::shared"),
        ("arn:aws:kms:us-west-2:1:key/1", "arn:aws:kms:us-west-2:1:key/1"),
        (
            "arn:aws:dynamodb:us-west-2:1:table/orders/index/by-date",
            "arn:aws:dynamodb:us-west-2:1:table/orders",
        ),
        (
            "arn:aws:s3:us-west-2:1:accesspoint/ours/object/a/b",
            "arn:aws:s3:us-west-2:1:accesspoint/ours",
        ),
        ("arn:aws:s3:us-west-2:1:job/a1", "arn:aws:s3:us-west-2:1:job/a1"),
        (
            "arn:aws:dynamodb:us-west-2:1:table/orders/stream/2030",
            "arn:aws:dynamodb:us-west-2:1:table/orders",
        ),
        ("arn:aws:none:::a/b", "arn:aws:none:::a/b"),
        ("*", "*"),
    ],
)
def test_the_policy_of_what_is_inside_is_that_of_the_resource(arn: str, resource: str) -> None:
    assert policy_resource(arn) == resource


def test_a_template_takes_what_is_not_empty() -> None:
    template = {"Bucket": "{name}", "Prefix": "{prefix}", "MaxKeys": 0, "Names": ("{home}",)}
    assert PLACE.fill(template) == {
        "Bucket": "thing",
        "Prefix": "images/",
        "MaxKeys": 0,
        "Names": [ACCOUNT],
    }
    whole = Place(arn=PLACE.arn)
    assert "Prefix" not in whole.fill(template)
    assert whole.fill("{url}/{name}", url="https://example.com") == "https://example.com/thing"


def test_what_a_place_has_is_no_template() -> None:
    assert Place(arn=PLACE.arn, prefix="{home}/").fill("{prefix}") == "{home}/"


@pytest.mark.parametrize("home", [ACCOUNT, "000000000000", "123456654321"])
def test_another_account_is_never_the_callers_own(home: str) -> None:
    elsewhere = Place(arn=PLACE.arn, home=home).elsewhere
    assert elsewhere != home
    assert len(elsewhere) == 12
    assert elsewhere.isdigit()
