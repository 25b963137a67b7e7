"""Documents out of resources: deployed and planned, of all kinds, with what cannot be known."""

from typing import Any

import pytest

from cross_account_access.command.inventory import inventory_of
from cross_account_access.iam.engine import Outcome, Request, decide, parse_principal
from cross_account_access.iam.errors import DocumentError
from cross_account_access.iam.inventory import Inventory, is_unknown_document
from cross_account_access.stack import resources_of_state
from tests.support.states import (
    BUCKET,
    LIST,
    PRODUCTION,
    READ,
    ROLE,
    STAGING,
    TLS_ONLY,
    UNKNOWN,
    USER,
    allow,
    export,
    policy,
    providers,
    resource,
    urn,
    walkthrough,
)

ROLE_TYPE = "aws:iam/role:Role"
POLICY_TYPE = "aws:iam/policy:Policy"
ATTACHED = "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive"


def inventory(*resources: dict[str, Any]) -> Inventory:
    return inventory_of(resources_of_state(export([*providers(), *resources])))


def of_walkthrough(**changes: Any) -> Inventory:
    return inventory_of(resources_of_state(export(walkthrough(**changes))))


def outcome(found: Inventory, principal: str, action: str, arn: str) -> Outcome:
    return decide(found.world(), Request(parse_principal(principal), action, arn)).outcome


def test_the_walkthrough_is_read_completely() -> None:
    found = of_walkthrough()
    assert list(found.users) == [USER]
    assert list(found.users[USER].get("policies", {})) == ["assume-StageRole"]
    assert list(found.roles) == [ROLE]
    assert list(found.roles[ROLE].get("policies", {})) == [f"{PRODUCTION}:policy/StageRoleAccess"]
    assert list(found.resources) == [BUCKET]
    assert found.resources[BUCKET]["account"] == PRODUCTION
    assert found.gaps == ()
    assert outcome(found, ROLE, "s3:ListBucket", BUCKET) is Outcome.UNKNOWN  # over TLS or not
    assert outcome(of_walkthrough(bucket=policy()), ROLE, "s3:ListBucket", BUCKET) is (
        Outcome.ALLOWED
    )


def test_a_planned_policy_without_an_arn_is_found_by_what_it_is_made_from() -> None:
    found = inventory(
        resource(ROLE_TYPE, "r", name="StageRole", path="/x/", assumeRolePolicy=policy()),
        resource(POLICY_TYPE, "p", name="StageRoleAccess", policy=policy(READ)),
        resource(
            ATTACHED,
            "a",
            roleName="StageRole",
            policyArns=[UNKNOWN],
            dependencies={"policyArns": [urn(POLICY_TYPE, "p")]},
        ),
    )
    arn = f"arn:aws:iam::{PRODUCTION}:role/x/StageRole"
    policies = found.roles[arn].get("policies", {})
    assert list(policies) == [f"{PRODUCTION}:policy/StageRoleAccess"]
    assert not is_unknown_document(policies[f"{PRODUCTION}:policy/StageRoleAccess"])


def test_planned_policies_are_all_found_where_all_are_attached() -> None:
    found = inventory(
        resource(ROLE_TYPE, "r", name="StageRole", path="/", assumeRolePolicy=policy()),
        resource(POLICY_TYPE, "p", name="StageRoleAccess", policy=policy(READ)),
        resource(POLICY_TYPE, "p.2", name="StageRoleAccess-2", policy=policy(LIST)),
        resource(
            ATTACHED,
            "a",
            roleName="StageRole",
            policyArns=[UNKNOWN, UNKNOWN],
            dependencies={"policyArns": [urn(POLICY_TYPE, "p"), urn(POLICY_TYPE, "p.2")]},
        ),
    )
    policies = found.roles[ROLE].get("policies", {})
    names = [f"{PRODUCTION}:policy/StageRoleAccess{end}" for end in ("", "-2")]
    assert list(policies) == names
    assert not any(is_unknown_document(policies[name]) for name in names)


