# ruff: noqa: E501 - a table of refusals reads best with a row a line
"""Bad settings are told before anything happens: all together, each by name, value, rule and remedy."""

from typing import Any

import pulumi
import pytest

from model import AccessLog, Level
from settings import Settings, parse
from settings.reader import Problems
from tests.support.deployment import deploy, stack_values


def problems_of(**changes: object) -> list[str]:
    problems = Problems()
    parse(stack_values("prod", **changes), problems)
    return problems


def settings_of(**changes: object) -> Settings:
    problems = Problems()
    settings = parse(stack_values("prod", **changes), problems)
    assert problems == []
    return settings


def consumer(**changes: Any) -> dict[str, Any]:
    return {
        "name": "stage-admin",
        "user": {"name": "StageAdmin"},
        "role": {"name": "StageRole"},
        **changes,
    }


def bucket(**changes: Any) -> dict[str, Any]:
    return {"name": "production-test-bucket-101", **changes}


def grant(**changes: Any) -> dict[str, Any]:
    return {
        "consumer": "stage-admin",
        "bucket": "production-test-bucket-101",
        "levels": ["read"],
        **changes,
    }


@pytest.mark.parametrize("stack", ["prod", "staging"])
def test_both_stack_files_are_valid(stack: str) -> None:
    problems = Problems()
    parse(stack_values(stack), problems)
    assert problems == []


def test_the_two_stacks_share_no_name_so_they_live_side_by_side() -> None:
    names = []
    for stack in ("prod", "staging"):
        settings = parse(stack_values(stack), Problems())
        names.append(
            {item.name for item in settings.buckets}
            | {item.role.name for item in settings.consumers}
            | {item.role.policy_name for item in settings.consumers}
            | {item.user.name for item in settings.consumers}
        )
    assert names[0].isdisjoint(names[1])


def test_prod_protects_its_bucket_and_staging_does_not() -> None:
    assert all(item.protect for item in parse(stack_values("prod"), Problems()).buckets)
    assert not any(item.protect for item in parse(stack_values("staging"), Problems()).buckets)


def test_every_setting_is_read() -> None:
    settings = settings_of(
        buckets=[
            bucket(
                protect=False,
                staging_may_list=True,
                noncurrent_days=7,
                access_log={"bucket": "our-logs", "prefix": "prod/"},
            )
        ],
        consumers=[
            consumer(
                user={"name": "StageAdmin", "path": "/people/"},
                role={
                    "name": "StageRole",
                    "path": "/access/",
                    "policy_name": "Readers",
                    "max_session_duration": 7200,
                    "permissions_boundary": "arn:aws:iam::111122223333:policy/Boundary",
                    "tags": {"team": "data"},
                },
            )
        ],
        grants=[grant(levels=["delete", "write"])],
        tags={"cost-centre": "42"},
    )
    (read,) = settings.buckets
    assert (read.protect, read.staging_may_list, read.noncurrent_days) == (False, True, 7)
    assert read.access_log == AccessLog(bucket="our-logs", prefix="prod/")
    (who,) = settings.consumers
    assert settings.staging.user_arn(who.user) == "arn:aws:iam::444455556666:user/people/StageAdmin"
    assert (
        settings.production.role_arn(who.role) == "arn:aws:iam::111122223333:role/access/StageRole"
    )
    assert (who.role.policy_name, who.role.max_session_duration) == ("Readers", 7200)
    assert who.role.permissions_boundary == "arn:aws:iam::111122223333:policy/Boundary"
    assert who.role.tags == {"team": "data"}
    assert settings.grants[0].levels == (Level.DELETE, Level.WRITE)
    assert settings.tags == {"cost-centre": "42"}


def test_profiles_default_to_the_names_of_the_walkthrough() -> None:
    settings = settings_of(production_profile=None, staging_profile=None)
    assert settings.production.profile == "ProductionAccountAdmin"
    assert settings.staging.profile == "StagingAccountAdmin"


def test_a_china_region_puts_every_arn_into_its_partition() -> None:
    settings = settings_of(production_region="cn-north-1", staging_region="cn-northwest-1")
    assert settings.production.root_arn == "arn:aws-cn:iam::111122223333:root"
    assert settings.production.bucket_arn("b") == "arn:aws-cn:s3:::b"


LONG = "x" * 65

