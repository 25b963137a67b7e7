"""A question about access, put to the emulated AWS and to the access engine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from cross_account_access.dev.sandbox.box import Sandbox
from cross_account_access.iam.engine import (
    Context,
    IdentityDocuments,
    Outcome,
    Request,
    ResourceDocuments,
    World,
    assume,
    decide,
    parse_principal,
)
from tests.support.people import REGION

PRODUCTION, STAGING = "111122223333", "444455556666"
BUCKET, ROLE = "example-differential-101", f"arn:aws:iam::{PRODUCTION}:role/apps/Differential"
ARN = f"arn:aws:s3:::{BUCKET}"
ENCRYPTED = "example-differential-kms-101"
"""A bucket of Production, open to both accounts, whose objects have the KMS key."""
TOPIC = f"arn:aws:sns:{REGION}:{PRODUCTION}:differential"
QUEUE = f"arn:aws:sqs:{REGION}:{PRODUCTION}:differential"
PEOPLE = {
    "owner": f"arn:aws:iam::{PRODUCTION}:user/Owner",
    "guest": f"arn:aws:iam::{STAGING}:user/team/Guest",
    "stranger": f"arn:aws:iam::{STAGING}:user/Stranger",
}
"""A user of the account that owns bucket and role, and two of the other account."""
SESSION = f"arn:aws:sts::{PRODUCTION}:assumed-role/Differential/differential"
CALLERS = {**PEOPLE, "session": SESSION, "nobody": "*"}

Document = dict[str, Any]
Statement = dict[str, Any]


def policy(*statements: Statement) -> Document:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: Any, resource: Any = None, /, **more: Any) -> Statement:
    resources = {} if resource is None else {"Resource": resource}
    return {"Effect": "Allow", "Action": action, **resources, **more}


def deny(action: Any, resource: Any = None, /, **more: Any) -> Statement:
    return {**allow(action, resource, **more), "Effect": "Deny"}


NAMES_THE_ROLE = policy(allow("sts:AssumeRole", Principal={"AWS": PEOPLE["guest"]}))
MAY_ASSUME = policy(allow("sts:AssumeRole", "*"))


@dataclass(frozen=True, kw_only=True)
class Policies:
    """All documents that a question is about."""

    own: Mapping[str, Document] = field(default_factory=dict)
    """By caller: the inline policy of a user, or of the role behind the session."""
    limits: Mapping[str, Document] = field(default_factory=dict)
    """By caller: the permissions boundary."""
    bucket: Document | None = None
    shared: Mapping[str, Document] = field(default_factory=dict)
    """By service: the policy of the topic, queue or key."""
    trust: Document = field(default_factory=lambda: NAMES_THE_ROLE)


@dataclass(frozen=True, kw_only=True)
class Question:
    """Who asks for what, and how."""

    who: str
    action: str
    key: str = ""
    """Of an object; for listing the prefix."""
    plain: bool = False
    output: Mapping[str, Any] = field(default_factory=dict)
    """Parameters of AssumeRole."""


class Accounts:
    """Both emulated accounts, with the callers, the bucket and the role."""

    def __init__(self, box: Sandbox) -> None:
        box.reset()
        self._plain = box.emulator.http_endpoint
        # Untyped: its clients are made with keys from a mapping.
        base: Any = boto3.Session(region_name=REGION)
        self._base = base
        # No policy holds for an account's root in the emulated AWS, so that no policy of a bucket
        # can keep these out.
        roots = {
            account: {
                "aws_access_key_id": account,
                "aws_secret_access_key": box.emulator.secret,
            }
            for account in (PRODUCTION, STAGING)
        }
        self._iam = {account: self._base.client("iam", **keys) for account, keys in roots.items()}
        self._s3 = self._base.client("s3", **roots[PRODUCTION])
        self._s3.create_bucket(
            Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
        )
        # The engine leaves Block Public Access out.
        self._s3.delete_public_access_block(Bucket=BUCKET)
        for key in ("a", "images/a", "images-private/a"):
            self._s3.put_object(Bucket=BUCKET, Key=key, Body=b"")
        self._roots = {
            service: self._base.client(service, **roots[PRODUCTION])
            for service in ("sns", "sqs", "kms")
        }
        self._roots["sns"].create_topic(Name="differential")
        self.queue_url = self._roots["sqs"].create_queue(QueueName="differential")["QueueUrl"]
        self.key = self._roots["kms"].create_key()["KeyMetadata"]["Arn"]
        """ARN of the KMS key, which AWS chooses."""
        self._make_encrypted()
        self.secret = self._roots["kms"].encrypt(KeyId=self.key, Plaintext=b"x")["CiphertextBlob"]
        self._made = Policies()
        keys: dict[str, dict[str, str]] = {}
        for who, arn in PEOPLE.items():
            iam, (path, name) = self._iam[arn.split(":")[4]], _path_and_name(arn)
            iam.create_user(UserName=name, Path=path)
            key = iam.create_access_key(UserName=name)["AccessKey"]
            keys[who] = {
                "aws_access_key_id": key["AccessKeyId"],
                "aws_secret_access_key": key["SecretAccessKey"],
            }
        path, name = _path_and_name(ROLE)
        self._iam[PRODUCTION].create_role(
            RoleName=name, Path=path, AssumeRolePolicyDocument=json.dumps(NAMES_THE_ROLE)
        )
        self.apply(Policies(own={"guest": MAY_ASSUME}))
        self._sts = {who: self._base.client("sts", **keys[who]) for who in PEOPLE}
        given = self._sts["guest"].assume_role(RoleArn=ROLE, RoleSessionName="differential")
        keys["session"] = {
            "aws_access_key_id": given["Credentials"]["AccessKeyId"],
            "aws_secret_access_key": given["Credentials"]["SecretAccessKey"],
            "aws_session_token": given["Credentials"]["SessionToken"],
        }
        self._clients = {
            (who, plain): self._client(keys.get(who), plain=plain)
            for who in CALLERS
            for plain in (False, True)
        }
        self._others = {
            (service, who): self._base.client(service, **keys[who])
            for service in ("sns", "sqs", "kms")
            for who in keys
        }

    def _make_encrypted(self) -> None:
        place = {"CreateBucketConfiguration": {"LocationConstraint": REGION}}
        self._s3.create_bucket(Bucket=ENCRYPTED, **place)
        by_default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": self.key}
        rules = [{"ApplyServerSideEncryptionByDefault": by_default, "BucketKeyEnabled": True}]
        self._s3.put_bucket_encryption(
            Bucket=ENCRYPTED, ServerSideEncryptionConfiguration={"Rules": rules}
        )
        self._s3.put_object(Bucket=ENCRYPTED, Key="a", Body=b"")
        anybody = allow(
            "s3:*", f"arn:aws:s3:::{ENCRYPTED}/*", Principal={"AWS": [STAGING, PRODUCTION]}
        )
        self._s3.put_bucket_policy(Bucket=ENCRYPTED, Policy=json.dumps(policy(anybody)))

    def apply(self, policies: Policies) -> None:
        """Makes these the documents that lie in the accounts, and no others."""
        for who in ("owner", "guest", "stranger", "session"):
            if self._made.own.get(who) != policies.own.get(who):
                self._put_own(who, policies.own.get(who))
            if self._made.limits.get(who) != policies.limits.get(who):
                self._put_limit(who, policies.limits.get(who))
        if policies.bucket is None and self._made.bucket is not None:
            self._s3.delete_bucket_policy(Bucket=BUCKET)
        elif policies.bucket is not None:
            self._s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(policies.bucket))
        for service, document in policies.shared.items():
            self._share(service, json.dumps(document))
        self._iam[PRODUCTION].update_assume_role_policy(
            RoleName="Differential", PolicyDocument=json.dumps(policies.trust)
        )
        self._made = policies

    def answer(self, question: Question) -> bool:
        """Whether AWS lets the request pass; anything but a plain refusal is an error."""
        try:
            service = question.action.split(":")[0]
            if question.action == "sts:AssumeRole":
                self._sts[question.who].assume_role(RoleArn=ROLE, **question.output)
            elif service == "objects":
                _OF_ENCRYPTED[question.action][0](self._clients[question.who, question.plain])
            elif service in self._roots:
                _OTHER_CALLS[question.action](self, self._others[service, question.who])
            else:
                _CALLS[question.action](self._clients[question.who, question.plain], question.key)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _REFUSED:
                raise
            return False
        return True

    def _share(self, service: str, document: str) -> None:
        root = self._roots[service]
        if service == "sns":
            root.set_topic_attributes(
                TopicArn=TOPIC, AttributeName="Policy", AttributeValue=document
            )
        elif service == "sqs":
            root.set_queue_attributes(QueueUrl=self.queue_url, Attributes={"Policy": document})
        else:
            root.put_key_policy(KeyId=self.key, PolicyName="default", Policy=document)

    def _client(self, keys: dict[str, str] | None, *, plain: bool) -> Any:
        endpoint = {"endpoint_url": self._plain} if plain else {}
        signed: Mapping[str, Any] = keys or {"config": Config(signature_version=UNSIGNED)}
        return self._base.client("s3", **signed, **endpoint)

    def _put_own(self, who: str, document: Document | None) -> None:
        arn = ROLE if who == "session" else PEOPLE[who]
        iam: Any = self._iam[arn.split(":")[4]]
        kind, name = ("role", "RoleName") if who == "session" else ("user", "UserName")
        about = {name: _path_and_name(arn)[1], "PolicyName": "own"}
        if document is None:
            getattr(iam, f"delete_{kind}_policy")(**about)
        else:
            getattr(iam, f"put_{kind}_policy")(**about, PolicyDocument=json.dumps(document))

    def _put_limit(self, who: str, document: Document | None) -> None:
        arn = ROLE if who == "session" else PEOPLE[who]
        iam: Any = self._iam[arn.split(":")[4]]
        kind, name = ("role", "RoleName") if who == "session" else ("user", "UserName")
        about = {name: _path_and_name(arn)[1]}
        limit = f"arn:aws:iam::{arn.split(':')[4]}:policy/limit-{who}"
        if self._made.limits.get(who) is not None:
            getattr(iam, f"delete_{kind}_permissions_boundary")(**about)
            iam.delete_policy(PolicyArn=limit)
        if document is not None:
            iam.create_policy(PolicyName=f"limit-{who}", PolicyDocument=json.dumps(document))
            getattr(iam, f"put_{kind}_permissions_boundary")(**about, PermissionsBoundary=limit)


_CALLS: Mapping[str, Any] = {
    "s3:GetObject": lambda s3, key: s3.get_object(Bucket=BUCKET, Key=key)["Body"].close(),
    "s3:PutObject": lambda s3, key: s3.put_object(Bucket=BUCKET, Key=f"{key}-new", Body=b""),
    "s3:DeleteObject": lambda s3, key: s3.delete_object(Bucket=BUCKET, Key=f"{key}-gone"),
    "s3:ListBucket": lambda s3, prefix: s3.list_objects_v2(
        Bucket=BUCKET, **({"Prefix": prefix} if prefix else {})
    ),
    "s3:GetBucketLocation": lambda s3, _: s3.get_bucket_location(Bucket=BUCKET),
    "s3:ListBucketMultipartUploads": lambda s3, _: s3.list_multipart_uploads(Bucket=BUCKET),
    "s3:GetBucketPolicyStatus": lambda s3, _: s3.get_bucket_versioning(Bucket=BUCKET),
}
"""How each action is tried; the keys that are written are those of `_key`."""


def _in_parts(s3: Any) -> None:
    upload = s3.create_multipart_upload(Bucket=ENCRYPTED, Key="parts")["UploadId"]
    s3.upload_part(Bucket=ENCRYPTED, Key="parts", UploadId=upload, PartNumber=1, Body=b"")


_OF_ENCRYPTED: Mapping[str, tuple[Any, tuple[str, ...]]] = {
    "objects:Get": (
        lambda s3: s3.get_object(Bucket=ENCRYPTED, Key="a")["Body"].close(),
        ("kms:Decrypt",),
    ),
    "objects:Put": (
        lambda s3: s3.put_object(Bucket=ENCRYPTED, Key="b", Body=b""),
        ("kms:GenerateDataKey",),
    ),
    "objects:Copy": (
        lambda s3: s3.copy_object(Bucket=ENCRYPTED, Key="c", CopySource=f"{ENCRYPTED}/a"),
        ("kms:Decrypt", "kms:GenerateDataKey"),
    ),
    "objects:Upload": (_in_parts, ("kms:Decrypt", "kms:GenerateDataKey")),
}
"""How each is tried, and what it needs of the key."""
OF_ENCRYPTED = tuple(_OF_ENCRYPTED)
USES = ("kms:Decrypt", "kms:GenerateDataKey")
VIA = {
    "kms:ViaService": f"s3.{REGION}.amazonaws.com",
    "kms:EncryptionContext:aws:s3:arn": f"arn:aws:s3:::{ENCRYPTED}",
}
"""What conditions are told when S3 uses the key for somebody."""

_REFUSED = ("AccessDenied", "AccessDeniedException", "AuthorizationError", "NotFoundException")
"""The last is how a key of the other account is answered for, whatever its policy says."""

_OTHER_CALLS: Mapping[str, Any] = {
    "sns:Publish": lambda _, sns: sns.publish(TopicArn=TOPIC, Message="x"),
    "sns:GetTopicAttributes": lambda _, sns: sns.get_topic_attributes(TopicArn=TOPIC),
    "sqs:SendMessage": lambda at, sqs: sqs.send_message(QueueUrl=at.queue_url, MessageBody="x"),
    "sqs:ReceiveMessage": lambda at, sqs: sqs.receive_message(QueueUrl=at.queue_url),
    "sqs:GetQueueAttributes": lambda at, sqs: sqs.get_queue_attributes(
        QueueUrl=at.queue_url, AttributeNames=["QueueArn"]
    ),
    "kms:Encrypt": lambda at, kms: kms.encrypt(KeyId=at.key, Plaintext=b"x"),
    "kms:Decrypt": lambda at, kms: kms.decrypt(KeyId=at.key, CiphertextBlob=at.secret),
    "kms:DescribeKey": lambda at, kms: kms.describe_key(KeyId=at.key),
}
OTHER_ACTIONS = tuple(_OTHER_CALLS)


def _key(question: Question) -> str:
    ending = {"s3:PutObject": "-new", "s3:DeleteObject": "-gone"}.get(question.action, "")
    return f"{question.key}{ending}"


def _path_and_name(arn: str) -> tuple[str, str]:
    _, *path, name = arn.split(":", 5)[5].split("/")
    return "/".join(["", *path, ""]), name


# What the engine says.


def world(policies: Policies, key: str | None = None) -> World:
    """The engine's view.

    Args:
        policies: all documents.
        key: ARN of the KMS key, where it is asked about.
    """
    shared = {"sns": TOPIC, "sqs": QUEUE} | ({} if key is None else {"kms": key})
    more: dict[str, ResourceDocuments] = {
        arn: {"account": PRODUCTION, "policy": policies.shared[service]}
        for service, arn in shared.items()
        if service in policies.shared
    }

    def identity(who: str) -> IdentityDocuments:
        own = {"own": policies.own[who]} if who in policies.own else {}
        return {"policies": own, "boundary": policies.limits.get(who)}

    return World(
        users={arn: identity(who) for who, arn in PEOPLE.items()},
        roles={
            ROLE: {
                "trust": policies.trust,
                "policies": identity("session")["policies"],
                "boundary": policies.limits.get("session"),
            }
        },
        resources={ARN: {"account": PRODUCTION, "policy": policies.bucket}, **more},
    )


_NEEDS_LEAVE = {"Tags": "sts:TagSession", "SourceIdentity": "sts:SetSourceIdentity"}
"""What must be allowed beside the role, by the parameter that is stated."""


def judged(of: World, question: Question, key: str = "") -> Outcome:
    principal = parse_principal(CALLERS[question.who])
    if question.action == "sts:AssumeRole":
        steps = [assume(of, principal, ROLE, _context_of_assuming(question)).decision]
        for parameter, action in _NEEDS_LEAVE.items():
            if question.output.get(parameter):
                request = Request(principal, action, ROLE, _context_of_assuming(question))
                steps.append(decide(of, request))
        outcomes = {step.outcome for step in steps}
        for outcome in (Outcome.DENIED, Outcome.UNKNOWN):
            if outcome in outcomes:
                return outcome
        return Outcome.ALLOWED
    if question.action in _OF_ENCRYPTED:
        outcomes = {
            decide(of, Request(principal, action, key, _context(question, **VIA))).outcome
            for action in _OF_ENCRYPTED[question.action][1]
        }
        return Outcome.ALLOWED if outcomes == {Outcome.ALLOWED} else Outcome.DENIED
    shared = {"sns": TOPIC, "sqs": QUEUE, "kms": key}.get(question.action.split(":")[0])
    if shared is not None:
        return decide(of, Request(principal, question.action, shared, _context(question))).outcome
    is_about_objects = question.action.endswith("Object")
    resource = f"{ARN}/{_key(question)}" if is_about_objects else ARN
    request = Request(principal, question.action, resource, _context(question))
    return decide(of, request).outcome


ABSENT = (
    "aws:MultiFactorAuthAge",
    "aws:PrincipalOrgID",
    "aws:SourceVpce",
    "s3:delimiter",
    "s3:max-keys",
    "s3:x-amz-acl",
)


def _context(question: Question, **more: str) -> Context:
    stated = {
        **more,
        "aws:ViaAWSService": str(bool(more)).lower(),
        "aws:SecureTransport": str(not question.plain).lower(),
        "aws:SourceIp": "127.0.0.1",
        "aws:CurrentTime": "2027-01-01T00:00:00Z",
    }
    # Only requests with credentials that end have the key ("AWS global condition context keys").
    absent = [*ABSENT]
    if question.who == "session":
        stated["aws:MultiFactorAuthPresent"] = "false"
    else:
        absent.append("aws:MultiFactorAuthPresent")
    has_prefix = question.action == "s3:ListBucket" and question.key
    if has_prefix:
        stated["s3:prefix"] = question.key
    else:
        absent.append("s3:prefix")
    return Context(stated, absent=absent)


def _context_of_assuming(question: Question) -> Context:
    output = question.output
    stated: dict[str, Any] = {
        "aws:SecureTransport": "true",
        "aws:SourceIp": "127.0.0.1",
        "aws:CurrentTime": "2027-01-01T00:00:00Z",
        "sts:RoleSessionName": output["RoleSessionName"],
    }
    absent = [*ABSENT, "aws:MultiFactorAuthPresent"]
    tags = {tag["Key"]: tag["Value"] for tag in output.get("Tags", ())}
    for key, value in (
        ("sts:ExternalId", output.get("ExternalId")),
        ("sts:SourceIdentity", output.get("SourceIdentity")),
        ("aws:RequestTag/project", tags.get("project")),
        ("aws:RequestTag/team", tags.get("team")),
        ("aws:TagKeys", list(tags) or None),
    ):
        if value is None:
            absent.append(key)
        else:
            stated[key] = value
    return Context(stated, absent=absent)
