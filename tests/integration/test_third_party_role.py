"""A third party that comes by a role of its account, and changes its external ID without a gap."""

from functools import partial

from tests.integration.shapes import VENDOR, deploy, none_allowed, role, session_of
from tests.support.people import PRODUCTION_ADMIN, admin, assume, refused
from tests.support.program import Program

OURS = "CollectorAccess"
NOW, NEXT = "5b1f6c2e-collector/example", "c07d94ab-collector/example"


def test_one_role_comes_with_either_external_id_and_drops_what_it_cannot_read(
    program: Program,
) -> None:
    deploy(program, "third-party-role")
    assert program.settled()
    collector = session_of(f"arn:aws:iam::{VENDOR}:role/Collector")
    another = session_of(f"arn:aws:iam::{VENDOR}:role/Collector2")
    bucket, key = "example-collected-101", "incoming/1"
    for external_id in (NOW, NEXT):
        s3 = assume(collector, role(OURS), ExternalId=external_id).client("s3")
        s3.put_object(Bucket=bucket, Key=key, Body=b"evening")
        none_allowed(
            partial(s3.get_object, Bucket=bucket, Key=key),
            partial(s3.list_objects_v2, Bucket=bucket, Prefix="incoming/"),
            partial(s3.delete_object, Bucket=bucket, Key=key),
            partial(s3.put_object, Bucket=bucket, Key="elsewhere", Body=b""),
        )
        with refused():
            assume(another, role(OURS), ExternalId=external_id)
    for wrong in ({}, {"ExternalId": "another-customer"}):
        with refused():
            assume(collector, role(OURS), **wrong)
    stored = admin(PRODUCTION_ADMIN).client("s3").get_object(Bucket=bucket, Key=key)
    assert stored["Body"].read() == b"evening"
