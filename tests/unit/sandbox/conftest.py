"""An account of moto with the stand-in on it."""

from collections.abc import Iterator

import pytest
from moto import mock_aws

from tests.unit.sandbox.engine import POLICY, REGION, TRUST, Engine


@pytest.fixture(scope="module")
def configured() -> Iterator[Engine]:
    """One stand-in for all tests: making its clients takes longer than all of their calls."""
    with pytest.MonkeyPatch.context() as environment, mock_aws():
        environment.setenv("AWS_ACCESS_KEY_ID", "testing")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        engine = Engine()
        yield engine
        engine.loop.close()


@pytest.fixture
def engine(configured: Engine) -> Engine:
    """The stand-in, and an account that holds what the tests refer to and nothing else."""
    mock_aws().reset()
    s3, iam = configured.client("s3"), configured.client("iam")
    for name in ("bucket", "log-bucket"):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    acl = s3.get_bucket_acl(Bucket="log-bucket")
    delivery = {"URI": "http://acs.amazonaws.com/groups/s3/LogDelivery", "Type": "Group"}
    grants = [{"Grantee": delivery, "Permission": each} for each in ("WRITE", "READ_ACP")]
    s3.put_bucket_acl(
        Bucket="log-bucket",
        AccessControlPolicy={"Owner": acl["Owner"], "Grants": [*acl["Grants"], *grants]},
    )
    iam.create_role(RoleName="role", AssumeRolePolicyDocument=TRUST)
    iam.create_role(RoleName="other-role", AssumeRolePolicyDocument=TRUST)
    iam.create_user(UserName="user")
    for name in ("one", "two"):
        iam.create_policy(PolicyName=name, PolicyDocument=POLICY)
        iam.put_role_policy(RoleName="role", PolicyName=name, PolicyDocument=POLICY)
        iam.put_user_policy(UserName="user", PolicyName=name, PolicyDocument=POLICY)
    configured.client("sns").create_topic(Name="topic")
    configured.client("sqs").create_queue(QueueName="queue")
    return configured
