"""`access verify` on every example, as deployed and after one deliberate breakage at a time."""

from __future__ import annotations

import configparser
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from cross_account_access.command.cli import main
from cross_account_access.dev.sandbox.box import Sandbox
from cross_account_access.stack import Resource, Stack
from tests.support.deployment import ROOT
from tests.support.people import PRODUCTION_ADMIN, REGION, STAGING_ADMIN, admin
from tests.support.program import Program

PRODUCTION, STAGING, VENDOR = "111122223333", "444455556666", "777788889999"
EXAMPLES = ("prod", *sorted(path.parent.name for path in ROOT.glob("examples/*/Pulumi.prod.yaml")))
FOREIGN = "another-bucket-of-production"
JUDGED_WRONG = {
    "Publisher": "a queue of another account is not found",
    "Reader": "a queue of another account is not found",
    "RecordsReader": "the key of an object is not asked for",
    "Recorder": "the key of an object is not asked for",
}
"""Users about whom the emulated AWS is wrong, and why. Without credentials of theirs the access
engine decides."""
ALIEN = f"arn:aws:iam::{VENDOR}:root"

Document = dict[str, Any]


@dataclass
class Scene:
    """One example, deployed, with credentials of its users."""

    example: str
    program: Program
    capfd: pytest.CaptureFixture[str] | None = None

    def verify(self, *words: str) -> tuple[int, dict[str, Any]]:
        """Runs the command without patience, and returns its status and what it says as JSON."""
        profile = ["--profile", "auditor=Auditor"] if self.example == "third-party" else []
        assert self.capfd is not None
        self.capfd.readouterr()
        status = main(
            [
                *("verify", "--stack", "prod", "--cwd", str(self.program.folder), "--json"),
                *("--patience", "0", *profile, *words),
            ]
        )
        said: dict[str, Any] = json.loads(self.capfd.readouterr().out)
        return status, said


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
def users_policy_gone(user: str) -> Iterator[None]:
    iam = admin(STAGING_ADMIN).client("iam")
    (name,) = iam.list_user_policies(UserName=user)["PolicyNames"]
    document = iam.get_user_policy(UserName=user, PolicyName=name)["PolicyDocument"]
    iam.delete_user_policy(UserName=user, PolicyName=name)
    yield
    iam.put_user_policy(UserName=user, PolicyName=name, PolicyDocument=json.dumps(document))


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


BUCKET = "production-test-bucket-101"
OBJECTS = f"arn:aws:s3:::{BUCKET}/*"
PREFIXES, MANY = "example-prefixes-101", "example-many-reports-101"
ORDERS, JOBS, DIRECT = "example-orders", "example-jobs", "example-direct-101"
MFA = ("aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge")
PRINCIPAL_ARN = "aws:PrincipalArn"
TOKEN = "token.actions.githubusercontent.com"
UNIT = "o-a1b2c3d4e5/r-ab12/ou-ab12-11111111"
ANALYSTS = "arn:aws:iam::444455556666:role/aws-reserved/sso.amazonaws.com/*AWSReservedSSO_*"

