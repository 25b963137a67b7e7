"""What the rules in front of the emulated services do beside refusing documents and values."""

import json
from typing import Any

import pytest

from cross_account_access.dev.sandbox import front
from cross_account_access.dev.sandbox.front import mfa
from tests.integration.sandbox.emulated import (
    ANYTHING,
    HERE,
    PRODUCTION,
    ROLE,
    STAGING,
    Accounts,
    acting,
    code_of,
    of,
    policy,
    role_with,
    root_of,
)

UNDER_TEST = front
ROOT = {"AWS": f"arn:aws:iam::{STAGING}:root"}
OWNER = {"AWS": f"arn:aws:iam::{PRODUCTION}:root"}
USER = f"arn:aws:iam::{STAGING}:user/Reader"


def named(text: str) -> Any:
    return json.loads(text)["Statement"][0]["Principal"]["AWS"]


def test_a_deleted_principal_becomes_its_id(accounts: Accounts) -> None:
    key = accounts.user("Reader", {"Resource": "*"})
    accounts.role("Target", PRODUCTION, Principal={"AWS": USER}, Condition={})
    s3, sqs, sns, kms = (of(accounts, PRODUCTION, each) for each in ("s3", "sqs", "sns", "kms"))
    s3.create_bucket(Bucket="records", **HERE)
    on_bucket = {"Action": "s3:ListBucket", "Resource": "arn:aws:s3:::records"}
    asked = {"ArnEquals": {"aws:PrincipalArn": USER}}
    bucket = policy({**on_bucket, "Principal": {"AWS": USER}, "Condition": asked})
    s3.put_bucket_policy(Bucket="records", Policy=bucket)
    message = {"Action": "sqs:SendMessage", "Resource": "*", "Principal": {"AWS": USER}}
    queue = sqs.create_queue(QueueName="q", Attributes={"Policy": policy(message)})["QueueUrl"]
    topic = sns.create_topic(Name="t")["TopicArn"]
    publish = {"Action": "SNS:Publish", "Resource": topic, "Principal": {"AWS": USER}}
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy(publish))
    on_key = policy(
        {"Action": "kms:Decrypt", "Resource": "*", "Principal": {"AWS": USER}},
        {"Action": "kms:*", "Resource": "*", "Principal": OWNER},
    )
    made = kms.create_key(Policy=on_key)["KeyMetadata"]["KeyId"]
    assert accounts.assumes(key)

    iam = of(accounts, STAGING, "iam")
    identifier = iam.get_user(UserName="Reader")["User"]["UserId"]
    iam.delete_access_key(UserName="Reader", AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName="Reader", PolicyName="own")
    iam.delete_user(UserName="Reader")
    again = accounts.user("Reader", {"Resource": "*"})

    assert bool(accounts.assumes(again)) != accounts.mended
    role = of(accounts, PRODUCTION, "iam").get_role(RoleName="Target")["Role"]
    found = [
        role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["AWS"],
        named(s3.get_bucket_policy(Bucket="records")["Policy"]),
        named(
            sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["Policy"])["Attributes"][
                "Policy"
            ]
        ),
        named(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"]),
        named(kms.get_key_policy(KeyId=made, PolicyName="default")["Policy"]),
    ]
    assert found == [identifier if accounts.mended else USER] * len(found)
    (statement,) = json.loads(s3.get_bucket_policy(Bucket="records")["Policy"])["Statement"]
    assert statement["Condition"] == asked


