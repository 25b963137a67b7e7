"""Partitions and what differs between them, against botocore's own data."""

import gzip
import json
import re
from importlib.resources import files

import pytest

from cross_account_access.facts.partitions import (
    dns_suffix,
    known_regions,
    partition_of,
    service_principal,
    service_principal_suffixes,
    sign_in_host,
)

SUFFIXES = {
    "aws": "amazonaws.com",
    "aws-cn": "amazonaws.com.cn",
    "aws-us-gov": "amazonaws.com",
    "aws-eusc": "amazonaws.eu",
    "aws-iso": "c2s.ic.gov",
    "aws-iso-b": "sc2s.sgov.gov",
    "aws-iso-e": "cloud.adc-e.uk",
    "aws-iso-f": "csp.hci.ic.gov",
}


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("us-west-2", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("eusc-de-east-1", "aws-eusc"),
        ("us-iso-east-1", "aws-iso"),
        ("us-isob-east-1", "aws-iso-b"),
        ("eu-isoe-west-1", "aws-iso-e"),
        ("us-isof-south-1", "aws-iso-f"),
    ],
)
def test_a_known_region_has_its_partition(region: str, partition: str) -> None:
    assert known_regions()[region] == partition
    assert partition_of(region) == partition


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("cn-south-9", "aws-cn"),
        ("us-gov-central-9", "aws-us-gov"),
        ("us-isob-south-9", "aws-iso-b"),
        ("eusc-de-west-9", "aws-eusc"),
        ("eu-west-99", "aws"),
        ("moon-base-1", "aws"),
        ("", "aws"),
    ],
)
def test_a_region_to_come_is_told_by_its_name(region: str, partition: str) -> None:
    assert region not in known_regions()
    assert partition_of(region) == partition


def test_no_region_is_the_name_of_a_whole_partition() -> None:
    assert not [region for region in known_regions() if region.endswith("-global")]


def test_the_same_regions_and_suffixes_stand_in_the_table_of_endpoints() -> None:
    endpoints = json.loads((files("botocore") / "data" / "endpoints.json").read_text())
    assert known_regions() == {
        region: each["partition"] for each in endpoints["partitions"] for region in each["regions"]
    }
    assert {region: partition_of(region) for region in known_regions()} == known_regions()
    assert {each["partition"]: each["dnsSuffix"] for each in endpoints["partitions"]} == SUFFIXES


@pytest.mark.parametrize(("partition", "suffix"), SUFFIXES.items())
def test_host_names_end_with_the_suffix_of_the_partition(partition: str, suffix: str) -> None:
    assert dns_suffix(partition) == suffix
    assert suffix in service_principal_suffixes()


def test_a_partition_to_come_has_the_suffix_of_most() -> None:
    assert dns_suffix("aws-moon") == "amazonaws.com"


@pytest.mark.parametrize(
    ("partition", "principal"),
    [
        ("aws", "ec2.amazonaws.com"),
        ("aws-us-gov", "ec2.amazonaws.com"),
        ("aws-cn", "ec2.amazonaws.com.cn"),
        # Not ec2.amazonaws.eu, which IAM refuses there.
        ("aws-eusc", "ec2.amazonaws.com"),
    ],
)
def test_a_service_is_a_principal(partition: str, principal: str) -> None:
    assert service_principal("ec2", partition) == principal


@pytest.mark.parametrize("service", ["ecs-tasks", "lambda", "pods.eks", "rolesanywhere"])
def test_in_china_ec2_alone_is_called_otherwise(service: str) -> None:
    assert service_principal(service, "aws-cn") == f"{service}.amazonaws.com"


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov", "aws-eusc"])
def test_the_sign_in_host_is_that_of_the_sdks_sign_in_service(partition: str) -> None:
    folder = next(each for each in (files("botocore") / "data" / "signin").iterdir())
    rules = gzip.decompress((folder / "endpoint-rule-set-1.json.gz").read_bytes()).decode()
    published = set(re.findall(r'"https://\{Region\}\.(signin[^"{]+)"', rules))
    host = sign_in_host(partition)
    assert host is not None
    assert host[host.index("signin") :] in published


def test_no_sign_in_host_is_made_up() -> None:
    assert sign_in_host("aws-iso") is None
