"""The emulated AWS of the sandbox as judge: real requests to documents that lie in two accounts.

It knows no "unknown" and no organization, so it is asked cases with a definite answer: users, role
sessions and anonymous callers on S3, STS, SQS and SNS, with circumstances that a request from this
machine has.
A refusal counts only with AWS's own code for it; anything else is told as the answer.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import boto3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from cross_account_access.dev.sandbox.box import REGION, Sandbox
from tests.conformance.cases import Case
from tests.conformance.judges import Judge
from tests.support.any_form import any_form

NAME: Final = "the emulated AWS"
PRODUCTION, STAGING = "111122223333", "444455556666"
_REFUSED: Final = ("AccessDenied", "AccessDeniedException", "AuthorizationError", "403")
_BUCKET: Final = "arn:aws:s3:::"

_NEVER_THERE: Final = frozenset(
    {
        *("aws:PrincipalOrgID", "aws:SourceVpce", "aws:SourceArn", "aws:MultiFactorAuthPresent"),
        *("aws:TokenIssueTime", "s3:x-amz-storage-class", "s3:signatureAge", "example:key"),
    }
)
"""Keys that no request of a user from here has."""

_SENDABLE: Final = frozenset(
    {
        *("sts:ExternalId", "sts:SourceIdentity", "aws:SecureTransport", "s3:prefix"),
        "s3:RequestObjectTagKeys",
    }
)


@contextlib.contextmanager
def judging() -> Iterator[Judge]:
    """Yield what asks the accounts of a sandbox of its own."""
    with any_form(), Sandbox.start(production=PRODUCTION, staging=STAGING) as box:
        yield on(box)


def on(box: Sandbox) -> Judge:
    """Return what asks the accounts of a sandbox that runs, which each case empties."""

    # Reads the models of the services once.
    base = boto3.Session(region_name=REGION)

    def judge(case: Case) -> str | None:
        if not can_be_asked(case):
            return None
        box.emulator.reset()
        try:
            return _Accounts(box, base, case).answer()
        except ClientError as error:
            return f"error {error.response['Error']['Code']}"

    return judge


def can_be_asked(case: Case) -> bool:
    """Whether two emulated accounts can hold the documents, and a request from here the rest."""
    if case.layers or case.kind is not None or case.answer == "unknown" or case.who is None:
        return False
    is_user = case.who in case.users and ":user/" in case.who
    is_session = ":assumed-role/" in case.who and not case.through
    if not (is_user or (is_session and len(case.session_policies) < 2) or case.who == "*"):
        return False
    accounts = {arn.split(":")[4] for arn in (*case.users, *case.roles)}
    owners = {each["account"] for each in case.resources.values()}
    if not accounts <= {PRODUCTION, STAGING} or not owners <= {PRODUCTION}:
        return False
    if any(not arn.startswith("arn:aws:") for arn in (*case.users, *case.resources)):
        return False
    return _target_is_there(case) and _circumstances_can_be_had(case)


def _target_is_there(case: Case) -> bool:
    if case.action in _OF_STS:
        return case.who != "*" and (case.resource == "*" or case.resource in case.roles)
    owner = (case.resource or "").split("/", 1)[0]
    return case.action in _CALLS and owner in case.resources


def _circumstances_can_be_had(case: Case) -> bool:
    is_user = case.who in case.users
    for key, value in case.context.items():
        is_tag = key.startswith("aws:PrincipalTag/") and is_user
        never = key in _NEVER_THERE and is_user
        if value is None and not (is_tag or never or key in _SENDABLE):
            return False
        if value is not None and not (is_tag or key in _SENDABLE):
            return False
    if case.context.get("aws:SecureTransport", "true") is None:
        return False
    tags = case.context.get("s3:RequestObjectTagKeys", ["-"])
    return isinstance(tags, list) and bool(tags)


class _Accounts:
    """The documents of one case, in both accounts."""

    def __init__(self, box: Sandbox, base: Any, case: Case) -> None:
        self._case = case
        self._base = base
        is_plain = case.context.get("aws:SecureTransport") == "false"
        self._endpoint = {
            "endpoint_url": box.emulator.http_endpoint if is_plain else box.emulator.https_endpoint,
            "verify": str(box.folder / "tls" / "authority.pem"),
        }
        self._roots = {
            account: self._client_maker(account, box.emulator.secret)
            for account in (PRODUCTION, STAGING)
        }
        for arn, documents in case.users.items():
            self._make_user(arn, documents)
        for arn in case.roles:
            self._make_role(arn)
        for arn, documents in case.resources.items():
            _MAKERS[arn.split(":")[2]](self._roots[PRODUCTION], arn, documents["policy"], case)
        self._caller = self._credentials()
        for arn, documents in case.roles.items():
            self._client("iam", arn).update_assume_role_policy(
                RoleName=_name(arn), PolicyDocument=json.dumps(documents["trust"])
            )

    def answer(self) -> str:
        """Ask, and tell what came."""
        case = self._case
        try:
            if case.through is not None:
                self._caller = self._session_of(self._caller, case.through)
            if case.action in _OF_STS:
                self._ask_sts()
            else:
                service = str(case.action).split(":")[0]
                client = self._base.client(service, **self._caller, **self._endpoint)
                _CALLS[str(case.action)](client, str(case.resource), case.context)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            return "denied" if code in _REFUSED else f"error {code}"
        return "allowed"

    def _ask_sts(self) -> None:
        case = self._case
        sts = self._base.client("sts", **self._caller, **self._endpoint)
        action = str(case.action).removeprefix("sts:")
        if action == "AssumeRole":
            self._session_of(self._caller, str(case.resource))
        elif action == "GetFederationToken":
            sts.get_federation_token(Name="Bob")
        elif action == "GetSessionToken":
            sts.get_session_token()
        else:
            sts.get_caller_identity()

    def _session_of(self, keys: Mapping[str, Any], role: str, **more: Any) -> dict[str, Any]:
        case = self._case
        more.setdefault("RoleSessionName", case.session_name or "session")
        if case.context.get("sts:ExternalId") is not None:
            more["ExternalId"] = case.context["sts:ExternalId"]
        sts = self._base.client("sts", **keys, **self._endpoint)
        given = sts.assume_role(RoleArn=role, **more)["Credentials"]
        return {
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"],
        }

    def _credentials(self) -> dict[str, Any]:
        """Return those of the caller, whose role is assumed while its trust still lets us in."""
        who = str(self._case.who)
        if who == "*":
            return {"config": Config(signature_version=UNSIGNED)}
        if ":user/" in who:
            key = self._client("iam", who).create_access_key(UserName=_name(who))["AccessKey"]
            return _keys(key)
        _, role_name, session_name = who.split(":")[5].split("/")
        role = next(arn for arn in self._case.roles if _name(arn) == role_name)
        helper = f"arn:aws:iam::{role.split(':')[4]}:user/Helper"
        iam = self._client("iam", helper)
        iam.create_user(UserName="Helper")
        iam.put_user_policy(
            UserName="Helper", PolicyName="own", PolicyDocument=json.dumps(_DOES_EVERYTHING)
        )
        keys = _keys(iam.create_access_key(UserName="Helper")["AccessKey"])
        passed = [json.dumps(each) for each in self._case.session_policies]
        more = {"Policy": passed[0]} if passed else {}
        return self._session_of(keys, role, RoleSessionName=session_name, **more)

    def _make_user(self, arn: str, documents: Mapping[str, Any]) -> None:
        iam, name = self._client("iam", arn), _name(arn)
        prefix = "aws:PrincipalTag/"
        tags = [
            {"Key": key.removeprefix(prefix), "Value": value}
            for key, value in self._case.context.items()
            if key.startswith(prefix) and value is not None and arn == self._case.who
        ]
        iam.create_user(UserName=name, Path=_path(arn), Tags=tags)
        for label, document in documents.get("policies", {}).items():
            iam.put_user_policy(
                UserName=name, PolicyName=label, PolicyDocument=json.dumps(document)
            )
        if documents.get("boundary") is not None:
            limit = self._make_boundary(arn, documents["boundary"])
            iam.put_user_permissions_boundary(UserName=name, PermissionsBoundary=limit)

    def _make_role(self, arn: str) -> None:
        documents = self._case.roles[arn]
        iam, name = self._client("iam", arn), _name(arn)
        iam.create_role(
            RoleName=name,
            Path=_path(arn),
            AssumeRolePolicyDocument=json.dumps(_trusting(arn.split(":")[4])),
        )
        for label, document in documents.get("policies", {}).items():
            iam.put_role_policy(
                RoleName=name, PolicyName=label, PolicyDocument=json.dumps(document)
            )
        if documents.get("boundary") is not None:
            limit = self._make_boundary(arn, documents["boundary"])
            iam.put_role_permissions_boundary(RoleName=name, PermissionsBoundary=limit)

    def _make_boundary(self, arn: str, document: Any) -> str:
        iam, name = self._client("iam", arn), f"limit-{_name(arn)}"
        iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(document))
        return f"arn:aws:iam::{arn.split(':')[4]}:policy/{name}"

    def _client_maker(self, key_id: str, secret: str) -> Callable[[str], Any]:
        keys = {"aws_access_key_id": key_id, "aws_secret_access_key": secret}
        return lambda service: self._base.client(service, **keys, **self._endpoint)

    def _client(self, service: str, arn: str) -> Any:
        return self._roots[arn.split(":")[4]](service)


def _keys(key: Mapping[str, str]) -> dict[str, Any]:
    return {
        "aws_access_key_id": key["AccessKeyId"],
        "aws_secret_access_key": key["SecretAccessKey"],
    }


def _name(arn: str) -> str:
    return arn.rsplit("/", 1)[-1]


def _path(arn: str) -> str:
    _, *path, _ = arn.split(":", 5)[5].split("/")
    return "/".join(["", *path, ""])


_DOES_EVERYTHING: Final = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}


def _trusting(account: str) -> dict[str, Any]:
    named = {"AWS": f"arn:aws:iam::{account}:user/Helper"}
    statement = {"Effect": "Allow", "Principal": named, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


# What resources are made of, and how each action is tried.


def _make_bucket(root: Callable[[str], Any], arn: str, policy: Any, case: Case) -> None:
    s3, bucket = root("s3"), arn.removeprefix(_BUCKET)
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    # Cases are about policies; Block Public Access is none.
    s3.delete_public_access_block(Bucket=bucket)
    if "/" in str(case.resource):
        s3.put_object(Bucket=bucket, Key=_key(str(case.resource)), Body=b"")
    if policy is not None:
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))


def _make_queue(root: Callable[[str], Any], arn: str, policy: Any, _: Case) -> None:
    sqs = root("sqs")
    url = sqs.create_queue(QueueName=arn.rsplit(":", 1)[-1])["QueueUrl"]
    if policy is not None:
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})


def _make_topic(root: Callable[[str], Any], arn: str, policy: Any, _: Case) -> None:
    sns = root("sns")
    sns.create_topic(Name=arn.rsplit(":", 1)[-1])
    if policy is not None:
        sns.set_topic_attributes(
            TopicArn=arn, AttributeName="Policy", AttributeValue=json.dumps(policy)
        )


_MAKERS: Final[Mapping[str, Callable[..., None]]] = {
    "s3": _make_bucket,
    "sqs": _make_queue,
    "sns": _make_topic,
}


def _bucket(arn: str) -> str:
    return arn.removeprefix(_BUCKET).split("/", 1)[0]


def _key(arn: str) -> str:
    return arn.split("/", 1)[1]


def _list(s3: Any, arn: str, context: Mapping[str, Any]) -> None:
    prefix = context.get("s3:prefix")
    s3.list_objects_v2(Bucket=_bucket(arn), **({} if prefix is None else {"Prefix": prefix}))


def _tag(s3: Any, arn: str, context: Mapping[str, Any]) -> None:
    tags = [{"Key": key, "Value": "-"} for key in context["s3:RequestObjectTagKeys"]]
    s3.put_object_tagging(Bucket=_bucket(arn), Key=_key(arn), Tagging={"TagSet": tags})


def _send(sqs: Any, arn: str, _: Mapping[str, Any]) -> None:
    account, name = arn.split(":")[4:6]
    url = f"{sqs.meta.endpoint_url}/{account}/{name}"
    sqs.send_message(QueueUrl=url, MessageBody="-")


_CALLS: Final[Mapping[str, Callable[[Any, str, Mapping[str, Any]], Any]]] = {
    "s3:GetObject": lambda s3, arn, _: s3.get_object(Bucket=_bucket(arn), Key=_key(arn)),
    "s3:PutObject": lambda s3, arn, _: s3.put_object(Bucket=_bucket(arn), Key=_key(arn), Body=b""),
    "s3:DeleteObject": lambda s3, arn, _: s3.delete_object(Bucket=_bucket(arn), Key=_key(arn)),
    "s3:PutObjectTagging": _tag,
    "s3:ListBucket": _list,
    "sqs:SendMessage": _send,
    "sns:Publish": lambda sns, arn, _: sns.publish(TopicArn=arn, Message="-"),
}
_OF_STS: Final = (
    *("sts:AssumeRole", "sts:GetCallerIdentity", "sts:GetSessionToken"),
    "sts:GetFederationToken",
)
