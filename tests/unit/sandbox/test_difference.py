"""What the stand-in updates in place, what it replaces, and what it leaves alone."""

import json
from typing import Any

import pytest
from pulumi.runtime.rpc import UNKNOWN

from cross_account_access.dev.sandbox.provider.catalogue import RESOURCE_TYPES
from cross_account_access.dev.sandbox.provider.checking import DEFAULTS
from cross_account_access.dev.sandbox.provider.difference import changes, delete_first

ROLE = "aws:iam/role:Role"
BUCKET = "aws:s3/bucket:Bucket"
EXCLUSIVE = "aws:iam/rolePolicyAttachmentsExclusive:RolePolicyAttachmentsExclusive"
LIFECYCLE = "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration"
VERSIONING = "aws:s3/bucketVersioning:BucketVersioning"


def trust(**elements: Any) -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": "222222222222"}, **elements}
    return json.dumps({"Version": "2012-10-17", "Statement": statement})


STATE = {
    "name": "StageRole",
    "path": "/",
    "assumeRolePolicy": trust(Action="sts:AssumeRole"),
    "maxSessionDuration": 3600,
    "tags": {"Owner": "me", "two words": "x"},
    "arn": "arn:aws:iam::111111111111:role/StageRole",
}


def changed(pulumi_type: str, state: dict[str, Any], **news: Any) -> list[tuple[str, bool]]:
    found = changes(RESOURCE_TYPES[pulumi_type], state, {**state, **news})
    return [(each.path, each.replaces) for each in found]


