"""Partitions, their regions, and the host names and principals that differ between them.

Regions and suffixes are those of botocore's data, so that a newer SDK knows newer regions. Its file
is read as data, since importing an SDK session costs more than all else that the program does.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

_COMMERCIAL: Final = "aws"
_PSEUDO_REGION: Final = "-global"
"""The end of what botocore lists among the regions and is none, like `aws-global`."""

_CHINA: Final = "aws-cn"
_SERVICE_PRINCIPALS: Final = "amazonaws.com"

_SIGN_IN_HOSTS: Final = {
    _COMMERCIAL: "signin.aws.amazon.com",
    _CHINA: "signin.amazonaws.cn",
    "aws-us-gov": "signin.amazonaws-us-gov.com",
    # This partition has no host without a region, and one region.
    "aws-eusc": "eusc-de-east-1.signin.amazonaws-eusc.eu",
}


@dataclass(frozen=True)
class _Partition:
    regions: frozenset[str]
    pattern: str
    """What the names of its regions look like, those to come as well."""
    dns_suffix: str


def known_regions() -> Mapping[str, str]:
    """The regions that this version of the SDK knows, each with its partition."""
    return {
        region: name for name, partition in _partitions().items() for region in partition.regions
    }


def partition_of(region: str) -> str:
    """The partition of a region: `aws`, `aws-cn`, `aws-us-gov`, `aws-eusc`, `aws-iso`, ...

    Its name says so, also of a region that the SDK does not know; where it says nothing, the region
    is of `aws`, as in the SDK's own rules for endpoints.
    """
    found = _partitions().items()
    names = (name for name, partition in found if re.fullmatch(partition.pattern, region))
    return next(names, _COMMERCIAL)


def dns_suffix(partition: str) -> str:
    """The end of the host names of AWS's services, `amazonaws.com` in most partitions.

    That of `aws` for a partition that the SDK does not know.
    """
    found = _partitions()
    return found.get(partition, found[_COMMERCIAL]).dns_suffix


def service_principal(service: str, partition: str) -> str:
    """A service as a principal, `SERVICE.amazonaws.com`; of EC2 with `.cn` behind it in China.

    It does not follow the host names elsewhere: IAM in `aws-eusc` refuses `ec2.amazonaws.eu`.
    Sources: "AWS JSON policy elements: Principal",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html;
    "Our IAM policies do not work in cn-north-1", https://github.com/kubernetes/kops/issues/27;
    "Create IAM role with trust policy required by EKS Pod Identity (China)",
    https://docs.amazonaws.cn/en_us/eks/latest/userguide/pod-id-role.html.
    """
    is_of_partition = service == "ec2" and partition == _CHINA
    return f"{service}.{dns_suffix(partition) if is_of_partition else _SERVICE_PRINCIPALS}"


def service_principal_suffixes() -> frozenset[str]:
    """Every end of a name that makes it a service, whatever partition the name is used in.

    Some services have principals that end like the host names of their partition ("class
    RegionInfo", https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.region_info.RegionInfo.html).
    """
    return frozenset(partition.dns_suffix for partition in _partitions().values())


def sign_in_host(partition: str) -> str | None:
    """The host that signs in to the console and switches roles, or None where none is published.

    Sources: "Switch from a user to an IAM role (console)",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-console.html;
    "AWS Sign-In endpoints and quotas",
    https://docs.aws.amazon.com/general/latest/gr/signin-service.html.
    """
    return _SIGN_IN_HOSTS.get(partition)


def console_host(partition: str) -> str | None:
    """The host of the console itself, or None where none is published.

    Source: "AWS Management Console endpoints and quotas",
    https://docs.aws.amazon.com/general/latest/gr/mgmt-console.html.
    """
    host = sign_in_host(partition)
    return host and host.replace("signin.", "console.")


@cache
def _partitions() -> Mapping[str, _Partition]:
    text = (files("botocore") / "data" / "partitions.json").read_text()
    return {
        each["id"]: _Partition(
            frozenset(name for name in each["regions"] if not name.endswith(_PSEUDO_REGION)),
            each["regionRegex"],
            each["outputs"]["dnsSuffix"],
        )
        for each in json.loads(text)["partitions"]
    }
