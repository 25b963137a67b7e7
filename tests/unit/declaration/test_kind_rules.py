"""Rules of names that one kind has alone, at their limits, and the examples in their words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cross_account_access.declaration.accounts import Account, Accounts
from cross_account_access.declaration.kinds import LogGroup, RolesAnywhere, WebIdentities
from cross_account_access.declaration.kinds.eks_pods import cluster_name, dns_label, dns_subdomain
from cross_account_access.declaration.kinds.lambda_functions import function_name
from cross_account_access.declaration.kinds.roles_anywhere import trust_anchor
from cross_account_access.declaration.machines import StagingRole
from cross_account_access.declaration.model import Conditions
from tests.support.existing import arn_of
from tests.unit.declaration.stack_file import beside, of_kind, problems_of

OWNER = Account(account_id="111122223333", profile="p", region="us-west-2")
STAGING = Account(account_id="444455556666", profile="s", region="us-west-2")
ACCOUNTS = Accounts(trusting=OWNER, trusted=STAGING)
ANCHOR = "trust-anchor/11111111-2222-3333-4444-555555555555"


@pytest.mark.parametrize(
    ("rule", "most", "taken", "refused"),
    [
        (cluster_name, 100, ["a", "A9-_z", "0"], ["", "-a", "_a", "a.b", "a/b"]),
        (dns_label, 63, ["a", "a-b", "9"], ["", "-a", "a-", "A", "a.b"]),
        (dns_subdomain, 253, ["a", "a-b.c", "9"], ["", "-a", "a-", "A", "a..b", ".a", "a."]),
        (function_name, 64, ["a", "A-b_9"], ["", "a.b", "arn:aws:lambda", "a:1"]),
    ],
)
def test_names_are_taken_up_to_their_limits(
    rule: Callable[[str], str | None], most: int, taken: list[str], refused: list[str]
) -> None:
    assert [each for each in [*taken, "a" * most] if rule(each) is not None] == []
    assert [each for each in [*refused, "a" * (most + 1)] if rule(each) is None] == []


@pytest.mark.parametrize(
    ("owner", "start"),
    [
        (STAGING, "arn:aws:rolesanywhere:us-west-2:444455556666:"),
        (
            Account(
                account_id="777788889999", profile="s", region="cn-north-1", partition="aws-cn"
            ),
            "arn:aws-cn:rolesanywhere:cn-north-1:777788889999:",
        ),
        # Before these settings are known.
        (
            Account(account_id="", profile="s", region="", partition=""),
            "arn:aws:rolesanywhere:us-west-2:444455556666:",
        ),
    ],
)
def test_the_example_of_a_trust_anchor_is_one_that_is_taken(owner: Account, start: str) -> None:
    rule = trust_anchor(owner)
    told = rule("anchor") or ""
    assert told.endswith(f"as in {start}{ANCHOR}")
    assert rule(told.rpartition(" ")[2]) is None


def test_nothing_is_asked_of_a_session_that_a_certificate_may_have_brought() -> None:
    machines = RolesAnywhere(
        role=StagingRole(name="B"), trust_anchor_arn="x", certificate={"x509Subject/CN": "b"}
    )
    stated = machines.always_stated(Conditions(), ACCOUNTS)
    assert stated.source_identity is not None
    assert stated.session_tags is not None
    assert stated.source_identity.required is False
    assert stated.session_tags.required is False
    assert set(stated.session_tags.others) == {"x509Issuer/*", "x509SAN/*", "x509Subject/*"}


@pytest.mark.parametrize(
    ("subject", "operator"),
    [
        ("repo:X/Y:main", "StringEquals"),
        ("repo:a/*", "StringLike"),
        ("repo:a/b?", "StringLike"),
    ],
)
def test_a_subject_is_a_pattern_only_with_wildcards(subject: str, operator: str) -> None:
    jobs = WebIdentities(issuer="ci.example.com", audience="aws", subjects=(subject,))
    conditions: Any = jobs.trust(ACCOUNTS).conditions
    assert conditions[operator]["ci.example.com:sub"] == [subject]
    assert conditions["StringEquals"]["ci.example.com:aud"] == ["aws"]


def test_one_stream_of_a_log_group_is_enough() -> None:
    group = LogGroup(name="theirs", existing_arn=arn_of(LogGroup))
    assert group.describe_parameters() == {"logGroupName": "/my-service/my-log-group", "limit": 1}


@pytest.mark.parametrize("partition", ["aws", "aws-cn"])
def test_the_example_of_a_providers_role_is_of_the_partition(partition: str) -> None:
    region = {"aws": "us-west-2", "aws-cn": "cn-north-1"}[partition]
    provider = of_kind(
        "third_party",
        {"account_id": "777788889999", "arns": ["x"]},
        conditions={"external_id": "vendor-7"},
    )
    told = problems_of(production_region=region, staging_region=region, **beside(provider))
    example = f"as in arn:{partition}:iam::777788889999:role/Collector"
    assert any(each.endswith(example) for each in told)
