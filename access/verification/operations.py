"""What can be done with a resource, by service: the one table of levels and of how to try each.

A new level is a new row; a new kind of resource is a new service. An operation is tried in a way
that does no harm where it succeeds: it reads one object that was made for the purpose, and writes
below a prefix that nobody else uses.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
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

    @property
    def name(self) -> str:
        """Name of the resource."""
        return self.arn.rsplit(":", 1)[-1]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One thing that a level may allow."""

    words: str
    """For people, followed by the place: `read`, `delete in`."""
    actions: tuple[str, ...]
    """All of them must be allowed."""
    levels: frozenset[str]
    """Each of them allows it; what no level allows must always be refused."""
    on: On
    call: Callable[[Any, Aim], object]
    """Tries it with a client of the service; raises what botocore raises."""
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


OPERATIONS: Final[Mapping[str, tuple[Operation, ...]]] = {
    "s3": (
        Operation(
            words="ask for the region of",
            actions=("s3:GetBucketLocation",),
            levels=frozenset({"list"}),
            on=On.RESOURCE,
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
            levels=frozenset({"read", "write"}),
            on=On.OBJECTS,
            call=_read,
            needs_object=True,
        ),
        Operation(
            words="write to",
            actions=("s3:PutObject",),
            levels=frozenset({"write"}),
            on=On.OBJECTS,
            leaves_something=True,
            call=lambda s3, aim: s3.put_object(Bucket=aim.name, Key=f"{aim.scratch}new", Body=b""),
        ),
        Operation(
            words="upload in parts to",
            actions=("s3:PutObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"),
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
            on=On.RESOURCE,
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
}
"""By the service in the resource's ARN, in the order in which they are tried."""

REFUSALS: Final[Mapping[str, frozenset[str]]] = {
    "s3": frozenset({"AccessDenied"}),
    "sts": frozenset({"AccessDenied"}),
}
"""The error codes with which a service says no; any other error says nothing of access."""


def service_of(arn: str) -> str:
    """The service that an ARN names."""
    return arn.split(":", 3)[2]
