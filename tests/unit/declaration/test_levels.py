"""What levels mean, held to what AWS says that its actions are about."""

import pytest

from cross_account_access.declaration.accounts import Account
from cross_account_access.declaration.kinds import (
    EXISTING,
    OWNED,
    Function,
    LogGroup,
    Repository,
    Stream,
    Table,
)
from cross_account_access.declaration.model import SharedResource
from cross_account_access.facts import service_reference
from cross_account_access.iam.services import Place, services
from tests.support.existing import arn_of

OWNER = Account(account_id="111122223333", profile="p", region="us-west-2")
SHARED: list[SharedResource] = [
    *(kind(name="example") for kind in OWNED),
    *(kind(name="example", existing_arn=arn_of(kind)) for kind in EXISTING),
]
LEVELS = [(resource, level) for resource in SHARED for level in resource.levels]


def about(action: str, *arns: str) -> bool:
    known = service_reference.action(action)
    assert known is not None, f"{action} is no action"
    assert known.name == action
    return any(known.is_about(arn) for arn in arns)


@pytest.mark.parametrize(
    ("resource", "level"), LEVELS, ids=lambda each: getattr(each, "kind", each)
)
def test_each_action_of_a_level_is_one_and_takes_what_it_is_allowed_on(
    resource: SharedResource, level: str
) -> None:
    actions = resource.levels[level]
    for action in actions.on_resource:
        assert about(action, *resource.own_arns(OWNER)), action
    for action in actions.on_objects:
        assert about(action, *resource.inside(OWNER).values()), action
    for action in actions.on_anything:
        assert about(action, "*"), action
    assert len({*actions.on_resource, *actions.on_objects, *actions.on_anything}) > 0


@pytest.mark.parametrize("kind", EXISTING)
def test_the_judge_knows_the_same_levels(kind: type[SharedResource]) -> None:
    operations = services()[kind.service].operations
    assert {level for each in operations for level in each.levels} == set(kind.levels)


@pytest.mark.parametrize("resource", SHARED, ids=lambda each: each.kind)
def test_the_judge_asks_for_actions_that_take_what_they_are_tried_on(
    resource: SharedResource,
) -> None:
    place = Place(arn=resource.arn(OWNER), scratch="x/", home="444455556666")
    for operation in services()[resource.service].operations:
        for action in operation.actions:
            # The reference does not tell the versions of a function from it, nor log streams.
            arns = (place.fill(operation.resource), *place.fill(operation.everything))
            assert about(action, *arns), (operation.words, action)


@pytest.mark.parametrize("resource", SHARED, ids=lambda each: each.kind)
def test_a_key_is_needed_by_known_levels_alone(resource: SharedResource) -> None:
    assert set(resource.key_actions) <= set(resource.levels)
    for actions in resource.key_actions.values():
        assert all(about(action, OWNER.regional_arn("kms", "key/1")) for action in actions)


@pytest.mark.parametrize("kind", [Function, LogGroup])
def test_what_goes_by_several_arns_is_allowed_by_all(
    kind: type[Function] | type[LogGroup],
) -> None:
    """Versions and aliases of a function, and a log group as most actions are matched with it."""
    arn = arn_of(kind)
    assert kind(name="example", existing_arn=arn).own_arns(OWNER) == (arn, f"{arn}:*")


@pytest.mark.parametrize(
    ("kind", "level", "needed"),
    [
        # "IAM permissions for pushing an image to an Amazon ECR private repository"
        (Repository, "push", "ecr:BatchCheckLayerAvailability ecr:BatchGetImage ecr:PutImage"),
        # "IAM permissions required for KCL consumer applications"
        (Stream, "read", "kinesis:DescribeStreamConsumer kinesis:SubscribeToShard"),
        # "IAM security policies with PartiQL for DynamoDB"
        (Table, "read", "dynamodb:PartiQLSelect"),
        (Table, "write", "dynamodb:PartiQLDelete dynamodb:PartiQLInsert dynamodb:PartiQLUpdate"),
    ],
)
def test_a_level_has_what_its_clients_ask_for(
    kind: type[SharedResource], level: str, needed: str
) -> None:
    actions = kind.levels[level]
    assert set(needed.split()) <= {*actions.on_resource, *actions.on_objects}


def test_who_uses_an_encrypted_log_group_uses_its_key() -> None:
    """As CloudWatchLogsAPIKeyAccess, a policy of AWS, has it."""
    assert LogGroup.key_actions == {
        "read": ("kms:Decrypt",),
        "write": ("kms:Decrypt", "kms:GenerateDataKey"),
    }