BREAKAGES: list[tuple[str, str, Callable[[], Any], str]] = [
    (
        "prod",
        "trust: opened to the whole account",
        lambda: trust("StageRole", unconditionally("TrustOnePrincipal")),
        "assume StageRole as user/StageAdmin-x",
    ),
    (
        "prod",
        "trust: principal loosened by a wildcard",
        lambda: trust(
            "StageRole",
            each(
                unconditionally("TrustOnePrincipal"),
                setting(
                    "TrustOnePrincipal",
                    "Condition",
                    {"ArnLike": {PRINCIPAL_ARN: f"arn:aws:iam::{STAGING}:user/StageAdmin*"}},
                ),
            ),
        ),
        "assume StageRole as user/StageAdmin-x",
    ),
    (
        "prod",
        "trust: another account beside ours",
        lambda: trust("StageRole", adding(Action="sts:AssumeRole", Principal={"AWS": ALIEN})),
        f"assume StageRole as role/access-verify of {VENDOR}",
    ),
    (
        "prod",
        "trust: one more user",
        lambda: trust(
            "StageRole",
            comparing(
                "TrustOnePrincipal",
                "ArnEquals",
                PRINCIPAL_ARN,
                [f"arn:aws:iam::{STAGING}:user/{name}" for name in ("StageAdmin", "Mallory")],
            ),
        ),
        "assume StageRole as user/Mallory",
    ),
    (
        "prod",
        "trust: everybody",
        lambda: trust("StageRole", adding(Action="sts:AssumeRole", Principal="*")),
        "assume StageRole as a principal of another account",
    ),
    (
        "prod",
        "trust: the wrong account",
        lambda: trust("StageRole", setting("TrustOnePrincipal", "Principal", {"AWS": ALIEN})),
        "assume StageRole",
    ),
    (
        "prod",
        "the user's policy is gone",
        lambda: users_policy_gone("StageAdmin"),
        "assume StageRole",
    ),
    (
        "prod",
        "listing is gone",
        lambda: access_policy("StageRole", without("Bucket1")),
        f"list {BUCKET}",
    ),
    (
        "prod",
        "reading is gone",
        lambda: access_policy("StageRole", without("Objects1")),
        f"read {BUCKET}",
    ),
    (
        "prod",
        "a boundary without S3",
        lambda: boundary("StageRole"),
        f"read {BUCKET}",
    ),
    (
        "prod",
        "a level more: put",
        lambda: inline("StageRole", Action="s3:PutObject", Resource=OBJECTS),
        f"write to {BUCKET}",
    ),
    (
        "prod",
        "a level more: delete",
        lambda: inline("StageRole", Action="s3:DeleteObject", Resource=OBJECTS),
        f"delete in {BUCKET}",
    ),
    (
        "prod",
        "another bucket, for listing",
        lambda: access_policy("StageRole", setting("Bucket1", "Resource", "arn:aws:s3:::*")),
        f"list {FOREIGN}, which is not of the stack",
    ),
    (
        "prod",
        "another bucket, for reading",
        lambda: access_policy("StageRole", setting("Objects1", "Resource", "*")),
        f"read {FOREIGN}, which is not of the stack",
    ),
    (
        "prod",
        "administrator",
        lambda: attached("StageRole", "arn:aws:iam::aws:policy/AdministratorAccess"),
        f"write to {BUCKET}",
    ),
    (
        "prod",
        "the refusal of plain HTTP is gone",
        lambda: bucket_policy(BUCKET, without("DenyInsecureTransport")),
        f"read {BUCKET} over plain HTTP",
    ),
    (
        "prod",
        "the refusal of plain HTTP spares objects",
        lambda: bucket_policy(
            BUCKET, setting("DenyInsecureTransport", "Resource", f"arn:aws:s3:::{BUCKET}")
        ),
        f"read {BUCKET} over plain HTTP",
    ),
    (
        "prod",
        "bucket: read by another account",
        lambda: bucket_policy(
            BUCKET,
            adding(
                Action="s3:GetObject",
                Principal={"AWS": "*"},
                Resource=OBJECTS,
                Condition={"Bool": {"aws:PrincipalIsAWSService": "false"}},
            ),
            public=True,
        ),
        f"read {BUCKET} as anybody of another account",
    ),
    (
        "prod",
        "bucket: read by all of Staging",
        lambda: bucket_policy(
            BUCKET, adding(Action="s3:GetObject", Principal={"AWS": STAGING}, Resource=OBJECTS)
        ),
        f"read {BUCKET} as anybody else of Staging",
    ),
    (
        "prod",
        "bucket: public",
        lambda: bucket_policy(
            BUCKET, adding(Action="s3:GetObject", Principal="*", Resource=OBJECTS), public=True
        ),
        f"read {BUCKET} as anybody without credentials",
    ),
    (
        "prod",
        "bucket: Staging may not list any more",
        lambda: bucket_policy(BUCKET, without("GrantListToTrustedAccount")),
        f"list {BUCKET} as anybody else of Staging",
    ),
    (
        "prod",
        "bucket: a refusal of everybody",
        lambda: bucket_policy(
            BUCKET,
            adding(Effect="Deny", Action="s3:GetObject", Principal="*", Resource=OBJECTS),
        ),
        f"read {BUCKET}",
    ),
    (
        "prod",
        "sessions of half a day",
        lambda: longest_session("StageRole", 43200),
        "assume StageRole for more than 3600 seconds",
    ),
    (
        "prefixes",
        "objects of a prefix cut short",
        lambda: access_policy(
            "ImageServerAccess",
            setting("Objects1", "Resource", f"arn:aws:s3:::{PREFIXES}/images*"),
        ),
        f"read {PREFIXES}/images-",
    ),
    (
        "prefixes",
        "objects of the whole bucket",
        lambda: access_policy(
            "ImageServerAccess", setting("Objects1", "Resource", f"arn:aws:s3:::{PREFIXES}/*")
        ),
        f"read {PREFIXES}/images-",
    ),
    (
        "prefixes",
        "listing of the whole bucket",
        lambda: access_policy("ImageServerAccess", unconditionally("Listing1", "s3:prefix")),
        f"list {PREFIXES}",
    ),
    (
        "prefixes",
        "listing of a prefix cut short",
        lambda: access_policy(
            "ImageServerAccess", comparing("Listing1", "StringLike", "s3:prefix", "images*")
        ),
        f"list {PREFIXES}/images-",
    ),
    (
        "prefixes",
        "listing of the other prefix",
        lambda: access_policy(
            "ImageServerAccess",
            comparing("Listing1", "StringLike", "s3:prefix", ["images/*", "incoming/*"]),
        ),
        f"list {PREFIXES}/incoming/",
    ),
    (
        "prefixes",
        "writing where only reading is granted",
        lambda: inline(
            "ImageServerAccess",
            Action="s3:PutObject",
            Resource=f"arn:aws:s3:::{PREFIXES}/images/*",
        ),
        f"write to {PREFIXES}/images/",
    ),
    (
        "prefixes",
        "writing is gone",
        lambda: access_policy("ImageServerAccess", without("Objects2")),
        f"write to {PREFIXES}/incoming/",
    ),
    (
        "prefixes",
        "no end in the trust",
        lambda: trust("ImageServerAccess", unconditionally("TrustOnePrincipal", "aws:CurrentTime")),
        "assume ImageServerAccess after 2099-12-31T00:00:00Z",
    ),
    (
        "prefixes",
        "no end in the access policy",
        lambda: access_policy("ImageServerAccess", unconditionally("Objects1", "aws:CurrentTime")),
        f"read {PREFIXES}/images/ after 2099-12-31T00:00:00Z",
    ),
    (
        "third-party",
        "no external ID",
        lambda: trust("AuditorAccess", unconditionally("TrustThirdParty", "sts:ExternalId")),
        "assume AuditorAccess without its external ID",
    ),
    (
        "third-party",
        "any external ID",
        lambda: trust(
            "AuditorAccess", comparing("TrustThirdParty", "StringLike", "sts:ExternalId", "*")
        ),
        "assume AuditorAccess with a wrong external ID",
    ),
    (
        "third-party",
        "another external ID",
        lambda: trust(
            "AuditorAccess", comparing("TrustThirdParty", "StringEquals", "sts:ExternalId", "y")
        ),
        "assume AuditorAccess",
    ),
    (
        "third-party",
        "everybody with the external ID",
        lambda: trust("AuditorAccess", setting("TrustThirdParty", "Principal", "*")),
        "assume AuditorAccess as a principal of another account",
    ),
    (
        "many-grants",
        "any session tags",
        lambda: trust(
            "CollectorAccess",
            unconditionally("TrustOnePrincipal", "aws:RequestTag/project"),
        ),
        "assume CollectorAccess without session tags",
    ),
    (
        "many-grants",
        "no external ID in the trust, though in the user's policy",
        lambda: trust("CleanerAccess", unconditionally("TrustOnePrincipal", "sts:ExternalId")),
        "assume CleanerAccess without its external ID, whatever its own policy allows",
    ),
    (
        "many-grants",
        "another bucket of the stack",
        lambda: inline("CollectorAccess", Action="s3:ListBucket", Resource=f"arn:aws:s3:::{MANY}"),
        f"list {MANY}",
    ),
    (
        "sso-principals",
        "no MFA",
        lambda: trust(
            "OperatorsAccess",
            unconditionally("TrustPrincipals", *MFA),
        ),
        "assume OperatorsAccess without MFA",
    ),
    (
        "sso-principals",
        "MFA that access keys pass by",
        lambda: trust(
            "OperatorsAccess",
            each(
                unconditionally("TrustPrincipals", "aws:MultiFactorAuthAge"),
                comparing("TrustPrincipals", "BoolIfExists", "aws:MultiFactorAuthPresent", "true"),
            ),
        ),
        "assume OperatorsAccess without MFA",
    ),
    (
        "sso-principals",
        "MFA of any age",
        lambda: trust(
            "OperatorsAccess", unconditionally("TrustPrincipals", "aws:MultiFactorAuthAge")
        ),
        "assume OperatorsAccess with MFA of 901 seconds ago",
    ),
    (
        "sso-principals",
        "any address in the trust",
        lambda: trust("OperatorsAccess", unconditionally("TrustPrincipals", "aws:SourceIp")),
        "assume OperatorsAccess from 192.0.2.1",
    ),
    (
        "sso-principals",
        "any address in the access policy",
        lambda: access_policy("OperatorsAccess", unconditionally("Objects1", "aws:SourceIp")),
        "delete in example-principals-101 from 192.0.2.1",
    ),
    (
        "sso-principals",
        "every permission set",
        lambda: trust(
            "AnalystsAccess", comparing("TrustPrincipals", "ArnLike", PRINCIPAL_ARN, ANALYSTS)
        ),
        "assume AnalystsAccess as role/aws-reserved/sso.amazonaws.com/xAWSReservedSSO_Analysts-xx",
    ),
    (
        "organization",
        "any organization",
        lambda: trust(
            "EverybodyAccess", unconditionally("TrustOrganization", "aws:PrincipalOrgID")
        ),
        "assume EverybodyAccess as a principal of another account",
    ),
    (
        "organization",
        "any unit",
        lambda: trust(
            "PublishersAccess",
            each(
                unconditionally("TrustOrganization", "aws:PrincipalOrgPaths"),
                unconditionally("StateSourceIdentity", "aws:PrincipalOrgPaths"),
            ),
        ),
        f"assume PublishersAccess with aws:PrincipalOrgPaths {UNIT}-xx",
    ),
    (
        "organization",
        "no source identity",
        lambda: trust(
            "PublishersAccess", unconditionally("TrustOrganization", "sts:SourceIdentity")
        ),
        "assume PublishersAccess without a source identity",
    ),
    (
        "oidc",
        "any branch",
        lambda: trust(
            "PublisherAccess",
            comparing(
                "TrustWebIdentities",
                "StringLike",
                f"{TOKEN}:sub",
                "repo:example-org/site:ref:refs/heads/*",
            ),
        ),
        f"assume PublisherAccess with {TOKEN}:sub repo:example-org/site:ref:refs/heads/main-x",
    ),
    (
        "oidc",
        "any audience",
        lambda: trust("PublisherAccess", unconditionally("TrustWebIdentities", f"{TOKEN}:aud")),
        f"assume PublisherAccess with {TOKEN}:aud sts.amazonaws.com-x",
    ),
    (
        "ec2",
        "every role of Staging",
        lambda: trust("ReplicatorAccess", unconditionally("TrustInstances")),
        "assume ReplicatorAccess as role/machines/Replicator-x",
    ),
    (
        "topics-queues",
        "publishing is gone",
        lambda: access_policy("ShopAccess", without("Topic1")),
        f"publish to {ORDERS}",
    ),
    (
        "topics-queues",
        "receiving where only sending is granted",
        lambda: inline("ShopAccess", Action="sqs:ReceiveMessage", Resource="*"),
        f"receive from {JOBS}",
    ),
    (
        "topics-queues",
        "subscribing for anybody",
        lambda: access_policy("PartnerAccess", unconditionally("Subscribing1")),
        f"subscribe a queue of another account to {ORDERS}",
    ),
    (
        "topics-queues",
        "topic: all of Staging publishes",
        lambda: topic_policy(
            ORDERS,
            adding(
                Sid="More",
                Action="sns:Publish",
                Principal={"AWS": STAGING},
                Resource=f"arn:aws:sns:{REGION}:{PRODUCTION}:{ORDERS}",
            ),
        ),
        f"publish to {ORDERS} as anybody else of Staging",
    ),
    (
        "topics-queues",
        "queue: plain HTTP is not refused",
        lambda: queue_policy(JOBS, setting("DenyInsecureTransport", "Action", "sqs:PurgeQueue")),
        f"send to {JOBS} over plain HTTP",
    ),
    (
        "kms",
        "the key is out of reach",
        lambda: access_policy("RecordsReaderAccess", without("Key1")),
        "read example-kms.records-101/published/",
    ),
    (
        "via-resource",
        "bucket: no MFA",
        lambda: bucket_policy(DIRECT, unconditionally("Operators2Objects1", *MFA)),
        f"read {DIRECT} without MFA",
    ),
    (
        "via-resource",
        "bucket: objects of the whole bucket, though not in the user's policy",
        lambda: bucket_policy(
            DIRECT, setting("Copier1Objects1", "Resource", f"arn:aws:s3:::{DIRECT}/*")
        ),
        f"read {DIRECT}/images-",
    ),
    (
        "via-resource",
        "bucket: no end, though in the user's policy",
        lambda: bucket_policy(DIRECT, unconditionally("Copier1Listing1", "aws:CurrentTime")),
        f"list {DIRECT}/images/ after 2099-12-31T00:00:00Z",
    ),
    (
        "via-resource",
        "queue: the whole account sends",
        lambda: queue_policy("example-direct-jobs", unconditionally("Publisher2Queue1")),
        "send to example-direct-jobs as anybody else of Staging",
    ),
]


