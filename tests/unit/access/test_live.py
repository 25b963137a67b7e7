"""Documents of live accounts, on an AWS that answers and checks nothing."""

from __future__ import annotations

import json
from dataclasses import replace

import boto3
import pytest

from cross_account_access.aws import session_of
from cross_account_access.command.inventory import StackInventory
from cross_account_access.command.live import _is_empty, live
from cross_account_access.errors import UncheckedError
from cross_account_access.iam.inventory import unknown_document
from cross_account_access.stack import StackAccount
from tests.support.states import LIST, READ, TRUST, allow, policy

OWN = "123456789012"
ACCOUNT = StackAccount(id=OWN, label="staging", profile=None, region="us-west-2")
USER, ROLE = f"arn:aws:iam::{OWN}:user/people/Ann", f"arn:aws:iam::{OWN}:role/Reader"
BUCKET, PLAIN = "arn:aws:s3:::reports", "arn:aws:s3:::plain"


@pytest.fixture
def made(empty_account: boto3.Session) -> StackInventory:
    """An account with more than a stack would make, and what the stack knows of it."""
    iam = empty_account.client("iam")
    limit = iam.create_policy(PolicyName="Limit", PolicyDocument=json.dumps(policy(LIST)))
    arn = limit["Policy"]["Arn"]
    iam.create_user(UserName="Ann", Path="/people/")
    iam.put_user_policy(UserName="Ann", PolicyName="own", PolicyDocument=json.dumps(policy(READ)))
    iam.create_group(GroupName="readers")
    iam.add_user_to_group(GroupName="readers", UserName="Ann")
    iam.put_group_policy(
        GroupName="readers", PolicyName="own", PolicyDocument=json.dumps(policy(LIST))
    )
    iam.create_role(
        RoleName="Reader",
        AssumeRolePolicyDocument=json.dumps(policy(TRUST)),
        PermissionsBoundary=arn,
    )
    iam.attach_role_policy(RoleName="Reader", PolicyArn=arn)
    s3 = empty_account.client("s3")
    for name in ("reports", "plain"):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    s3.put_bucket_policy(Bucket="reports", Policy=json.dumps(policy(READ | {"Principal": "*"})))
    sns = empty_account.client("sns").create_topic(Name="news")["TopicArn"]
    sqs = empty_account.client("sqs")
    queue = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    sqs.set_queue_attributes(
        QueueUrl=queue, Attributes={"Policy": json.dumps(policy(READ | {"Principal": "*"}))}
    )
    key = empty_account.client("kms").create_key()["KeyMetadata"]["Arn"]
    names = (BUCKET, PLAIN, sns, f"arn:aws:sqs:us-west-2:{OWN}:jobs", key)
    return StackInventory(
        accounts=(ACCOUNT,),
        users={USER: {}},
        roles={ROLE: {"trust": unknown_document("trust")}},
        resources={name: {"account": OWN, "policy": None} for name in names},
    )


def test_reads_all_that_a_user_has(made: StackInventory) -> None:
    user = live(made).users[USER]
    assert user.get("policies") == {"own": policy(READ), "group readers: own": policy(LIST)}
    assert user.get("boundary") is None


def test_reads_trust_attached_policies_and_boundary_of_a_role(made: StackInventory) -> None:
    role = live(made).roles[ROLE]
    assert role["trust"] == policy(TRUST)
    assert role.get("policies") == {f"{OWN}:policy/Limit": policy(LIST)}
    assert role.get("boundary") == policy(LIST)


def test_reads_the_policies_of_resources(made: StackInventory) -> None:
    resources = live(made).resources
    assert json.loads(str(resources[BUCKET]["policy"])) == policy(READ | {"Principal": "*"})
    assert resources[PLAIN]["policy"] is None
    by_service = {arn.split(":")[2]: each["policy"] for arn, each in resources.items()}
    assert json.loads(str(by_service["sqs"])) == policy(READ | {"Principal": "*"})
    assert "Statement" in str(by_service["sns"])
    assert "Statement" in str(by_service["kms"])


def test_what_the_stack_shares_without_managing_it_is_read_too(made: StackInventory) -> None:
    client = boto3.client("secretsmanager")
    secret = client.create_secret(Name="db", SecretString="x")["ARN"]
    theirs = policy(allow("secretsmanager:GetSecretValue", "*", Principal="*"))
    client.put_resource_policy(SecretId=secret, ResourcePolicy=json.dumps(theirs))
    elsewhere = "arn:aws:secretsmanager:us-west-2:999999999999:secret:other"
    outputs = {"resourceArns": {"db": secret, "other": elsewhere}}
    known = replace(made, outputs=outputs).with_existing()
    assert elsewhere not in known.resources
    assert made.resources.keys() < known.resources.keys()
    found = live(known).resources[secret]
    assert found["account"] == OWN
    assert json.loads(str(found["policy"])) == theirs


def test_what_is_gone_is_left_out_and_told(made: StackInventory) -> None:
    gone = f"arn:aws:iam::{OWN}:user/Gone"
    known = StackInventory(
        accounts=made.accounts,
        users={USER: {}, gone: {}},
        roles={},
        resources={"arn:aws:s3:::never-made": {"account": OWN, "policy": None}},
    )
    found = live(known)
    assert list(found.users) == [USER]
    assert found.resources == {}
    assert f"{gone} no longer exists" in found.gaps
    assert "arn:aws:s3:::never-made no longer exists" in found.gaps


@pytest.mark.usefixtures("empty_account")
def test_credentials_of_another_account_are_refused() -> None:
    other = StackAccount(id="111122223333", label="production", profile=None, region="us-west-2")
    with pytest.raises(UncheckedError) as caught:
        session_of(other)
    assert f"credentials of account {OWN}" in str(caught.value)
    assert "production account is 111122223333" in str(caught.value)


def test_a_profile_that_does_not_exist() -> None:
    account = StackAccount(id=OWN, label="staging", profile="Nope", region="us-west-2")
    with pytest.raises(UncheckedError, match=r"profile Nope \(for staging\) is not in"):
        session_of(account)


def test_no_credentials_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(UncheckedError, match="gives no credentials"):
        session_of(ACCOUNT)


@pytest.mark.parametrize(
    ("policy", "is_empty"),
    [
        ("{}", True),
        ('{"Version": "2012-10-17", "Statement": []}', True),
        ('{"Statement": [{"Effect": "Deny"}]}', False),
        ("none", False),
        ("[]", False),
    ],
)
def test_a_document_without_statements_stands_for_no_policy(policy: str, is_empty: bool) -> None:
    assert _is_empty(policy) is is_empty