def test_passing_a_role_needs_its_own_permission(accounts: Accounts) -> None:
    accounts.role("Target", PRODUCTION)
    iam = of(accounts, PRODUCTION, "iam")
    iam.create_instance_profile(InstanceProfileName="machines")
    everything_else = {"Effect": "Deny", "Action": "iam:PassRole", "Resource": "*"}
    without = acting(role_with(accounts, "Without", ANYTHING, everything_else), "iam")
    passing = {
        "Action": "iam:PassRole",
        "Resource": ROLE,
        "Condition": {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}},
    }
    adding = {"Action": "iam:AddRoleToInstanceProfile", "Resource": "*"}
    with_it = acting(role_with(accounts, "With", adding, passing), "iam")

    def added(by: Any) -> str | None:
        stated = {"InstanceProfileName": "machines", "RoleName": "Target"}
        return code_of(lambda: by.add_role_to_instance_profile(**stated))

    assert added(without) == ("AccessDenied" if accounts.mended else None)
    if not accounts.mended:
        iam.remove_role_from_instance_profile(InstanceProfileName="machines", RoleName="Target")
    assert added(with_it) is None


def test_a_session_is_no_longer_than_its_role_allows(accounts: Accounts) -> None:
    accounts.role("Target", PRODUCTION)
    iam = of(accounts, PRODUCTION, "iam")
    iam.update_role(RoleName="Target", MaxSessionDuration=7200)
    user = accounts.user("Caller", {"Resource": "*"})

    def asked(key: Any, seconds: int, role: str = ROLE) -> str | None:
        stated = {"RoleArn": role, "RoleSessionName": "test", "DurationSeconds": seconds}
        return code_of(lambda: acting(key, "sts").assume_role(**stated))

    too_long = "ValidationError" if accounts.mended else None
    assert asked(user, 7200) is None
    assert asked(user, 7201) == too_long
    # Who may not assume a role does not learn how long its sessions are.
    assert (
        asked(accounts.user("Other", {"Action": "s3:*", "Resource": "*"}), 7201) == "AccessDenied"
    )
    chained = role_with(accounts, "First", {"Resource": "*"})
    accounts.role("Second", PRODUCTION, Principal=OWNER)
    second = ROLE.replace("Target", "Second")
    iam.update_role(RoleName="Second", MaxSessionDuration=7200)
    assert asked(chained, 3600, second) is None
    assert asked(chained, 3601, second) == too_long


def test_mfa_is_there_for_who_shows_a_code(accounts: Accounts) -> None:
    asks: dict[str, Any] = {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}
    accounts.role("Target", PRODUCTION, **asks)
    user = accounts.user("Caller", {"Resource": "*"})
    iam, sts = of(accounts, STAGING, "iam"), acting(user, "sts")
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName="phone")["VirtualMFADevice"]
    serial = device["SerialNumber"]

    def codes() -> list[str]:
        seed = device["Base32StringSeed"].decode()
        return mfa.codes({"Base32StringSeed": seed}, around=1) if accounts.mended else ["000000"]

    def enabled(*shown: str) -> str | None:
        given = dict(zip(("AuthenticationCode1", "AuthenticationCode2"), shown, strict=True))
        stated = {"UserName": "Caller", "SerialNumber": serial, **given}
        return code_of(lambda: iam.enable_mfa_device(**stated))

    def assumed(**shown: str) -> str | None:
        stated = {"RoleArn": ROLE, "RoleSessionName": "test", **shown}
        return code_of(lambda: sts.assume_role(**stated))

    if accounts.mended:
        assert enabled("000000", codes()[0]) == "InvalidAuthenticationCode"
    assert enabled(codes()[0], codes()[-1]) is None
    allowed = None if accounts.mended else "AccessDenied"
    assert assumed() == "AccessDenied"
    assert assumed(SerialNumber=serial, TokenCode="000000") == "AccessDenied"
    assert assumed(SerialNumber=serial, TokenCode=codes()[-1]) == allowed
    assert assumed() == "AccessDenied"

    plain = sts.get_session_token()["Credentials"]
    shown = sts.get_session_token(SerialNumber=serial, TokenCode=codes()[-1])["Credentials"]
    assert not accounts.assumes(plain)
    assert bool(accounts.assumes(shown)) == accounts.mended
    stranger = accounts.user("Stranger", {"Resource": "*"})
    stated = {"RoleArn": ROLE, "RoleSessionName": "test", "SerialNumber": serial}
    theirs = acting(stranger, "sts")
    assert code_of(lambda: theirs.assume_role(**stated, TokenCode=codes()[-1])) == "AccessDenied"


