"""Changes of the policies that lie in the emulated accounts, each taken back at its end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.support.people import PRODUCTION_ADMIN, REGION, STAGING_ADMIN, admin

PRODUCTION = "111122223333"

Document = dict[str, Any]


def statement(document: Document, sid: str) -> Document:
    (found,) = (each for each in document["Statement"] if each["Sid"] == sid)
    value: Document = found
    return value


def without(sid: str) -> Callable[[Document], None]:
    def change(document: Document) -> None:
        document["Statement"].remove(statement(document, sid))

    return change


def adding(**new: Any) -> Callable[[Document], None]:
    return lambda document: document["Statement"].append({"Effect": "Allow", **new})


def setting(sid: str, element: str, value: Any) -> Callable[[Document], None]:
    return lambda document: statement(document, sid).update({element: value})


def unconditionally(sid: str, *keys: str) -> Callable[[Document], None]:
    """Takes conditions away, those on the keys or all."""

    def change(document: Document) -> None:
        conditions = statement(document, sid)["Condition"]
        for operator in list(conditions):
            for key in keys or list(conditions[operator]):
                conditions[operator].pop(key, None)
            if not conditions[operator]:
                del conditions[operator]

    return change


def comparing(sid: str, operator: str, key: str, value: Any) -> Callable[[Document], None]:
    """Compares a key with something else, or in another way."""

    def change(document: Document) -> None:
        unconditionally(sid, key)(document)
        statement(document, sid)["Condition"].setdefault(operator, {})[key] = value

    return change


def each(*changes: Callable[[Document], None]) -> Callable[[Document], None]:
    def change(document: Document) -> None:
        for one in changes:
            one(document)

    return change


# Where a document lies: a context that reads it, lets it be changed, writes it, and restores it.


@contextmanager
def trust(role: str, change: Callable[[Document], None]) -> Iterator[None]:
    iam = admin(PRODUCTION_ADMIN).client("iam")
    before = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]
    after = json.loads(json.dumps(before))
    change(after)
    assert after != before
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(after))
    yield
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(before))


@contextmanager
def access_policy(role: str, change: Callable[[Document], None]) -> Iterator[None]:
    iam = admin(PRODUCTION_ADMIN).client("iam")
    (attached,) = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    arn = attached["PolicyArn"]

    def write(document: str) -> None:
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=document, SetAsDefault=True)
        for version in iam.list_policy_versions(PolicyArn=arn)["Versions"]:
            if not version["IsDefaultVersion"]:
                iam.delete_policy_version(PolicyArn=arn, VersionId=version["VersionId"])

    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    found = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]
    before = json.dumps(found["Document"])
    document = json.loads(before)
    change(document)
    assert json.dumps(document) != before
    write(json.dumps(document))
    yield
    write(before)


@contextmanager
def bucket_policy(
    bucket: str, change: Callable[[Document], None], *, public: bool = False
) -> Iterator[None]:
    s3 = admin(PRODUCTION_ADMIN).client("s3")
    before = s3.get_bucket_policy(Bucket=bucket)["Policy"]
    blocks = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    after = json.loads(before)
    change(after)
    assert after != json.loads(before)
    if public:
        s3.delete_public_access_block(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(after))
    yield
    s3.put_bucket_policy(Bucket=bucket, Policy=before)
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=blocks)


@contextmanager
def topic_policy(topic: str, change: Callable[[Document], None]) -> Iterator[None]:
    sns = admin(PRODUCTION_ADMIN).client("sns")
    arn = f"arn:aws:sns:{REGION}:{PRODUCTION}:{topic}"
    before = sns.get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"]
    after = json.loads(before)
    change(after)
    sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=json.dumps(after))
    yield
    sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=before)


@contextmanager
def queue_policy(queue: str, change: Callable[[Document], None]) -> Iterator[None]:
    sqs = admin(PRODUCTION_ADMIN).client("sqs")
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])["Attributes"]
    before = found["Policy"]
    after = json.loads(before)
    change(after)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(after)})
    yield
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": before})


@contextmanager
def key_policy(bucket: str, change: Callable[[Document], None]) -> Iterator[None]:
    """The policy of the key that encrypts a bucket."""
    s3, kms = admin(PRODUCTION_ADMIN).client("s3"), admin(PRODUCTION_ADMIN).client("kms")
    (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    key = rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"]
    before = kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"]
    after = json.loads(before)
    change(after)
    assert after != json.loads(before)
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(after))
    yield
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=before)


@contextmanager
def inline_of_user(user: str, **new: Any) -> Iterator[None]:
    """Gives a user of Staging a policy more."""
    iam = admin(STAGING_ADMIN).client("iam")
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **new}]}
    iam.put_user_policy(UserName=user, PolicyName="more", PolicyDocument=json.dumps(document))
    yield
    iam.delete_user_policy(UserName=user, PolicyName="more")


@contextmanager
def users_policy_gone(user: str) -> Iterator[None]:
    iam = admin(STAGING_ADMIN).client("iam")
    (name,) = iam.list_user_policies(UserName=user)["PolicyNames"]
    document = iam.get_user_policy(UserName=user, PolicyName=name)["PolicyDocument"]
    iam.delete_user_policy(UserName=user, PolicyName=name)
    yield
    iam.put_user_policy(UserName=user, PolicyName=name, PolicyDocument=json.dumps(document))


@contextmanager
def group_of(user: str, **new: Any) -> Iterator[None]:
    """Puts a user of Staging into a group with a policy."""
    iam = admin(STAGING_ADMIN).client("iam")
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **new}]}
    iam.create_group(GroupName="more")
    iam.put_group_policy(GroupName="more", PolicyName="more", PolicyDocument=json.dumps(document))
    iam.add_user_to_group(GroupName="more", UserName=user)
    yield
    iam.remove_user_from_group(GroupName="more", UserName=user)
    iam.delete_group_policy(GroupName="more", PolicyName="more")
    iam.delete_group(GroupName="more")


@contextmanager
def role_of_staging(path: str, name: str) -> Iterator[None]:
    """Makes a role that has no permissions."""
    iam = admin(STAGING_ADMIN).client("iam")
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "ec2.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.create_role(Path=path, RoleName=name, AssumeRolePolicyDocument=document)
    yield
    iam.delete_role(RoleName=name)


@contextmanager
def attached(role: str, arn: str) -> Iterator[None]:
    iam = admin(PRODUCTION_ADMIN).client("iam")
    iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    yield
    iam.detach_role_policy(RoleName=role, PolicyArn=arn)


@contextmanager
def inline(role: str, **new: Any) -> Iterator[None]:
    iam = admin(PRODUCTION_ADMIN).client("iam")
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **new}]}
    iam.put_role_policy(RoleName=role, PolicyName="more", PolicyDocument=json.dumps(document))
    yield
    iam.delete_role_policy(RoleName=role, PolicyName="more")


@contextmanager
def longest_session(role: str, seconds: int) -> Iterator[None]:
    iam = admin(PRODUCTION_ADMIN).client("iam")
    before = iam.get_role(RoleName=role)["Role"]["MaxSessionDuration"]
    iam.update_role(RoleName=role, MaxSessionDuration=seconds)
    yield
    iam.update_role(RoleName=role, MaxSessionDuration=before)


@contextmanager
def boundary(role: str) -> Iterator[None]:
    iam = admin(PRODUCTION_ADMIN).client("iam")
    arn = "arn:aws:iam::aws:policy/IAMReadOnlyAccess"
    iam.put_role_permissions_boundary(RoleName=role, PermissionsBoundary=arn)
    yield
    iam.delete_role_permissions_boundary(RoleName=role)
