"""The snapshot of AWS's service reference, and what is asked of it."""

import datetime
import gzip
import json
import re
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from cross_account_access.facts.service_reference import (
    SNAPSHOT,
    action,
    actions,
    authorized_by,
    condition_key_type,
    is_known_service,
    nearest,
    services,
    source,
)
from cross_account_access.facts.service_reference.operations import OPERATIONS

ROOT = Path(__file__).parents[3]
TABLE = "arn:aws:dynamodb:eu-west-1:111122223333:table/Orders"


def test_the_snapshot_says_where_it_is_from_and_of_which_day() -> None:
    found = source()
    assert datetime.date.fromisoformat(found.date) >= datetime.date(2026, 9, 26)
    assert found.name
    assert found.version
    assert found.address.startswith("https://")
    assert found.licence == "MIT"
    licence = (SNAPSHOT / "LICENSE").read_text()
    assert licence.startswith("MIT License")
    assert re.search(r"^Copyright \(c\) \d{4}", licence, re.MULTILINE)


def test_the_snapshot_is_small_enough_for_a_repository() -> None:
    packed = sum(len(gzip.compress(path.read_bytes())) for path in SNAPSHOT.rglob("*.json"))
    assert packed < 1_000_000


def test_every_service_can_be_read() -> None:
    assert len(services()) > 400
    for service in services():
        for name, each in actions(service).items():
            assert name == each.name.lower()
            assert name.startswith(f"{service}:")
            assert each.access_level
            assert all(arn.startswith("arn:") for arn in each.resources), name
            assert all(":" in key for key in each.condition_keys), name


@pytest.mark.parametrize(
    ("name", "resource"),
    [
        ("s3:GetObject", "arn:aws:s3:::a-bucket/a/key"),
        ("s3:ListBucket", "arn:aws-cn:s3:::a-bucket"),
        (
            "secretsmanager:GetSecretValue",
            "arn:aws:secretsmanager:eu-west-1:111122223333:secret:a/b",
        ),
        ("dynamodb:Query", TABLE),
        ("dynamodb:Query", f"{TABLE}/index/ByDay"),
        ("dynamodb:PutItem", TABLE),
        ("sts:AssumeRole", "arn:aws:iam::111122223333:role/a/path/Name"),
        ("logs:PutLogEvents", "arn:aws:logs:eu-west-1:111122223333:log-group:/a/b:log-stream:c"),
        ("dms:StartReplicationTask", "arn:aws:dms:eu-west-1:111122223333:task:ABC"),
        ("ecr:GetAuthorizationToken", "*"),
    ],
)
def test_an_action_is_about_its_resources(name: str, resource: str) -> None:
    found = action(name)
    assert found is not None
    assert found.is_about(resource)


@pytest.mark.parametrize(
    ("name", "resource"),
    [
        ("s3:GetObject", "arn:aws:s3:::a-bucket"),
        ("s3:GetObject", "*"),
        ("s3:ListBucket", "arn:aws:s3:::a-bucket/a/key"),
        ("dynamodb:PutItem", f"{TABLE}/index/ByDay"),
        ("dynamodb:Query", f"{TABLE}/stream/2026"),
        ("dynamodb:GetRecords", f"{TABLE}/more/stream/2026"),
        ("sts:AssumeRole", "arn:aws:iam::111122223333:user/Name"),
        ("ecr:GetAuthorizationToken", "arn:aws:ecr:eu-west-1:111122223333:repository/a"),
    ],
)
def test_an_action_is_about_no_other_resource(name: str, resource: str) -> None:
    found = action(name)
    assert found is not None
    assert not found.is_about(resource)


def test_a_resource_that_is_written_in_two_ways_is_either() -> None:
    found = action("lex:DeleteBot")
    assert found is not None
    assert found.is_about("arn:aws:lex:eu-west-1:111122223333:bot/ABC")
    assert found.is_about("arn:aws:lex:eu-west-1:111122223333:bot:Orders")


