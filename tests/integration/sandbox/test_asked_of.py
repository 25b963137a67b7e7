"""What requests ask permission for: each is asked otherwise as shipped, and right with us."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cross_account_access.dev.sandbox import recording
from cross_account_access.dev.sandbox.box import REGION, Sandbox
from tests.integration.sandbox.emulated import acting, root_of

ACCOUNT, STAGING = "111122223333", "444455556666"
IAM = f"arn:aws:iam::{ACCOUNT}"
KMS = f"arn:aws:kms:{REGION}:{ACCOUNT}"
AS_SHIPPED = """
from cross_account_access.dev.sandbox.corrections import asked_of
asked_of.apply = lambda: None
"""
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": f"{IAM}:root"}, "Action": "sts:AssumeRole"}
        ],
    }
)
NOTHING = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
)
BOUNDARY = f"{IAM}:policy/boundary"
WITHIN = {"Condition": {"ArnEquals": {"iam:PermissionsBoundary": BOUNDARY}}}
ISSUER = "https://ci.example.com"

Statements = list[dict[str, Any]]
Call = tuple[str, str, dict[str, Any]]
"""Client, method and parameters."""
KEY = "THE-KEY"
"""In parameters, for the ID of a key that is there."""


@pytest.fixture(scope="module", params=["corrected", "as shipped"])
def emulated(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Sandbox]]:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("asked")
        patch.setenv(recording.VARIABLE, str(folder / "record"))
        if request.param == "as shipped":
            (folder / "sitecustomize.py").write_text(AS_SHIPPED)
            patch.setenv("PYTHONPATH", str(folder))
        with Sandbox.start(production=ACCOUNT, staging=STAGING) as box:
            yield request.param, box


@pytest.fixture
def there(emulated: tuple[str, Sandbox], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What there is in the account, by what it is."""
    _, box = emulated
    box.reset()
    monkeypatch.setenv("AWS_ENDPOINT_URL", box.emulator.http_endpoint)
    root = root_of(ACCOUNT, box.emulator.secret)
    iam, kms = acting(root, "iam"), acting(root, "kms")
    iam.create_policy(PolicyName="boundary", PolicyDocument=NOTHING)
    iam.create_role(
        RoleName="Machine", Path="/machines/", AssumeRolePolicyDocument=TRUST,
        PermissionsBoundary=BOUNDARY,
    )  # fmt: skip
    iam.create_instance_profile(InstanceProfileName="Machines")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName="alias/there", TargetKeyId=key)
    their_policy = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [allow("sqs:GetQueueUrl", "*", Principal={"AWS": ACCOUNT})],
        }
    )
    acting(root_of(STAGING, box.emulator.secret), "sqs").create_queue(
        QueueName="theirs", Attributes={"Policy": their_policy}
    )
    return {"secret": box.emulator.secret, KEY: key}


def allow(action: str, resource: str, **condition: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **condition}


NAMED: dict[str, tuple[Statements, Call]] = {
    "a policy": (
        [allow("iam:CreatePolicy", f"{IAM}:policy/mine/Own")],
        (
            "iam",
            "create_policy",
            {"PolicyName": "Own", "Path": "/mine/", "PolicyDocument": NOTHING},
        ),
    ),
    "an identity provider": (
        [allow("iam:CreateOpenIDConnectProvider", f"{IAM}:oidc-provider/ci.example.com")],
        ("iam", "create_open_id_connect_provider", {"Url": ISSUER, "ClientIDList": ["us"]}),
    ),
    "an instance profile": (
        [allow("iam:CreateInstanceProfile", f"{IAM}:instance-profile/Own")],
        ("iam", "create_instance_profile", {"InstanceProfileName": "Own"}),
    ),
    "a role with its path": (
        [allow("iam:GetRole", f"{IAM}:role/machines/Machine")],
        ("iam", "get_role", {"RoleName": "Machine"}),
    ),
    "an alias and its key": (
        [allow("kms:CreateAlias", f"{KMS}:alias/own"), allow("kms:CreateAlias", f"{KMS}:key/*")],
        ("kms", "create_alias", {"AliasName": "alias/own", "TargetKeyId": KEY}),
    ),
    "the key of an alias": (
        [allow("kms:Encrypt", f"{KMS}:key/*")],
        ("kms", "encrypt", {"KeyId": "alias/there", "Plaintext": b"evening"}),
    ),
    "another account's queue": (
        [allow("sqs:GetQueueUrl", f"arn:aws:sqs:{REGION}:{STAGING}:theirs")],
        ("sqs", "get_queue_url", {"QueueName": "theirs", "QueueOwnerAWSAccountId": STAGING}),
    ),
    "the boundary that a role has": (
        [allow("iam:PutRolePolicy", "*", **WITHIN)],
        (
            "iam",
            "put_role_policy",
            {"RoleName": "Machine", "PolicyName": "own", "PolicyDocument": NOTHING},
        ),
    ),
    "the boundary that a role is to get": (
        [allow("iam:CreateRole", "*", **WITHIN)],
        (
            "iam",
            "create_role",
            {
                "RoleName": "Own",
                "AssumeRolePolicyDocument": TRUST,
                "PermissionsBoundary": BOUNDARY,
            },
        ),
    ),
}