REJECTED: dict[str, tuple[dict[str, Any], str]] = {
    "account ID of 11 digits": (
        {"production_account_id": "12345678901"},
        "production_account_id: '12345678901' must be 12 digits: a YAML number loses its leading "
        'zeros, so write it quoted, "012345678901" if that is the account',
    ),
    "account ID of letters": (
        {"staging_account_id": "staging"},
        "staging_account_id: 'staging' must be 12 digits",
    ),
    "account ID in foreign digits": ({"staging_account_id": "٤" * 12}, "must be 12 digits"),
    "account ID missing": (
        {"production_account_id": None},
        "production_account_id: missing; add it",
    ),
    "account ID left empty": (
        {"production_account_id": ""},
        "production_account_id: '' must be 12 digits",
    ),
    "same account twice": (
        {"staging_account_id": "111122223333"},
        "staging_account_id: '111122223333' is the Production account too",
    ),
    "same profile twice": (
        {"staging_profile": "ProductionAccountAdmin"},
        "staging_profile: 'ProductionAccountAdmin' is the Production profile too",
    ),
    "empty profile": (
        {"production_profile": ""},
        "production_profile: '' must be the name of an AWS CLI profile",
    ),
    "profile with a space": (
        {"staging_profile": "my profile"},
        "staging_profile: 'my profile' must be",
    ),
    "region missing": ({"staging_region": None}, "staging_region: missing"),
    "malformed region": (
        {"staging_region": "Oregon"},
        "staging_region: 'Oregon' must be an AWS region",
    ),
    "mistyped region": (
        {"production_region": "us-wset-2"},
        "production_region: 'us-wset-2' must be an AWS region, as in us-west-2; did you mean us-west-2?",
    ),
    "zone for a region": (
        {"production_region": "us-west-2a"},
        "'us-west-2a' must be an AWS region",
    ),
    "regions of two partitions": (
        {"staging_region": "cn-north-1"},
        "staging_region: 'cn-north-1' is in partition aws-cn, us-west-2 in aws",
    ),
    "unknown setting": (
        {"production_acount_id": "111122223333"},
        "production_acount_id: no such setting; did you mean production_account_id?",
    ),
    "unknown setting in a list": (
        {"buckets": [bucket(protected=True)]},
        "buckets[0].protected: no such setting; did you mean protect?",
    ),
    "no buckets": ({"buckets": []}, "buckets: empty"),
    "buckets missing": ({"buckets": None}, "buckets: missing; add it, as in {name: my-bucket}"),
    "buckets as text": ({"buckets": "my-bucket"}, "buckets: 'my-bucket' must be a list"),
    "bucket as text": ({"buckets": ["my-bucket"]}, "buckets[0]: 'my-bucket' must be a mapping"),
    "bucket without a name": ({"buckets": [{}]}, "buckets[0].name: missing"),
    "bucket twice": (
        {"buckets": [bucket(), bucket()]},
        "buckets[1].name: 'production-test-bucket-101' is there already",
    ),
    "flag as text": (
        {"buckets": [bucket(protect="yes")]},
        "buckets[0].protect: 'yes' must be true or false",
    ),
    "days as text": (
        {"buckets": [bucket(noncurrent_days="ten")]},
        "buckets[0].noncurrent_days: 'ten' must be a whole number of days",
    ),
    "days of zero": (
        {"buckets": [bucket(noncurrent_days=0)]},
        "buckets[0].noncurrent_days: 0 must be 1 to 36500 days",
    ),
    "days as a flag": (
        {"buckets": [bucket(noncurrent_days=True)]},
        "noncurrent_days: True must be a whole number",
    ),
    "log without a bucket": (
        {"buckets": [bucket(access_log={"prefix": "x/"})]},
        "buckets[0].access_log.bucket: missing",
    ),
    "consumer without a role": (
        {"consumers": [{"name": "stage-admin", "user": {"name": "StageAdmin"}}]},
        "consumers[0].role: missing; add it, as in {name: StageRole}",
    ),
    "consumer with a user as text": (
        {"consumers": [consumer(user="StageAdmin")]},
        "consumers[0].user: 'StageAdmin' must be a mapping",
    ),
    "consumer name in capitals": (
        {"consumers": [consumer(name="StageAdmin")]},
        "consumers[0].name: 'StageAdmin' must be lower-case",
    ),
    "user name too long": (
        {"consumers": [consumer(user={"name": LONG})]},
        "consumers[0].user.name",
    ),
    "user name with a slash": (
        {"consumers": [consumer(user={"name": "a/b"})]},
        "consumers[0].user.name: 'a/b' must consist of letters",
    ),
    "user path without slashes": (
        {"consumers": [consumer(user={"name": "A", "path": "people"})]},
        "consumers[0].user.path: 'people' must begin and end with /",
    ),
    "path with an empty part": (
        {"consumers": [consumer(user={"name": "A", "path": "/a//b/"})]},
        "must not have two slashes in a row",
    ),
    "adopted user with a boundary": (
        {
            "consumers": [
                consumer(
                    user={
                        "name": "A",
                        "permissions_boundary": "arn:aws:iam::444455556666:policy/B",
                        "adopt": True,
                    }
                )
            ]
        },
        "consumers[0].user.adopt: True leaves the user as it is",
    ),
    "role name too long": (
        {"consumers": [consumer(role={"name": LONG})]},
        "consumers[0].role.name",
    ),
    "role name as a number": (
        {"consumers": [consumer(role={"name": 42})]},
        'consumers[0].role.name: 42 must be text: write it quoted, "42"',
    ),
    "role path and name beyond the console": (
        {"consumers": [consumer(role={"name": "R" * 40, "path": "/" + "p" * 30 + "/"})]},
        "have 71 characters together; the console switches to roles with at most 64",
    ),
    "policy name too long": (
        {"consumers": [consumer(role={"name": "R", "policy_name": "P" * 129})]},
        "consumers[0].role.policy_name",
    ),
    "session too short": (
        {"consumers": [consumer(role={"name": "R", "max_session_duration": 900})]},
        "consumers[0].role.max_session_duration: 900 must be 3600 to 43200 seconds",
    ),
    "session too long": (
        {"consumers": [consumer(role={"name": "R", "max_session_duration": 43201})]},
        "43201 must be 3600 to 43200 seconds",
    ),
    "boundary that is no ARN": (
        {"consumers": [consumer(role={"name": "R", "permissions_boundary": "Boundary"})]},
        "must be the ARN of a managed policy",
    ),
    "reserved tag": ({"tags": {"aws:team": "x"}}, "tags: 'aws:team' must not begin with aws:"),
    "tags that differ in case": (
        {"tags": {"Team": "x", "team": "y"}},
        "has keys that differ only in case",
    ),
    "tag value of the wrong characters": (
        {"tags": {"team": "a|b"}},
        "tags.team: 'a|b' must have at most 256",
    ),
    "too many tags": ({"tags": {f"k{i}": "v" for i in range(41)}}, "tags: 41 tags"),
    "unknown level": (
        {"grants": [grant(levels=["raed"])]},
        "grants[0].levels[0]: 'raed' must be one of list, read, write, delete; did you mean read?",
    ),
    "level twice": (
        {"grants": [grant(levels=["read", "read"])]},
        "grants[0].levels[1]: 'read' is there twice",
    ),
    "no level": ({"grants": [grant(levels=[])]}, "grants[0].levels: empty"),
    "grant to nobody": (
        {"grants": [grant(consumer="stage-admn"), grant()]},
        "grants[0].consumer: 'stage-admn' is not the name of anything under consumers; did you mean stage-admin?",
    ),
    "grant of nothing": (
        {"grants": [grant(bucket="another-bucket")]},
        "grants[0].bucket: 'another-bucket' is not the name of anything under buckets",
    ),
    "the same grant twice": (
        {"grants": [grant(), grant(levels=["list"])]},
        "grants: 2 grants of 'production-test-bucket-101' to 'stage-admin'",
    ),
    "consumer without a grant": (
        {
            "consumers": [
                consumer(),
                consumer(name="other", user={"name": "B"}, role={"name": "RB"}),
            ]
        },
        "consumers[1].name: 'other' has no grant",
    ),
    "role names that differ in case": (
        {
            "consumers": [
                consumer(),
                consumer(name="other", user={"name": "B"}, role={"name": "stagerole"}),
            ],
            "grants": [grant(), grant(consumer="other")],
        },
        "consumers[1].role.name: 'stagerole' is there already",
    ),
}


