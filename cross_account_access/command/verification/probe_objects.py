"""Objects that rows need and leave: put below a prefix that nobody else uses, and removed again."""

from collections.abc import Container, Iterator
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from cross_account_access.aws import CLIENT_CONFIG
from cross_account_access.facts.quotas import OBJECTS_OF_DELETE
from cross_account_access.iam.services import Place

_NAMES: Final = ("object", "new", "parts")


@dataclass(frozen=True)
class _Prefix:
    bucket: str
    scratch: str

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.scratch}"


class ProbeObjects:
    """Objects of one run.

    Args:
        production: an administrator of Production; without one, rows can use only what is there
            or what consumers write themselves.
        not_to_be_written: ARNs of buckets that nothing is written to: those of others, and those
            where S3 would keep, copy or tell of it.
    """

    def __init__(self, production: boto3.Session | None, not_to_be_written: Container[str]) -> None:
        self._admin: Any = production and production.client("s3", config=CLIENT_CONFIG)
        self._not_to_be_written = not_to_be_written
        self._known: dict[tuple[str, str], str | None] = {}
        self._written: dict[_Prefix, Any] = {}
        self._lock = Lock()

    def below(self, place: Place) -> str | None:
        """The key of an object of the administrator's; None where nobody may put one.

        Raises:
            ClientError, BotoCoreError: the administrator may not, or there is no such bucket.
        """
        with self._lock:
            where = (place.arn, place.scratch)
            if self._admin is not None and where not in self._known:
                self._known[where] = (
                    self._first(self._admin, place)
                    if place.arn in self._not_to_be_written
                    else self._put(place)
                )
            return self._known.get(where)

    def seen_by(self, client: Any, place: Place) -> str | None:  # noqa: ANN401 - made by botocore
        """The key of an object that a caller sees by itself, or puts; None where it may neither."""
        try:
            if key := self._first(client, place):
                return key
        except ClientError:
            pass
        if place.arn in self._not_to_be_written:
            return None
        key = f"{place.scratch}{_NAMES[0]}"
        try:
            client.put_object(Bucket=place.name, Key=key, Body=b"")
        except ClientError:
            return None
        self.wrote(place, client)
        return key

    def wrote(self, place: Place, client: Any) -> None:  # noqa: ANN401
        """Note that something may lie below the scratch prefix of a place, and who put it there."""
        self._written.setdefault(_Prefix(place.name, place.scratch), client)

    def clean(self) -> list[str]:
        """Remove what was written, old versions and unfinished uploads included.

        Returns:
            what is left, a sentence each.
        """
        return [
            left
            for written, client in self._written.items()
            for left in self._left(written, client)
        ]

    def _put(self, place: Place) -> str:
        key = f"{place.scratch}{_NAMES[0]}"
        # Noted first: an answer that is lost leaves an object all the same.
        self.wrote(place, self._admin)
        self._admin.put_object(Bucket=place.name, Key=key, Body=b"")
        return key

    def _first(self, client: Any, place: Place) -> str | None:  # noqa: ANN401
        listed = client.list_objects_v2(Bucket=place.name, Prefix=place.prefix, MaxKeys=1)
        return next((str(each["Key"]) for each in listed.get("Contents", ())), None)

    def _left(self, written: _Prefix, client: Any) -> Iterator[str]:  # noqa: ANN401
        try:
            if self._admin is not None:
                self._remove(written)
                return
            for name in _NAMES:
                client.delete_object(Bucket=written.bucket, Key=f"{written.scratch}{name}")
            why = "only an administrator of Production can remove old versions"
        except (ClientError, BotoCoreError) as error:
            why = " ".join(str(error).split())
        yield (
            f"objects below {written} are left ({why}); an administrator of Production can remove "
            "them with all their versions"
        )

    def _remove(self, written: _Prefix) -> None:
        below = {"Bucket": written.bucket, "Prefix": written.scratch}
        found = [
            {"Key": each["Key"], "VersionId": each["VersionId"]}
            for page in self._admin.get_paginator("list_object_versions").paginate(**below)
            for kind in ("Versions", "DeleteMarkers")
            for each in page.get(kind, ())
        ]
        for start in range(0, len(found), OBJECTS_OF_DELETE):
            batch = {"Objects": found[start : start + OBJECTS_OF_DELETE], "Quiet": True}
            answer = self._admin.delete_objects(Bucket=written.bucket, Delete=batch)
            for error in answer.get("Errors", ()):
                raise ClientError({"Error": error}, "DeleteObjects")
        for upload in self._admin.list_multipart_uploads(**below).get("Uploads", ()):
            self._admin.abort_multipart_upload(
                Bucket=written.bucket, Key=upload["Key"], UploadId=upload["UploadId"]
            )
