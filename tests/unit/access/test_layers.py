"""Where layers come from: a folder, or AWS as far as it may be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from cross_account_access.command.inventory import StackInventory, inventory_of
from cross_account_access.command.layers import what_was_seen, with_layers
from cross_account_access.command.layers.accounts import levels_of, of_accounts
from cross_account_access.errors import UsageError
from cross_account_access.iam import DocumentError, Layers
from cross_account_access.stack import StackAccount, resources_of_state
from tests.support.states import BUCKET, PRODUCTION, STAGING, export, resource, walkthrough

Json = dict[str, Any]

FULL = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
RCP = {**FULL, "Statement": {**FULL["Statement"], "Principal": "*"}}  # type: ignore[dict-item]
NO_STORAGE = {"Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*"}}
MANAGEMENT = "999988887777"
SERVICE, RESOURCE = "service-control-policies", "resource-control-policies"
ROOT = f"organization/{SERVICE}/FullAWSAccess.json"
UNIT = f"organization/workloads/{SERVICE}/FullAWSAccess.json"
ACCOUNT = f"organization/workloads/{STAGING}/{SERVICE}/NoStorage.json"


def stack(*more: Json) -> StackInventory:
    return inventory_of(resources_of_state(export(walkthrough(more=list(more)))))


def written(folder: Path, **files: Any) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    return folder


def layers_of(folder: Path, **files: Any) -> Layers:
    return with_layers(stack(), str(written(folder, **files))).layers


def test_an_account_has_the_levels_that_lead_to_it(tmp_path: Path) -> None:
    found = layers_of(
        tmp_path,
        **{
            ROOT: FULL,
            UNIT: FULL,
            ACCOUNT: NO_STORAGE,
            f"organization/{PRODUCTION}/{SERVICE}/FullAWSAccess.json": FULL,
            "organization/management-account": f"{MANAGEMENT}\n",
        },
    )
    levels = found.accounts[STAGING].service_control or ()
    assert [(each.name, list(each.policies)) for each in levels] == [
        ("root", ["FullAWSAccess"]),
        ("workloads", ["FullAWSAccess"]),
        (STAGING, ["NoStorage"]),
    ]
    assert [each.name for each in found.accounts[PRODUCTION].service_control or ()] == [
        "root",
        PRODUCTION,
    ]
    assert found.accounts[MANAGEMENT].service_control == ()
    # The organization uses no resource control policies, as far as the folder says.
    assert found.accounts[STAGING].resource_control is None
    assert found.endpoints is None


def test_endpoints_and_block_public_access(tmp_path: Path) -> None:
    blocked = {"PublicAccessBlockConfiguration": {"RestrictPublicBuckets": True}}
    found = layers_of(
        tmp_path,
        **{
            "vpc-endpoints/s3/vpce-0123.json": RCP,
            f"block-public-access/{PRODUCTION}.json": blocked,
            "block-public-access/production-test-bucket-101.json": {"BlockPublicAcls": True},
        },
    )
    assert found.endpoints is not None
    assert found.endpoints["vpce-0123"].service == "s3"
    assert found.accounts[PRODUCTION].restricts_public_buckets is True
    assert found.buckets == {BUCKET: False}
    assert found.restricts(BUCKET, PRODUCTION) is True


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({"README.md": "x"}, "README.md: no layer"),
        ({ROOT: FULL, "organization/notes.txt": "x"}, "notes.txt: no layer"),
        ({ROOT: FULL, f"organization/{SERVICE}/x.yaml": "x"}, "x.yaml: no layer"),
        ({f"organization/{STAGING}/y/z.json": "{}"}, "y: no layer"),
        (
            {f"organization/a/{STAGING}/{SERVICE}/p.json": FULL, ROOT: FULL, UNIT: FULL}
            | {f"organization/a/{SERVICE}/p.json": FULL, ACCOUNT: FULL},
            f"account {STAGING} has two places",
        ),
        ({f"organization/{SERVICE}": "x"}, f"{SERVICE}: no layer"),
        (
            {ROOT: FULL, f"organization/ou/{STAGING}/{RESOURCE}/p.json": RCP},
            f"{RESOURCE}: no policy",
        ),
        ({ROOT: FULL, "organization/ou/sub/x.json": "{}"}, "no policy"),
        ({ROOT: "{"}, "FullAWSAccess.json: not JSON"),
        ({ROOT: "[]"}, "a document is a JSON object"),
        ({ROOT: "[" * 100_000}, "nested too deeply"),
        ({ROOT: FULL, "organization/management-account": "me"}, "12 digits"),
        ({"vpc-endpoints/vpce-1.json": RCP}, "vpce-1.json"),
        ({"block-public-access/x.json": {"RestrictPublicBuckets": "yes"}}, "true or false"),
        ({"block-public-access/x.json": {"Restrict": True}}, "true or false"),
    ],
)
def test_what_is_no_layer_is_told(tmp_path: Path, files: Json, told: str) -> None:
    with pytest.raises(UsageError) as caught:
        layers_of(tmp_path, **files)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--layers takes aws"):
        with_layers(stack(), str(tmp_path / "none"))


def test_a_document_that_is_none_is_told_before_anything_is_asked(tmp_path: Path) -> None:
    named = {"Statement": {**NO_STORAGE["Statement"], "Principal": "*"}}
    with pytest.raises(DocumentError, match="service control policy Named of root"):
        layers_of(
            tmp_path,
            **{
                f"organization/{SERVICE}/Named.json": named,
                f"organization/{STAGING}/{SERVICE}/p.json": FULL,
            },
        )


def test_without_the_option_only_the_stacks_own_buckets_are_known() -> None:
    token = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
    block = resource(token, "b", bucket="production-test-bucket-101", restrictPublicBuckets=True)
    assert with_layers(stack(block), None).layers.buckets == {BUCKET: True}
    assert list(what_was_seen(stack(block))) == [
        "service control policies: not seen",
        "resource control policies: not seen",
        "VPC endpoint policies: not seen",
        "S3 Block Public Access: seen",
    ]
    whole = "aws:s3/accountPublicAccessBlock:AccountPublicAccessBlock"
    made = stack(resource(whole, "all", restrictPublicBuckets=True))
    assert made.layers.restricts(BUCKET, PRODUCTION) is True
    assert "S3 Block Public Access: not seen" in list(what_was_seen(stack()))


OWN = "123456789012"
"""The account that moto makes, and the management account of its organization."""


def of(account: str) -> StackInventory:
    accounts = (StackAccount(id=account, label="production", profile=None, region="us-west-2"),)
    resources: Json = {"arn:aws:s3:::reports": {"account": account, "policy": None}}
    return StackInventory(accounts=accounts, users={}, roles={}, resources=resources)


@pytest.mark.usefixtures("empty_account")
def test_what_lies_in_aws_is_read() -> None:
    s3: Any = boto3.client("s3")
    s3.create_bucket(
        Bucket="reports", CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
    )
    s3.put_public_access_block(
        Bucket="reports", PublicAccessBlockConfiguration={"RestrictPublicBuckets": True}
    )
    ec2 = boto3.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    endpoint = ec2.create_vpc_endpoint(
        VpcId=vpc, ServiceName="com.amazonaws.us-west-2.s3", PolicyDocument=json.dumps(RCP)
    )["VpcEndpoint"]["VpcEndpointId"]
    found = of_accounts(of(OWN), None)
    assert found.buckets == {"arn:aws:s3:::reports": True}
    assert found.accounts[OWN].restricts_public_buckets is False
    assert found.endpoints is not None
    assert found.endpoints[endpoint].service == "s3"
    # An account of no organization is bound by none.
    assert found.accounts[OWN].service_control == ()
    assert found.accounts[OWN].resource_control == ()
    assert found.reasons == ()


@pytest.mark.usefixtures("empty_account")
def test_an_account_of_an_organization_has_the_policies_of_each_level() -> None:
    client = boto3.client("organizations")
    client.create_organization(FeatureSet="ALL")
    root = client.list_roots()["Roots"][0]["Id"]
    client.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    unit = client.create_organizational_unit(ParentId=root, Name="w")["OrganizationalUnit"]["Id"]
    status = client.create_account(Email="x@example.com", AccountName="x")["CreateAccountStatus"]
    account = status["AccountId"]
    client.move_account(AccountId=account, SourceParentId=root, DestinationParentId=unit)
    made = client.create_policy(
        Content=json.dumps(NO_STORAGE), Description="x", Name="N", Type="SERVICE_CONTROL_POLICY"
    )
    client.attach_policy(PolicyId=made["Policy"]["PolicySummary"]["Id"], TargetId=unit)
    levels = levels_of(client, account)
    assert [each.name for each in levels["SERVICE_CONTROL_POLICY"]] == [root, unit, account]
    assert set(levels["SERVICE_CONTROL_POLICY"][1].policies) == {"FullAWSAccess", "N"}
    assert json.loads(str(levels["SERVICE_CONTROL_POLICY"][1].policies["N"])) == NO_STORAGE
    # A kind that the organization does not use binds nobody, nor any the management account.
    assert levels["RESOURCE_CONTROL_POLICY"] == ()
    assert levels_of(client, OWN)["SERVICE_CONTROL_POLICY"] == ()


@pytest.mark.usefixtures("empty_account")
def test_what_may_not_be_read_is_not_seen_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_client: Any, operation: str, _: Any) -> Any:
        if operation == "GetCallerIdentity":
            return {"Account": OWN, "Arn": f"arn:aws:iam::{OWN}:user/x"}
        details = {"Error": {"Code": "AccessDeniedException", "Message": "no"}}
        raise ClientError(details, operation)  # type: ignore[arg-type]

    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", refuse)
    found = with_layers(of(OWN), "aws")
    assert list(what_was_seen(found)) == [
        "service control policies: not seen",
        "resource control policies: not seen",
        "VPC endpoint policies: not seen",
        "S3 Block Public Access: not seen",
        "the organization of production could not be read: AccessDeniedException: no",
        "Block Public Access of production could not be read: AccessDeniedException: no",
        "VPC endpoints of production could not be read: AccessDeniedException: no",
        "Block Public Access of reports could not be read: AccessDeniedException: no",
    ]