def test_an_action_is_found_in_whatever_case_and_told_as_aws_writes_it() -> None:
    found = action("S3:gEtObJeCt")
    assert found is not None
    assert found.name == "s3:GetObject"
    assert found.access_level == "Read"


@pytest.mark.parametrize("name", ["s3:Bogus", "bogus:GetObject", "GetObject", "", "../s3:y"])
def test_what_is_unknown_is_no_error(name: str) -> None:
    assert action(name) is None


def test_a_service_is_known_whatever_the_action() -> None:
    assert is_known_service("S3:Bogus")
    assert not is_known_service("bogus:GetObject")
    assert not is_known_service("")
    assert actions("bogus") == {}


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("s3:GetObjct", "s3:GetObject"),
        ("secretmanager:GetSecretValue", "secretsmanager:GetSecretValue"),
        ("s3:Zzzzzz", None),
        ("qqqqqqqq:GetObject", None),
    ],
)
def test_the_nearest_action_is_offered(name: str, near: str | None) -> None:
    assert nearest(name) == near


def test_an_operation_that_is_no_action_has_the_actions_that_it_needs() -> None:
    assert authorized_by("s3:headobject") == ("s3:GetObject",)
    assert authorized_by("s3:RenameObject") == ("s3express:CreateSession",)
    assert authorized_by("s3:GetObject") == ()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_operations_are_those_of_the_sdk_and_need_known_actions(operation: str) -> None:
    service = operation.split(":", maxsplit=1)[0]
    folder = files("botocore") / "data" / service
    version = max(each.name for each in folder.iterdir())
    packed = (folder / version / "service-2.json.gz").read_bytes()
    known = json.loads(gzip.decompress(packed))["operations"]
    assert operation in {f"{service}:{name}".lower() for name in known}
    assert action(operation) is None
    for needed in authorized_by(operation):
        found = action(needed)
        assert found is not None
        assert found.name == needed


@pytest.mark.parametrize(
    ("key", "type_"),
    [
        ("aws:SourceIp", "IPAddress"),
        ("aws:principaltag/team", "String"),
        ("s3:prefix", "String"),
        ("s3:ExistingObjectTag/team", "String"),
        ("kms:EncryptionContext:aws:s3:arn", "String"),
        ("dynamodb:LeadingKeys", "ArrayOfString"),
        ("saml:aud", "String"),
        ("s3:bogus", None),
        ("idp.example.com:sub", None),
    ],
)
def test_a_condition_key_has_a_type(key: str, type_: str | None) -> None:
    assert condition_key_type(key) == type_


@pytest.mark.parametrize(
    ("name", "key", "can"),
    [
        ("s3:ListBucket", "s3:prefix", True),
        ("s3:ListBucket", "S3:Prefix", True),
        ("s3:GetObject", "s3:prefix", False),
        ("s3:GetObject", "s3:ExistingObjectTag/team", True),
        ("s3:GetObject", "aws:SourceIp", True),
        # Of the resource, not of the action itself.
        ("s3:GetObject", "s3:BucketTag/team", True),
    ],
)
def test_an_action_can_have_its_condition_keys(name: str, key: str, *, can: bool) -> None:
    found = action(name)
    assert found is not None
    assert found.can_have(key) is can


OPENED = """
import sys
opened = []
sys.addaudithook(lambda event, arguments: event == "open" and opened.append(str(arguments[0])))
from cross_account_access.facts import partitions, quotas, service_reference
partitions.dns_suffix(partitions.partition_of("eu-west-1"))
service_reference.action("s3:GetObject").is_about("arn:aws:s3:::a-bucket/key")
service_reference.nearest("s3:GetObjct")
print(*(path for path in opened if "snapshot" in path), sep="\\n")
third_party = {"boto3", "botocore.session", "jmespath", "pulumi", "urllib3", "yaml"}
assert not third_party & sys.modules.keys(), third_party & sys.modules.keys()
"""


def test_only_the_service_that_is_asked_for_is_read() -> None:
    done = subprocess.run(
        [sys.executable, "-c", OPENED], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert not done.stderr
    assert [Path(line).name for line in done.stdout.splitlines()] == ["s3.json"]