@pytest.mark.parametrize(("changes", "expected"), REJECTED.values(), ids=REJECTED.keys())
def test_rejects(changes: dict[str, Any], expected: str) -> None:
    assert any(expected in problem for problem in problems_of(**changes))


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("ab", "3 to 63 characters"),
        ("a" * 64, "3 to 63 characters"),
        ("My-Bucket", "lower-case"),
        ("my_bucket", "lower-case"),
        ("-bucket", "begin and end"),
        ("bucket-", "begin and end"),
        ("my..bucket", "two dots"),
        ("192.168.5.4", "IP address"),
        ("xn--bucket", "xn--"),
        ("sthree-bucket", "sthree-"),
        ("amzn-s3-demo-bucket", "amzn-s3-demo-"),
        ("bucket-s3alias", "-s3alias"),
        ("bucket--ol-s3", "--ol-s3"),
        ("bucket.mrap", ".mrap"),
        ("bucket--x-s3", "--x-s3"),
        ("bucket--table-s3", "--table-s3"),
        ("bucket-111122223333-us-west-2-an", "-an"),
    ],
)
def test_rejects_bucket_names_that_s3_refuses(name: str, rule: str) -> None:
    problems = problems_of(buckets=[bucket(name=name)], grants=[grant(bucket=name)])
    assert [
        problem for problem in problems if problem.startswith("buckets[0].name") and rule in problem
    ]


def test_a_bad_value_is_told_once() -> None:
    assert len(problems_of(staging_region="Oregon")) == 1
    assert len(problems_of(consumers=[consumer(user=None)])) == 1


def test_all_problems_are_told_together_and_nothing_is_registered() -> None:
    values = stack_values("prod", production_account_id="1", staging_region="x", unknown="y")
    with pytest.raises(pulumi.RunError) as caught:
        deploy(values)
    lines = str(caught.value).splitlines()
    assert lines[0] == "3 problems in Pulumi.prod.yaml; nothing was changed:"
    assert [line.split(":")[0].strip() for line in lines[1:]] == [
        "production_account_id",
        "staging_region",
        "unknown",
    ]