@pytest.mark.parametrize(
    ("own", "shared", "allowed"),
    [(True, True, True), (True, False, False), (False, True, False)],
)
def test_a_key_of_another_account_needs_both_policies(
    accounts: Accounts, own: bool, shared: bool, allowed: bool
) -> None:
    use = {"Action": ["kms:Decrypt", "kms:Encrypt"], "Resource": "*"}
    keeper = {"Action": "kms:*", "Resource": "*", "Principal": OWNER}
    document = policy(keeper, *([{**use, "Principal": ROOT}] if shared else []))
    owner = of(accounts, PRODUCTION, "kms")
    arn = owner.create_key(Policy=document)["KeyMetadata"]["Arn"]
    hidden = owner.encrypt(KeyId=arn, Plaintext=b"a")["CiphertextBlob"]
    user = acting(accounts.user("Caller", use if own else {"Resource": "*"}), "kms")

    passes = allowed and accounts.mended
    assert (code_of(lambda: user.encrypt(KeyId=arn, Plaintext=b"a")) is None) == passes
    assert (code_of(lambda: user.decrypt(CiphertextBlob=hidden)) is None) == passes
    assert (code_of(lambda: user.decrypt(CiphertextBlob=hidden, KeyId=arn)) is None) == passes
    # No table of AWS's has this one across accounts.
    everything = acting(accounts.user("Other", ANYTHING), "kms")
    assert code_of(lambda: everything.schedule_key_deletion(KeyId=arn))


def test_who_may_not_list_is_not_told_that_an_object_is_missing(accounts: Accounts) -> None:
    of(accounts, PRODUCTION, "s3").create_bucket(Bucket="records", **HERE)
    read = {"Action": "s3:GetObject", "Resource": "arn:aws:s3:::records/*"}
    lists = {"Action": "s3:ListBucket", "Resource": "arn:aws:s3:::records"}

    def told(*statements: dict[str, Any], name: str) -> list[str | None]:
        s3 = acting(role_with(accounts, name, *statements), "s3")
        missing = {"Bucket": "records", "Key": "none"}
        return [
            code_of(lambda: s3.get_object(**missing)),
            code_of(lambda: s3.head_object(**missing)),
        ]

    assert told(read, lists, name="Lists") == ["NoSuchKey", "404"]
    expected = ["AccessDenied", "403"] if accounts.mended else ["NoSuchKey", "404"]
    assert told(read, name="Reads") == expected


def test_arns_are_those_of_the_partition(accounts: Accounts) -> None:
    root = root_of(PRODUCTION, accounts.emulator.secret)
    partition = "aws-us-gov" if accounts.mended else "aws"
    iam, s3 = (acting(root, service, region="us-gov-west-1") for service in ("iam", "s3"))
    trust = policy({"Principal": {"AWS": f"arn:{partition}:iam::{STAGING}:root"}})
    role = iam.create_role(RoleName="Target", AssumeRolePolicyDocument=trust)["Role"]
    assert role["Arn"] == f"arn:{partition}:iam::{PRODUCTION}:role/Target"
    found = iam.get_role(RoleName="Target")["Role"]["AssumeRolePolicyDocument"]
    assert found == json.loads(trust)
    everything = f"arn:{partition}:iam::aws:policy/ReadOnlyAccess"
    iam.attach_role_policy(RoleName="Target", PolicyArn=everything)
    (attached,) = iam.list_attached_role_policies(RoleName="Target")["AttachedPolicies"]
    assert attached["PolicyArn"] == everything
    s3.create_bucket(
        Bucket="records", CreateBucketConfiguration={"LocationConstraint": "us-gov-west-1"}
    )
    content = f"arn:{partition}:s3:::records and arn:aws:s3:::records".encode()
    s3.put_object(Bucket="records", Key="a", Body=content)
    assert s3.get_object(Bucket="records", Key="a")["Body"].read() == content
    other = policy({"Principal": {"AWS": f"arn:aws:iam::{STAGING}:root"}})
    changed = code_of(
        lambda: iam.update_assume_role_policy(RoleName="Target", PolicyDocument=other)
    )
    assert changed == ("MalformedPolicyDocument" if accounts.mended else None)