def succeeds(
    there: dict[str, str], statements: Statements, call: Call, name: str = "somebody"
) -> bool:
    """Whether somebody with these permissions may do it."""
    iam = acting(root_of(ACCOUNT, there["secret"]), "iam")
    iam.create_user(UserName=name)
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)
    made = iam.create_access_key(UserName=name)["AccessKey"]
    client, method, parameters = call
    given = {name: there[KEY] if value == KEY else value for name, value in parameters.items()}
    try:
        getattr(acting(made, client), method)(**given)
    except ClientError as error:
        # SNS has a word of its own.
        if error.response["Error"]["Code"] not in {
            "AccessDenied",
            "AccessDeniedException",
            "AuthorizationError",
        }:
            raise
        return False
    return True


@pytest.mark.parametrize("what", NAMED)
def test_what_is_named_is_asked_for(
    what: str, emulated: tuple[str, Sandbox], there: dict[str, str]
) -> None:
    statements, call = NAMED[what]
    assert succeeds(there, statements, call) == (emulated[0] == "corrected")


def test_without_the_boundary_a_role_is_not_made(there: dict[str, str]) -> None:
    statements, (client, method, parameters) = NAMED["the boundary that a role is to get"]
    without = {each: value for each, value in parameters.items() if value != BOUNDARY}
    assert not succeeds(there, statements, (client, method, without))


TAG: Any = {"Key": "team", "Value": "red"}
MADE_WITH_TAGS: dict[str, tuple[str, str, Call]] = {
    "role": (
        "iam:CreateRole",
        "iam:TagRole",
        (
            "iam",
            "create_role",
            {"RoleName": "Own", "AssumeRolePolicyDocument": TRUST, "Tags": [TAG]},
        ),
    ),
    "user": (
        "iam:CreateUser",
        "iam:TagUser",
        ("iam", "create_user", {"UserName": "own", "Tags": [TAG]}),
    ),
    "policy": (
        "iam:CreatePolicy",
        "iam:TagPolicy",
        (
            "iam",
            "create_policy",
            {"PolicyName": "own", "PolicyDocument": NOTHING, "Tags": [TAG]},
        ),
    ),
    "identity provider": (
        "iam:CreateOpenIDConnectProvider",
        "iam:TagOpenIDConnectProvider",
        ("iam", "create_open_id_connect_provider", {"Url": ISSUER, "Tags": [TAG]}),
    ),
    "instance profile": (
        "iam:CreateInstanceProfile",
        "iam:TagInstanceProfile",
        ("iam", "create_instance_profile", {"InstanceProfileName": "own", "Tags": [TAG]}),
    ),
    "key": (
        "kms:CreateKey",
        "kms:TagResource",
        ("kms", "create_key", {"Tags": [{"TagKey": "team", "TagValue": "red"}]}),
    ),
    "topic": (
        "sns:CreateTopic",
        "sns:TagResource",
        ("sns", "create_topic", {"Name": "own", "Tags": [TAG]}),
    ),
    "queue": (
        "sqs:CreateQueue",
        "sqs:TagQueue",
        ("sqs", "create_queue", {"QueueName": "own", "tags": {"team": "red"}}),
    ),
    "secret": (
        "secretsmanager:CreateSecret",
        "secretsmanager:TagResource",
        (
            "secretsmanager",
            "create_secret",
            {"Name": "own", "SecretString": "-", "Tags": [TAG]},
        ),
    ),
    "parameter": (
        "ssm:PutParameter",
        "ssm:AddTagsToResource",
        (
            "ssm",
            "put_parameter",
            {"Name": "own", "Value": "-", "Type": "String", "Tags": [TAG]},
        ),
    ),
}


@pytest.mark.parametrize("what", MADE_WITH_TAGS)
def test_what_is_made_with_tags_needs_to_be_tagged(
    what: str, emulated: tuple[str, Sandbox], there: dict[str, str]
) -> None:
    makes, tags, call = MADE_WITH_TAGS[what]
    is_made = succeeds(there, [allow(makes, "*")], call)
    assert is_made != (emulated[0] == "corrected")
    assert is_made or succeeds(there, [allow(makes, "*"), allow(tags, "*")], call, "tagger")


@pytest.mark.usefixtures("emulated")
def test_what_was_asked_for_is_written_down(there: dict[str, str]) -> None:
    record = Path(os.environ[recording.VARIABLE])
    before = len(record.read_text().splitlines())
    statements, call = NAMED["a role with its path"]
    done = succeeds(there, statements, call)
    entries = [json.loads(line) for line in record.read_text().splitlines()[before:]]
    (asked,) = [each for each in entries if each["action"] == "iam:GetRole"]
    assert asked["allowed"] is done
    assert asked["account"] == ACCOUNT
    assert asked["resource"].endswith("Machine")