def name_of(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]


def keys_of(session: boto3.Session, user: str) -> dict[str, str]:
    key = session.client("iam").create_access_key(UserName=user)["AccessKey"]
    return {
        "aws_access_key_id": key["AccessKeyId"],
        "aws_secret_access_key": key["SecretAccessKey"],
        "region": REGION,
    }


def auditor() -> dict[str, str]:
    """A user of the third party's own account, whose own policy lets it assume any role."""
    root = boto3.Session(aws_access_key_id=VENDOR, aws_secret_access_key="test", region_name=REGION)
    iam = root.client("iam")
    iam.create_user(UserName="Auditor")
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    iam.put_user_policy(UserName="Auditor", PolicyName="any", PolicyDocument=json.dumps(document))
    return keys_of(root, "Auditor")


@pytest.fixture(scope="module")
def scene(
    request: pytest.FixtureRequest, box: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    """An example, deployed once for all that is broken in it, and profiles of its users."""
    example: str = request.param
    folder = tmp_path_factory.mktemp(example)
    box.reset()
    program = Program.copied_to(folder, box.environment)
    if example != "prod":
        shutil.copy2(ROOT / "examples" / example / "Pulumi.prod.yaml", program.folder)
    program.init()
    program.up()
    s3 = admin(PRODUCTION_ADMIN).client("s3")
    s3.create_bucket(Bucket=FOREIGN, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    s3.put_object(Bucket=FOREIGN, Key="a", Body=b"")

    outputs = program.outputs()
    profiles = {
        name: keys_of(admin(STAGING_ADMIN), name)
        for name in map(name_of, outputs["userArns"].values())
        if name not in JUDGED_WRONG
    }
    if example == "third-party":
        profiles["Auditor"] = auditor()
    files = configparser.RawConfigParser()
    files.read(os.environ["AWS_SHARED_CREDENTIALS_FILE"])
    files.read_dict(profiles)
    credentials = folder / "credentials"
    with credentials.open("w") as file:
        files.write(file)
    resources = tuple[Resource, ...]()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in program.environment.items():
            patch.setenv(name, value)
        # What is broken is broken in AWS: the stack stays as it was deployed, and is read once.
        resources = Stack(program.folder, "prod").state()
        patch.setattr(Stack, "outputs", lambda _: outputs)
        patch.setattr(Stack, "state", lambda _: resources)
        patch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(credentials))
        yield Scene(example, program)


def by(result: dict[str, Any], *, verdict: str) -> list[str]:
    return [row["what"] for row in result["rows"] if row["verdict"] == verdict]


@pytest.mark.parametrize("scene", EXAMPLES, indirect=True, scope="module")
def test_every_example_is_as_intended(scene: Scene, capfd: pytest.CaptureFixture[str]) -> None:
    scene.capfd = capfd
    status, said = scene.verify()
    assert by(said, verdict="not as intended") == []
    assert by(said, verdict="could not be checked") == []
    assert status == 0
    assert said["left"] == []
    s3 = admin(PRODUCTION_ADMIN).client("s3")
    for bucket in s3.list_buckets()["Buckets"]:
        listed = s3.list_object_versions(Bucket=bucket["Name"])
        versions = [*listed.get("Versions", ()), *listed.get("DeleteMarkers", ())]
        assert [each["Key"] for each in versions] == (["a"] if bucket["Name"] == FOREIGN else [])
        assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket["Name"])
    by_aws = {row["consumer"] for row in said["rows"] if row["decidedBy"] == "AWS"}
    users = {
        consumer["name"]
        for consumer in json.loads(scene.program.outputs()["declaration"])["consumers"]
        if consumer["kind"] == "user"
    }
    names = {name: name_of(arn) for name, arn in scene.program.outputs()["userArns"].items()}
    assert {name for name in users if names[name] not in JUDGED_WRONG} <= by_aws


@pytest.mark.parametrize(
    ("scene", "breakage", "row"),
    [(example, breakage, row) for example, _, breakage, row in BREAKAGES],
    ids=[f"{example}: {name}" for example, name, _, _ in BREAKAGES],
    indirect=["scene"],
    scope="module",
)
def test_a_breakage_is_named(
    scene: Scene,
    breakage: Callable[[], Any],
    row: str,
    capfd: pytest.CaptureFixture[str],
) -> None:
    scene.capfd = capfd
    with breakage():
        status, said = scene.verify()
    wrong = by(said, verdict="not as intended")
    found = [what for what in wrong if what == row or (row.endswith("-") and what.startswith(row))]
    assert found, wrong
    assert status == 1


@pytest.mark.parametrize("scene", EXAMPLES, indirect=True, scope="module")
def test_what_was_broken_was_the_only_difference(
    scene: Scene, capfd: pytest.CaptureFixture[str]
) -> None:
    scene.capfd = capfd
    status, said = scene.verify()
    assert (status, by(said, verdict="not as intended")) == (0, [])
