"""Numbers of AWS: counted as AWS counts, and equal to what the SDK's models publish as well."""

import ast
import gzip
import json
import re
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from cross_account_access.facts import quotas

FACTS = Path(quotas.__file__).parent
PAGE = re.compile(r'"([^"]+)",(?: [^",;(]+?,)? ?(https://[^\s;,]+?)[.,;)]*(?=\s|$)')
"""The title of a page, who publishes it, and its address."""


@cache
def model(service: str) -> dict[str, Any]:
    folder = files("botocore") / "data" / service
    version = max(each.name for each in folder.iterdir())
    packed = (folder / version / "service-2.json.gz").read_bytes()
    shapes: dict[str, Any] = json.loads(gzip.decompress(packed))["shapes"]
    return shapes


def bounds(service: str, shape: str) -> range:
    found = model(service)[shape]
    return range(found["min"], found["max"] + 1)


@pytest.mark.parametrize(
    ("quota", "service", "shape"),
    [
        (quotas.ROLE_SESSION_SECONDS, "iam", "roleMaxSessionDurationType"),
        (quotas.SESSION_SECONDS, "sts", "roleDurationSecondsType"),
        (quotas.MFA_SESSION_SECONDS, "sts", "durationSecondsType"),
        (quotas.EXTERNAL_ID_CHARACTERS, "sts", "externalIdType"),
        (quotas.SESSION_NAME_CHARACTERS, "sts", "roleSessionNameType"),
        (quotas.SOURCE_IDENTITY_CHARACTERS, "sts", "sourceIdentityType"),
    ],
)
def test_ranges_are_those_of_the_sdk(quota: range, service: str, shape: str) -> None:
    assert quota == bounds(service, shape)


@pytest.mark.parametrize(
    ("quota", "service", "shape"),
    [
        (quotas.ROLE_NAME_CHARACTERS, "iam", "roleNameType"),
        (quotas.USER_NAME_CHARACTERS, "iam", "userNameType"),
        (quotas.OLD_USER_NAME_CHARACTERS, "iam", "existingUserNameType"),
        (quotas.POLICY_NAME_CHARACTERS, "iam", "policyNameType"),
        (quotas.INSTANCE_PROFILE_NAME_CHARACTERS, "iam", "instanceProfileNameType"),
        (quotas.PATH_CHARACTERS, "iam", "pathType"),
        (quotas.TAG_KEY_CHARACTERS, "iam", "tagKeyType"),
        (quotas.TAG_VALUE_CHARACTERS, "iam", "tagValueType"),
        (quotas.TAGS_OF_PRINCIPAL, "iam", "tagListType"),
        (quotas.ISSUER_CHARACTERS, "iam", "OpenIDConnectProviderUrlType"),
        (quotas.AUDIENCE_CHARACTERS, "iam", "clientIDType"),
        (
            quotas.RESOURCE_POLICIES["secretsmanager"].size,
            "secretsmanager",
            "NonEmptyResourcePolicyType",
        ),
    ],
)
def test_limits_are_those_of_the_sdk(quota: int, service: str, shape: str) -> None:
    assert quota == model(service)[shape]["max"]


def test_white_space_does_not_count_in_iam() -> None:
    assert quotas.policy_characters('{"Sid": "a b",\n\t"Effect": "Allow"}\r\n') == 29


def test_a_queue_has_every_limit_of_a_resource_policy() -> None:
    assert quotas.RESOURCE_POLICIES["sqs"] == quotas.ResourcePolicyQuota(
        size=8192, statements=20, principals=50, conditions=10, actions_of_statement=7
    )


def test_a_limit_that_is_not_published_is_none() -> None:
    assert quotas.RESOURCE_POLICIES["s3"] == quotas.ResourcePolicyQuota(size=20_480)


def texts() -> list[str]:
    """Comments and docstrings of the package, each as one line."""
    found = []
    for path in FACTS.rglob("*.py"):
        source = path.read_text()
        found += [
            re.sub(r"\n#\s*", " ", block)
            for block in re.findall(
                r"(?:^ *#.*\n)+", re.sub(r"^ +#", "#", source, flags=re.M), re.M
            )
        ]
        found += [
            node.value
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
    return [" ".join(text.split()) for text in found]


def test_every_page_is_named_with_its_title_and_one_address() -> None:
    addresses: dict[str, str] = {}
    titles: dict[str, str] = {}
    for text in texts():
        pages = PAGE.findall(text)
        assert len(pages) == text.count("://"), text
        for title, address in pages:
            assert re.fullmatch(r"https://[a-z0-9.-]+(/[\w./#-]+)", address), address
            assert addresses.setdefault(title, address) == address
            assert titles.setdefault(address, title) == title
    assert len(addresses) > 20