def encryption(**rule: Any) -> dict[str, Any]:
    algorithm = {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES256"}}
    return {"bucket": "b", "rules": [{**algorithm, **rule}]}


@pytest.mark.parametrize(
    ("found", "declared", "differs"),
    [
        ({"blockedEncryptionTypes": ["SSE-C"]}, {}, False),
        ({"blockedEncryptionTypes": ["NONE"]}, {}, False),
        ({"blockedEncryptionTypes": ["NONE"]}, {"blockedEncryptionTypes": ["SSE-C"]}, True),
        ({}, {"blockedEncryptionTypes": ["SSE-C"]}, True),
        ({"bucketKeyEnabled": True}, {}, True),
    ],
)
def test_what_the_provider_computes_is_no_change_where_it_is_not_declared(
    found: dict[str, Any], declared: dict[str, Any], differs: bool
) -> None:
    token = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    news = changes(RESOURCE_TYPES[token], encryption(**found), encryption(**declared))
    assert bool(news) is differs


def test_nothing_changes_when_the_program_says_the_same() -> None:
    assert changed(ROLE, STATE) == []


def test_another_spelling_of_a_document_changes_nothing() -> None:
    written = trust(
        Action=["sts:AssumeRole"], Principal={"AWS": ["arn:aws:iam::222222222222:root"]}
    )

    assert changed(ROLE, STATE, assumeRolePolicy=written) == []


def test_another_meaning_of_a_document_is_an_update() -> None:
    written = trust(Action="sts:AssumeRole", Principal={"AWS": "333333333333"})

    assert changed(ROLE, STATE, assumeRolePolicy=written) == [("assumeRolePolicy", False)]


def test_a_renamed_tag_is_an_update_that_names_both_keys() -> None:
    tags = {"Boss": "me", "two words": "x"}

    assert changed(ROLE, STATE, tags=tags) == [("tags.Boss", False), ("tags.Owner", False)]


def test_a_key_that_is_no_word_is_quoted_in_the_path() -> None:
    assert changed(ROLE, STATE, tags={"Owner": "me"}) == [('tags["two words"]', False)]


def test_tags_that_the_program_drops_altogether_are_a_change() -> None:
    assert changed(ROLE, STATE, tags=None) == [("tags", False)]


def test_no_tags_and_empty_tags_are_the_same() -> None:
    assert changed(BUCKET, {"bucket": "b", "tags": {}}, tags=None) == []


@pytest.mark.parametrize(
    ("pulumi_type", "state", "news", "path"),
    [
        (ROLE, STATE, {"path": "/x/"}, "path"),
        (ROLE, STATE, {"name": "Other"}, "name"),
        (BUCKET, {"bucket": "b"}, {"bucket": "c"}, "bucket"),
        ("aws:s3/bucketPolicy:BucketPolicy", {"bucket": "b"}, {"bucket": "c"}, "bucket"),
        ("aws:iam/policy:Policy", {"description": "a"}, {"description": "b"}, "description"),
        ("aws:iam/userPolicy:UserPolicy", {"user": "a"}, {"user": "b"}, "user"),
        (EXCLUSIVE, {"roleName": "a"}, {"roleName": "b"}, "roleName"),
        (
            "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
            {"policyArn": "a"},
            {"policyArn": "b"},
            "policyArn",
        ),
    ],
)
def test_replaces_where_the_documentation_says_so(
    pulumi_type: str, state: dict[str, Any], news: dict[str, Any], path: str
) -> None:
    assert changed(pulumi_type, state, **news) == [(path, True)]


@pytest.mark.parametrize(
    ("pulumi_type", "news", "path"),
    [
        (ROLE, {"maxSessionDuration": 7200}, "maxSessionDuration"),
        (ROLE, {"description": "said"}, "description"),
        (ROLE, {"permissionsBoundary": "arn:aws:iam::aws:policy/X"}, "permissionsBoundary"),
        ("aws:iam/user:User", {"path": "/y/"}, "path"),
    ],
)
def test_updates_in_place_where_aws_can(pulumi_type: str, news: dict[str, Any], path: str) -> None:
    assert changed(pulumi_type, STATE, **news) == [(path, False)]


def test_a_name_that_the_program_leaves_open_is_right_whatever_it_is() -> None:
    assert changed(BUCKET, {"bucket": "made-up-1234567"}, bucket=None) == []


def test_a_loosened_setting_shows_against_a_program_that_leaves_the_default() -> None:
    block = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
    state = {"bucket": "b", "blockPublicAcls": False}

    assert changed(block, state, blockPublicAcls=True) == [("blockPublicAcls", False)]
    assert changed(block, state, blockPublicAcls=None) == []


def test_the_order_of_attached_policies_means_nothing_but_an_extra_one_does() -> None:
    state = {"roleName": "r", "policyArns": ["a", "b"]}

    assert changed(EXCLUSIVE, state, policyArns=["b", "a"]) == []
    assert changed(EXCLUSIVE, state, policyArns=["a"]) == [("policyArns", False)]
    assert changed(EXCLUSIVE, state, policyArns=[]) == [("policyArns", False)]


def test_lifecycle_rules_are_compared_by_meaning() -> None:
    rule = {"id": "a", "status": "Enabled", "filter": {}, "expiration": {"days": 1}}
    state = {"bucket": "b", "rules": [rule, {**rule, "id": "b"}]}

    written = [
        {"id": "b", "status": "Enabled", "filter": {"prefix": ""}, "expiration": {"days": 1}}
    ]
    assert changed(LIFECYCLE, state, rules=[*written, rule]) == []
    assert changed(LIFECYCLE, state, rules=[rule]) == [("rules", False)]
    other = {**rule, "expiration": {"days": 2}}
    assert changed(LIFECYCLE, state, rules=[other, *written]) == [("rules", False)]


def test_part_of_an_object_is_named() -> None:
    state = {"bucket": "b", "versioningConfiguration": {"status": "Suspended"}}

    found = changed(VERSIONING, state, versioningConfiguration={"status": "Enabled"})
    assert found == [("versioningConfiguration.status", False)]


def test_what_is_not_known_yet_may_change() -> None:
    assert changed(ROLE, STATE, assumeRolePolicy=UNKNOWN) == [("assumeRolePolicy", False)]


def test_a_fixed_name_is_freed_before_its_replacement_takes_it() -> None:
    role = RESOURCE_TYPES[ROLE]

    assert delete_first(role, STATE, {**STATE, "path": "/x/"})
    assert not delete_first(role, STATE, {**STATE, "path": "/x/", DEFAULTS: ["name"]})
    assert not delete_first(role, STATE, {**STATE, "name": "Other"})