def chained(accounts: Accounts, *actions: str, asked: dict[str, Any] | None = None) -> Any:
    """Makes the role `Next` of Production for sessions of `Target`; returns a user of Staging."""
    whole = ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"]
    accounts.role("Target", PRODUCTION, Action=whole)
    iam = of(accounts, PRODUCTION, "iam")
    iam.put_role_policy(RoleName="Target", PolicyName="own", PolicyDocument=policy(ANYTHING))
    accounts.role("Next", PRODUCTION, Principal=OWNER, Action=["sts:AssumeRole", *actions])
    if asked is not None:
        listing = policy({"Action": "s3:ListAllMyBuckets", "Resource": "*", "Condition": asked})
        iam.put_role_policy(RoleName="Next", PolicyName="own", PolicyDocument=listing)
    return accounts.user("Caller", ANYTHING)


def test_a_source_identity_stays(accounts: Accounts) -> None:
    alice = {"StringEquals": {"aws:SourceIdentity": "alice"}}
    key = chained(accounts, "sts:SetSourceIdentity", asked=alice)
    first = accounts.assumes(key, SourceIdentity="alice")
    second = accounts.assumes(first, ROLE.replace("Target", "Next"))
    lists = acting(second, "s3").list_buckets
    assert (code_of(lists) is None) == accounts.mended
    other = accounts.assumes(first, ROLE.replace("Target", "Next"), SourceIdentity="bob")
    assert (other is None) == accounts.mended
    without = accounts.assumes(accounts.assumes(key), ROLE.replace("Target", "Next"))
    assert code_of(acting(without, "s3").list_buckets) == "AccessDenied"
    told = acting(first, "sts").assume_role(
        RoleArn=ROLE.replace("Target", "Next"), RoleSessionName="told"
    )
    assert told.get("SourceIdentity") == ("alice" if accounts.mended else None)


@pytest.mark.parametrize("carried", ["source identity", "tags"])
def test_a_role_that_does_not_take_what_a_session_carries_refuses_it(
    accounts: Accounts, carried: str
) -> None:
    key = chained(accounts)
    tags = {"Tags": [{"Key": "team", "Value": "red"}], "TransitiveTagKeys": ["team"]}
    stated = {"SourceIdentity": "alice"} if carried == "source identity" else tags
    first = accounts.assumes(key, **stated)
    assert (accounts.assumes(first, ROLE.replace("Target", "Next")) is None) == accounts.mended
    assert accounts.assumes(accounts.assumes(key), ROLE.replace("Target", "Next"))


def test_transitive_tags_stay_and_others_go(accounts: Accounts) -> None:
    red = {
        "StringEquals": {"aws:PrincipalTag/team": "red"},
        "Null": {"aws:PrincipalTag/desk": "true"},
    }
    key = chained(accounts, "sts:TagSession", asked=red)
    tags = [{"Key": "team", "Value": "red"}, {"Key": "desk", "Value": "7"}]
    first = accounts.assumes(key, Tags=tags, TransitiveTagKeys=["team"])
    following = ROLE.replace("Target", "Next")
    second = accounts.assumes(first, following, Tags=[{"Key": "floor", "Value": "2"}])
    assert (code_of(acting(second, "s3").list_buckets) is None) == accounts.mended
    third = accounts.assumes(accounts.assumes(key, Tags=tags), following)
    assert code_of(acting(third, "s3").list_buckets) == "AccessDenied"

    def restated() -> Any:
        again = [{"Key": "Team", "Value": "blue"}]
        return acting(first, "sts").assume_role(
            RoleArn=following, RoleSessionName="again", Tags=again
        )

    assert code_of(restated) == ("InvalidParameterValue" if accounts.mended else None)
