"""An account of moto with the stand-in on it, and the emulated AWS with and without our rules."""

from collections.abc import Iterator

import pytest
from moto import mock_aws

from cross_account_access.dev.sandbox.box import Sandbox
from tests.unit.sandbox.emulated import Accounts, emulated_with
from tests.unit.sandbox.engine import POLICY, REGION, TRUST, Engine


@pytest.fixture(scope="module")
def configured() -> Iterator[Engine]:
    """One stand-in for all tests: making its clients takes longer than all of their calls."""
    with pytest.MonkeyPatch.context() as environment, mock_aws():
        environment.setenv("AWS_ACCESS_KEY_ID", "testing")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        yield Engine()


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


@pytest.fixture(scope="module", params=[True, False], ids=["mended", "as shipped"])
def emulated(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[bool, Sandbox]]:
    """With what the module of tests names as `UNDER_TEST`, and without it."""
    under_test = request.module.UNDER_TEST
    with emulated_with(under_test, tmp_path_factory, applied=request.param) as box:
        yield request.param, box


@pytest.fixture
def accounts(emulated: tuple[bool, Sandbox], monkeypatch: pytest.MonkeyPatch) -> Accounts:
    mended, box = emulated
    box.reset()
    monkeypatch.setenv("AWS_ENDPOINT_URL", box.emulator.http_endpoint)
    return Accounts(mended, box.emulator)
