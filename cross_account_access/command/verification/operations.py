"""What can be done with a resource, by service: the one table of levels and of how to try each.

A new level is a new row; a new kind of resource is a new service. An operation is tried in a way
that does no harm where it succeeds: it reads one object that was made for the purpose, and writes
below a prefix that nobody else uses. A message cannot be taken back, so a request for one is made
so that it cannot be carried out: a refusal then is a refusal, and any other answer says nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final


class On(Enum):
    """What an operation is about, which decides what confines it to a prefix."""

    RESOURCE = "the resource itself"
    LISTING = "the resource, confined by the prefix that is asked for"
    OBJECTS = "the objects below a prefix"


@dataclass(frozen=True, kw_only=True)
class Aim:
    """Where exactly a call goes."""

    arn: str
    """Of the resource."""
    prefix: str = ""
    """Of the keys that are meant; empty for the whole resource."""
    scratch: str = ""
    """Beginning of the keys that the call may write; nobody else uses it."""
    existing: str | None = None
    """Key of an object that is known to exist."""
    key_arn: str | None = None
    """Of the KMS key that encrypts what lies in the resource."""
    home: str = ""
    """Account of the caller, 12 digits."""

    @property
    def name(self) -> str:
        """Name of the resource."""
        return self.arn.rsplit(":", 1)[-1]

    @property
    def account(self) -> str:
        """Account of the resource; empty for a bucket, whose ARN does not say."""
        return self.arn.split(":")[4]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One thing that a level may allow."""

    words: str
    """For people, followed by the place: `read`, `delete in`."""
    actions: tuple[str, ...]
    """All of them must be allowed."""
    levels: frozenset[str]
    """Each of them allows it; what no level allows must always be refused."""
    on: On = On.RESOURCE
    call: Callable[[Any, Aim], object] | None
    """Tries it with a client of the service and raises what botocore raises; None where every way
    to try it would leave something behind."""
    invalid: frozenset[str] = frozenset()
    """Error codes of a request that is made so that it cannot be carried out: they tell neither of
    leave nor of its lack."""
    key_actions: tuple[str, ...] = ()
    """What is needed of the KMS key of the resource, if it has one."""
    keys: Callable[[Aim], Mapping[str, str]] = field(default=lambda _: {})
    """The condition keys that only this request has."""
    is_unconfined: bool = False
    """Whether a grant that is confined to prefixes leaves it out."""
    needs_object: bool = False
    """Whether only an object that exists tells a refusal from a missing key: S3 answers for a
    missing key as for a forbidden one to whoever may not list ("GetObject")."""
    leaves_something: bool = False
    """Whether it writes below the scratch prefix."""
    is_telling: bool = True
    """Whether its refusal is worth a row beside those of the other operations."""


def _read(s3: Any, aim: Aim) -> None:  # noqa: ANN401 - botocore makes clients as it runs
    # What is not asked for is not transferred.
    s3.get_object(Bucket=aim.name, Key=aim.existing)["Body"].close()


def _list(s3: Any, aim: Aim) -> None:  # noqa: ANN401
    confined = {"Prefix": aim.prefix} if aim.prefix else {}
    s3.list_objects_v2(Bucket=aim.name, MaxKeys=1, **confined)


def _upload_in_parts(s3: Any, aim: Aim) -> None:  # noqa: ANN401
    upload = {"Bucket": aim.name, "Key": f"{aim.scratch}parts"}
    upload["UploadId"] = s3.create_multipart_upload(**upload)["UploadId"]
    s3.list_parts(**upload)
    s3.abort_multipart_upload(**upload)


def _endpoint(aim: Aim, account: str) -> Mapping[str, str]:
    """A queue of an account, as `Subscribe` names it."""
    _, partition, _, region, *_ = aim.arn.split(":")
    queue = f"arn:{partition}:sqs:{region}:{account}:access-verify"
    return {"sns:Endpoint": queue, "sns:Protocol": "sqs"}


def _url(sqs: Any, aim: Aim) -> str:  # noqa: ANN401
    """The queue's address ("Queue and message identifiers"); asking for it needs leave too."""
    return f"{sqs.meta.endpoint_url.rstrip('/')}/{aim.account}/{aim.name}"


