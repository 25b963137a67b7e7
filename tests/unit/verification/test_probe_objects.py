"""What a run writes goes again, and what cannot go is told; on an S3 of moto."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ConnectionClosedError
from moto import mock_aws

from cross_account_access.aws import CLIENT_CONFIG
from cross_account_access.command.verification.probe_objects import ProbeObjects
from cross_account_access.iam.services import Place
from tests.unit.verification.stand_in import Aws, error

SHARED = Place(arn="arn:aws:s3:::shared", scratch="access-verify-0/")
IMAGES = Place(arn="arn:aws:s3:::shared", prefix="images/", scratch="images/access-verify-0/")


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[boto3.Session]:
    """An administrator of an account with one bucket, which keeps versions."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        made = boto3.Session(region_name="us-east-1")
        s3 = made.client("s3")
        s3.create_bucket(Bucket="shared")
        s3.put_bucket_versioning(Bucket="shared", VersioningConfiguration={"Status": "Enabled"})
        s3.put_object(Bucket="shared", Key="images/sunset.jpg", Body=b"")
        yield made


def left_in(session: boto3.Session) -> list[str]:
    listed = session.client("s3").list_object_versions(Bucket="shared")
    return [each["Key"] for each in [*listed.get("Versions", []), *listed.get("DeleteMarkers", [])]]


def test_all_versions_markers_and_uploads_go_and_nothing_else(session: boto3.Session) -> None:
    objects = ProbeObjects(session, ())
    assert objects.below(SHARED) == "access-verify-0/object"
    assert objects.below(IMAGES) == "images/access-verify-0/object"
    s3: Any = session.client("s3")
    for _ in range(2):
        s3.put_object(Bucket="shared", Key="images/access-verify-0/new", Body=b"")
    s3.delete_object(Bucket="shared", Key="images/access-verify-0/new")
    s3.create_multipart_upload(Bucket="shared", Key="images/access-verify-0/parts")
    s3.create_multipart_upload(Bucket="shared", Key="images/somebody-elses")
    assert len(left_in(session)) > 5

    assert objects.clean() == []

    assert left_in(session) == ["images/sunset.jpg"]
    uploads = s3.list_multipart_uploads(Bucket="shared")["Uploads"]
    assert [each["Key"] for each in uploads] == ["images/somebody-elses"]


def test_an_object_is_put_once_for_a_place() -> None:
    aws = Aws(lambda _name, _: None)
    objects = ProbeObjects(aws.session(), ())
    assert objects.below(SHARED) == objects.below(SHARED)
    assert len(aws.made("put_object")) == 1


def test_nothing_is_written_to_a_bucket_that_is_not_of_the_stack(session: boto3.Session) -> None:
    objects = ProbeObjects(session, (SHARED.arn,))
    assert objects.below(SHARED) == "images/sunset.jpg"
    elsewhere = replace(SHARED, prefix="videos/", scratch="videos/access-verify-0/")
    assert objects.seen_by(session.client("s3"), elsewhere) is None
    objects.clean()
    assert left_in(session) == ["images/sunset.jpg"]


def test_what_was_put_goes_also_where_the_answer_was_lost(session: boto3.Session) -> None:
    def lose(**_: Any) -> None:
        raise ConnectionClosedError(endpoint_url="https://s3.example.com")

    session.events.register("after-call.s3.PutObject", lose)
    objects = ProbeObjects(session, ())
    with pytest.raises(ConnectionClosedError):
        objects.below(SHARED)
    assert "access-verify-0/object" in left_in(session)
    assert objects.clean() == []
    assert left_in(session) == ["images/sunset.jpg"]


def test_what_a_consumer_wrote_is_told_where_only_an_administrator_could_remove_it() -> None:
    aws = Aws(lambda _name, _: None)
    objects = ProbeObjects(None, ())
    client = aws.session().client("s3", config=CLIENT_CONFIG)
    objects.wrote(IMAGES, client)
    (told,) = objects.clean()
    assert told == (
        "objects below s3://shared/images/access-verify-0/ are left (only an administrator of "
        "Production can remove old versions); an administrator of Production can remove them with "
        "all their versions"
    )
    assert {each["Key"] for each in aws.made("delete_object")} == {
        "images/access-verify-0/object",
        "images/access-verify-0/new",
        "images/access-verify-0/parts",
    }


def test_a_failed_clean_up_is_told_and_the_others_go_on(session: boto3.Session) -> None:
    objects = ProbeObjects(session, ())
    gone = Place(arn="arn:aws:s3:::gone", scratch="access-verify-0/")
    objects.wrote(gone, session.client("s3"))
    objects.below(SHARED)
    (told,) = objects.clean()
    assert "s3://gone/access-verify-0/ are left" in told
    assert "NoSuchBucket" in told
    assert left_in(session) == ["images/sunset.jpg"]


@pytest.mark.parametrize(
    ("refused", "key"),
    [
        ((), "images/theirs.jpg"),
        (("list_objects_v2",), "images/access-verify-0/object"),
        (("list_objects_v2", "put_object"), None),
    ],
)
def test_a_caller_uses_what_it_sees_else_what_it_puts_which_goes_again(
    refused: tuple[str, ...], key: str | None
) -> None:
    seen = {"Contents": [{"Key": "images/theirs.jpg"}]}
    answers = {"list_objects_v2": seen, **dict.fromkeys(refused, error("AccessDenied"))}
    aws = Aws(lambda name, _: answers.get(name))
    objects = ProbeObjects(None, ())
    client = aws.session().client("s3", config=CLIENT_CONFIG)
    assert objects.seen_by(client, IMAGES) == key
    put = [(each["Bucket"], each["Key"], each["Body"]) for each in aws.made("put_object")]
    assert put == ([("shared", "images/access-verify-0/object", b"")] if refused else [])
    left = objects.clean()
    assert bool(left) == (key == "images/access-verify-0/object")
    assert {each["Bucket"] for each in aws.made("delete_object")} == ({"shared"} if left else set())


def test_an_object_that_may_be_removed_by_nobody_is_told_in_a_line() -> None:
    aws = Aws(lambda _name, _: error("AccessDenied\n", "DeleteObject"))
    objects = ProbeObjects(None, ())
    objects.wrote(IMAGES, aws.session().client("s3", config=CLIENT_CONFIG))
    (told,) = objects.clean()
    assert "\n" not in told
    assert "AccessDenied" in told


def test_a_thousand_versions_go_with_a_call() -> None:
    versions = [{"Key": f"k{number}", "VersionId": "v"} for number in range(1001)]
    aws = Aws(lambda name, _: {"Versions": versions} if name == "list_object_versions" else None)
    objects = ProbeObjects(aws.session(), ())
    objects.below(SHARED)
    assert objects.clean() == []
    removed = [each["Delete"] for each in aws.made("delete_objects")]
    assert [len(each["Objects"]) for each in removed] == [1000, 1]
    assert [version for each in removed for version in each["Objects"]] == versions
    assert all(each["Quiet"] for each in removed)


def test_a_version_that_cannot_go_is_told() -> None:
    answers = {
        "list_object_versions": {"Versions": [{"Key": "k", "VersionId": "v"}]},
        "delete_objects": {"Errors": [{"Code": "AccessDenied", "Message": "kept by a lock"}]},
    }
    objects = ProbeObjects(Aws(lambda name, _: answers.get(name)).session(), ())
    objects.below(SHARED)
    assert objects.clean() == [
        "objects below s3://shared/access-verify-0/ are left (An error occurred (AccessDenied) "
        "when calling the DeleteObjects operation: kept by a lock); an administrator of Production "
        "can remove them with all their versions"
    ]
