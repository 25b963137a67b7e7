"""What is corrected in the emulated AWS: each rule is wrong as shipped, and right with us."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cross_account_access.dev.sandbox import corrections
from tests.integration.sandbox.emulated import (
    MACHINE,
    PRODUCTION,
    ROLE,
    STAGING,
    Accounts,
    acting,
    code_of,
    is_allowed,
    of,
    policy,
    reads,
)
from tests.support.devices import give_device

UNDER_TEST = corrections


def on_role(**statement: Any) -> dict[str, Any]:
    return {"Resource": ROLE, **statement}


def test_the_principal_of_a_role_session_is_the_role(accounts: Accounts) -> None:
    for name in ("Machine", "Other"):
        accounts.role(name, STAGING, "/machines/")
        of(accounts, STAGING, "iam").put_role_policy(
            RoleName=name, PolicyName="own", PolicyDocument=policy(on_role())
        )
    accounts.role("Target", PRODUCTION, Condition={"ArnEquals": {"aws:PrincipalArn": MACHINE}})
    starter = accounts.user("Starter", {"Resource": "*"})
    machine = accounts.assumes(starter, MACHINE)
    other = accounts.assumes(starter, MACHINE.replace("Machine", "Other"))

    assert bool(accounts.assumes(machine)) == accounts.mended
    assert not accounts.assumes(other)
    assert not accounts.assumes(starter)


@pytest.mark.parametrize(
    ("key", "stated"),
    [
        ("sts:ExternalId", {"ExternalId": "wanted"}),
        ("sts:RoleSessionName", {}),
        ("sts:SourceIdentity", {"SourceIdentity": "wanted"}),
    ],
)
def test_a_caller_s_own_policy_may_ask_for_what_it_states(
    accounts: Accounts, key: str, stated: dict[str, str]
) -> None:
    accounts.role("Target", PRODUCTION, Action=["sts:AssumeRole", "sts:SetSourceIdentity"])
    identity = on_role(Action="sts:SetSourceIdentity")
    value = next(iter(stated.values()), "test")
    right = accounts.user("Right", on_role(Condition={"StringEquals": {key: value}}), identity)
    wrong = accounts.user("Wrong", on_role(Condition={"StringEquals": {key: "else"}}), identity)

    assert bool(accounts.assumes(right, **stated)) == accounts.mended
    assert not accounts.assumes(wrong, **stated)
    if stated:
        assert not accounts.assumes(right)


def test_a_trust_policy_may_ask_for_the_source_identity(accounts: Accounts) -> None:
    accounts.role(
        "Target",
        PRODUCTION,
        Action=["sts:AssumeRole", "sts:SetSourceIdentity"],
        Condition={"StringEquals": {"sts:SourceIdentity": "Alice"}},
    )
    caller = accounts.user("Caller", on_role(Action="sts:*"))

    alice = accounts.assumes(caller, SourceIdentity="Alice")
    assert bool(alice) == accounts.mended
    assert not accounts.assumes(caller, SourceIdentity="Bob")
    assert not accounts.assumes(caller)


@pytest.mark.parametrize(
    ("action", "stated", "trust_is_asked"),
    [
        ("sts:SetSourceIdentity", {"SourceIdentity": "Alice"}, False),
        ("sts:TagSession", {"Tags": [{"Key": "project", "Value": "apollo"}]}, True),
    ],
)
def test_stating_more_needs_its_own_action_on_both_sides(
    accounts: Accounts, action: str, stated: dict[str, Any], trust_is_asked: bool
) -> None:
    accounts.role("Target", PRODUCTION, Action=["sts:AssumeRole", action])
    accounts.role("Narrow", PRODUCTION)
    narrow_role = ROLE.replace("Target", "Narrow")
    actions = ["sts:AssumeRole", action]
    both = accounts.user("Both", {"Resource": "*", "Action": actions})
    narrow = accounts.user("Narrow", {"Resource": "*"})
    corrected = accounts.mended

    assert accounts.assumes(both, **stated)
    assert accounts.assumes(narrow)
    assert bool(accounts.assumes(narrow, **stated)) != corrected
    assert bool(accounts.assumes(both, narrow_role, **stated)) != (corrected or trust_is_asked)


def test_a_listing_tells_the_second_of_an_object(accounts: Accounts) -> None:
    s3 = of(accounts, PRODUCTION, "s3")
    s3.create_bucket(Bucket="images", CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    # Several, since one of them may be written in the first millisecond of a second.
    for key in "abc":
        s3.put_object(Bucket="images", Key=key, Body=b"")
    listed = s3.list_objects_v2(Bucket="images")["Contents"]

    assert any(item["LastModified"].microsecond for item in listed) == (not accounts.mended)


@pytest.mark.parametrize(
    "named",
    [
        {"Principal": {"AWS": f"arn:aws:iam::{STAGING}:user/Copier"}},
        {
            "Principal": {"AWS": f"arn:aws:iam::{STAGING}:root"},
            "Condition": {"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{STAGING}:user/Copier"}},
        },
    ],
    ids=["by name", "by condition"],
)
def test_a_bucket_policy_may_mean_one_user_of_another_account(
    accounts: Accounts, named: dict[str, Any]
) -> None:
    production = of(accounts, PRODUCTION, "s3")
    production.create_bucket(
        Bucket="records", CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
    )
    production.put_object(Bucket="records", Key="a", Body=b"")
    objects = {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::records/*"}
    users = {name: accounts.user(name, objects) for name in ("Copier", "Other")}
    production.put_bucket_policy(Bucket="records", Policy=policy({**objects, **named}))

    assert reads(acting(users["Copier"], "s3")) == accounts.mended
    assert not reads(acting(users["Other"], "s3"))


OBJECT: Any = {"Bucket": "shared", "Key": "object"}
STATED: dict[str, tuple[Callable[[Any], object], list[str]]] = {
    "an ACL": (
        lambda s3: s3.put_object(**OBJECT, Body=b"", ACL="bucket-owner-full-control"),
        ["s3:PutObjectAcl"],
    ),
    "tags": (
        lambda s3: s3.put_object(**OBJECT, Body=b"", Tagging="a=b"),
        ["s3:PutObjectTagging"],
    ),
    "an ACL of an upload in parts": (
        lambda s3: s3.create_multipart_upload(**OBJECT, ACL="bucket-owner-full-control"),
        ["s3:PutObjectAcl"],
    ),
    "tags of an upload in parts": (
        lambda s3: s3.create_multipart_upload(**OBJECT, Tagging="a=b"),
        ["s3:PutObjectTagging"],
    ),
    "tags of what is copied": (
        lambda s3: s3.copy_object(**OBJECT, CopySource="shared/tagged"),
        ["s3:GetObjectTagging", "s3:PutObjectTagging"],
    ),
    "tags in place of those of what is copied": (
        lambda s3: s3.copy_object(
            **OBJECT, CopySource="shared/tagged", TaggingDirective="REPLACE", Tagging="c=d"
        ),
        ["s3:PutObjectTagging"],
    ),
}


@pytest.mark.parametrize("direct", [False, True], ids=["by a role", "by the bucket's policy"])
@pytest.mark.parametrize("stated", STATED)
def test_what_a_write_states_needs_its_own_permission(
    accounts: Accounts, stated: str, direct: bool
) -> None:
    write, needed = STATED[stated]
    owner = of(accounts, PRODUCTION, "s3")
    owner.create_bucket(
        Bucket="shared", CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
    )
    owner.put_object(Bucket="shared", Key="tagged", Body=b"", Tagging="a=b")
    key = accounts.user("Writer", {"Action": "*", "Resource": "*"})
    if not direct:
        accounts.role("Target", PRODUCTION)
        key = accounts.assumes(key)

    def allowed(*more: str) -> bool:
        actions = ["s3:GetObject", "s3:PutObject", *more]
        statement: dict[str, Any] = {"Action": actions, "Resource": "arn:aws:s3:::shared/*"}
        if direct:
            staging = {"AWS": f"arn:aws:iam::{STAGING}:root"}
            document = policy({"Principal": staging, **statement})
            owner.put_bucket_policy(Bucket="shared", Policy=document)
        else:
            of(accounts, PRODUCTION, "iam").put_role_policy(
                RoleName="Target", PolicyName="own", PolicyDocument=policy(statement)
            )
        return is_allowed(lambda: write(acting(key, "s3")))

    assert allowed(*needed)
    for one in needed:
        others = [each for each in needed if each != one]
        assert allowed(*others) == (not accounts.mended), one


@pytest.mark.parametrize(
    "statement",
    [
        {"Resource": "arn:aws:s3:::records/${aws:username}/*"},
        {"Resource": "arn:aws:s3:::records/${s3:prefix, 'Reader'}/*"},
        {
            "Resource": "arn:aws:s3:::records/Reader/*",
            "Condition": {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/${aws:username}"}},
        },
    ],
    ids=["in a resource", "by its default", "in a condition"],
)
def test_a_variable_stands_for_a_value_of_the_request(
    accounts: Accounts, statement: dict[str, Any]
) -> None:
    owner = of(accounts, STAGING, "s3")
    owner.create_bucket(
        Bucket="records", CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
    )
    for key in ("Reader/a", "Other/a"):
        owner.put_object(Bucket="records", Key=key, Body=b"")
    s3 = acting(accounts.user("Reader", {"Action": "s3:GetObject", **statement}), "s3")
    assert reads(s3, "Reader/a") == accounts.mended
    assert not reads(s3, "Other/a")


def test_the_account_of_a_bucket_is_its_owner_s(accounts: Accounts) -> None:
    owner = of(accounts, PRODUCTION, "s3")
    owner.create_bucket(
        Bucket="records", CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
    )
    listing = {"Action": "s3:ListBucket", "Resource": "arn:aws:s3:::records"}
    owner.put_bucket_policy(
        Bucket="records",
        Policy=policy({**listing, "Principal": {"AWS": f"arn:aws:iam::{STAGING}:root"}}),
    )

    def lists(name: str, account: str) -> bool:
        of_account = {"StringEquals": {"aws:ResourceAccount": account}}
        s3 = acting(accounts.user(name, {**listing, "Condition": of_account}), "s3")
        return is_allowed(lambda: s3.list_objects_v2(Bucket="records"))

    assert lists("Right", PRODUCTION) == accounts.mended
    assert lists("Wrong", STAGING) != accounts.mended


def test_a_request_without_tags_has_no_tag_keys(accounts: Accounts) -> None:
    none: Any = {"Condition": {"Null": {"aws:TagKeys": "true"}}}
    accounts.role("Target", PRODUCTION, Action=["sts:AssumeRole", "sts:TagSession"], **none)
    caller = accounts.user("Caller", on_role(Action="sts:*"))
    assert bool(accounts.assumes(caller)) == accounts.mended
    assert not accounts.assumes(caller, Tags=[{"Key": "project", "Value": "apollo"}])


@pytest.mark.parametrize(
    ("key", "stated"),
    [
        ("customer-algorithm", {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": "k" * 32}),
        (
            "aws-kms-key-id",
            {
                "ServerSideEncryption": "aws:kms",
                "SSEKMSKeyId": f"arn:aws:kms:us-west-2:{STAGING}:key/1",
            },
        ),
    ],
    ids=["a key of the caller's", "a KMS key"],
)
def test_a_bucket_policy_may_ask_for_the_key_that_a_write_states(
    accounts: Accounts, key: str, stated: dict[str, str]
) -> None:
    owner = of(accounts, PRODUCTION, "s3")
    owner.create_bucket(
        Bucket="shared", CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
    )
    accounts.role("Target", PRODUCTION)
    of(accounts, PRODUCTION, "iam").put_role_policy(
        RoleName="Target",
        PolicyName="own",
        PolicyDocument=policy({"Action": "s3:*", "Resource": "*"}),
    )
    refusal = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": "arn:aws:s3:::shared/*",
        "Condition": {"Null": {f"s3:x-amz-server-side-encryption-{key}": "false"}},
    }
    owner.put_bucket_policy(Bucket="shared", Policy=policy(refusal))
    found = accounts.assumes(accounts.user("Writer", {"Resource": "*"}))
    writer = acting(found, "s3")

    def refused(write: Callable[..., object], **more: Any) -> bool:
        return code_of(lambda: write(**OBJECT, **stated, **more)) == "AccessDenied"

    writer.put_object(**OBJECT, Body=b"")
    assert refused(writer.put_object, Body=b"") == accounts.mended
    assert refused(writer.create_multipart_upload) == accounts.mended


@pytest.mark.parametrize(
    ("give", "what"),
    [
        (
            lambda iam: iam.put_user_policy(
                UserName="Leaver", PolicyName="own", PolicyDocument=policy(on_role())
            ),
            "delete policies",
        ),
        (
            lambda iam: iam.create_login_profile(UserName="Leaver", Password="Evening-1"),
            "delete login profile",
        ),
        (
            lambda iam: give_device(iam, "Leaver", "phone"),
            "deactivate MFA device",
        ),
        (
            lambda iam: (
                iam.create_group(GroupName="people"),
                iam.add_user_to_group(GroupName="people", UserName="Leaver"),
            ),
            "remove users from group",
        ),
    ],
    ids=["inline policy", "password", "MFA device", "group"],
)
def test_a_user_goes_when_it_has_nothing_left(
    accounts: Accounts, give: Callable[[Any], object], what: str
) -> None:
    iam = of(accounts, STAGING, "iam")
    iam.create_user(UserName="Leaver")
    give(iam)
    if not accounts.mended:
        iam.delete_user(UserName="Leaver")
        return
    with pytest.raises(ClientError, match=f"must {what} first") as refused:
        iam.delete_user(UserName="Leaver")
    assert refused.value.response["Error"]["Code"] == "DeleteConflict"