def test_an_attached_policy_that_cannot_be_known_leaves_answers_open() -> None:
    administrator = "arn:aws:iam::aws:policy/AdministratorAccess"
    found = inventory(
        resource(ROLE_TYPE, "r", name="StageRole", assumeRolePolicy=policy()),
        resource(ATTACHED, "a", roleName="StageRole", policyArns=[administrator]),
        resource("aws:s3/bucket:Bucket", "b", bucket=BUCKET.removeprefix("arn:aws:s3:::")),
    )
    assert outcome(found, ROLE, "s3:PutObject", f"{BUCKET}/x") is Outcome.UNKNOWN


def test_a_boundary_outside_the_stack_leaves_answers_open() -> None:
    found = inventory(
        resource(
            ROLE_TYPE,
            "r",
            name="StageRole",
            assumeRolePolicy=policy(),
            permissionsBoundary=f"arn:aws:iam::{PRODUCTION}:policy/Limit",
        ),
        resource(
            "aws:iam/rolePolicy:RolePolicy", "p", role="StageRole", name="x", policy=policy(READ)
        ),
        resource("aws:s3/bucket:Bucket", "b", bucket=BUCKET.removeprefix("arn:aws:s3:::")),
    )
    assert outcome(found, ROLE, "s3:GetObject", f"{BUCKET}/x") is Outcome.UNKNOWN
    assert outcome(found, ROLE, "s3:PutObject", f"{BUCKET}/x") is Outcome.DENIED


def test_an_adopted_user_has_policies_of_others_and_the_path_that_outputs_tell() -> None:
    arn = f"arn:aws:iam::{STAGING}:user/people/Adopted"
    stack = {
        "urn": urn("pulumi:pulumi:Stack", "cross-account-access-prod"),
        "type": "pulumi:pulumi:Stack",
        "outputs": {"userArns": {"adopted": arn}},
    }
    found = inventory(
        stack,
        resource(
            "aws:iam/userPolicy:UserPolicy",
            "u",
            "staging",
            user="Adopted",
            name="assume",
            policy=policy(LIST),
        ),
    )
    policies = found.users[arn].get("policies", {})
    assert [label for label, each in policies.items() if is_unknown_document(each)] == ["of others"]
    assert "assume" in policies


@pytest.mark.parametrize("is_told", [True, False])
def test_a_role_of_which_only_a_policy_is_in_the_stack_is_adopted_where_outputs_tell(
    is_told: bool,
) -> None:
    arn = f"arn:aws:iam::{STAGING}:role/tasks/Adopted"
    stack = {
        "urn": urn("pulumi:pulumi:Stack", "cross-account-access-prod"),
        "type": "pulumi:pulumi:Stack",
        "outputs": {"machineRoleArns": {"adopted": arn} if is_told else {}},
    }
    wanted = {"role": "Adopted", "name": "assume", "policy": policy(LIST)}
    found = inventory(stack, resource("aws:iam/rolePolicy:RolePolicy", "r", "staging", **wanted))
    if is_told:
        assert set(found.roles[arn].get("policies", {})) == {"assume", "of others"}
        assert is_unknown_document(found.roles[arn]["trust"])
    assert bool(found.gaps) is not is_told


