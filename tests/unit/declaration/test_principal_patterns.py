"""Patterns for users and roles name some of them, and what is nearly everybody is refused."""

import pytest

from cross_account_access.declaration.rules.principal_patterns import principal_pattern

STAGING = "arn:aws:iam::444455556666:"
SETS = "role/aws-reserved/sso.amazonaws.com/"
RULE = principal_pattern("aws", "444455556666")

NAMED = [
    "role/data/*",
    "role/d/*",
    "role/ci-*",
    "role/*-deployer",
    "role/*admin*",
    "role/*/Deployer",
    "role/Deployer",
    "role/D",
    "role/Data??",
    "user/StageAdmin",
    "user/people/*",
    "user/*@example.com",
    "user/aws*",
    "user/*SSO_Analysts_*",
    f"{SETS}*AWSReservedSSO_Analysts_*",
    f"{SETS}*/AWSReservedSSO_Analysts_*",
    f"{SETS}eu-west-1/AWSReservedSSO_Analysts_*",
    f"{SETS}AWSReservedSSO_Analysts_0123456789abcdef",
    f"{SETS}AWSReservedSSO_A_????????????????",
    f"{SETS}*AWSReservedSSO_Data*",
]

EVERY_SET = [
    "role/aws-reserved/*",
    "role/aws-reserved/sso*",
    "role/aws-reserved/s?o.amazonaws.com/*",
    f"{SETS}*",
    f"{SETS}eu-west-1/*",
    f"{SETS}*AWSReservedSSO_*",
    f"{SETS}*/AWSReservedSSO_*",
    f"{SETS}*AWSReservedSSO_?*",
    f"{SETS}*AWSReservedSSO_*_*",
    f"{SETS}*AWSReservedSSO_*e*",
    f"{SETS}*_*",
    "role/aws*",
    "role/aws-r*",
    "role/*AWSReservedSSO_*",
    "role/*ReservedSSO*",
    "role/*sso.amazonaws.com*",
    "role/*/AWSReservedSSO_*",
    "role/*amazon*",
]

WITHOUT_THE_PATH = [
    "role/AWSReservedSSO_Analysts_*",
    "role/AWSReservedSSO_Analysts_0123456789abcdef",
    "role/*AWSReservedSSO_Analysts_*",
    "role/*/AWSReservedSSO_Analysts_*",
    "role/*sso.amazonaws.com/AWSReservedSSO_Analysts_*",
    "role/*ReservedSSO_Analysts_*",
    "role/*SSO_Analysts_*",
    "role/sso.amazonaws.com/AWSReservedSSO_Analysts_*",
]

NEARLY_EVERYBODY = [
    "user/*a*",
    "user/a*",
    "user/*e",
    "role/*-*",
    "role/*_*",
    "role/*.*",
    "role/*a*b*c*",
    "role/*ab*",
    "role/*a?b*",
    "role/*/*a*",
]

NOBODY = ["role/data/", "role//data", "role/a//*", "role//*x"]

EVERYBODY = [
    "role/*",
    "user/*",
    "role/**",
    "role/?*",
    "role/*/*",
    "user/?",
    "role/?????",
    "user/?*",
]


@pytest.mark.parametrize("named", NAMED)
def test_accepts_what_names_some_of_them(named: str) -> None:
    assert RULE(STAGING + named) is None


@pytest.mark.parametrize("named", EVERYBODY)
def test_rejects_everybody(named: str) -> None:
    assert "everybody in the account" in str(RULE(STAGING + named))


@pytest.mark.parametrize("named", NEARLY_EVERYBODY)
def test_rejects_what_names_nearly_everybody(named: str) -> None:
    assert "nearly everybody in the account" in str(RULE(STAGING + named))


@pytest.mark.parametrize("named", EVERY_SET)
def test_rejects_every_permission_set(named: str) -> None:
    told = str(RULE(STAGING + named))
    assert "permission set" in told
    assert told.endswith(f"as in {STAGING}{SETS}*AWSReservedSSO_Analysts_*")


@pytest.mark.parametrize("named", WITHOUT_THE_PATH)
def test_rejects_a_permission_set_without_the_path_that_only_aws_can_give(named: str) -> None:
    assert "lets in any role of this name that somebody makes" in str(RULE(STAGING + named))


@pytest.mark.parametrize("named", NOBODY)
def test_rejects_what_can_match_nobody(named: str) -> None:
    assert "matches nobody" in str(RULE(STAGING + named))