OPERATIONS: Final[Mapping[str, tuple[Operation, ...]]] = {
    "s3": (
        Operation(
            words="ask for the region of",
            actions=("s3:GetBucketLocation",),
            levels=frozenset({"list"}),
            call=lambda s3, aim: s3.get_bucket_location(Bucket=aim.name),
            is_telling=False,
        ),
        Operation(
            words="list",
            actions=("s3:ListBucket",),
            levels=frozenset({"list"}),
            on=On.LISTING,
            call=_list,
        ),
        Operation(
            words="read",
            actions=("s3:GetObject",),
            key_actions=("kms:Decrypt",),
            levels=frozenset({"read", "write"}),
            on=On.OBJECTS,
            call=_read,
            needs_object=True,
        ),
        Operation(
            words="write to",
            actions=("s3:PutObject",),
            key_actions=("kms:GenerateDataKey",),
            levels=frozenset({"write"}),
            on=On.OBJECTS,
            leaves_something=True,
            call=lambda s3, aim: s3.put_object(Bucket=aim.name, Key=f"{aim.scratch}new", Body=b""),
        ),
        Operation(
            words="upload in parts to",
            actions=("s3:PutObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"),
            key_actions=("kms:Decrypt", "kms:GenerateDataKey"),
            levels=frozenset({"write"}),
            on=On.OBJECTS,
            leaves_something=True,
            call=_upload_in_parts,
            is_telling=False,
        ),
        Operation(
            words="list the unfinished uploads of",
            actions=("s3:ListBucketMultipartUploads",),
            levels=frozenset({"write"}),
            call=lambda s3, aim: s3.list_multipart_uploads(Bucket=aim.name, MaxUploads=1),
            is_unconfined=True,
        ),
        Operation(
            words="delete in",
            actions=("s3:DeleteObject",),
            levels=frozenset({"delete"}),
            on=On.OBJECTS,
            # Where versions are kept, a marker.
            leaves_something=True,
            call=lambda s3, aim: s3.delete_object(Bucket=aim.name, Key=f"{aim.scratch}gone"),
        ),
    ),
    "sns": (
        Operation(
            words="publish to",
            actions=("sns:Publish",),
            levels=frozenset({"publish"}),
            # A subject has 100 characters at the most ("Publish", Amazon SNS API reference).
            call=lambda sns, aim: sns.publish(TopicArn=aim.arn, Message="x", Subject="x" * 101),
            invalid=frozenset({"InvalidParameter", "InvalidParameterException"}),
        ),
        Operation(
            words="subscribe a queue of its own account to",
            actions=("sns:Subscribe",),
            levels=frozenset({"subscribe"}),
            call=None,
            keys=lambda aim: _endpoint(aim, aim.home),
        ),
        Operation(
            words="subscribe a queue of another account to",
            actions=("sns:Subscribe",),
            levels=frozenset(),
            call=None,
            keys=lambda aim: _endpoint(aim, aim.home[::-1]),
        ),
    ),
    "sqs": (
        Operation(
            words="look up",
            actions=("sqs:GetQueueUrl",),
            levels=frozenset({"send", "receive"}),
            call=lambda sqs, aim: sqs.get_queue_url(
                QueueName=aim.name, QueueOwnerAWSAccountId=aim.account
            ),
            is_telling=False,
        ),
        Operation(
            words="send to",
            actions=("sqs:SendMessage",),
            levels=frozenset({"send"}),
            # 900 seconds at the most ("SendMessage", Amazon SQS API reference).
            call=lambda sqs, aim: sqs.send_message(
                QueueUrl=_url(sqs, aim), MessageBody="x", DelaySeconds=901
            ),
            invalid=frozenset({"InvalidParameterValue"}),
        ),
        Operation(
            words="receive from",
            actions=("sqs:ReceiveMessage",),
            levels=frozenset({"receive"}),
            # 1 at the least ("ReceiveMessage", the same).
            call=lambda sqs, aim: sqs.receive_message(
                QueueUrl=_url(sqs, aim), MaxNumberOfMessages=0
            ),
            invalid=frozenset({"InvalidParameterValue", "ReadCountOutOfRange"}),
        ),
        Operation(
            words="delete messages of",
            actions=("sqs:DeleteMessage",),
            levels=frozenset({"receive"}),
            call=lambda sqs, aim: sqs.delete_message(
                QueueUrl=_url(sqs, aim), ReceiptHandle="access-verify"
            ),
            invalid=frozenset({"InvalidParameterValue", "ReceiptHandleIsInvalid"}),
        ),
        Operation(
            words="ask for the attributes of",
            actions=("sqs:GetQueueAttributes",),
            levels=frozenset({"receive"}),
            call=lambda sqs, aim: sqs.get_queue_attributes(
                QueueUrl=_url(sqs, aim), AttributeNames=["QueueArn"]
            ),
        ),
    ),
}
"""By the service in the resource's ARN, in the order in which they are tried."""

REFUSALS: Final[Mapping[str, frozenset[str]]] = {
    "s3": frozenset({"AccessDenied"}),
    "sns": frozenset({"AuthorizationError", "AuthorizationErrorException"}),
    "sqs": frozenset({"AccessDenied", "AccessDeniedException"}),
    "sts": frozenset({"AccessDenied"}),
}
"""The error codes with which a service says no; any other error says nothing of access."""


def service_of(arn: str) -> str:
    """The service that an ARN names."""
    return arn.split(":", 3)[2]