def test_a_document_that_is_known_after_the_deployment_is_unknown_until_then() -> None:
    found = inventory(
        resource(ROLE_TYPE, "r", name="StageRole", assumeRolePolicy=UNKNOWN),
        resource("aws:s3/bucketPolicy:BucketPolicy", "b", bucket="b", policy=UNKNOWN),
    )
    assert is_unknown_document(found.roles[ROLE]["trust"])
    assert outcome(found, USER, "sts:AssumeRole", ROLE) is Outcome.UNKNOWN
    assert outcome(found, ROLE, "s3:GetObject", "arn:aws:s3:::b/x") is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("own", "separate", "key", "arn"),
    [
        ("aws:sns/topic:Topic", "aws:sns/topicPolicy:TopicPolicy", "arn", "sns:us-west-2"),
        ("aws:sqs/queue:Queue", "aws:sqs/queuePolicy:QueuePolicy", "queueUrl", "sqs:us-west-2"),
        ("aws:kms/key:Key", "aws:kms/keyPolicy:KeyPolicy", "keyId", "kms:us-west-2"),
    ],
)
def test_topics_queues_and_keys_have_policies_inside_or_beside_them(
    own: str, separate: str, key: str, arn: str
) -> None:
    document = policy(allow("*", "*", Principal={"AWS": STAGING}))
    inside = inventory(resource(own, "thing", name="thing", policy=document))
    (name,) = inside.resources
    assert name.startswith(f"arn:aws:{arn}:{PRODUCTION}:")
    assert "444455556666" in str(inside.resources[name]["policy"])
    planned = inventory(
        resource(own, "thing", name="thing"),
        resource(
            separate,
            "p",
            policy=document,
            dependencies={key: [urn(own, "thing")]},
            **{key: UNKNOWN},
        ),
    )
    assert planned.resources[name] == inside.resources[name]


def test_a_deployed_policy_is_matched_by_url_and_arn() -> None:
    found = inventory(
        resource("aws:sqs/queue:Queue", "q", name="jobs"),
        resource(
            "aws:sqs/queuePolicy:QueuePolicy",
            "p",
            queueUrl=f"https://sqs.us-west-2.amazonaws.com/{PRODUCTION}/jobs",
            policy=policy(),
        ),
    )
    assert found.resources[f"arn:aws:sqs:us-west-2:{PRODUCTION}:jobs"]["policy"] is not None


def test_a_key_without_a_policy_has_the_default_one() -> None:
    found = inventory(resource("aws:kms/key:Key", "k", description="objects"))
    (key,) = found.resources
    assert f"{PRODUCTION}:root" in str(found.resources[key]["policy"])


def test_what_belongs_to_no_known_account_is_told() -> None:
    found = inventory(resource("aws:s3/bucket:Bucket", "b", "elsewhere", bucket="b"))
    assert found.resources == {}
    assert "aws:s3/bucket:Bucket b" in found.gaps[0]


def test_a_document_that_breaks_the_grammar_is_one_message() -> None:
    with pytest.raises(DocumentError, match="'Actoin' is no element"):
        of_walkthrough(role=policy({"Effect": "Allow", "Actoin": "*", "Resource": "*"})).world()


@pytest.mark.parametrize(
    ("short", "arn"),
    [
        ("staging:user/StageAdmin", USER),
        ("production:role/StageRole", ROLE),
        ("production-test-bucket-101", BUCKET),
        ("production-test-bucket-101/reports/*", f"{BUCKET}/reports/*"),
        ("staging:root", f"arn:aws:iam::{STAGING}:root"),
        (f"{STAGING}:user/Other", f"arn:aws:iam::{STAGING}:user/Other"),
    ],
)
def test_short_names_and_arns(short: str, arn: str) -> None:
    found = of_walkthrough()
    assert found.long(short) == arn
    assert found.long(arn) == arn
    assert found.short(arn) == short.replace(STAGING, "staging")


@pytest.mark.parametrize(
    ("region", "partition"),
    [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("eu-west-1", "aws")],
)
def test_the_region_decides_the_partition(region: str, partition: str) -> None:
    production, staging = providers()
    production["inputs"]["region"] = region
    bucket = resource("aws:s3/bucketPolicy:BucketPolicy", "b", bucket="b", policy=policy(TLS_ONLY))
    found = inventory_of(resources_of_state(export([production, staging, bucket])))
    assert list(found.resources) == [f"arn:{partition}:s3:::b"]
